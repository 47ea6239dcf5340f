use std::collections::BTreeMap;
use std::fs;

use rel4_records::{Kind, RecordBuilder, RecordWriter, RunId, Status};

use super::*;
use crate::config::Clock;
use crate::serial::{Record, Verdict, parse};

const PARAMETERS: [(&str, i64); 4] = [("rounds", 3), ("batch", 4), ("warmup", 1), ("words", 0)];

fn key(kernel: &str) -> CellKey {
    CellKey {
        experiment: "ipc".into(),
        kernel: kernel.into(),
        platform: "virt-icount".into(),
        harts: 1,
        workload: "pingpong".into(),
        parameters: PARAMETERS.iter().map(|&(key, value)| (key.to_owned(), value.into())).collect(),
    }
}

fn meta(clock: Clock) -> CellMeta {
    CellMeta { key: key("sel4"), repeat: 0, clock }
}

/// The records of a boot: a begin record with the usual parameters, and what `body` writes.
fn boot(body: impl FnOnce(&mut RecordWriter<String>)) -> Vec<Record> {
    let mut writer = RecordWriter::new(String::new(), RunId::new("1").expect("legal"));
    let begin = writer.record(Kind::Begin).field("workload", "ipc-pingpong").field("abi", "sel4-up");
    PARAMETERS.iter().fold(begin, |begin, (key, value)| begin.field(key, value)).finish().expect("legal");
    body(&mut writer);
    writer.end(Status::Ok).expect("legal");
    let log = parse(writer.into_sink().as_bytes(), None);
    assert_eq!(log.verdict, Verdict::Complete);
    log.records
}

fn samples(writer: &mut RecordWriter<String>, metric: &str, unit: &str, values: &[u64]) {
    writer.samples(metric, unit, values).expect("legal");
}

fn finish<W: std::fmt::Write>(record: RecordBuilder<'_, W>) {
    record.finish().expect("legal");
}

/// A boot as the workload writes it.
fn good_boot() -> Vec<Record> {
    boot(|writer| {
        finish(writer.record(Kind::Note).field("timebase_hz", 10_000_000));
        samples(writer, "overhead", "instructions", &[2, 2, 4]);
        samples(writer, "round_trip", "instructions", &[2002, 2002, 2003]);
        samples(writer, "round_trip_time", "ticks", &[20, 20, 21]);
    })
}

fn series(metric: &str, unit: &str, values: &[f64]) -> Series {
    Series { metric: metric.into(), unit: unit.into(), values: values.to_vec() }
}

#[test]
fn under_icount_a_round_trip_costs_instructions_without_the_overhead_of_measuring() {
    let measured = measure(&good_boot(), Witnesses::default(), &meta(Clock::Icount));
    assert_eq!(measured, Ok(vec![series("instructions", "instructions", &[500.0, 500.0, 500.25])]));
}

#[test]
fn under_the_hosts_clock_a_round_trip_takes_time_and_nothing_is_said_of_instructions() {
    let measured = measure(&good_boot(), Witnesses::default(), &meta(Clock::Host));
    assert_eq!(measured, Ok(vec![series("host_time", "ns", &[500.0, 500.0, 525.0])]));
}

/// The boot of an asynchronous workload, whose ends note these numbers.
fn channel_boot(notes: &[(&str, u64)]) -> Vec<Record> {
    let mut writer = RecordWriter::new(String::new(), RunId::new("1").expect("legal"));
    let begin = writer.record(Kind::Begin).field("workload", "ipc-async").field("abi", "sel4-up");
    PARAMETERS.iter().fold(begin, |begin, (key, value)| begin.field(key, value)).finish().expect("legal");
    finish(notes.iter().fold(writer.record(Kind::Note), |note, (key, value)| note.field(key, value)));
    samples(&mut writer, "overhead", "instructions", &[2; 3]);
    samples(&mut writer, "round_trip", "instructions", &[2002; 3]);
    writer.end(Status::Ok).expect("legal");
    parse(writer.into_sink().as_bytes(), None).records
}

const NOTES: [(&str, u64); 6] = [
    ("client_sent", 8),
    ("client_notifications", 2),
    ("client_waits", 4),
    ("server_sent", 8),
    ("server_notifications", 1),
    ("server_waits", 2),
];

#[test]
fn what_both_ends_of_a_channel_did_is_told_per_call() {
    let measured =
        measure(&channel_boot(&NOTES), Witnesses::default(), &meta(Clock::Icount)).expect("a measurement");
    let value = |metric: &str| {
        measured.iter().find(|series| series.metric == metric).map(|series| series.values.clone())
    };
    assert_eq!(value("per_call_notifications"), Some(vec![0.375]));
    assert_eq!(value("per_call_notifications_to_server"), Some(vec![0.25]));
    assert_eq!(value("per_call_notifications_to_client"), Some(vec![0.125]));
    assert_eq!(value("per_call_notifications_suppressed"), Some(vec![1.625]));
    assert_eq!(value("per_call_waits"), Some(vec![0.75]));
}

