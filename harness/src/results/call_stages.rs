//! The stages of a call, on kernels and programs that have tracepoints.

use rel4_costmodel::report::Report;
use rel4_markers::{Stage, Tracepoint};

use super::bench::INSTRUCTIONS;
use super::measurement::{MeasurementError, Series};
use crate::costmodel::stages::{Section, StageRun, stages};

/// The stages: what their metrics begin with, and the tracepoints that begin a part of each. Every tracepoint of a call is in one of them, so
/// they add up to the whole.
const STAGES: [(&str, &[Tracepoint]); 9] = [
    ("stage_issue", &[Tracepoint::Issue]),
    ("stage_write", &[Tracepoint::Write]),
    ("stage_notify", &[Tracepoint::Notify]),
    ("stage_look", &[Tracepoint::Look]),
    ("stage_dispatch", &[Tracepoint::Dispatch]),
    ("stage_handle", &[Tracepoint::Handle]),
    ("stage_trap", &[Tracepoint::Entry, Tracepoint::Decode, Tracepoint::Exit]),
    ("stage_kernel", &[Tracepoint::Lookup, Tracepoint::Transfer, Tracepoint::Schedule]),
    ("stage_switch", &[Tracepoint::Switch]),
];

/// A number of a section, with what follows the stage in its metric's name, and its unit.
type Quantity = (&'static str, &'static str, fn(&Section) -> u64);

const QUANTITIES: [Quantity; 2] = [
    ("", "cycles", |section| section.cycles),
    ("_instructions", INSTRUCTIONS, |section| {
        section.figures.user.instructions + section.figures.kernel.instructions
    }),
];

/// What each stage took of a call, on the client's hart: a sample for each of the round trips in `report`, which are `batch` calls each.
/// Nothing where no round trip passed a tracepoint of a call: then only the kernel has any.
pub(super) fn of_calls(report: &Report, batch: u64) -> Result<Vec<Series>, MeasurementError> {
    let runs = stages(report)?;
    let runs: Vec<_> = runs.iter().filter(|run| run.stage == Stage::RoundTrip).collect();
    let is_of_call = |section: &Section| Tracepoint::OF_CALL.contains(&section.from);
    if !runs.iter().any(|run| run.sections.iter().any(is_of_call)) {
        return Ok(Vec::new());
    }
    let series = |(stage, parts): &(&str, &[Tracepoint]), (suffix, unit, number): &Quantity| Series {
        metric: format!("{stage}{suffix}"),
        unit: (*unit).to_owned(),
        values: runs.iter().map(|run| total(run, parts, *number) as f64 / batch as f64).collect(),
    };
    let of_stage = |stage| QUANTITIES.iter().map(move |quantity| series(stage, quantity));
    Ok(STAGES.iter().flat_map(of_stage).collect())
}

/// What the sections of `run` that begin at one of `parts` took.
fn total(run: &StageRun, parts: &[Tracepoint], number: fn(&Section) -> u64) -> u64 {
    let sections = run.sections.iter().enumerate().filter(|(index, section)| {
        // A round trip begins in the client.
        let from = if *index == 0 { Tracepoint::Issue } else { section.from };
        parts.contains(&from)
    });
    sections.map(|(_, section)| number(section)).sum()
}

#[cfg(test)]
mod tests {
    use rel4_costmodel::report::{Figure, Figures, MarkerRow};
    use rel4_markers::{Marker, Role};

    use super::*;
    use crate::costmodel::samples::report_of;

    const BEGIN: Marker = Marker::new(Role::Begin, Stage::RoundTrip.index());
    const END: Marker = Marker::new(Role::End, Stage::RoundTrip.index());

    const fn at(tracepoint: Tracepoint) -> Marker {
        Marker::new(Role::Tracepoint, tracepoint.index())
    }

    /// A report of markers with their clocks, on one hart that executes an instruction every two cycles.
    fn report(markers: &[(u64, Marker)]) -> Report {
        let row = |&(clock, marker): &(u64, Marker)| {
            let user = Figure { cycles: clock, instructions: clock / 2 };
            MarkerRow { hart: 0, marker, clock, figures: Figures { user, ..Figures::default() } }
        };
        report_of(markers.iter().map(row).collect())
    }

    #[test]
    fn every_tracepoint_of_a_call_and_of_a_system_call_is_in_one_stage() {
        for tracepoint in Tracepoint::OF_CALL.into_iter().chain(Tracepoint::OF_SYSTEM_CALL) {
            let stages = STAGES.iter().filter(|(_, parts)| parts.contains(&tracepoint));
            assert_eq!(stages.count(), 1, "{}", tracepoint.name());
        }
    }

    #[test]
    fn the_stages_are_those_of_a_call_and_add_up_to_it() {
        let report = report(&[
            (0, BEGIN),
            (10, at(Tracepoint::Write)),
            (40, at(Tracepoint::Entry)),
            (60, at(Tracepoint::Transfer)),
            (90, at(Tracepoint::Exit)),
            (120, at(Tracepoint::Handle)),
            (130, at(Tracepoint::Write)),
            (150, at(Tracepoint::Issue)),
            (200, END),
        ]);
        let series = of_calls(&report, 2).expect("sound");
        let value =
            |metric: &str| series.iter().find(|series| series.metric == metric).expect("there").values[0];
        assert_eq!((value("stage_issue"), value("stage_write"), value("stage_trap")), (30.0, 25.0, 25.0));
        assert_eq!((value("stage_kernel"), value("stage_handle"), value("stage_look")), (15.0, 5.0, 0.0));
        let sum =
            |suffix: &str| STAGES.iter().map(|(stage, _)| value(&format!("{stage}{suffix}"))).sum::<f64>();
        assert_eq!((sum(""), sum("_instructions")), (100.0, 50.0));
    }

    #[test]
    fn a_call_between_programs_without_tracepoints_has_no_stages() {
        let kernel_alone = report(&[(0, BEGIN), (40, at(Tracepoint::Entry)), (60, END)]);
        assert_eq!(of_calls(&kernel_alone, 1), Ok(Vec::new()));
    }
}
