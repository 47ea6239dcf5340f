//! A single-producer single-consumer ring in memory shared with a peer that is not trusted.
//!
//! Its layout is [`rel4_abi::ring`]'s, and its flag a [`Flag`].
//!
//! Everything in shared memory is an atomic word, so that a peer which scribbles on it cannot cause undefined
//! behaviour. Each side keeps its own index in private memory and never reads it back. The peer's index is read once,
//! and believed only if it is within the capacity of our own; a lie looks like an empty ring to the consumer and like a
//! full one to the producer, and costs nobody but the liar.

use rel4_abi::ring::{CONSUMED, FLAG, ITEMS, PRODUCED};

use crate::flag::Flag;
use crate::item::{ITEM_WORDS, Item};
use crate::sync::{AtomicU64, Ordering};

/// There is no room in the ring, or the peer says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A ring of `CAPACITY` items, a power of two.
#[derive(Clone, Copy, Debug)]
pub struct Ring<'m, const CAPACITY: usize> {
    produced: &'m AtomicU64,
    consumed: &'m AtomicU64,
    flag: Flag<'m>,
    items: &'m [[AtomicU64; ITEM_WORDS]; CAPACITY],
}

impl<'m, const CAPACITY: usize> Ring<'m, CAPACITY> {
    /// Words of shared memory that a ring takes.
    pub const WORDS: usize = ITEMS + CAPACITY * ITEM_WORDS;

    /// The ring in the first [`Ring::WORDS`] of `memory`, which is zero before the first use and starts at a cache
    /// line; `None` if there are fewer.
    #[must_use]
    pub fn new(memory: &'m [AtomicU64]) -> Option<Self> {
        const { assert!(CAPACITY.is_power_of_two(), "indexes are masked") };
        let (items, []) = memory.get(ITEMS..Self::WORDS)?.as_chunks() else { return None };
        Some(Self {
            produced: &memory[PRODUCED],
            consumed: &memory[CONSUMED],
            flag: Flag::new(&memory[FLAG]),
            items: items.try_into().ok()?,
        })
    }

    /// Status of the consumer's dispatcher.
    #[must_use]
    pub const fn flag(&self) -> Flag<'m> {
        self.flag
    }

    /// The sending end; a ring has one.
    #[must_use]
    pub const fn producer(self) -> Producer<'m, CAPACITY> {
        Producer { ring: self, produced: 0, consumed: 0 }
    }

    /// The receiving end; a ring has one.
    #[must_use]
    pub const fn consumer(self) -> Consumer<'m, CAPACITY> {
        Consumer { ring: self, produced: 0, consumed: 0, lies: 0 }
    }

    #[inline(always)]
    const fn item(&self, index: u64) -> &'m [AtomicU64; ITEM_WORDS] {
        &self.items[index as usize & (CAPACITY - 1)]
    }
}

/// The sending end of a ring.
#[derive(Debug)]
pub struct Producer<'m, const CAPACITY: usize> {
    ring: Ring<'m, CAPACITY>,
    produced: u64,
    /// The last value of the consumer's index that was believed.
    consumed: u64,
}

