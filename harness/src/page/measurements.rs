//! What was measured: a table for each experiment.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::contents::Contents;
use super::layout::{Column, Section, folded, number, table, words};
use crate::results::SummaryRow;

/// The section; none where nothing was measured.
pub(super) fn section(contents: &Contents<'_>) -> Option<Section> {
    let mut experiments: BTreeMap<&str, Vec<&SummaryRow>> = BTreeMap::new();
    for row in contents.findings.shown() {
        experiments.entry(&row.key.experiment).or_default().push(row);
    }
    let body = html! {
        p {
            "The interval is the 95 % bootstrap confidence interval of the median. The counters of harts and the costs of single tests are in "
            code { "summary.csv" } ", every sample in " code { "samples.csv" } "."
        }
        @for (experiment, rows) in &experiments {
            h3 { (experiment) }
            (of_experiment(rows))
        }
    };
    (!experiments.is_empty()).then_some(Section { id: "measurements", title: "Measurements", body })
}

fn of_experiment(rows: &[&SummaryRow]) -> Markup {
    let varying = varying(rows);
    let common = rows[0].key.parameters.iter().filter(|(name, _)| !varying.contains(name.as_str()));
    let common: Vec<String> = common.map(|(name, value)| format!("{name} = {value}")).collect();
    let mut head = ["kernel", "platform", "harts"].map(|name| (name, Column::Text)).to_vec();
    head.extend(varying.iter().map(|&name| (name, Column::Text)));
    head.push(("metric", Column::Text));
    head.extend(["median", "interval", "min", "p95", "p99", "max", "n"].map(|name| (name, Column::Number)));
    head.push(("unit", Column::Text));
    html! {
        @if !common.is_empty() { p { "Everywhere: " (common.join(", ")) "." } }
        (folded(
            &format!("{} rows", rows.len()),
            rows.len(),
            &table(&head, rows.iter().map(|row| cells(row, &varying))),
        ))
    }
}

/// The parameters that are not the same in all rows.
fn varying<'r>(rows: &[&'r SummaryRow]) -> BTreeSet<&'r str> {
    let names = rows.iter().flat_map(|row| row.key.parameters.keys());
    let differs = |name: &&String| {
        rows.windows(2).any(|pair| pair[0].key.parameters.get(*name) != pair[1].key.parameters.get(*name))
    };
    names.filter(differs).map(String::as_str).collect()
}

fn cells(row: &SummaryRow, varying: &BTreeSet<&str>) -> Vec<Markup> {
    let SummaryRow { key, metric, unit, summary } = row;
    let mut cells = vec![words(&key.kernel), words(&key.platform), words(key.harts.to_string())];
    let value = |name: &&str| key.parameters.get(*name).map(ToString::to_string).unwrap_or_default();
    cells.extend(varying.iter().map(|name| words(value(name))));
    cells.push(words(metric));
    cells.push(number(summary.median));
    cells.push(html! { (number(summary.ci_low)) " – " (number(summary.ci_high)) });
    cells.extend([summary.min, summary.p95, summary.p99, summary.max].map(number));
    cells.extend([words(summary.n.to_string()), words(unit)]);
    cells
}
