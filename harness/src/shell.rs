//! Command lines for people: printed so that they can be pasted into a shell.

use std::ffi::OsStr;

/// `words` as one line, quoted where a shell needs it.
#[must_use]
pub fn line(words: &[impl AsRef<OsStr>]) -> String {
    words.iter().map(|word| quote(&word.as_ref().to_string_lossy())).collect::<Vec<_>>().join(" ")
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_touch_is_quoted() {
        assert_eq!(line(&["qemu", "-append", "run=1 x", "", "it's"]), r"qemu -append 'run=1 x' '' 'it'\''s'");
    }
}
