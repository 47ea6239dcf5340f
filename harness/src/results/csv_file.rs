//! CSV files that are read with line numbers and replaced whole.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::table_error::TableError;

/// Reads all rows of the file at `path` and gives each to `take` with its line number.
pub(super) fn read<R: DeserializeOwned>(
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
pub(super) fn replace<R: Serialize>(
    path: &Path,
    header: &[&str],
    rows: impl Iterator<Item = R>,
) -> Result<(), TableError> {
    let unwritable = |source| TableError::Unwritable { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    let text = writer
        .write_record(header)
        .and_then(|()| rows.into_iter().try_for_each(|row| writer.serialize(row)))
        .map_err(std::io::Error::from)
        .and_then(|()| writer.into_inner().map_err(csv::IntoInnerError::into_error))
        .map_err(unwritable)?;
    file.write_all(&text).and_then(|()| file.as_file().sync_all()).map_err(unwritable)?;
    make_readable(file.as_file()).map_err(unwritable)?;
    file.persist(path).map_err(|error| unwritable(error.error))?;
    Ok(())
}

/// Temporary files are for their owner only; results are for everybody.
fn make_readable(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

/// A number as results files have it: the shortest decimal that reads back as the same number.
pub(super) fn number(value: f64) -> String {
    // Adding zero turns a negative zero into a plain one.
    format!("{}", value + 0.0)
}

/// Reads what [`number`] writes.
pub(super) fn parse_number(column: &str, text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite());
    value.ok_or_else(|| format!("{column} is `{text}`, which is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_no_point_and_others_read_back_exactly() {
        assert_eq!([538.0, -0.0, 538.25].map(number), ["538", "0", "538.25"]);
        let third = 1.0 / 3.0;
        assert_eq!(parse_number("value", &number(third)), Ok(third));
    }
}
