//! Refusals that no other test provokes, and the table of all of them in `docs/errors.md`.

use std::collections::BTreeSet;
use std::path::Path;
use std::string::String;
use std::vec::Vec;

use rel4_abi::lookup_failure::LookupFailure;
use rel4_abi::{CapRights, InitialSlot, Invocation, InvocationError, LookupSide, ObjectType};

use super::Machine;
use crate::cap::Cap;

const CNODE: u64 = InitialSlot::CNode as u64;
const SPACE: u64 = InitialSlot::VSpace as u64;
const TCB: u64 = InitialSlot::Tcb as u64;
const CONTROL: u64 = InitialSlot::IrqControl as u64;
const POOL: u64 = InitialSlot::AsidPool as u64;

const TRUNCATED: InvocationError = InvocationError::TruncatedMessage;
const ILLEGAL: InvocationError = InvocationError::IllegalOperation;
const DEPTH_RANGE: InvocationError = InvocationError::RangeError { min: 1, max: 64 };

const fn failed(failure: LookupFailure) -> InvocationError {
    InvocationError::FailedLookup { side: LookupSide::Target, failure }
}

/// Checks that an invocation is refused in each of several ways.
fn refused(m: &Machine, operation: Invocation, cptr: u64, cases: &[(&[u64], &[u64], InvocationError)]) {
    for &(words, caps, error) in cases {
        assert_eq!(m.invoke(operation, cptr, words, caps), Err(error), "{operation:?} {words:x?} {caps:?}");
    }
}

#[test]
fn messages_that_are_too_short_are_refused() {
    let mut m = Machine::new();
    let thread = m.make_thread(1);
    let (frame, table, free) = (m.make(ObjectType::Page, 0), m.make(ObjectType::PageTable, 0), m.free_slot());
    let control = InitialSlot::AsidControl as u64;
    let short: [(Invocation, u64, &[u64], &[u64]); 17] = [
        (Invocation::TcbConfigure, thread, &[0, 0, 0], &[CNODE, SPACE, frame]),
        (Invocation::TcbSetIpcBuffer, thread, &[], &[frame]),
        (Invocation::TcbSetIpcBuffer, thread, &[0], &[]),
        (Invocation::TcbSetSpace, thread, &[0, 0], &[CNODE, SPACE]),
        (Invocation::TcbSetSpace, thread, &[0, 0, 0], &[CNODE]),
        (Invocation::TcbSetTlsBase, thread, &[], &[]),
        (Invocation::TcbSetFlags, thread, &[0], &[]),
        (Invocation::IrqIssueIrqHandler, CONTROL, &[1, free], &[CNODE]),
        (Invocation::IrqIssueIrqHandler, CONTROL, &[1, free, 64], &[]),
        (Invocation::RiscvIrqIssueIrqHandlerTrigger, CONTROL, &[1, 0, free], &[CNODE]),
        (Invocation::RiscvPageTableMap, table, &[0], &[SPACE]),
        (Invocation::RiscvPageTableMap, table, &[0, 0], &[]),
        (Invocation::RiscvPageMap, frame, &[0, 0], &[SPACE]),
        (Invocation::RiscvPageMap, frame, &[0, 0, 0], &[]),
        (Invocation::RiscvAsidControlMakePool, control, &[free], &[frame, CNODE]),
        (Invocation::RiscvAsidControlMakePool, control, &[free, 64], &[frame]),
        (Invocation::RiscvAsidPoolAssign, POOL, &[], &[]),
    ];
    for (operation, cptr, words, caps) in short {
        refused(&m, operation, cptr, &[(words, caps, TRUNCATED)]);
    }
}

#[test]
fn an_ipc_buffer_is_an_aligned_frame_of_ram() {
    let mut m = Machine::new();
    let (frame, untyped) = (m.make(ObjectType::Page, 0), m.make(ObjectType::Untyped, 12));
    m.retype_from(untyped, ObjectType::Notification, 0).unwrap();
    refused(
        &m,
        Invocation::TcbSetIpcBuffer,
        TCB,
        &[
            (&[0x400], &[untyped], InvocationError::RevokeFirst),
            (&[0x400], &[CNODE], ILLEGAL),
            (&[0x408], &[frame], InvocationError::AlignmentError),
        ],
    );
}

