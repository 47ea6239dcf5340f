//! What a measurement is a measurement of.

use std::collections::BTreeMap;
use std::fmt;

use crate::config::{Clock, Value};

/// A cell of the matrix, whatever the repeat. Ordered as rows are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellKey {
    /// The experiment's id.
    pub experiment: String,
    /// The kernel's name.
    pub kernel: String,
    /// The platform's name.
    pub platform: String,
    /// Number of harts.
    pub harts: u32,
    /// The workload's name.
    pub workload: String,
    /// The workload's parameters.
    pub parameters: BTreeMap<String, Value>,
}

impl CellKey {
    /// The parameters as `key=value;key=value`, ordered by key.
    #[must_use]
    pub fn parameters_text(&self) -> String {
        let parameters: Vec<_> =
            self.parameters.iter().map(|(key, value)| format!("{key}={value}")).collect();
        parameters.join(";")
    }

    /// Reads what [`parameters_text`](Self::parameters_text) writes.
    pub(super) fn parse_parameters(text: &str) -> Result<BTreeMap<String, Value>, ParametersError> {
        let mut parameters = BTreeMap::new();
        for item in text.split(';').filter(|item| !item.is_empty()) {
            let (key, value) = item.split_once('=').ok_or_else(|| ParametersError(text.to_owned()))?;
            if parameters.insert(key.to_owned(), value.into()).is_some() {
                return Err(ParametersError(text.to_owned()));
            }
        }
        Ok(parameters)
    }
}

impl fmt::Display for CellKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { experiment, kernel, platform, harts, workload, .. } = self;
        write!(f, "{experiment} / {kernel} / {platform} / {harts} hart")?;
        if *harts != 1 {
            f.write_str("s")?;
        }
        write!(f, " / {workload}")?;
        if self.parameters.is_empty() { Ok(()) } else { write!(f, " {}", self.parameters_text()) }
    }
}

/// A column of parameters that does not hold `key=value` pairs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a list of key=value pairs separated by `;`, with each key once")]
pub struct ParametersError(String);

/// One boot of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellMeta {
    /// The cell.
    pub key: CellKey,
    /// Which repeat this is, from 0.
    pub repeat: u32,
    /// What the guest's counters counted.
    pub clock: Clock,
}
