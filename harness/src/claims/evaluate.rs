//! From a claim and a run to a finding.

use std::collections::BTreeMap;

use super::claim::{Claim, Quantity};
use super::missing::{Missing, missing};
use super::select::{Absent, At, Selection};
use super::table::{Finding, Verdict};
use crate::config::Value;
use crate::manifest::Manifest;
use crate::report::Findings;
use crate::results::TestStatus;
use crate::upstream::published::Instructions;

/// What claims are held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence<'r> {
    /// The run.
    pub(super) manifest: &'r Manifest,
    /// What it measured.
    pub(super) findings: &'r Findings,
    /// Upstream's instruction counts.
    pub(super) upstream: &'r [Instructions],
}

/// A point of a sweep: the parameters and their values.
type Point<'c> = BTreeMap<&'c str, Value>;

/// Holds `claim` against the evidence, at every point that it speaks of and the run's matrix has.
pub(super) fn evaluate(claim: &Claim, evidence: Evidence<'_>) -> Finding {
    let mut finding = Finding::of(claim);
    let points = points(claim);
    let (mut measured, mut not_sampled) = (Vec::new(), Vec::new());
    for point in &points {
        match value(&claim.quantity, point, evidence) {
            Ok(value) => measured.push((value, point)),
            Err(Missing::NotSampled(reason)) => not_sampled.push((reason, point)),
            Err(Missing::Because(reason)) => {
                finding.remark = reason;
                return finding;
            }
        }
    }
    let is_worse = |value: f64, than: f64| value != than && claim.target.worse(value, than) == value;
    let worst = measured
        .iter()
        .copied()
        .reduce(|so_far, next| if is_worse(next.0, so_far.0) { next } else { so_far });
    let Some((value, point)) = worst else {
        let nowhere = not_sampled.into_iter().next().map(|(reason, _)| reason);
        finding.remark = nowhere.unwrap_or_else(|| "the claim speaks of no point".to_owned());
        return finding;
    };
    finding.here = Some(value);
    finding.verdict = if claim.target.holds(value) {
        Verdict::Met
    } else if claim.paper_bound.is_some_and(|bound| bound.holds(value)) {
        Verdict::PaperOnly
    } else {
        Verdict::Failed
    };
    let mut remarks = Vec::new();
    if !point.is_empty() && points.len() > 1 {
        remarks.push(format!("the worst of {} at {}", measured.len(), text(point)));
    }
    if !not_sampled.is_empty() {
        let at: Vec<String> = not_sampled.iter().map(|(_, point)| text(point)).collect();
        remarks.push(format!("not in this matrix: {}", at.join("; ")));
    }
    if finding.verdict != Verdict::Met {
        let stages = claim.blame.as_ref().map(|blame| &blame.stages);
        remarks.extend(stages.and_then(|stages| costliest(&stages.at(point), evidence)));
    }
    finding.remark = remarks.join("; ");
    finding
}

/// The parameters of a point and their values.
fn text(point: &Point<'_>) -> String {
    let parameters: Vec<String> = point.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    parameters.join(", ")
}

/// Every combination of the values of `each`.
fn points(claim: &Claim) -> Vec<Point<'_>> {
    let mut points = vec![Point::new()];
    for (name, values) in &claim.each {
        let each = points.iter().flat_map(|point| values.iter().map(move |value| (point, value)));
        points = each.map(|(point, value)| with(point, name, value)).collect();
    }
    points
}

fn with<'c>(point: &Point<'c>, name: &'c str, value: &Value) -> Point<'c> {
    let mut point = point.clone();
    point.insert(name, value.clone());
    point
}

/// The quantity at a point, or why there is none.
fn value(quantity: &Quantity, point: &Point<'_>, evidence: Evidence<'_>) -> Result<f64, Missing> {
    match quantity {
        Quantity::Median(selection) => sum(selection, point, evidence),
        Quantity::Ratio { of, by } => {
            let by_value = sum(by, point, evidence)?;
            quotient(sum(of, point, evidence)?, by_value, &by.at(point))
        }
        Quantity::Gap { parts, whole } => {
            let whole_value = sum(whole, point, evidence)?;
            Ok((quotient(sum(parts, point, evidence)?, whole_value, &whole.at(point))? - 1.0).abs())
        }
        Quantity::GeometricMean { of, by } => geometric_mean(&of.at(point), &by.at(point), evidence),
        Quantity::Upstream(selection) => above_upstream(&selection.at(point), evidence),
        Quantity::TestsNotPassed(selection) => not_passed(&selection.at(point), evidence),
    }
}