#[test]
fn a_space_is_a_cnode_and_a_root_table() {
    let mut m = Machine::new();
    let (thread, table, node) =
        (m.make_thread(1), m.make(ObjectType::PageTable, 0), m.make(ObjectType::CNode, 4));
    let untyped = m.make(ObjectType::Untyped, 12);
    m.retype_from(untyped, ObjectType::Notification, 0).unwrap();
    refused(
        &m,
        Invocation::TcbSetSpace,
        thread,
        &[
            (&[0, 0, 0], &[SPACE, SPACE], ILLEGAL),
            (&[0, 0, 0], &[untyped, SPACE], InvocationError::RevokeFirst),
            (&[0, 0, 0], &[CNODE, CNODE], ILLEGAL),
            (&[0, 0, 0], &[CNODE, table], ILLEGAL),
            // A guard of 63 bits and a radix of 4 are more than an address has.
            (&[0, 63, 0], &[node, SPACE], ILLEGAL),
        ],
    );
}

#[test]
fn a_handler_of_either_kind_needs_a_free_source_and_an_empty_slot() {
    let mut m = Machine::new();
    let free = m.free_slot();
    let range = InvocationError::RangeError { min: 1, max: u64::from(crate::irq::MAX_IRQ) };
    m.invoke(Invocation::IrqIssueIrqHandler, CONTROL, &[7, free, 64], &[CNODE]).unwrap();
    let kinds: [(Invocation, &[u64]); 2] =
        [(Invocation::IrqIssueIrqHandler, &[]), (Invocation::RiscvIrqIssueIrqHandlerTrigger, &[1])];
    for (operation, trigger) in kinds {
        let words = |irq, index, depth| [&[irq], trigger, &[index, depth]].concat();
        refused(
            &m,
            operation,
            CONTROL,
            &[
                (&words(0, free, 64), &[CNODE], range),
                (&words(7, free, 64), &[CNODE], InvocationError::RevokeFirst),
                (&words(8, free, 0), &[CNODE], DEPTH_RANGE),
                (&words(8, free, 64), &[SPACE], failed(LookupFailure::InvalidRoot)),
                (&words(8, free, 64), &[CNODE], InvocationError::DeleteFirst),
            ],
        );
    }
    assert_eq!(m.call(free, 0, &[], &[]).result(), Err(ILLEGAL), "a handler has no such operation");
}

#[test]
fn a_pool_needs_ram_of_its_size_an_empty_slot_and_a_free_number() {
    let mut m = Machine::new();
    let control = InitialSlot::AsidControl as u64;
    let device = m.untypeds.clone().find(|&slot| matches!(m.cap(slot), Cap::Untyped(cap) if cap.device));
    let device = device.unwrap();
    let page = match m.cap(device) {
        Cap::Untyped(cap) if cap.size_bits == 12 => device,
        _ => m.retype_from(device, ObjectType::Untyped, 12).unwrap(),
    };
    let (memory, free) = (m.make(ObjectType::Untyped, 12), m.free_slot());
    let make = Invocation::RiscvAsidControlMakePool;
    refused(
        &m,
        make,
        control,
        &[
            (&[free, 64], &[page, CNODE], InvocationError::InvalidCapability { index: 1 }),
            (&[free, 64], &[SPACE, CNODE], InvocationError::InvalidCapability { index: 1 }),
            (&[free, 65], &[memory, CNODE], DEPTH_RANGE),
            (&[free, 64], &[memory, SPACE], failed(LookupFailure::InvalidRoot)),
            (&[CNODE, 64], &[memory, CNODE], InvocationError::DeleteFirst),
        ],
    );
    m.checks_each_entry = false;
    // The root task's pool is the first of 128.
    for _ in 1..1 << rel4_abi::vm::NUM_ASID_POOLS_BITS {
        let (memory, slot) = (m.make(ObjectType::Untyped, 12), m.free_slot());
        m.invoke(make, control, &[slot, 64], &[memory, CNODE]).unwrap();
    }
    refused(&m, make, control, &[(&[free, 64], &[memory, CNODE], InvocationError::DeleteFirst)]);
}

