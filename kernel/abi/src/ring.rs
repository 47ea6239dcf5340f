//! The layout of a ring in shared memory: one producer, one consumer, items of one cache line.
//!
//! | words | what | written by |
//! |---|---|---|
//! | 0 | items produced so far | producer |
//! | 8 | items consumed so far | consumer |
//! | 16 | the consumer's dispatcher is [`ASLEEP`] or [`AWAKE`] | both |
//! | 24 + 8 *i* | item *i* modulo the capacity, a power of two | producer |

/// Words in a cache line.
pub const LINE_WORDS: usize = 8;
/// Words of an item.
pub const ITEM_WORDS: usize = LINE_WORDS;
/// Payload words of an item: what is left beside the task and the tag.
pub const PAYLOAD_WORDS: usize = ITEM_WORDS - 2;

/// Where the producer's index is.
pub const PRODUCED: usize = 0;
/// Where the consumer's index is.
pub const CONSUMED: usize = LINE_WORDS;
/// Where the flag is.
pub const FLAG: usize = 2 * LINE_WORDS;
/// Where the items begin.
pub const ITEMS: usize = 3 * LINE_WORDS;

/// The consumer looks by itself. New memory says so.
pub const AWAKE: u64 = 0;
/// The consumer wants to be told: whoever turns this into [`AWAKE`] notifies it.
pub const ASLEEP: u64 = 1;

/// Words of a ring for `capacity` items.
#[must_use]
pub const fn words(capacity: usize) -> usize {
    ITEMS + capacity * ITEM_WORDS
}
