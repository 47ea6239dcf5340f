//! Messages of every length between two helpers, at every relation of their priorities, whoever starts first.

use rel4_abi::CPtr;
use rel4_abi::message_info::MSG_MAX_LENGTH;
use rel4_runtime::arch;
use rel4_runtime::cap::Endpoint;
use rel4_runtime::ipc::Message;
use rel4_runtime::resources::ResourceError;

use crate::cspace;
use crate::env::{Env, Helper, HelperMain};
use crate::message::{prepare, word};
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("IPC0001", "Send and Recv", |env| exchange_between_cores(env, Env::thread, send, receive)),
    basic("IPC0002", "Call and ReplyRecv", |env| {
        exchange_between_cores(env, Env::thread, call, answer_and_receive)
    }),
    basic("IPC0003", "Call, Reply and Recv", |env| {
        exchange_between_cores(env, Env::thread, call, answer_then_receive)
    }),
    basic("IPC0004", "NBSend and Recv", |env| exchange(env, Env::thread, send_to_waiting, receive_if_above)),
    basic("IPC0010", "suspending and resuming a caller that waits for its answer", suspended_caller),
    basic("IPC1001", "Send and Recv between processes", |env| {
        exchange_between_cores(env, Env::process, send, receive)
    }),
    basic("IPC1002", "Call and ReplyRecv between processes", |env| {
        exchange_between_cores(env, Env::process, call, answer_and_receive)
    }),
    basic("IPC1003", "Call, Reply and Recv between processes", |env| {
        exchange_between_cores(env, Env::process, call, answer_then_receive)
    }),
    basic("IPC1004", "NBSend and Recv between processes", |env| {
        exchange(env, Env::process, send_to_waiting, receive_if_above)
    }),
];

/// What makes a helper.
type Make = fn(&mut Env) -> Result<Helper, ResourceError>;

/// Priorities of the helper that sends, and of the one that receives.
const SENDER_PRIORITIES: core::ops::RangeInclusive<u64> = 98..=102;
const RECEIVER_PRIORITY: u64 = 100;

/// The words of all messages together: ascending numbers, so that a word lost, doubled or misplaced is noticed.
struct Sequence(u64);

impl Sequence {
    const FIRST: u64 = 0xabba_0000_0000;

    const fn new() -> Self {
        Self(Self::FIRST)
    }

    fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    /// Requires that `message` has `length` words, which go on here.
    fn require(&mut self, message: &Message, length: usize) -> Outcome {
        require_eq!(message.info.length(), length);
        for index in 0..length {
            require_eq!(word(message, index), self.next());
        }
        Ok(())
    }
}

/// Runs `sender` and `receiver` on every pair of cores with every pair of priorities, each being started first once.
fn exchange_between_cores(env: &mut Env, make: Make, sender: HelperMain, receiver: HelperMain) -> Outcome {
    let cores = 0..env.machine.num_nodes;
    for pair in cores.clone().flat_map(|of_a| cores.clone().map(move |of_b| [of_a, of_b])) {
        exchange_on(env, pair, make, sender, receiver)?;
    }
    Ok(())
}

/// The same on one core, for what depends on who runs first.
fn exchange(env: &mut Env, make: Make, sender: HelperMain, receiver: HelperMain) -> Outcome {
    exchange_on(env, [0, 0], make, sender, receiver)
}

fn exchange_on(
    env: &mut Env,
    cores: [u64; 2],
    make: Make,
    sender: HelperMain,
    receiver: HelperMain,
) -> Outcome {
    let endpoint = env.endpoint()?;
    let (mut a, mut b) = (make(env)?, make(env)?);
    let (of_a, of_b) = (a.give(endpoint.0)?, b.give(endpoint.0)?);
    b.set_priority(RECEIVER_PRIORITY)?;
    for (helper, core) in [&a, &b].into_iter().zip(cores).filter(|&(_, core)| core != 0) {
        helper.tcb().set_affinity(core)?;
    }
    for priority in SENDER_PRIORITIES {
        a.set_priority(priority)?;
        let start_a = || a.start(sender, [of_a.word(), 0, 0, 0]);
        let start_b = || b.start(receiver, [of_b.word(), priority, 0, 0]);
        start_a()?;
        start_b()?;
        check_eq!([a.join()?, b.join()?], [0, 0]);
        start_b()?;
        start_a()?;
        check_eq!([a.join()?, b.join()?], [0, 0]);
    }
    env.destroy(a)?;
    env.destroy(b)?;
    Ok(())
}

fn send([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
    let mut sequence = Sequence::new();
    for length in 0..=MSG_MAX_LENGTH {
        let (info, registers) = prepare(0, length, |_| sequence.next());
        arch::send(CPtr(endpoint), info, registers);
    }
    Ok(0)
}

fn send_to_waiting([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
    let mut sequence = Sequence::new();
    for length in 0..=MSG_MAX_LENGTH {
        let (info, registers) = prepare(0, length, |_| sequence.next());
        arch::nb_send(CPtr(endpoint), info, registers);
    }
    Ok(0)
}

fn receive([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
    let mut sequence = Sequence::new();
    for length in 0..=MSG_MAX_LENGTH {
        sequence.require(&arch::recv(CPtr(endpoint)), length)?;
    }
    Ok(0)
}

/// Receives only from a sender of lower priority, which always finds the receiver waiting. Messages of others are
/// dropped.
fn receive_if_above([endpoint, sender_priority, ..]: [u64; 4]) -> Outcome<u64> {
    if sender_priority < RECEIVER_PRIORITY { receive([endpoint, 0, 0, 0]) } else { Ok(0) }
}

/// Requests and answers take their words from one sequence in turn.
fn call([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
    let mut sequence = Sequence::new();
    for length in 0..=MSG_MAX_LENGTH {
        let (info, registers) = prepare(0, length, |_| sequence.next());
        let answer = arch::call(CPtr(endpoint), info, registers);
        sequence.require(&answer, length)?;
    }
    Ok(0)
}

fn answer_and_receive([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
    let mut sequence = Sequence::new();
    let mut request = arch::recv(CPtr(endpoint));
    for length in 0..=MSG_MAX_LENGTH {
        sequence.require(&request, length)?;
        let (info, registers) = prepare(0, length, |_| sequence.next());
        if length < MSG_MAX_LENGTH {
            request = arch::reply_recv(CPtr(endpoint), info, registers);
        } else {
            arch::reply(info, registers);
        }
    }
    Ok(0)
}

fn answer_then_receive([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
    let mut sequence = Sequence::new();
    for length in 0..=MSG_MAX_LENGTH {
        sequence.require(&arch::recv(CPtr(endpoint)), length)?;
        let (info, registers) = prepare(0, length, |_| sequence.next());
        arch::reply(info, registers);
    }
    Ok(0)
}

fn suspended_caller(env: &mut Env) -> Outcome {
    const REQUEST: u64 = 15;
    fn call_once([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
        Endpoint(CPtr(endpoint)).call(0, [REQUEST]);
        Ok(0)
    }
    let endpoint = env.endpoint()?;
    let caller = env.thread()?;
    caller.set_priority(RECEIVER_PRIORITY)?;
    caller.start(call_once, [endpoint.0.word(), 0, 0, 0])?;
    let request = endpoint.recv();
    check_eq!((request.info.length(), request.words[0]), (1, REQUEST));
    caller.tcb().suspend()?;
    caller.tcb().resume()?;
    caller.tcb().suspend()?;
    cspace::slot(caller.tcb().0).delete()?;
    Ok(())
}