/// Each message has two things wrong with it, neighbours in the order in which the ABI has them checked.
#[test]
fn of_two_problems_the_one_that_is_checked_first_is_told() {
    use InvocationError::{AlignmentError, DeleteFirst, InvalidArgument, InvalidCapability, RevokeFirst};
    const DOMAIN: u64 = InitialSlot::Domain as u64;
    const BEYOND: u64 = rel4_abi::vm::USER_TOP;
    const NO_ROOT: InvocationError = failed(LookupFailure::InvalidRoot);
    let mut m = Machine::new();
    let (taken, free) = (m.free_slot(), m.free_slot());
    m.invoke(Invocation::IrqIssueIrqHandler, CONTROL, &[7, taken, 64], &[CNODE]).unwrap();
    let range = InvocationError::RangeError { min: 1, max: u64::from(crate::irq::MAX_IRQ) };
    refused(
        &m,
        Invocation::IrqIssueIrqHandler,
        CONTROL,
        &[
            (&[0, free], &[CNODE], TRUNCATED),
            (&[0, free, 0], &[CNODE], range),
            (&[7, free, 0], &[CNODE], RevokeFirst),
            (&[8, taken, 64], &[SPACE], NO_ROOT),
        ],
    );

    let domains = crate::config::NUM_DOMAINS as u64;
    let max_index = crate::config::NUM_DOMAIN_SCHEDULES as u64 - 2;
    refused(&m, Invocation::DomainSetSet, DOMAIN, &[(&[domains], &[], InvalidArgument { index: 0 })]);
    refused(
        &m,
        Invocation::DomainScheduleConfigure,
        DOMAIN,
        &[
            (&[max_index + 1, domains, 1], &[], InvocationError::RangeError { min: 0, max: max_index }),
            (&[0, domains, u64::MAX], &[], InvocationError::RangeError { min: 0, max: domains - 1 }),
        ],
    );

    let (memory, large) = (m.make(ObjectType::Untyped, 12), m.make(ObjectType::Untyped, 13));
    for parent in [memory, large] {
        m.retype_from(parent, ObjectType::Notification, 0).unwrap();
    }
    refused(
        &m,
        Invocation::RiscvAsidControlMakePool,
        InitialSlot::AsidControl as u64,
        &[
            (&[free, 0], &[large, CNODE], InvalidCapability { index: 1 }),
            (&[free, 0], &[memory, CNODE], RevokeFirst),
        ],
    );

    let (table, mapped) = (m.make(ObjectType::PageTable, 0), m.make(ObjectType::PageTable, 0));
    m.invoke(Invocation::RiscvPageTableMap, mapped, &[1 << 30, 0], &[SPACE]).unwrap();
    let no_table = [(&[BEYOND, 0][..], &[CNODE][..], InvalidCapability { index: 1 })];
    refused(&m, Invocation::RiscvPageTableMap, table, &no_table);
    // The root of an address space that is not the one of its identifier: the address comes first.
    let inner = [(&[BEYOND, 0][..], &[mapped][..], InvalidArgument { index: 0 })];
    refused(&m, Invocation::RiscvPageTableMap, table, &inner);
    refused(
        &m,
        Invocation::RiscvPageTableMap,
        mapped,
        &[(&[0, 0], &[CNODE], InvalidCapability { index: 0 })],
    );

    let frame = m.make(ObjectType::Page, 0);
    let missing = failed(LookupFailure::MissingCapability { bits_left: 21 });
    refused(
        &m,
        Invocation::RiscvPageMap,
        frame,
        &[
            (&[BEYOND, 3, 0], &[mapped], InvalidCapability { index: 1 }),
            (&[BEYOND + 1, 3, 0], &[SPACE], InvalidArgument { index: 0 }),
            (&[(1 << 30) + 1, 3, 0], &[SPACE], AlignmentError),
        ],
    );
    // A frame that is mapped elsewhere lacks a table first, and is at the wrong address before something is in the way.
    let leaf_table = m.make(ObjectType::PageTable, 0);
    m.invoke(Invocation::RiscvPageTableMap, leaf_table, &[1 << 30, 0], &[SPACE]).unwrap();
    let other = m.make(ObjectType::Page, 0);
    for (frame, vaddr) in [(frame, 1 << 30), (other, (1 << 30) + 0x1000)] {
        m.invoke(Invocation::RiscvPageMap, frame, &[vaddr, 3, 0], &[SPACE]).unwrap();
    }
    refused(
        &m,
        Invocation::RiscvPageMap,
        frame,
        &[
            (&[(1 << 30) + (1 << 21), 3, 0], &[SPACE], missing),
            (&[(1 << 30) + 0x1000, 3, 0], &[SPACE], InvalidArgument { index: 0 }),
        ],
    );
    let third = m.make(ObjectType::Page, 0);
    refused(&m, Invocation::RiscvPageMap, third, &[(&[1 << 30, 3, 0], &[SPACE], DeleteFirst)]);
}

#[test]
fn a_pool_runs_out_of_identifiers() {
    let mut m = Machine::new();
    m.checks_each_entry = false;
    // Two of the first pool are gone from the start: 0 is none, 1 the root task's.
    for _ in 2..1 << rel4_abi::vm::ASID_POOL_INDEX_BITS {
        let table = m.make(ObjectType::PageTable, 0);
        m.invoke(Invocation::RiscvAsidPoolAssign, POOL, &[], &[table]).unwrap();
    }
    let table = m.make(ObjectType::PageTable, 0);
    refused(&m, Invocation::RiscvAsidPoolAssign, POOL, &[(&[], &[table], InvocationError::DeleteFirst)]);
    refused(
        &m,
        Invocation::RiscvAsidPoolAssign,
        POOL,
        &[(&[], &[CNODE], InvocationError::InvalidCapability { index: 1 })],
    );
}

