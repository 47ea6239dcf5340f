//! The root task from `BootInfo` to the `end` record.

use rel4_abi::bootinfo::CHUNK_FDT;
use rel4_abi::{BootInfo, LabelSet};
use rel4_records::{Kind, RunId, Status};
use rel4_runtime::boot::Boot;
use rel4_runtime::cap::Frame;
use rel4_runtime::resources::{ResourceError, Resources};
use rel4_runtime::uart::Uart;
use rel4_runtime::{arch, labels};

use crate::bootargs::{self, Bootargs};
use crate::failure::Failure;
use crate::last_resort;
use crate::output::{self, Records};
use crate::parameters::Parameters;
use crate::platform::{AlarmClock, Device, MAX_VIRTIO, Platform};
use crate::workload::{self, Workload};

/// In records of boots that were given no usable run id.
const UNKNOWN_RUN: &str = "unknown";

/// What a workload works with.
pub struct Root {
    /// What the kernel told.
    pub info: &'static BootInfo,
    /// Where objects come from.
    pub resources: Resources,
    /// Where results go.
    pub records: Records,
    /// Frequency of the `time` counter, in hertz, if it is known.
    pub timebase_hz: Option<usize>,
    /// A real-time clock with an alarm, if there is one.
    pub alarm_clock: Option<AlarmClock>,
    /// Places for virtio devices.
    pub virtio: [Option<Device>; MAX_VIRTIO],
}

impl Root {
    /// Writes the `begin` record, with the parameters as they were given, and notes what ticks are worth.
    ///
    /// # Errors
    ///
    /// [`Failure::Record`].
    pub fn begin(&mut self, workload: &str, parameters: &Parameters<'_>) -> Result<(), Failure> {
        let abi = match labels::selected() {
            LabelSet::SingleCore => "sel4-up",
            LabelSet::Smp => "sel4-smp",
        };
        let record = self.records.record(Kind::Begin).field("workload", workload).field("abi", abi);
        parameters.pairs().fold(record, |record, (key, value)| record.field(key, value)).finish()?;
        if let Some(hertz) = self.timebase_hz {
            self.records.record(Kind::Note).field("timebase_hz", hertz).finish()?;
        }
        Ok(())
    }
}

/// Runs the workload that the boot arguments ask for, one of `workloads`, and stops.
pub fn run(boot: Boot, workloads: &[Workload]) -> ! {
    // Without a serial port nothing can be said; a fault at least is seen by a debug kernel.
    let Some(platform) = boot.chunk(CHUNK_FDT).and_then(Platform::from_fdt) else { arch::fault() };
    let mut resources = Resources::from_boot_info(boot.info());
    let Ok(uart) = Uart::map(&mut resources, platform.uart_paddr) else { arch::fault() };

    let run_id = bootargs::run_id(platform.bootargs).or_else(|| RunId::new(UNKNOWN_RUN));
    let Some(run_id) = run_id else { arch::fault() };
    last_resort::remember(&run_id);
    let mut root = Root {
        info: boot.info(),
        resources,
        records: output::open(uart, run_id),
        timebase_hz: platform.timebase_hz,
        alarm_clock: platform.alarm_clock,
        virtio: platform.virtio,
    };

    let status = match dispatch(&mut root, platform.bootargs, workloads) {
        Ok(()) => Status::Ok,
        Err(failure) => {
            // A refused `fail` record leaves the status, which says enough.
            let _ = failure.write(&mut root.records);
            Status::Failed
        }
    };
    // Before the record at which the harness turns the machine off.
    rel4_markers::exit();
    // The `end` record is always legal.
    let _ = root.records.end(status);
    stop()
}

fn dispatch(root: &mut Root, text: &str, workloads: &[Workload]) -> Result<(), Failure> {
    guard_stack(root.info)?;
    let bootargs = Bootargs::parse(text)?;
    let workload = workload::find(workloads, bootargs.workload)?;
    (workload.run)(root, &bootargs.parameters)
}

/// Unmaps the page below the stack, so that an overflow faults.
fn guard_stack(info: &BootInfo) -> Result<(), ResourceError> {
    let image = arch::image_layout();
    let guard = info.user_image_frames.slot(image.page_index(image.stack_guard));
    Ok(Frame(guard.ok_or(ResourceError::OutOfSlots)?).unmap()?)
}

/// Ends the root task without a fault.
pub(crate) fn stop() -> ! {
    // It fails only if the capability is gone; then a fault stops the thread as well.
    let _ = Resources::TCB.suspend();
    arch::fault()
}
