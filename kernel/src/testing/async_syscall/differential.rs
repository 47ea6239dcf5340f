//! A request does what a trap does: from the same state each call is made both ways, and answers and memory are compared byte for byte.

use core::mem::offset_of;
use core::ops::Range;

use proptest::prelude::*;

use rel4_abi::{CapRights, Invocation, InvocationError, ObjectType};

use super::super::machine::Snapshot;
use super::super::{LABELS, Machine};
use super::PAGE;
use super::user::{ROOT, SPACE, TCB, User, enter};
use crate::arch;
use crate::cap::Cap;
use crate::obj::Obj;
use crate::object::Tcb;

/// A call that can be made both ways.
#[derive(Clone, Debug)]
struct CallOf {
    label: u64,
    cptr: u64,
    words: Vec<u64>,
    caps: Vec<u64>,
}

/// Slots with something in them, from here on.
const POPULATED: u64 = 100;

fn populated() -> Machine {
    let mut m = Machine::new();
    while m.free_slot() < POPULATED - 1 {}
    for (object, bits) in [
        (ObjectType::Untyped, 13),
        (ObjectType::Untyped, 16),
        (ObjectType::CNode, 3),
        (ObjectType::Page, 0),
        (ObjectType::Page, 0),
        (ObjectType::MegaPage, 0),
        (ObjectType::PageTable, 0),
        (ObjectType::PageTable, 0),
        (ObjectType::Notification, 0),
        (ObjectType::Endpoint, 0),
        (ObjectType::Tcb, 0),
    ] {
        m.make(object, bits);
    }
    m.mint(POPULATED + 8, CapRights::ALL, 3);
    m.mint(POPULATED + 8, CapRights::READ, 5);
    m
}

fn slot() -> impl Strategy<Value = u64> {
    prop_oneof![1 => 0u64..16, 8 => POPULATED..POPULATED + 20, 1 => 0u64..8192]
}

fn depth() -> impl Strategy<Value = u64> {
    prop_oneof![8 => Just(64u64), 1 => 0u64..70, 1 => any::<u64>()]
}

fn root() -> impl Strategy<Value = u64> {
    prop_oneof![6 => Just(ROOT), 1 => Just(POPULATED + 2), 1 => slot()]
}

fn call(operation: Invocation, cptr: u64, words: &[u64], caps: &[u64]) -> CallOf {
    let label = operation.encode(LABELS).unwrap();
    CallOf { label, cptr, words: words.to_vec(), caps: caps.to_vec() }
}

fn calls() -> impl Strategy<Value = CallOf> {
    use Invocation as Op;
    let vaddr = prop_oneof![
        3 => (0u64..8).prop_map(|page| PAGE + page * 0x1000),
        1 => Just(0x20_0000_0000),
        1 => Just(PAGE + 8),
        1 => any::<u64>()
    ];
    let space = prop_oneof![6 => Just(SPACE), 1 => slot()];
    let object = prop_oneof![6 => 0u64..14, 1 => any::<u64>()];
    let two = |op: Op| {
        (root(), slot(), depth()).prop_map(move |(node, at, depth)| call(op, node, &[at, depth], &[]))
    };
    let copy = |op: Op| {
        (root(), slot(), depth(), slot(), depth(), 0u64..16, 0u64..4, root()).prop_map(
            move |(node, to, to_depth, from, from_depth, rights, data, from_root)| {
                let words = [to, to_depth, from, from_depth, rights, data];
                let count = match op {
                    Op::CNodeCopy => 5,
                    Op::CNodeMove => 4,
                    _ => 6,
                };
                call(op, node, &words[..count], &[from_root])
            },
        )
    };
    let well_formed = prop_oneof![
        4 => (slot(), vaddr.clone(), 0u64..4, 0u64..2, space.clone())
            .prop_map(|(frame, vaddr, rights, attributes, space)| call(Op::RiscvPageMap, frame, &[vaddr, rights, attributes], &[space])),
        2 => slot().prop_map(|frame| call(Op::RiscvPageUnmap, frame, &[], &[])),
        1 => slot().prop_map(|frame| call(Op::RiscvPageGetAddress, frame, &[], &[])),
        2 => (slot(), vaddr, space).prop_map(|(table, vaddr, space)| call(Op::RiscvPageTableMap, table, &[vaddr, 0], &[space])),
        1 => slot().prop_map(|table| call(Op::RiscvPageTableUnmap, table, &[], &[])),
        4 => (POPULATED..POPULATED + 2, object, 0u64..15, root(), 0u64..70, slot(), 0u64..4)
            .prop_map(|(untyped, object, bits, node, depth, to, count)| {
                call(Op::UntypedRetype, untyped, &[object, bits, 0, depth / 60 * 64, to, count], &[node])
            }),
        4 => copy(Op::CNodeCopy),
        2 => copy(Op::CNodeMint),
        1 => copy(Op::CNodeMove),
        4 => two(Op::CNodeDelete),
        1 => two(Op::CNodeRevoke),
        2 => slot().prop_map(|cptr| CallOf { label: 0, cptr, words: vec![], caps: vec![] }),
    ];
    // Some are cut short.
    (well_formed, 0usize..40, 0usize..20).prop_map(|(mut call, words, caps)| {
        call.words.truncate(words);
        call.caps.truncate(caps);
        call
    })
}

