//! `samples.csv`: one row a sample.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::cell::{CellKey, CellMeta};
use super::csv_file;
use super::measurement::Series;
use super::table_error::TableError;

const COLUMNS: [&str; 11] = [
    "experiment",
    "kernel",
    "platform",
    "harts",
    "workload",
    "parameters",
    "repeat",
    "metric",
    "unit",
    "index",
    "value",
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
    repeat: u32,
    metric: String,
    unit: String,
    index: usize,
    value: String,
}

/// All samples of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SampleTable {
    boots: BTreeMap<(CellKey, u32), Vec<Series>>,
}

impl SampleTable {
    /// Reads the file at `path`, or gives an empty table if there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not a table of samples.
    pub fn load(path: &Path) -> Result<Self, TableError> {
        let mut table = Self::default();
        if path.exists() {
            csv_file::read(path, &COLUMNS, |row| table.take(row))?;
        }
        Ok(table)
    }

    /// Writes the table to `path`, all of it or nothing.
    ///
    /// # Errors
    ///
    /// The file cannot be written; what it held before is still there.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        csv_file::replace(path, &COLUMNS, self.rows())
    }

    /// Adds the series of one boot.
    ///
    /// # Errors
    ///
    /// The boot is there already, or a series has no samples or one that is no finite number.
    pub fn insert(&mut self, meta: &CellMeta, mut series: Vec<Series>) -> Result<(), TableError> {
        let cell = || meta.key.to_string();
        if let Some(bad) = series.iter().find(|series| !is_sound(series)) {
            return Err(TableError::BadSamples { cell: cell(), metric: bad.metric.clone() });
        }
        let boot = (meta.key.clone(), meta.repeat);
        if self.boots.contains_key(&boot) {
            return Err(TableError::AlreadyPresent { cell: cell(), repeat: meta.repeat });
        }
        series.sort_by(|left, right| left.metric.cmp(&right.metric));
        self.boots.insert(boot, series);
        Ok(())
    }

    /// Whether the boot is in the table.
    #[must_use]
    pub fn contains(&self, meta: &CellMeta) -> bool {
        self.boots.contains_key(&(meta.key.clone(), meta.repeat))
    }

    /// The samples of each cell and metric, those of all repeats together in their order.
    #[must_use]
    pub fn pooled(&self) -> BTreeMap<(&CellKey, &str, &str), Vec<f64>> {
        let mut pooled: BTreeMap<_, Vec<f64>> = BTreeMap::new();
        for ((key, _), all) in &self.boots {
            for series in all {
                let group = (key, series.metric.as_str(), series.unit.as_str());
                pooled.entry(group).or_default().extend(&series.values);
            }
        }
        pooled
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        self.boots.iter().flat_map(|((key, repeat), all)| {
            all.iter().flat_map(|series| {
                series.values.iter().enumerate().map(|(index, &value)| Row {
                    experiment: key.experiment.clone(),
                    kernel: key.kernel.clone(),
                    platform: key.platform.clone(),
                    harts: key.harts,
                    workload: key.workload.clone(),
                    parameters: key.parameters_text(),
                    repeat: *repeat,
                    metric: series.metric.clone(),
                    unit: series.unit.clone(),
                    index,
                    value: csv_file::number(value),
                })
            })
        })
    }

    /// Takes over one row, which must go on where the row before it ended.
    fn take(&mut self, row: Row) -> Result<(), String> {
        let value = csv_file::parse_number("value", &row.value)?;
        let parameters = CellKey::parse_parameters(&row.parameters).map_err(|error| error.to_string())?;
        let Row { experiment, kernel, platform, harts, workload, repeat, metric, unit, index, .. } = row;
        let key = CellKey { experiment, kernel, platform, harts, workload, parameters };
        let all = self.boots.entry((key, repeat)).or_default();
        let position = all.iter().position(|series| series.metric == metric).unwrap_or_else(|| {
            all.push(Series { metric, unit: unit.clone(), values: Vec::new() });
            all.len() - 1
        });
        let series = &mut all[position];
        if series.unit != unit {
            return Err(format!("`{}` is in {} above and in {unit} here", series.metric, series.unit));
        }
        if series.values.len() != index {
            let due = series.values.len();
            return Err(format!("sample {index} of `{}` stands where sample {due} is due", series.metric));
        }
        series.values.push(value);
        Ok(())
    }
}

fn is_sound(series: &Series) -> bool {
    !series.values.is_empty() && series.values.iter().all(|value| value.is_finite())
}
