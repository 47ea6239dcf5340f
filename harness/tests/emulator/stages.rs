//! The stages of system calls.

use std::fs;

use rel4_harness::breakdown::{Breakdown, LIMIT_PERCENT, pairs};
use rel4_harness::results::SummaryTable;
use rel4_markers::{Marker, Role, Tracepoint};

use crate::bench::{Run, possible, text, workspace};

#[test]
fn the_stages_of_a_system_call_add_up_and_a_tracepoint_costs_its_instruction_alone() {
    if !possible() {
        return;
    }
    let preset = workspace().join("configs/costmodel/unit.toml");
    let run = Run::measured(&include_str!("stages.toml").replace("PRESET", text(&preset)), 16);
    let summary = SummaryTable::load(&run.path("summary.csv")).expect("there is a summary");
    let breakdown = Breakdown::new(&summary, &pairs(&run.manifest));
    let failures: Vec<_> = breakdown.failures().collect();
    assert!(failures.is_empty(), "{failures:?}");

    // In the guest's own count the tracepoints are instructions like others.
    let counted = |kernel: &str, operation: &str| {
        let of_operation = |metric: &str| metric == operation;
        let mut rows =
            summary.rows.iter().filter(|row| row.key.platform == "counted" && row.key.kernel == kernel);
        rows.find(|row| of_operation(&row.metric)).expect("it was counted").summary.median
    };
    for operation in ["ipc_call", "ipc_call_len10", "ipc_reply", "ipc_reply_len10", "notify_high_process"] {
        let rows: Vec<_> = breakdown.rows.iter().filter(|row| row.operation == operation).collect();
        assert_eq!(rows.len(), 4, "{operation}: in two units on two kernels");
        for row in rows.into_iter().filter(|row| row.unit == "instructions") {
            assert!(row.stages.iter().all(|&stage| stage > 0.0), "{row:?}");
            let traced = counted(&row.key.kernel, operation);
            assert_eq!(traced - row.tracepoints, row.sum(), "{operation}");
            let untraced = counted(row.key.kernel.trim_end_matches("-traced"), operation);
            assert!(
                (row.sum() - untraced).abs() <= LIMIT_PERCENT / 100.0 * untraced,
                "{operation}: {untraced}"
            );
        }
    }
    assert!(run.stdout.contains("### instructions by stage: sel4-traced on modelled"), "{}", run.stdout);

    for (kernel, image) in &run.manifest.images {
        let image = fs::read(run.path(&image.path)).expect("the run keeps its images");
        assert_eq!(has_tracepoints(&image), kernel.ends_with("-traced"), "{kernel}");
    }
}

/// Whether the instruction of a tracepoint is anywhere in `image`.
fn has_tracepoints(image: &[u8]) -> bool {
    let instructions = Tracepoint::OF_SYSTEM_CALL
        .map(|tracepoint| Marker::new(Role::Tracepoint, tracepoint.index()).instruction().to_le_bytes());
    image.windows(4).any(|bytes| instructions.iter().any(|instruction| bytes == instruction))
}
