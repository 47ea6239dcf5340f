//! The model that prices, and the one by whose clock harts take turns, where that has other prices.
//!
//! Both see every event; the one decides when slices end, the other what is reported. So what it costs is independent of who meets whom
//! when.

use crate::hart::Target;
use crate::model::Model;
use crate::options::{Options, Order};
use crate::plan::{Accessed, Executed, Head};
use crate::preset::Preset;
use crate::report::Report;
use crate::schedule::Slice;

/// What each of the two models is told of an event.
#[derive(Clone, Copy, Debug)]
pub struct Told<T> {
    /// The one that prices.
    pub pricing: T,
    /// The one by whose clock harts take turns; none where that is the same.
    pub ordering: Option<T>,
}

/// The two models.
#[derive(Debug)]
pub struct Models {
    pricing: Model,
    ordering: Option<Model>,
}

impl Models {
    /// A machine of `harts` harts that has not started. Its events cost what `preset` says, and its harts take turns by the cycles that they
    /// would take under `order_preset`, if there is one.
    ///
    /// # Panics
    ///
    /// It has no hart, or more than 32.
    #[must_use]
    pub fn new(harts: usize, preset: &Preset, order_preset: Option<&Preset>, options: &Options) -> Self {
        let ordered = Options { order: Order::Cycles, ..options.clone() };
        Self {
            pricing: Model::new(harts, preset, options),
            ordering: order_preset.map(|order_preset| Model::new(harts, order_preset, &ordered)),
        }
    }

    /// The emulator runs another hart from here on.
    pub fn switch_to(&mut self, hart: usize) {
        self.pricing.switch_to(hart);
        if let Some(ordering) = &mut self.ordering {
            ordering.switch_to(hart);
        }
    }

    /// A block starts.
    #[inline]
    pub fn block(&mut self, head: &Told<Head>) -> Slice {
        let slice = self.pricing.block(&head.pricing);
        if self.ordering.is_none() { slice } else { self.order(&head.ordering, Model::block) }
    }

    /// An instruction is about to execute.
    #[inline]
    pub fn executed(&mut self, step: &Told<Executed>) -> Slice {
        let slice = self.pricing.executed(&step.pricing);
        if self.ordering.is_none() { slice } else { self.order(&step.ordering, Model::executed) }
    }

    /// An instruction has accessed memory, and it does not matter where.
    #[inline]
    pub fn succeeded(&mut self, step: &Told<Accessed>) {
        self.pricing.succeeded(&step.pricing);
        if self.ordering.is_some() {
            self.order(&step.ordering, Model::succeeded);
        }
    }

    /// An instruction has accessed `address`; `translate` asks the emulator where that is.
    #[inline]
    pub fn accessed(
        &mut self,
        step: &Told<Accessed>,
        address: u64,
        translate: impl Fn() -> Option<Target>,
    ) -> Slice {
        let slice = self.pricing.accessed(&step.pricing, address, &translate);
        if self.ordering.is_none() {
            slice
        } else {
            self.order(&step.ordering, |model, step| model.accessed(step, address, &translate))
        }
    }

    /// Tells the model that orders, where there is one, what `told` is for it.
    #[inline(never)]
    fn order<T, A>(&mut self, told: &Option<T>, tell: impl FnOnce(&mut Model, &T) -> A) -> A {
        let ordering = self.ordering.as_mut().zip(told.as_ref());
        let (model, told) = ordering.expect("whoever has two models is told of each event twice");
        tell(model, told)
    }

    /// How far the slowest hart is that should be running, by the clock by which harts take turns.
    #[must_use]
    pub fn progress(&self) -> u64 {
        self.ordering.as_ref().unwrap_or(&self.pricing).progress()
    }

    /// Whether the guest has said that the run is over.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.pricing.is_finished()
    }

    /// The report: as of the exit marker, or as of now where there was none.
    #[must_use]
    pub fn take_report(&mut self) -> Report {
        self.pricing.take_report()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::Counter;
    use crate::plan::{Instruction, plan};
    use crate::preset::Parameter;

    const NOP: Instruction =
        Instruction { address: 0xffff_ffff_8020_0000, physical: 0x9000_0000, word: 0x13 };

    /// Two harts whose instructions cost one cycle each, and which take turns by `order_preset`: how many of them the first one executes in a
    /// slice, and what its report says that they took.
    fn slice(order_preset: Option<&Preset>) -> (u64, u64) {
        let (unit, options) = (Preset::unit(), Options::default());
        let mut models = Models::new(2, &unit, order_preset, &options);
        let head = |preset| plan(&[NOP], preset, &options).head;
        let block = Told { pricing: head(&unit), ordering: order_preset.map(head) };
        models.switch_to(1);
        let _ = models.block(&block);
        models.switch_to(0);
        let executed = 1 + (0..).take_while(|_| models.block(&block) == Slice::Continue).count() as u64;
        (executed, models.take_report().harts[0].get(Counter::KernelCycles))
    }

    #[test]
    fn slices_end_by_the_clock_that_orders_and_cost_what_the_other_model_says() {
        assert_eq!(slice(None), (52, 52));
        let dear =
            |parameter: Parameter| Some(if parameter == Parameter::Alu { 30 } else { parameter.range().0 });
        assert_eq!(slice(Some(&Preset::new("dear", dear).expect("sound"))), (4, 4));
    }
}
