//! Retype: checks in the ABI's order, watermark, clearing.

use rel4_abi::lookup_failure::LookupFailure;
use rel4_abi::{InitialSlot, Invocation, InvocationError, LookupSide, ObjectType};

use super::Machine;
use crate::cap::Cap;

const ROOT: u64 = InitialSlot::CNode as u64;

fn retype(m: &Machine, untyped: u64, words: [u64; 6]) -> Result<[u64; 4], InvocationError> {
    m.invoke(Invocation::UntypedRetype, untyped, &words, &[ROOT])
}

#[test]
fn every_refusal_comes_with_its_error_words() {
    let mut m = Machine::new();
    let untyped = m.big_untyped();
    let free = m.free_slot();
    let ep = ObjectType::Endpoint as u64;
    let cases = [
        ([9, 0, 0, 0, free, 1], InvocationError::InvalidArgument { index: 0 }),
        ([ep, 64, 0, 0, free, 1], InvocationError::RangeError { min: 0, max: 38 }),
        ([ep, u64::MAX, 0, 0, free, 1], InvocationError::RangeError { min: 0, max: 38 }),
        ([ObjectType::CNode as u64, 34, 0, 0, free, 1], InvocationError::RangeError { min: 0, max: 38 }),
        ([ObjectType::CNode as u64, 0, 0, 0, free, 1], InvocationError::InvalidArgument { index: 1 }),
        ([0, 3, 0, 0, free, 1], InvocationError::InvalidArgument { index: 1 }),
        ([ep, 0, 1, 65, free, 1], InvocationError::RangeError { min: 1, max: 64 }),
        ([ep, 0, 0, 0, 8192, 1], InvocationError::RangeError { min: 0, max: 8191 }),
        ([ep, 0, 0, 0, free, 0], InvocationError::RangeError { min: 1, max: 256 }),
        ([ep, 0, 0, 0, free, 257], InvocationError::RangeError { min: 1, max: 256 }),
        ([ep, 0, 0, 0, 8191, 2], InvocationError::RangeError { min: 1, max: 1 }),
        ([ep, 0, 0, 0, 1, 1], InvocationError::DeleteFirst),
        (
            [ep, 0, InitialSlot::Tcb as u64, 64, free, 1],
            InvocationError::FailedLookup {
                side: LookupSide::Target,
                failure: LookupFailure::MissingCapability { bits_left: 64 },
            },
        ),
    ];
    for (words, error) in cases {
        assert_eq!(retype(&m, untyped, words), Err(error), "{words:?}");
    }
    let short = m.invoke(Invocation::UntypedRetype, untyped, &[ep, 0, 0, 0, free], &[ROOT]);
    assert_eq!(short, Err(InvocationError::TruncatedMessage));
    let no_root = m.invoke(Invocation::UntypedRetype, untyped, &[ep, 0, 0, 0, free, 1], &[]);
    assert_eq!(no_root, Err(InvocationError::TruncatedMessage));
    assert_eq!(m.call(untyped, 2, &[], &[]).result(), Err(InvocationError::IllegalOperation));
}

#[test]
fn an_untyped_gives_out_exactly_what_it_has() {
    let mut m = Machine::new();
    let untyped = m.make(ObjectType::Untyped, 12);
    for _ in 0..2 {
        m.retype_from(untyped, ObjectType::Tcb, 0).unwrap();
    }
    let error = m.retype_from(untyped, ObjectType::Endpoint, 0).unwrap_err();
    assert_eq!(error, InvocationError::NotEnoughMemory { bytes_free: 0 });
}

#[test]
fn device_memory_becomes_frames_and_untypeds_only() {
    let mut m = Machine::new();
    let info = m.boot_info();
    let device = (0..info.untyped.len())
        .find(|&index| {
            let description = info.untyped_list[index as usize];
            description.is_device == 1 && description.size_bits >= 21
        })
        .map(|index| info.untyped.start + index)
        .unwrap();
    assert_eq!(
        m.retype_from(device, ObjectType::Endpoint, 0),
        Err(InvocationError::InvalidArgument { index: 1 })
    );
    let frame = m.retype_from(device, ObjectType::Page, 0).unwrap();
    assert!(matches!(m.cap(frame), Cap::Frame(cap) if cap.device));
}

#[test]
fn memory_is_cleared_before_it_is_used_again() {
    let mut m = Machine::new();
    let untyped = m.make(ObjectType::Untyped, 12);
    let frame = m.retype_from(untyped, ObjectType::Page, 0).unwrap();
    let Cap::Frame(cap) = m.cap(frame) else { panic!() };
    let page = crate::arch::phys_to_virt(cap.base);
    // SAFETY: the frame is in the machine's memory.
    unsafe { page.write_bytes(0xff, 4096) };
    m.delete(frame).unwrap();
    let node = m.retype_from(untyped, ObjectType::CNode, 7).unwrap();
    let Cap::CNode(cap) = m.cap(node) else { panic!() };
    assert!((0..128).all(|index| cap.node.slot(index).is_empty()));
}

#[test]
fn a_preempted_reset_goes_on_where_it_stopped() {
    let mut m = Machine::new();
    let untyped = m.make(ObjectType::Untyped, 16);
    let page = m.retype_from(untyped, ObjectType::Untyped, 16).unwrap();
    m.delete(page).unwrap();
    crate::arch::set_interrupt_pending(true);
    let slot = m.free_slot();
    let thread = m.current();
    let pc = thread.context.fault_pc.get();
    // 256 chunks of work: the pending interrupt is found at the hundredth.
    let _ = retype(&m, untyped, [ObjectType::Endpoint as u64, 0, 0, 0, slot, 1]);
    assert_eq!(thread.context.next_pc.get(), pc, "the system call is to be executed again");
    assert_eq!(m.cap(slot), Cap::Null);
    let Cap::Untyped(cap) = m.cap(untyped) else { panic!() };
    assert!(cap.watermark > 0 && cap.watermark < 1 << 16, "progress is recorded");
    m.ecall();
    assert!(matches!(m.cap(slot), Cap::Endpoint(_)));
}

#[test]
fn an_asid_pool_of_used_memory_starts_empty() {
    for (object, dirty_bytes) in [(ObjectType::Page, 4096), (ObjectType::Endpoint, 16)] {
        let mut m = Machine::new();
        let untyped = m.make(ObjectType::Untyped, 12);
        let child = m.retype_from(untyped, object, 0).unwrap();
        let Cap::Untyped(cap) = m.cap(untyped) else { panic!() };
        m.delete(child).unwrap();
        // SAFETY: memory of the machine that nothing uses any more.
        unsafe { crate::arch::phys_to_virt(cap.base).write_bytes(0xff, dirty_bytes) };
        let slot = m.free_slot();
        let (control, root) = (InitialSlot::AsidControl as u64, InitialSlot::CNode as u64);
        m.invoke(Invocation::RiscvAsidControlMakePool, control, &[slot, 64], &[untyped, root]).unwrap();
        let Cap::AsidPool(pool) = m.cap(slot) else { panic!() };
        for asid in pool.base.0..pool.base.0 + (1 << rel4_abi::vm::ASID_POOL_INDEX_BITS) {
            assert!(m.k.asids.root(crate::vm::Asid(asid)).is_none());
        }
        m.check_all();
    }
}
