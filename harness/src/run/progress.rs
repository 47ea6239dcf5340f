//! What the user sees while cells run: a bar with an estimate on a terminal, plain lines elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use super::Outcome;

/// The progress of a run.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    total: usize,
    finished: usize,
    /// Host time of the cells finished in this session.
    measured: Vec<Duration>,
}

impl Progress {
    /// Starts with `finished` of `total` cells done.
    #[must_use]
    pub(super) fn new(total: usize, finished: usize) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(total as u64).with_position(finished as u64);
            bar.set_style(
                ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed_precise} {prefix} {wide_msg}")
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        } else {
            ProgressBar::hidden()
        };
        Self { bar, total, finished, measured: Vec::new() }
    }

    /// A cell is powered on.
    pub(super) fn start(&self, cell_id: &str) {
        self.bar.set_prefix(self.remaining().map_or_else(String::new, |left| format!("about {left} left")));
        self.bar.set_message(cell_id.to_owned());
    }

    /// A cell ended.
    pub(super) fn finish(&mut self, cell_id: &str, outcome: &Outcome, took: Duration) {
        self.finished += 1;
        self.measured.push(took);
        self.bar.inc(1);
        let left = self.remaining().map_or_else(String::new, |left| format!(", about {left} left"));
        let line = format!(
            "[{}/{}] {cell_id}: {} in {:.1} s{left}",
            self.finished,
            self.total,
            outcome.name(),
            took.as_secs_f64()
        );
        if self.bar.is_hidden() {
            eprintln!("{line}");
        } else {
            self.bar.println(line);
        }
    }

    /// The time that the remaining cells take if they are like those before.
    fn remaining(&self) -> Option<HumanDuration> {
        let count = u32::try_from(self.measured.len()).ok().filter(|count| *count > 0)?;
        let left = u32::try_from(self.total.saturating_sub(self.finished)).ok().filter(|left| *left > 0)?;
        Some(HumanDuration(self.measured.iter().sum::<Duration>() / count * left))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
