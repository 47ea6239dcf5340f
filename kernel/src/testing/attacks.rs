//! Hostile user space: whatever it does, the kernel neither panics nor loses its invariants.

use std::cell::Cell;

use proptest::prelude::*;

use rel4_abi::fault::FaultStatus;
use rel4_abi::{CNodeCapData, CapRights, InitialSlot, Invocation, MessageInfo, ObjectType, Syscall};

use super::machine::Snapshot;
use super::{LABELS, Machine};
use crate::arch;
use crate::cap::{Cap, delete, derivation, lookup};
use crate::object::{tcb, untyped};
use crate::sched;
use crate::trap::Cause;

/// One thing that user space, or a device, does.
#[derive(Clone, Debug)]
enum Step {
    /// The current thread makes a system call.
    Call(Attack),
    /// It makes one while an interrupt is about to be pending, so that a long operation is preempted at its first step.
    PreemptedCall(Attack),
    /// It touches memory that it may not.
    MemoryFault(u64),
    /// It executes what it may not.
    Exception(u64),
    /// The clock ticks.
    Tick,
    /// It says where it wants to receive capabilities: root, index, depth.
    ReceiveSlot([u64; 3]),
    /// A store to a sender page raises an identity in an interrupt file.
    #[cfg(feature = "uintr")]
    Store(usize, u32),
}

/// One system call with arbitrary registers and message.
#[derive(Clone, Debug)]
struct Attack {
    number: u64,
    cptr: u64,
    label: u64,
    words: Vec<u64>,
    length: usize,
    caps: Vec<u64>,
}

impl Attack {
    /// A well-formed invocation.
    fn invocation(operation: Invocation, cptr: u64, words: &[u64], caps: &[u64]) -> Self {
        Self {
            number: Syscall::Call.number() as u64,
            cptr,
            label: operation.encode(LABELS).unwrap_or(0),
            words: words.to_vec(),
            length: words.len(),
            caps: caps.to_vec(),
        }
    }
}

/// The first slot of the root task's CNode that [`populated`] fills.
const POPULATED: u64 = 128;
/// Where memory is mapped.
const VADDR: u64 = 0x20_0000_0000;
/// Slots of the root task's CNode for what belongs to one thread.
const PER_THREAD: u64 = 5;
/// Slots of each thread's own CNode, as a power of two.
const OWN_CNODE_BITS: u64 = 6;

/// Slots whose numbers [`populated`] guarantees.
mod at {
    use super::{PER_THREAD, POPULATED};

    pub(super) const UNTYPEDS: std::ops::Range<u64> = POPULATED..POPULATED + 3;
    pub(super) const ENDPOINT: u64 = POPULATED + 3;
    pub(super) const NOTIFICATION: u64 = POPULATED + 4;
    pub(super) const NODE_OF_16: u64 = POPULATED + 5;
    pub(super) const NODE_OF_4: u64 = POPULATED + 6;
    pub(super) const FRAMES: std::ops::Range<u64> = POPULATED + 7..POPULATED + 10;
    pub(super) const TABLES: std::ops::Range<u64> = POPULATED + 10..POPULATED + 16;
    pub(super) const BADGED: std::ops::Range<u64> = POPULATED + 16..POPULATED + 18;
    /// Per thread, [`PER_THREAD`](super::PER_THREAD) slots: CNode, root table, TCB, buffer frame, untyped.
    pub(super) const THREADS: std::ops::Range<u64> = POPULATED + 18..POPULATED + 18 + 5 * PER_THREAD;
    /// Slots that are empty at first.
    pub(super) const FREE: std::ops::Range<u64> = THREADS.end..THREADS.end + 24;
}

/// Slots of a thread's own CNode.
mod own {
    pub(super) const CNODE: u64 = 1;
    pub(super) const TCB: u64 = 2;
    pub(super) const SPACE: u64 = 3;
    pub(super) const ENDPOINT: u64 = 4;
    pub(super) const NOTIFICATION: u64 = 5;
    pub(super) const UNTYPED: u64 = 6;
    pub(super) const FRAME: u64 = 7;
}

