//! A record of a log, on its own.

use rel4_records::{FieldError, Kind};

use super::problem::Place;

/// A sound record and where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where the record starts.
    pub place: Place,
    /// What it says.
    pub kind: Kind,
    /// Its place among the records of the boot.
    pub seq: u64,
    /// Its fields in the order they were written.
    pub fields: Vec<(String, String)>,
}

impl Record {
    pub(super) fn new(record: &rel4_records::Record<'_>, place: Place) -> Self {
        let fields = record.fields().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Self { place, kind: record.kind, seq: record.seq, fields }
    }

    /// The value of the field called `key`.
    ///
    /// # Errors
    ///
    /// [`FieldError::Missing`].
    pub fn text(&self, key: &'static str) -> Result<&str, FieldError> {
        let field = self.fields.iter().find(|(name, _)| name == key);
        field.map(|(_, value)| value.as_str()).ok_or(FieldError::Missing(key))
    }

    /// The value of the field called `key`, a decimal number.
    ///
    /// # Errors
    ///
    /// [`FieldError::Missing`] and [`FieldError::NotANumber`].
    pub fn number(&self, key: &'static str) -> Result<u64, FieldError> {
        self.text(key)?.parse().map_err(|_| FieldError::NotANumber(key))
    }

    /// The values of the field called `key`, decimal numbers separated by commas.
    ///
    /// # Errors
    ///
    /// [`FieldError::Missing`] and [`FieldError::NotANumber`].
    pub fn list(&self, key: &'static str) -> Result<Vec<u64>, FieldError> {
        let values = self.text(key)?.split(',').map(str::parse);
        values.collect::<Result<_, _>>().map_err(|_| FieldError::NotANumber(key))
    }

    /// The fields as one line.
    pub(super) fn summary(&self) -> String {
        let fields: Vec<_> = self.fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
        fields.join(" ")
    }
}
