//! The table *claim, paper, here, verdict*.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::claim::Claim;
use super::evaluate::{Evidence, evaluate};
use crate::exit::Exit;
use crate::manifest::Manifest;
use crate::report::Findings;
use crate::results::csv_file;
use crate::store;
use crate::upstream::published::Instructions;

/// The table as CSV.
pub const CLAIMS_CSV: &str = "claims.csv";
/// The table as Markdown.
pub const CLAIMS_MARKDOWN: &str = "claims.md";

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Our target is met.
    Met,
    /// What the paper claims holds here too, but our own target is missed.
    PaperOnly,
    /// It does not hold.
    Failed,
    /// The run cannot tell.
    NotMeasured,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Met => "met",
            Self::PaperOnly => "as in the paper, our target missed",
            Self::Failed => "FAILED",
            Self::NotMeasured => "not measured",
        })
    }
}

/// A claim and what was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The claim's id.
    pub id: String,
    /// What is claimed.
    pub claim: String,
    /// What the paper says.
    pub paper: String,
    /// What we want to reach.
    pub target: String,
    /// What was found, at the worst point.
    pub here: Option<f64>,
    /// Its unit.
    pub unit: String,
    /// What became of it.
    pub verdict: Verdict,
    /// Where the worst point is, what costs the most, or why nothing was measured.
    pub remark: String,
}

impl Finding {
    /// A claim of which nothing is known yet.
    pub(super) fn of(claim: &Claim) -> Self {
        Self {
            id: claim.id.clone(),
            claim: claim.claim.clone(),
            paper: claim.paper.clone(),
            target: claim.target.to_string(),
            here: None,
            unit: claim.unit.clone(),
            verdict: Verdict::NotMeasured,
            remark: String::new(),
        }
    }

    /// What was found, with its unit.
    #[must_use]
    pub fn here_text(&self) -> String {
        let Some(value) = self.here else { return "–".to_owned() };
        let digits = if value.abs() >= 100.0 || value.fract() == 0.0 { 0 } else { 3 };
        format!("{value:.digits$} {}", self.unit)
    }
}

/// All claims and what was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The findings, in the order of the claims.
    pub findings: Vec<Finding>,
}

impl Table {
    /// Holds `claims` against a run.
    #[must_use]
    pub fn new(
        claims: &[Claim],
        manifest: &Manifest,
        findings: &Findings,
        upstream: &[Instructions],
    ) -> Self {
        let evidence = Evidence { manifest, findings, upstream };
        Self { findings: claims.iter().map(|claim| evaluate(claim, evidence)).collect() }
    }

    /// How many claims came to `verdict`.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }

    /// The process's exit.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.count(Verdict::Failed) > 0 {
            Exit::Failed
        } else if self.count(Verdict::NotMeasured) > 0 || self.findings.is_empty() {
            Exit::Inconclusive
        } else {
            Exit::Done
        }
    }

    /// Writes the table into `folder`, as CSV and as Markdown.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn save(&self, folder: &Path) -> anyhow::Result<()> {
        let columns = ["id", "claim", "paper", "target", "here", "unit", "verdict", "remark"];
        let rounded = |value: f64| (value * 1e6).round() / 1e6;
        let rows = self
            .findings
            .iter()
            .map(|finding| Finding { here: finding.here.map(rounded), ..finding.clone() });
        csv_file::replace(&folder.join(CLAIMS_CSV), &columns, rows)?;
        store::replace(&folder.join(CLAIMS_MARKDOWN), |file| Ok(write!(file, "{self}")?))
    }
}

/// A Markdown table and a line that sums it up.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| id | claim | paper | target | here | verdict | remark |")?;
        writeln!(f, "| --- | --- | --- | --- | ---: | --- | --- |")?;
        for finding in &self.findings {
            let Finding { id, claim, paper, target, verdict, remark, .. } = finding;
            let here = finding.here_text();
            // A bar would end the column.
            let remark = remark.replace('|', "\\|");
            writeln!(f, "| {id} | {claim} | {paper} | {target} | {here} | {verdict} | {remark} |")?;
        }
        let [met, paper_only, failed, missing] =
            [Verdict::Met, Verdict::PaperOnly, Verdict::Failed, Verdict::NotMeasured]
                .map(|verdict| self.count(verdict));
        writeln!(
            f,
            "\n{} claims: {met} met, {paper_only} as in the paper with our target missed, {failed} failed, {missing} not measured.",
            self.findings.len()
        )
    }
}
