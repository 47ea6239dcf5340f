//! The message tag: the word in `a1` that describes a message.

/// Words a message can hold at most.
pub const MSG_MAX_LENGTH: usize = 120;
/// Capabilities a message can carry at most.
pub const MSG_MAX_EXTRA_CAPS: usize = 3;
/// Leading message words that travel in registers (`a2` to `a5`) and are never mirrored to memory.
pub const NUM_MESSAGE_REGISTERS: usize = 4;

const LENGTH_BITS: u32 = 7;
const EXTRA_CAPS_SHIFT: u32 = 7;
const EXTRA_CAPS_BITS: u32 = 2;
const CAPS_UNWRAPPED_SHIFT: u32 = 9;
const CAPS_UNWRAPPED_BITS: u32 = 3;
const LABEL_SHIFT: u32 = 12;

const fn field(word: u64, shift: u32, bits: u32) -> u64 {
    (word >> shift) & ((1 << bits) - 1)
}

/// Length, label and capability counts of a message, packed into one word.
///
/// | bits | field |
/// |---|---|
/// | 0–6 | length in words |
/// | 7–8 | extra capabilities |
/// | 9–11 | bit *i*: extra capability *i* arrived as a badge |
/// | 12–63 | label |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct MessageInfo(pub u64);

impl MessageInfo {
    /// Packs the fields; bits of an argument that do not fit its field are dropped.
    #[must_use]
    pub const fn new(label: u64, caps_unwrapped: u64, extra_caps: usize, length: usize) -> Self {
        Self(
            (label << LABEL_SHIFT)
                | (field(caps_unwrapped, 0, CAPS_UNWRAPPED_BITS) << CAPS_UNWRAPPED_SHIFT)
                | (field(extra_caps as u64, 0, EXTRA_CAPS_BITS) << EXTRA_CAPS_SHIFT)
                | field(length as u64, 0, LENGTH_BITS),
        )
    }

    /// What the message is about: an invocation, an error, a fault, or a word of the user's own.
    #[must_use]
    pub const fn label(self) -> u64 {
        self.0 >> LABEL_SHIFT
    }

    /// Bit *i* is set if extra capability *i* arrived as a badge.
    #[must_use]
    pub const fn caps_unwrapped(self) -> u64 {
        field(self.0, CAPS_UNWRAPPED_SHIFT, CAPS_UNWRAPPED_BITS)
    }

    /// Number of extra capabilities, 0 to 3.
    #[must_use]
    pub const fn extra_caps(self) -> usize {
        field(self.0, EXTRA_CAPS_SHIFT, EXTRA_CAPS_BITS) as usize
    }

    /// Words in the message as the tag has it, 0 to 127: a sender may claim more than [`MSG_MAX_LENGTH`].
    #[must_use]
    pub const fn raw_length(self) -> usize {
        field(self.0, 0, LENGTH_BITS) as usize
    }

    /// Words in the message, if that is all there is to it: they fit registers, and neither capabilities nor bits about them go along.
    #[must_use]
    #[inline(always)]
    pub const fn register_words(self) -> Option<usize> {
        let below_label = field(self.0, 0, LABEL_SHIFT) as usize;
        if below_label <= NUM_MESSAGE_REGISTERS { Some(below_label) } else { None }
    }

    /// Words in the message, clamped to [`MSG_MAX_LENGTH`].
    #[must_use]
    pub const fn length(self) -> usize {
        let raw = self.raw_length();
        if raw > MSG_MAX_LENGTH { MSG_MAX_LENGTH } else { raw }
    }
}

const _: () = assert!(MessageInfo::new(1, 1, 1, 1).0 == 0x1281);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_survive_packing(label in 0_u64..1 << 52, unwrapped in 0_u64..8, extra in 0_usize..4, length in 0_usize..=120) {
            let info = MessageInfo::new(label, unwrapped, extra, length);
            prop_assert_eq!(
                (info.label(), info.caps_unwrapped(), info.extra_caps(), info.length()),
                (label, unwrapped, extra, length)
            );
        }

        #[test]
        fn any_word_repacks_to_itself_from_its_raw_fields(word: u64) {
            let info = MessageInfo(word);
            prop_assert_eq!(
                MessageInfo::new(info.label(), info.caps_unwrapped(), info.extra_caps(), info.raw_length()),
                info
            );
        }

        #[test]
        fn a_hostile_tag_never_claims_more_than_the_buffer_holds(word: u64) {
            let info = MessageInfo(word);
            prop_assert!(info.length() <= MSG_MAX_LENGTH && info.extra_caps() <= MSG_MAX_EXTRA_CAPS);
        }
    }

    #[test]
    fn oversized_fields_do_not_spill_into_their_neighbours() {
        assert_eq!(MessageInfo::new(0, 8, 4, 128), MessageInfo(0));
    }
}