#[test]
fn an_end_of_a_channel_that_says_nothing_is_named() {
    let silent = measure(&channel_boot(&NOTES[..5]), Witnesses::default(), &meta(Clock::Icount));
    assert_eq!(silent, Err(MeasurementError::MissingNote("server_waits")));
    let idle: Vec<_> = NOTES.iter().map(|&(name, _)| (name, 0)).collect();
    let idle = measure(&channel_boot(&idle), Witnesses::default(), &meta(Clock::Icount));
    assert_eq!(idle, Err(MeasurementError::MissingNote("client_sent")));
}

#[test]
fn missing_and_surplus_samples_are_named() {
    let without = boot(|_| ());
    assert_eq!(
        measure(&without, Witnesses::default(), &meta(Clock::Icount)),
        Err(MeasurementError::MissingMetric("round_trip"))
    );
    let short = boot(|writer| samples(writer, "round_trip", "instructions", &[1, 2]));
    let error = MeasurementError::WrongCount { metric: "round_trip", expected: 3, found: 2 };
    assert_eq!(measure(&short, Witnesses::default(), &meta(Clock::Icount)), Err(error));
    let no_overhead = boot(|writer| samples(writer, "round_trip", "instructions", &[1, 2, 3]));
    assert_eq!(
        measure(&no_overhead, Witnesses::default(), &meta(Clock::Icount)),
        Err(MeasurementError::MissingMetric("overhead"))
    );
}

#[test]
fn ticks_without_a_timebase_are_no_time() {
    let records = boot(|writer| samples(writer, "round_trip_time", "ticks", &[1, 2, 3]));
    assert_eq!(
        measure(&records, Witnesses::default(), &meta(Clock::Host)),
        Err(MeasurementError::NoTimebase)
    );
}

#[test]
fn a_metric_in_another_unit_is_refused() {
    let records = boot(|writer| samples(writer, "round_trip", "cycles", &[1, 2, 3]));
    assert!(matches!(
        measure(&records, Witnesses::default(), &meta(Clock::Icount)),
        Err(MeasurementError::WrongUnit { metric: "round_trip", .. })
    ));
}

#[test]
fn a_block_of_samples_out_of_order_is_refused() {
    let records = boot(|writer| {
        let block = writer.record(Kind::Samples).field("metric", "round_trip").field("unit", "instructions");
        finish(block.field("first", 1).list("v", &[1, 2]));
    });
    assert!(matches!(
        measure(&records, Witnesses::default(), &meta(Clock::Icount)),
        Err(MeasurementError::Disorder { due: 0, .. })
    ));
}

#[test]
fn a_sample_below_the_overhead_is_refused() {
    let records = boot(|writer| {
        samples(writer, "overhead", "instructions", &[9]);
        samples(writer, "round_trip", "instructions", &[2000, 8, 2000]);
    });
    assert!(matches!(
        measure(&records, Witnesses::default(), &meta(Clock::Icount)),
        Err(MeasurementError::BelowOverhead { index: 1, .. })
    ));
}

#[test]
fn a_guest_that_ran_with_other_parameters_measured_another_cell() {
    let mut meta = meta(Clock::Icount);
    meta.key.parameters.insert("words".into(), 4.into());
    assert_eq!(
        measure(&good_boot(), Witnesses::default(), &meta).expect_err("words=0 is not words=4").to_string(),
        "the cell has words=4, but the guest ran with 0"
    );
}

/// A table of two cells, entered in the given order.
fn table(kernels: [&str; 2]) -> SampleTable {
    let mut table = SampleTable::default();
    for (kernel, value) in kernels.iter().map(|&kernel| (kernel, kernel.len() as f64 + 0.25)) {
        for repeat in [1, 0] {
            let meta = CellMeta { key: key(kernel), repeat, clock: Clock::Icount };
            table
                .insert(&meta, vec![series("instructions", "instructions", &[value, 500.0])])
                .expect("a new boot");
        }
    }
    table
}

