//! The TCP server on a network card, with clients outside the machine: those of the harness, which compare every byte.

use std::fs;

use crate::bench::{Run, possible};

#[test]
fn clients_from_outside_get_every_byte_back_however_they_go_and_nothing_of_them_stays() {
    if !possible() {
        return;
    }
    // The guest counts what its connections still hold in the end, and its clients find every byte that is not theirs: a cell with either fails.
    let run = Run::measured(include_str!("network.toml"), 8);
    for cell in run.manifest.cells.iter().filter(|cell| cell.experiment.starts_with("churn")) {
        let log = fs::read_to_string(run.path(format!("serial/{}.log", cell.id))).expect("there is a log");
        for said in ["clients_served=200", "connections_left=0", "operations_left=0"] {
            assert!(log.contains(said), "{}: {said}", cell.id);
        }
    }
    let rows = run.samples();
    for experiment in ["echo-sync", "echo-async"] {
        for (metric, samples) in [("host_throughput", 4), ("host_latency", 200), ("host_latency_p99", 1)] {
            let is_meant = |row: &&String| {
                let fields: Vec<_> = row.split(',').collect();
                [fields[0], fields[7]] == [experiment, metric]
            };
            assert_eq!(rows.iter().filter(is_meant).count(), samples, "{experiment} {metric}");
        }
    }
}