/// A machine with a few objects of each kind, and five threads with their own capability and address spaces.
fn populated() -> Machine {
    let mut m = Machine::new();
    assert!(m.free_slot() < POPULATED);
    while m.free_slot() < POPULATED - 1 {}
    let untyped = m.big_untyped();
    for (object, bits) in [
        (ObjectType::Untyped, 12),
        (ObjectType::Untyped, 13),
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
        (ObjectType::PageTable, 0),
        (ObjectType::PageTable, 0),
        (ObjectType::PageTable, 0),
    ] {
        m.retype_from(untyped, object, bits).unwrap();
    }
    assert_eq!(m.mint(at::ENDPOINT, CapRights::ALL, 0xabc), at::BADGED.start);
    m.mint(at::NOTIFICATION, CapRights::ALL, 1);
    for (priority, reach) in [
        (255, Reach::Everything),
        (255, Reach::Everything),
        (255, Reach::Own),
        (100, Reach::Everything),
        (10, Reach::Own),
    ] {
        add_thread(&mut m, untyped, priority, reach);
    }
    for (space, tables) in [(InitialSlot::VSpace as u64, 0..2), (at::THREADS.start + 1, 2..4)] {
        for table in tables.map(|index| at::TABLES.start + index) {
            m.invoke(Invocation::RiscvPageTableMap, table, &[VADDR, 0], &[space]).unwrap();
        }
    }
    m
}

/// What a thread can name.
#[derive(Clone, Copy)]
enum Reach {
    /// The root task's CNode is its own too.
    Everything,
    /// It has a small CNode of its own.
    Own,
}

/// Makes and starts a thread in an address space of its own.
fn add_thread(m: &mut Machine, untyped: u64, priority: u64, reach: Reach) {
    let (root, root_tcb) = (InitialSlot::CNode as u64, InitialSlot::Tcb as u64);
    let mut make = |object, bits| m.retype_from(untyped, object, bits).unwrap();
    let node = make(ObjectType::CNode, OWN_CNODE_BITS);
    let space = make(ObjectType::PageTable, 0);
    let thread = make(ObjectType::Tcb, 0);
    let frame = make(ObjectType::Page, 0);
    let memory = make(ObjectType::Untyped, 13);
    m.invoke(Invocation::RiscvAsidPoolAssign, InitialSlot::AsidPool as u64, &[], &[space]).unwrap();
    let guard = CNodeCapData::fill(OWN_CNODE_BITS as u32).word();
    for (to, from) in [
        (own::CNODE, node),
        (own::TCB, thread),
        (own::SPACE, space),
        (own::ENDPOINT, at::ENDPOINT),
        (own::NOTIFICATION, at::NOTIFICATION),
        (own::UNTYPED, memory),
        (own::FRAME, frame),
    ] {
        let (operation, data) = match to {
            own::CNODE => (Invocation::CNodeMint, guard),
            _ => (Invocation::CNodeCopy, 0),
        };
        let words = [to, OWN_CNODE_BITS, from, 64, CapRights::ALL.word(), data];
        m.invoke(operation, node, &words, &[root]).unwrap();
    }
    let (fault_handler, data, cspace) = match reach {
        Reach::Everything => (at::ENDPOINT, 0, root),
        Reach::Own => (own::ENDPOINT, guard, node),
    };
    let words = [fault_handler, data, 0, 0x7000];
    m.invoke(Invocation::TcbConfigure, thread, &words, &[cspace, space, frame]).unwrap();
    m.invoke(Invocation::TcbSetSchedParams, thread, &[255, priority], &[root_tcb]).unwrap();
    m.invoke(Invocation::TcbResume, thread, &[], &[]).unwrap();
}

/// Addresses: mostly of slots that hold something, in the root task's CNode or a thread's own, sometimes nonsense.
fn cptr() -> BoxedStrategy<u64> {
    prop_oneof![
        4 => 0u64..16,
        8 => POPULATED..at::FREE.start,
        6 => at::FREE,
        1 => 0u64..9000,
        1 => any::<u64>()
    ]
    .boxed()
}

