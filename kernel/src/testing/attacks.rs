//! Hostile user space: whatever it does, the kernel neither panics nor loses its invariants.

use proptest::prelude::*;

use rel4_abi::{CapRights, InitialSlot, MessageInfo, ObjectType};

use super::Machine;

/// One system call with arbitrary registers and message.
#[derive(Clone, Debug)]
struct Attack {
    number: u64,
    cptr: u64,
    label: u64,
    words: [u64; 8],
    length: usize,
    caps: [u64; 3],
    cap_count: usize,
    ticks: bool,
}

/// Addresses: mostly of slots that hold something, sometimes free ones, sometimes nonsense.
fn cptr() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0u64..16, 8 => POPULATED..POPULATED + 40, 2 => 0u64..9000, 1 => any::<u64>()]
}

/// Words: sizes, depths, slots, addresses, and the numbers at which arithmetic goes wrong.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0u64..16,
        4 => POPULATED..POPULATED + 60,
        2 => Just(64u64),
        2 => (0u64..64).prop_map(|bits| 1 << bits),
        2 => (0u64..32).prop_map(|page| page << 12),
        1 => prop::sample::select(&[u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, !0xfff, 0x3f_ffff_f000, 0x20_0000_0000][..]),
        1 => any::<u64>(),
    ]
}

fn attack() -> impl Strategy<Value = Attack> {
    let number = prop_oneof![
        12 => Just(-1i64), 2 => Just(-2i64), 2 => Just(-3), 2 => Just(-4), 1 => Just(-5), 1 => Just(-6), 1 => Just(-7), 2 => Just(-8),
        1 => Just(-12), 1 => any::<i64>().prop_filter("halting is not an attack", |n| ![-11, -14].contains(n)),
    ];
    (
        number.prop_map(|n| n as u64),
        cptr(),
        prop_oneof![20 => 0u64..45, 3 => 0x1000u64..0x1004, 1 => any::<u64>()],
        prop::array::uniform8(word()),
        prop_oneof![6 => Just(8usize), 1 => 0usize..=127],
        prop::array::uniform3(cptr()),
        0usize..=3,
        prop::bool::weighted(0.2),
    )
        .prop_map(|(number, cptr, label, words, length, caps, cap_count, ticks)| Attack {
            number,
            cptr,
            label,
            words,
            length,
            caps,
            cap_count,
            ticks,
        })
}

/// The first slot of a machine that [`populated`] fills.
const POPULATED: u64 = 80;

/// A machine with a few objects of each kind in slots from [`POPULATED`] on, and threads that can run.
fn populated() -> Machine {
    let mut m = Machine::new();
    assert!(m.free_slot() < POPULATED);
    while m.free_slot() < POPULATED - 1 {}
    let untyped = m.big_untyped();
    for (object, bits) in [
        (ObjectType::Untyped, 12),
        (ObjectType::Untyped, 16),
        (ObjectType::Endpoint, 0),
        (ObjectType::Notification, 0),
        (ObjectType::CNode, 4),
        (ObjectType::CNode, 2),
        (ObjectType::Page, 0),
        (ObjectType::Page, 0),
        (ObjectType::MegaPage, 0),
        (ObjectType::PageTable, 0),
        (ObjectType::PageTable, 0),
        (ObjectType::PageTable, 0),
    ] {
        m.retype_from(untyped, object, bits).unwrap();
    }
    m.mint(POPULATED + 2, CapRights::ALL, 0xabc);
    m.mint(POPULATED + 3, CapRights::ALL, 1);
    for priority in [255, 255, 10] {
        let thread = m.make_thread(priority);
        let frame = m.make(ObjectType::Page, 0);
        let root = InitialSlot::Tcb as u64;
        m.invoke(rel4_abi::Invocation::TcbSetMcPriority, thread, &[255], &[root]).unwrap();
        m.invoke(rel4_abi::Invocation::TcbSetIpcBuffer, thread, &[0x7000], &[frame]).unwrap();
        m.resume(thread);
    }
    m
}

fn commit(m: &Machine, attack: &Attack) {
    let info = MessageInfo::new(attack.label, 0, attack.cap_count, attack.length);
    m.syscall(attack.number, attack.cptr, info, &attack.words, &attack.caps);
    if attack.ticks {
        m.tick();
    }
}

proptest! {
    #[test]
    fn no_sequence_of_system_calls_panics_the_kernel_or_breaks_its_invariants(attacks in prop::collection::vec(attack(), 1..80)) {
        let m = populated();
        for attack in &attacks {
            if m.current() == m.k.hart().idle() {
                break;
            }
            commit(&m, attack);
        }
    }
}
