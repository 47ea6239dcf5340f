//! The paper's claims beside what the run measured.

use maud::{Markup, html};

use super::contents::Contents;
use super::layout::{Column, Section, table, words};
use crate::claims::{Finding, Verdict};

/// The section; none where no claim speaks of an experiment of the run.
pub(super) fn section(contents: &Contents<'_>) -> Option<Section> {
    let claims = contents.claims.as_ref().filter(|claims| !claims.of_this_run.findings.is_empty())?;
    let head =
        ["id", "claim", "paper", "target", "here", "verdict", "remark"].map(|name| (name, Column::Text));
    let body = html! {
        (table(&head, claims.of_this_run.findings.iter().map(row)))
        @if !claims.of_others.is_empty() {
            p { "Claims about experiments that this run's matrix does not have: " (claims.of_others.join(", ")) "." }
        }
    };
    Some(Section { id: "claims", title: "Claims", body })
}

fn row(finding: &Finding) -> Vec<Markup> {
    let class = match finding.verdict {
        Verdict::Met => "good",
        Verdict::PaperOnly | Verdict::Failed => "bad",
        Verdict::NotMeasured => "open",
    };
    vec![
        words(&finding.id),
        words(&finding.claim),
        words(&finding.paper),
        words(&finding.target),
        words(finding.here_text()),
        html! { span class=(class) { (finding.verdict.to_string()) } },
        words(&finding.remark),
    ]
}
