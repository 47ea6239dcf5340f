//! The driver: the root task, which runs the tests one after the other and prints what the driver of seL4's own suite
//! prints, line by line. Records of the run, with the cost of each test, stand in between.

pub mod console;
mod memory;
mod options;
mod order;
mod probe;
mod process;
mod runner;
mod timer;

use rel4_abi::bootinfo::CHUNK_FDT;
use rel4_abi::{BootInfo, ObjectType};
use rel4_records::{Kind, RunId, Status};
use rel4_runtime::arch;
use rel4_runtime::boot::Boot;
use rel4_runtime::cap::{Endpoint, Frame};
use rel4_runtime::resources::{ResourceError, Resources};
use rel4_runtime::uart::Uart;
use rel4_workloads::failure::Failure;
use rel4_workloads::output::{self, Records};
use rel4_workloads::platform::Platform;
use rel4_workloads::{bootargs, last_resort};

use crate::cspace;
use crate::machine::Machine;
use crate::test::Test;
use crate::tests::TESTS;
use console::line;
use options::Options;
use order::Order;
use runner::Runner;
use timer::Timer;

/// In records of boots that were given no run id.
const UNKNOWN_RUN: &str = "unknown";

/// Runs the suite, and stops.
pub fn run(boot: Boot) -> ! {
    // Without a serial port nothing can be said; a fault at least is seen by a debug kernel.
    let Some(platform) = boot.chunk(CHUNK_FDT).and_then(Platform::from_fdt) else { arch::fault() };
    let mut resources = Resources::from_boot_info(boot.info());
    let Ok(uart) = Uart::map(&mut resources, platform.uart_paddr) else { arch::fault() };
    let run_id = bootargs::run_id(platform.bootargs).or_else(|| RunId::new(UNKNOWN_RUN));
    let Some(run_id) = run_id else { arch::fault() };
    last_resort::remember(&run_id);
    let mut records = output::open(uart, run_id);

    let status = match suite(&mut records, boot.info(), resources, &platform) {
        Ok(true) => Status::Ok,
        Ok(false) => Status::Failed,
        Err(failure) => {
            // A refused `fail` record leaves the status, which says enough.
            let _ = failure.write(&mut records);
            Status::Failed
        }
    };
    // Before the record at which the harness turns the machine off.
    rel4_markers::exit();
    // The `end` record is always legal.
    let _ = records.end(status);
    stop()
}

/// Runs what the boot arguments ask for; whether all of it passed.
fn suite(
    records: &mut Records,
    info: &'static BootInfo,
    mut resources: Resources,
    platform: &Platform<'_>,
) -> Result<bool, Failure> {
    guard_stack(info)?;
    let options = Options::parse(platform.bootargs)?;
    let supervisor = Endpoint(resources.make(ObjectType::Endpoint, 0)?);
    let timer = platform.alarm_clock.map(|clock| Timer::take(&mut resources, clock)).transpose()?;
    let runner = Runner::new(resources, info, supervisor, timer)?;
    options.begin(records, &runner.machine)?;

    line!("");
    line!("seL4 Test");
    line!("=========");
    line!("");
    line!("Starting test suite sel4test");
    let can_run = |test: &Test| test.missing(&runner.machine).is_none();
    let order = Order::new(TESTS, |test| options.selects(test.name) && can_run(test));
    let disabled = note_disabled(records, &options, &runner.machine)?;
    line!("Starting test 0: Test that there are tests");
    let mut passed = u64::from(order.numbers().len() > 0);
    let mut number = 0;
    for round in 0..options.rounds {
        for test in order.of_round(options.seed, round).numbers() {
            number += 1;
            passed += u64::from(runner.run(number, test, round, records)?);
        }
    }
    // As in seL4's driver, this number is not the one that comes next.
    line!("Starting test {}: Test all tests ran", number + 2);
    passed += 1;
    let ran = number + 2;
    if passed == ran {
        line!("Test suite passed. {passed} tests passed. {disabled} tests disabled.");
        line!("All is well in the universe");
    } else {
        line!("Test suite failed. {passed}/{ran} tests passed.");
        line!("*** FAILURES DETECTED ***");
    }
    line!("");
    line!("");
    Ok(passed == ran)
}

/// Notes which tests are asked for but cannot be run, and why; how many those are.
fn note_disabled(records: &mut Records, options: &Options<'_>, machine: &Machine) -> Result<usize, Failure> {
    let mut count = 0;
    for test in TESTS.iter().filter(|test| options.selects(test.name)) {
        if let Some(need) = test.missing(machine) {
            records.record(Kind::Note).field("test", test.name).field("disabled", need.name()).finish()?;
            count += 1;
        }
    }
    Ok(count)
}

/// Unmaps the page below the stack, so that an overflow faults.
fn guard_stack(info: &BootInfo) -> Result<(), ResourceError> {
    let image = arch::image_layout();
    let guard = info.user_image_frames.slot(image.page_index(image.stack_guard));
    Ok(Frame(guard.ok_or(ResourceError::OutOfSlots)?).unmap()?)
}

/// Ends the driver without a fault.
fn stop() -> ! {
    // It fails only if the capability is gone; then a fault stops the thread as well.
    let _ = cspace::TCB.suspend();
    arch::fault()
}