#[test]
fn a_frame_stays_in_the_address_space_that_it_is_mapped_in() {
    let mut m = Machine::new();
    let (frame, other) = (m.make(ObjectType::Page, 0), m.make(ObjectType::PageTable, 0));
    // Behind the BootInfo of the root task, where there are tables.
    const VADDR: u64 = 0x4_0000;
    m.invoke(Invocation::RiscvPageMap, frame, &[VADDR, 3, 0], &[SPACE]).unwrap();
    m.invoke(Invocation::RiscvAsidPoolAssign, POOL, &[], &[other]).unwrap();
    for _ in 0..2 {
        let table = m.make(ObjectType::PageTable, 0);
        m.invoke(Invocation::RiscvPageTableMap, table, &[VADDR, 0], &[other]).unwrap();
    }
    refused(
        &m,
        Invocation::RiscvPageMap,
        frame,
        &[
            (&[VADDR, 3, 0], &[other], InvocationError::InvalidCapability { index: 1 }),
            (&[VADDR, 3, 0], &[CNODE], InvocationError::InvalidCapability { index: 1 }),
            (&[VADDR + 0x1000, 3, 0], &[SPACE], InvocationError::InvalidArgument { index: 0 }),
        ],
    );
}

#[test]
fn nothing_and_what_may_not_be_sent_to_are_no_capabilities() {
    let mut m = Machine::new();
    let notification = m.make(ObjectType::Notification, 0);
    let read_only = m.mint(notification, CapRights::READ, 1);
    let empty = m.free_slot();
    for cptr in [empty, read_only] {
        assert_eq!(
            m.call(cptr, 0, &[], &[]).result(),
            Err(InvocationError::InvalidCapability { index: 0 }),
            "{cptr}"
        );
    }
}

#[test]
fn objects_are_not_made_into_what_is_no_cnode() {
    let mut m = Machine::new();
    let (untyped, free) = (m.big_untyped(), m.free_slot());
    let words = |index, depth| [ObjectType::Notification as u64, 0, index, depth, free, 1];
    let missing = failed(LookupFailure::MissingCapability { bits_left: 0 });
    refused(
        &m,
        Invocation::UntypedRetype,
        untyped,
        &[
            (&words(0, 0), &[SPACE], missing),
            (&words(0, 0), &[free], missing),
            (&words(1, 64), &[SPACE], failed(LookupFailure::InvalidRoot)),
        ],
    );
}

#[cfg(feature = "smp")]
#[test]
fn a_thread_is_moved_to_a_hart_that_there_is() {
    let mut m = Machine::new();
    let thread = m.make_thread(1);
    refused(
        &m,
        Invocation::TcbSetAffinity,
        thread,
        &[
            (&[], &[], TRUNCATED),
            (&[crate::config::MAX_HARTS as u64], &[], ILLEGAL),
            (&[u64::MAX], &[], ILLEGAL),
        ],
    );
}

/// The rows of the table: operation, error, condition, test.
fn rows() -> Vec<[String; 4]> {
    let table = include_str!("../../../docs/errors.md");
    table
        .lines()
        .filter(|line| {
            line.starts_with("| ") && !line.starts_with("| operation") && !line.starts_with("|---")
        })
        .map(|line| {
            let cells: Vec<String> =
                line.trim_matches('|').split('|').map(|cell| cell.trim().into()).collect();
            cells.try_into().unwrap_or_else(|cells| panic!("a row has four cells: {cells:?}"))
        })
        .collect()
}

#[test]
fn every_test_in_the_table_of_errors_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/testing");
    for [operation, _, _, test] in rows() {
        let (file, name) =
            test.trim_matches('`').split_once("::").unwrap_or_else(|| panic!("{operation}: {test}"));
        let source = std::fs::read_to_string(folder.join(file).with_extension("rs")).unwrap();
        assert!(source.contains(&format!("fn {name}()")), "{operation}: there is no test {file}::{name}");
    }
}

#[test]
fn every_operation_is_in_the_table_of_errors() {
    let in_table: BTreeSet<String> = rows().into_iter().map(|[operation, ..]| operation).collect();
    for operation in Invocation::ALL.iter().map(|operation| format!("{operation:?}")) {
        assert!(in_table.contains(&operation), "{operation} is not in docs/errors.md");
    }
}

#[test]
fn every_error_code_is_in_the_table() {
    let in_table: BTreeSet<String> =
        rows().into_iter().map(|[_, error, ..]| error.split('(').next().unwrap_or_default().into()).collect();
    let codes = (1..).map_while(rel4_abi::Error::from_label).map(|error| format!("{error:?}"));
    let expected: BTreeSet<String> = codes.chain(["none".into()]).collect();
    assert_eq!(in_table, expected);
}
