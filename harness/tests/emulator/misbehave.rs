//! Guests that go wrong.

use rel4_harness::run::Outcome;

use crate::bench::{Run, possible};

#[test]
fn guests_that_go_wrong_are_told_apart() {
    if !possible() {
        return;
    }
    let run = Run::ending(1, include_str!("misbehave.toml"), &[]);
    let outcome = |who, how| {
        let id = format!("e.debug.virt.how-{how}.who-{who}.r0");
        &run.manifest.cell(&id).expect("it ran").outcome
    };
    assert!(matches!(outcome("root", "exception"), Outcome::UnhandledFault(_)));
    // A release kernel speaks of the root task only, for whose records the harness would wait in vain.
    let release = run.manifest.cells.iter().find(|cell| cell.kernel == "release").expect("it ran");
    assert!(matches!(release.outcome, Outcome::UnhandledFault(_)));
    assert!(matches!(outcome("child", "exception"), Outcome::Failed(reason) if reason.contains("fault")));
    assert!(matches!(outcome("root", "panic"), Outcome::Failed(reason) if reason.contains("panic")));
    assert!(matches!(outcome("child", "panic"), Outcome::Failed(reason) if reason.contains("panic")));
    // A child of a kernel without endpoints is known by the record of its fault.
    for (how, what) in [
        ("exception", "fault=exception"),
        ("capability", "fault=cap"),
        ("stack", "fault=vm"),
        ("panic", "panic"),
    ] {
        let cell = run.manifest.cell(&format!("rel4.rel4.virt.how-{how}.r0")).expect("it ran");
        assert!(
            matches!(&cell.outcome, Outcome::Failed(reason) if reason.contains(what)),
            "{how}: {:?}",
            cell.outcome
        );
    }
    assert!(matches!(outcome("root", "silence"), Outcome::RunTimeout(..)));
    assert!(matches!(outcome("child", "silence"), Outcome::RunTimeout(..)));
}
