//! How long the kernel keeps an interrupt waiting: its longest operations, and its longest stretches within operations that can be
//! interrupted. What they take is measured, not judged: whoever reads the results knows what clock they were counted with.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::cptr::WORD_BITS;
use rel4_abi::message_info::{MSG_MAX_EXTRA_CAPS, MSG_MAX_LENGTH};
use rel4_abi::object::{ASID_POOL_BITS, RETYPE_FAN_OUT_LIMIT, TCB_BITS};
use rel4_abi::vm::ASID_POOL_INDEX_BITS;
use rel4_abi::{CNodeCapData, CPtr, CapRights, MessageInfo, ObjectType};
use rel4_runtime::arch;
use rel4_runtime::cap::{AsidPool, CNode, Endpoint, Untyped};

use crate::cspace::{self, slot};
use crate::env::{Env, HelperMain};
use crate::message::prepare;
use crate::report::{self, Outcome};
use crate::test::{Need, Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("REL4_DELAY0001", "interrupts come while used memory is cleared", clear).needing(Need::Timer),
    basic("REL4_DELAY0002", "interrupts come during a long Revoke", revoke).needing(Need::Timer),
    basic("REL4_DELAY0003", "interrupts come while a large CNode is deleted", delete_cnode)
        .needing(Need::Timer),
    basic("REL4_DELAY0004", "as many threads as one Retype can make", make_threads),
    basic("REL4_DELAY0005", "many sends are cancelled", cancel_sends),
    basic("REL4_DELAY0006", "the ASID pool of many address spaces is deleted", delete_pool),
    basic("REL4_DELAY0007", "the most lookups of the greatest depth", rotate),
    basic("REL4_DELAY0008", "the longest message with the most capabilities from the greatest depth", send),
];

/// Retired instructions, or what the machine counts as such, that `operation` takes.
fn cost(operation: impl FnOnce() -> Outcome) -> Outcome<u64> {
    let start = arch::instructions_retired();
    operation()?;
    Ok(arch::instructions_retired() - start)
}

/// Runs `main`, which must set [`DONE`] at its end, in a helper, and measures the longest delay of alarms meanwhile.
fn measure_alarms(env: &mut Env, main: HelperMain, arguments: [u64; 4]) -> Outcome {
    /// Prime, so that alarms fall everywhere.
    const PERIOD_NS: u64 = 20_011;
    let (timer, helper) = (env.timer()?, env.thread()?);
    let mut longest_ns = 0;
    helper.start(main, arguments)?;
    while DONE.load(Ordering::Relaxed) == 0 {
        let alarm_ns = timer.now_ns() + PERIOD_NS;
        timer.set_alarm(alarm_ns);
        let _badge = timer.notification().wait();
        longest_ns = longest_ns.max(timer.now_ns() - alarm_ns);
        timer.acknowledge()?;
    }
    helper.join()?;
    report::measured(longest_ns);
    Ok(())
}

/// The operation under way is over.
static DONE: AtomicU64 = AtomicU64::new(0);

fn done() -> Outcome<u64> {
    DONE.store(1, Ordering::Relaxed);
    Ok(0)
}

fn clear(env: &mut Env) -> Outcome {
    const BITS: u32 = 20;
    fn make(memory: CPtr, target: CPtr) -> Outcome {
        Untyped(memory).retype(ObjectType::Untyped, BITS, cspace::CNODE, target.word(), 1)?;
        Ok(())
    }
    fn make_again([memory, target, ..]: [u64; 4]) -> Outcome<u64> {
        make(CPtr(memory), CPtr(target))?;
        done()
    }
    let (memory, target) = (env.untyped(BITS)?.0, env.empty_slot()?);
    make(memory, target)?;
    slot(target).delete()?;
    measure_alarms(env, make_again, [memory.word(), target.word(), 0, 0])
}

fn revoke(env: &mut Env) -> Outcome {
    const COPIES: u64 = 1 << 11;
    fn revoke([original, ..]: [u64; 4]) -> Outcome<u64> {
        slot(CPtr(original)).revoke()?;
        done()
    }
    let original = env.endpoint()?.0;
    let copies = env.resources.take_slots(COPIES)?;
    for copy in copies.start..copies.end {
        slot(CPtr(copy)).copy_from(slot(original), CapRights::ALL)?;
    }
    measure_alarms(env, revoke, [original.word(), 0, 0, 0])
}

fn delete_cnode(env: &mut Env) -> Outcome {
    const RADIX_BITS: u32 = 12;
    fn delete([node, ..]: [u64; 4]) -> Outcome<u64> {
        slot(CPtr(node)).delete()?;
        done()
    }
    let node = env.cnode(RADIX_BITS)?;
    measure_alarms(env, delete, [node.0.word(), 0, 0, 0])
}

