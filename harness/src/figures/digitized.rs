//! Curves that others published, as data files beside the specifications.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::spec::SpecError;
use crate::config::Diagnostic;

/// Curves that others published.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digitized {
    /// What they show, and how good the numbers are.
    pub about: String,
    /// Where they were published.
    pub source: String,
    /// The unit of the values.
    pub unit: String,
    /// The horizontal places of the values.
    pub at: Vec<i64>,
    /// The curves by name.
    pub lines: BTreeMap<String, Values>,
}

/// The values of one curve.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Values {
    /// The same everywhere.
    Flat(f64),
    /// One for each place.
    Curve(Vec<f64>),
}

impl Digitized {
    /// Reads the data file at `path`.
    ///
    /// # Errors
    ///
    /// The file cannot be read or holds no such data.
    pub(super) fn load(path: &Path) -> Result<Self, SpecError> {
        let text = fs::read_to_string(path)
            .map_err(|source| SpecError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, SpecError> {
        let invalid = |span, message| SpecError::Invalid(Diagnostic::at(path, text, span, message));
        let data: Self = toml::from_str(text)
            .map_err(|error| invalid(error.span().unwrap_or_default(), error.message().to_owned()))?;
        let is_sound = |values: &Values| match values {
            Values::Flat(value) => value.is_finite() && *value > 0.0,
            Values::Curve(values) => {
                values.len() == data.at.len() && values.iter().all(|value| value.is_finite() && *value > 0.0)
            }
        };
        match data.lines.iter().find(|(_, values)| !is_sound(values)) {
            None => Ok(data),
            Some((name, _)) => {
                let message = format!("`{name}` has not one positive number for each of `at`");
                Err(invalid(0..0, message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "about = \"a\"\nsource = \"s\"\nunit = \"cycles\"\nat = [1, 2]\n\
        [lines]\nfalling = [9, 4.5]\nflat = 7\n";

    #[test]
    fn curves_and_constants_are_read() {
        let data = Digitized::parse(Path::new("d.toml"), GOOD).expect("sound");
        assert_eq!(data.lines["falling"], Values::Curve(vec![9.0, 4.5]));
        assert_eq!(data.lines["flat"], Values::Flat(7.0));
    }

    #[test]
    fn a_curve_has_a_positive_number_for_each_place() {
        for bad in ["[9]", "[9, 4, 1]", "[9, -1]", "0"] {
            let text = GOOD.replace("[9, 4.5]", bad);
            let error = Digitized::parse(Path::new("d.toml"), &text).expect_err(bad).to_string();
            assert!(error.contains("`falling`"), "{error}");
        }
    }
}
