//! A client and a server: which of their system calls take the fastpath.

use rel4_abi::{CNodeCapData, CapRights, InitialSlot, Invocation, MessageInfo, ObjectType, Syscall};

use super::taken;
use crate::fault::Fault;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::testing::Machine;

/// A server that waits on `endpoint` while a client runs. Both have the root task's capability space and no buffer. The root task is ready,
/// below both.
struct Pair {
    m: Machine,
    endpoint: u64,
    badged: u64,
    notification: u64,
    client: u64,
    server: u64,
    root: Obj<Tcb>,
}

fn pair(server_priority: u8, client_priority: u8) -> Pair {
    pair_prepared(server_priority, client_priority, |_| {})
}

/// As [`pair`]; the root task prepares something before the others run.
fn pair_prepared(server_priority: u8, client_priority: u8, prepare: impl FnOnce(&mut Pair)) -> Pair {
    let mut m = Machine::new();
    let endpoint = m.make(ObjectType::Endpoint, 0);
    let badged = m.mint(endpoint, CapRights::ALL, 0xbad6e);
    let notification = m.make(ObjectType::Notification, 0);
    let started = m.make(ObjectType::Notification, 0);
    let [server, client] = [254, client_priority].map(|priority| m.make_thread(u64::from(priority)));
    let root = m.current();
    let mut pair = Pair { m, endpoint, badged, notification, client, server, root };
    prepare(&mut pair);
    let m = &pair.m;
    let [server, client] = [server, client].map(|slot| m.thread(slot));
    m.resume(pair.server);
    m.resume(pair.client);
    m.simple(Syscall::Recv, started, &[]);
    assert_eq!(m.current(), server);
    m.simple(Syscall::Recv, endpoint, &[]);
    assert_eq!(m.current(), client);
    m.simple(Syscall::Send, started, &[]);
    assert_eq!(m.current(), root);
    set_priority(m, server, server_priority);
    set_priority(m, root, 1);
    assert_eq!(m.current(), client);
    pair
}

/// Changes a priority and lets the scheduler act on it.
fn set_priority(m: &Machine, thread: Obj<Tcb>, priority: u8) {
    crate::sched::set_priority(m.k, thread, priority);
    m.simple(Syscall::Yield, 0, &[]);
}

impl Pair {
    /// The current thread makes a system call; returns whether it took the fastpath.
    fn fast(&self, syscall: Syscall, cptr: u64, words: &[u64]) -> bool {
        taken(|| self.m.simple(syscall, cptr, words)) == 1
    }

    fn call(&self, words: &[u64]) -> bool {
        self.fast(Syscall::Call, self.badged, words)
    }

    fn reply_recv(&self, words: &[u64]) -> bool {
        self.fast(Syscall::ReplyRecv, self.endpoint, words)
    }
}

#[test]
fn a_call_and_its_answer_take_the_fastpath_with_up_to_four_words() {
    let pair = pair(200, 100);
    let words = [1, 2, 3, 4, 5];
    for length in 0..=4 {
        assert!(pair.call(&words[..length]) && pair.reply_recv(&words[..length]));
    }
    assert!(!pair.call(&words) && !pair.reply_recv(&words), "the fifth word is in memory");
}

#[test]
fn a_message_with_capabilities_takes_the_slowpath() {
    let pair = pair(200, 100);
    for info in [MessageInfo::new(0, 0, 1, 0), MessageInfo::new(0, 1, 0, 0)] {
        let number = Syscall::Call.number() as u64;
        assert_eq!(taken(|| pair.m.syscall(number, pair.badged, info, &[], &[])), 0);
        let number = Syscall::ReplyRecv.number() as u64;
        assert_eq!(taken(|| pair.m.syscall(number, pair.endpoint, info, &[], &[])), 0);
    }
}

#[test]
fn a_receiver_of_lower_priority_takes_the_fastpath_unless_somebody_goes_before_it() {
    let pair = pair(50, 100);
    assert!(pair.call(&[]) && pair.reply_recv(&[]));
    set_priority(&pair.m, pair.root, 50);
    assert!(pair.call(&[]) && pair.reply_recv(&[]), "the root task is the server's equal");
    set_priority(&pair.m, pair.root, 51);
    assert!(!pair.call(&[]), "the root task goes before the server");
}

#[test]
fn a_caller_of_lower_priority_takes_the_fastpath_unless_somebody_goes_before_it() {
    let pair = pair(200, 100);
    assert!(pair.call(&[]));
    set_priority(&pair.m, pair.root, 101);
    assert!(!pair.reply_recv(&[]), "the root task goes before the client");
}