fn make_threads(env: &mut Env) -> Outcome {
    let memory = env.untyped(TCB_BITS + RETYPE_FAN_OUT_LIMIT.ilog2())?;
    let first = env.resources.take_slots(RETYPE_FAN_OUT_LIMIT)?.start;
    // The memory has not been used before, so that nothing is cleared.
    report::measured(cost(|| {
        Ok(memory.retype(ObjectType::Tcb, 0, cspace::CNODE, first, RETYPE_FAN_OUT_LIMIT)?)
    })?);
    Ok(())
}

fn cancel_sends(env: &mut Env) -> Outcome {
    const SENDERS: usize = 32;
    const BADGE: u64 = 1;
    fn send([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
        Endpoint(CPtr(endpoint)).send(0, []);
        Ok(0)
    }
    let (endpoint, bouncer) = (env.endpoint()?, env.bouncer(0)?);
    let badged = env.badged(endpoint.0, BADGE)?;
    for _ in 0..SENDERS {
        env.thread()?.start(send, [badged.word(), 0, 0, 0])?;
    }
    bouncer.let_others_run();
    report::measured(cost(|| Ok(slot(badged).cancel_badged_sends()?))?);
    Ok(())
}

fn delete_pool(env: &mut Env) -> Outcome {
    let (untyped, pool) = (env.untyped(ASID_POOL_BITS)?, env.empty_slot()?);
    cspace::ASID_CONTROL.make_pool(untyped, slot(pool))?;
    for _ in 0..1 << ASID_POOL_INDEX_BITS {
        AsidPool(pool).assign(env.page_table()?)?;
    }
    report::measured(cost(|| Ok(slot(pool).delete()?))?);
    Ok(())
}

/// A node whose first slot leads back to itself: every bit of an address is another level. The second slot is free.
fn endless_node(env: &mut Env) -> Outcome<CNode> {
    const RADIX_BITS: u32 = 1;
    let node = env.cnode(RADIX_BITS)?;
    node.slot(0, RADIX_BITS).copy_from(slot(node.0), CapRights::ALL)?;
    Ok(node)
}

fn rotate(env: &mut Env) -> Outcome {
    const LAST: u64 = 1;
    let [target, pivot, source] = [endless_node(env)?, endless_node(env)?, endless_node(env)?];
    for node in [pivot, source] {
        node.slot(LAST, WORD_BITS).copy_from(slot(env.tcb()?.0), CapRights::ALL)?;
    }
    let [target, pivot, source] = [target, pivot, source].map(|node| node.slot(LAST, WORD_BITS));
    report::measured(cost(|| Ok(target.rotate_from(pivot, source)?))?);
    Ok(())
}

fn send(env: &mut Env) -> Outcome {
    /// Through the sender's own space, of as many levels as an address has bits.
    const ENDPOINT: CPtr = CPtr(1);
    static COST: AtomicU64 = AtomicU64::new(0);
    fn send_longest(_: [u64; 4]) -> Outcome<u64> {
        for index in 0..MSG_MAX_EXTRA_CAPS {
            arch::set_extra_cap(index, ENDPOINT);
        }
        let (_, registers) = prepare(0, MSG_MAX_LENGTH, |index| index as u64);
        let info = MessageInfo::new(0, 0, MSG_MAX_EXTRA_CAPS, MSG_MAX_LENGTH);
        let cost = cost(|| {
            arch::send(ENDPOINT, info, registers);
            Ok(())
        })?;
        COST.store(cost, Ordering::Relaxed);
        Ok(0)
    }
    fn receive([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
        let info = Endpoint(CPtr(endpoint)).recv().info;
        check_eq!((info.length(), info.extra_caps()), (MSG_MAX_LENGTH, MSG_MAX_EXTRA_CAPS));
        Ok(0)
    }
    let (endpoint, node, bouncer) = (env.endpoint()?, endless_node(env)?, env.bouncer(0)?);
    let (sender, receiver) = (env.thread()?, env.thread()?);
    node.slot(ENDPOINT.word(), WORD_BITS).copy_from(slot(endpoint.0), CapRights::ALL)?;
    sender.tcb().set_space(CPtr::NULL, node, CNodeCapData::default(), cspace::VSPACE)?;
    receiver.start(receive, [endpoint.0.word(), 0, 0, 0])?;
    bouncer.let_others_run();
    // What it says at its end goes to the same endpoint, where nobody listens any more.
    sender.start(send_longest, [0; 4])?;
    receiver.join()?;
    bouncer.let_others_run();
    report::measured(COST.load(Ordering::Relaxed));
    Ok(())
}
