//! Beside upstream seL4: instruction counts of single operations, and the cost model's cycles against those of a board.

use maud::{Markup, html};

use super::contents::Contents;
use super::layout::{Column, Section, number, table, words};
use crate::upstream::comparison::{self, Verdict};
use crate::upstream::validation::{self, Basis, MOST_IN_THE_MEDIAN, MOST_OF_ALL, Validation};

/// The section on instructions; none where the run has no operation that upstream published.
pub(super) fn instructions(contents: &Contents<'_>) -> Option<Section> {
    let comparison = contents.instructions.as_ref().filter(|comparison| !comparison.rows.is_empty())?;
    let body = html! {
        p { "Instructions of single operations, as upstream seL4 16.0.0 counts them, from just before the system call to just after it where execution goes on." }
        @for rows in comparison.tables() {
            h3 { (rows[0].kernel) " on " (rows[0].platform) }
            (counted(rows))
            @let met = rows.iter().filter(|row| row.verdict == Verdict::Met).count();
            p { (met) " of " (rows.len()) " operations cost at most what they cost upstream." }
        }
    };
    Some(Section { id: "upstream", title: "Instructions beside upstream seL4", body })
}

fn counted(rows: &[comparison::Row]) -> Markup {
    let head = [
        ("operation", Column::Text),
        ("what", Column::Text),
        ("upstream", Column::Number),
        ("here", Column::Number),
        ("ratio", Column::Number),
        ("at most upstream's", Column::Text),
    ];
    let row = |row: &comparison::Row| {
        let class = if row.verdict == Verdict::Met { "good" } else { "bad" };
        vec![
            words(&row.operation),
            words(&row.description),
            number(row.upstream),
            number(row.ours),
            words(format!("{:.2}", row.ratio)),
            html! { span class=(class) { (row.verdict.to_string()) } },
        ]
    };
    table(&head, rows.iter().map(row))
}

/// The section on cycles; none where the run has no modelled cycles that can be judged.
pub(super) fn validation(contents: &Contents<'_>) -> Option<Section> {
    let validation = contents.cycles.as_ref().filter(|validation| !validation.rows.is_empty())?;
    let body = html! {
        p {
            "The cost model's cycles against those that upstream publishes for its kernel on a HiFive Unleashed. Limits: "
            (percent(MOST_IN_THE_MEDIAN)) " in the median, " (percent(MOST_OF_ALL)) " for any operation."
        }
        @for rows in validation.tables() {
            h3 { (rows[0].platform) ", by way of " (rows[0].kernel) }
            p { (basis(&rows[0])) }
            (judged(rows))
            @if let Some((median, worst)) = Validation::errors(rows) {
                p { "Median error " (percent(median)) ", at most " (percent(worst)) "." }
            }
        }
        @if !validation.unjudged.is_empty() {
            p { "Not judged, since upstream's instructions are not published: " (validation.unjudged.join(", ")) "." }
        }
    };
    Some(Section { id: "validation", title: "Validation of the cost model", body })
}

fn basis(row: &validation::Row) -> Markup {
    match row.basis {
        Basis::Measured => html! { span .label { "measured" } " Upstream's kernel ran under the model." },
        Basis::Provisional => html! {
            span .label { "provisional" }
            " Upstream's kernel did not run here: the model's cycles an instruction of " (row.kernel)
            ", times upstream's instructions, stand for it. A kernel with another mix of instructions and memory accesses shifts them."
        },
    }
}

fn judged(rows: &[validation::Row]) -> Markup {
    let head = [
        ("operation", Column::Text),
        ("what", Column::Text),
        ("board, cycles", Column::Number),
        ("model, cycles", Column::Number),
        ("error", Column::Number),
        ("kernel here, cycles", Column::Number),
        ("instructions", Column::Number),
    ];
    let row = |row: &validation::Row| {
        let class = (row.error.abs() > MOST_OF_ALL).then_some("bad");
        vec![
            words(&row.operation),
            words(&row.description),
            number(row.published),
            words(format!("{:.0}", row.estimate)),
            html! { span class=[class] { (format!("{:+.0} %", row.error * 100.0)) } },
            number(row.modelled),
            number(row.instructions),
        ]
    };
    table(&head, rows.iter().map(row))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
