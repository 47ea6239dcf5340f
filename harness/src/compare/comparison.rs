//! Cells and metrics of both sides, pair by pair.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::side::Side;
use super::suite::SuiteComparison;
use crate::costmodel::series;
use crate::exit::Exit;
use crate::results::{CellKey, csv_file};
use crate::stats::{Ratio, median};

/// A metric of a cell on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The cell.
    pub cell: CellKey,
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// The medians of both sides.
    pub medians: [f64; 2],
    /// The second divided by the first; none where the first is not positive.
    pub ratio: Option<Ratio>,
}

/// What a ratio says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both are the same.
    Equal,
    /// The second has more.
    More,
    /// The second has less.
    Less,
    /// The interval contains 1.
    Undecided,
}

impl Pair {
    /// What the ratio says.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self.ratio {
            _ if self.medians[0] == self.medians[1] => Direction::Equal,
            Some(ratio) if ratio.low > 1.0 => Direction::More,
            Some(ratio) if ratio.high < 1.0 => Direction::Less,
            _ => Direction::Undecided,
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "equal",
            Self::More => "more",
            Self::Less => "less",
            Self::Undecided => "undecided",
        })
    }
}

/// Both sides.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What they are called.
    pub names: [String; 2],
    /// Why they are not to be compared.
    pub obstacles: Vec<String>,
    /// The order in which they were booted, if in one session.
    pub order: Option<String>,
    /// The pairs, in the order of cells and metrics.
    pub pairs: Vec<Pair>,
    /// Cells and metrics that only one side has.
    pub alone: [usize; 2],
    /// Test suites that both sides ran.
    pub suite: SuiteComparison,
}

impl Comparison {
    /// Pairs what both sides have.
    #[must_use]
    pub fn new(one: &Side<'_>, other: &Side<'_>) -> Self {
        let (first, second) = (samples(one), samples(other));
        let alone = |of: &Samples, other: &Samples| of.keys().filter(|key| !other.contains_key(*key)).count();
        let pair = |((cell, metric), (unit, values)): (&(CellKey, String), &(String, Vec<f64>))| {
            let (_, others) = second.get(&(cell.clone(), metric.clone()))?;
            Some(Pair {
                cell: cell.clone(),
                metric: metric.clone(),
                unit: unit.clone(),
                medians: [median(values)?, median(others)?],
                ratio: Ratio::of_medians(others, values),
            })
        };
        Self {
            names: [one, other].map(|side| side.name.clone()),
            obstacles: one.obstacles(other),
            order: one.order(other),
            alone: [alone(&first, &second), alone(&second, &first)],
            pairs: first.iter().filter_map(pair).collect(),
            suite: SuiteComparison::new(one, other),
        }
    }

    /// Whether there is anything to compare.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.suite.tests.is_empty()
    }

    /// The process's exit.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.is_empty() { Exit::Inconclusive } else { Exit::Done }
    }

    /// Writes the pairs to `path` as CSV.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        #[derive(Serialize)]
        struct Row {
            cell: String,
            metric: String,
            unit: String,
            first: String,
            second: String,
            ratio: Option<String>,
            ratio_low: Option<String>,
            ratio_high: Option<String>,
            direction: String,
        }
        let columns =
            ["cell", "metric", "unit", "first", "second", "ratio", "ratio_low", "ratio_high", "direction"];
        let number = csv_file::number;
        let rows = self.pairs.iter().map(|pair| Row {
            cell: pair.cell.to_string(),
            metric: pair.metric.clone(),
            unit: pair.unit.clone(),
            first: number(pair.medians[0]),
            second: number(pair.medians[1]),
            ratio: pair.ratio.map(|ratio| number(ratio.ratio)),
            ratio_low: pair.ratio.map(|ratio| number(ratio.low)),
            ratio_high: pair.ratio.map(|ratio| number(ratio.high)),
            direction: pair.direction().to_string(),
        });
        csv_file::replace(path, &columns, rows)
    }
}

/// The samples of a side, with their units, by cell and metric.
type Samples = BTreeMap<(CellKey, String), (String, Vec<f64>)>;

/// All samples but counters of harts and costs of single tests, which [`SuiteComparison`] compares.
fn samples(side: &Side<'_>) -> Samples {
    let suites = side.findings.tests.cells();
    let pooled = side.findings.samples.pooled().into_iter();
    let shown = pooled.filter(|((cell, metric, _), _)| {
        side.has(cell) && !series::is_counter(metric) && !suites.contains(*cell)
    });
    shown
        .map(|((cell, metric, unit), values)| {
            ((side.common(cell), metric.to_owned()), (unit.to_owned(), values))
        })
        .collect()
}

/// A Markdown table.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = &self.names;
        for obstacle in &self.obstacles {
            writeln!(f, "unlike: {obstacle}")?;
        }
        match &self.order {
            Some(order) => writeln!(f, "In one session, in the order {order}.\n")?,
            None => writeln!(
                f,
                "Two sessions: what repeats exactly can be compared, host time cannot; for that give both kernels to one matrix.\n"
            )?,
        }
        if !self.pairs.is_empty() {
            writeln!(f, "| cell | metric | {one} | {other} | ratio | 95 % interval | |")?;
            writeln!(f, "| --- | --- | ---: | ---: | ---: | --- | --- |")?;
        }
        for pair in &self.pairs {
            let Pair { cell, metric, unit, medians: [first, second], ratio } = pair;
            let (value, interval) = match ratio {
                Some(Ratio { ratio, low, high }) => (format!("{ratio:.3}"), format!("{low:.3} – {high:.3}")),
                None => ("–".to_owned(), "–".to_owned()),
            };
            let direction = pair.direction();
            writeln!(
                f,
                "| {cell} | {metric} in {unit} | {first} | {second} | {value} | {interval} | {direction} |"
            )?;
        }
        write!(f, "{}", self.suite)?;
        let [first, second] = self.alone;
        if first + second > 0 {
            writeln!(f, "\nOnly in {one}: {first} metrics of cells; only in {other}: {second}.")?;
        }
        if self.is_empty() {
            writeln!(f, "nothing to compare: the two have no cell with the same parameters in common")?;
        }
        Ok(())
    }
}
