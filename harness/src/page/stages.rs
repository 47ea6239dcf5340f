//! Where the cost of an operation goes: the medians of its stages, beside the median of the whole.

use maud::{Markup, html};

use super::contents::Contents;
use super::layout::{Column, Section, number, table, words};
use crate::figures::{FigureSpec, Whole};
use crate::results::{CellKey, SummaryTable};

/// The section; none where no figure of the run shows stages.
pub(super) fn section(contents: &Contents<'_>) -> Option<Section> {
    let summary = &contents.findings.summary;
    let body = html! {
        p { "Medians. Stages are measured in the same samples as the whole; the sum of medians differs from the median of the sums where samples differ." }
        @for spec in contents.stacks() {
            h3 { (spec.title) }
            (stages(spec, summary))
        }
    };
    contents.stacks().next().is_some().then_some(Section { id: "stages", title: "Stages", body })
}

fn stages(spec: &FigureSpec, summary: &SummaryTable) -> Markup {
    let mut head = vec![("operation and cell".to_owned(), Column::Text)];
    head.extend(spec.parts.iter().map(|part| (part.label.clone(), Column::Number)));
    let unit = &spec.x.unit;
    head.extend(["sum", "whole"].map(|name| (format!("{name} in {unit}"), Column::Number)));
    head.push(("difference".to_owned(), Column::Number));
    let rows = spec.wholes().into_iter().flat_map(|whole| {
        let cells: Vec<_> = summary.of_metric(&whole.experiment, &whole.metric).collect();
        let rows =
            cells.into_iter().filter_map(|row| stages_of(&whole, summary, &row.key, row.summary.median));
        rows.collect::<Vec<_>>()
    });
    table(&head, rows)
}

fn stages_of(whole: &Whole, summary: &SummaryTable, cell: &CellKey, cost: f64) -> Option<Vec<Markup>> {
    let parts: Vec<f64> = whole.parts.iter().map(|part| summary.median(cell, part)).collect::<Option<_>>()?;
    let sum: f64 = parts.iter().sum();
    let label = whole.label.as_ref().map_or_else(String::new, |label| format!("{label}: "));
    let mut row = vec![words(format!("{label}{cell}"))];
    row.extend(parts.into_iter().map(number));
    row.extend([number(sum), number(cost), words(format!("{:+.2} %", (sum / cost - 1.0) * 100.0))]);
    Some(row)
}
