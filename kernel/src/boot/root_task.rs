//! The root task: its objects, its CSpace with a capability to everything, its address space, its BootInfo.
#![allow(unsafe_code, reason = "the first objects are made out of raw memory")]

use core::mem::MaybeUninit;

use rel4_abi::async_syscall::FEATURE_ASYNC_SYSCALL;
use rel4_abi::bootinfo::{
    BOOTINFO_FRAME_BITS, BootInfo, BootInfoHeader, CHUNK_FDT, CHUNK_REL4, NUM_INITIAL_SLOTS,
};
use rel4_abi::object::{
    ASID_POOL_BITS, MAX_UNTYPED_BITS, MIN_UNTYPED_BITS, PAGE_BITS, PAGE_TABLE_BITS, SLOT_BITS, TCB_BITS,
};
use rel4_abi::sched::MAX_PRIORITY;
use rel4_abi::uintr::FEATURE_UINTR;
use rel4_abi::user_context::Register;
use rel4_abi::vm::{MIDDLE_LEVEL_BITS, ROOT_LEVEL_BITS, USER_TOP};
use rel4_abi::{InitialSlot, SlotRegion, UntypedDesc};

use super::LoaderArguments;
use super::memory::Memory;
use super::region::{Regions, blocks};
use crate::arch::{self, Execute, PageTable, PhysAddr, Pte};
use crate::cap::slot::Slot;
use crate::cap::{AsidPoolCap, CNodeCap, Cap, FrameCap, Mapping, PageTableCap, UntypedCap, derivation};
use crate::config::{MAX_HARTS, ROOT_CNODE_BITS, TIME_SLICE_TICKS};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::tcb::set_up_reply_master;
use crate::object::untyped::create_tcb;
use crate::object::{AsidPool, CNode, Tcb, ThreadState};
use crate::vm::{Asid, FrameSize, VmRights, space};

const PAGE: u64 = 1 << PAGE_BITS;
const HEADER_BYTES: u64 = size_of::<BootInfoHeader>() as u64;
/// What this kernel can beyond seL4.
const FEATURES: u64 = if cfg!(feature = "uintr") { FEATURE_UINTR } else { 0 }
    | if cfg!(feature = "async-syscall") { FEATURE_ASYNC_SYSCALL } else { 0 };
const FEATURES_CHUNK_BYTES: u64 = HEADER_BYTES + size_of::<u64>() as u64;
const ROOT_ASID: Asid = Asid(rel4_abi::vm::ASID_ROOT_TASK as u16);

/// The root task's virtual addresses: the image, and behind it page by page what the kernel adds.
struct Layout {
    image: u64,
    ipc_buffer: u64,
    bootinfo: u64,
    extra: u64,
    extra_bytes: u64,
    /// End of the area of the extra BootInfo, a power of two of pages. Page tables cover all of it, as in seL4, also what stays unmapped.
    end: u64,
}

impl Layout {
    fn new(arguments: &LoaderArguments, tree_bytes: u64) -> Self {
        let virt = |phys: u64| phys.wrapping_sub(arguments.image_offset);
        let (image, ipc_buffer) = (virt(arguments.image_start), virt(arguments.image_end));
        let bootinfo = ipc_buffer + PAGE;
        let extra = bootinfo + (1 << BOOTINFO_FRAME_BITS);
        let extra_bytes = HEADER_BYTES + tree_bytes + if FEATURES == 0 { 0 } else { FEATURES_CHUNK_BYTES };
        let end = extra + extra_bytes.next_multiple_of(PAGE).next_power_of_two();
        assert!(
            image < ipc_buffer && image.is_multiple_of(PAGE) && end <= USER_TOP,
            "the root task's image at {image:#x}..{ipc_buffer:#x} does not fit the user address space"
        );
        Self { image, ipc_buffer, bootinfo, extra, extra_bytes, end }
    }

    fn extra_pages(&self) -> u64 {
        self.extra_bytes.div_ceil(PAGE)
    }

    /// log2 of the area of the extra BootInfo.
    fn extra_bits(&self) -> u32 {
        (self.end - self.extra).ilog2()
    }

    /// First addresses of the blocks of 2^`bits` bytes that the layout touches: each needs a page table.
    fn blocks(&self, bits: u32) -> impl Iterator<Item = u64> + use<> {
        (self.image >> bits..=(self.end - 1) >> bits).map(move |block| block << bits)
    }
}

