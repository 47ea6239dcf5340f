//! From the markers of a report to the stages that they enclose.

use std::collections::BTreeMap;

use rel4_costmodel::report::{Figures, MarkerRow, Report};
use rel4_markers::{Event, Marker, Role, Stage, Tracepoint};
use thiserror::Error;

/// One run through a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageRun {
    /// The hart.
    pub hart: usize,
    /// The stage.
    pub stage: Stage,
    /// Cycles from its begin to its end, idle time included.
    pub cycles: u64,
    /// What the hart did in it.
    pub figures: Figures,
    /// What it consists of, in order, as far as tracepoints on this hart tell; empty where there were none.
    pub sections: Vec<Section>,
}

/// A piece of a run through a stage: from one tracepoint to the next. The first begins with the stage, the last ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// Where it begins; [`Tracepoint::Entry`] for the first.
    pub from: Tracepoint,
    /// Cycles, idle time included.
    pub cycles: u64,
    /// What the hart did in it.
    pub figures: Figures,
}

/// A stage that has begun.
struct Open<'r> {
    stage: Stage,
    begin: &'r MarkerRow,
    tracepoints: Vec<(Tracepoint, &'r MarkerRow)>,
}

impl Open<'_> {
    fn end(self, hart: usize, end: &MarkerRow) -> StageRun {
        let since =
            |begin: &MarkerRow, end: &MarkerRow| (end.clock - begin.clock, end.figures.since(&begin.figures));
        let mut sections = Vec::new();
        if !self.tracepoints.is_empty() {
            let starts =
                [(Tracepoint::Entry, self.begin)].into_iter().chain(self.tracepoints.iter().copied());
            let ends = self.tracepoints.iter().map(|&(_, row)| row).chain([end]);
            sections.extend(starts.zip(ends).map(|((from, begin), end)| {
                let (cycles, figures) = since(begin, end);
                Section { from, cycles, figures }
            }));
        }
        let (cycles, figures) = since(self.begin, end);
        StageRun { hart, stage: self.stage, cycles, figures, sections }
    }
}

/// Markers that make no sense.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MarkerError {
    /// A marker that this harness has no name for.
    #[error("hart {hart} set marker {number:#x}, which has no name")]
    Unknown {
        /// The hart.
        hart: usize,
        /// The marker's number.
        number: u32,
    },
    /// An end without its begin.
    #[error("hart {hart} ended `{}`, but {}", stage.name(), open.map_or("nothing had begun".to_owned(), |open| format!("`{}` was what began last", open.name())))]
    NotBegun {
        /// The hart.
        hart: usize,
        /// What ended.
        stage: Stage,
        /// What should have ended.
        open: Option<Stage>,
    },
    /// A begin without its end.
    #[error("hart {hart} began `{}` and never ended it", stage.name())]
    NotEnded {
        /// The hart.
        hart: usize,
        /// What began.
        stage: Stage,
    },
}

/// The stages of `report`, in the order in which they ended.
///
/// # Errors
///
/// A marker is unknown, or begins and ends do not match.
pub fn stages(report: &Report) -> Result<Vec<StageRun>, MarkerError> {
    let mut open: BTreeMap<usize, Vec<Open<'_>>> = BTreeMap::new();
    let mut runs = Vec::new();
    let is_event =
        |marker: Marker| marker.role() == Some(Role::Point) && Event::from_index(marker.index()).is_some();
    for row in report.markers.iter().filter(|row| row.marker != Marker::EXIT && !is_event(row.marker)) {
        let hart = row.hart;
        let unknown = MarkerError::Unknown { hart, number: row.marker.number() };
        let open = open.entry(hart).or_default();
        match row.marker.role() {
            Some(Role::Begin) => {
                let stage = stage_of(row).ok_or(unknown)?;
                open.push(Open { stage, begin: row, tracepoints: Vec::new() });
            }
            Some(Role::End) => {
                let stage = stage_of(row).ok_or(unknown)?;
                match open.pop() {
                    Some(begun) if begun.stage == stage => runs.push(begun.end(hart, row)),
                    other => {
                        return Err(MarkerError::NotBegun {
                            hart,
                            stage,
                            open: other.map(|begun| begun.stage),
                        });
                    }
                }
            }
            Some(Role::Tracepoint) => {
                let tracepoint = Tracepoint::from_index(row.marker.index()).ok_or(unknown)?;
                // What a kernel does on a hart where nothing is measured is of no interest.
                if let Some(innermost) = open.last_mut() {
                    innermost.tracepoints.push((tracepoint, row));
                }
            }
            Some(Role::Point | Role::Cause | Role::Control) | None => return Err(unknown),
        }
    }
    match open.into_iter().find_map(|(hart, open)| Some((hart, open.last()?.stage))) {
        Some((hart, stage)) => Err(MarkerError::NotEnded { hart, stage }),
        None => Ok(runs),
    }
}

