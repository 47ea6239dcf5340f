//! From a report to samples.

use rel4_costmodel::counters::{Counter, Counters};
use rel4_costmodel::options::Detail;
use rel4_costmodel::report::{Figures, Report, TrapStages};
use rel4_markers::Stage;

use super::stages::{MarkerError, stages};
use crate::results::Series;

/// One number of a stage.
type Figure = (&'static str, &'static str, fn(u64, &Figures) -> u64);

/// The numbers of a round trip: metric, unit, and how it comes from cycles and figures. The four stages add up to
/// `cycles`, but for the time that the hart slept.
const ROUND_TRIP: [Figure; 11] = [
    ("cycles", "cycles", |cycles, _| cycles),
    ("cycles_user", "cycles", |_, f| f.user.cycles),
    ("cycles_trap_entry", "cycles", |_, f| f.trap_entry.cycles),
    ("cycles_kernel", "cycles", |_, f| f.kernel.cycles - f.trap_entry.cycles - f.trap_return.cycles),
    ("cycles_return", "cycles", |_, f| f.trap_return.cycles),
    ("instructions", "instructions", |_, f| f.user.instructions + f.kernel.instructions),
    ("instructions_user", "instructions", |_, f| f.user.instructions),
    ("instructions_trap_entry", "instructions", |_, f| f.trap_entry.instructions),
    ("instructions_kernel", "instructions", |_, f| {
        f.kernel.instructions - f.trap_entry.instructions - f.trap_return.instructions
    }),
    ("instructions_return", "instructions", |_, f| f.trap_return.instructions),
    ("traps", "traps", |_, f| f.traps),
];

/// Whether `metric` means something in `report`.
fn is_known(report: &Report, metric: &str, unit: &str) -> bool {
    let has_time = report.detail != Detail::Schedule || unit != "cycles";
    let is_stage = metric.ends_with("_trap_entry") || metric.ends_with("_return");
    has_time && (report.stages == TrapStages::Apart || !is_stage)
}

/// The samples of the round trips in `report`, each of a batch of `batch`.
///
/// # Errors
///
/// The markers make no sense.
pub fn round_trips(report: &Report, batch: u64) -> Result<Vec<Series>, MarkerError> {
    let runs: Vec<_> = stages(report)?.into_iter().filter(|run| run.stage == Stage::RoundTrip).collect();
    let known = ROUND_TRIP.iter().filter(|(metric, unit, _)| is_known(report, metric, unit));
    let series = known.map(|(metric, unit, figure)| {
        let values = runs.iter().map(|run| figure(run.cycles, &run.figures) as f64 / batch as f64).collect();
        Series { metric: (*metric).to_owned(), unit: (*unit).to_owned(), values }
    });
    Ok(series.collect())
}

/// What the names of counters over the whole run begin with.
const WHOLE_RUN: &str = "run";
/// What the names of counters over the measured part of the run begin with.
const MEASURED_PART: &str = "measured";

/// Whether `metric` is one of [`counters`].
#[must_use]
pub fn is_counter(metric: &str) -> bool {
    [WHOLE_RUN, MEASURED_PART].iter().any(|part| metric.starts_with(&format!("{part}_hart")))
}

/// The counters of every hart, each one value: over the whole run, from the kernel's first instruction to the exit marker; and
/// over its measured part, from the first round trip's begin to the last one's end.
#[must_use]
pub fn counters(report: &Report) -> Vec<Series> {
    let measured = report.windows.iter().find(|window| window.stage == Stage::RoundTrip.index());
    let mut all = of_harts(report, WHOLE_RUN, &report.harts);
    all.extend(measured.into_iter().flat_map(|window| of_harts(report, MEASURED_PART, &window.harts)));
    all
}

fn of_harts(report: &Report, part: &str, harts: &[Counters]) -> Vec<Series> {
    let series = |hart: usize, counters: &Counters, counter: Counter| Series {
        metric: format!("{part}_hart{hart}_{}", counter.name()),
        unit: counter.unit().to_owned(),
        values: vec![counters.get(counter) as f64],
    };
    let of_hart = |(hart, counters)| {
        let looked_at = Counter::ALL.iter().filter(|counter| is_looked_at(report, **counter));
        looked_at.map(|&counter| series(hart, counters, counter)).collect::<Vec<_>>()
    };
    harts.iter().enumerate().flat_map(of_hart).collect()
}

