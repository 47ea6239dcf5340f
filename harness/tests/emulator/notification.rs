//! Notifications by stage, through the kernel and without it.

use rel4_harness::results::{SummaryRow, SummaryTable};

use crate::bench::{Run, possible, text, workspace};

#[test]
fn a_store_reaches_a_running_receiver_without_the_kernel_and_its_stages_add_up() {
    if !possible() {
        return;
    }
    let preset = workspace().join("configs/costmodel/unit.toml");
    // Every cell twice: a second report that differed in a byte would not count as measured.
    let run = Run::measured(&include_str!("notification.toml").replace("PRESET", text(&preset)), 16);
    let summary = SummaryTable::load(&run.path("summary.csv")).expect("there is a summary");
    let is_of = |row: &&SummaryRow, experiment: &str, backend: &str, receiver: &str| {
        let parameter = |name: &str| row.key.parameters[name].to_string();
        row.key.experiment == experiment
            && parameter("backend") == backend
            && parameter("receiver") == receiver
    };
    let median = |experiment: &str, backend: &str, receiver: &str, metric: &str| {
        let mut rows = summary.rows.iter().filter(|row| is_of(row, experiment, backend, receiver));
        rows.find(|row| row.metric == metric)
            .unwrap_or_else(|| panic!("{metric} was measured"))
            .summary
            .median
    };
    for experiment in ["one", "two"] {
        for (backend, receiver) in
            [("uintr", "online"), ("uintr", "offline"), ("kernel", "online"), ("kernel", "offline")]
        {
            let of = |metric: &str| median(experiment, backend, receiver, metric);
            let stages =
                ["send", "deliver", "enter", "wake"].map(|stage| of(&format!("notification_{stage}")));
            let (sum, whole) = (stages.iter().sum::<f64>(), of("notification"));
            assert!((sum - whole).abs() <= 0.02 * whole, "{experiment} {backend} {receiver}: {sum} {whole}");
            assert!(of("notification_register") > 0.0);
        }
    }
    let entries = |backend, receiver| median("two", backend, receiver, "per_call_kernel_entries");
    assert_eq!(entries("uintr", "online"), 0.0);
    assert_eq!(median("two", "uintr", "online", "per_call_user_interrupts"), 1.0);
    for receiver in ["online", "offline"] {
        let (store, signal) = (entries("uintr", receiver), entries("kernel", receiver));
        assert!(
            store + 1.0 <= signal,
            "{receiver}: {store} {signal}: a signal enters the kernel, a store does not"
        );
    }
    let whole = |backend| median("two", backend, "online", "notification");
    assert!(5.0 * whole("uintr") <= whole("kernel"));
}
