//! Threads on other cores: starting, stopping, moving and destroying them while they run.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::fault::FaultStatus;
use rel4_abi::object::PAGE_BITS;
use rel4_abi::{CPtr, FaultMessage};
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::arch as system;
use rel4_runtime::cap::{Endpoint, Frame};
use rel4_runtime::resources::ResourceError;

use crate::arch::{self, Faulting};
use crate::cspace;
use crate::env::{Env, Helper, Timer, Window};
use crate::message;
use crate::report::Outcome;
use crate::test::{Need, Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic(
        "MULTICORE0001",
        "a thread is stopped, moved to another core, and goes on there",
        stopped_and_moved,
    )
    .needing(Need::SeveralHarts)
    .needing(Need::Timer),
    basic("MULTICORE0002", "a thread is moved from core to core while it runs", moved)
        .needing(Need::SeveralHarts)
        .needing(Need::Timer),
    basic("MULTICORE0003", "a page that is unmapped is gone on all cores", unmapped)
        .needing(Need::SeveralHarts)
        .needing(Need::Timer),
    basic("MULTICORE0004", "threads on other cores are destroyed inside system calls", destroyed_in_kernel)
        .needing(Need::SeveralHarts),
    basic("MULTICORE0005", "a thread that runs on another core is destroyed", destroyed)
        .needing(Need::SeveralHarts)
        .needing(Need::Timer),
    basic("REL4_MULTICORE0001", "all cores call one server at once", crowd).needing(Need::SeveralHarts),
];

/// What makes a helper.
type Maker = fn(&mut Env) -> Result<Helper, ResourceError>;

const PRIORITY: u64 = 100;
/// How long a counter is watched at a time.
const WATCH_NS: u64 = 1_000_000;
/// How often, before it counts as standing: on a busy host a thread may get nothing for a while.
const MAX_WATCHES: usize = 1000;

static COUNT: AtomicU64 = AtomicU64::new(0);

fn count() -> u64 {
    COUNT.load(Ordering::Relaxed)
}

fn count_up(_: [u64; 4]) -> Outcome<u64> {
    loop {
        COUNT.fetch_add(1, Ordering::Relaxed);
    }
}

/// How the test waits.
#[derive(Clone, Copy)]
enum Waiting {
    /// Blocked: threads of the test's own core run.
    Asleep,
    /// Running: they do not.
    Awake,
}

fn wait(timer: Timer, waiting: Waiting) -> Outcome {
    match waiting {
        Waiting::Asleep => timer.sleep(WATCH_NS)?,
        Waiting::Awake => {
            let end = timer.now_ns() + WATCH_NS;
            while timer.now_ns() < end {}
        }
    }
    Ok(())
}

