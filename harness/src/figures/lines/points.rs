//! From the samples of a run, or the data of others, to the points of lines.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Value;
use crate::figures::digitized::Values;
use crate::figures::error::FigureError;
use crate::figures::panel::{Line, Panel};
use crate::figures::spec::FigureSpec;
use crate::results::{CellKey, SampleTable};
use crate::stats::Summary;

/// A median with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) median: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The points of a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Points {
    /// The same everywhere.
    Flat(Point),
    /// By the place on the horizontal axis.
    Curve(BTreeMap<i64, Point>),
}

impl Points {
    /// The point at `place`, if there is one.
    pub(super) fn at(&self, place: i64) -> Option<Point> {
        match self {
            Self::Flat(point) => Some(*point),
            Self::Curve(points) => points.get(&place).copied(),
        }
    }

    /// The point at the first place.
    pub(super) fn first(&self) -> Option<Point> {
        match self {
            Self::Flat(point) => Some(*point),
            Self::Curve(points) => points.values().next().copied(),
        }
    }

    fn places(&self) -> impl Iterator<Item = i64> {
        let points = match self {
            Self::Flat(_) => None,
            Self::Curve(points) => Some(points),
        };
        points.into_iter().flat_map(|points| points.keys().copied())
    }
}

/// Where the points came from.
#[derive(Debug, Clone, Default)]
pub(in crate::figures) struct Sources {
    /// The platforms.
    pub(in crate::figures) platforms: BTreeSet<String>,
    /// Samples taken.
    pub(in crate::figures) samples: usize,
}

/// The points of all lines of `panel`, in their order.
pub(super) fn of_panel(
    spec: &FigureSpec,
    panel: &Panel,
    table: &SampleTable,
    sources: &mut Sources,
) -> Result<Vec<Points>, FigureError> {
    let of_line = |line: &Line| match (&line.curve, &panel.data) {
        (Some(curve), Some(data)) => Ok(published(&data.at, &data.lines[curve])),
        _ => measured(spec, line, table, sources),
    };
    panel.lines.iter().map(of_line).collect()
}

/// All places that the lines have points at.
pub(super) fn places<'p>(lines: impl Iterator<Item = &'p Points>) -> Vec<i64> {
    lines.flat_map(Points::places).collect::<BTreeSet<_>>().into_iter().collect()
}

fn published(at: &[i64], values: &Values) -> Points {
    let point = |value| Point { median: value, low: value, high: value };
    match values {
        Values::Flat(value) => Points::Flat(point(*value)),
        Values::Curve(values) => {
            Points::Curve(at.iter().copied().zip(values.iter().map(|&value| point(value))).collect())
        }
    }
}

fn measured(
    spec: &FigureSpec,
    line: &Line,
    table: &SampleTable,
    sources: &mut Sources,
) -> Result<Points, FigureError> {
    let experiment = line.experiment.as_ref().unwrap_or(&spec.experiment);
    let metric = line.metric.as_ref().unwrap_or(&spec.metric);
    let mut flat = None;
    let mut curve = BTreeMap::new();
    for ((key, of_metric, _), values) in table.pooled() {
        if of_metric != metric || key.experiment != *experiment || !is_of_line(key, line) {
            continue;
        }
        let Some(summary) = Summary::of(&values) else { continue };
        let point = Point { median: summary.median, low: summary.ci_low, high: summary.ci_high };
        let twice = match place(key, spec) {
            None => flat.replace(point).is_some(),
            Some(place) => curve.insert(place, point).is_some(),
        };
        if twice {
            return Err(FigureError::Ambiguous { figure: spec.id.clone(), line: line.label.clone() });
        }
        sources.platforms.insert(key.platform.clone());
        sources.samples += values.len();
    }
    match (flat, curve.is_empty()) {
        (Some(point), true) => Ok(Points::Flat(point)),
        (None, false) => Ok(Points::Curve(curve)),
        (None, true) => Err(FigureError::NoSamples {
            figure: spec.id.clone(),
            experiment: experiment.clone(),
            metric: metric.clone(),
        }),
        (Some(_), false) => Err(FigureError::Ambiguous { figure: spec.id.clone(), line: line.label.clone() }),
    }
}

fn is_of_line(key: &CellKey, line: &Line) -> bool {
    let is_asked = |(name, value): (&String, &Value)| key.parameters.get(name) == Some(value);
    line.kernel.as_ref().is_none_or(|kernel| key.kernel == *kernel) && line.parameters.iter().all(is_asked)
}

/// The place of a cell on the horizontal axis.
fn place(key: &CellKey, spec: &FigureSpec) -> Option<i64> {
    match key.parameters.get(spec.parameter.as_deref()?)? {
        Value::Number(number) => Some(*number),
        Value::Word(_) => None,
    }
}