fn quotient(of: f64, by: f64, at: &At<'_>) -> Result<f64, Missing> {
    if by == 0.0 { Err(format!("{at} is 0, by which nothing can be divided").into()) } else { Ok(of / by) }
}

/// The median of the metric, or the sum of the medians of several.
fn sum(selection: &Selection, point: &Point<'_>, evidence: Evidence<'_>) -> Result<f64, Missing> {
    let at = selection.at(point);
    let metrics = selection.metric.all();
    if metrics.is_empty() {
        return Err(format!("{at} names no metric").into());
    }
    metrics.iter().map(|metric| median(&at, metric, evidence)).sum()
}

fn median(at: &At<'_>, metric: &str, evidence: Evidence<'_>) -> Result<f64, Missing> {
    let found = at.median(&evidence.findings.summary, metric);
    found.map_err(|absent| missing(at, metric, absent, evidence.manifest))
}

fn geometric_mean(of: &At<'_>, by: &At<'_>, evidence: Evidence<'_>) -> Result<f64, Missing> {
    let rows = &evidence.findings.summary.rows;
    let medians = |at: &At<'_>| -> BTreeMap<String, f64> {
        let taken = rows.iter().filter(|row| at.takes(&row.key));
        taken.map(|row| (row.metric.clone(), row.summary.median)).collect()
    };
    let (above, below) = (medians(of), medians(by));
    for (at, found) in [(of, &above), (by, &below)] {
        if found.is_empty() {
            return Err(missing(at, "any", Absent::None, evidence.manifest));
        }
    }
    let ratios =
        above.iter().filter_map(|(metric, of)| Some(of / below.get(metric).filter(|by| **by > 0.0)?));
    let logs: Vec<f64> = ratios.map(f64::ln).filter(|log| log.is_finite()).collect();
    if logs.is_empty() {
        return Err(format!("{of} and {by} share no metric").into());
    }
    Ok((logs.iter().sum::<f64>() / logs.len() as f64).exp())
}

fn above_upstream(at: &At<'_>, evidence: Evidence<'_>) -> Result<f64, Missing> {
    let ratio = |metric: &String| {
        let upstream = evidence.upstream.iter().find(|row| row.id == *metric);
        let upstream = upstream.ok_or_else(|| format!("upstream published no `{metric}`"))?;
        Ok(median(at, metric, evidence)? / upstream.instructions)
    };
    let ratios: Result<Vec<f64>, Missing> = at.selection.metric.all().iter().map(ratio).collect();
    ratios?.into_iter().reduce(f64::max).ok_or_else(|| format!("{at} names no metric").into())
}

fn not_passed(at: &At<'_>, evidence: Evidence<'_>) -> Result<f64, Missing> {
    let tests = &evidence.findings.tests;
    let mut boots = tests.boots().filter(|(cell, ..)| at.takes(cell)).peekable();
    if boots.peek().is_none() {
        return Err(missing(at, "tests", Absent::None, evidence.manifest));
    }
    let failed = |status| matches!(status, TestStatus::Failed | TestStatus::Unfinished);
    Ok(boots.map(|(.., tests)| tests.iter().filter(|test| failed(test.status)).count()).sum::<usize>() as f64)
}

/// The stage that costs the most, and its share of all of them.
fn costliest(at: &At<'_>, evidence: Evidence<'_>) -> Option<String> {
    let stages = at.selection.metric.all();
    let costs: Option<Vec<(f64, &String)>> = stages
        .iter()
        .map(|stage| Some((at.median(&evidence.findings.summary, stage).ok()?, stage)))
        .collect();
    let costs = costs?;
    let all: f64 = costs.iter().map(|(cost, _)| cost).sum();
    let (cost, stage) = costs.into_iter().max_by(|one, other| one.0.total_cmp(&other.0))?;
    Some(format!("of {at} the most is `{stage}`: {cost} of {all} ({:.0} %)", cost / all * 100.0))
}
