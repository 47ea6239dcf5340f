//! Hostile contents of rings: whatever stands there, the kernel neither panics nor loses its invariants, and nobody but the liar pays.

use proptest::prelude::*;

use rel4_abi::ring::{self, CONSUMED, ITEM_WORDS, ITEMS, PRODUCED};
use rel4_abi::{CapRights, Invocation, MessageInfo, ObjectType};

use super::super::{LABELS, Machine};
use super::user::{CAPACITY, ROOT, TCB, User, enter};
use super::{PAGE, map};
use crate::async_syscall::memory::RingMemory;
use crate::async_syscall::request::Request;
use crate::cap::Cap;

#[test]
fn an_index_that_cannot_be_looks_like_an_empty_ring() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    let frame = m.make(ObjectType::Page, 0);
    map(&mut user, 1, frame, PAGE);
    for lie in [0, CAPACITY + 1, u64::MAX, 1 << 63] {
        user.write(PRODUCED, lie);
        enter(&m);
        assert_eq!(user.take(), None, "{lie}");
    }
    user.write(PRODUCED, 1);
    enter(&m);
    assert!(user.take().is_some());
}

#[test]
fn completions_that_nobody_takes_stop_the_work_and_nothing_else() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    let notification = m.make(ObjectType::Notification, 0);
    for round in 0..2 {
        for task in 0..CAPACITY {
            user.send(task, notification, 0, &[], &[]);
        }
        enter(&m);
        let done = user.read(CONSUMED);
        assert_eq!(done, CAPACITY, "round {round}: there is room for as many completions as requests");
    }
    // A consumer that claims to have consumed what was never produced gets none either.
    let second = ring::words(CAPACITY as usize);
    user.write(second + CONSUMED, u64::MAX);
    enter(&m);
    assert_eq!(user.read(CONSUMED), CAPACITY);
    user.write(second + CONSUMED, CAPACITY);
    enter(&m);
    assert_eq!(user.read(CONSUMED), 2 * CAPACITY);
}

#[test]
fn half_a_request_waits_for_its_other_half() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    let (untyped, slot) = (m.big_untyped(), m.free_slot());
    let words = [ObjectType::Notification as u64, 0, 0, 0, slot, 1];
    user.invoke(3, Invocation::UntypedRetype, untyped, &words, &[ROOT]);
    user.write(PRODUCED, 1);
    enter(&m);
    assert_eq!(user.take(), None);
    user.write(PRODUCED, 2);
    enter(&m);
    assert_eq!(user.take().unwrap().result(), Ok(()));
}

#[test]
fn a_length_that_no_request_can_have_is_cut_off() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    let frame = m.make(ObjectType::Page, 0);
    let label = Invocation::RiscvPageGetAddress.encode(LABELS).unwrap();
    user.send_raw(1, MessageInfo(MessageInfo::new(label, 7, 3, 127).0), &[frame; 14]);
    enter(&m);
    assert_eq!(user.take().unwrap().result(), Ok(()));
}

#[test]
fn what_user_space_changes_after_the_copy_does_not_matter() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    user.send(5, 6, 7, &[8, 9], &[10]);
    let Cap::Frame(frame) = m.cap(user.frame) else { panic!() };
    let requests = RingMemory::in_frame(&frame, CAPACITY).unwrap().requests();
    let mut request = Request::empty();
    assert!(request.load(&requests, 0, 1));
    for word in 0..ITEM_WORDS {
        user.write(ITEMS + word, u64::MAX);
    }
    assert_eq!(
        (request.cptr(), request.label(), request.extra_caps(), request.length()),
        (6, 7, &[10][..], 2)
    );
    assert_eq!((request.argument(0), request.argument(1)), (8, 9));
    assert_eq!(request.task(), 5);
}

/// What a hostile thread does to its rings.
#[derive(Clone, Debug)]
enum Step {
    /// Writes any word anywhere.
    Scribble(usize, u64),
    /// Sends a request of any shape.
    Send {
        label: u64,
        bits: u64,
        words: Vec<u64>,
    },
    /// Sends a well-formed invocation.
    Invoke(Invocation, Vec<u64>, Vec<u64>, u64),
    /// Enters the kernel, or is about to be preempted when it does.
    Enter,
    Preempt,
}

fn small() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0u64..20, 4 => 100u64..140, 1 => Just(64), 1 => any::<u64>()]
}

fn step() -> impl Strategy<Value = Step> {
    let operation = prop::sample::select(vec![
        Invocation::CNodeCopy,
        Invocation::CNodeDelete,
        Invocation::CNodeRevoke,
        Invocation::CNodeMove,
        Invocation::CNodeMint,
        Invocation::CNodeRotate,
        Invocation::UntypedRetype,
        Invocation::RiscvPageMap,
        Invocation::RiscvPageUnmap,
        Invocation::RiscvPageTableMap,
        Invocation::RiscvPageTableUnmap,
    ]);
    prop_oneof![
        2 => (0usize..512, prop_oneof![small(), any::<u64>()]).prop_map(|(at, word)| Step::Scribble(at, word)),
        2 => (small(), 0u64..4096, prop::collection::vec(small(), 0..14))
            .prop_map(|(label, bits, words)| Step::Send { label, bits, words }),
        6 => (operation, prop::collection::vec(small(), 0..8), prop::collection::vec(small(), 0..3), small())
            .prop_map(|(op, words, caps, cptr)| Step::Invoke(op, words, caps, cptr)),
        4 => Just(Step::Enter),
        1 => Just(Step::Preempt),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn hostile_rings_do_not_break_the_kernel(steps in prop::collection::vec(step(), 1..120)) {
        let mut m = Machine::new();
        let mut user = User::new(&mut m, TCB);
        while m.free_slot() < 100 {}
        for (object, bits) in [
            (ObjectType::Untyped, 13), (ObjectType::CNode, 3), (ObjectType::Page, 0), (ObjectType::Page, 0),
            (ObjectType::PageTable, 0), (ObjectType::Notification, 0), (ObjectType::Endpoint, 0), (ObjectType::Tcb, 0),
        ] {
            m.make(object, bits);
        }
        m.mint(105, CapRights::ALL, 3);
        for step in steps {
            // The root task may have deleted itself, and then nobody is left to enter the kernel.
            if m.current() == m.k.hart().idle() {
                break;
            }
            match step {
                Step::Scribble(at, word) => user.write(at, word),
                Step::Send { label, bits, words } => {
                    user.send_raw(1, MessageInfo(MessageInfo::new(label, 0, 0, 0).0 | bits), &words);
                }
                Step::Invoke(op, words, caps, cptr) => {
                    let room = 13 - caps.len();
                    user.invoke(2, op, cptr, &words[..words.len().min(room)], &caps);
                }
                Step::Enter => enter(&m),
                Step::Preempt => m.preempt_soon(),
            }
            user.take();
        }
        m.no_interrupt();
        m.check_all();
    }
}
