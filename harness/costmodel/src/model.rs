//! The machine: its harts, what they share, and the order in which they run.
//!
//! The emulator reports each event with the hart that runs; every event answers whether that hart's slice is to end.

use rel4_markers::{Cause, Marker, Role};

use crate::counters::Counter;
use crate::directory::{Access, Directory};
use crate::hart::{Explicit, Hart, Penalties, Shared, Target};
use crate::memory_map::{Owner, is_doorbell};
use crate::options::{Detail, Options, Order};
use crate::plan::{Accessed, Effect, Entry, Executed, Head};
use crate::preset::{Parameter, Preset};
use crate::report::{End, MarkerRow, Report, TrapStages};
use crate::schedule::{Other, Slice, slice_end};
use crate::set_associative::SetAssociative;
use crate::window::Windows;

/// The last store of a hart to an interrupt controller.
#[derive(Clone, Copy, Debug, Default)]
struct Doorbell {
    /// The place in the order of all such stores, from 1; 0 if there was none.
    order: u64,
    /// The hart's modelled clock, in cycles.
    cycles: u64,
}

/// The state of the machine that is modelled.
#[derive(Debug)]
pub struct Model {
    preset: String,
    detail: Detail,
    order: Order,
    lead: u64,
    stages: TrapStages,
    harts: Vec<Hart>,
    shared: Shared,
    /// The modelled clock of the hart that was first in the kernel, then: what was before differs between versions of QEMU.
    epoch: Option<u64>,
    running: usize,
    /// The running hart's clock, of those by which harts take turns, when its slice ends.
    slice_end: u64,
    doorbells: Vec<Doorbell>,
    doorbells_rung: u64,
    markers: Vec<MarkerRow>,
    /// How many stages have begun and not ended, on all harts.
    stages_open: u32,
    windows: Windows,
    /// The report, once the guest has said that the run is over.
    finished: Option<Report>,
}

impl Model {
    /// A machine of `harts` harts that has not started.
    ///
    /// # Panics
    ///
    /// It has no hart, or more than 32.
    #[must_use]
    pub fn new(harts: usize, preset: &Preset, options: &Options) -> Self {
        assert!((1..=32).contains(&harts), "{harts} harts");
        Self {
            preset: preset.name().to_owned(),
            detail: options.detail,
            order: options.order,
            lead: options.lead,
            stages: match (&options.trap_entry, &options.trap_return) {
                (Some(_), Some(_)) => TrapStages::Apart,
                _ => TrapStages::Together,
            },
            harts: (0..harts).map(|index| Hart::new(index, preset)).collect(),
            shared: Shared {
                penalties: Penalties::of(preset),
                l2: SetAssociative::new(preset.value(Parameter::L2Bytes), preset.value(Parameter::L2Ways)),
                directory: (harts > 1).then(Directory::default),
            },
            epoch: None,
            running: 0,
            slice_end: u64::MAX,
            doorbells: vec![Doorbell::default(); harts],
            doorbells_rung: 0,
            markers: Vec::with_capacity(1 << 16),
            stages_open: 0,
            windows: Windows::default(),
            finished: None,
        }
    }

    /// The emulator runs another hart from here on.
    pub fn switch_to(&mut self, hart: usize) {
        self.running = hart;
        self.begin_slice();
    }

    fn begin_slice(&mut self) {
        let others = self.harts.iter().enumerate().filter(|(index, _)| *index != self.running);
        let others = others.map(|(_, hart)| Other { clock: hart.turn(self.order), idle: hart.idle });
        self.slice_end = slice_end(self.harts[self.running].turn(self.order), others, self.lead);
    }

    #[inline(never)]
    fn end_slice(&mut self) -> Slice {
        // The same hart may be next, when the others sleep.
        self.begin_slice();
        Slice::End
    }

    /// A block starts.
    #[inline]
    pub fn block(&mut self, head: &Head) -> Slice {
        let hart = &self.harts[self.running];
        if hart.idle || hart.owner != head.owner || head.entry != Entry::None {
            self.arrive(head);
        }
        let hart = &mut self.harts[self.running];
        hart.cause.explicit = Explicit::None;
        let over = hart.turn(self.order) > self.slice_end;
        if let Some(fetch) = head.fetch {
            hart.fetch(fetch, &mut self.shared);
        }
        hart.charge(head.segment);
        if over { self.end_slice() } else { Slice::Continue }
    }

