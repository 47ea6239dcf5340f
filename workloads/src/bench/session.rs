//! Runs series of measurements and writes their records.

use rel4_abi::sched::MAX_PRIORITY;
use rel4_abi::{CPtr, Syscall};
use rel4_records::Kind;
use rel4_runtime::buffer;
use rel4_runtime::shared::SharedMemory;

use super::cast::{Actor, Cast, Float, Role};
use super::counter::{self, Counter};
use super::series::{Effort, Listed, NONE, Overhead};
use super::settings::{MAX_ROUNDS, MAX_WARMUP, Settings};
use super::tape::Tape;
use super::window::{Nop, NopThenFloat, Passage, Request, Window, stretch};
use crate::failure::{self, Failure};
use crate::root::Root;

/// Priority of the threads of a play that is to run first, or of both. The root task is above and only waits.
pub(super) const HIGH: u64 = MAX_PRIORITY - 1;
/// Priority of the other one.
pub(super) const LOW: u64 = HIGH - 1;
/// Priority of a third one.
pub(super) const LOWEST: u64 = LOW - 1;

/// The most windows in a cycle of the root task's own.
const MAX_WINDOWS: usize = 4;

/// A series that threads play.
pub(super) struct Play<'a> {
    /// One operation for each window of the cycle.
    pub(super) operations: &'a [&'a str],
    /// What is to be taken off.
    pub(super) overhead: Overhead,
    /// Who does what. The first one begins, all others wait for it.
    pub(super) roles: &'a [Role],
}

/// The root task as the groups see it.
pub(super) struct Session<'r> {
    /// Where objects come from.
    pub(super) root: &'r mut Root,
    /// How the counter is read.
    pub(super) counter: Counter,
    /// How often things are done.
    pub(super) effort: Effort,
    /// The threads.
    pub(super) cast: Cast,
    /// Samples of a cycle's windows, one window after the other.
    samples: &'static mut [u64],
}

impl<'r> Session<'r> {
    /// Makes everything that measuring needs, and finds out whether the counter can be read.
    pub(super) fn new(root: &'r mut Root, settings: &Settings) -> Result<Self, Failure> {
        let longest = Effort { warmup: MAX_WARMUP, rounds: MAX_ROUNDS, cooldown: 0 }.of_a_play();
        let shared = SharedMemory::new(&mut root.resources, Tape::words(longest.cycles()))?;
        let cast = Cast::new(root, shared)?;
        let samples = buffer::words(&mut root.resources, MAX_WINDOWS * settings.rounds as usize)?;
        let probe = Role {
            actor: Actor::Near,
            main: counter::probe,
            arguments: [0; 4],
            priority: HIGH,
            hart: 0,
            float: Float::Disabled,
        };
        let (_, report) = cast.perform(root.info, &[probe])?;
        let counter = Counter::from_probe(report)?;
        let effort = Effort { warmup: settings.warmup, rounds: settings.rounds, cooldown: 0 };
        Ok(Self { root, counter, effort, cast, samples })
    }

    /// Measures what measuring costs.
    pub(super) fn measure_overheads(&mut self) -> Result<(), Failure> {
        let nothing = Request::new(Syscall::Reply, CPtr::NULL);
        let mut overhead = |of: Overhead, window: fn(Counter, Request) -> Window| {
            self.alone([of.metric()], Overhead::None, self.effort, |session| {
                Ok([window(session.counter, nothing)])
            })
        };
        overhead(Overhead::Instruction, |counter, request| Nop::around(counter, request).1)?;
        overhead(Overhead::InstructionThenFloat, |counter, request| {
            NopThenFloat::around(counter, request).1
        })?;
        overhead(Overhead::Empty, |counter, _| stretch(counter, || ()).1)
    }

    /// Measures a cycle of the root task's own; `cycle` gives its windows in the order in which they were opened.
    pub(super) fn alone<const WINDOWS: usize>(
        &mut self,
        operations: [&str; WINDOWS],
        overhead: Overhead,
        effort: Effort,
        mut cycle: impl FnMut(&mut Self) -> Result<[Window; WINDOWS], Failure>,
    ) -> Result<(), Failure> {
        const { assert!(WINDOWS <= MAX_WINDOWS) };
        self.samples.fill(0);
        for _ in 0..effort.warmup {
            cycle(self)?;
        }
        for round in 0..effort.rounds as usize {
            let windows = cycle(self)?;
            for (index, window) in windows.into_iter().enumerate() {
                self.samples[index * effort.rounds as usize + round] = window.length();
            }
        }
        self.write(&operations, overhead, effort)
    }

    /// Measures what threads play.
    pub(super) fn play(&mut self, play: &Play<'_>) -> Result<(), Failure> {
        let effort = self.effort.of_a_play();
        let tape = Tape::new(self.cast.shared().words());
        tape.rewind(self.counter, effort.cycles());
        let (process, report) = self.cast.perform(self.root.info, play.roles)?;
        let [differences, ..] = failure::unless_finished(process, report)?;
        if differences != 0 {
            return Err(Failure::WrongAnswer { differences });
        }
        for window in 0..play.operations.len() {
            for round in 0..effort.rounds {
                self.samples[(window as u64 * effort.rounds + round) as usize] =
                    tape.length(window, effort.warmup + round);
            }
        }
        self.write(play.operations, play.overhead, effort)
    }

    fn write(&mut self, operations: &[&str], overhead: Overhead, effort: Effort) -> Result<(), Failure> {
        let note = self.root.records.record(Kind::Note).field("operations", Listed(operations));
        let note = note.field("overhead", overhead.metric());
        let note = note.field("warmup", effort.warmup).field("rounds", effort.rounds);
        note.field("cooldown", effort.cooldown).finish()?;
        if self.counter.is_readable() {
            let samples = self.samples.chunks(effort.rounds as usize);
            for (&operation, samples) in operations.iter().zip(samples).filter(|&(&name, _)| name != NONE) {
                self.root.records.samples(operation, "instructions", samples)?;
            }
        }
        Ok(())
    }
}
