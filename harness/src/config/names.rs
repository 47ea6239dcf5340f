//! Names: which are allowed, which are known, and which one was probably meant.

/// How alike (0 to 1, Jaro-Winkler) two names must be for one to be suggested for the other.
const ALIKE: f64 = 0.8;

/// Whether `name` may name a kernel, platform, workload or experiment: it becomes part of file names and cell ids,
/// where `.` separates the parts.
pub(super) fn is_valid(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 40
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

/// "did you mean …?" (if something is close) and the list of what is known.
pub(crate) fn help<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let closest = known
        .iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), *name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let suggestion = closest.map_or(String::new(), |(_, name)| format!("did you mean `{name}`? "));
    if known.is_empty() {
        return format!("{suggestion}none is defined");
    }
    format!("{suggestion}known: {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_answered_with_the_closest_one_and_the_list() {
        assert_eq!(help("repeat", ["id", "repeats"]), "did you mean `repeats`? known: id, repeats");
        assert_eq!(help("zzz", ["id", "repeats"]), "known: id, repeats");
    }

    #[test]
    fn names_are_safe_in_file_names_and_cell_ids() {
        assert!(is_valid("virt-icount"));
        for bad in ["", "a.b", "../x", "A", "a b", "é"] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