#[test]
fn the_files_hold_exactly_these_columns_and_numbers() {
    let folder = tempfile::tempdir().expect("a folder");
    let (samples, summary) = (folder.path().join(SAMPLES_FILE), folder.path().join(SUMMARY_FILE));
    let table = table(["sel4", "rel4-compat"]);
    table.save(&samples).expect("writable");
    SummaryTable::of(&table).save(&summary).expect("writable");
    insta::assert_snapshot!(fs::read_to_string(samples).expect("text"), @"
    experiment,kernel,platform,harts,workload,parameters,repeat,metric,unit,index,value
    ipc,rel4-compat,virt-icount,1,pingpong,batch=4;rounds=3;warmup=1;words=0,0,instructions,instructions,0,11.25
    ipc,rel4-compat,virt-icount,1,pingpong,batch=4;rounds=3;warmup=1;words=0,0,instructions,instructions,1,500
    ipc,rel4-compat,virt-icount,1,pingpong,batch=4;rounds=3;warmup=1;words=0,1,instructions,instructions,0,11.25
    ipc,rel4-compat,virt-icount,1,pingpong,batch=4;rounds=3;warmup=1;words=0,1,instructions,instructions,1,500
    ipc,sel4,virt-icount,1,pingpong,batch=4;rounds=3;warmup=1;words=0,0,instructions,instructions,0,4.25
    ipc,sel4,virt-icount,1,pingpong,batch=4;rounds=3;warmup=1;words=0,0,instructions,instructions,1,500
    ipc,sel4,virt-icount,1,pingpong,batch=4;rounds=3;warmup=1;words=0,1,instructions,instructions,0,4.25
    ipc,sel4,virt-icount,1,pingpong,batch=4;rounds=3;warmup=1;words=0,1,instructions,instructions,1,500
    ");
    insta::assert_snapshot!(fs::read_to_string(summary).expect("text"), @"
    experiment,kernel,platform,harts,workload,parameters,metric,unit,n,min,median,p95,p99,max,ci_low,ci_high
    ipc,rel4-compat,virt-icount,1,pingpong,batch=4;rounds=3;warmup=1;words=0,instructions,instructions,4,11.25,255.625,500,500,500,11.25,500
    ipc,sel4,virt-icount,1,pingpong,batch=4;rounds=3;warmup=1;words=0,instructions,instructions,4,4.25,252.125,500,500,500,4.25,500
    ");
}

#[test]
fn the_order_in_which_cells_ran_does_not_show() {
    assert_eq!(table(["sel4", "rel4"]), table(["rel4", "sel4"]));
}

#[test]
fn what_was_written_is_read_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (samples, summary) = (folder.path().join(SAMPLES_FILE), folder.path().join(SUMMARY_FILE));
    let table = table(["sel4", "rel4"]);
    table.save(&samples).expect("writable");
    assert_eq!(SampleTable::load(&samples).expect("readable"), table);
    let summaries = SummaryTable::of(&table);
    summaries.save(&summary).expect("writable");
    assert_eq!(SummaryTable::load(&summary).expect("readable"), summaries);
}

#[test]
fn a_table_that_does_not_exist_yet_is_empty() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = SampleTable::load(&folder.path().join(SAMPLES_FILE)).expect("nothing to read");
    assert_eq!(table, SampleTable::default());
}

#[test]
fn a_measured_cell_is_never_replaced() {
    let mut table = table(["sel4", "rel4"]);
    let error = table.insert(&meta(Clock::Icount), vec![series("instructions", "instructions", &[1.0])]);
    assert!(matches!(error, Err(TableError::AlreadyPresent { repeat: 0, .. })));
}

#[test]
fn series_that_cannot_be_summarised_are_refused() {
    for values in [&[][..], &[f64::NAN], &[1.0, f64::INFINITY]] {
        let mut table = SampleTable::default();
        let error = table.insert(&meta(Clock::Icount), vec![series("instructions", "instructions", values)]);
        assert!(matches!(error, Err(TableError::BadSamples { .. })), "{values:?}");
    }
}

#[test]
fn damaged_files_are_refused_with_their_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(SAMPLES_FILE);
    table(["sel4", "rel4"]).save(&path).expect("writable");
    let good = fs::read_to_string(&path).expect("text");
    let damage = BTreeMap::from([
        ("cut off", (good[..good.len() - 5].to_owned(), 9)),
        ("another column", (good.replacen("metric", "what", 1), 1)),
        ("a sample that is lost", (good.replacen(",0,4.25\n", ",7,4.25\n", 1), 2)),
        ("no number", (good.replacen("500\n", "many\n", 1), 3)),
        ("no parameters", (good.replacen("words=0", "words", 1), 2)),
        ("a row too short", (good.replacen(",instructions", "", 1), 2)),
    ]);
    for (what, (text, expected)) in damage {
        assert_ne!(text, good, "{what}");
        fs::write(&path, text).expect("writable");
        match SampleTable::load(&path) {
            Err(TableError::Invalid { line, .. }) => assert_eq!(line, expected, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}
