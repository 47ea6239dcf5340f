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
    for vaddr in [rel4_abi::vm::USER_TOP, 1 << 39, 0xffff_ffc0_0000_0000, !0xfff] {
        assert_eq!(map(&m, frame, vaddr), out_of_range, "{vaddr:#x}");
    }
    for vaddr in [0x1001, !0xffe, u64::MAX] {
        assert_eq!(map(&m, frame, vaddr), Err(InvocationError::AlignmentError), "{vaddr:#x}");
    }
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
    m.retype_from(used, ObjectType::Notification, 0).unwrap();
    assert_eq!(make(&m, used), Err(InvocationError::RevokeFirst));
    let page = m.make(ObjectType::Untyped, 12);
    make(&m, page).unwrap();
    assert!(matches!(m.cap(slot), Cap::AsidPool(cap) if cap.base.0 == 512));
    assert_eq!(
        m.retype_from(page, ObjectType::Notification, 0),
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

/// Makes tables until `frame` can be mapped at `vaddr`, and maps it.
fn map_with_tables(m: &mut Machine, space: u64, frame: u64, vaddr: u64) -> Vec<u64> {
    let mut tables = Vec::new();
    loop {
        let result = m.invoke(Invocation::RiscvPageMap, frame, &[vaddr, RW, 0], &[space]);
        if result.is_ok() {
            m.check_all();
            return tables;
        }
        let table = m.make(ObjectType::PageTable, 0);
        m.invoke(Invocation::RiscvPageTableMap, table, &[vaddr, 0], &[space]).unwrap();
        tables.push(table);
    }
}

fn new_space(m: &mut Machine) -> u64 {
    let root = m.make(ObjectType::PageTable, 0);
    m.invoke(Invocation::RiscvAsidPoolAssign, InitialSlot::AsidPool as u64, &[], &[root]).unwrap();
    root
}

#[test]
fn only_the_root_table_of_an_address_space_names_it() {
    let mut m = Machine::new();
    let frame = m.make(ObjectType::Page, 0);
    let tables = map_with_tables(&mut m, SPACE, frame, 0x20_0000_0000);
    let (other, unmapped) = (m.make(ObjectType::Page, 0), m.make(ObjectType::PageTable, 0));
    for wrong in [tables[0], tables[1], unmapped, frame] {
        let error = Err(InvocationError::InvalidCapability { index: 1 });
        assert_eq!(m.invoke(Invocation::RiscvPageMap, other, &[0, RW, 0], &[wrong]), error);
        assert_eq!(m.invoke(Invocation::RiscvPageTableMap, unmapped, &[0, 0], &[wrong]), error);
    }
    let again = m.invoke(Invocation::RiscvPageTableMap, tables[0], &[0, 0], &[SPACE]);
    assert_eq!(again, Err(InvocationError::InvalidCapability { index: 0 }));
    let as_root = m.invoke(Invocation::RiscvAsidPoolAssign, InitialSlot::AsidPool as u64, &[], &[tables[1]]);
    assert_eq!(as_root, Err(InvocationError::InvalidCapability { index: 1 }), "a mapped table is no root");
    let space = new_space(&mut m);
    let as_table = m.invoke(Invocation::RiscvPageTableMap, space, &[0, 0], &[SPACE]);
    assert_eq!(as_table, Err(InvocationError::InvalidCapability { index: 0 }), "a root is no table");
}

#[test]
fn a_table_is_unmapped_through_its_last_capability_and_a_root_never() {
    let mut m = Machine::new();
    let frame = m.make(ObjectType::Page, 0);
    let tables = map_with_tables(&mut m, SPACE, frame, 0x20_0000_0000);
    let unmap = |m: &Machine, table| m.invoke(Invocation::RiscvPageTableUnmap, table, &[], &[]).map(|_| ());
    let copy = m.mint(tables[1], CapRights::ALL, 0);
    assert_eq!(unmap(&m, tables[1]), Err(InvocationError::RevokeFirst));
    m.delete(copy).unwrap();
    assert_eq!(unmap(&m, tables[1]), Ok(()));
    assert_eq!(unmap(&m, tables[1]), Ok(()), "even if it is not mapped");
    assert_eq!(unmap(&m, SPACE), Err(InvocationError::RevokeFirst));
    let space = new_space(&mut m);
    assert_eq!(unmap(&m, space), Err(InvocationError::RevokeFirst));
    m.check_all();
}

#[test]
fn a_frame_is_not_mapped_over_a_larger_one_nor_a_larger_one_over_a_table() {
    let mut m = Machine::new();
    let (small, large) = (m.make(ObjectType::Page, 0), m.make(ObjectType::MegaPage, 0));
    map_with_tables(&mut m, SPACE, large, 0x20_0000_0000);
    assert_eq!(map(&m, small, 0x20_0000_1000), Err(missing(21)));
    let table = m.make(ObjectType::PageTable, 0);
    let over = m.invoke(Invocation::RiscvPageTableMap, table, &[0x20_0000_0000, 0], &[SPACE]);
    assert_eq!(over, Err(InvocationError::DeleteFirst));
    map_with_tables(&mut m, SPACE, small, 0x20_0020_0000);
    let other = m.retype_from(m.big_untyped(), ObjectType::MegaPage, 0).unwrap();
    assert_eq!(map(&m, other, 0x20_0020_0000), Err(missing(12)));
}

#[test]
fn what_an_address_space_that_is_gone_left_in_capabilities_stays_until_they_are_unmapped() {
    let mut m = Machine::new();
    let space = new_space(&mut m);
    let frame = m.make(ObjectType::Page, 0);
    let tables = map_with_tables(&mut m, space, frame, 0x20_0000_0000);
    m.delete(space).unwrap();
    // The next space gets the same identifier: what the old capabilities say must not touch it.
    let space = new_space(&mut m);
    let other = m.make(ObjectType::Page, 0);
    map_with_tables(&mut m, space, other, 0x20_0000_0000);
    let remap = m.invoke(Invocation::RiscvPageTableMap, tables[0], &[0, 0], &[space]);
    assert_eq!(remap, Err(InvocationError::InvalidCapability { index: 0 }));
    assert_eq!(
        map(&m, frame, 0x20_0000_0000),
        Err(missing(30)),
        "walked before the old mapping is looked at"
    );
    m.invoke(Invocation::RiscvPageUnmap, frame, &[], &[]).unwrap();
    m.delete(tables[1]).unwrap();
    m.invoke(Invocation::RiscvPageTableUnmap, tables[0], &[], &[]).unwrap();
    m.invoke(Invocation::RiscvPageTableMap, tables[0], &[0, 0], &[space]).unwrap();
    m.check_all();
    assert_eq!(
        m.invoke(Invocation::RiscvPageMap, other, &[0x20_0000_0000, RW, 0], &[space]).map(|_| ()),
        Ok(())
    );
}

#[test]
fn deleting_an_asid_pool_ends_its_address_spaces() {
    let mut m = Machine::new();
    let (page, pool, node) = (m.make(ObjectType::Untyped, 12), m.free_slot(), InitialSlot::CNode as u64);
    let control = InitialSlot::AsidControl as u64;
    m.invoke(Invocation::RiscvAsidControlMakePool, control, &[pool, 64], &[page, node]).unwrap();
    let root = m.make(ObjectType::PageTable, 0);
    m.invoke(Invocation::RiscvAsidPoolAssign, pool, &[], &[root]).unwrap();
    let copy = m.mint(pool, CapRights::ALL, 0);
    m.revoke(pool).unwrap();
    assert_ne!(m.cap(copy), Cap::Null, "a pool that was made cannot be revoked");
    m.delete(pool).unwrap();
    let frame = m.make(ObjectType::Page, 0);
    let map = |m: &Machine| m.invoke(Invocation::RiscvPageMap, frame, &[0, RW, 0], &[root]).unwrap_err();
    assert_eq!(map(&m), missing(30));
    m.delete(copy).unwrap();
    assert_eq!(
        map(&m),
        InvocationError::FailedLookup { side: LookupSide::Target, failure: LookupFailure::InvalidRoot }
    );
    m.revoke(InitialSlot::AsidPool as u64).unwrap();
    m.invoke(Invocation::RiscvPageTableUnmap, root, &[], &[]).unwrap();
    m.invoke(Invocation::RiscvAsidPoolAssign, InitialSlot::AsidPool as u64, &[], &[root]).unwrap();
    m.check_all();
}

#[test]
fn a_remap_changes_rights_within_those_of_the_capability() {
    let mut m = Machine::new();
    let frame = m.make(ObjectType::Page, 0);
    let read_only = m.mint(frame, CapRights::READ, 0);
    map_with_tables(&mut m, SPACE, read_only, 0x20_0000_0000);
    for (rights, attributes) in [(0, 0), (0, 1), (1, 1), (2, 0), (3, 1), (u64::MAX, u64::MAX)] {
        let words = [0x20_0000_0000, rights, attributes];
        m.invoke(Invocation::RiscvPageMap, read_only, &words, &[SPACE]).unwrap();
        m.check_all();
    }
}

#[test]
fn a_frame_is_unmapped_when_its_capability_is_deleted_or_the_cnode_around_it() {
    let mut m = Machine::new();
    let frame = m.make(ObjectType::Page, 0);
    let copy = m.mint(frame, CapRights::ALL, 0);
    let vaddr = 0x20_0000_0000;
    map_with_tables(&mut m, SPACE, frame, vaddr);
    assert_eq!(map(&m, copy, vaddr), Err(InvocationError::DeleteFirst));
    m.delete(frame).unwrap();
    m.check_all();
    map(&m, copy, vaddr).unwrap();
    let node = m.make(ObjectType::CNode, 2);
    m.invoke(Invocation::CNodeMove, node, &[1, 2, copy, 64], &[InitialSlot::CNode as u64]).unwrap();
    m.delete(node).unwrap();
    m.check_all();
    let other = m.make(ObjectType::Page, 0);
    map(&m, other, vaddr).unwrap();
}

#[test]
fn the_address_of_a_frame_is_told_to_who_asks_by_call() {
    let mut m = Machine::new();
    let frame = m.make(ObjectType::Page, 0);
    let Cap::Frame(cap) = m.cap(frame) else { panic!() };
    let [address, ..] = m.invoke(Invocation::RiscvPageGetAddress, frame, &[], &[]).unwrap();
    assert_eq!(address, cap.base.0);
}
