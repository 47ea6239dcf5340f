//! Rights that decide about answers, for each way to answer.

use rel4_abi::cptr::WORD_BITS;
use rel4_abi::{CPtr, CapRights, MessageInfo};
use rel4_runtime::arch;
use rel4_runtime::cap::Endpoint;
use rel4_runtime::ipc::Message;

use super::all_rights_with;
use crate::cspace;
use crate::env::{Env, Helper, is_empty};
use crate::message::prepare;
use crate::report::Outcome;

const REQUEST: u64 = 0x1234_5678;
const ANSWER: u64 = 0x8765_4321;
/// Badge of the capability by which the caller says what it got.
const REPORT_BADGE: u64 = 7;
const CALLER_PRIORITY: u64 = 100;
const NOTHING: u64 = 0;

/// How a request is answered.
#[derive(Clone, Copy, Debug)]
enum Mode {
    Reply,
    /// With `SaveCaller`, and a send to what that gave.
    SaveCaller,
    ReplyRecv,
}

const MODES: [Mode; 3] = [Mode::Reply, Mode::SaveCaller, Mode::ReplyRecv];

/// A caller, its server and what they share.
struct Scene {
    endpoint: Endpoint,
    /// The same with [`REPORT_BADGE`].
    report: CPtr,
    caller: Helper,
    /// Where `SaveCaller` puts the way to the caller.
    saved: CPtr,
}

impl Scene {
    fn new(env: &mut Env) -> Outcome<Self> {
        let endpoint = env.endpoint()?;
        let caller = env.thread()?;
        caller.set_priority(CALLER_PRIORITY)?;
        let (report, saved) = (env.badged(endpoint.0, REPORT_BADGE)?, env.empty_slot()?);
        Ok(Self { endpoint, report, caller, saved })
    }

    /// Answers the last caller with [`ANSWER`] and `caps`, and receives its report through `server`.
    fn answer(&self, mode: Mode, server: Endpoint, caps: &[CPtr]) -> Outcome<Message> {
        for (index, &cap) in caps.iter().enumerate() {
            arch::set_extra_cap(index, cap);
        }
        let (info, registers) = prepare(0, 1, |_| ANSWER);
        let info = MessageInfo::new(info.label(), 0, caps.len(), info.length());
        match mode {
            Mode::Reply => arch::reply(info, registers),
            Mode::SaveCaller => {
                cspace::slot(self.saved).save_caller()?;
                check_eq!(is_empty(cspace::slot(self.saved)), Ok(false));
                arch::send(self.saved, info, registers);
                check_eq!(is_empty(cspace::slot(self.saved)), Ok(true));
            }
            Mode::ReplyRecv => return Ok(arch::reply_recv(server.0, info, registers)),
        }
        Ok(server.recv())
    }
}

/// Without the right to grant, or to grant answers, a call ends like a send, and the caller stops.
pub(super) fn without_grant(env: &mut Env) -> Outcome {
    fn call_and_report([gate, report, ..]: [u64; 4]) -> Outcome<u64> {
        let answer = Endpoint(CPtr(gate)).call(0, [REQUEST]);
        Endpoint(CPtr(report)).send(0, [answer.words[0]]);
        Ok(0)
    }
    let (scene, bouncer) = (Scene::new(env)?, env.bouncer(0)?);
    let gate = env.empty_slot()?;
    for (mode, rights) in
        MODES.into_iter().flat_map(|mode| all_rights_with(CapRights::WRITE).map(move |rights| (mode, rights)))
    {
        let Scene { endpoint, caller, saved, report } = &scene;
        cspace::slot(gate).copy_from(cspace::slot(endpoint.0), rights)?;
        caller.start(call_and_report, [gate.word(), report.word(), 0, 0])?;
        check_eq!(endpoint.recv().words[0], REQUEST);
        if rights.contains(CapRights::GRANT) || rights.contains(CapRights::GRANT_REPLY) {
            let got = scene.answer(mode, *endpoint, &[])?;
            check_eq!((got.badge, got.words[0]), (REPORT_BADGE, ANSWER));
            caller.join()?;
        } else {
            cspace::slot(*saved).save_caller()?;
            check_eq!(is_empty(cspace::slot(*saved)), Ok(true));
            let (info, registers) = prepare(0, 1, |_| ANSWER);
            arch::reply(info, registers);
            bouncer.let_others_run();
            check_eq!(endpoint.nb_recv().badge, NOTHING);

            // With all rights, the same call has a caller, until that is stopped.
            cspace::slot(gate).delete()?;
            cspace::slot(gate).copy_from(cspace::slot(endpoint.0), CapRights::ALL)?;
            caller.tcb().resume()?;
            check_eq!(endpoint.recv().words[0], REQUEST);
            cspace::slot(*saved).save_caller()?;
            check_eq!(is_empty(cspace::slot(*saved)), Ok(false));
            caller.tcb().suspend()?;
            check_eq!(is_empty(cspace::slot(*saved)), Ok(true));
        }
        cspace::slot(gate).delete()?;
    }
    Ok(())
}

/// The right to grant of the capability that the request was received with decides.
pub(super) fn with_capability(env: &mut Env) -> Outcome {
    /// Calls with an empty slot for what the answer may bring, and reports how many capabilities came.
    fn call_and_report([endpoint, slot, report, ..]: [u64; 4]) -> Outcome<u64> {
        arch::set_receive_slot(cspace::CNODE.0, slot, u64::from(WORD_BITS));
        let answer = Endpoint(CPtr(endpoint)).call(0, [REQUEST]);
        Endpoint(CPtr(report)).send(0, [answer.words[0], answer.info.extra_caps() as u64]);
        Ok(0)
    }
    let scene = Scene::new(env)?;
    let (gift, slot, server) = (env.endpoint()?, env.empty_slot()?, env.empty_slot()?);
    for (mode, rights) in
        MODES.into_iter().flat_map(|mode| all_rights_with(CapRights::READ).map(move |rights| (mode, rights)))
    {
        let Scene { endpoint, caller, report, .. } = &scene;
        cspace::slot(server).copy_from(cspace::slot(endpoint.0), rights)?;
        caller.start(call_and_report, [endpoint.0.word(), slot.word(), report.word(), 0])?;
        check_eq!(arch::recv(server).words[0], REQUEST);
        let got = scene.answer(mode, Endpoint(server), &[gift.0])?;
        let granted = rights.contains(CapRights::GRANT);
        check_eq!((got.badge, got.words[0], got.words[1]), (REPORT_BADGE, ANSWER, u64::from(granted)));
        check_eq!(is_empty(cspace::slot(slot)), Ok(!granted));
        caller.join()?;
        cspace::slot(slot).delete()?;
        cspace::slot(server).delete()?;
    }
    Ok(())
}
