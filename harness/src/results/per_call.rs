//! What a call costs on all harts and both sides together: one value a run, over all measured calls.

use rel4_costmodel::counters::{Counter, Counters};
use rel4_costmodel::options::Detail;
use rel4_costmodel::report::Report;
use rel4_markers::Stage;

use super::measurement::{MeasurementError, Series};
use super::raw::RawRun;

/// A sum of counters: metric, unit, and what is added up.
type Sum = (&'static str, &'static str, &'static [Counter]);

const INSTRUCTIONS: [Sum; 3] = [
    ("per_call_instructions", "instructions", &[Counter::UserInstructions, Counter::KernelInstructions]),
    ("per_call_user_instructions", "instructions", &[Counter::UserInstructions]),
    ("per_call_kernel_instructions", "instructions", &[Counter::KernelInstructions]),
];

/// Busy cycles: of all harts, so more than the time that a call takes where several work at once.
const CYCLES: [Sum; 3] = [
    ("per_call_busy_cycles", "cycles", &[Counter::UserCycles, Counter::KernelCycles]),
    ("per_call_user_cycles", "cycles", &[Counter::UserCycles]),
    ("per_call_kernel_cycles", "cycles", &[Counter::KernelCycles]),
];

/// Why the kernel was entered. Ticks of its timer come by themselves, so they are none of the call's.
const ENTRIES: [Sum; 7] = [
    (
        "per_call_kernel_entries",
        "traps",
        &[
            Counter::SystemCalls,
            Counter::Breakpoints,
            Counter::MemoryFaults,
            Counter::HartInterrupts,
            Counter::DeviceInterrupts,
            Counter::FileInterrupts,
            Counter::OtherTraps,
        ],
    ),
    ("per_call_system_calls", "traps", &[Counter::SystemCalls]),
    ("per_call_hart_interrupts", "traps", &[Counter::HartInterrupts]),
    ("per_call_file_interrupts", "traps", &[Counter::FileInterrupts]),
    ("per_call_timer_interrupts", "traps", &[Counter::TimerInterrupts]),
    (
        "per_call_other_traps",
        "traps",
        &[Counter::Breakpoints, Counter::MemoryFaults, Counter::DeviceInterrupts, Counter::OtherTraps],
    ),
    ("per_call_user_interrupts", "events", &[Counter::UserInterrupts]),
];

/// What the harts did in the measured part of the run, divided by its `calls`.
pub(super) fn of_harts(report: &Report, calls: u64) -> Vec<Series> {
    let window = report.windows.iter().find(|window| window.stage == Stage::RoundTrip.index());
    let cycles = if report.detail == Detail::Schedule { &[][..] } else { &CYCLES };
    let sums = INSTRUCTIONS.iter().chain(cycles).chain(&ENTRIES);
    let total = |counters: &[Counter], harts: &[Counters]| -> u64 {
        harts.iter().map(|hart| counters.iter().map(|&counter| hart.get(counter)).sum::<u64>()).sum()
    };
    let series = |(metric, unit, counters): &Sum, harts: &[Counters]| Series {
        metric: (*metric).to_owned(),
        unit: (*unit).to_owned(),
        values: vec![total(counters, harts) as f64 / calls as f64],
    };
    window.map(|window| sums.map(|sum| series(sum, &window.harts)).collect()).unwrap_or_default()
}

/// What the two ends of a channel noted, per message that they sent, added up.
pub(super) fn of_channel(run: &RawRun<'_>) -> Result<Vec<Series>, MeasurementError> {
    let (client, server) = (End::noted(run, CLIENT)?, End::noted(run, SERVER)?);
    let both = |number: fn(&End) -> u64| {
        [&client, &server].map(|end| number(end) as f64 / end.sent as f64).iter().sum::<f64>()
    };
    let series = |metric: &str, unit: &str, value| Series {
        metric: metric.to_owned(),
        unit: unit.to_owned(),
        values: vec![value],
    };
    Ok(vec![
        series("per_call_notifications", "notifications", both(|end| end.notifications)),
        series("per_call_notifications_to_server", "notifications", client.notifications_per_message()),
        series("per_call_notifications_to_client", "notifications", server.notifications_per_message()),
        series("per_call_notifications_suppressed", "notifications", both(End::suppressed)),
        series("per_call_waits", "waits", both(|end| end.waits)),
    ])
}

/// What an end of a channel did.
struct End {
    sent: u64,
    notifications: u64,
    waits: u64,
}

/// Names of an end's numbers, in the order of [`End`]'s fields.
type Names = [&'static str; 3];
const CLIENT: Names = ["client_sent", "client_notifications", "client_waits"];
const SERVER: Names = ["server_sent", "server_notifications", "server_waits"];

impl End {
    fn noted(run: &RawRun<'_>, names: Names) -> Result<Self, MeasurementError> {
        let noted = |name| run.noted(name).ok_or(MeasurementError::MissingNote(name));
        let [sent, notifications, waits] = names;
        let end = Self { sent: noted(sent)?, notifications: noted(notifications)?, waits: noted(waits)? };
        if end.sent == 0 { Err(MeasurementError::MissingNote(sent)) } else { Ok(end) }
    }

    /// Notifications that it sent.
    fn notifications_per_message(&self) -> f64 {
        self.notifications as f64 / self.sent as f64
    }

    /// Messages that needed no notification.
    const fn suppressed(&self) -> u64 {
        self.sent.saturating_sub(self.notifications)
    }
}
