//! From the markers of a report to the ways of notifications: one begins where a sender sends and ends where its receiver goes on.

use rel4_costmodel::report::{Figures, MarkerRow, Report};
use rel4_markers::{Role, Stage, Tracepoint};

/// What notifies a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// A store into its interrupt file.
    Store,
    /// A system call.
    SystemCall,
}

/// A stage of a notification's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// Cycles, by the clocks of both harts.
    pub cycles: u64,
    /// Instructions of the hart on which it begins and ends; none if it begins on one and ends on another.
    pub instructions: Option<u64>,
}

/// One notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneWay {
    /// The sender sends: until the store is done, or until the kernel has noted the signal.
    pub send: Leg,
    /// Until the kernel is about to return to the receiver, or the receiver's handler is entered.
    pub deliver: Leg,
    /// Until the receiver's program has the notification.
    pub enter: Leg,
    /// Until what it was for goes on.
    pub wake: Leg,
}

impl OneWay {
    /// The stages with their names, in order.
    #[must_use]
    pub const fn legs(&self) -> [(&'static str, Leg); 4] {
        [("send", self.send), ("deliver", self.deliver), ("enter", self.enter), ("wake", self.wake)]
    }

    /// All stages together.
    #[must_use]
    pub fn whole(&self) -> Leg {
        let legs = self.legs();
        Leg {
            cycles: legs.iter().map(|(_, leg)| leg.cycles).sum(),
            instructions: legs.iter().map(|(_, leg)| leg.instructions).sum(),
        }
    }
}

/// Markers that are not those of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OneWayError {
    /// A marker that every notification passes is missing.
    #[error("notification {number} never came by `{}`; its kernel must have the feature `tracepoints`", tracepoint.name())]
    Missing {
        /// Which notification, from 0.
        number: usize,
        /// What is missing.
        tracepoint: Tracepoint,
    },
    /// A stage ends before it begins.
    #[error("notification {number} ended `{stage}` before it began")]
    Backwards {
        /// Which notification, from 0.
        number: usize,
        /// The stage.
        stage: &'static str,
    },
}

/// The notifications of `report`, each in a round trip of its sender's.
///
/// # Errors
///
/// Their markers make no sense.
pub fn one_ways(report: &Report, means: Means) -> Result<Vec<OneWay>, OneWayError> {
    let mut all = Vec::new();
    let mut rows: Option<Vec<(Tracepoint, &MarkerRow)>> = None;
    for row in &report.markers {
        let is_round_trip = row.marker.index() == Stage::RoundTrip.index();
        match row.marker.role() {
            Some(Role::Begin) if is_round_trip => rows = Some(Vec::new()),
            Some(Role::End) if is_round_trip => {
                if let Some(rows) = rows.take() {
                    all.push(one_way(all.len(), &rows, means)?);
                }
            }
            Some(Role::Tracepoint) => {
                if let (Some(rows), Some(tracepoint)) =
                    (&mut rows, Tracepoint::from_index(row.marker.index()))
                {
                    rows.push((tracepoint, row));
                }
            }
            _ => {}
        }
    }
    Ok(all)
}

fn one_way(number: usize, rows: &[(Tracepoint, &MarkerRow)], means: Means) -> Result<OneWay, OneWayError> {
    let missing = |tracepoint| OneWayError::Missing { number, tracepoint };
    // The rows are in the order in which harts came by, which differs from that of their clocks by less than a slice.
    let on = |hart: usize| rows.iter().filter(move |(_, row)| row.hart == hart);
    let (_, send) = rows.iter().find(|(at, _)| *at == Tracepoint::Send).ok_or(missing(Tracepoint::Send))?;
    let (_, done) = rows.iter().find(|(at, _)| *at == Tracepoint::Done).ok_or(missing(Tracepoint::Done))?;
    // Where the kernel interrupts the sender right behind its store, that is over as well.
    let (ends, ending) = match means {
        Means::Store => ([Tracepoint::Deliver, Tracepoint::Entry], Tracepoint::Deliver),
        Means::SystemCall => ([Tracepoint::Schedule; 2], Tracepoint::Schedule),
    };
    let after_send = on(send.hart).filter(|(_, row)| row.clock >= send.clock);
    let (_, sent) = after_send.clone().find(|(at, _)| ends.contains(at)).ok_or(missing(ending))?;
    let before_done = || on(done.hart).filter(|(_, row)| row.clock <= done.clock);
    let (_, wake) =
        before_done().rfind(|(at, _)| *at == Tracepoint::Wake).ok_or(missing(Tracepoint::Wake))?;
    // A handler says so itself. Else the kernel's last return leads to the receiver.
    let handler = before_done().find(|(at, _)| *at == Tracepoint::Enter);
    let from_kernel = || before_done().rfind(|(at, row)| *at == Tracepoint::Exit && row.clock <= wake.clock);
    let (_, enter) = handler.or_else(from_kernel).ok_or(missing(Tracepoint::Exit))?;
    let leg = |stage, from: &MarkerRow, to: &MarkerRow| {
        let cycles = to.clock.checked_sub(from.clock).ok_or(OneWayError::Backwards { number, stage })?;
        let instructions = (from.hart == to.hart).then(|| instructions(&to.figures.since(&from.figures)));
        Ok(Leg { cycles, instructions })
    };
    Ok(OneWay {
        send: leg("send", send, sent)?,
        deliver: leg("deliver", sent, enter)?,
        enter: leg("enter", enter, wake)?,
        wake: leg("wake", wake, done)?,
    })
}