/// Memory for the initial objects, zeroed; given out from large to small, so that each is aligned.
struct ObjectMemory {
    next: u64,
    end: u64,
}

impl ObjectMemory {
    fn take(&mut self, bits: u32) -> PhysAddr {
        let at = self.next;
        assert!(at.is_multiple_of(1 << bits) && at + (1 << bits) <= self.end, "initial objects miscounted");
        self.next += 1 << bits;
        PhysAddr(at)
    }

    fn take_address(&mut self, bits: u32) -> usize {
        arch::phys_to_virt(self.take(bits)) as usize
    }
}

/// The root CNode while it is being filled.
struct Slots {
    node: CNode,
    next: u64,
}

impl Slots {
    fn initial(&self, slot: InitialSlot) -> Obj<Slot> {
        self.node.slot(slot as u64)
    }

    fn put(&mut self, cap: Cap) {
        assert!(
            self.next < self.node.slot_count(),
            "the root CNode is full; build with more REL4_ROOT_CNODE_BITS"
        );
        derivation::insert_root(cap, self.node.slot(self.next));
        self.next += 1;
    }

    fn region(&mut self, fill: impl FnOnce(&mut Self)) -> SlotRegion {
        let start = self.next;
        fill(self);
        SlotRegion { start, end: self.next }
    }
}

/// Builds the root task out of the top-most free memory and gives it all that is left.
pub(super) fn create<'k>(
    kernel: &'k mut MaybeUninit<Kernel>,
    state: arch::State,
    arguments: &LoaderArguments,
    tree: &[u8],
    mut memory: Memory,
) -> &'k Kernel {
    let layout = Layout::new(arguments, tree.len() as u64);
    let mut objects = object_memory(&layout, &mut memory);
    let extra_bits = layout.extra_bits();
    let cnode_bits = u32::from(ROOT_CNODE_BITS) + SLOT_BITS;
    // From large to small; only these two can be larger than a page, in either order.
    let (first, second) =
        if extra_bits > cnode_bits { (extra_bits, cnode_bits) } else { (cnode_bits, extra_bits) };
    let (first, second) = (objects.take(first), objects.take(second));
    let (extra, cnode) = if extra_bits > cnode_bits { (first, second) } else { (second, first) };

    // SAFETY: `object_memory` is unused, zeroed RAM, and zeroed memory is a table of empty slots.
    let node =
        unsafe { CNode::from_parts(Obj::from_address(arch::phys_to_virt(cnode) as usize), ROOT_CNODE_BITS) };
    // SAFETY: likewise, and zeroed memory is a page table that maps nothing.
    let table = unsafe { Obj::<PageTable>::from_address(objects.take_address(PAGE_TABLE_BITS)) };
    // SAFETY: likewise, and zeroed memory is an empty ASID pool.
    let pool = unsafe { Obj::<AsidPool>::from_address(objects.take_address(ASID_POOL_BITS)) };
    let ipc_buffer = objects.take(PAGE_BITS);
    let bootinfo = objects.take(BOOTINFO_FRAME_BITS);
    let mut slots = Slots { node, next: NUM_INITIAL_SLOTS };

    let tables = PageTables { objects: &mut objects, root: table };
    let user_image_paging = slots.region(|slots| tables.map_all(&layout, slots));

    let mut thread = || {
        // SAFETY: likewise.
        unsafe { create_tcb(objects.take_address(TCB_BITS)) }
    };
    let tcb = thread();
    let idle = [(); MAX_HARTS].map(|()| thread());
    let k = Kernel::init(kernel, tcb, idle, state);

    let root_mapping = Mapping { asid: ROOT_ASID, vaddr: 0 };
    let initial = |slot, cap| derivation::insert_root(cap, slots.initial(slot));
    initial(InitialSlot::Tcb, Cap::Thread(tcb));
    let guard_size = (rel4_abi::cptr::WORD_BITS - u32::from(ROOT_CNODE_BITS)) as u8;
    initial(InitialSlot::CNode, Cap::CNode(CNodeCap { node, guard: 0, guard_size }));
    initial(InitialSlot::VSpace, Cap::PageTable(PageTableCap { table, mapping: Some(root_mapping) }));
    initial(InitialSlot::IrqControl, Cap::IrqControl);
    initial(InitialSlot::AsidControl, Cap::AsidControl);
    initial(InitialSlot::AsidPool, Cap::AsidPool(AsidPoolCap { pool, base: Asid(0) }));
    initial(InitialSlot::BootInfoFrame, map_frame(table, bootinfo, layout.bootinfo));
    initial(InitialSlot::IpcBufferFrame, map_frame(table, ipc_buffer, layout.ipc_buffer));
    initial(InitialSlot::Domain, Cap::Domain);

    arch::map_kernel(k, table);
    k.asids.add_pool(Asid(0), pool);
    pool.assign(ROOT_ASID, table);

    let extra_bi_pages = slots.region(|slots| {
        for page in 0..layout.extra_pages() {
            slots.put(map_frame(table, extra.offset(page * PAGE), layout.extra + page * PAGE));
        }
    });
    let user_image_frames = slots.region(|slots| {
        for vaddr in (layout.image..layout.ipc_buffer).step_by(PAGE as usize) {
            let paddr = PhysAddr(vaddr.wrapping_add(arguments.image_offset));
            slots.put(map_frame(table, paddr, vaddr));
        }
    });

    configure_thread(k, tcb, &slots, &layout, arguments);

    // SAFETY: the BootInfo frame is zeroed memory of its own, which is a valid BootInfo, and user code does not run yet.
    let info = unsafe { &mut *arch::phys_to_virt(bootinfo).cast::<BootInfo>() };
    info.extra_len = layout.extra_bytes;
    info.num_nodes = MAX_HARTS as u64;
    info.ipc_buffer = layout.ipc_buffer;
    info.user_image_frames = user_image_frames;
    info.user_image_paging = user_image_paging;
    info.extra_bi_pages = extra_bi_pages;
    info.init_thread_cnode_size_bits = u64::from(ROOT_CNODE_BITS);
    write_extra(extra, tree);
    give_untypeds(&mut slots, info, &memory);
    info.empty = SlotRegion { start: slots.next, end: node.slot_count() };
    k
}

