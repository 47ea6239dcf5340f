//! Mapping, remapping, unmapping, and address spaces that go away.

use rel4_abi::lookup_failure::LookupFailure;
use rel4_abi::{CapRights, InitialSlot, Invocation, InvocationError, LookupSide, ObjectType};

use super::Machine;
use crate::cap::Cap;

const SPACE: u64 = InitialSlot::VSpace as u64;
const RW: u64 = 3;

fn map(m: &Machine, frame: u64, vaddr: u64) -> Result<[u64; 4], InvocationError> {
    m.invoke(Invocation::RiscvPageMap, frame, &[vaddr, RW, 0], &[SPACE])
}

fn missing(bits_left: u64) -> InvocationError {
    InvocationError::FailedLookup {
        side: LookupSide::Target,
        failure: LookupFailure::MissingCapability { bits_left },
    }
}

#[test]
fn a_frame_is_mapped_once_the_missing_tables_are_there() {
    let mut m = Machine::new();
    let (frame, vaddr) = (m.make(ObjectType::Page, 0), 0x20_0000_0000);
    for bits_left in [30, 21] {
        assert_eq!(map(&m, frame, vaddr), Err(missing(bits_left)));
        let table = m.make(ObjectType::PageTable, 0);
        m.invoke(Invocation::RiscvPageTableMap, table, &[vaddr, 0], &[SPACE]).unwrap();
    }
    map(&m, frame, vaddr).unwrap();
    assert_eq!(map(&m, frame, vaddr), Ok([vaddr, RW, 0, m.current().context.message_register(3)]), "remap");
    assert_eq!(map(&m, frame, vaddr + 0x1000), Err(InvocationError::InvalidArgument { index: 0 }));
    let other = m.make(ObjectType::Page, 0);
    assert_eq!(map(&m, other, vaddr), Err(InvocationError::DeleteFirst));
    m.invoke(Invocation::RiscvPageUnmap, frame, &[], &[]).unwrap();
    map(&m, other, vaddr).unwrap();
}

#[test]
fn addresses_at_and_above_the_end_of_user_space_are_refused() {
    let mut m = Machine::new();
    let frame = m.make(ObjectType::Page, 0);
    let out_of_range = Err(InvocationError::InvalidArgument { index: 0 });
    for vaddr in [rel4_abi::vm::USER_TOP, 1 << 39, 0xffff_ffc0_0000_0000, !0xfff, u64::MAX] {
        assert_eq!(map(&m, frame, vaddr), out_of_range, "{vaddr:#x}");
    }
    assert_eq!(map(&m, frame, 0x1001), Err(InvocationError::AlignmentError));
    let table = m.make(ObjectType::PageTable, 0);
    let result = m.invoke(Invocation::RiscvPageTableMap, table, &[rel4_abi::vm::USER_TOP, 0], &[SPACE]);
    assert_eq!(result, out_of_range);
}

#[test]
fn a_new_address_space_gets_an_asid_and_loses_it_with_its_root() {
    let mut m = Machine::new();
    let root = m.make(ObjectType::PageTable, 0);
    let pool = InitialSlot::AsidPool as u64;
    m.invoke(Invocation::RiscvAsidPoolAssign, pool, &[], &[root]).unwrap();
    let Cap::PageTable(cap) = m.cap(root) else { panic!() };
    let asid = cap.mapping.unwrap().asid;
    assert_eq!(m.k.asids.root(asid), Some(cap.table));
    let again = m.invoke(Invocation::RiscvAsidPoolAssign, pool, &[], &[root]);
    assert_eq!(again, Err(InvocationError::InvalidCapability { index: 1 }));
    m.delete(root).unwrap();
    assert_eq!(m.k.asids.root(asid), None);
}

#[test]
fn an_asid_pool_takes_exactly_one_page_without_children() {
    let mut m = Machine::new();
    let (control, node) = (InitialSlot::AsidControl as u64, InitialSlot::CNode as u64);
    let slot = m.free_slot();
    let make = |m: &Machine, memory: u64| {
        m.invoke(Invocation::RiscvAsidControlMakePool, control, &[slot, 64], &[memory, node])
    };
    let large = m.make(ObjectType::Untyped, 13);
    assert_eq!(make(&m, large), Err(InvocationError::InvalidCapability { index: 1 }));
    let used = m.make(ObjectType::Untyped, 12);
    m.retype_from(used, ObjectType::Endpoint, 0).unwrap();
    assert_eq!(make(&m, used), Err(InvocationError::RevokeFirst));
    let page = m.make(ObjectType::Untyped, 12);
    make(&m, page).unwrap();
    assert!(matches!(m.cap(slot), Cap::AsidPool(cap) if cap.base.0 == 512));
    assert_eq!(
        m.retype_from(page, ObjectType::Endpoint, 0),
        Err(InvocationError::NotEnoughMemory { bytes_free: 0 })
    );
}

#[test]
fn deleting_a_page_table_unhooks_it_but_frames_below_remember_their_mapping() {
    let mut m = Machine::new();
    let (frame, vaddr) = (m.make(ObjectType::Page, 0), 0x20_0000_0000);
    let tables: Vec<u64> = (0..2)
        .map(|_| {
            let table = m.make(ObjectType::PageTable, 0);
            m.invoke(Invocation::RiscvPageTableMap, table, &[vaddr, 0], &[SPACE]).unwrap();
            table
        })
        .collect();
    map(&m, frame, vaddr).unwrap();
    m.delete(tables[1]).unwrap();
    assert_eq!(map(&m, frame, vaddr), Err(missing(21)));
    m.invoke(Invocation::RiscvPageUnmap, frame, &[], &[]).unwrap();
    m.delete(tables[0]).unwrap();
    assert_eq!(map(&m, frame, vaddr), Err(missing(30)));
}

#[test]
fn frame_copies_start_unmapped_and_never_gain_rights() {
    let mut m = Machine::new();
    let frame = m.make(ObjectType::Page, 0);
    let read_only = m.mint(frame, CapRights::READ, 0);
    let nothing = m.mint(read_only, CapRights::WRITE, 0);
    let rights = |slot| match m.cap(slot) {
        Cap::Frame(cap) => cap.rights,
        other => panic!("{other:?}"),
    };
    assert_eq!(rights(read_only), crate::vm::VmRights::ReadOnly);
    assert_eq!(rights(nothing), crate::vm::VmRights::KernelOnly);
}