fn instructions(figures: &Figures) -> u64 {
    figures.user.instructions + figures.kernel.instructions
}

#[cfg(test)]
mod tests {
    use rel4_costmodel::report::Figure;
    use rel4_markers::Marker;

    use super::*;
    use crate::costmodel::samples::report_of;

    const BEGIN: Marker = Marker::new(Role::Begin, Stage::RoundTrip.index());
    const END: Marker = Marker::new(Role::End, Stage::RoundTrip.index());

    const fn at(tracepoint: Tracepoint) -> Marker {
        Marker::new(Role::Tracepoint, tracepoint.index())
    }

    /// A report of markers with their harts and clocks; a hart executes an instruction every two cycles.
    fn report(markers: &[(usize, u64, Marker)]) -> Report {
        let row = |&(hart, clock, marker): &(usize, u64, Marker)| {
            let user = Figure { cycles: clock, instructions: clock / 2 };
            MarkerRow { hart, marker, clock, figures: Figures { user, ..Figures::default() } }
        };
        report_of(markers.iter().map(row).collect())
    }

    fn cycles(markers: &[(usize, u64, Marker)], means: Means) -> Vec<[u64; 4]> {
        let ways = one_ways(&report(markers), means).expect("sound");
        ways.iter().map(|way| way.legs().map(|(_, leg)| leg.cycles)).collect()
    }

    #[test]
    fn a_store_to_a_receiver_that_runs_goes_from_hart_to_hart_without_the_kernel() {
        // The other hart is shown first: it ran before the sender's next instruction.
        let markers = [
            (0, 10, BEGIN),
            (0, 10, at(Tracepoint::Send)),
            (1, 70, at(Tracepoint::Enter)),
            (1, 90, at(Tracepoint::Wake)),
            (0, 62, at(Tracepoint::Deliver)),
            (1, 96, at(Tracepoint::Done)),
            (0, 150, END),
        ];
        assert_eq!(cycles(&markers, Means::Store), [[52, 8, 20, 6]]);
        let ways = one_ways(&report(&markers), Means::Store).expect("sound");
        assert_eq!((ways[0].send.instructions, ways[0].deliver.instructions), (Some(26), None));
        assert_eq!(ways[0].whole(), Leg { cycles: 86, instructions: None });
    }

    #[test]
    fn a_store_that_interrupts_its_own_hart_is_over_when_the_kernel_is_entered() {
        let markers = [
            (0, 0, BEGIN),
            (0, 0, at(Tracepoint::Send)),
            (0, 50, at(Tracepoint::Entry)),
            (0, 100, at(Tracepoint::Schedule)),
            (0, 200, at(Tracepoint::Exit)),
            (0, 260, at(Tracepoint::Wake)),
            (0, 264, at(Tracepoint::Done)),
            (0, 300, at(Tracepoint::Exit)),
            (0, 350, at(Tracepoint::Deliver)),
            (0, 360, END),
        ];
        assert_eq!(cycles(&markers, Means::Store), [[50, 150, 60, 4]]);
        let ways = one_ways(&report(&markers), Means::Store).expect("sound");
        assert_eq!(ways[0].whole(), Leg { cycles: 264, instructions: Some(132) });
    }

    #[test]
    fn a_signal_is_sent_when_the_kernel_looks_who_runs_next() {
        let poll = |clock| [(1, clock, at(Tracepoint::Exit)), (1, clock + 30, at(Tracepoint::Wake))];
        let mut markers = vec![
            (0, 0, BEGIN),
            (0, 0, at(Tracepoint::Send)),
            (0, 40, at(Tracepoint::Entry)),
            (0, 90, at(Tracepoint::Schedule)),
        ];
        // A poll that finds nothing, and one that does.
        markers.extend(poll(60));
        markers.extend(poll(300));
        markers.extend([(1, 334, at(Tracepoint::Done)), (0, 400, END)]);
        assert_eq!(cycles(&markers, Means::SystemCall), [[90, 210, 30, 4]]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let markers =
            [(0, 0, BEGIN), (0, 0, at(Tracepoint::Send)), (0, 9, at(Tracepoint::Done)), (0, 9, END)];
        let error = one_ways(&report(&markers), Means::SystemCall).expect_err("no tracepoints");
        assert!(error.to_string().contains("`schedule`"), "{error}");
    }
}
