//! The client: coroutines that call and check the answers, and samples of what a batch of calls costs.

use core::cell::Cell;
use core::pin::pin;
use core::sync::atomic::{AtomicU64, Ordering};

use rel4_markers::Stage;
use rel4_runtime::arch;
use rel4_runtime::channel::{Client, Message};
use rel4_runtime::executor::{Coroutines, Executor, ReadyQueue};
use rel4_runtime::interrupt::Notify;
use rel4_runtime::ipc::tag;
use rel4_runtime::process::{self, Start};

use super::settings::Settings;
use super::{CAPACITY, Channel, peer};
use crate::ipc_pingpong::messages::{ANSWER, REQUEST, answer, request};
use crate::ipc_pingpong::results::Results;

/// Runs the client, which finishes with the bits in which answers differed, its calls, its notifications, and how often it slept.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let settings = Settings::from_arguments(start.arguments);
    let channel = Channel::new(start.shared).expect("the root task shares enough");
    let recorder = Recorder::new(&settings, Results::new(&start.shared[Channel::WORDS..]));
    // The length is known at compile time, as in the synchronous client.
    process::finish(match settings.words {
        0 => run::<0>(&settings, channel, &recorder),
        1 => run::<1>(&settings, channel, &recorder),
        2 => run::<2>(&settings, channel, &recorder),
        3 => run::<3>(&settings, channel, &recorder),
        _ => run::<4>(&settings, channel, &recorder),
    })
}

fn run<const WORDS: usize>(settings: &Settings, channel: Channel<'_>, recorder: &Recorder<'_>) -> [u64; 4] {
    static READY: ReadyQueue = ReadyQueue::new();
    let client = Client::new(channel, peer::sender(settings.backend));
    if settings.warmup == 0 {
        recorder.begin_batch();
    }
    let coroutines = pin!(Coroutines::<_, CAPACITY>::new(|_| call_repeatedly::<WORDS, _>(&client, recorder)));
    let mut executor = Executor::<CAPACITY>::new(&READY);
    for (slot, task) in coroutines.tasks().enumerate().take(settings.concurrency as usize) {
        executor.spawn(slot, task).expect("the slot is free");
    }
    executor.run(&client, &peer::receiver(settings.backend));
    recorder.measure_overhead();
    let statistics = client.statistics();
    let differences = recorder.differences.get() | statistics.violations;
    [differences, statistics.sent, statistics.notifications, executor.statistics().sleeps]
}

/// Calls until all calls are made; each has a number of its own, which its answer must fit.
async fn call_repeatedly<const WORDS: usize, N: Notify>(
    client: &Client<'_, N, CAPACITY>,
    recorder: &Recorder<'_>,
) {
    while let Some(number) = recorder.next_call() {
        let words = request::<WORDS>(number);
        let differences = match client.call(Message::new(REQUEST, words)).await {
            Ok(received) => difference(&received, words),
            Err(_) => u64::MAX,
        };
        recorder.called(differences);
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

const ROUND_TRIP: u32 = Stage::RoundTrip.index();
const OVERHEAD: u32 = Stage::Overhead.index();

/// Numbers the calls, and takes a sample after every batch of them.
struct Recorder<'r> {
    results: Results<'r>,
    warmup: u64,
    batch: u64,
    end: u64,
    begun: Cell<u64>,
    complete: Cell<u64>,
    next_sample: Cell<usize>,
    left_of_batch: Cell<u64>,
    before: Cell<(u64, u64)>,
    differences: Cell<u64>,
}

impl<'r> Recorder<'r> {
    fn new(settings: &Settings, results: Results<'r>) -> Self {
        Self {
            results,
            warmup: settings.warmup,
            batch: settings.batch,
            end: settings.warmup + settings.rounds * settings.batch,
            begun: Cell::new(0),
            complete: Cell::new(0),
            next_sample: Cell::new(0),
            left_of_batch: Cell::new(settings.batch),
            before: Cell::new((0, 0)),
            differences: Cell::new(0),
        }
    }

    #[inline(always)]
    fn next_call(&self) -> Option<u64> {
        let number = self.begun.get();
        self.begun.set(number + 1);
        (number < self.end).then_some(number)
    }

    #[inline(always)]
    fn called(&self, differences: u64) {
        self.differences.set(self.differences.get() | differences);
        let complete = self.complete.get() + 1;
        self.complete.set(complete);
        if complete <= self.warmup {
            if complete == self.warmup {
                self.begin_batch();
            }
            return;
        }
        let left = self.left_of_batch.get() - 1;
        self.left_of_batch.set(left);
        if left == 0 {
            self.sample();
        }
    }

    #[inline(always)]
    fn begin_batch(&self) {
        self.before.set(now());
        rel4_markers::begin::<ROUND_TRIP>();
    }

    #[inline(never)]
    fn sample(&self) {
        rel4_markers::end::<ROUND_TRIP>();
        let (instructions, ticks) = now();
        let (instructions_before, ticks_before) = self.before.get();
        let index = self.next_sample.get();
        self.next_sample.set(index + 1);
        self.left_of_batch.set(self.batch);
        store(self.results.round_trip_instructions, index, instructions.wrapping_sub(instructions_before));
        store(self.results.round_trip_ticks, index, ticks.wrapping_sub(ticks_before));
        if index + 1 < self.results.round_trip_instructions.len() {
            self.begin_batch();
        }
    }

    /// What it costs to look at the counters, taken as a sample is.
    fn measure_overhead(&self) {
        for index in 0..self.results.overhead_instructions.len() {
            let before = now();
            rel4_markers::begin::<OVERHEAD>();
            rel4_markers::end::<OVERHEAD>();
            let after = now();
            store(self.results.overhead_instructions, index, after.0.wrapping_sub(before.0));
        }
    }
}

#[inline(always)]
fn now() -> (u64, u64) {
    let ticks = arch::time_ticks();
    (arch::instructions_retired(), ticks)
}

fn store(samples: &[AtomicU64], index: usize, value: u64) {
    if let Some(sample) = samples.get(index) {
        sample.store(value, Ordering::Relaxed);
    }
}