/// Root, index and depth of a slot: in the root task's CNode, in a thread's own, or in a nested one.
fn place() -> BoxedStrategy<[u64; 3]> {
    let root = InitialSlot::CNode as u64;
    prop_oneof![
        6 => (POPULATED..at::FREE.end).prop_map(move |slot| [root, slot, 64]),
        2 => (1u64..12).prop_map(move |slot| [root, slot, 64]),
        4 => (0u64..16).prop_map(|slot| [at::NODE_OF_16, slot, 4]),
        2 => (0u64..4).prop_map(|slot| [at::NODE_OF_4, slot, 2]),
        3 => (0u64..5, 0u64..12).prop_map(|(n, slot)| [at::THREADS.start + PER_THREAD * n, slot, OWN_CNODE_BITS]),
        3 => (0u64..12).prop_map(|slot| [own::CNODE, slot, 64]),
        2 => (at::FREE, 0u64..4, 1u64..4).prop_map(Into::into),
        1 => [word(), word(), word()],
    ]
    .boxed()
}

/// Words: sizes, depths, slots, addresses, and the numbers at which arithmetic goes wrong.
fn word() -> BoxedStrategy<u64> {
    prop_oneof![
        4 => 0u64..16,
        4 => POPULATED..at::FREE.end,
        2 => Just(64u64),
        2 => (0u64..64).prop_map(|bits| 1 << bits),
        2 => (0u64..32).prop_map(|page| page << 12),
        1 => prop::sample::select(&[u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, !0xfff, 0x3f_ffff_f000, 0x20_0000_0000][..]),
        1 => any::<u64>(),
    ]
    .boxed()
}

fn vaddr() -> BoxedStrategy<u64> {
    prop_oneof![
        10 => (prop::bool::weighted(0.1), 0u64..2, 0u64..3).prop_map(|(a, b, c)| VADDR + (u64::from(a) << 30 | b << 21 | c << 12)),
        1 => word(),
    ]
    .boxed()
}

/// A system call made of anything.
fn nonsense() -> BoxedStrategy<Attack> {
    let number = prop_oneof![
        12 => Just(-1i64), 2 => Just(-2i64), 2 => Just(-3), 2 => Just(-4), 1 => Just(-5), 1 => Just(-6), 1 => Just(-7), 2 => Just(-8),
        1 => Just(-12), 2 => -26i64..=-18, 1 => any::<i64>().prop_filter("halting is not an attack", |n| ![-11, -14].contains(n)),
    ];
    (
        number.prop_map(|n| n as u64),
        cptr(),
        prop_oneof![20 => 0u64..45, 3 => 0x1000u64..0x1004, 1 => any::<u64>()],
        prop::collection::vec(word(), 8),
        prop_oneof![6 => Just(8usize), 1 => 0usize..=127],
        prop::collection::vec(cptr(), 0..=3),
    )
        .prop_map(|(number, cptr, label, words, length, caps)| Attack {
            number,
            cptr,
            label,
            words,
            length,
            caps,
        })
        .boxed()
}

/// Messages: every system call on something to send to or receive from, with capabilities of all kinds.
fn messages() -> BoxedStrategy<Attack> {
    let partner = prop_oneof![
        4 => Just(at::ENDPOINT), 4 => Just(own::ENDPOINT), 2 => Just(at::NOTIFICATION), 2 => Just(own::NOTIFICATION), 3 => at::BADGED,
        2 => at::FREE, 1 => cptr(),
    ];
    (-8i64..=-1, partner, 0u64..3, 0usize..8, prop::collection::vec(cptr(), 0..=3))
        .prop_map(|(number, cptr, label, length, caps)| Attack {
            number: number as u64,
            cptr,
            label,
            words: vec![0x1000, 1, 2, 3, 4, 5, 6, 7],
            length,
            caps,
        })
        .boxed()
}

