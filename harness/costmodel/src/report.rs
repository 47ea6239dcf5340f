//! What the plugin leaves behind: the counters of every hart and every marker, as text.
//!
//! One statement a line, words separated by spaces. The last line says how many came before it, so that a report that
//! was cut off is seen as such.

use std::fmt::Write as _;

use rel4_markers::Marker;
use thiserror::Error;

use crate::counters::{Counter, Counters};
use crate::options::{Detail, Order};
use crate::window::Window;

const FIRST_LINE: &str = "rel4-costmodel 2";

/// How the run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The guest set the exit marker: the report is as of that moment, and repeats.
    Exit,
    /// The emulator was stopped from outside: where, is a matter of chance.
    Shutdown,
}

impl End {
    const ALL: [Self; 2] = [Self::Exit, Self::Shutdown];

    const fn name(self) -> &'static str {
        match self {
            Self::Exit => "exit",
            Self::Shutdown => "shutdown",
        }
    }
}

/// Whether the kernel's code that saves and restores programs was told from the rest of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrapStages {
    /// It has figures of its own.
    Apart,
    /// Where it is was not known: its figures are 0, and the kernel's include it.
    Together,
}

impl TrapStages {
    const ALL: [Self; 2] = [Self::Apart, Self::Together];

    const fn name(self) -> &'static str {
        match self {
            Self::Apart => "apart",
            Self::Together => "together",
        }
    }
}

/// What some code took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// Cycles, idle time excluded.
    pub cycles: u64,
    /// Instructions.
    pub instructions: u64,
}

/// What a hart has done since the kernel began there. All of it only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Outside the kernel.
    pub user: Figure,
    /// In the kernel, all stages.
    pub kernel: Figure,
    /// Of the kernel's, what saved the state of a program.
    pub trap_entry: Figure,
    /// Of the kernel's, what returned to a program.
    pub trap_return: Figure,
    /// Traps into the kernel.
    pub traps: u64,
}

impl Figures {
    const NUMBERS: usize = 9;

    /// All the numbers, in the order of a report.
    #[must_use]
    pub fn numbers(&self) -> [u64; Self::NUMBERS] {
        let [user, kernel, entry, back] = [self.user, self.kernel, self.trap_entry, self.trap_return];
        [
            user.cycles,
            user.instructions,
            kernel.cycles,
            kernel.instructions,
            entry.cycles,
            entry.instructions,
            back.cycles,
            back.instructions,
            self.traps,
        ]
    }

    fn from_numbers(numbers: [u64; Self::NUMBERS]) -> Self {
        let figure = |index| Figure { cycles: numbers[index], instructions: numbers[index + 1] };
        Self {
            user: figure(0),
            kernel: figure(2),
            trap_entry: figure(4),
            trap_return: figure(6),
            traps: numbers[8],
        }
    }

    /// The instructions of each part, without their cycles.
    #[must_use]
    pub fn instructions(&self) -> [u64; 4] {
        [self.user, self.kernel, self.trap_entry, self.trap_return].map(|figure| figure.instructions)
    }

    /// What was done since `earlier`, which must not be later.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let (now, then) = (self.numbers(), earlier.numbers());
        Self::from_numbers(std::array::from_fn(|index| now[index] - then[index]))
    }
}

/// A marker that a hart reached, with its figures just before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkerRow {
    /// The hart.
    pub hart: usize,
    /// The marker.
    pub marker: Marker,
    /// The hart's clock in cycles since the kernel began, on whichever hart was first: everything, idle time and
    /// firmware too. Comparable between harts.
    pub clock: u64,
    /// What the hart has done.
    pub figures: Figures,
}

/// All that a run left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub end: End,
    /// The name of the preset.
    pub preset: String,
    /// How closely the plugin looked.
    pub detail: Detail,
    /// By which clock harts took turns.
    pub order: Order,
    /// How far a hart was allowed to lead by that clock, in instructions or in cycles.
    pub lead: u64,
    /// Whether the stages of traps have figures of their own.
    pub stages: TrapStages,
    /// The counters of each hart since the kernel began there.
    pub harts: Vec<Counters>,
    /// What all harts did while a stage was measured, by stage.
    pub windows: Vec<Window>,
    /// The markers, in the order in which they were reached.
    pub markers: Vec<MarkerRow>,
}

