//! Damage to a log is noticed, whatever it is, and never makes the parser panic or invent a record.

use proptest::prelude::*;
use rel4_harness::serial::{Event, Monitor, Place, Record, SerialLog, Verdict, parse};
use rel4_records::{Kind, RecordWriter, RunId, Status};

const RUN: &str = "00c0ffee";

/// A complete log.
fn good() -> Vec<u8> {
    let mut log = String::from("OpenSBI v1.1\n@loader entering the kernel\n");
    let mut records = RecordWriter::new(&mut log, RunId::new(RUN).expect("a legal run id"));
    records
        .record(Kind::Begin)
        .field("workload", "ipc-pingpong")
        .field("rounds", 80)
        .finish()
        .expect("legal");
    records.samples("round_trip", "instructions", &[2154; 80]).expect("legal");
    records.samples("round_trip_time", "ticks", &[22; 80]).expect("legal");
    records.end(Status::Ok).expect("legal");
    log.into_bytes()
}

fn read(bytes: &[u8]) -> SerialLog {
    parse(bytes, Some(RUN))
}

/// Records without their places, which damage moves.
fn contents(records: &[Record]) -> Vec<Record> {
    let nowhere = Place { line: 0, offset: 0 };
    records.iter().map(|record| Record { place: nowhere, ..record.clone() }).collect()
}

/// Whatever happened to the log, it is either as good as before or seen not to be.
fn check(damaged: &[u8]) -> Result<(), TestCaseError> {
    let (good, damaged) = (read(&good()), read(damaged));
    let originals = contents(&good.records);
    let found = contents(&damaged.records);
    prop_assert!(found.iter().all(|record| originals.contains(record)), "a record was invented");
    if damaged.verdict == Verdict::Complete {
        prop_assert_eq!(found, originals, "a run that lost records passes for complete");
    }
    Ok(())
}

#[test]
fn the_undamaged_log_is_complete() {
    assert_eq!(read(&good()).verdict, Verdict::Complete);
}

#[test]
fn a_long_line_costs_nothing_but_a_remark() {
    let log = [vec![b'x'; 3 << 20], b"\n".to_vec(), good()].concat();
    let read = read(&log);
    assert_eq!(read.verdict, Verdict::Complete);
    assert!(!read.problems.is_empty());
    assert!(read.records[0].place.offset > 3 << 20);
}

#[test]
fn a_panic_behind_a_long_line_is_still_found() {
    let log = [vec![0; 1 << 20], b"@kernel-panic hart=0 too bad\n".to_vec()].concat();
    assert_eq!(read(&log).verdict, Verdict::KernelPanic("hart=0 too bad".into()));
}

proptest! {
    #[test]
    fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let log = read(&bytes);
        prop_assert!(log.records.is_empty());
        prop_assert_ne!(log.verdict, Verdict::Complete);
    }

    #[test]
    fn bytes_changed_anywhere_are_noticed(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut log = good();
        for (place, byte) in changes {
            let place = place.index(log.len());
            log[place] = byte;
        }
        check(&log)?;
    }

    #[test]
    fn a_piece_that_is_lost_is_noticed(ends: [prop::sample::Index; 2]) {
        let log = good();
        let [one, other] = ends.map(|end| end.index(log.len() + 1));
        check(&[&log[..one.min(other)], &log[one.max(other)..]].concat())?;
    }

    #[test]
    fn a_piece_that_comes_twice_is_noticed(ends: [prop::sample::Index; 2]) {
        let log = good();
        let [one, other] = ends.map(|end| end.index(log.len() + 1));
        check(&[&log[..one.max(other)], &log[one.min(other)..]].concat())?;
    }

    #[test]
    fn text_printed_into_the_log_is_noticed(
        place: prop::sample::Index,
        text in prop::collection::vec(any::<u8>(), 1..80),
    ) {
        let mut log = good();
        let place = place.index(log.len() + 1);
        log.splice(place..place, text);
        check(&log)?;
    }

    #[test]
    fn lines_in_another_order_are_noticed(order in Just((0..9).collect::<Vec<usize>>()).prop_shuffle()) {
        let log = good();
        let lines: Vec<&[u8]> = log.split_inclusive(|&byte| byte == b'\n').collect();
        let shuffled: Vec<&[u8]> = order.iter().filter_map(|&index| lines.get(index).copied()).collect();
        check(&shuffled.concat())?;
    }

    #[test]
    fn the_monitor_says_the_same_however_the_bytes_come(
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let log = good();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(log.len())).collect();
        cuts.extend([0, log.len()]);
        cuts.sort_unstable();
        let mut monitor = Monitor::new(RUN);
        let events: Vec<Event> = cuts.windows(2).flat_map(|cut| monitor.push(&log[cut[0]..cut[1]])).collect();
        prop_assert_eq!(events, [Event::FirstRecord, Event::End]);
    }
}
