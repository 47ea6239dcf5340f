//! The rules of a record line that writer and parser share.

/// What every record starts with. The parser looks for it anywhere in a line.
pub const MARKER: &str = "@rel4 ";

/// What stands between the last field and the checksum's digits.
pub const CRC_PREFIX: &str = " crc=";

/// Hexadecimal digits (lower case) of the checksum.
pub const CRC_DIGITS: usize = 8;

/// The longest record line, from the marker to the line feed, both included, in bytes.
pub const MAX_LINE: usize = 512;

/// Field names that the format itself uses.
pub const RESERVED_KEYS: [&str; 3] = ["run", "seq", "crc"];

/// Whether `key` may name a field: a lower-case letter, then lower-case letters, digits and underscores.
#[must_use]
pub fn is_key(key: &str) -> bool {
    let mut bytes = key.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether `byte` may stand in a value: printable ASCII, but neither the space that ends a field nor `=`.
#[must_use]
pub fn is_value_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'='
}

/// Whether `value` may be a field's value: not empty, legal bytes only, and not ending in the marker's word, since
/// the space that follows would make it look like the start of another record.
#[must_use]
pub fn is_value(value: &[u8]) -> bool {
    !value.is_empty()
        && value.iter().all(|&byte| is_value_byte(byte))
        && !value.ends_with(MARKER.trim_ascii_end().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{is_key, is_value};

    #[test]
    fn keys_are_lower_case_identifiers() {
        for good in ["a", "words", "host_time", "p95"] {
            assert!(is_key(good), "{good}");
        }
        for bad in ["", "_a", "9p", "Run", "a-b", "a b", "ä"] {
            assert!(!is_key(bad), "{bad}");
        }
    }

    #[test]
    fn values_hold_neither_spaces_nor_equal_signs_nor_a_marker() {
        for good in ["0", "1,2,3", "src/main.rs:12", "a@rel4b"] {
            assert!(is_value(good.as_bytes()), "{good}");
        }
        for bad in ["", "a b", "a=b", "a\n", "ä", "@rel4", "x@rel4"] {
            assert!(!is_value(bad.as_bytes()), "{bad}");
        }
    }
}