/// Why a report cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReportError {
    /// The last line is missing or counts other lines.
    #[error("the report of the cost model is cut off")]
    CutOff,
    /// A line that is none of a report.
    #[error("line {line} of the report of the cost model: `{text}` is not understood")]
    Line {
        /// From 1.
        line: usize,
        /// What is there.
        text: String,
    },
    /// A counter that a hart lacks.
    #[error("the report of the cost model lacks `{counter}` of hart {hart}")]
    Missing {
        /// The hart.
        hart: usize,
        /// The counter's name.
        counter: &'static str,
    },
}

impl Report {
    /// The report as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(64 * (self.markers.len() + 64));
        let (end, detail) = (self.end.name(), self.detail.name());
        let _ = writeln!(text, "{FIRST_LINE}\nend {end}\npreset {}\ndetail {detail}", self.preset);
        let (lead, stages, harts) = (self.lead, self.stages.name(), self.harts.len());
        let _ = writeln!(text, "order {}\nlead {lead}\nstages {stages}\nharts {harts}", self.order.name());
        for (hart, counters) in self.harts.iter().enumerate() {
            for &counter in Counter::ALL {
                let _ = writeln!(text, "counter {hart} {} {}", counter.name(), counters.get(counter));
            }
        }
        for window in &self.windows {
            for (hart, counters) in window.harts.iter().enumerate() {
                let _ = write!(text, "window {} {hart}", window.stage);
                for &counter in Counter::ALL {
                    let _ = write!(text, " {}", counters.get(counter));
                }
                text.push('\n');
            }
        }
        for row in &self.markers {
            let _ = write!(text, "marker {} {} {}", row.hart, row.marker.number(), row.clock);
            for number in row.figures.numbers() {
                let _ = write!(text, " {number}");
            }
            text.push('\n');
        }
        let lines = text.lines().count();
        let _ = writeln!(text, "lines {lines}");
        text
    }

    /// Reads a report.
    ///
    /// # Errors
    ///
    /// The text is no report, or not a whole one.
    pub fn parse(text: &str) -> Result<Self, ReportError> {
        let lines: Vec<&str> = text.lines().collect();
        let (last, lines) = lines.split_last().ok_or(ReportError::CutOff)?;
        if !text.ends_with('\n') || *last != format!("lines {}", lines.len()) {
            return Err(ReportError::CutOff);
        }
        let mut parser = Parser { lines, next: 0 };
        parser.expect(|line| (line == FIRST_LINE).then_some(()))?;
        let end = parser.value("end", |name| End::ALL.into_iter().find(|end| end.name() == name))?;
        let preset = parser.value("preset", |name| Some(name.to_owned()))?;
        let detail = parser.value("detail", Detail::from_name)?;
        let order = parser.value("order", Order::from_name)?;
        let lead = parser.value("lead", |number| number.parse().ok())?;
        let named = |name: &str| TrapStages::ALL.into_iter().find(|stages| stages.name() == name);
        let stages = parser.value("stages", named)?;
        let harts = parser.value("harts", |number| number.parse().ok().filter(|harts| *harts <= 32))?;
        let harts = (0..harts).map(|hart| parser.counters(hart)).collect::<Result<Vec<_>, _>>()?;
        let mut windows = Vec::new();
        while parser.lines.get(parser.next).is_some_and(|line| line.starts_with("window ")) {
            windows.push(parser.window(harts.len())?);
        }
        let mut markers = Vec::with_capacity(lines.len() - parser.next);
        while parser.next < lines.len() {
            markers.push(parser.expect(|line| marker_row(line, harts.len()))?);
        }
        Ok(Self { end, preset, detail, order, lead, stages, harts, windows, markers })
    }
}

struct Parser<'a> {
    lines: &'a [&'a str],
    next: usize,
}

