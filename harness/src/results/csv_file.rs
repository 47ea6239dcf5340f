//! CSV files that are read with line numbers and replaced whole.

use std::path::Path;
use std::{fs, io};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::TableError;
use crate::store;

/// Reads all rows of the file at `path` and gives each to `take` with its line number.
pub(crate) fn read<R: DeserializeOwned>(
    path: &Path,
    header: &[&str],
    mut take: impl FnMut(R) -> Result<(), String>,
) -> Result<(), TableError> {
    let text = fs::read(path).map_err(|source| TableError::Unreadable { path: path.to_owned(), source })?;
    let invalid = |line, reason| TableError::Invalid { path: path.to_owned(), line, reason };
    if text.last().is_some_and(|&last| last != b'\n') {
        let line = 1 + text.iter().filter(|&&byte| byte == b'\n').count();
        return Err(invalid(line as u64, "the last line is cut off".to_owned()));
    }
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let found = reader.headers().map_err(|error| invalid(1, error.to_string()))?;
    if found != header {
        return Err(invalid(1, format!("the columns are not {}", header.join(","))));
    }
    let columns = found.clone();
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        let more = reader.read_record(&mut record).map_err(|error| invalid(line, error.to_string()))?;
        if !more {
            return Ok(());
        }
        let line = record.position().map_or(line, csv::Position::line);
        let row = record.deserialize(Some(&columns)).map_err(|error| invalid(line, error.to_string()))?;
        take(row).map_err(|reason| invalid(line, reason))?;
    }
}

/// Replaces the file at `path` by `rows`, or leaves it as it was.
pub(crate) fn replace<R: Serialize>(
    path: &Path,
    header: &[&str],
    mut rows: impl Iterator<Item = R>,
) -> anyhow::Result<()> {
    store::replace(path, |file| {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(file);
        writer.write_record(header).map_err(io::Error::from)?;
        rows.try_for_each(|row| writer.serialize(row)).map_err(io::Error::from)?;
        Ok(writer.flush()?)
    })
}

/// A number as results files have it: at most six decimals, which is less than any clock resolves, and more would be the
/// noise of binary fractions.
pub(crate) fn number(value: f64) -> String {
    // Adding zero turns a negative zero into a plain one.
    format!("{}", (value * 1e6).round() / 1e6 + 0.0)
}

/// Reads what [`number`] writes.
pub(crate) fn parse_number(column: &str, text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite());
    value.ok_or_else(|| format!("{column} is `{text}`, which is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_no_point_and_others_no_noise() {
        assert_eq!(
            [538.0, -0.0, 538.25, 0.1 + 0.2, 1e15].map(number),
            ["538", "0", "538.25", "0.3", "1000000000000000"]
        );
        assert_eq!(parse_number("value", "538.25"), Ok(538.25));
    }
}
