//! The TCP server.

use std::fs;

use crate::bench::{Run, possible, text, workspace};

#[test]
fn no_byte_is_lost_clients_come_and_go_in_every_way_and_nothing_of_them_stays() {
    if !possible() {
        return;
    }
    let preset = workspace().join("configs/costmodel/unit.toml");
    let matrix = include_str!("tcp.toml").replace("PRESET", text(&preset));
    // The guest compares every byte, and counts what its connections still hold in the end: a cell with a difference fails.
    let run = Run::measured(&matrix, 8);
    let rows = run.samples();
    for experiment in ["echo-sync", "echo-async"] {
        let of = |repeat: &str, metric: &str| -> Vec<String> {
            let fields = rows.iter().map(|row| row.split(',').collect::<Vec<_>>());
            let is_meant = |row: &Vec<&str>| [row[0], row[6], row[7]] == [experiment, repeat, metric];
            fields.filter(is_meant).map(|row| row[row.len() - 1].to_owned()).collect()
        };
        for (metric, least) in [("throughput", 2), ("latency", 50)] {
            let (first, second) = (of("0", metric), of("1", metric));
            assert!(first.len() >= least, "{experiment} {metric}: {}", first.len());
            assert_eq!(first, second, "{experiment} {metric} repeats to the cycle");
        }
    }
    for cell in run.manifest.cells.iter().filter(|cell| cell.id.starts_with("churn")) {
        let log = fs::read_to_string(run.path(format!("serial/{}.log", cell.id))).expect("there is a log");
        for said in ["clients_served=200", "connections_left=0", "operations_left=0"] {
            assert!(log.contains(said), "{}: {said}", cell.id);
        }
    }
}
