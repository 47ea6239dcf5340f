//! The microbenchmarks.

use std::collections::BTreeMap;

use rel4_harness::results::SummaryTable;

use crate::bench::{Run, possible, text, workspace};

#[test]
fn every_operation_is_measured_everywhere_and_the_counter_agrees_with_the_cost_model() {
    if !possible() {
        return;
    }
    let preset = workspace().join("configs/costmodel/unit.toml");
    let matrix = include_str!("microbenchmarks.toml").replace("PRESET", text(&preset));
    let run = Run::measured(&matrix, 4);
    let summary = SummaryTable::load(&run.path("summary.csv")).expect("there is a summary");
    let medians = |platform: &str| -> BTreeMap<&str, f64> {
        let rows = summary.rows.iter().filter(|row| row.key.platform == platform);
        rows.map(|row| (row.metric.as_str(), row.summary.median)).collect()
    };

    let (counted, modelled) = (medians("plic"), medians("plic-model"));
    for (operation, median) in &counted {
        let instructions = modelled[format!("{operation}_instructions").as_str()];
        if may_pass_firmware(operation) {
            assert!(instructions <= *median, "{operation}");
        } else if !is_seen_otherwise(operation) {
            assert_eq!(instructions, *median, "{operation}");
        }
    }
    assert!(counted["ipc_call"] < counted["ipc_call_len10"]);
    assert!(counted["ipc_call_len10"] < counted["ipc_call_len120"]);
    assert!(counted["map_1"] * 1024.0 < counted["map_2048"]);
    assert!(!counted.contains_key("ipc_remote"), "there is one hart");

    let (vs, two) = (medians("aia"), medians("two"));
    assert!(counted.keys().all(|operation| vs.contains_key(operation)));
    assert!(counted.keys().all(|operation| two.contains_key(operation)));
    for operation in ["ipc_remote", "ipc_remote_len10", "notify_remote"] {
        assert!(two[operation] > two["ipc_call"], "{operation} crosses harts twice");
    }
}

/// Whether firmware may take an illegal instruction first and hand it on: the guest's counter counts firmware, the model does not.
fn may_pass_firmware(operation: &str) -> bool {
    operation.starts_with("fault_") && !operation.starts_with("fault_reply") || operation.ends_with("_fpu")
}

/// Whether the two have other ends of the window: the model sees an overhead without the counter, and an interrupt with the instruction that
/// it comes before.
fn is_seen_otherwise(operation: &str) -> bool {
    operation.starts_with("overhead_") || operation.starts_with("irq_")
}
