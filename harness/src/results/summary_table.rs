//! `summary.csv`: one row per cell and metric.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::cell::CellKey;
use super::csv_file::{self, number, parse_number};
use super::sample_table::SampleTable;
use super::table_error::TableError;
use crate::stats::Summary;

const COLUMNS: [&str; 16] = [
    "experiment",
    "kernel",
    "platform",
    "harts",
    "workload",
    "parameters",
    "metric",
    "unit",
    "n",
    "min",
    "median",
    "p95",
    "p99",
    "max",
    "ci_low",
    "ci_high",
];

/// A row as it stands in the file.
#[derive(Serialize, Deserialize)]
struct Row {
    experiment: String,
    kernel: String,
    platform: String,
    harts: u32,
    workload: String,
    parameters: String,
    metric: String,
    unit: String,
    n: usize,
    min: String,
    median: String,
    p95: String,
    p99: String,
    max: String,
    ci_low: String,
    ci_high: String,
}

/// One metric of one cell.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryRow {
    /// The cell.
    pub key: CellKey,
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// The summary of the samples of all repeats.
    pub summary: Summary,
}

/// All summaries of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SummaryTable {
    /// The rows, in the order of their cells and metrics.
    pub rows: Vec<SummaryRow>,
}

impl SummaryTable {
    /// Summarises `samples`.
    #[must_use]
    pub fn of(samples: &SampleTable) -> Self {
        let rows = samples.pooled().into_iter().filter_map(|((key, metric, unit), values)| {
            let summary = Summary::of(&values)?;
            Some(SummaryRow { key: key.clone(), metric: metric.to_owned(), unit: unit.to_owned(), summary })
        });
        Self { rows: rows.collect() }
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not a table of summaries.
    pub fn load(path: &Path) -> Result<Self, TableError> {
        let mut table = Self::default();
        csv_file::read(path, &COLUMNS, |row| table.take(row))?;
        Ok(table)
    }

    /// The rows of the metric called `metric` in the experiment called `experiment`.
    pub fn of_metric<'t>(
        &'t self,
        experiment: &'t str,
        metric: &'t str,
    ) -> impl Iterator<Item = &'t SummaryRow> {
        self.rows.iter().filter(move |row| row.key.experiment == experiment && row.metric == metric)
    }

    /// The median of the metric called `metric` in `cell`.
    #[must_use]
    pub fn median(&self, cell: &CellKey, metric: &str) -> Option<f64> {
        let row = self.rows.iter().find(|row| row.key == *cell && row.metric == metric)?;
        Some(row.summary.median)
    }

    /// Writes the table to `path`, all of it or nothing.
    ///
    /// # Errors
    ///
    /// The file cannot be written; what it held before is still there.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        csv_file::replace(path, &COLUMNS, self.rows.iter().map(Row::of))
    }

    fn take(&mut self, row: Row) -> Result<(), String> {
        let row = SummaryRow::try_from(row)?;
        let twice = |other: &SummaryRow| other.key == row.key && other.metric == row.metric;
        if self.rows.iter().any(twice) {
            return Err(format!("`{}` of {} is there twice", row.metric, row.key));
        }
        self.rows.push(row);
        Ok(())
    }
}

impl Row {
    fn of(row: &SummaryRow) -> Self {
        let SummaryRow { key, metric, unit, summary } = row;
        Self {
            experiment: key.experiment.clone(),
            kernel: key.kernel.clone(),
            platform: key.platform.clone(),
            harts: key.harts,
            workload: key.workload.clone(),
            parameters: key.parameters_text(),
            metric: metric.clone(),
            unit: unit.clone(),
            n: summary.n,
            min: number(summary.min),
            median: number(summary.median),
            p95: number(summary.p95),
            p99: number(summary.p99),
            max: number(summary.max),
            ci_low: number(summary.ci_low),
            ci_high: number(summary.ci_high),
        }
    }
}

impl TryFrom<Row> for SummaryRow {
    type Error = String;

    fn try_from(row: Row) -> Result<Self, String> {
        let parameters = CellKey::parse_parameters(&row.parameters).map_err(|error| error.to_string())?;
        let summary = Summary {
            n: row.n,
            min: parse_number("min", &row.min)?,
            median: parse_number("median", &row.median)?,
            p95: parse_number("p95", &row.p95)?,
            p99: parse_number("p99", &row.p99)?,
            max: parse_number("max", &row.max)?,
            ci_low: parse_number("ci_low", &row.ci_low)?,
            ci_high: parse_number("ci_high", &row.ci_high)?,
        };
        let ascending = [summary.min, summary.median, summary.p95, summary.p99, summary.max].is_sorted();
        if summary.n == 0 || !ascending {
            return Err("the summary is of no sample, or its quantiles do not rise".to_owned());
        }
        let Row { experiment, kernel, platform, harts, workload, metric, unit, .. } = row;
        let key = CellKey { experiment, kernel, platform, harts, workload, parameters };
        Ok(Self { key, metric, unit, summary })
    }
}