fn stage_of(row: &MarkerRow) -> Option<Stage> {
    Stage::from_index(row.marker.index())
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::costmodel::samples::report_of;

    const BEGIN: Marker = Marker::new(Role::Begin, Stage::RoundTrip.index());
    const END: Marker = Marker::new(Role::End, Stage::RoundTrip.index());
    const OTHER_END: Marker = Marker::new(Role::End, Stage::Overhead.index());

    fn report(markers: &[(usize, Marker)]) -> Report {
        let rows = markers.iter().zip((0..).step_by(10)).map(|(&(hart, marker), clock)| MarkerRow {
            hart,
            marker,
            clock,
            figures: Figures { traps: clock, ..Figures::default() },
        });
        report_of(rows.collect())
    }

    #[test]
    fn begin_and_end_enclose_a_stage_on_each_hart() {
        let runs =
            stages(&report(&[(0, BEGIN), (1, BEGIN), (0, END), (1, END), (0, Marker::EXIT)])).expect("sound");
        let cycles: Vec<_> = runs.iter().map(|run| (run.hart, run.cycles, run.figures.traps)).collect();
        assert_eq!(cycles, [(0, 20, 20), (1, 20, 20)]);
    }

    #[test]
    fn events_between_begin_and_end_are_no_stages() {
        const EVENT: Marker = Marker::new(Role::Point, Event::Message.index());
        let report = report(&[(0, BEGIN), (0, EVENT), (0, END), (0, EVENT)]);
        assert_eq!(stages(&report).expect("sound").len(), 1);
        assert_eq!(crate::costmodel::events::clocks(&report, Event::Message), [10, 30]);
    }

    #[test]
    fn stages_nest() {
        let runs = stages(&report(&[(0, BEGIN), (0, BEGIN), (0, END), (0, END)])).expect("sound");
        assert_eq!(runs.iter().map(|run| run.cycles).collect::<Vec<_>>(), [10, 30]);
    }

    #[test]
    fn tracepoints_cut_a_stage_into_sections_that_add_up_to_it() {
        const LOOKUP: Marker = Marker::new(Role::Tracepoint, Tracepoint::Lookup.index());
        const EXIT: Marker = Marker::new(Role::Tracepoint, Tracepoint::Exit.index());
        let markers = [(0, BEGIN), (0, LOOKUP), (1, LOOKUP), (0, EXIT), (0, LOOKUP), (0, END), (0, LOOKUP)];
        let runs = stages(&report(&markers)).expect("sound");
        let sections: Vec<_> =
            runs[0].sections.iter().map(|section| (section.from, section.cycles)).collect();
        assert_eq!(
            sections,
            [
                (Tracepoint::Entry, 10),
                (Tracepoint::Lookup, 20),
                (Tracepoint::Exit, 10),
                (Tracepoint::Lookup, 10)
            ]
        );
        assert_eq!(sections.iter().map(|(_, cycles)| cycles).sum::<u64>(), runs[0].cycles);
    }

    #[test]
    fn a_stage_without_tracepoints_has_no_sections() {
        assert_eq!(stages(&report(&[(0, BEGIN), (0, END)])).expect("sound")[0].sections, []);
    }

    #[test]
    fn what_is_unbalanced_or_unknown_is_reported() {
        for (markers, part) in [
            (&[(0, BEGIN)][..], "never ended"),
            (&[(0, END)], "nothing had begun"),
            (&[(0, BEGIN), (0, OTHER_END)], "`round_trip` was what began last"),
            (&[(0, BEGIN), (1, END)], "hart 1 ended"),
            (&[(0, Marker::new(Role::Begin, 999))], "no name"),
            (&[(0, Marker::from_fields(7, 1))], "no name"),
            (&[(0, Marker::new(Role::Tracepoint, 999))], "no name"),
        ] {
            let error = stages(&report(markers)).expect_err(part).to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
