//! Repeats of a cell under icount must count the same instructions, sample by sample.

use rel4_records::Kind;

use crate::serial::Record;

/// The first difference between the instruction counts of two boots, for a reader; `None` if there is none.
#[must_use]
pub(super) fn difference(earlier: &[Record], later: &[Record]) -> Option<String> {
    let (earlier, later) = (counts(earlier), counts(later));
    let differing = earlier.iter().zip(&later).find(|(old, new)| old != new);
    if let Some((old, new)) = differing {
        return Some(format!("{} {} was {}, now {} {} is {}", old.0, old.1, old.2, new.0, new.1, new.2));
    }
    (earlier.len() != later.len()).then(|| format!("{} samples before, {} now", earlier.len(), later.len()))
}

/// Every instruction count: metric, index, value as written.
fn counts(records: &[Record]) -> Vec<(&str, u64, &str)> {
    let in_instructions = |record: &&Record| {
        record.kind == Kind::Samples && record.text("unit").is_ok_and(|unit| unit == "instructions")
    };
    records
        .iter()
        .filter(in_instructions)
        .flat_map(|record| {
            let metric = record.text("metric").unwrap_or_default();
            let first = record.number("first").unwrap_or_default();
            let values = record.text("v").unwrap_or_default();
            (first..).zip(values.split(',')).map(move |(index, value)| (metric, index, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rel4_records::{RecordWriter, RunId};

    use super::*;
    use crate::serial;

    fn records(instructions: &[u64], ticks: &[u64]) -> Vec<Record> {
        let mut writer = RecordWriter::new(String::new(), RunId::new("1").expect("legal"));
        writer.record(Kind::Begin).field("workload", "w").finish().expect("fits");
        writer.samples("round_trip", "instructions", instructions).expect("fits");
        writer.samples("round_trip_time", "ticks", ticks).expect("fits");
        serial::parse(writer.into_sink().as_bytes(), None).records
    }

    #[test]
    fn only_instructions_must_repeat() {
        assert_eq!(difference(&records(&[5, 6], &[1]), &records(&[5, 6], &[2])), None);
    }

    #[test]
    fn the_first_difference_is_named() {
        assert_eq!(
            difference(&records(&[5, 6, 7], &[1]), &records(&[5, 8, 9], &[1])).as_deref(),
            Some("round_trip 1 was 6, now round_trip 1 is 8")
        );
        assert_eq!(
            difference(&records(&[5, 6], &[1]), &records(&[5], &[1])).as_deref(),
            Some("2 samples before, 1 now")
        );
    }
}