/// Whether the counter goes on.
fn moves(timer: Timer, waiting: Waiting) -> Outcome<bool> {
    let before = count();
    for _ in 0..MAX_WATCHES {
        wait(timer, waiting)?;
        if count() != before {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the counter stays as it is.
fn stands(timer: Timer, waiting: Waiting) -> Outcome<bool> {
    let before = count();
    for _ in 0..10 {
        wait(timer, waiting)?;
    }
    Ok(count() == before)
}

/// A thread that counts.
fn counter(env: &mut Env) -> Outcome<Helper> {
    let counter = env.thread()?;
    counter.set_priority(PRIORITY)?;
    counter.start(count_up, [0; 4])?;
    Ok(counter)
}

fn stopped_and_moved(env: &mut Env) -> Outcome {
    let timer = env.timer()?;
    let counter = counter(env)?;
    check!(moves(timer, Waiting::Asleep)?);
    for core in 1..env.machine.num_nodes {
        counter.tcb().suspend()?;
        counter.tcb().set_affinity(core)?;
        check!(stands(timer, Waiting::Asleep)?);
        counter.tcb().resume()?;
        check!(moves(timer, Waiting::Asleep)?);
    }
    counter.tcb().suspend()?;
    check!(stands(timer, Waiting::Asleep)?);
    Ok(())
}

fn moved(env: &mut Env) -> Outcome {
    let timer = env.timer()?;
    let counter = counter(env)?;
    // It is below the test, on the same core.
    check!(stands(timer, Waiting::Awake)?);
    for core in 1..env.machine.num_nodes {
        counter.tcb().set_affinity(core)?;
        check!(moves(timer, Waiting::Awake)?);
    }
    counter.tcb().set_affinity(0)?;
    check!(stands(timer, Waiting::Awake)?);
    check!(moves(timer, Waiting::Asleep)?);
    Ok(())
}

fn destroyed(env: &mut Env) -> Outcome {
    let timer = env.timer()?;
    for core in 1..env.machine.num_nodes {
        let counter = counter(env)?;
        check!(stands(timer, Waiting::Awake)?);
        counter.tcb().set_affinity(core)?;
        check!(moves(timer, Waiting::Awake)?);
        env.destroy(counter)?;
        check!(stands(timer, Waiting::Awake)?);
    }
    Ok(())
}

fn destroyed_in_kernel(env: &mut Env) -> Outcome {
    const ROUNDS: usize = 2;
    fn yield_forever(_: [u64; 4]) -> Outcome<u64> {
        loop {
            system::yield_now();
        }
    }
    for _ in 0..ROUNDS {
        // Those of the first four cores; no kernel has more.
        let mut helpers = [const { None::<Helper> }; 4];
        for (core, place) in (0..env.machine.num_nodes).zip(&mut helpers).skip(1) {
            let helper = env.thread()?;
            helper.tcb().set_affinity(core)?;
            helper.start(yield_forever, [0; 4])?;
            *place = Some(helper);
        }
        for helper in helpers.into_iter().flatten() {
            env.destroy(helper)?;
        }
    }
    Ok(())
}

/// A thread writes to a page, once in the test's address space and once in one of its own, until that is unmapped.
fn unmapped(env: &mut Env) -> Outcome {
    let makers: [Maker; 2] = [Env::thread, Env::process];
    let timer = env.timer()?;
    for make in makers {
        let (endpoint, window) = (env.endpoint()?, env.window(PAGE_BITS));
        let (mut writer, handler) = (make(env)?, env.thread()?);
        let fault_handler = writer.give(endpoint.0)?;
        writer.set_fault_handler(fault_handler)?;
        let frame = env.frame()?;
        address_space::map(&mut env.resources, cspace::VSPACE, frame, window.vaddr(), Access::Data)?;
        let theirs = Frame(env.copy(frame.0)?);
        let vaddr = env.window(PAGE_BITS).vaddr();
        address_space::map(&mut env.resources, writer.vspace(), theirs, vaddr, Access::Data)?;

        handler.tcb().set_affinity(1)?;
        handler.start(receive_fault, [endpoint.0.word(), vaddr, 0, 0])?;
        writer.tcb().set_affinity(env.machine.num_nodes - 1)?;
        writer.start(write_forever, [vaddr, 0, 0, 0])?;
        require!(is_written(timer, window)?);
        require!(is_written(timer, window)?);
        theirs.unmap()?;
        check_eq!(handler.join()?, 0);
        // It does not write any more.
        check!(!is_written(timer, window)?);
        env.destroy(writer)?;
        env.destroy(handler)?;
    }
    Ok(())
}

/// Whether somebody writes to the page before long.
fn is_written(timer: Timer, window: Window) -> Outcome<bool> {
    window.write(0, 0);
    for _ in 0..100 {
        wait(timer, Waiting::Asleep)?;
        if window.read(0) != 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

fn write_forever([vaddr, ..]: [u64; 4]) -> Outcome<u64> {
    loop {
        // While it is mapped it does not fault, and nothing of Rust's is there.
        arch::execute(Faulting::Store, vaddr, 1);
    }
}

fn receive_fault([endpoint, vaddr, ..]: [u64; 4]) -> Outcome<u64> {
    let message = system::recv(CPtr(endpoint));
    let expected = FaultMessage::VmFault {
        pc: arch::site(Faulting::Store, vaddr).at,
        address: vaddr,
        prefetch: 0,
        status: FaultStatus::Store as u64,
    };
    check_eq!(message::fault(&message), Some(expected));
    Ok(0)
}

/// A client on each core, the server's own too; each gets the answers to its own requests.
fn crowd(env: &mut Env) -> Outcome {
    const ROUNDS: u64 = 200;
    fn call([endpoint, core, ..]: [u64; 4]) -> Outcome<u64> {
        for round in 0..ROUNDS {
            let answer = Endpoint(CPtr(endpoint)).call(0, [core, round]);
            require_eq!(answer.words[..2], [core + 1, round + 1]);
        }
        Ok(ROUNDS)
    }
    let endpoint = env.endpoint()?;
    let cores = 0..env.machine.num_nodes;
    let mut clients = [const { None::<Helper> }; 4];
    for (core, place) in cores.clone().zip(&mut clients) {
        let client = env.thread()?;
        client.tcb().set_affinity(core)?;
        client.start(call, [endpoint.0.word(), core, 0, 0])?;
        *place = Some(client);
    }
    let mut rounds = [0; 4];
    let mut request = endpoint.recv();
    for remaining in (0..ROUNDS * env.machine.num_nodes).rev() {
        let [core, round, ..] = request.words;
        require!(cores.contains(&core));
        require_eq!(round, rounds[core as usize]);
        rounds[core as usize] += 1;
        if remaining == 0 {
            let (info, registers) = message::prepare(0, 2, |index| [core + 1, round + 1][index]);
            system::reply(info, registers);
        } else {
            request = endpoint.reply_recv(0, [core + 1, round + 1]);
        }
    }
    for client in clients.into_iter().flatten() {
        check_eq!(client.join()?, ROUNDS);
    }
    Ok(())
}
