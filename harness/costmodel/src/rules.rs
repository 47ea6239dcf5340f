//! What every report has to keep, so that a counter that is dead or a marker that is lost does not pass for a result.

use std::fmt;

use crate::counters::{Counter, Counters};
use crate::preset::{Parameter, Preset};
use crate::report::{Report, TrapStages};

/// A rule that a report breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The hart.
    pub hart: usize,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hart {}: {}", self.hart, self.problem)
    }
}

/// The rules that `report`, made with `preset`, breaks.
#[must_use]
pub fn broken(report: &Report, preset: &Preset) -> Vec<Broken> {
    let mut all = Vec::new();
    for (hart, counters) in report.harts.iter().enumerate() {
        let problems = [
            time(counters),
            traps(counters),
            stages(counters, report.stages),
            user_interrupts(counters),
            misses(counters, preset),
            markers(report, hart, counters),
        ];
        all.extend(problems.into_iter().flatten().map(|problem| Broken { hart, problem }));
    }
    all
}

fn time(counters: &Counters) -> Vec<String> {
    let mut problems = Vec::new();
    for (instructions, cycles) in [
        (Counter::UserInstructions, Counter::UserCycles),
        (Counter::KernelInstructions, Counter::KernelCycles),
    ] {
        let (count, time) = (counters.get(instructions), counters.get(cycles));
        if time < count {
            let (instructions, cycles) = (instructions.name(), cycles.name());
            problems.push(format!("{count} {instructions} took {time} {cycles}: each takes one at least"));
        } else if count == 0 && time > 0 {
            problems.push(format!("{time} {} without an instruction", cycles.name()));
        }
    }
    for (part, whole) in [
        ([Counter::TrapEntryCycles, Counter::TrapReturnCycles], Counter::KernelCycles),
        ([Counter::TrapEntryInstructions, Counter::TrapReturnInstructions], Counter::KernelInstructions),
    ] {
        let parts: u64 = part.into_iter().map(|counter| counters.get(counter)).sum();
        if parts > counters.get(whole) {
            problems.push(format!("the stages of traps have more {} than there are", whole.name()));
        }
    }
    let untranslated = counters.get(Counter::UntranslatedAccesses);
    if untranslated > 0 {
        problems.push(format!("{untranslated} accesses went the emulator did not say where"));
    }
    problems
}

fn traps(counters: &Counters) -> Vec<String> {
    let (traps, returns) = (counters.traps(), counters.get(Counter::Returns));
    let ran = |counter| counters.get(counter) > 0;
    let mut problems = Vec::new();
    // The first program is started by a return without a trap.
    if returns > traps + 1 {
        problems.push(format!("{returns} returns from the kernel, {traps} traps into it"));
    }
    // The kernel that is trapped in does not come back to where it was.
    if ran(Counter::UserInstructions) && ran(Counter::KernelInstructions) && returns == 0 {
        problems.push("user code ran, and the kernel never returned to it".to_owned());
    }
    if traps > 0 && !ran(Counter::KernelInstructions) {
        problems.push(format!("{traps} traps, and the kernel never ran"));
    }
    if returns > 0 && !ran(Counter::UserInstructions) && traps == 0 {
        problems.push(format!("{returns} returns to nobody"));
    }
    problems
}

fn stages(counters: &Counters, stages: TrapStages) -> Vec<String> {
    let mut problems = Vec::new();
    for (events, instructions) in [
        (counters.traps(), Counter::TrapEntryInstructions),
        (counters.get(Counter::Returns), Counter::TrapReturnInstructions),
    ] {
        let told = counters.get(instructions) > 0;
        if stages == TrapStages::Apart && (events > 0) != told {
            let (count, name) = (counters.get(instructions), instructions.name());
            problems.push(format!("{events} traps or returns, but {count} {name}"));
        }
    }
    problems
}

fn user_interrupts(counters: &Counters) -> Vec<String> {
    let entries = counters.get(Counter::UserInterrupts);
    let returns = counters.get(Counter::UserReturns);
    // The kernel may take a handler off its hart for good, but one never returns that never began.
    let sound = returns <= entries && (entries == 0) == (returns == 0);
    let problem = format!(
        "{entries} user interrupts, {returns} returns from them: the names of handlers have to begin with `rel4_interrupt_entry`"
    );
    if sound { Vec::new() } else { vec![problem] }
}