    /// The hart comes to a block from elsewhere than another block of the same owner.
    #[cold]
    fn arrive(&mut self, head: &Head) {
        if self.harts[self.running].idle {
            self.wake();
        }
        let hart = &mut self.harts[self.running];
        let mut entry = head.entry;
        if hart.owner != head.owner {
            entry = entry.or(hart.change_owner(head.owner));
            if head.owner.is_kernel() {
                self.epoch.get_or_insert(hart.cycles);
            }
        }
        if self.detail != Detail::Schedule && hart.is_interrupted_by(entry) {
            let heard = std::mem::replace(&mut hart.doorbells_heard, self.doorbells_rung);
            if let Some(cycles) = self.last_doorbell(heard) {
                self.harts[self.running].wait_until(cycles);
            }
        }
        self.harts[self.running].enter(entry, &self.shared.penalties);
    }

    fn wake(&mut self) {
        let cycles = match self.detail {
            // Doorbells are not heard.
            Detail::Schedule => self.present(Order::Cycles),
            Detail::Blocks | Detail::EveryInstruction => {
                self.last_doorbell(self.harts[self.running].idle_since).unwrap_or(0)
            }
        };
        let instructions = self.present(Order::Instructions);
        self.harts[self.running].wake(cycles, instructions);
    }

    /// The modelled clock of the other hart that rang the last doorbell since there had been as many as `since`.
    fn last_doorbell(&self, since: u64) -> Option<u64> {
        let others = self.doorbells.iter().enumerate().filter(|(index, _)| *index != self.running);
        let rung = others.map(|(_, doorbell)| doorbell).filter(|doorbell| doorbell.order > since);
        rung.max_by_key(|doorbell| doorbell.order).map(|doorbell| doorbell.cycles)
    }

    /// What time it is for a hart that wakes, by the clock of `order`: that of the slowest other hart that is awake, so that the one that
    /// wakes neither waits for the others nor runs alone until it has caught up. Where all sleep, that of the last to fall asleep.
    fn present(&self, order: Order) -> u64 {
        let others = || self.harts.iter().enumerate().filter(|(index, _)| *index != self.running);
        let awake = others().filter(|(_, hart)| !hart.idle).map(|(_, hart)| hart.turn(order)).min();
        let asleep = others().map(|(_, hart)| hart.turn(order)).max();
        awake.or(asleep).unwrap_or(0)
    }

    /// An instruction is about to execute.
    #[inline]
    pub fn executed(&mut self, step: &Executed) -> Slice {
        let hart = &mut self.harts[self.running];
        if let Some(fetch) = step.fetch {
            hart.fetch(fetch, &mut self.shared);
        }
        match step.effect {
            Effect::None => {
                hart.charge(step.segment);
                Slice::Continue
            }
            Effect::Marker(marker) => {
                self.mark(marker);
                self.harts[self.running].charge(step.segment);
                Slice::Continue
            }
            effect => {
                hart.charge(step.segment);
                self.apply(effect)
            }
        }
    }

    fn apply(&mut self, effect: Effect) -> Slice {
        let hart = &mut self.harts[self.running];
        match effect {
            Effect::None | Effect::Marker(_) => {}
            // The kernel's own calls go to the firmware and come back.
            Effect::EnvironmentCall if hart.owner == Owner::User => {
                hart.cause.explicit = Explicit::SystemCall;
            }
            Effect::EnvironmentCall => {}
            Effect::Breakpoint => hart.cause.explicit = Explicit::Breakpoint,
            Effect::Return => hart.leave(),
            Effect::Wait => {
                hart.count(Counter::Waits);
                hart.idle = true;
                hart.idle_since = self.doorbells_rung;
            }
            Effect::Pause => return self.end_slice(),
            Effect::Translation => hart.forget_translations(),
            Effect::AddressSpace => match self.shared.penalties.address_space_tags {
                0 => hart.flush_tlbs(),
                _ => hart.forget_translations(),
            },
            Effect::FlushTlbs => hart.flush_tlbs(),
            Effect::FlushInstructions => hart.flush_instructions(),
        }
        Slice::Continue
    }