/// Whether the plugin looked closely enough to count this.
fn is_looked_at(report: &Report, counter: Counter) -> bool {
    let needs_memory = matches!(counter.unit(), "misses" | "accesses") || counter == Counter::Transfers;
    let is_stage = matches!(
        counter,
        Counter::TrapEntryInstructions
            | Counter::TrapReturnInstructions
            | Counter::TrapEntryCycles
            | Counter::TrapReturnCycles
    );
    let has_memory = report.detail != Detail::Schedule;
    (has_memory || !needs_memory && counter.unit() != "cycles")
        && (report.stages == TrapStages::Apart || !is_stage)
}

#[cfg(test)]
mod tests {
    use rel4_costmodel::options::Order;
    use rel4_costmodel::report::{End, Figure, MarkerRow};
    use rel4_costmodel::window::Window;
    use rel4_markers::{Marker, Role};

    use super::*;

    fn report() -> Report {
        let figure = |cycles, instructions| Figure { cycles, instructions };
        let figures = Figures {
            user: figure(100, 50),
            kernel: figure(300, 200),
            trap_entry: figure(60, 40),
            trap_return: figure(40, 30),
            traps: 2,
        };
        let row = |role, clock, figures| MarkerRow {
            hart: 0,
            marker: Marker::new(role, Stage::RoundTrip.index()),
            clock,
            figures,
        };
        Report {
            end: End::Exit,
            preset: "unit".to_owned(),
            detail: Detail::Blocks,
            order: Order::Instructions,
            lead: 50,
            stages: TrapStages::Apart,
            harts: vec![Counters::default(), Counters::default()],
            windows: Vec::new(),
            markers: vec![row(Role::Begin, 0, Figures::default()), row(Role::End, 400, figures)],
        }
    }

    #[test]
    fn the_stages_of_a_round_trip_add_up() {
        let series = round_trips(&report(), 2).expect("sound");
        let value =
            |metric: &str| series.iter().find(|series| series.metric == metric).expect("there").values[0];
        assert_eq!(value("cycles"), 200.0);
        let parts = ["cycles_user", "cycles_trap_entry", "cycles_kernel", "cycles_return"].map(value);
        assert_eq!(parts, [50.0, 30.0, 100.0, 20.0]);
        let parts =
            ["instructions_user", "instructions_trap_entry", "instructions_kernel", "instructions_return"]
                .map(value);
        assert_eq!(parts.iter().sum::<f64>(), value("instructions"));
        assert_eq!(value("traps"), 1.0);
    }

    #[test]
    fn every_counter_of_every_hart_is_a_metric_of_its_own() {
        let series = counters(&report());
        assert_eq!(series.len(), 2 * Counter::ALL.len());
        assert!(
            series.iter().any(|series| series.metric == "run_hart1_idle_cycles" && series.unit == "cycles")
        );
        assert!(series.iter().all(|series| is_counter(&series.metric)));
    }

    #[test]
    fn the_measured_part_is_the_window_of_the_round_trips() {
        let mut counters = Counters::default();
        counters.set(Counter::SystemCalls, 7);
        let window = |stage: Stage, counters| Window { stage: stage.index(), harts: vec![counters] };
        let windows = vec![window(Stage::Overhead, Counters::default()), window(Stage::RoundTrip, counters)];
        let series = super::counters(&Report { windows, ..report() });
        let calls = series.iter().find(|series| series.metric == "measured_hart0_system_calls");
        assert_eq!(calls.map(|series| (series.unit.as_str(), series.values[0])), Some(("traps", 7.0)));
    }

    #[test]
    fn the_schedule_alone_gives_counts_and_no_time_or_memory() {
        let report = Report { detail: Detail::Schedule, ..report() };
        let mut series = counters(&report);
        series.extend(round_trips(&report, 1).expect("sound"));
        assert!(
            series.iter().all(|series| ["instructions", "traps", "events"].contains(&series.unit.as_str()))
        );
        assert!(series.iter().any(|series| series.metric == "instructions_return"));
    }

    #[test]
    fn a_kernel_whose_stages_are_not_known_has_none() {
        let report = Report { stages: TrapStages::Together, ..report() };
        let mut series = counters(&report);
        series.extend(round_trips(&report, 1).expect("sound"));
        assert!(!series.iter().any(|series| series.metric.contains("trap_entry")));
        assert!(series.iter().any(|series| series.metric == "cycles_kernel"));
    }
}
