//! What became of every cell: how many were measured, what went wrong, what was left out and why.

use maud::{Markup, html};

use super::contents::Contents;
use super::layout::{Column, Section, folded, table, words};
use crate::exit::Exit;
use crate::manifest::{CellRecord, Manifest, State};
use crate::report::{self, unfinished};
use crate::results;

/// The section.
pub(super) fn section(contents: &Contents<'_>) -> Option<Section> {
    let manifest = contents.manifest;
    let body = html! {
        p { (verdict(manifest)) }
        @let troubled: Vec<_> = troubled(manifest).collect();
        @if !troubled.is_empty() {
            h3 { "What went wrong" }
            (cells(&troubled))
        }
        @let waiting: Vec<_> = manifest.planned.iter().filter(|id| manifest.cell(id).is_none()).collect();
        @if !waiting.is_empty() {
            h3 { "Not run yet" }
            p { "Resume the run: these cells have no result." }
            ul { @for id in waiting { li { code { (id) } } } }
        }
        @if !manifest.skipped.is_empty() {
            h3 { "Skipped" }
            (table(
                &[("cell", Column::Text), ("reason", Column::Text)],
                manifest.skipped.iter().map(|cell| vec![code(&cell.id), words(&cell.reason)]),
            ))
        }
        @if !manifest.abandoned.is_empty() {
            h3 { "Boots that did not count" }
            p { "A machine that stands still is booted once more; one that the tooling did not bring to an end, when the run is resumed." }
            (cells(&manifest.abandoned.iter().collect::<Vec<_>>()))
        }
        @let remarks: Vec<_> = report::warnings(manifest).into_iter().chain(report::notes(manifest)).collect();
        @if !remarks.is_empty() {
            h3 { "Warnings" }
            ul { @for remark in &remarks { li { (remark) } } }
        }
        (folded(&format!("All {} cells", manifest.cells.len()), manifest.cells.len(), &all(contents)))
    };
    Some(Section { id: "outcome", title: "Outcome", body })
}

fn verdict(manifest: &Manifest) -> Markup {
    let count = |exit| manifest.cells.iter().filter(|cell| cell.outcome.exit() == exit).count();
    let skipped = manifest.skipped.len();
    html! {
        @match manifest.state {
            State::Complete => "Complete: ",
            State::Incomplete => span .bad { "Unfinished: " },
        }
        (manifest.cells.len()) " of " (manifest.planned.len()) " cells finished; "
        (count(Exit::Done)) " measured, " (count(Exit::Failed)) " failed, "
        (count(Exit::Inconclusive)) " inconclusive, " (skipped) " skipped."
    }
}

/// The finished cells that were not measured, and the last attempts at those that were not finished.
fn troubled(manifest: &Manifest) -> impl Iterator<Item = &CellRecord> {
    manifest.cells.iter().chain(unfinished(manifest)).filter(|cell| cell.outcome.exit() != Exit::Done)
}

fn cells(cells: &[&CellRecord]) -> Markup {
    let head = [("cell", Column::Text), ("outcome", Column::Text), ("log", Column::Text)];
    table(
        &head,
        cells
            .iter()
            .map(|cell| vec![code(&cell.id), outcome(cell), code(&cell.serial.display().to_string())]),
    )
}

fn all(contents: &Contents<'_>) -> Markup {
    let head = [
        ("cell", Column::Text),
        ("outcome", Column::Text),
        ("tests", Column::Text),
        ("repeated boots", Column::Number),
        ("host time in s", Column::Number),
    ];
    table(
        &head,
        contents.manifest.cells.iter().map(|cell| {
            let tests = contents.findings.tests.of(&cell.meta()).map(results::count).unwrap_or_default();
            let seconds = cell.host_ms as f64 / 1000.0;
            vec![
                code(&cell.id),
                outcome(cell),
                words(tests),
                words(cell.retries.to_string()),
                words(format!("{seconds:.1}")),
            ]
        }),
    )
}

fn outcome(cell: &CellRecord) -> Markup {
    let class = match cell.outcome.exit() {
        Exit::Done => "good",
        Exit::Failed => "bad",
        Exit::Inconclusive | Exit::Tooling => "open",
    };
    html! { span class=(class) { (cell.outcome.to_string()) } }
}

fn code(text: &str) -> Markup {
    html! { code { (text) } }
}