/// Whether the call is one that both ways carry out: the trap must not block, fault, or be about the caller itself.
fn is_comparable(m: &Machine, call: &CallOf, user: &User) -> bool {
    let covered = matches!(
        m.cap(call.cptr),
        Cap::Notification(_)
            | Cap::Null
            | Cap::Untyped(_)
            | Cap::CNode(_)
            | Cap::PageTable(_)
            | Cap::Frame(_)
    );
    // What ends the rings, the thread, or its buffer would leave nothing to compare.
    let vital: [u64; 6] = [1, 2, 3, 10, user.frame, user.notification];
    let names_vital =
        call.words.iter().any(|word| vital.contains(word)) || vital.contains(&call.cptr) && call.cptr != ROOT;
    covered && !names_vital && m.untypeds.clone().all(|untyped| !call.words.contains(&untyped))
}

/// The bytes that differ by design: the caller's registers, its rings and what the kernel notes of them, its IPC buffer.
fn differs_by_design(m: &Machine, user: &User, caller: Obj<Tcb>) -> Vec<Range<usize>> {
    let of = |address: usize, bytes: usize| address..address + bytes;
    let field = |offset: usize, bytes: usize| of(caller.address() + offset, bytes);
    let Cap::Frame(frame) = m.cap(user.frame) else { panic!("the rings are gone") };
    let buffer = m.buffer_word(caller, 0).expect("the root task has a buffer");
    let mut ranges = vec![
        field(offset_of!(Tcb, context), size_of::<arch::Context>()),
        field(offset_of!(Tcb, ring), size_of::<crate::async_syscall::RingState>()),
        of(arch::phys_to_virt(frame.base).addr(), 4096),
        of(buffer.addr() & !4095, 4096),
    ];
    ranges.extend(Tcb::bytes_without_meaning(caller));
    ranges
}

/// Makes the call by trap and by request from the same state, and leaves the machine as the trap left it.
fn both_ways(m: &mut Machine, user: &mut User, call: &CallOf, before: &mut Snapshot) {
    if !is_comparable(m, call, user) {
        return;
    }
    let caller = m.current();
    m.snapshot_into(before);
    let hardware = arch::View::take();
    let sides = *user;

    user.send(9, call.cptr, call.label, &call.words, &call.caps);
    enter(m);
    let completion = user.take().expect("a request has its completion when the thread is back");
    let by_request = completion.result();
    let answered = &completion.words[..completion.info.raw_length()];
    let after_request = m.snapshot();
    let hardware_after_request = arch::View::take();

    m.restore(before);
    hardware.restore();
    *user = sides;
    let reply = m.call(call.cptr, call.label, &call.words, &call.caps);
    let [a, b, c, d] = reply.words;
    let words = [a, b, c, d, reply.fifth];
    let by_trap = InvocationError::decode(reply.info.label(), words).map_or(Ok(()), Err);
    assert_eq!(by_request, by_trap, "{call:x?}");
    assert_eq!(completion.info, reply.info, "{call:x?}");
    assert_eq!(answered, &words[..answered.len()], "{call:x?}");
    let ignored = differs_by_design(m, user, caller);
    let different = m.first_difference(&after_request, &ignored);
    assert_eq!(different, None, "{call:x?} leaves another byte of memory behind");
    assert!(hardware_after_request == arch::View::take(), "{call:x?}: hardware");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn requests_and_traps_have_the_same_results_and_effects(calls in prop::collection::vec(calls(), 1..60)) {
        let mut m = populated();
        let mut user = User::new(&mut m, TCB);
        m.checks_each_entry = false;
        let mut before = m.snapshot();
        for call in &calls {
            both_ways(&mut m, &mut user, call, &mut before);
        }
        m.check_all();
    }
}
