//! The samples of a figure, one curve per cell, named by what sets the cells apart.

use std::collections::{BTreeMap, BTreeSet};

use super::error::FigureError;
use super::palette::STYLES;
use super::spec::FigureSpec;
use crate::results::{CellKey, SampleTable};
use crate::stats::{Sorted, Summary};

/// One curve.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    /// What sets its cell apart from the others.
    pub(super) name: String,
    /// Its samples.
    pub(super) samples: Sorted,
    /// Their summary.
    pub(super) summary: Summary,
}

/// The curves of a figure and what they have in common.
#[derive(Debug, Clone)]
pub(super) struct Curves {
    /// The curves, in the order of their cells.
    pub(super) curves: Vec<Curve>,
    /// The samples' unit.
    pub(super) unit: String,
    /// The platforms they were taken on.
    pub(super) platforms: Vec<String>,
    /// The parameters that are the same in all cells.
    pub(super) parameters: String,
}

impl Curves {
    /// Picks the samples that `spec` asks for.
    pub(super) fn select(spec: &FigureSpec, table: &SampleTable) -> Result<Self, FigureError> {
        let figure = || spec.id.clone();
        let mut cells = Vec::new();
        let mut units = BTreeSet::new();
        for ((key, metric, unit), values) in table.pooled() {
            if key.experiment == spec.experiment && metric == spec.metric && is_shown(spec, key) {
                units.insert(unit);
                cells.push((key, values));
            }
        }
        let Some(unit) = units.first() else {
            let (experiment, metric) = (spec.experiment.clone(), spec.metric.clone());
            return Err(FigureError::NoSamples { figure: figure(), experiment, metric });
        };
        if let Some(other) = units.iter().find(|&&unit| unit != spec.x.unit) {
            let (axis, samples) = (spec.x.unit.clone(), (*other).to_owned());
            return Err(FigureError::WrongUnit { figure: figure(), axis, samples });
        }
        if cells.len() > STYLES.len() {
            let (found, limit) = (cells.len(), STYLES.len());
            return Err(FigureError::TooManyCurves { figure: figure(), found, limit });
        }
        let keys: Vec<_> = cells.iter().map(|&(key, _)| key).collect();
        let traits: Vec<_> = keys.iter().map(|key| traits(key)).collect();
        let varying = varying(&traits);
        let curves = cells.iter().zip(&traits).filter_map(|((key, values), traits)| {
            let (samples, summary) = (Sorted::new(values)?, Summary::of(values)?);
            Some(Curve { name: name(key, traits, &varying), samples, summary })
        });
        let platforms: BTreeSet<_> = keys.iter().map(|key| key.platform.clone()).collect();
        Ok(Self {
            curves: curves.collect(),
            unit: (*unit).to_owned(),
            platforms: platforms.into_iter().collect(),
            parameters: common_parameters(&keys),
        })
    }
}

/// Whether the figure shows a cell's values of the parameters that it narrows.
fn is_shown(spec: &FigureSpec, key: &CellKey) -> bool {
    spec.values
        .iter()
        .all(|(name, values)| key.parameters.get(name).is_some_and(|value| values.contains(value)))
}

/// Everything that a cell may differ in from another one of its experiment, and how it is said.
fn traits(key: &CellKey) -> BTreeMap<String, String> {
    let own = [
        (" kernel", key.kernel.clone()),
        (" platform", key.platform.clone()),
        (" workload", key.workload.clone()),
        ("harts", format!("{} harts", key.harts)),
    ];
    let parameters = key.parameters.iter().map(|(name, value)| (name.clone(), format!("{name} = {value}")));
    own.into_iter().map(|(name, text)| (name.to_owned(), text)).chain(parameters).collect()
}

/// The traits that are not the same everywhere.
fn varying(all: &[BTreeMap<String, String>]) -> BTreeSet<String> {
    let names = all.iter().flat_map(BTreeMap::keys);
    names.filter(|&name| all.windows(2).any(|pair| pair[0].get(name) != pair[1].get(name))).cloned().collect()
}

/// What sets a cell apart, or its kernel if nothing does.
fn name(key: &CellKey, traits: &BTreeMap<String, String>, varying: &BTreeSet<String>) -> String {
    let parts: Vec<_> = varying.iter().filter_map(|name| traits.get(name).map(String::as_str)).collect();
    if parts.is_empty() { key.kernel.clone() } else { parts.join(", ") }
}

fn common_parameters(keys: &[&CellKey]) -> String {
    let Some((first, others)) = keys.split_first() else { return String::new() };
    let common = first
        .parameters
        .iter()
        .filter(|&(name, value)| others.iter().all(|other| other.parameters.get(name) == Some(value)));
    let texts: Vec<_> = common.map(|(name, value)| format!("{name} = {value}")).collect();
    texts.join(", ")
}
