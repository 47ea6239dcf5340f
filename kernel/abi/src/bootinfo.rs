//! What the kernel tells the root task: `BootInfo`, its extra chunks, and the slots of the initial `CSpace`.

use core::mem::{align_of, offset_of, size_of};

use crate::cptr::CPtr;

/// Untypeds the list can describe.
pub const MAX_UNTYPEDS: usize = 230;
/// Size of the `BootInfo` frame: 4 KiB. The extra chunks start right behind it.
pub const BOOTINFO_FRAME_BITS: u32 = 12;

/// Consecutive slots of the initial `CSpace`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct SlotRegion {
    /// First slot.
    pub start: u64,
    /// One past the last slot.
    pub end: u64,
}

impl SlotRegion {
    /// Number of slots; 0 if the region is empty or upside down.
    #[must_use]
    pub const fn len(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether there is no slot in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Slot number `index` of the region.
    #[must_use]
    pub const fn slot(self, index: u64) -> Option<CPtr> {
        if index < self.len() { Some(CPtr(self.start + index)) } else { None }
    }
}

/// One untyped; entry *i* of the list describes slot `untyped.start + i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct UntypedDesc {
    /// Physical address.
    pub paddr: u64,
    /// Size as a power of two in bytes.
    pub size_bits: u8,
    /// 1 for memory that is not RAM of the system, else 0.
    pub is_device: u8,
    /// Zero.
    pub padding: [u8; 6],
}

const _: () = assert!(size_of::<UntypedDesc>() == 16);

/// The first page the root task finds in `a0`.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct BootInfo {
    /// Bytes of extra chunks, headers included.
    pub extra_len: u64,
    /// The core this was made on: 0.
    pub node_id: u64,
    /// Number of cores; more than 1 means the SMP label table.
    pub num_nodes: u64,
    /// 0 on this architecture.
    pub num_io_pt_levels: u64,
    /// Virtual address of the root task's IPC buffer.
    pub ipc_buffer: u64,
    /// Slots that are free.
    pub empty: SlotRegion,
    /// Empty on this architecture.
    pub shared_frames: SlotRegion,
    /// Frames of the root task's image, in address order.
    pub user_image_frames: SlotRegion,
    /// Page tables of the root task's image.
    pub user_image_paging: SlotRegion,
    /// Empty on this architecture.
    pub io_space_caps: SlotRegion,
    /// Frames of the extra chunks.
    pub extra_bi_pages: SlotRegion,
    /// Slots of the initial `CNode` as a power of two.
    pub init_thread_cnode_size_bits: u64,
    /// Domain of the root task: 0.
    pub init_thread_domain: u64,
    /// Untyped memory.
    pub untyped: SlotRegion,
    /// Description of each untyped.
    pub untyped_list: [UntypedDesc; MAX_UNTYPEDS],
}

const _: () = assert!(size_of::<BootInfo>() == 3848 && align_of::<BootInfo>() == 8);
const _: () = assert!(size_of::<BootInfo>() <= 1 << BOOTINFO_FRAME_BITS);
const _: () = assert!(offset_of!(BootInfo, extra_len) == 0);
const _: () = assert!(offset_of!(BootInfo, node_id) == 8);
const _: () = assert!(offset_of!(BootInfo, num_nodes) == 16);
const _: () = assert!(offset_of!(BootInfo, num_io_pt_levels) == 24);
const _: () = assert!(offset_of!(BootInfo, ipc_buffer) == 32);
const _: () = assert!(offset_of!(BootInfo, empty) == 40);
const _: () = assert!(offset_of!(BootInfo, shared_frames) == 56);
const _: () = assert!(offset_of!(BootInfo, user_image_frames) == 72);
const _: () = assert!(offset_of!(BootInfo, user_image_paging) == 88);
const _: () = assert!(offset_of!(BootInfo, io_space_caps) == 104);
const _: () = assert!(offset_of!(BootInfo, extra_bi_pages) == 120);
const _: () = assert!(offset_of!(BootInfo, init_thread_cnode_size_bits) == 136);
const _: () = assert!(offset_of!(BootInfo, init_thread_domain) == 144);
const _: () = assert!(offset_of!(BootInfo, untyped) == 152);
const _: () = assert!(offset_of!(BootInfo, untyped_list) == 168);

/// Header of an extra chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct BootInfoHeader {
    /// What the chunk is: [`CHUNK_FDT`], [`CHUNK_REL4`], or something to skip.
    pub id: u64,
    /// Bytes of the chunk, this header included.
    pub len: u64,
}

const _: () = assert!(size_of::<BootInfoHeader>() == 16);

/// Chunk that is to be skipped.
pub const CHUNK_PADDING: u64 = 0;
/// Chunk that holds the flattened device tree.
pub const CHUNK_FDT: u64 = 6;
/// Chunk that holds the feature bits of a kernel with asynchronous facilities ("REL4" in ASCII).
pub const CHUNK_REL4: u64 = 0x5245_4c34;

const _: () = assert!(CHUNK_REL4 as u32 == u32::from_be_bytes(*b"REL4"));

/// Slots of the initial `CSpace` with a fixed meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum InitialSlot {
    /// Always empty.
    Null = 0,
    /// The root task's thread.
    Tcb = 1,
    /// The root task's `CNode`.
    CNode = 2,
    /// The root task's `VSpace`.
    VSpace = 3,
    /// Authority over interrupts.
    IrqControl = 4,
    /// Authority over ASID pools.
    AsidControl = 5,
    /// The ASID pool the root task's own ASID is from.
    AsidPool = 6,
    /// Empty on this architecture.
    IoPortControl = 7,
    /// Empty on this architecture.
    IoSpace = 8,
    /// Frame of the `BootInfo`.
    BootInfoFrame = 9,
    /// Frame of the IPC buffer.
    IpcBufferFrame = 10,
    /// Authority over domains.
    Domain = 11,
    /// Empty on this architecture.
    SmmuSidControl = 12,
    /// Empty on this architecture.
    SmmuCbControl = 13,
    /// Empty without MCS.
    SchedContext = 14,
    /// Empty on this architecture.
    Smc = 15,
}

impl InitialSlot {
    /// Its address in the initial `CSpace`.
    #[must_use]
    pub const fn cptr(self) -> CPtr {
        CPtr(self as u64)
    }
}

/// Number of slots with a fixed meaning; the first dynamic slot.
pub const NUM_INITIAL_SLOTS: u64 = 16;
const _: () = assert!(InitialSlot::Smc as u64 + 1 == NUM_INITIAL_SLOTS);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_hands_out_exactly_its_slots() {
        let region = SlotRegion { start: 16, end: 18 };
        assert_eq!(region.len(), 2);
        assert_eq!((region.slot(0), region.slot(1), region.slot(2)), (Some(CPtr(16)), Some(CPtr(17)), None));
        assert!(SlotRegion { start: 3, end: 2 }.is_empty());
    }
}