#[test]
fn a_server_whom_somebody_waits_for_takes_the_slowpath() {
    let pair = pair(50, 100);
    set_priority(&pair.m, pair.root, 75);
    assert!(!pair.call(&[]), "the root task runs next");
    pair.m.simple(Syscall::Call, pair.badged, &[]);
    assert!(!pair.reply_recv(&[]), "the root task waits");
    assert!(pair.m.current() == pair.m.thread(pair.client));
}

#[test]
fn a_message_to_a_waiting_thread_takes_the_fastpath_whoever_goes_on() {
    for (server_priority, server_goes_on) in [(50, false), (100, false), (200, true)] {
        for syscall in [Syscall::Send, Syscall::NBSend] {
            let pair = pair(server_priority, 100);
            assert!(pair.fast(syscall, pair.badged, &[1, 2]));
            assert_eq!(pair.m.current() == pair.m.thread(pair.server), server_goes_on);
            assert!(!pair.fast(syscall, pair.badged, &[1, 2]), "nobody waits any more");
        }
    }
}

#[test]
fn a_signal_takes_the_fastpath_whoever_goes_on() {
    for (server_priority, server_goes_on) in [(50, false), (100, false), (200, true)] {
        let pair = pair(server_priority, 100);
        assert!(pair.call(&[]));
        pair.m.simple(Syscall::Reply, 0, &[]);
        if !server_goes_on {
            set_priority(&pair.m, pair.m.thread(pair.client), 10);
        }
        assert!(pair.m.current() == pair.m.thread(pair.server));
        pair.m.simple(Syscall::Recv, pair.notification, &[]);
        let client = pair.m.current();
        assert!(client == pair.m.thread(pair.client));
        set_priority(&pair.m, client, 100);
        assert!(pair.fast(Syscall::Send, pair.notification, &[]), "to a waiting thread");
        assert_eq!(pair.m.current() == pair.m.thread(pair.server), server_goes_on);
        assert!(pair.fast(Syscall::Send, pair.notification, &[]), "to nobody");
        assert!(pair.fast(Syscall::NBSend, pair.notification, &[]), "again");
    }
}

#[test]
fn a_signal_takes_the_fastpath_to_a_thread_that_receives_messages() {
    let pair = pair_prepared(200, 100, |pair| {
        let (server, notification) = (pair.server, pair.notification);
        pair.m.invoke(Invocation::TcbBindNotification, server, &[], &[notification]).unwrap();
    });
    assert!(pair.call(&[]) && pair.reply_recv(&[]), "there is no signal yet");
    assert!(pair.fast(Syscall::Send, pair.notification, &[]));
    assert!(pair.m.current() == pair.m.thread(pair.server));
}

#[test]
fn a_server_with_a_signal_takes_the_slowpath() {
    let pair = pair_prepared(200, 100, |pair| {
        let (server, notification) = (pair.server, pair.notification);
        pair.m.invoke(Invocation::TcbBindNotification, server, &[], &[notification]).unwrap();
    });
    assert!(pair.call(&[]));
    pair.m.simple(Syscall::Send, pair.notification, &[]);
    assert!(!pair.reply_recv(&[]));
    assert!(pair.m.current() == pair.m.thread(pair.server), "it has received the signal");
}

#[test]
fn a_pending_fault_takes_the_slowpath() {
    let pair = pair(200, 100);
    pair.m.current().fault.set(Some(Fault::UserException { number: 2 }));
    assert!(!pair.call(&[]));
}

#[test]
fn a_capability_space_of_two_levels_takes_the_slowpath() {
    let pair = pair_prepared(200, 100, |pair| {
        let (m, root) = (&mut pair.m, InitialSlot::CNode as u64);
        let outer = m.make(ObjectType::CNode, 1);
        let guard = CNodeCapData::new(0, 64 - 1 - u32::from(crate::config::ROOT_CNODE_BITS)).word();
        let words = [0, 1, root, 64, CapRights::ALL.word(), guard];
        m.invoke(Invocation::CNodeMint, outer, &words, &[root]).unwrap();
        let space = InitialSlot::VSpace as u64;
        m.invoke(Invocation::TcbSetSpace, pair.client, &[0, 0, 0], &[outer, space]).unwrap();
    });
    assert!(!pair.call(&[1]));
    assert!(pair.reply_recv(&[2]), "the server's space has one level");
    assert_eq!(pair.m.reply_of(pair.m.current()).words[0], 2);
}
