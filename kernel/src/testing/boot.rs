//! What the root task finds.

use rel4_abi::bootinfo::{BootInfoHeader, CHUNK_FDT};
use rel4_abi::user_context::Register;
use rel4_abi::{InitialSlot, ObjectType, SlotRegion};

use super::Machine;
use crate::arch;
use crate::cap::{Cap, FrameCap, Mapping, derivation};
use crate::object::ThreadState;

#[test]
fn the_root_task_gets_every_initial_capability_in_its_slot() {
    let m = Machine::new();
    assert_eq!(m.cap(InitialSlot::Null as u64), Cap::Null);
    assert!(matches!(m.cap(InitialSlot::Tcb as u64), Cap::Thread(tcb) if tcb == m.current()));
    assert!(matches!(m.cap(InitialSlot::CNode as u64), Cap::CNode(cap) if cap.guard_size == 51));
    assert!(matches!(m.cap(InitialSlot::VSpace as u64), Cap::PageTable(_)));
    assert_eq!(m.cap(InitialSlot::IrqControl as u64), Cap::IrqControl);
    assert_eq!(m.cap(InitialSlot::AsidControl as u64), Cap::AsidControl);
    assert!(matches!(m.cap(InitialSlot::AsidPool as u64), Cap::AsidPool(_)));
    assert_eq!(m.cap(InitialSlot::Domain as u64), Cap::Domain);
    for absent in
        [InitialSlot::IoPortControl, InitialSlot::IoSpace, InitialSlot::SchedContext, InitialSlot::Smc]
    {
        assert_eq!(m.cap(absent as u64), Cap::Null);
    }
}

#[test]
fn boot_info_describes_every_untyped_slot_and_nothing_overlaps() {
    let m = Machine::new();
    let info = m.boot_info();
    let harts = crate::config::MAX_HARTS as u64;
    assert_eq!((info.num_nodes, info.node_id, info.init_thread_cnode_size_bits), (harts, 0, 13));
    let mut regions = Vec::new();
    for (index, description) in info.untyped_list.iter().enumerate().take(info.untyped.len() as usize) {
        let Cap::Untyped(cap) = m.cap(info.untyped.start + index as u64) else {
            panic!("slot {index} is no untyped")
        };
        assert_eq!((cap.base.0, cap.size_bits), (description.paddr, description.size_bits));
        assert_eq!(cap.device, description.is_device != 0);
        regions.push((cap.base.0, cap.base.0 + cap.size()));
    }
    for slot in info.user_image_frames.start..info.user_image_frames.end {
        let Cap::Frame(cap) = m.cap(slot) else { panic!("slot {slot} is no frame") };
        regions.push((cap.base.0, cap.base.0 + 0x1000));
    }
    regions.sort_unstable();
    assert!(regions.windows(2).all(|pair| pair[0].1 <= pair[1].0), "regions overlap");
    assert_eq!(info.user_image_frames.len(), 2);
    assert_eq!(info.empty.start, info.untyped.end);
}

#[test]
fn interrupt_controllers_files_and_timer_are_in_no_device_untyped() {
    let m = Machine::new();
    let info = m.boot_info();
    let devices: Vec<_> = info.untyped_list[..info.untyped.len() as usize]
        .iter()
        .filter(|description| description.is_device != 0)
        .map(|description| (description.paddr, description.paddr + (1u64 << description.size_bits)))
        .collect();
    let covered = |at: u64| devices.iter().any(|&(start, end)| (start..end).contains(&at));
    assert!(covered(0x1000_0000), "the UART belongs to user space");
    for (start, end) in [
        (0x0200_0000u64, 0x0201_0000),
        (0x0c00_0000, 0x0c60_0000),
        (0x0d00_0000, 0x0d00_8000),
        (0x2400_0000, 0x2400_4000),
        (0x2800_0000, 0x2801_0000),
    ] {
        for owned in (start..end).step_by(0x1000).chain([end - 1]) {
            assert!(!covered(owned), "{owned:#x} must be the kernel's");
        }
    }
}