impl<const CAPACITY: usize> Producer<'_, CAPACITY> {
    /// Sends `item`. The consumer sees it at once if it looks; nobody wakes it.
    ///
    /// # Errors
    ///
    /// [`Full`] if the consumer has not made room.
    #[inline(always)]
    pub fn push(&mut self, item: &Item) -> Result<(), Full> {
        if self.produced.wrapping_sub(self.consumed) >= CAPACITY as u64 {
            self.look_for_room()?;
        }
        item.store(self.ring.item(self.produced));
        self.produced = self.produced.wrapping_add(1);
        self.publish();
        Ok(())
    }

    /// True if there is room for an item.
    #[inline(always)]
    #[must_use]
    pub fn has_room(&mut self) -> bool {
        self.produced.wrapping_sub(self.consumed) < CAPACITY as u64 || self.look_for_room().is_ok()
    }

    /// Writes `count` words into an item, and what does not fit into the next ones; what is left of the last item stays what it was. The
    /// consumer sees them after [`Producer::publish`].
    ///
    /// # Errors
    ///
    /// [`Full`] if the consumer has not made room for all of them.
    #[inline(always)]
    pub fn write(&mut self, count: usize, word: impl Fn(usize) -> u64) -> Result<(), Full> {
        let items = count.div_ceil(ITEM_WORDS) as u64;
        if self.room() < items && (self.look_for_room().is_err() || self.room() < items) {
            return Err(Full);
        }
        for item in 0..items {
            let first = item as usize * ITEM_WORDS;
            let cells = self.ring.item(self.produced.wrapping_add(item));
            for (index, cell) in (first..count).zip(cells) {
                cell.store(word(index), Ordering::Relaxed);
            }
        }
        self.produced = self.produced.wrapping_add(items);
        Ok(())
    }

    /// Lets the consumer see what was written.
    #[inline(always)]
    pub fn publish(&mut self) {
        self.ring.produced.store(self.produced, Ordering::Release);
    }

    #[inline(always)]
    const fn room(&self) -> u64 {
        (CAPACITY as u64).saturating_sub(self.produced.wrapping_sub(self.consumed))
    }

    fn look_for_room(&mut self) -> Result<(), Full> {
        // Acquire: the consumer has read the items before we write over them.
        let consumed = self.ring.consumed.load(Ordering::Acquire);
        if self.produced.wrapping_sub(consumed) >= CAPACITY as u64 {
            return Err(Full);
        }
        self.consumed = consumed;
        Ok(())
    }

    /// Items sent so far.
    #[must_use]
    pub const fn produced(&self) -> u64 {
        self.produced
    }

    /// Status of the consumer's dispatcher.
    #[must_use]
    pub const fn flag(&self) -> Flag<'_> {
        self.ring.flag
    }
}

/// The receiving end of a ring.
#[derive(Debug)]
pub struct Consumer<'m, const CAPACITY: usize> {
    ring: Ring<'m, CAPACITY>,
    /// The last value of the producer's index that was believed.
    produced: u64,
    consumed: u64,
    lies: u64,
}

impl<const CAPACITY: usize> Consumer<'_, CAPACITY> {
    /// Takes the next item and gives its room back.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<Item> {
        if !self.has_items() {
            return None;
        }
        let item = Item::load(self.ring.item(self.consumed));
        self.consumed = self.consumed.wrapping_add(1);
        // Release: the copy is complete before the producer writes over it.
        self.ring.consumed.store(self.consumed, Ordering::Release);
        Some(item)
    }

    /// Has `take` copy what it wants of each item that is there, each word once, and gives the room of all of them back. Returns how many
    /// there were, no more than the ring holds.
    #[inline(always)]
    pub fn drain(&mut self, mut take: impl FnMut(&[AtomicU64; ITEM_WORDS])) -> u64 {
        if !self.has_items() {
            return 0;
        }
        let count = self.produced.wrapping_sub(self.consumed);
        for ahead in 0..count {
            take(self.ring.item(self.consumed.wrapping_add(ahead)));
        }
        self.consumed = self.produced;
        // Release: as for one item.
        self.ring.consumed.store(self.consumed, Ordering::Release);
        count
    }

    /// True if there is an item to take.
    #[inline(always)]
    #[must_use]
    pub fn has_items(&mut self) -> bool {
        self.consumed != self.produced || self.look_for_items()
    }

    #[inline(always)]
    fn look_for_items(&mut self) -> bool {
        // Acquire: the items are complete when the index is seen.
        let produced = self.ring.produced.load(Ordering::Acquire);
        let ahead = produced.wrapping_sub(self.consumed);
        if ahead == 0 {
            return false;
        }
        if ahead > CAPACITY as u64 {
            self.lies = self.lies.saturating_add(1);
            return false;
        }
        self.produced = produced;
        true
    }

    /// Items taken so far.
    #[must_use]
    pub const fn consumed(&self) -> u64 {
        self.consumed
    }

    /// Looks at which the producer's index was one that it cannot be.
    #[must_use]
    pub const fn lies(&self) -> u64 {
        self.lies
    }

    /// Status of our own dispatcher, as senders see it.
    #[must_use]
    pub const fn flag(&self) -> Flag<'_> {
        self.ring.flag
    }
}
