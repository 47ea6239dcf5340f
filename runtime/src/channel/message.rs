//! What client and server say to each other.

use rel4_abi::MessageInfo;

use crate::item::{Item, PAYLOAD_WORDS};

/// More words than an item holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// A label and up to [`PAYLOAD_WORDS`] words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message {
    info: MessageInfo,
    words: [u64; PAYLOAD_WORDS],
}

impl Message {
    /// A message of `words`; labels have 52 bits.
    #[inline(always)]
    #[must_use]
    pub fn new<const WORDS: usize>(label: u64, words: [u64; WORDS]) -> Self {
        const { assert!(WORDS <= PAYLOAD_WORDS, "more words than an item holds") };
        let mut all = [0; PAYLOAD_WORDS];
        all[..WORDS].copy_from_slice(&words);
        Self { info: MessageInfo::new(label, 0, 0, WORDS), words: all }
    }

    /// A message of as many words as `words` has.
    ///
    /// # Errors
    ///
    /// There are more than fit.
    pub fn from_slice(label: u64, words: &[u64]) -> Result<Self, TooLong> {
        let mut all = [0; PAYLOAD_WORDS];
        all.get_mut(..words.len()).ok_or(TooLong)?.copy_from_slice(words);
        Ok(Self { info: MessageInfo::new(label, 0, 0, words.len()), words: all })
    }

    /// What the message is about.
    #[inline(always)]
    #[must_use]
    pub const fn label(&self) -> u64 {
        self.info.label()
    }

    /// The tag: label and length.
    #[inline(always)]
    #[must_use]
    pub const fn info(&self) -> MessageInfo {
        self.info
    }

    /// The payload.
    #[inline(always)]
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words[..self.info.raw_length()]
    }

    /// All words that an item carries; those past the length mean nothing.
    #[inline(always)]
    #[must_use]
    pub const fn raw_words(&self) -> &[u64; PAYLOAD_WORDS] {
        &self.words
    }

    /// The message in `item`, unless its tag describes what no item can carry.
    #[inline(always)]
    pub(super) const fn from_item(item: &Item) -> Option<Self> {
        if item.is_well_formed() { Some(Self { info: item.info, words: item.words }) } else { None }
    }

    #[inline(always)]
    pub(super) const fn to_item(self, task: u64) -> Item {
        Item { task, info: self.info, words: self.words }
    }
}