impl Parser<'_> {
    fn expect<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Result<T, ReportError> {
        let line = self.lines.get(self.next).ok_or(ReportError::CutOff)?;
        self.next += 1;
        read(line).ok_or_else(|| ReportError::Line { line: self.next, text: (*line).to_owned() })
    }

    fn value<T>(&mut self, key: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, ReportError> {
        self.expect(|line| line.strip_prefix(key)?.strip_prefix(' ').and_then(read))
    }

    fn counters(&mut self, hart: usize) -> Result<Counters, ReportError> {
        let mut counters = Counters::default();
        for &counter in Counter::ALL {
            let prefix = format!("counter {hart} {} ", counter.name());
            let line = self.lines.get(self.next);
            let value = line.and_then(|line| line.strip_prefix(&prefix)).and_then(|value| value.parse().ok());
            let missing = ReportError::Missing { hart, counter: counter.name() };
            counters.set(counter, value.ok_or(missing)?);
            self.next += 1;
        }
        Ok(counters)
    }

    /// The next window, which has a line for each of `harts`.
    fn window(&mut self, harts: usize) -> Result<Window, ReportError> {
        let (stage, first) = self.expect(|line| window_row(line, 0))?;
        let mut window = Window { stage, harts: vec![first] };
        for hart in 1..harts {
            let of_stage = |line: &str| window_row(line, hart).filter(|(found, _)| *found == stage);
            window.harts.push(self.expect(of_stage)?.1);
        }
        Ok(window)
    }
}

/// The stage of a window and what `hart` did in it.
fn window_row(line: &str, hart: usize) -> Option<(u32, Counters)> {
    let mut words = line.strip_prefix("window ")?.split(' ');
    let stage = words.next()?.parse().ok()?;
    let found: usize = words.next()?.parse().ok()?;
    let mut counters = Counters::default();
    for &counter in Counter::ALL {
        counters.set(counter, words.next()?.parse().ok()?);
    }
    (found == hart && words.next().is_none()).then_some((stage, counters))
}

fn marker_row(line: &str, harts: usize) -> Option<MarkerRow> {
    let mut words = line.strip_prefix("marker ")?.split(' ');
    let mut number = || words.next()?.parse::<u64>().ok();
    let hart = usize::try_from(number()?).ok().filter(|hart| *hart < harts)?;
    let marker = Marker::from_number(u32::try_from(number()?).ok()?)?;
    let clock = number()?;
    let mut numbers = [0; Figures::NUMBERS];
    for place in &mut numbers {
        *place = number()?;
    }
    let row = MarkerRow { hart, marker, clock, figures: Figures::from_numbers(numbers) };
    words.next().is_none().then_some(row)
}

#[cfg(test)]
mod tests {
    use rel4_markers::Role;

    use super::*;

    fn report() -> Report {
        let mut counters = Counters::default();
        for (value, &counter) in (1..).zip(Counter::ALL) {
            counters.set(counter, value);
        }
        let row = |clock| MarkerRow {
            hart: 1,
            marker: Marker::new(Role::Begin, 7),
            clock,
            figures: Figures::from_numbers([1, 2, 3, 4, 5, 6, 7, 8, 9]),
        };
        Report {
            end: End::Exit,
            preset: "u54".to_owned(),
            detail: Detail::Blocks,
            order: Order::Cycles,
            lead: 50,
            stages: TrapStages::Apart,
            harts: vec![Counters::default(), counters.clone()],
            windows: vec![Window { stage: 7, harts: vec![counters, Counters::default()] }],
            markers: vec![row(10), row(20)],
        }
    }

    #[test]
    fn a_report_comes_back_from_its_text() {
        assert_eq!(Report::parse(&report().to_text()), Ok(report()));
    }

    #[test]
    fn a_report_cut_off_anywhere_is_seen_as_such() {
        let text = report().to_text();
        for end in 0..text.len() {
            Report::parse(&text[..end]).expect_err("cut off");
        }
    }

    #[test]
    fn a_report_that_lost_a_line_is_refused() {
        let text = report().to_text();
        for lost in 0..text.lines().count() {
            let rest: String =
                text.lines().enumerate().filter(|(i, _)| *i != lost).map(|(_, l)| format!("{l}\n")).collect();
            Report::parse(&rest).expect_err("a line is lost");
        }
    }

    #[test]
    fn a_line_too_many_is_refused_by_number() {
        let text = report().to_text().replace("marker 1", "mark 1");
        let error = Report::parse(&text).expect_err("no such line").to_string();
        assert!(error.contains("`mark 1"), "{error}");
    }
}
