//! The run id.

use crate::grammar::is_value;

/// The id that the host gave this boot and that every record of it carries. Opaque to the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunId {
    bytes: [u8; Self::MAX_LENGTH],
    length: usize,
}

impl RunId {
    /// The longest run id, in bytes.
    pub const MAX_LENGTH: usize = 32;

    /// A run id, or `None` if `text` is not a legal value or too long.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; Self::MAX_LENGTH];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        is_value(text.as_bytes()).then_some(Self { bytes, length: text.len() })
    }

    /// The run id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The bytes were checked to be printable ASCII, so the default is never taken.
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::RunId;

    #[test]
    fn keeps_its_text() {
        assert_eq!(RunId::new("00c0ffee").expect("a legal run id").as_str(), "00c0ffee");
    }

    #[test]
    fn refuses_what_a_value_may_not_hold() {
        for bad in ["", "a b", "a=b", "0123456789abcdef0123456789abcdef0"] {
            assert!(RunId::new(bad).is_none(), "{bad}");
        }
    }
}
