//! Free slots of the root task's `CSpace`.

use rel4_abi::{CPtr, SlotRegion};

/// Hands out slots in ascending order and never takes one back.
#[derive(Debug)]
pub struct SlotAllocator {
    free: SlotRegion,
}

impl SlotAllocator {
    /// An allocator over the slots of `free`.
    #[must_use]
    pub const fn new(free: SlotRegion) -> Self {
        Self { free }
    }

    /// Takes one slot.
    pub fn take(&mut self) -> Option<CPtr> {
        self.take_range(1).map(|range| CPtr(range.start))
    }

    /// Takes `count` consecutive slots.
    pub fn take_range(&mut self, count: u64) -> Option<SlotRegion> {
        if count > self.free.len() {
            return None;
        }
        let start = self.free.start;
        self.free.start += count;
        Some(SlotRegion { start, end: self.free.start })
    }

    /// Takes all slots that are left.
    pub fn take_rest(&mut self) -> SlotRegion {
        let rest = self.free;
        self.free.start = rest.end;
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_consecutive_and_end_where_the_region_ends() {
        let mut slots = SlotAllocator::new(SlotRegion { start: 10, end: 14 });
        assert_eq!(slots.take(), Some(CPtr(10)));
        assert_eq!(slots.take_range(4), None);
        assert_eq!(slots.take_range(3), Some(SlotRegion { start: 11, end: 14 }));
        assert_eq!(slots.take(), None);
        assert_eq!(slots.take_range(0), Some(SlotRegion { start: 14, end: 14 }));
    }

    #[test]
    fn nothing_is_left_after_the_rest() {
        let mut slots = SlotAllocator::new(SlotRegion { start: 10, end: 14 });
        assert_eq!(slots.take(), Some(CPtr(10)));
        assert_eq!(slots.take_rest(), SlotRegion { start: 11, end: 14 });
        assert_eq!(slots.take(), None);
    }
}
