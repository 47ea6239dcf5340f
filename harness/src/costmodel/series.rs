//! From a report to samples.

use rel4_costmodel::counters::Counter;
use rel4_costmodel::report::{Figures, Report};
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

/// The samples of the round trips in `report`, each of a batch of `batch`.
///
/// # Errors
///
/// The markers make no sense.
pub fn round_trips(report: &Report, batch: u64) -> Result<Vec<Series>, MarkerError> {
    let runs: Vec<_> = stages(report)?.into_iter().filter(|run| run.stage == Stage::RoundTrip).collect();
    let series = ROUND_TRIP.iter().map(|(metric, unit, figure)| {
        let values = runs.iter().map(|run| figure(run.cycles, &run.figures) as f64 / batch as f64).collect();
        Series { metric: (*metric).to_owned(), unit: (*unit).to_owned(), values }
    });
    Ok(series.collect())
}

/// What the metrics of [`counters`] begin with.
pub const WHOLE_RUN: &str = "run_";

/// The counters of every hart over the whole run, from the kernel's first instruction to the exit marker.
#[must_use]
pub fn counters(report: &Report) -> Vec<Series> {
    let of_hart = |(hart, counters): (usize, &rel4_costmodel::counters::Counters)| {
        Counter::ALL
            .iter()
            .map(|&counter| Series {
                metric: format!("{WHOLE_RUN}hart{hart}_{}", counter.name()),
                unit: unit(counter).to_owned(),
                values: vec![counters.get(counter) as f64],
            })
            .collect::<Vec<_>>()
    };
    report.harts.iter().enumerate().flat_map(of_hart).collect()
}

fn unit(counter: Counter) -> &'static str {
    let name = counter.name();
    if name.ends_with("cycles") {
        "cycles"
    } else if name.ends_with("instructions") {
        "instructions"
    } else {
        "events"
    }
}

#[cfg(test)]
mod tests {
    use rel4_costmodel::counters::Counters;
    use rel4_costmodel::options::Detail;
    use rel4_costmodel::report::{End, Figure, MarkerRow};
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
            lead: 50,
            harts: vec![Counters::default(), Counters::default()],
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
    }
}
