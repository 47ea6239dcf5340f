//! What the writer writes, the parser reads back; what is damaged on the way is never read as something else.

use proptest::prelude::*;
use rel4_records::grammar::{MAX_LINE, RESERVED_KEYS};
use rel4_records::{Kind, Record, RecordError, RecordWriter, RunId, Status, WriteError, parse_line};

const RUN: &str = "00c0ffee";

fn writer() -> RecordWriter<String> {
    RecordWriter::new(String::new(), RunId::new(RUN).expect("a legal run id"))
}

fn key() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9_]{0,8}".prop_filter("reserved", |key| !RESERVED_KEYS.contains(&key.as_str()))
}

fn value() -> impl Strategy<Value = String> {
    "[!-<>-~]{1,12}".prop_filter("marker", |value| !value.ends_with("@rel4"))
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.as_slice())
}

/// One record's line as the writer makes it.
fn line() -> impl Strategy<Value = String> {
    (0..1000_u64, kind(), prop::collection::btree_map(key(), value(), 0..8)).prop_map(
        |(seq, kind, fields)| {
            let mut writer =
                RecordWriter::resume(String::new(), RunId::new(RUN).expect("a legal run id"), seq);
            let record = writer.record(kind);
            fields
                .iter()
                .fold(record, |record, (key, value)| record.field(key, value))
                .finish()
                .expect("legal fields that fit");
            writer.into_sink()
        },
    )
}

fn read(line: &[u8]) -> Option<Record<'_>> {
    parse_line(line).ok().flatten()
}

