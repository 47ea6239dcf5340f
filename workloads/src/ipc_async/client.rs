//! The client: coroutines that call and check the answers, and samples of what a batch of calls costs.

pub(crate) mod recorder;

use core::pin::pin;
use core::sync::atomic::AtomicU64;

use rel4_runtime::attention::Attentive;
use rel4_runtime::channel::{Client, Message};
use rel4_runtime::executor::{Coroutines, Executor, FileQueue, Queue, ReadyQueue};
use rel4_runtime::interrupt::{EveryItem, Interrupts, Notify};
use rel4_runtime::ipc::tag;
use rel4_runtime::process::{self, Start};

use self::recorder::{Recorder, Step};
use super::counters::Counters;
use super::settings::Settings;
use super::{CLIENT_COUNTERS, RESULTS, SERVER_COUNTERS, STATISTICS};
use crate::ipc_pingpong::messages::{ANSWER, REQUEST, answer, request};
use crate::ipc_pingpong::results::Results;
use crate::pair::{self, CAPACITY, Channel, Idle, Idler, NotifyWhen, Polled, QueueKind, Unclaimed};

static READY: ReadyQueue = ReadyQueue::new();
static FILE: FileQueue = FileQueue::new();

/// Runs the client, which finishes with the bits in which answers differed, its calls, the answers, and the violations it saw.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let settings = Settings::from_arguments(start.arguments);
    // The length is known at compile time, as in the synchronous client.
    process::finish(match settings.words {
        0 => run::<0>(&settings, start.shared),
        1 => run::<1>(&settings, start.shared),
        2 => run::<2>(&settings, start.shared),
        3 => run::<3>(&settings, start.shared),
        _ => run::<4>(&settings, start.shared),
    })
}

/// Runs the variant that was asked for, each of which the compiler knows by itself.
fn run<const WORDS: usize>(settings: &Settings, shared: &[AtomicU64]) -> [u64; 4] {
    let idler = Idler::new(pair::receiver(settings.backend), &READY, settings.idle);
    // An identity of its word: which coroutine an answer is for stands in the ring.
    let server = match settings.queue {
        QueueKind::Software => pair::sender(settings.backend),
        QueueKind::Hardware => pair::sender_to_first_task(),
    };
    match (settings.notify, settings.queue) {
        (NotifyWhen::Asleep, QueueKind::Software) => {
            call::<WORDS, _, _, _>(settings, shared, server, &READY, &idler, &idler)
        }
        (NotifyWhen::Always, QueueKind::Software) => {
            call::<WORDS, _, _, _>(settings, shared, EveryItem(server), &READY, &idler, &idler)
        }
        (NotifyWhen::Asleep, QueueKind::Hardware) => {
            call::<WORDS, _, _, _>(settings, shared, server, &FILE, &idler, &Unclaimed(&idler))
        }
        (NotifyWhen::Always, QueueKind::Hardware) => {
            call::<WORDS, _, _, _>(settings, shared, EveryItem(server), &FILE, &idler, &Unclaimed(&idler))
        }
    }
}

/// What the coroutines share.
struct Caller<'a, 'm, N> {
    client: &'a Client<'m, N, CAPACITY>,
    idler: &'a Idler,
    recorder: Recorder<'a>,
    shared: &'a [AtomicU64],
}

fn call<const WORDS: usize, N: Notify, Q: Queue, I: Interrupts>(
    settings: &Settings,
    shared: &[AtomicU64],
    server: N,
    ready: &'static Q,
    idler: &Idler,
    interrupts: &I,
) -> [u64; 4] {
    let channel = Channel::new(shared).expect("the root task shares enough");
    let client = Client::new(channel, server);
    let caller = Caller {
        client: &client,
        idler,
        recorder: Recorder::new(settings.warmup, settings.batch, Results::new(&shared[RESULTS..])),
        shared,
    };
    let coroutines = pin!(Coroutines::<_, CAPACITY>::new(|_| call_repeatedly::<WORDS, N>(&caller)));
    let mut executor = Executor::<CAPACITY, Q>::new(ready);
    for (slot, task) in coroutines.tasks().enumerate().take(settings.concurrency as usize) {
        executor.spawn(slot, task).expect("the slot is free");
    }
    match idler.idle() {
        Idle::Spin | Idle::Yield => executor.run(&Polled(&client), interrupts),
        Idle::Attend => {
            let attentive = Attentive::new(&client, interrupts, settings.pause());
            executor.run(&attentive, &attentive);
        }
        Idle::Block | Idle::Work => executor.run(&client, interrupts),
    }
    caller.recorder.measure_overhead();
    let statistics = client.statistics();
    [caller.recorder.differences(), statistics.sent, statistics.received, statistics.violations]
}

/// Calls until all samples are taken; each call has a number of its own, which its answer must fit.
async fn call_repeatedly<const WORDS: usize, N: Notify>(caller: &Caller<'_, '_, N>) {
    let recorder = &caller.recorder;
    while let Some(number) = recorder.next_call() {
        let words = request::<WORDS>(number);
        let differences = match caller.client.call(Message::new(REQUEST, words)).await {
            Ok(received) => difference(&received, words),
            Err(_) => u64::MAX,
        };
        if recorder.called(differences) {
            match recorder.step() {
                Step::Batch => {}
                Step::First => {
                    note_counters(caller, Counters::default(), Counters::default()).await;
                    recorder.begin();
                }
                Step::Last => {
                    let [client, server] = [CLIENT_COUNTERS, SERVER_COUNTERS]
                        .map(|place| Counters::load(&caller.shared[place..]));
                    note_counters(caller, client, server).await;
                }
            }
        }
    }
}

/// Puts down what both ends did so far, less `client` and `server`.
async fn note_counters<N: Notify>(caller: &Caller<'_, '_, N>, client: Counters, server: Counters) {
    let now = Counters::of(caller.client.statistics(), caller.idler);
    now.since(client).store(&caller.shared[CLIENT_COUNTERS..]);
    match caller.client.call(Message::new(STATISTICS, [])).await {
        Ok(told) if told.info() == tag::<{ Counters::WORDS }>(STATISTICS) => {
            let now = Counters::from_words(core::array::from_fn(|index| told.raw_words()[index]));
            now.since(server).store(&caller.shared[SERVER_COUNTERS..]);
        }
        _ => caller.recorder.differ(),
    }
}

/// The bits in which what was received differs from the answer to `asked`.
#[inline(always)]
fn difference<const WORDS: usize>(received: &Message, asked: [u64; WORDS]) -> u64 {
    let tag = received.info().0 ^ tag::<WORDS>(ANSWER).0;
    received
        .raw_words()
        .iter()
        .zip(answer(asked))
        .fold(tag, |difference, (word, expected)| difference | word ^ expected)
}