/// Takes and clears the memory of all initial objects.
fn object_memory(layout: &Layout, memory: &mut Memory) -> ObjectMemory {
    let cnode_bits = u32::from(ROOT_CNODE_BITS) + SLOT_BITS;
    let extra_bits = layout.extra_bits();
    let tables = 1 + layout.blocks(ROOT_LEVEL_BITS).count() + layout.blocks(MIDDLE_LEVEL_BITS).count();
    let pages = tables as u64 + 3;
    let threads = 1 + MAX_HARTS as u64;
    let bytes = (1u64 << cnode_bits) + (1 << extra_bits) + pages * PAGE + (threads << TCB_BITS);
    let start = memory.take_top(bytes, cnode_bits.max(extra_bits));
    // SAFETY: the survey found this RAM free, and it was just taken out of the free memory.
    unsafe { arch::phys_to_virt(PhysAddr(start)).write_bytes(0, bytes as usize) };
    ObjectMemory { next: start, end: start + bytes }
}

struct PageTables<'a> {
    objects: &'a mut ObjectMemory,
    root: Obj<PageTable>,
}

impl PageTables<'_> {
    /// Makes and hooks in all page tables that the layout needs, upper level first.
    fn map_all(self, layout: &Layout, slots: &mut Slots) {
        for bits in [ROOT_LEVEL_BITS, MIDDLE_LEVEL_BITS] {
            for vaddr in layout.blocks(bits) {
                // SAFETY: zeroed memory is a table that maps nothing.
                let table =
                    unsafe { Obj::<PageTable>::from_address(self.objects.take_address(PAGE_TABLE_BITS)) };
                space::walk(self.root, vaddr).entry.set(Pte::to_table(table));
                let mapping = Some(Mapping { asid: ROOT_ASID, vaddr });
                slots.put(Cap::PageTable(PageTableCap { table, mapping }));
            }
        }
    }
}

/// Maps a page of the root task and returns its capability.
fn map_frame(root: Obj<PageTable>, base: PhysAddr, vaddr: u64) -> Cap {
    let leaf = Pte::user_leaf(base, VmRights::ReadWrite, Execute::Allowed, arch::USER_PRIVILEGE);
    space::walk(root, vaddr).entry.set(leaf);
    Cap::Frame(FrameCap {
        base,
        size: FrameSize::Page,
        device: false,
        rights: VmRights::ReadWrite,
        mapping: Some(Mapping { asid: ROOT_ASID, vaddr }),
    })
}