proptest! {
    #[test]
    fn a_record_is_read_as_it_was_written(
        seq: u64,
        kind in kind(),
        fields in prop::collection::btree_map(key(), value(), 0..8),
        numbers in prop::collection::vec(any::<u64>(), 1..5),
        text_before in "[ -?A-~]{0,20}",
    ) {
        prop_assume!(!fields.contains_key("v") && seq < u64::MAX);
        let mut writer = RecordWriter::resume(String::new(), RunId::new(RUN).expect("a legal run id"), seq);
        let record = fields.iter().fold(writer.record(kind), |record, (key, value)| record.field(key, value));
        record.list("v", &numbers).finish().expect("legal fields that fit");
        let line = text_before + &writer.into_sink();

        let record = parse_line(&line).expect("a sound record").expect("a record");
        prop_assert_eq!((record.kind, record.run, record.seq), (kind, RUN, seq));
        for (key, value) in &fields {
            prop_assert!(record.fields().any(|field| field == (key, value)));
        }
        prop_assert_eq!(record.fields().count(), fields.len() + 1);
        let read: Option<Vec<u64>> = record.list("v").expect("the list").collect();
        prop_assert_eq!(read, Some(numbers));
    }

    #[test]
    fn any_changed_byte_is_noticed(line in line(), place: prop::sample::Index, change in 1..=255_u8) {
        let mut bytes = line.clone().into_bytes();
        let place = place.index(bytes.len() - 1);
        bytes[place] ^= change;
        for part in bytes.split(|&byte| byte == b'\n') {
            prop_assert_eq!(read(part), None, "byte {} changed", place);
        }
    }

    #[test]
    fn any_cut_is_noticed(line in line(), ends: [prop::sample::Index; 2]) {
        let text = line.trim_end().as_bytes();
        let [from, to] = ends.map(|end| end.index(text.len() + 1));
        let without = [&text[..from.min(to)], &text[from.max(to)..]].concat();
        prop_assume!(without.len() < text.len());
        prop_assert_eq!(read(&without), None);
    }

    #[test]
    fn any_part_that_comes_twice_is_noticed(line in line(), ends: [prop::sample::Index; 2]) {
        let text = line.trim_end().as_bytes();
        let [from, to] = ends.map(|end| end.index(text.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        prop_assume!(from < to);
        let with = [&text[..to], &text[from..to], &text[to..]].concat();
        // What is doubled before the marker is free text; the record behind it is whole.
        prop_assert!(read(&with).is_none_or(|record| Some(record) == read(text)));
    }

    #[test]
    fn two_interleaved_records_never_make_a_third(
        lines in (line(), line()),
        turns in prop::collection::vec((any::<bool>(), 1..40_usize), 1..30),
    ) {
        let (mut left, mut right) = (lines.0.as_bytes(), lines.1.as_bytes());
        let mut mixed = Vec::new();
        for (from_left, length) in turns {
            let source = if from_left { &mut left } else { &mut right };
            let (taken, rest) = source.split_at(length.min(source.len()));
            mixed.extend_from_slice(taken);
            *source = rest;
        }
        mixed.extend_from_slice(left);
        mixed.extend_from_slice(right);
        let originals = [read(lines.0.as_bytes()), read(lines.1.as_bytes())];
        for part in mixed.split(|&byte| byte == b'\n') {
            for (_, candidate) in rel4_records::candidates(part) {
                prop_assert!(read(candidate).is_none_or(|record| originals.contains(&Some(record))));
            }
        }
    }

    #[test]
    fn no_input_makes_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse_line(&bytes);
        let _ = parse_line(&[b"@rel4 ", bytes.as_slice()].concat());
    }

    #[test]
    fn samples_are_split_over_lines_and_none_is_lost(values in prop::collection::vec(any::<u64>(), 0..200)) {
        let mut writer = writer();
        writer.samples("round_trip", "instructions", &values).expect("samples always fit");
        let lines = writer.into_sink();
        let mut read = Vec::new();
        for (seq, line) in lines.split_inclusive('\n').enumerate() {
            prop_assert!(line.len() <= MAX_LINE);
            let record = parse_line(line).expect("a sound record").expect("a record");
            prop_assert_eq!(record.seq, seq as u64);
            prop_assert_eq!(record.number("first"), Ok(read.len() as u64));
            read.extend(record.list("v").expect("values").map(|value| value.expect("a number")));
        }
        prop_assert_eq!(read, values);
    }
}

#[test]
fn illegal_fields_are_refused_and_leave_no_trace() {
    let mut writer = writer();
    let refused = [
        (writer.record(Kind::Note).field("Key", 1).finish(), WriteError::IllegalKey),
        (writer.record(Kind::Note).field("seq", 1).finish(), WriteError::IllegalKey),
        (writer.record(Kind::Note).field("a", "two words").finish(), WriteError::IllegalValue),
        (writer.record(Kind::Note).field("a", "").finish(), WriteError::IllegalValue),
        (writer.record(Kind::Note).list("v", &[]).finish(), WriteError::IllegalValue),
        (writer.record(Kind::Note).field("a", 1).field("a", 2).finish(), WriteError::DuplicateKey),
        (writer.record(Kind::Note).field("a", "x".repeat(500)).finish(), WriteError::TooLong),
        (writer.record(Kind::Note).list("v", &[u64::MAX; 40]).finish(), WriteError::TooLong),
    ];
    for (outcome, error) in refused {
        assert_eq!(outcome, Err(error));
    }
    assert_eq!(writer.next_seq(), 0);
    assert_eq!(writer.into_sink(), "");
}

#[test]
fn the_longest_line_the_writer_makes_can_be_read() {
    let longest = (1..MAX_LINE)
        .rev()
        .find_map(|length| {
            let mut writer = writer();
            writer
                .record(Kind::Note)
                .field("a", "x".repeat(length))
                .finish()
                .ok()
                .map(|()| writer.into_sink())
        })
        .expect("some length fits");
    assert_eq!(longest.len(), MAX_LINE);
    assert!(read(longest.as_bytes()).is_some());
}

#[test]
fn the_end_record_counts_the_records_before_it() {
    let mut writer = writer();
    writer.record(Kind::Begin).field("workload", "none").finish().expect("a legal record");
    writer.end(Status::Ok).expect("a legal record");
    let lines = writer.into_sink();
    let end = parse_line(lines.lines().last().expect("two lines")).expect("sound").expect("a record");
    assert_eq!((end.kind, end.number("records"), end.text("status")), (Kind::End, Ok(1), Ok("ok")));
}

#[test]
fn a_record_keeps_this_very_form() {
    let mut writer = writer();
    writer.record(Kind::Begin).field("workload", "ipc-pingpong").field("rounds", 2).finish().expect("legal");
    assert_eq!(
        writer.into_sink(),
        "@rel4 begin run=00c0ffee seq=0 workload=ipc-pingpong rounds=2 crc=8f1f35a3\n"
    );
}

#[test]
fn a_line_that_holds_two_starts_is_called_interleaved() {
    let mut writer = writer();
    writer.record(Kind::Note).field("a", 1).finish().expect("legal");
    let line = writer.into_sink();
    assert_eq!(parse_line(&format!("@rel4 note run=0{line}")), Err(RecordError::Interleaved));
}

#[test]
fn a_line_without_a_marker_has_no_record() {
    assert_eq!(parse_line("Booting all finished, dropped to user space"), Ok(None));
}