fn capability_operations() -> BoxedStrategy<Attack> {
    use Invocation as I;
    // What can be exchanged, and stands together in the derivation list: what each thread has, and copies of it.
    let exchanged =
        || prop_oneof![at::THREADS, at::FREE].prop_map(|slot| [InitialSlot::CNode as u64, slot, 64]);
    let insert = prop::sample::select(&[I::CNodeCopy, I::CNodeMint, I::CNodeMove, I::CNodeMutate][..]);
    let remove = prop::sample::select(
        &[I::CNodeDelete, I::CNodeDelete, I::CNodeRevoke, I::CNodeSaveCaller, I::CNodeCancelBadgedSends][..],
    );
    let data = prop_oneof![3 => Just(0u64), 2 => 1u64..5, 1 => word()];
    prop_oneof![
        5 => (insert, place(), place(), 0u64..16, data.clone()).prop_map(|(operation, to, from, rights, data)| {
            let fifth = if operation == I::CNodeMutate { data } else { rights };
            Attack::invocation(operation, to[0], &[to[1], to[2], from[1], from[2], fifth, data], &[from[0]])
        }),
        2 => (place(), place(), place(), data).prop_map(|(to, pivot, from, data)| {
            let words = [to[1], to[2], data, pivot[1], pivot[2], 0, from[1], from[2]];
            Attack::invocation(I::CNodeRotate, to[0], &words, &[pivot[0], from[0]])
        }),
        2 => (exchanged(), exchanged()).prop_map(|(to, pivot)| {
            let words = [to[1], to[2], 0, pivot[1], pivot[2], 0, to[1], to[2]];
            Attack::invocation(I::CNodeRotate, to[0], &words, &[pivot[0], to[0]])
        }),
        4 => (remove, place()).prop_map(|(operation, at)| Attack::invocation(operation, at[0], &at[1..], &[])),
        4 => (prop_oneof![5 => at::UNTYPEDS, 1 => Just(own::UNTYPED), 1 => at::FREE], 0u64..9, 1u64..14, place(), 1u64..4).prop_map(
            |(untyped, object, bits, [root, slot, _], count)| {
                Attack::invocation(I::UntypedRetype, untyped, &[object, bits, 0, 0, slot, count], &[root])
            }
        ),
        1 => (1u64..4, place()).prop_map(|(irq, [root, index, depth])| {
            Attack::invocation(I::IrqIssueIrqHandler, InitialSlot::IrqControl as u64, &[irq, index, depth], &[root])
        }),
    ]
    .boxed()
}

fn memory_operations() -> BoxedStrategy<Attack> {
    use Invocation as I;
    let table = || prop_oneof![4 => at::TABLES, 1 => at::FREE];
    let frame = || prop_oneof![4 => at::FRAMES, 1 => at::FREE, 1 => Just(own::FRAME)];
    let space = || {
        prop_oneof![
            4 => Just(InitialSlot::VSpace as u64),
            3 => Just(at::THREADS.start + 1),
            1 => (0u64..5).prop_map(|n| at::THREADS.start + PER_THREAD * n + 1),
            2 => Just(own::SPACE),
            1 => at::TABLES,
        ]
    };
    let pool = || prop_oneof![3 => Just(InitialSlot::AsidPool as u64), 1 => at::FREE];
    prop_oneof![
        4 => (table(), space(), vaddr())
            .prop_map(|(table, space, vaddr)| Attack::invocation(I::RiscvPageTableMap, table, &[vaddr, 0], &[space])),
        1 => table().prop_map(|table| Attack::invocation(I::RiscvPageTableUnmap, table, &[], &[])),
        4 => (frame(), space(), vaddr(), 0u64..4, 0u64..2).prop_map(|(frame, space, vaddr, rights, attributes)| {
            Attack::invocation(I::RiscvPageMap, frame, &[vaddr, rights, attributes], &[space])
        }),
        1 => frame().prop_map(|frame| Attack::invocation(I::RiscvPageUnmap, frame, &[], &[])),
        2 => (pool(), table()).prop_map(|(pool, table)| Attack::invocation(I::RiscvAsidPoolAssign, pool, &[], &[table])),
        1 => (at::UNTYPEDS, place()).prop_map(|(untyped, [root, index, depth])| {
            let control = InitialSlot::AsidControl as u64;
            Attack::invocation(I::RiscvAsidControlMakePool, control, &[index, depth], &[untyped, root])
        }),
    ]
    .boxed()
}

