//! [`RingMemory`]: the kernel's access to the rings that a thread shares with it.
//!
//! The memory belongs to user space, which may write it at any moment, on another hart even while the kernel reads it. So everything is an
//! atomic word, each word of a request is read once, and what was read is treated as hostile. The kernel's own indexes are in the TCB and never
//! read back.
#![allow(unsafe_code, reason = "reads and writes user memory through the kernel's own window")]

use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering, fence};

use rel4_abi::MessageInfo;
use rel4_abi::ring::{self, ASLEEP, AWAKE, CONSUMED, FLAG, ITEM_WORDS, ITEMS, PAYLOAD_WORDS, PRODUCED};

use crate::arch::{self, PhysAddr};
use crate::cap::FrameCap;
use crate::vm::VmRights;

/// An item, copied out of a ring.
pub type Item = [u64; ITEM_WORDS];

/// The two rings in a frame.
#[derive(Clone, Copy)]
pub struct RingMemory {
    base: PhysAddr,
    capacity: u64,
}

impl RingMemory {
    /// The rings of `capacity` items, a power of two, in a frame; `None` if the frame cannot hold them, or may not be written.
    #[inline(always)]
    pub fn in_frame(frame: &FrameCap, capacity: u64) -> Option<Self> {
        let fits = capacity.is_power_of_two()
            && capacity <= rel4_abi::async_syscall::max_capacity(u32::from(frame.size.bits()));
        let usable = !frame.device && frame.rights == VmRights::ReadWrite;
        (fits && usable).then_some(Self { base: frame.base, capacity })
    }

    /// The ring through which requests come.
    #[inline(always)]
    pub fn requests(self) -> RingRef {
        RingRef { first: arch::phys_to_virt(self.base).cast(), mask: self.capacity - 1 }
    }

    /// The ring through which completions go.
    #[inline(always)]
    pub fn completions(self) -> RingRef {
        let requests = self.requests();
        RingRef { first: requests.first.wrapping_add(ring::words(self.capacity as usize)), ..requests }
    }
}

/// One ring, in the kernel's window.
#[derive(Clone, Copy)]
pub struct RingRef {
    first: *const AtomicU64,
    mask: u64,
}

impl RingRef {
    #[inline(always)]
    fn word(&self, index: usize) -> &AtomicU64 {
        // SAFETY: `in_frame` checked that both rings lie in a frame of RAM. The frame's capability is in a slot of the thread whose ring this
        // is, so the frame stays a frame and backs no kernel object while the kernel works on it; whoever makes a `RingRef` looks at that slot
        // first, and drops it before anything that could empty the slot. All accesses are atomic.
        unsafe { &*self.first.wrapping_add(index) }
    }

    /// Items that the ring has room for.
    #[inline(always)]
    pub fn capacity(&self) -> u64 {
        self.mask + 1
    }

    /// How many items the producer claims to have produced, if that can be: 0 to the capacity more than were consumed. A lie looks like an
    /// empty ring.
    #[inline(always)]
    pub fn waiting(&self, consumed: u64) -> u64 {
        // Acquire: the items are complete when the index is seen.
        let ahead = self.word(PRODUCED).load(Ordering::Acquire).wrapping_sub(consumed);
        if ahead <= self.capacity() { ahead } else { 0 }
    }

    /// For how many more items there is room, as far as the consumer says. A lie looks like a full ring.
    #[inline(always)]
    pub fn room(&self, produced: u64) -> u64 {
        // Acquire: the consumer has read the items before we write over them.
        let unread = produced.wrapping_sub(self.word(CONSUMED).load(Ordering::Acquire));
        self.capacity().saturating_sub(unread)
    }

    #[inline(always)]
    fn item(&self, index: u64) -> usize {
        ITEMS + (index & self.mask) as usize * ITEM_WORDS
    }

    /// Copies an item, each word once.
    #[inline(always)]
    pub fn load(&self, index: u64) -> Item {
        let at = self.item(index);
        core::array::from_fn(|word| self.word(at + word).load(Ordering::Relaxed))
    }

    /// Writes a completion: its task, its tag, and as many words as the tag says, no more than an item holds.
    #[inline(always)]
    pub fn store(&self, index: u64, task: u64, info: MessageInfo, words: &[Cell<u64>; PAYLOAD_WORDS]) {
        let at = self.item(index);
        self.word(at).store(task, Ordering::Relaxed);
        self.word(at + 1).store(info.0, Ordering::Relaxed);
        for (offset, word) in words.iter().enumerate().take(info.raw_length()) {
            self.word(at + 2 + offset).store(word.get(), Ordering::Relaxed);
        }
    }

    /// Tells the consumer that items are complete.
    #[inline(always)]
    pub fn publish_produced(&self, produced: u64) {
        self.word(PRODUCED).store(produced, Ordering::Release);
    }

    /// Gives the room of items back to the producer.
    #[inline(always)]
    pub fn publish_consumed(&self, consumed: u64) {
        self.word(CONSUMED).store(consumed, Ordering::Release);
    }

    /// Turns the consumer's flag from asleep to awake, if it is asleep; then the caller has to notify it.
    #[inline(always)]
    pub fn flip_to_awake(&self) -> bool {
        // What was published is visible before we look: the consumer announces its sleep, and then looks at the ring.
        fence(Ordering::SeqCst);
        let flag = self.word(FLAG);
        flag.load(Ordering::Relaxed) != AWAKE && flag.swap(AWAKE, Ordering::Relaxed) != AWAKE
    }

    /// As the consumer, asks to be told of further items. The caller looks once more.
    pub fn announce_asleep(&self) {
        self.word(FLAG).store(ASLEEP, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }
}
