//! What all harts did while a stage was measured, from its first begin on any hart to its last end on any.

use crate::counters::Counters;
use crate::hart::Hart;

/// All that happened from the first begin of a stage to its last end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The stage's index among markers.
    pub stage: u32,
    /// What each hart did.
    pub harts: Vec<Counters>,
}

/// The windows of a run.
#[derive(Debug, Default)]
pub(crate) struct Windows(Vec<Open>);

/// A window that may still grow.
#[derive(Debug)]
struct Open {
    stage: u32,
    begun: Vec<Counters>,
    ended: Option<Vec<Counters>>,
}

fn of_all(harts: &mut [Hart]) -> Vec<Counters> {
    harts.iter_mut().map(Hart::counters).collect()
}

impl Windows {
    /// A stage begins.
    pub(crate) fn begin(&mut self, stage: u32, harts: &mut [Hart]) {
        if !self.0.iter().any(|window| window.stage == stage) {
            self.0.push(Open { stage, begun: of_all(harts), ended: None });
        }
    }

    /// A stage ends. One that did not begin has no window: that its markers do not match is seen from them.
    pub(crate) fn end(&mut self, stage: u32, harts: &mut [Hart]) {
        if let Some(window) = self.0.iter_mut().find(|window| window.stage == stage) {
            match &mut window.ended {
                None => window.ended = Some(of_all(harts)),
                Some(ended) => {
                    for (counters, hart) in ended.iter_mut().zip(harts) {
                        *counters = hart.counters();
                    }
                }
            }
        }
    }

    /// Those that began and ended, in the order in which they began.
    pub(crate) fn finished(&self) -> Vec<Window> {
        let finished = |window: &Open| {
            let pairs = window.ended.as_ref()?.iter().zip(&window.begun);
            Some(Window { stage: window.stage, harts: pairs.map(|(end, begin)| end.since(begin)).collect() })
        };
        self.0.iter().filter_map(finished).collect()
    }
}