#[test]
fn objects_made_from_dirty_boot_memory_start_out_empty() {
    let mut m = Machine::new();
    let node = m.make(ObjectType::CNode, 4);
    let Cap::CNode(cap) = m.cap(node) else { panic!() };
    for index in 0..16 {
        assert!(cap.node.slot(index).is_empty());
    }
}

#[test]
fn the_root_task_starts_with_the_address_of_boot_info_and_nothing_else_in_its_registers() {
    const IMAGE: u64 = 0x1_0000;
    const IMAGE_END: u64 = 0x1_2000;
    let m = Machine::new();
    let root = m.current();
    for register in Register::ALL {
        let expected = match register {
            Register::Pc => IMAGE,
            Register::A0 => IMAGE_END + 0x1000,
            _ => 0,
        };
        assert_eq!(root.context.get(register), expected, "{register:?}");
    }
    assert_eq!(root.context.next_pc.get(), IMAGE);
    assert_eq!((root.priority.get(), root.max_controlled_priority.get(), root.domain.get()), (255, 255, 0));
    assert_eq!((root.state(), root.fault_handler.get(), root.flags.get()), (ThreadState::Running, 0, 0));
    assert_eq!(root.ipc_buffer.get(), IMAGE_END);
}

#[test]
fn boot_info_tells_where_everything_is_and_its_frames_are_mapped_there() {
    const IMAGE_END: u64 = 0x1_2000;
    let m = Machine::new();
    let info = m.boot_info();
    let empty = SlotRegion { start: 0, end: 0 };
    assert_eq!((info.ipc_buffer, info.init_thread_domain, info.num_io_pt_levels), (IMAGE_END, 0, 0));
    assert_eq!((info.shared_frames, info.io_space_caps), (empty, empty));
    // In this order, without gaps: page tables, extra frames, frames of the image, untypeds, empty slots.
    assert_eq!(info.user_image_paging, SlotRegion { start: 16, end: 18 });
    assert_eq!(info.extra_bi_pages, SlotRegion { start: 18, end: 18 + info.extra_len.div_ceil(0x1000) });
    assert_eq!(info.user_image_frames.start, info.extra_bi_pages.end);
    assert_eq!(info.untyped.start, info.user_image_frames.end);
    assert_eq!((info.empty.start, info.empty.end), (info.untyped.end, 1 << 13));
    let extra =
        (info.extra_bi_pages.start..info.extra_bi_pages.end).zip((IMAGE_END + 0x2000..).step_by(0x1000));
    let initial = [
        (InitialSlot::IpcBufferFrame as u64, IMAGE_END),
        (InitialSlot::BootInfoFrame as u64, IMAGE_END + 0x1000),
    ];
    for (slot, vaddr) in initial.into_iter().chain(extra) {
        let Cap::Frame(FrameCap { mapping: Some(Mapping { asid, vaddr: mapped }), .. }) = m.cap(slot) else {
            panic!("{slot} is no mapped frame")
        };
        assert_eq!((u64::from(asid.0), mapped), (rel4_abi::vm::ASID_ROOT_TASK, vaddr));
    }
    let Cap::Frame(first) = m.cap(info.extra_bi_pages.start) else { panic!("no extra frame") };
    // SAFETY: the kernel put a chunk there.
    let header = unsafe { arch::phys_to_virt(first.base).cast::<BootInfoHeader>().read_unaligned() };
    assert_eq!(header.id, CHUNK_FDT);
    if cfg!(not(feature = "uintr")) {
        assert_eq!(header.len, info.extra_len, "one chunk without padding");
    }
}

#[test]
fn the_root_task_uses_copies_of_its_capabilities_that_go_when_these_are_revoked() {
    let m = Machine::new();
    let root = m.current();
    for (original, copy) in [
        (InitialSlot::IpcBufferFrame, root.buffer_slot()),
        (InitialSlot::VSpace, root.vspace_root()),
        (InitialSlot::CNode, root.cspace_root()),
    ] {
        assert!(derivation::is_parent(m.root_slot(original as u64), copy));
        m.revoke(original as u64).unwrap();
        assert!(copy.is_empty());
    }
}
