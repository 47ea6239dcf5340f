//! Running one test.

use core::panic::Location;

use rel4_abi::{BootInfo, SlotRegion};
use rel4_records::Kind as RecordKind;
use rel4_runtime::arch;
use rel4_runtime::cap::Endpoint;
use rel4_runtime::resources::{ResourceError, Resources};
use rel4_runtime::untyped::UntypedPool;
use rel4_workloads::failure::Failure;
use rel4_workloads::output::Records;

use super::console::{self, line};
use super::memory::{self, Pool};
use super::probe;
use super::process::ProcessBuilder;
use super::timer::Timer;
use crate::env::Env;
use crate::machine::Machine;
use crate::message;
use crate::report::{self, COMPLAINT, MEASURED, RESULT, Verdict};
use crate::schedule;
use crate::test::Kind;
use crate::tests::TESTS;

/// Where bootstrap tests map what they need, from here on upwards: far above what the driver maps for itself.
const WINDOW: u64 = 0x10_0000_0000;

/// Runs tests.
pub(super) struct Runner {
    /// What tests run on.
    pub(super) machine: Machine,
    processes: ProcessBuilder,
    pool: Pool,
    /// Slots for bootstrap tests.
    slots: SlotRegion,
}

impl Runner {
    /// Takes everything that is left in `resources`, and finds out what tests run on.
    ///
    /// # Errors
    ///
    /// Those of making objects.
    pub(super) fn new(
        mut resources: Resources,
        info: &BootInfo,
        supervisor: Endpoint,
        timer: Option<Timer>,
    ) -> Result<Self, ResourceError> {
        let image_frames = info.user_image_frames;
        let processes = ProcessBuilder::new(&mut resources, image_frames, supervisor, timer)?;
        let pool = Pool::take_from(&mut resources);
        let machine = Machine {
            debug_kernel: false,
            benchmark_kernel: false,
            domains: 1,
            num_nodes: info.num_nodes,
            timer: timer.is_some(),
        };
        let mut runner = Self { machine, processes, pool, slots: resources.take_all_slots() };
        let found = runner.here(|env| {
            let domains = probe::domains(env)?;
            let debug_kernel = probe::has_debug_calls(env, supervisor)?;
            let benchmark_kernel = probe::has_benchmark_calls(env, supervisor)?;
            Ok::<_, ResourceError>(Machine { debug_kernel, benchmark_kernel, domains, ..machine })
        })?;
        runner.machine = found?;
        Ok(runner)
    }

    /// Runs test `index` of all as number `number` of the suite, and notes what it cost; whether it passed.
    ///
    /// # Errors
    ///
    /// The driver cannot go on.
    pub(super) fn run(
        &self,
        number: u64,
        index: usize,
        round: u64,
        records: &mut Records,
    ) -> Result<bool, Failure> {
        let test = TESTS[index];
        let before = console::complaints();
        line!("Starting test {number}: {}", test.name);
        let (cost, measured) = match test.kind {
            Kind::Bootstrap => self.here(|env| {
                let start = arch::instructions_retired();
                // What it has to say it has printed.
                let _ = (test.run)(env);
                (arch::instructions_retired() - start, None)
            })?,
            Kind::Basic => self.in_process(index)?,
        };
        if self.machine.domains > 1 {
            schedule::set(schedule::INITIAL)?;
        }
        let passed = console::complaints() == before;
        if test.kind == Kind::Basic || !passed {
            line!("Test {} {}", test.name, if passed { "passed" } else { "failed" });
        }
        let sample = records.record(RecordKind::Samples).field("metric", test.name);
        sample.field("unit", "instructions").field("first", round).field("v", cost).finish()?;
        if let Some(measured) = measured {
            let sample =
                records.record(RecordKind::Samples).field("metric", format_args!("{}.delay", test.name));
            sample.field("unit", "instructions").field("first", round).field("v", measured).finish()?;
        }
        Ok(passed)
    }

    /// Does `work` with an environment in the driver, and takes everything back.
    fn here<T>(&self, work: impl FnOnce(&mut Env) -> T) -> Result<T, ResourceError> {
        let resources = Resources::new(UntypedPool::of_ram(self.pool.untypeds()), self.slots, WINDOW);
        let ProcessBuilder { supervisor, image_frames, .. } = self.processes;
        let mut env = Env::new(resources, self.machine, supervisor, image_frames);
        let result = work(&mut env);
        self.pool.take_back()?;
        let used = SlotRegion { start: self.slots.start, end: env.resources.take_all_slots().start };
        memory::empty(used)?;
        Ok(result)
    }

    /// Runs test `index` in a process of its own, and destroys that; what it cost, in instructions, and what it measured.
    fn in_process(&self, index: usize) -> Result<(u64, Option<u64>), ResourceError> {
        let thread = self.processes.build(index, self.machine, &self.pool)?;
        let test = TESTS[index];
        line!("Running test {} ({})", test.name, test.about);
        let start = arch::instructions_retired();
        thread.resume()?;
        let measured = follow(self.processes.supervisor);
        let cost = arch::instructions_retired() - start;
        thread.suspend()?;
        self.pool.take_back()?;
        self.processes.arena.clear()?;
        Ok((cost, measured))
    }
}

/// Prints what the test process has to complain about until it ends, and notes what it has measured. A fault, of a helper too, is a
/// complaint and the end.
fn follow(supervisor: Endpoint) -> Option<u64> {
    let mut measured = None;
    let mut message = supervisor.recv();
    loop {
        match message.info.label() {
            COMPLAINT => console::complaint(&report::complaint_in(&message)),
            MEASURED => measured = Some(message.words[0]),
            _ => break,
        }
        message = supervisor.reply_recv(0, []);
    }
    let here = Location::caller();
    match message.info.label() {
        RESULT if message.words[0] == Verdict::Finished as u64 => {}
        // Why has been printed.
        RESULT if message.words[0] == Verdict::GaveUp as u64 => {}
        RESULT => line!("Halting on fatal assertion..."),
        label => match message::fault(&message) {
            Some(fault) => {
                report::give_up(format_args!("the test faulted: {fault:x?}"), here);
            }
            None => {
                report::give_up(format_args!("the test sent a message with label {label}"), here);
            }
        },
    }
    measured
}
