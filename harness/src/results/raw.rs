//! The samples of a boot as the guest wrote them.

use std::collections::BTreeMap;

use rel4_records::Kind;

use super::measurement::MeasurementError;
use crate::serial::Record;

/// One metric's samples, as counted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawSeries {
    pub(super) unit: String,
    pub(super) values: Vec<u64>,
}

/// Everything a boot wrote that matters for its results.
pub(super) struct RawRun<'r> {
    begin: &'r Record,
    notes: Vec<&'r Record>,
    series: BTreeMap<String, RawSeries>,
}

impl<'r> RawRun<'r> {
    /// Sorts the records of one boot.
    pub(super) fn new(records: &'r [Record]) -> Result<Self, MeasurementError> {
        let begin =
            records.iter().find(|record| record.kind == Kind::Begin).ok_or(MeasurementError::NoBegin)?;
        let notes = records.iter().filter(|record| record.kind == Kind::Note).collect();
        let mut series = BTreeMap::new();
        for record in records.iter().filter(|record| record.kind == Kind::Samples) {
            extend(&mut series, record)?;
        }
        Ok(Self { begin, notes, series })
    }

    /// What the root task ran.
    pub(super) fn program(&self) -> Result<&'r str, MeasurementError> {
        self.begin.text("workload").map_err(|error| MeasurementError::at(self.begin, error))
    }

    /// A parameter as the guest understood it.
    pub(super) fn parameter(&self, key: &str) -> Option<&'r str> {
        self.begin.fields.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// A number that the guest noted, in its begin record or later.
    pub(super) fn noted(&self, key: &'static str) -> Option<u64> {
        std::iter::once(self.begin)
            .chain(self.notes.iter().copied())
            .find_map(|record| record.number(key).ok())
    }

    /// The samples of every metric, by its name.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &RawSeries)> {
        self.series.iter().map(|(metric, series)| (metric.as_str(), series))
    }

    /// The notes that have a field called `key`, in the guest's order.
    pub(super) fn notes_with(&self, key: &'static str) -> impl Iterator<Item = &'r Record> {
        self.notes.iter().copied().filter(move |note| note.text(key).is_ok())
    }

    /// The samples of `metric`, whatever they are in.
    pub(super) fn raw(&self, metric: &str) -> Option<&RawSeries> {
        self.series.get(metric)
    }

    /// The samples of `metric`, which must be in `unit`.
    pub(super) fn series(
        &self,
        metric: &'static str,
        unit: &'static str,
    ) -> Result<&[u64], MeasurementError> {
        let series = self.series.get(metric).ok_or(MeasurementError::MissingMetric(metric))?;
        if series.unit != unit {
            return Err(MeasurementError::WrongUnit { metric, expected: unit, found: series.unit.clone() });
        }
        Ok(&series.values)
    }
}

fn extend(series: &mut BTreeMap<String, RawSeries>, record: &Record) -> Result<(), MeasurementError> {
    let bad = |error| MeasurementError::at(record, error);
    let metric = record.text("metric").map_err(bad)?;
    let unit = record.text("unit").map_err(bad)?;
    let first = record.number("first").map_err(bad)?;
    let values = record.list("v").map_err(bad)?;
    let series = series
        .entry(metric.to_owned())
        .or_insert_with(|| RawSeries { unit: unit.to_owned(), values: Vec::new() });
    if series.unit != unit || series.values.len() as u64 != first {
        return Err(MeasurementError::Disorder {
            place: record.place,
            metric: metric.to_owned(),
            due: series.values.len(),
            due_unit: series.unit.clone(),
        });
    }
    series.values.extend(values);
    Ok(())
}