    fn mark(&mut self, marker: Marker) {
        let hart = &mut self.harts[self.running];
        if let (Some(Role::Cause), Some(cause)) = (marker.role(), Cause::from_index(marker.index())) {
            hart.explain(cause);
            return;
        }
        // The kernel passes its tracepoints whatever it is entered for.
        if marker.role() == Some(Role::Tracepoint) && self.stages_open == 0 {
            return;
        }
        let row = hart.mark(marker, self.epoch.unwrap_or(0));
        if self.finished.is_some() {
            return;
        }
        self.markers.push(row);
        match marker.role() {
            Some(Role::Begin) => {
                self.stages_open += 1;
                self.windows.begin(marker.index(), &mut self.harts);
            }
            Some(Role::End) => {
                self.stages_open = self.stages_open.saturating_sub(1);
                self.windows.end(marker.index(), &mut self.harts);
            }
            _ if marker == Marker::EXIT => self.finished = Some(self.report(End::Exit)),
            _ => {}
        }
    }

    /// An instruction has accessed memory, and it does not matter where.
    #[inline]
    pub fn succeeded(&mut self, step: &Accessed) {
        self.harts[self.running].charge(step.together);
    }

    /// An instruction has accessed `address`; `translate` asks the emulator where that is.
    #[inline]
    pub fn accessed(
        &mut self,
        step: &Accessed,
        address: u64,
        translate: impl FnOnce() -> Option<Target>,
    ) -> Slice {
        let hart = &mut self.harts[self.running];
        if hart.is_repeated(address) {
            hart.charge(step.together);
            return Slice::Continue;
        }
        self.accessed_line(step, address, translate)
    }

    fn accessed_line(
        &mut self,
        step: &Accessed,
        address: u64,
        translate: impl FnOnce() -> Option<Target>,
    ) -> Slice {
        let access = step.access;
        let hart = &mut self.harts[self.running];
        hart.charge(step.own);
        let device = if step.owner == Owner::Firmware {
            match translate() {
                Some(Target::Device(physical)) => Some(physical),
                Some(Target::Memory(_)) | None => None,
            }
        } else {
            hart.access(address, access, &mut self.shared, translate)
        };
        let slice = match device {
            Some(physical) => self.device(physical, access),
            None => Slice::Continue,
        };
        self.harts[self.running].charge(step.after);
        slice
    }

    #[cold]
    fn device(&mut self, physical: u64, access: Access) -> Slice {
        let hart = &mut self.harts[self.running];
        hart.device(access, &self.shared.penalties);
        if access == Access::Load {
            return Slice::Continue;
        }
        if is_doorbell(physical) {
            self.doorbells_rung += 1;
            self.doorbells[self.running] = Doorbell { order: self.doorbells_rung, cycles: hart.cycles };
        }
        // Whoever is interrupted by it takes notice at once.
        self.end_slice()
    }

    /// How far the slowest hart is that should be running, by the clock by which harts take turns; the running one where all others
    /// sleep.
    #[must_use]
    pub fn progress(&self) -> u64 {
        let awake = self.harts.iter().filter(|hart| !hart.idle).map(|hart| hart.turn(self.order));
        awake.min().unwrap_or(self.harts[self.running].turn(self.order))
    }

    /// Whether the guest has said that the run is over.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished.is_some()
    }

    /// The report: as of the exit marker, or as of now where there was none.
    #[must_use]
    pub fn take_report(&mut self) -> Report {
        match self.finished.clone() {
            Some(report) => report,
            None => self.report(End::Shutdown),
        }
    }

    fn report(&mut self, end: End) -> Report {
        Report {
            end,
            preset: self.preset.clone(),
            detail: self.detail,
            order: self.order,
            lead: self.lead,
            stages: self.stages,
            harts: self.harts.iter_mut().map(Hart::counters).collect(),
            windows: self.windows.finished(),
            markers: self.markers.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
