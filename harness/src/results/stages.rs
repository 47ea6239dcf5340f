//! The stages of an operation of the microbenchmarks, on a kernel that has tracepoints.

use rel4_markers::Tracepoint;

use super::bench::INSTRUCTIONS;
use super::measurement::Series;
use crate::costmodel::stages::{Section, StageRun};

/// A number of a section, and what is to be taken off the first.
struct Quantity {
    unit: &'static str,
    of: fn(&Section) -> u64,
    /// What measuring costs. It is in the first stage: an instruction stands for the one that traps.
    overhead: f64,
}

/// What measuring an operation costs in addition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overheads {
    pub(super) cycles: f64,
    pub(super) instructions: f64,
}

/// What each stage of `operation` took in each of its `runs`: the sum over all times that a run came by its tracepoint. Added up they are
/// the operation. Nothing where no run passed a tracepoint.
pub(super) fn stages_of(operation: &str, runs: &[&StageRun], overheads: Overheads) -> Vec<Series> {
    if runs.iter().all(|run| run.sections.is_empty()) {
        return Vec::new();
    }
    let cycles = Quantity { unit: "cycles", of: |section| section.cycles, overhead: overheads.cycles };
    let instructions = Quantity {
        unit: INSTRUCTIONS,
        of: |section| section.figures.user.instructions + section.figures.kernel.instructions,
        overhead: overheads.instructions,
    };
    let mut all = Vec::new();
    for (suffix, quantity) in [("", &cycles), ("_instructions", &instructions)] {
        all.extend(Tracepoint::OF_SYSTEM_CALL.map(|stage| Series {
            metric: format!("{operation}_{}{suffix}", stage.name()),
            unit: quantity.unit.to_owned(),
            values: runs.iter().map(|run| quantity.of_stage(stage, run)).collect(),
        }));
    }
    all.push(Series {
        metric: format!("{operation}_tracepoints"),
        unit: "events".to_owned(),
        values: runs.iter().map(|run| run.sections.len().saturating_sub(1) as f64).collect(),
    });
    all
}

impl Quantity {
    fn of_stage(&self, stage: Tracepoint, run: &StageRun) -> f64 {
        let sections = run.sections.iter().filter(|section| section.from == stage);
        let overhead = if stage == Tracepoint::Entry { self.overhead } else { 0.0 };
        sections.map(self.of).sum::<u64>() as f64 - overhead
    }
}

#[cfg(test)]
mod tests {
    use rel4_costmodel::report::{Figure, Figures};
    use rel4_markers::Stage;

    use super::*;

    fn section(from: Tracepoint, cycles: u64) -> Section {
        let kernel = Figure { cycles, instructions: cycles / 2 };
        Section { from, cycles, figures: Figures { kernel, ..Figures::default() } }
    }

    fn run(sections: &[Section]) -> StageRun {
        let cycles = sections.iter().map(|section| section.cycles).sum();
        let figures = section(Tracepoint::Entry, cycles).figures;
        StageRun { hart: 0, stage: Stage::Operation, cycles, figures, sections: sections.to_vec() }
    }

    const OVERHEADS: Overheads = Overheads { cycles: 3.0, instructions: 1.0 };

    #[test]
    fn the_stages_are_the_operation_without_what_measuring_costs() {
        let run = run(&[
            section(Tracepoint::Entry, 40),
            section(Tracepoint::Transfer, 20),
            section(Tracepoint::Schedule, 6),
            section(Tracepoint::Transfer, 2),
        ]);
        let series = stages_of("ipc_call", &[&run], OVERHEADS);
        let value =
            |metric: &str| series.iter().find(|series| series.metric == metric).expect("there").values[0];
        assert_eq!((value("ipc_call_entry"), value("ipc_call_transfer")), (37.0, 22.0));
        assert_eq!((value("ipc_call_entry_instructions"), value("ipc_call_lookup")), (19.0, 0.0));
        let sum = |suffix: &str| -> f64 {
            Tracepoint::OF_SYSTEM_CALL
                .iter()
                .map(|stage| value(&format!("ipc_call_{}{suffix}", stage.name())))
                .sum()
        };
        assert_eq!((sum(""), sum("_instructions")), (run.cycles as f64 - 3.0, 34.0 - 1.0));
        assert_eq!(value("ipc_call_tracepoints"), 3.0);
    }

    #[test]
    fn an_operation_of_a_kernel_without_tracepoints_has_no_stages() {
        assert_eq!(stages_of("ipc_call", &[&run(&[])], OVERHEADS), []);
    }
}