fn configure_thread(k: &Kernel, tcb: Obj<Tcb>, slots: &Slots, layout: &Layout, arguments: &LoaderArguments) {
    for (source, destination) in [
        (InitialSlot::CNode, tcb.cspace_root()),
        (InitialSlot::VSpace, tcb.vspace_root()),
        (InitialSlot::IpcBufferFrame, tcb.buffer_slot()),
    ] {
        let source = slots.initial(source);
        derivation::insert(source.cap(), source, destination);
    }
    tcb.ipc_buffer.set(layout.ipc_buffer);
    tcb.priority.set(MAX_PRIORITY as u8);
    tcb.max_controlled_priority.set(MAX_PRIORITY as u8);
    tcb.time_slice.set(TIME_SLICE_TICKS);
    tcb.context.set(Register::A0, layout.bootinfo);
    tcb.context.fault_pc.set(arguments.entry);
    tcb.context.next_pc.set(arguments.entry);
    set_up_reply_master(tcb);
    #[cfg(feature = "debug")]
    {
        tcb.set_name(*b"rootserver");
        k.threads.insert(tcb);
        for hart in k.harts() {
            hart.idle().set_name(*b"idle_thread");
            k.threads.insert(hart.idle());
        }
    }
    tcb.set_state(k, ThreadState::Running);
    k.hart().current.set(tcb);
    space::activate(k, tcb);
}

/// Writes the extra BootInfo: the device tree, and from kernels that can more than seL4 a word that says what.
fn write_extra(at: PhysAddr, tree: &[u8]) {
    let tree_chunk = HEADER_BYTES + tree.len() as u64;
    write_chunk(at, BootInfoHeader { id: CHUNK_FDT, len: tree_chunk }, tree);
    if FEATURES != 0 {
        let header = BootInfoHeader { id: CHUNK_REL4, len: FEATURES_CHUNK_BYTES };
        write_chunk(at.offset(tree_chunk), header, &FEATURES.to_le_bytes());
    }
}

fn write_chunk(at: PhysAddr, header: BootInfoHeader, content: &[u8]) {
    let to = arch::phys_to_virt(at);
    // SAFETY: `Layout` made the extra BootInfo area large enough for all chunks, in memory that nothing else uses. A chunk follows
    // the one before without padding, so it may be unaligned.
    unsafe {
        to.cast::<BootInfoHeader>().write_unaligned(header);
        to.add(size_of::<BootInfoHeader>()).copy_from_nonoverlapping(content.as_ptr(), content.len());
    }
}

/// Gives the root task all devices, then all free memory.
fn give_untypeds(slots: &mut Slots, info: &mut BootInfo, memory: &Memory) {
    let start = slots.next;
    let mut give = |regions: &Regions, device: bool| {
        let all =
            regions.as_slice().iter().flat_map(|&region| blocks(region, MIN_UNTYPED_BITS, MAX_UNTYPED_BITS));
        for (base, bits) in all {
            let index = (slots.next - start) as usize;
            // More memory than BootInfo can describe stays unused.
            let Some(description) = info.untyped_list.get_mut(index) else { return };
            let size_bits = bits as u8;
            *description =
                UntypedDesc { paddr: base, size_bits, is_device: u8::from(device), padding: [0; 6] };
            // RAM is not clean after boot: all of it counts as used, so that the first retype clears it.
            let cap = UntypedCap { base: PhysAddr(base), size_bits, device, watermark: 1 << bits };
            slots.put(Cap::Untyped(cap));
        }
    };
    give(&memory.devices, true);
    give(&memory.free, false);
    info.untyped = SlotRegion { start, end: slots.next };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_tables_cover_the_whole_area_of_the_extra_boot_info() {
        // The last page of the area, which the three pages in use leave free, lies in the next 2 MiB.
        let extra_pages = if FEATURES == 0 { 3 * PAGE } else { 3 * PAGE - FEATURES_CHUNK_BYTES };
        let arguments = LoaderArguments {
            image_start: 0x1f_9000,
            image_end: 0x1f_b000,
            image_offset: 0,
            entry: 0x1f_9000,
            device_tree: 0,
            device_tree_bytes: 0,
            hart: 0,
            core: 0,
        };
        let layout = Layout::new(&arguments, extra_pages - HEADER_BYTES);
        assert_eq!((layout.extra_pages(), layout.extra_bits()), (3, 14));
        assert_eq!(layout.extra + 3 * PAGE, 1 << MIDDLE_LEVEL_BITS);
        assert_eq!(layout.blocks(MIDDLE_LEVEL_BITS).count(), 2);
    }
}