fn misses(counters: &Counters, preset: &Preset) -> Vec<String> {
    let mut problems = Vec::new();
    let ran = counters.get(Counter::UserInstructions) + counters.get(Counter::KernelInstructions) > 0;
    for (size, counter) in [
        (Parameter::L1InstructionBytes, Counter::L1InstructionMisses),
        (Parameter::L1DataBytes, Counter::L1DataMisses),
        (Parameter::InstructionTlbEntries, Counter::InstructionTlbMisses),
        (Parameter::DataTlbEntries, Counter::DataTlbMisses),
        (Parameter::L2Bytes, Counter::L2Misses),
    ] {
        let (present, misses) = (preset.value(size) > 0, counters.get(counter));
        if !present && misses > 0 {
            problems.push(format!("{misses} {} of what `{}` says is not there", counter.name(), size.name()));
        }
    }
    // Code comes from somewhere: the first instruction of the kernel was not executed before.
    for (size, counter) in [
        (Parameter::L1InstructionBytes, Counter::L1InstructionMisses),
        (Parameter::InstructionTlbEntries, Counter::InstructionTlbMisses),
    ] {
        if ran && preset.value(size) > 0 && counters.get(counter) == 0 {
            problems.push(format!("instructions executed without any {}", counter.name()));
        }
    }
    problems
}

fn markers(report: &Report, hart: usize, counters: &Counters) -> Vec<String> {
    let rows: Vec<_> = report.markers.iter().filter(|row| row.hart == hart).collect();
    let mut problems = Vec::new();
    let set = counters.get(Counter::Markers);
    if set != rows.len() as u64 {
        problems.push(format!("{set} markers set, {} recorded", rows.len()));
    }
    let goes_back = rows.windows(2).find(|pair| {
        let (before, after) = (pair[0], pair[1]);
        let grows = |(before, after): (u64, u64)| before <= after;
        let figures = before.figures.numbers().into_iter().zip(after.figures.numbers());
        before.clock > after.clock || !figures.into_iter().all(grows)
    });
    if let Some(pair) = goes_back {
        problems.push(format!("a figure goes back before marker {}", pair[1].marker.number()));
    }
    problems
}

#[cfg(test)]
mod tests {
    use rel4_markers::{Marker, Role};

    use super::*;
    use crate::options::{Detail, Order};
    use crate::report::{End, Figures, MarkerRow};

    /// The counters that must be more than zero on a hart where everything happened.
    const ALIVE: [Counter; 14] = [
        Counter::UserInstructions,
        Counter::KernelInstructions,
        Counter::TrapEntryInstructions,
        Counter::TrapReturnInstructions,
        Counter::UserCycles,
        Counter::KernelCycles,
        Counter::SystemCalls,
        Counter::Returns,
        Counter::UserInterrupts,
        Counter::UserReturns,
        Counter::L1InstructionMisses,
        Counter::InstructionTlbMisses,
        Counter::L1DataMisses,
        Counter::Markers,
    ];

    fn preset() -> Preset {
        let caches = [
            (Parameter::L1InstructionBytes, 4096),
            (Parameter::L1InstructionWays, 4),
            (Parameter::L1DataBytes, 4096),
            (Parameter::L1DataWays, 4),
            (Parameter::InstructionTlbEntries, 8),
        ];
        let value = |parameter| caches.iter().find(|(p, _)| *p == parameter).map(|(_, value)| *value);
        Preset::new("test", |parameter| value(parameter).or(Some(parameter.range().0))).expect("sound")
    }

    fn report() -> Report {
        let mut counters = Counters::default();
        for counter in ALIVE {
            counters.set(counter, 10);
        }
        counters.set(Counter::KernelInstructions, 100);
        counters.set(Counter::KernelCycles, 100);
        let row = |clock| MarkerRow {
            hart: 0,
            marker: Marker::new(Role::Point, 1),
            clock,
            figures: Figures { traps: clock, ..Figures::default() },
        };
        Report {
            end: End::Exit,
            preset: "test".to_owned(),
            detail: Detail::Blocks,
            order: Order::Instructions,
            lead: 50,
            stages: TrapStages::Apart,
            harts: vec![counters],
            windows: Vec::new(),
            markers: (0..10).map(row).collect(),
        }
    }

    #[test]
    fn a_sound_report_keeps_the_rules() {
        assert_eq!(broken(&report(), &preset()), []);
    }

    #[test]
    fn a_dead_counter_is_noticed() {
        // Data misses alone may be absent: a program need not touch memory.
        for counter in ALIVE.into_iter().filter(|counter| *counter != Counter::L1DataMisses) {
            let mut report = report();
            report.harts[0].set(counter, 0);
            assert_ne!(broken(&report, &preset()), [], "{} is dead", counter.name());
        }
    }

    #[test]
    fn a_lost_marker_is_noticed() {
        let mut report = report();
        report.markers.remove(4);
        assert_eq!(broken(&report, &preset())[0].problem, "10 markers set, 9 recorded");
    }

    #[test]
    fn time_that_goes_back_is_noticed() {
        let mut report = report();
        report.markers.swap(3, 4);
        assert_ne!(broken(&report, &preset()), []);
    }

    #[test]
    fn an_access_that_went_nowhere_is_noticed() {
        let mut report = report();
        report.harts[0].set(Counter::UntranslatedAccesses, 1);
        assert_ne!(broken(&report, &preset()), []);
    }

    #[test]
    fn misses_of_a_cache_that_is_not_there_are_noticed() {
        let mut report = report();
        report.harts[0].set(Counter::L2Misses, 3);
        assert_ne!(broken(&report, &preset()), []);
    }
}
