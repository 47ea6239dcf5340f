//! The parameters of the workload.

use rel4_runtime::attention::Pause;

use crate::failure::Failure;
use crate::load::{TURNS, WORK};
use crate::pair::{BACKENDS, Backend, CAPACITY, IDLE, Idle, NOTIFY, NotifyWhen, QUEUES, QueueKind};
use crate::parameters::Parameters;

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Samples.
    pub(super) rounds: u64,
    /// Calls per sample.
    pub(super) batch: u64,
    /// Calls before the first sample.
    pub(super) warmup: u64,
    /// Words in each message.
    pub(super) words: u64,
    /// Turns that the server computes for each request.
    pub(super) work: u64,
    /// Coroutines that call.
    pub(super) concurrency: u64,
    /// The hart that the server runs on; the client runs on hart 0.
    pub(super) server_hart: u64,
    /// What wakes a peer that sleeps.
    pub(super) backend: Backend,
    /// What both do when they have nothing to do.
    pub(super) idle: Idle,
    /// When they notify each other.
    pub(super) notify: NotifyWhen,
    /// What holds their coroutines that are ready.
    pub(super) queue: QueueKind,
}

const ROUNDS: &str = "rounds";
const BATCH: &str = "batch";
const WARMUP: &str = "warmup";
const WORDS: &str = "words";
const CONCURRENCY: &str = "concurrency";
const SERVER_HART: &str = "server_hart";
const BACKEND: &str = "backend";
const IDLE_KEY: &str = "idle";
const NOTIFY_KEY: &str = "notify";
const QUEUE: &str = "queue";

impl Settings {
    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self, Failure> {
        parameters.only(&[
            ROUNDS,
            BATCH,
            WARMUP,
            WORDS,
            WORK,
            CONCURRENCY,
            SERVER_HART,
            BACKEND,
            IDLE_KEY,
            NOTIFY_KEY,
            QUEUE,
        ])?;
        let settings = Self {
            rounds: parameters.integer(ROUNDS, 1..=100_000)?,
            batch: parameters.integer(BATCH, 1..=100_000)?,
            warmup: parameters.integer(WARMUP, 1..=1_000_000)?,
            words: parameters.integer(WORDS, 0..=4)?,
            work: parameters.integer(WORK, TURNS)?,
            concurrency: parameters.integer(CONCURRENCY, 1..=CAPACITY as u64)?,
            server_hart: parameters.integer(SERVER_HART, 0..=3)?,
            backend: parameters.choice(BACKEND, BACKENDS)?,
            idle: parameters.choice(IDLE_KEY, IDLE)?,
            notify: parameters.choice(NOTIFY_KEY, NOTIFY)?,
            queue: parameters.choice(QUEUE, QUEUES)?,
        };
        // A queue in an interrupt file needs the file, and claims what a handler would take away.
        let has_file = settings.backend == Backend::UserInterrupts && settings.idle != Idle::Work;
        if settings.queue == QueueKind::Hardware && !has_file {
            return Err(Failure::BadChoice { key: QUEUE });
        }
        Ok(settings)
    }

    /// What lets the other one go on while one looks.
    pub(super) const fn pause(&self) -> Pause {
        // The client is on hart 0.
        if self.server_hart == 0 { Pause::Yield } else { Pause::Spin }
    }

    /// What the processes need of the settings, as arguments.
    pub(super) fn arguments(&self) -> [u64; 4] {
        let bytes = [
            self.words,
            self.concurrency,
            self.backend.word(),
            self.idle.word(),
            self.notify.word(),
            self.queue.word(),
            self.server_hart,
        ];
        let packed = bytes.iter().rev().fold(0, |packed, byte| packed << 8 | byte);
        [self.batch, self.warmup, packed, self.rounds | self.work << 32]
    }

    /// Reads [`Settings::arguments`] back.
    pub(super) fn from_arguments([batch, warmup, packed, counts]: [u64; 4]) -> Self {
        let byte = |index: u64| packed >> (8 * index) & 0xff;
        Self {
            rounds: counts & u64::from(u32::MAX),
            work: counts >> 32,
            batch,
            warmup,
            words: byte(0),
            concurrency: byte(1),
            server_hart: byte(6),
            backend: Backend::from_word(byte(2)),
            idle: Idle::from_word(byte(3)),
            notify: NotifyWhen::from_word(byte(4)),
            queue: QueueKind::from_word(byte(5)),
        }
    }
}