fn thread_operations() -> BoxedStrategy<Attack> {
    use Invocation as I;
    let thread = || {
        prop_oneof![
            6 => (0u64..5).prop_map(|n| at::THREADS.start + PER_THREAD * n + 2),
            1 => Just(InitialSlot::Tcb as u64),
            2 => Just(own::TCB),
            1 => at::FREE,
        ]
    };
    let simple = prop::sample::select(
        &[
            I::TcbSuspend,
            I::TcbResume,
            I::TcbResume,
            I::TcbUnbindNotification,
            I::IrqAckIrq,
            I::IrqClearIrqHandler,
        ][..],
    );
    let two = prop::sample::select(
        &[I::TcbReadRegisters, I::TcbWriteRegisters, I::TcbSetFlags, I::TcbSetTlsBase, I::DomainSetSet][..],
    );
    let with_cap = prop::sample::select(
        &[
            I::TcbCopyRegisters,
            I::TcbSetPriority,
            I::TcbSetMcPriority,
            I::TcbSetSchedParams,
            I::TcbSetIpcBuffer,
            I::TcbBindNotification,
            I::IrqSetIrqHandler,
        ][..],
    );
    let notification = || prop_oneof![Just(at::NOTIFICATION), Just(own::NOTIFICATION), at::BADGED];
    prop_oneof![
        3 => (simple, prop_oneof![4 => thread(), 1 => at::FREE]).prop_map(|(operation, thread)| Attack::invocation(operation, thread, &[], &[])),
        2 => (two, thread(), 0u64..4, 0u64..5)
            .prop_map(|(operation, thread, a, b)| Attack::invocation(operation, thread, &[a, b, 1, 2, 3, 4], &[])),
        4 => (with_cap, thread(), prop_oneof![2 => thread(), 2 => notification(), 1 => cptr()], word(), 0u64..256)
            .prop_map(|(operation, thread, cap, a, b)| Attack::invocation(operation, thread, &[a, b], &[cap])),
        2 => (any::<bool>(), thread(), 0u64..5, cptr(), word()).prop_map(|(configure, thread, n, cap, fault_handler)| {
            let base = at::THREADS.start + PER_THREAD * n;
            let operation = if configure { I::TcbConfigure } else { I::TcbSetSpace };
            Attack::invocation(operation, thread, &[fault_handler, 0, 0, 0x400], &[base, base + 1, cap])
        }),
    ]
    .boxed()
}

/// Registering receivers and senders.
#[cfg(feature = "uintr")]
fn beyond_sel4() -> BoxedStrategy<Attack> {
    use rel4_abi::UintrInvocation as U;
    let call = |operation: U, cptr: u64, words: &[u64], caps: &[u64]| Attack {
        label: operation.label(),
        ..Attack::invocation(Invocation::UntypedRetype, cptr, words, caps)
    };
    let thread = || prop_oneof![3 => Just(InitialSlot::Tcb as u64), 2 => Just(at::THREADS.start + 2), 1 => Just(own::TCB)];
    let notification = || prop_oneof![3 => Just(at::NOTIFICATION), 1 => Just(own::NOTIFICATION), 2 => at::BADGED, 2 => at::FREE];
    let space = prop_oneof![3 => Just(InitialSlot::VSpace as u64), 1 => Just(at::THREADS.start + 1), 1 => Just(own::SPACE)];
    prop_oneof![
        1 => (thread(), notification()).prop_map(move |(thread, notification)| {
            Attack::invocation(Invocation::TcbBindNotification, thread, &[], &[notification])
        }),
        2 => (thread(), notification())
            .prop_map(move |(thread, notification)| call(U::RegisterReceiver, thread, &[0x1000], &[notification])),
        1 => thread().prop_map(move |thread| call(U::Unregister, thread, &[], &[])),
        6 => (space, notification(), vaddr(), place()).prop_map(move |(space, notification, vaddr, [root, index, depth])| {
            call(U::RegisterSender, space, &[vaddr, index, depth], &[notification, root])
        }),
    ]
    .boxed()
}

#[cfg(not(feature = "uintr"))]
fn beyond_sel4() -> BoxedStrategy<Attack> {
    nonsense()
}

fn attack() -> BoxedStrategy<Attack> {
    prop_oneof![
        3 => nonsense(),
        4 => messages(),
        6 => capability_operations(),
        3 => memory_operations(),
        4 => thread_operations(),
        2 => beyond_sel4(),
    ]
    .boxed()
}

