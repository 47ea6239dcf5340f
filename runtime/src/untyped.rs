//! Which untyped an object is made from.
//!
//! The kernel clears the whole of an untyped before the first object is made in it. So an untyped that is in use
//! already comes first, then the smallest that fits: a big one is opened only for a big object.

use rel4_abi::BootInfo;
use rel4_abi::bootinfo::MAX_UNTYPEDS;
use rel4_abi::object::MAX_UNTYPED_BITS;

use crate::cap::Untyped;

/// Room for what splitting device untypeds adds to the list of the kernel.
const MAX_SPLIT_UNTYPEDS: usize = 64;
const CAPACITY: usize = MAX_UNTYPEDS + MAX_SPLIT_UNTYPEDS;

/// Kind of memory behind an untyped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// RAM.
    Ram,
    /// Anything else; only frames can be made of it, and it is never cleared.
    Device,
}

/// An untyped and how much of it is used.
#[derive(Clone, Copy, Debug)]
struct Entry {
    cap: Untyped,
    paddr: u64,
    size_bits: u32,
    memory: Memory,
    /// Bytes from the start that objects, and gaps between them, take.
    used_bytes: u64,
}

impl Entry {
    const fn size_bytes(&self) -> u64 {
        1 << self.size_bits
    }

    /// Where an object of 2^`size_bits` bytes would start, if there is room.
    fn place(&self, size_bits: u32) -> Option<u64> {
        if size_bits > self.size_bits {
            return None;
        }
        let start = self.used_bytes.next_multiple_of(1 << size_bits);
        (start < self.size_bytes()).then_some(start)
    }

    const fn is_open(&self) -> bool {
        self.used_bytes > 0
    }
}

/// One step on the way to a device page. Objects are made from the start of an untyped upwards, so whatever lies
/// below the page is split off first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceStep {
    /// Make an untyped of what lies below, and give its capability to [`UntypedPool::add_split`].
    Skip {
        /// The untyped to retype.
        from: Untyped,
        /// Physical address of the part.
        paddr: u64,
        /// Size of the part, as a power of two.
        size_bits: u32,
    },
    /// The next object made from this untyped is the page.
    Take {
        /// The untyped to retype.
        from: Untyped,
    },
}

/// All untypeds that a task makes its objects from.
#[derive(Debug)]
pub struct UntypedPool {
    entries: [Option<Entry>; CAPACITY],
}

impl UntypedPool {
    /// The untypeds that the kernel lists. Descriptions that make no sense are left out.
    #[must_use]
    pub fn from_boot_info(info: &BootInfo) -> Self {
        let mut pool = Self { entries: [None; CAPACITY] };
        let caps = (0..info.untyped.len()).filter_map(|index| info.untyped.slot(index));
        for (entry, (cap, desc)) in pool.entries.iter_mut().zip(caps.zip(&info.untyped_list)) {
            let memory = if desc.is_device == 0 { Memory::Ram } else { Memory::Device };
            *entry = (u32::from(desc.size_bits) <= MAX_UNTYPED_BITS).then_some(Entry {
                cap: Untyped(cap),
                paddr: desc.paddr,
                size_bits: u32::from(desc.size_bits),
                memory,
                used_bytes: 0,
            });
        }
        pool
    }

    /// Untypeds of RAM that nothing is made from, each with its size as a power of two. What exceeds the capacity of
    /// the pool is left out.
    #[must_use]
    pub fn of_ram(untypeds: impl IntoIterator<Item = (Untyped, u32)>) -> Self {
        let mut pool = Self { entries: [None; CAPACITY] };
        for (entry, (cap, size_bits)) in pool.entries.iter_mut().zip(untypeds) {
            // The address is asked for of device memory only.
            *entry = Some(Entry { cap, paddr: 0, size_bits, memory: Memory::Ram, used_bytes: 0 });
        }
        pool
    }

    /// Gives away the largest untyped of RAM that nothing is made from, with its size as a power of two, if it has at
    /// least 2^`min_size_bits` bytes.
    pub fn take_whole(&mut self, min_size_bits: u32) -> Option<(Untyped, u32)> {
        let is_whole = |entry: &Entry| {
            entry.memory == Memory::Ram && !entry.is_open() && entry.size_bits >= min_size_bits
        };
        let largest = self
            .entries
            .iter_mut()
            .filter(|entry| entry.as_ref().is_some_and(is_whole))
            .max_by_key(|entry| entry.map(|entry| entry.size_bits))?;
        largest.take().map(|entry| (entry.cap, entry.size_bits))
    }

