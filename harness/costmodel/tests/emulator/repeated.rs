//! What must not change a figure: the way of charging, another run, a busy host.

use std::process::Command;

use rel4_costmodel::counters::{Counter, Counters};
use rel4_costmodel::heartbeat;
use rel4_costmodel::options::{Detail, Order};
use rel4_costmodel::preset::Preset;
use rel4_costmodel::report::{End, MarkerRow, Report};
use rel4_markers::Marker;

use crate::load::Load;
use crate::machine::{ALL, Emulator, Run, emulator};

#[test]
fn charging_every_instruction_singly_gives_the_same_report() {
    let Some(emulator) = emulator() else { return };
    for run in ALL {
        let blocks = emulator.run(&run);
        let singly = emulator.run(&Run { detail: Detail::EveryInstruction, ..run });
        assert_eq!(Report { detail: Detail::Blocks, ..singly }, blocks, "{run:?}");
    }
}

#[test]
fn the_schedule_alone_counts_what_the_model_counts() {
    let Some(emulator) = emulator() else { return };
    // Several harts meet at other moments when everything costs the same.
    for run in ALL.into_iter().filter(|run| run.harts == 1) {
        let counted = |detail| {
            let report = emulator.run(&Run { detail, ..run });
            counts(&report, |counter| counter.unit() != "accesses" && counter != Counter::Transfers)
        };
        assert_eq!(counted(Detail::Schedule), counted(Detail::Blocks), "{run:?}");
    }
}

/// What a marker shows of its hart but for time: hart, marker, instructions and traps.
type Reached = (usize, Marker, [u64; 4], u64);

/// All that `report` says but for what the preset decides: cycles, and misses of caches that it describes. Of the rest those counters that
/// `is_compared` names.
fn counts(report: &Report, is_compared: impl Fn(Counter) -> bool) -> (Vec<Reached>, Vec<u64>) {
    let of_row = |row: &MarkerRow| (row.hart, row.marker, row.figures.instructions(), row.figures.traps);
    let counters: Vec<_> = Counter::ALL
        .iter()
        .filter(|counter| !matches!(counter.unit(), "cycles" | "misses") && is_compared(**counter))
        .collect();
    let of_hart = |hart: &Counters| counters.iter().map(|counter| hart.get(**counter)).collect::<Vec<_>>();
    (report.markers.iter().map(of_row).collect(), report.harts.iter().flat_map(of_hart).collect())
}

/// What `run` counts under the prices of the tests, and under those of one cycle for everything.
fn counts_under_two_presets(emulator: &Emulator, run: Run) -> [(Vec<Reached>, Vec<u64>); 2] {
    [run.preset, Preset::unit].map(|preset| counts(&emulator.run(&Run { preset, ..run }), |_| true))
}

#[test]
fn other_prices_change_no_count_on_one_two_and_four_harts() {
    let Some(emulator) = emulator() else { return };
    for run in ALL.into_iter().filter(|run| run.order == Order::Instructions) {
        let [dear, cheap] = counts_under_two_presets(emulator, run);
        assert_eq!(dear, cheap, "{run:?}");
    }
}

#[test]
fn harts_that_take_turns_by_cycles_count_other_things_under_other_prices() {
    let Some(emulator) = emulator() else { return };
    for run in ALL.into_iter().filter(|run| run.order == Order::Cycles) {
        let [dear, cheap] = counts_under_two_presets(emulator, run);
        assert_ne!(dear, cheap, "{run:?}");
    }
}

#[test]
fn runs_repeat_to_the_byte_on_a_host_that_is_busy_and_on_one_that_is_not() {
    let Some(emulator) = emulator() else { return };
    for run in ALL {
        let first = emulator.run(&run).to_text();
        for _ in 0..2 {
            assert_eq!(emulator.run(&run).to_text(), first, "{run:?}");
        }
        let _load = Load::start();
        for _ in 0..2 {
            assert_eq!(emulator.run(&run).to_text(), first, "{run:?} on a busy host");
        }
    }
}

/// Starts `run` with the plugin's `arguments`; what the emulator says.
fn refused(run: &Run, arguments: &str) -> Option<String> {
    let emulator = emulator()?;
    let plugin = format!("{}{arguments}", emulator.plugin().display());
    let output = emulator.command(run, &plugin).output().expect("the emulator starts");
    assert!(!output.status.success());
    Some(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn arguments_that_mean_nothing_are_refused_in_words() {
    let Some(errors) = refused(&Run::new("loops", 1), ",speed=high") else { return };
    assert!(errors.contains("`speed=high`: expected one of"), "{errors}");
}

#[test]
fn a_preset_that_is_not_there_is_refused_in_words() {
    let Some(errors) = refused(&Run::new("loops", 1), ",preset=/nowhere") else { return };
    assert!(errors.contains("/nowhere: No such file"), "{errors}");
}

#[test]
fn harts_on_threads_of_their_own_are_refused_in_words() {
    let Some(emulator) = emulator() else { return };
    let run = Run::new("two_harts", 2);
    let with_icount = emulator.command(&run, &emulator.plugin().display().to_string());
    let mut command = Command::new(with_icount.get_program());
    let icount = ["-icount", "shift=0,sleep=off"];
    command.args(with_icount.get_args().filter(|argument| !icount.iter().any(|word| argument == word)));
    let output = command.output().expect("the emulator starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("start QEMU with `-icount shift=0,sleep=off`"), "{errors}");
}

#[test]
fn an_emulator_that_is_stopped_leaves_a_report_that_says_so() {
    let Some(emulator) = emulator() else { return };
    let scratch = tempfile::tempdir().expect("temporary directory");
    let path = scratch.path().join("report");
    let heartbeat = scratch.path().join("heartbeat");
    let (file, report) = (emulator.plugin().display(), path.display());
    let plugin = format!("{file},report={report},heartbeat={}", heartbeat.display());
    let mut command = emulator.command(&Run::new("speed", 1), &plugin);
    let mut child = command.spawn().expect("the emulator starts");
    while heartbeat::read(&heartbeat) == 0 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // `timeout` passes the signal on.
    let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(stopped.expect("kill runs").success());
    child.wait().expect("the emulator ends");
    let text = std::fs::read_to_string(&path).expect("there is a report");
    assert_eq!(Report::parse(&text).expect("whole").end, End::Shutdown);
}
