//! The stages of whole calls, programs included.

use rel4_harness::breakdown::LIMIT_PERCENT;
use rel4_harness::results::{CellKey, SummaryTable};

use crate::bench::{Run, possible, text, workspace};

#[test]
fn the_stages_of_a_call_add_up_to_what_it_takes_without_tracepoints() {
    if !possible() {
        return;
    }
    let preset = workspace().join("configs/costmodel/unit.toml");
    let run = Run::measured(&include_str!("call_stages.toml").replace("PRESET", text(&preset)), 6);
    let summary = SummaryTable::load(&run.path("summary.csv")).expect("there is a summary");
    let mut traced: Vec<&CellKey> = summary.rows.iter().map(|row| &row.key).collect();
    traced.retain(|key| key.kernel.ends_with("-traced"));
    traced.dedup();
    assert_eq!(traced.len(), 3, "{traced:?}");
    for key in traced {
        let untraced = CellKey { kernel: key.kernel.trim_end_matches("-traced").to_owned(), ..key.clone() };
        for (whole, suffix) in [("cycles", ""), ("instructions", "_instructions")] {
            let is_stage = |metric: &str| {
                let stage = metric.strip_prefix("stage_").and_then(|rest| rest.strip_suffix(suffix));
                stage.is_some_and(|stage| !stage.contains('_'))
            };
            let stages = |of: &CellKey| -> Vec<f64> {
                let rows = summary.rows.iter().filter(|row| row.key == *of && is_stage(&row.metric));
                rows.map(|row| row.summary.median).collect()
            };
            assert_eq!((stages(key).len(), stages(&untraced).len()), (9, 0), "{key}");
            let whole = summary.median(&untraced, whole).expect("it was measured");
            let sum: f64 = stages(key).iter().sum();
            assert!((sum - whole).abs() <= LIMIT_PERCENT / 100.0 * whole, "{key}: {sum} of {whole}{suffix}");
        }
    }
}