    /// Reserves room for an object of 2^`size_bits` bytes, and tells which untyped to retype.
    pub fn reserve(&mut self, memory: Memory, size_bits: u32) -> Option<Untyped> {
        let (start, entry) = self
            .entries
            .iter_mut()
            .flatten()
            .filter(|entry| entry.memory == memory)
            .filter_map(|entry| Some((entry.place(size_bits)?, entry)))
            .min_by_key(|(_, entry)| (!entry.is_open(), entry.size_bits))?;
        entry.used_bytes = start + (1 << size_bits);
        Some(entry.cap)
    }

    /// Next step towards the device page of 2^`size_bits` bytes at `paddr`, which is aligned to its size. `None` if
    /// no device untyped has it, or it is given out already.
    pub fn next_device_step(&mut self, paddr: u64, size_bits: u32) -> Option<DeviceStep> {
        let page_bytes = 1 << size_bits;
        let entry = self.entries.iter_mut().flatten().find(|entry| {
            let free = entry.paddr + entry.used_bytes..=entry.paddr + entry.size_bytes() - 1;
            entry.memory == Memory::Device
                && free.contains(&paddr)
                && free.contains(&(paddr + page_bytes - 1))
        })?;
        let free_start = entry.paddr + entry.used_bytes;
        let gap_bytes = paddr - free_start;
        if gap_bytes == 0 {
            entry.used_bytes += page_bytes;
            return Some(DeviceStep::Take { from: entry.cap });
        }
        let skip_size_bits = gap_bytes.ilog2().min(free_start.trailing_zeros());
        entry.used_bytes += 1 << skip_size_bits;
        Some(DeviceStep::Skip { from: entry.cap, paddr: free_start, size_bits: skip_size_bits })
    }

