//! Bytes of a serial line as text that is safe to print.

/// The most characters of a line that a message quotes.
const MAX_QUOTE: usize = 300;

/// The start of `bytes`, trimmed, with everything but printable ASCII escaped.
pub(super) fn quote(bytes: &[u8]) -> String {
    let trimmed = bytes.trim_ascii();
    let quoted = trimmed[..trimmed.len().min(MAX_QUOTE)]
        .escape_ascii()
        .to_string()
        .replace("\\'", "'")
        .replace("\\\"", "\"");
    if trimmed.len() > MAX_QUOTE { quoted + "..." } else { quoted }
}

/// Where `needle` starts in `haystack`.
pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_one_short_printable_line() {
        assert_eq!(quote(b"  it's \x1b[31mred\xff\n"), "it's \\x1b[31mred\\xff");
        assert_eq!(quote(&[b'x'; 1000]).len(), MAX_QUOTE + 3);
    }
}
