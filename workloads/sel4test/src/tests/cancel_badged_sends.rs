//! Cancelling the sends with one badge out of a queue of many: who has lost the capability notices, the others wait on.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::error::NO_ERROR;
use rel4_abi::{CPtr, Error};
use rel4_runtime::arch;
use rel4_runtime::cap::Endpoint;
use rel4_runtime::ipc::{Registers, tag};

use crate::cspace;
use crate::env::{Env, HelperMain};
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("CANCEL_BADGED_SENDS_0001", "callers that are blocked lose their badge in turn", blocked_callers),
    basic("CANCEL_BADGED_SENDS_0002", "callers that call again and again lose it in turn", repeated_callers),
];

const CLIENTS: usize = 32;
const CLIENT_PRIORITY: u64 = 100;
const FIRST_BADGE: u64 = 200;
const FIRST_REQUEST: u64 = 100;
/// Label of an answer that has not come yet.
const NONE: u64 = u64::MAX;

/// Label of the last answer to each client.
static ANSWERS: [AtomicU64; CLIENTS] = [const { AtomicU64::new(NONE) }; CLIENTS];

/// A client's way to the server.
#[derive(Clone, Copy)]
struct Way {
    badged: CPtr,
    /// What the client has: it vanishes when `badged` is revoked.
    derived: CPtr,
}

impl Way {
    const NONE: Self = Self { badged: CPtr::NULL, derived: CPtr::NULL };

    fn new(env: &mut Env, server: Endpoint, client: u64) -> Outcome<Self> {
        let badged = env.badged(server.0, FIRST_BADGE + client)?;
        Ok(Self { badged, derived: env.copy(badged)? })
    }

    /// Takes the client's capability away, and makes it notice.
    fn cut(self) -> Outcome {
        cspace::slot(self.badged).revoke()?;
        cspace::slot(self.badged).cancel_badged_sends()?;
        Ok(())
    }
}

fn start(env: &mut Env, priority: u64, main: HelperMain, arguments: [u64; 4]) -> Outcome {
    let helper = env.thread()?;
    helper.set_priority(priority)?;
    helper.start(main, arguments)?;
    Ok(())
}

/// Checks that the first `cut` clients were told that they have no capability, and all others `otherwise`.
#[track_caller]
fn check_answers(cut: usize, otherwise: u64) {
    for (client, answer) in ANSWERS.iter().enumerate() {
        let expected = if client < cut { Error::InvalidCapability.label() } else { otherwise };
        check_eq!((client, answer.load(Ordering::Relaxed)), (client, expected));
    }
}

fn blocked_callers(env: &mut Env) -> Outcome {
    fn call_twice([server, client, ..]: [u64; 4]) -> Outcome<u64> {
        let (server, request) = (Endpoint(CPtr(server)), FIRST_REQUEST + client);
        let answer = server.call(0, [request]);
        check_eq!((answer.info.label(), answer.words[0]), (NO_ERROR, !request));
        let answer = server.call(0, [request]);
        ANSWERS[client as usize].store(answer.info.label(), Ordering::Relaxed);
        Ok(0)
    }
    let (server, bouncer) = (env.endpoint()?, env.bouncer(0)?);
    let mut ways = [Way::NONE; CLIENTS];
    for (client, way) in (0..).zip(&mut ways) {
        *way = Way::new(env, server, client)?;
        start(env, CLIENT_PRIORITY, call_twice, [way.derived.word(), client, 0, 0])?;
    }
    bouncer.let_others_run();
    for _ in 0..CLIENTS {
        let request = server.recv();
        check_eq!(request.words[0], request.badge - FIRST_BADGE + FIRST_REQUEST);
        arch::reply(tag::<1>(0), Registers::new([!request.words[0]]));
    }
    bouncer.let_others_run();
    check_answers(0, NONE);
    for (client, way) in ways.iter().enumerate() {
        way.cut()?;
        bouncer.let_others_run();
        check_answers(client + 1, NONE);
    }
    Ok(())
}

fn repeated_callers(env: &mut Env) -> Outcome {
    /// Below the clients, so that all of them are in the server's queue before it takes one.
    const SERVER_PRIORITY: u64 = CLIENT_PRIORITY - 50;
    const BETWEEN: u64 = CLIENT_PRIORITY - 25;

    fn answer([server, ..]: [u64; 4]) -> Outcome<u64> {
        let server = Endpoint(CPtr(server));
        let _request = server.recv();
        loop {
            server.reply_recv(0, []);
        }
    }
    fn call_when_told([server, client, told, ..]: [u64; 4]) -> Outcome<u64> {
        loop {
            let _go = Endpoint(CPtr(told)).recv();
            let answer = Endpoint(CPtr(server)).call(0, []);
            ANSWERS[client as usize].store(answer.info.label(), Ordering::Relaxed);
        }
    }
    /// Calls before all clients, so that the server does not wait when they do.
    fn occupy([server, told, ..]: [u64; 4]) -> Outcome<u64> {
        loop {
            let _go = Endpoint(CPtr(told)).recv();
            Endpoint(CPtr(server)).call(0, []);
        }
    }
    let (server, occupier) = (env.endpoint()?, env.endpoint()?);
    start(env, CLIENT_PRIORITY + 1, occupy, [server.0.word(), occupier.0.word(), 0, 0])?;
    start(env, SERVER_PRIORITY, answer, [server.0.word(), 0, 0, 0])?;
    let (all_queued, all_answered) = (env.bouncer(BETWEEN)?, env.bouncer(0)?);
    let (mut ways, mut doors) = ([Way::NONE; CLIENTS], [Endpoint(CPtr::NULL); CLIENTS]);
    for (client, (way, door)) in (0..).zip(ways.iter_mut().zip(&mut doors)) {
        *way = Way::new(env, server, client)?;
        *door = env.endpoint()?;
        let arguments = [way.derived.word(), client, door.0.word(), 0];
        start(env, CLIENT_PRIORITY, call_when_told, arguments)?;
    }
    let tell_all = || {
        ANSWERS.iter().for_each(|answer| answer.store(NONE, Ordering::Relaxed));
        occupier.send(0, []);
        doors.iter().for_each(|door| door.send(0, []));
        all_queued.let_others_run();
    };
    tell_all();
    all_answered.let_others_run();
    check_answers(0, NO_ERROR);
    for (client, way) in ways.iter().enumerate() {
        tell_all();
        check_answers(client, NONE);
        way.cut()?;
        all_answered.let_others_run();
        check_answers(client + 1, NO_ERROR);
    }
    Ok(())
}
