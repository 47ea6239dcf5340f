//! Where the cost of an operation goes: the medians of its stages, beside the median of the whole.

use maud::{Markup, html};

use super::contents::Contents;
use super::layout::{Column, Section, number, table, words};
use crate::figures::FigureSpec;
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
    let mut head = vec![("cell".to_owned(), Column::Text)];
    head.extend(spec.parts.iter().map(|part| (part.label.clone(), Column::Number)));
    let unit = &spec.x.unit;
    head.extend(["sum", "whole"].map(|name| (format!("{name} in {unit}"), Column::Number)));
    head.push(("difference".to_owned(), Column::Number));
    let wholes = summary.of_metric(&spec.experiment, &spec.metric);
    table(&head, wholes.filter_map(|whole| row(spec, summary, &whole.key, whole.summary.median)))
}

fn row(spec: &FigureSpec, summary: &SummaryTable, cell: &CellKey, whole: f64) -> Option<Vec<Markup>> {
    let of_part = |part: &crate::figures::Part| summary.median(cell, &part.metric);
    let parts: Vec<f64> = spec.parts.iter().map(of_part).collect::<Option<_>>()?;
    let sum: f64 = parts.iter().sum();
    let mut row = vec![words(cell.to_string())];
    row.extend(parts.into_iter().map(number));
    row.extend([number(sum), number(whole), words(format!("{:+.2} %", (sum / whole - 1.0) * 100.0))]);
    Some(row)
}