#[cfg(feature = "uintr")]
fn store() -> BoxedStrategy<Step> {
    (1usize..4, 0u32..70).prop_map(|(file, identity)| Step::Store(file, identity)).boxed()
}

#[cfg(not(feature = "uintr"))]
fn store() -> BoxedStrategy<Step> {
    Just(Step::Tick).boxed()
}

fn step() -> BoxedStrategy<Step> {
    prop_oneof![
        1 => store(),
        16 => attack().prop_map(Step::Call),
        4 => attack().prop_map(Step::PreemptedCall),
        1 => word().prop_map(Step::MemoryFault),
        1 => (0u64..24).prop_map(Step::Exception),
        2 => Just(Step::Tick),
        2 => place().prop_map(Step::ReceiveSlot),
    ]
    .boxed()
}

thread_local! {
    /// The machine of [`populated`] and how it was before the first attack; gone after an attack that got through.
    static VICTIM: Cell<Option<(Machine, Snapshot)>> = const { Cell::new(None) };
}

fn commit(m: &Machine, attack: &Attack) {
    // What is out of a thread's reach it exchanges for something that it has.
    let reachable = |cptr: u64| match lookup::slot_of_thread(m.current(), cptr) {
        Err(_) if cptr < at::FREE.end => cptr % 12,
        _ => cptr,
    };
    let info = MessageInfo::new(attack.label, 0, attack.caps.len(), attack.length);
    let caps: Vec<u64> = attack.caps.iter().map(|&cptr| reachable(cptr)).collect();
    m.syscall(attack.number, reachable(attack.cptr), info, &attack.words, &caps);
}

fn take(m: &Machine, step: &Step) {
    match step {
        Step::Call(attack) => commit(m, attack),
        Step::PreemptedCall(attack) => {
            m.preempt_soon();
            commit(m, attack);
            m.no_interrupt();
        }
        Step::MemoryFault(address) => {
            m.trap(Cause::MemoryFault { address: *address, status: FaultStatus::Load });
        }
        Step::Exception(number) => m.trap(Cause::Exception(*number)),
        Step::Tick => m.tick(),
        Step::ReceiveSlot(words) => m.set_receive_slot(*words),
        #[cfg(feature = "uintr")]
        Step::Store(file, identity) => {
            arch::raise_identity(arch::file_page(m.k, 0, *file), *identity);
            if arch::armed_and_pending_files() != 0 {
                m.trap(Cause::Interrupt);
            }
        }
    }
}

/// Starts a thread again when all have stopped. Returns whether there is any.
fn wake_somebody(m: &Machine) -> bool {
    let thread = (0..at::FREE.end).find_map(|index| match m.root_slot(index).cap() {
        Cap::Thread(thread) => Some(thread),
        _ => None,
    });
    let Some(thread) = thread else { return false };
    tcb::restart(m.k, thread);
    sched::schedule(m.k);
    sched::activate(m.k);
    m.check();
    true
}

/// Takes everything back that was made of untyped memory.
fn revoke_everything(m: &Machine) {
    let untypeds = || {
        m.untypeds
            .clone()
            .map(|index| m.root_slot(index))
            .filter(|slot| matches!(slot.cap(), Cap::Untyped(_)))
    };
    for slot in untypeds() {
        while delete::revoke(m.k, slot).is_err() {}
    }
    sched::schedule(m.k);
    for slot in untypeds() {
        assert!(!derivation::has_children(slot));
        while untyped::reset(m.k, slot).is_err() {}
    }
    m.check_all();
}

proptest! {
    #[test]
    fn no_sequence_of_system_calls_panics_the_kernel_or_breaks_its_invariants(steps in prop::collection::vec(step(), 1..70)) {
        let mut victim = VICTIM.take().unwrap_or_else(|| {
            let m = populated();
            let untouched = m.snapshot();
            (m, untouched)
        });
        let (m, untouched) = &mut victim;
        arch::reset();
        m.restore(untouched);
        let m = &*m;
        for step in &steps {
            if m.current() == m.k.hart().idle() && !wake_somebody(m) {
                break;
            }
            take(m, step);
        }
        m.check_all();
        revoke_everything(m);
        VICTIM.set(Some(victim));
    }
}