    /// Adds the part that a [`DeviceStep::Skip`] split off. If there is no room for it, its memory stays unused.
    pub fn add_split(&mut self, cap: Untyped, paddr: u64, size_bits: u32) {
        if let Some(free) = self.entries.iter_mut().find(|entry| entry.is_none()) {
            *free = Some(Entry { cap, paddr, size_bits, memory: Memory::Device, used_bytes: 0 });
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use rel4_abi::bootinfo::MAX_UNTYPEDS;
    use rel4_abi::{BootInfo, SlotRegion, UntypedDesc};

    pub(crate) const FIRST_SLOT: u64 = 100;

    /// What a kernel with these untypeds (address, size bits, device) tells, and nothing else.
    pub(crate) fn boot_info(untypeds: &[(u64, u8, u8)]) -> BootInfo {
        let mut untyped_list = [UntypedDesc::default(); MAX_UNTYPEDS];
        for (desc, &(paddr, size_bits, is_device)) in untyped_list.iter_mut().zip(untypeds) {
            *desc = UntypedDesc { paddr, size_bits, is_device, padding: [0; 6] };
        }
        BootInfo {
            extra_len: 0,
            node_id: 0,
            num_nodes: 1,
            num_io_pt_levels: 0,
            ipc_buffer: 0,
            empty: SlotRegion::default(),
            shared_frames: SlotRegion::default(),
            user_image_frames: SlotRegion::default(),
            user_image_paging: SlotRegion::default(),
            io_space_caps: SlotRegion::default(),
            extra_bi_pages: SlotRegion::default(),
            init_thread_cnode_size_bits: 13,
            init_thread_domain: 0,
            untyped: SlotRegion { start: FIRST_SLOT, end: FIRST_SLOT + untypeds.len() as u64 },
            untyped_list,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;
    use rel4_abi::CPtr;

    use super::testing::{FIRST_SLOT, boot_info};
    use super::*;

    fn pool(untypeds: &[(u64, u8, u8)]) -> UntypedPool {
        UntypedPool::from_boot_info(&boot_info(untypeds))
    }

    fn untyped(index: u64) -> Untyped {
        Untyped(CPtr(FIRST_SLOT + index))
    }

    #[test]
    fn the_smallest_that_fits_is_opened_and_then_used_up_before_a_bigger_one() {
        let mut pool = pool(&[(0x8000_0000, 28, 0), (0x9000_0000, 13, 0), (0x9000_2000, 5, 0)]);
        assert_eq!(pool.reserve(Memory::Ram, 4), Some(untyped(2)));
        assert_eq!(pool.reserve(Memory::Ram, 12), Some(untyped(1)));
        assert_eq!(pool.reserve(Memory::Ram, 4), Some(untyped(2)));
        assert_eq!(pool.reserve(Memory::Ram, 4), Some(untyped(1)));
        assert_eq!(pool.reserve(Memory::Ram, 12), Some(untyped(0)));
    }

    #[test]
    fn whole_untypeds_are_given_away_largest_first_and_never_one_that_is_in_use() {
        let mut pool = UntypedPool::of_ram([(untyped(0), 13), (untyped(1), 20), (untyped(2), 12)]);
        assert_eq!(pool.reserve(Memory::Ram, 13), Some(untyped(0)));
        assert_eq!(pool.take_whole(12), Some((untyped(1), 20)));
        assert_eq!(pool.take_whole(13), None, "what is left is too small");
        assert_eq!(pool.take_whole(12), Some((untyped(2), 12)));
        assert_eq!(pool.take_whole(4), None, "what is left is in use");
    }

    #[test]
    fn device_memory_and_objects_too_big_are_never_handed_out_as_ram() {
        let mut pool = pool(&[(0x1000_0000, 28, 1), (0x9000_0000, 12, 0)]);
        assert_eq!(pool.reserve(Memory::Ram, 13), None);
        assert_eq!(pool.reserve(Memory::Ram, 12), Some(untyped(1)));
        assert_eq!(pool.reserve(Memory::Ram, 4), None);
    }

    #[test]
    fn a_device_page_at_the_start_of_its_untyped_needs_no_split() {
        let mut pool = pool(&[(0x1000_0000, 28, 1)]);
        assert_eq!(pool.next_device_step(0x1000_0000, 12), Some(DeviceStep::Take { from: untyped(0) }));
        assert_eq!(pool.next_device_step(0x1000_0000, 12), None, "it is taken");
    }

    #[test]
    fn absurd_descriptions_are_left_out() {
        assert_eq!(pool(&[(0, 64, 0), (0, 255, 1)]).reserve(Memory::Ram, 4), None);
    }

    /// Takes the page at `paddr` as the root task would; gives (address, size) of each object made, in order.
    fn take_device_page(pool: &mut UntypedPool, paddr: u64) -> Option<Vec<(u64, u32)>> {
        let mut made = Vec::new();
        loop {
            match pool.next_device_step(paddr, 12)? {
                DeviceStep::Skip { paddr, size_bits, .. } => {
                    made.push((paddr, size_bits));
                    pool.add_split(Untyped(CPtr(1000 + made.len() as u64)), paddr, size_bits);
                }
                DeviceStep::Take { .. } => {
                    made.push((paddr, 12));
                    return Some(made);
                }
            }
        }
    }

    #[test]
    fn pages_below_one_that_was_taken_can_still_be_taken() {
        let mut pool = pool(&[(0x1000_0000, 28, 1)]);
        assert!(take_device_page(&mut pool, 0x1000_8000).is_some());
        assert!(take_device_page(&mut pool, 0x1000_1000).is_some());
        assert!(take_device_page(&mut pool, 0x1000_1000).is_none());
    }

    proptest! {
        #[test]
        fn a_device_page_is_reached_by_aligned_parts_without_a_gap(page in 0_u64..1 << 16) {
            let base = 0x1000_0000;
            let paddr = base + page * 4096;
            let made = take_device_page(&mut pool(&[(base, 28, 1)]), paddr).expect("it is there");
            let mut expected = base;
            for (start, size_bits) in made {
                prop_assert_eq!(start, expected);
                prop_assert_eq!(start % (1 << size_bits), 0);
                expected += 1 << size_bits;
            }
            prop_assert_eq!(expected, paddr + 4096);
        }

        #[test]
        fn objects_never_exceed_their_untyped(sizes in prop::collection::vec(4_u32..16, 1..200)) {
            let mut pool = pool(&[(0x8000_0000, 14, 0), (0x8001_0000, 16, 0)]);
            let mut end = [0_u64; 2];
            for size_bits in sizes {
                if let Some(Untyped(cptr)) = pool.reserve(Memory::Ram, size_bits) {
                    let index = (cptr.word() - FIRST_SLOT) as usize;
                    end[index] = end[index].next_multiple_of(1 << size_bits) + (1 << size_bits);
                }
            }
            prop_assert!(end[0] <= 1 << 14 && end[1] <= 1 << 16);
        }
    }
}
