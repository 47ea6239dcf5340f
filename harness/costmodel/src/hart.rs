//! One hart: its clocks, what it holds in its own caches, and its counters.

use crate::counters::{Counter, Counters};
use crate::directory::{Access, Directory, PageIndex};
use crate::memory_map::Owner;
use crate::options::Order;
use crate::plan::{Entry, Fetch, Segment};
use crate::preset::{Parameter, Preset};
use crate::report::{Figure, Figures, MarkerRow};
use crate::set_associative::{LINE_BYTES, Lookup, SetAssociative};
use crate::tlb::{PAGE_BYTES, Tlb};
use rel4_markers::{Cause as KernelCause, Marker};

/// No line has this number.
const NO_LINE: u64 = u64::MAX;

/// Where an access went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To memory, at this physical address.
    Memory(u64),
    /// To a device, at this physical address.
    Device(u64),
}

/// The prices that do not belong to an instruction, in cycles, and what they depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Penalties {
    trap_entry: u64,
    user_interrupt_entry: u64,
    l2_hit: u64,
    memory: u64,
    tlb_miss: u64,
    pub(crate) address_space_tags: u64,
    device_load: u64,
    device_store: u64,
    transfer: u64,
}

impl Penalties {
    pub(crate) fn of(preset: &Preset) -> Self {
        Self {
            trap_entry: preset.value(Parameter::TrapEntry),
            user_interrupt_entry: preset.value(Parameter::UserInterruptEntry),
            l2_hit: preset.value(Parameter::L2Hit),
            memory: preset.value(Parameter::MemoryAccess),
            tlb_miss: preset.value(Parameter::TlbMiss),
            address_space_tags: preset.value(Parameter::AddressSpaceTags),
            device_load: preset.value(Parameter::DeviceLoad),
            device_store: preset.value(Parameter::DeviceStore),
            transfer: preset.value(Parameter::Transfer),
        }
    }
}

/// What all harts share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) penalties: Penalties,
    pub(crate) l2: Option<SetAssociative>,
    /// None on a machine with one hart.
    pub(crate) directory: Option<Directory>,
}

impl Shared {
    /// The price of a miss of the first level.
    fn refill(&mut self, line: u64, counters: &mut Counters) -> u64 {
        let Some(l2) = &mut self.l2 else { return self.penalties.memory };
        match l2.access(line) {
            Lookup::Hit => self.penalties.l2_hit,
            Lookup::Miss => {
                counters.count(Counter::L2Misses);
                self.penalties.memory
            }
        }
    }
}

/// The last thing a hart did that may have made it trap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) explicit: Explicit,
    /// Accesses of the present block that have not succeeded yet.
    accesses_left: u32,
}

/// An instruction whose purpose is to trap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Explicit {
    #[default]
    None,
    SystemCall,
    Breakpoint,
}

/// The translation of one virtual page, remembered so that the emulator is not asked at every access.
#[derive(Clone, Copy, Debug)]
struct Translation {
    virtual_page: u64,
    epoch: u64,
    page: TranslatedPage,
}

#[derive(Clone, Copy, Debug)]
enum TranslatedPage {
    Memory { physical_page: u64, shared: Option<PageIndex> },
    Device,
}

/// How many translations are remembered.
const REMEMBERED: usize = 256;

/// Clocks, caches and counters of one hart.
#[derive(Debug)]
pub(crate) struct Hart {
    index: usize,
    /// The modelled clock, in cycles: what was executed and waited for, and time asleep.
    pub(crate) cycles: u64,
    /// The instruction clock: the instructions executed, and those that others executed while this hart was asleep.
    pub(crate) instructions: u64,
    pub(crate) cause: Cause,
    /// The cause as it was when the firmware interrupted.
    interrupted_cause: Cause,
    pub(crate) owner: Owner,
    /// Whether a program runs, the firmware's interruptions aside: a hart gets from there to the kernel by a trap alone.
    in_program: bool,
    /// Both clocks when the present owner began; what was slept since does not count.
    owner_since: (u64, u64),
    /// Cycles and instructions of the stretches that are over, by owner.
    stretches: [(u64, u64); Owner::COUNT],
    counters: Counters,
    /// Whether the trap under way was counted as another one, and the kernel has not said what it was.
    unexplained: bool,
    /// Whether the kernel has run here: what was before belongs to the loader and does not count.
    in_kernel_once: bool,
    pub(crate) idle: bool,
    /// How many doorbells had been rung when the hart fell asleep.
    pub(crate) idle_since: u64,
    /// How many doorbells had been rung when the hart was interrupted last.
    pub(crate) doorbells_heard: u64,
    fetched: Fetch,
    l1_instruction: Option<SetAssociative>,
    instruction_tlb: Option<Tlb>,
    /// The virtual line of the last access, if repeating it alone changes nothing.
    last_line: u64,
    l1_data: Option<SetAssociative>,
    data_tlb: Option<Tlb>,
    /// Changes whenever addresses may be translated in another way.
    epoch: u64,
    translations: Box<[Translation; REMEMBERED]>,
}

impl Hart {
    pub(crate) fn new(index: usize, preset: &Preset) -> Self {
        let cache = |bytes, ways| SetAssociative::new(preset.value(bytes), preset.value(ways));
        let unknown = Translation { virtual_page: u64::MAX, epoch: 0, page: TranslatedPage::Device };
        Self {
            index,
            cycles: 0,
            instructions: 0,
            cause: Cause::default(),
            interrupted_cause: Cause::default(),
            owner: Owner::Firmware,
            in_program: false,
            owner_since: (0, 0),
            stretches: [(0, 0); Owner::COUNT],
            counters: Counters::default(),
            unexplained: false,
            in_kernel_once: false,
            idle: true,
            idle_since: 0,
            doorbells_heard: 0,
            fetched: Fetch { line: NO_LINE, virtual_page: 0 },
            l1_instruction: cache(Parameter::L1InstructionBytes, Parameter::L1InstructionWays),
            instruction_tlb: Tlb::new(preset.value(Parameter::InstructionTlbEntries)),
            last_line: NO_LINE,
            l1_data: cache(Parameter::L1DataBytes, Parameter::L1DataWays),
            data_tlb: Tlb::new(preset.value(Parameter::DataTlbEntries)),
            epoch: 1,
            translations: Box::new([unknown; REMEMBERED]),
        }
    }

    #[inline]
    pub(crate) fn charge(&mut self, segment: Segment) {
        self.instructions += u64::from(segment.instructions);
        self.cycles += u64::from(segment.cycles);
        self.cause.accesses_left = segment.accesses_left;
    }

    #[inline]
    pub(crate) fn fetch(&mut self, fetch: Fetch, shared: &mut Shared) {
        if fetch.line != self.fetched.line {
            self.fetch_line(fetch, shared);
        }
    }

    fn fetch_line(&mut self, fetch: Fetch, shared: &mut Shared) {
        let page = |line: u64| line / (PAGE_BYTES / LINE_BYTES);
        let same_page =
            page(fetch.line) == page(self.fetched.line) && fetch.virtual_page == self.fetched.virtual_page;
        self.fetched = fetch;
        if let Some(tlb) = &mut self.instruction_tlb
            && !same_page
            && tlb.access(fetch.virtual_page, page(fetch.line)) == Lookup::Miss
        {
            self.counters.count(Counter::InstructionTlbMisses);
            self.cycles += shared.penalties.tlb_miss;
        }
        if let Some(cache) = &mut self.l1_instruction
            && cache.access(fetch.line) == Lookup::Miss
        {
            self.counters.count(Counter::L1InstructionMisses);
            self.cycles += shared.refill(fetch.line, &mut self.counters);
        }
    }

    /// Whether an access to `address` repeats the last one, so that it costs nothing more and changes nothing.
    #[inline]
    pub(crate) fn is_repeated(&self, address: u64) -> bool {
        address / LINE_BYTES == self.last_line
    }

    /// The data side of an access; where it went, if that was a device.
    pub(crate) fn access(
        &mut self,
        address: u64,
        access: Access,
        shared: &mut Shared,
        translate: impl FnOnce() -> Option<Target>,
    ) -> Option<u64> {
        let virtual_page = address / PAGE_BYTES;
        let place = virtual_page as usize % REMEMBERED;
        let known = self.translations[place];
        let page = if known.virtual_page == virtual_page && known.epoch == self.epoch {
            known.page
        } else {
            match translate() {
                None => {
                    self.counters.count(Counter::UntranslatedAccesses);
                    return None;
                }
                // Not remembered: what a device is asked for depends on the address within the page.
                Some(Target::Device(physical)) => return Some(physical),
                Some(Target::Memory(physical)) => {
                    let physical_page = physical / PAGE_BYTES;
                    let shared = shared.directory.as_mut().map(|directory| directory.page(physical_page));
                    let page = TranslatedPage::Memory { physical_page, shared };
                    self.translations[place] = Translation { virtual_page, epoch: self.epoch, page };
                    page
                }
            }
        };
        let TranslatedPage::Memory { physical_page, shared: shared_page } = page else { return None };
        if let Some(tlb) = &mut self.data_tlb
            && tlb.access(virtual_page, physical_page) == Lookup::Miss
        {
            self.counters.count(Counter::DataTlbMisses);
            self.cycles += shared.penalties.tlb_miss;
        }
        let line = physical_page * (PAGE_BYTES / LINE_BYTES) + address % PAGE_BYTES / LINE_BYTES;
        let cached = self.l1_data.as_mut().map(|cache| cache.access(line));
        let shared_line = shared_page.and_then(|page| Some(shared.directory.as_mut()?.line(page, address)));
        let transfer = shared_line.and_then(|line| line.transfer(self.index, access));
        if let Some(available) = transfer {
            // The transfer brings the line; it does not come from a lower level as well.
            self.counters.count(Counter::Transfers);
            self.cycles = self.cycles.max(available) + shared.penalties.transfer;
        } else if cached == Some(Lookup::Miss) {
            self.counters.count(Counter::L1DataMisses);
            self.cycles += shared.refill(line, &mut self.counters);
        }
        match (&mut shared.directory, shared_page) {
            (Some(directory), Some(page)) => {
                directory.line(page, address).record(self.index, access, self.cycles);
            }
            // Nobody takes the line away.
            _ => self.last_line = address / LINE_BYTES,
        }
        None
    }

    pub(crate) fn device(&mut self, access: Access, penalties: &Penalties) {
        match access {
            Access::Load => {
                self.count(Counter::DeviceLoads);
                self.cycles += penalties.device_load;
            }
            Access::Store => {
                self.count(Counter::DeviceStores);
                self.cycles += penalties.device_store;
            }
        }
    }

    /// Another owner's code begins. What leads there, if that is known from the owners alone.
    pub(crate) fn change_owner(&mut self, owner: Owner) -> Entry {
        self.end_stretch();
        // The firmware's addresses are physical ones.
        self.last_line = NO_LINE;
        match (self.owner, owner) {
            (_, Owner::Firmware) => self.interrupted_cause = self.cause,
            (Owner::Firmware, _) => self.cause = self.interrupted_cause,
            _ => {}
        }
        self.owner = owner;
        let from_program = match owner {
            Owner::Firmware => self.in_program,
            Owner::User | Owner::Kernel | Owner::TrapEntry | Owner::TrapReturn => {
                std::mem::replace(&mut self.in_program, owner == Owner::User)
            }
        };
        if !owner.is_kernel() {
            return Entry::None;
        }
        if !self.in_kernel_once {
            // The loader jumped here.
            self.in_kernel_once = true;
            self.counters = Counters::default();
            self.stretches = [(0, 0); Owner::COUNT];
            return Entry::None;
        }
        if from_program { Entry::Trap } else { Entry::None }
    }

    fn end_stretch(&mut self) {
        let (cycles, instructions) = self.owner_since;
        let stretch = &mut self.stretches[self.owner as usize];
        stretch.0 += self.cycles - cycles;
        stretch.1 += self.instructions - instructions;
        self.owner_since = (self.cycles, self.instructions);
    }

    /// Whether what leads to this entry comes from outside, as far as the hart's own doing shows.
    pub(crate) fn is_interrupted_by(&self, entry: Entry) -> bool {
        match entry {
            Entry::None => false,
            Entry::Trap => self.cause == Cause::default(),
            Entry::UserInterrupt => true,
        }
    }

    /// Nothing happens to the hart before `cycles`: what comes then was not there before.
    pub(crate) fn wait_until(&mut self, cycles: u64) {
        self.cycles = self.cycles.max(cycles);
    }

    /// A handler begins.
    pub(crate) fn enter(&mut self, entry: Entry, penalties: &Penalties) {
        match entry {
            Entry::None => return,
            Entry::Trap => {
                let counter = match self.cause {
                    Cause { explicit: Explicit::SystemCall, .. } => Counter::SystemCalls,
                    Cause { explicit: Explicit::Breakpoint, .. } => Counter::Breakpoints,
                    Cause { accesses_left: 1.., .. } => Counter::MemoryFaults,
                    Cause { accesses_left: 0, .. } => Counter::OtherTraps,
                };
                self.count(counter);
                self.unexplained = counter == Counter::OtherTraps;
                self.cycles += penalties.trap_entry;
            }
            Entry::UserInterrupt => {
                self.count(Counter::UserInterrupts);
                self.cycles += penalties.user_interrupt_entry;
            }
        }
        self.forget_translations();
    }

    /// The kernel says what the trap under way is for. One that sleeps takes interrupts without a trap.
    pub(crate) fn explain(&mut self, cause: KernelCause) {
        if std::mem::take(&mut self.unexplained) {
            self.counters.attribute(Counter::of_cause(cause));
        }
    }

    /// A handler ends.
    pub(crate) fn leave(&mut self) {
        match self.owner {
            Owner::Kernel | Owner::TrapEntry | Owner::TrapReturn => {
                self.unexplained = false;
                self.count(Counter::Returns);
            }
            Owner::User => self.count(Counter::UserReturns),
            Owner::Firmware => {}
        }
        self.forget_translations();
    }

    pub(crate) fn forget_translations(&mut self) {
        self.epoch += 1;
        self.last_line = NO_LINE;
    }

    pub(crate) fn flush_tlbs(&mut self) {
        self.forget_translations();
        self.fetched.line = NO_LINE;
        for tlb in [&mut self.instruction_tlb, &mut self.data_tlb].into_iter().flatten() {
            tlb.flush();
        }
    }

    pub(crate) fn flush_instructions(&mut self) {
        self.fetched.line = NO_LINE;
        if let Some(cache) = &mut self.l1_instruction {
            cache.flush();
        }
    }

    /// The clock by which harts take turns.
    #[inline]
    pub(crate) fn turn(&self, order: Order) -> u64 {
        match order {
            Order::Instructions => self.instructions,
            Order::Cycles => self.cycles,
        }
    }

    /// The hart wakes, at `cycles` of the modelled clock and at `instructions` of the other, or where it fell asleep if that was later.
    pub(crate) fn wake(&mut self, cycles: u64, instructions: u64) {
        self.idle = false;
        let asleep = cycles.saturating_sub(self.cycles);
        self.cycles += asleep;
        self.owner_since.0 += asleep;
        self.counters.add(Counter::IdleCycles, asleep);
        let missed = instructions.saturating_sub(self.instructions);
        self.instructions += missed;
        self.owner_since.1 += missed;
    }

    /// Counts, unless the loader or the firmware did it.
    pub(crate) fn count(&mut self, counter: Counter) {
        if self.owner != Owner::Firmware {
            self.counters.count(counter);
        }
    }

    /// The counters as they would be if the present stretch ended now.
    pub(crate) fn counters(&mut self) -> Counters {
        if !self.in_kernel_once {
            return Counters::default();
        }
        let figures = self.figures();
        let mut counters = self.counters.clone();
        for (counter, value) in [
            (Counter::UserCycles, figures.user.cycles),
            (Counter::UserInstructions, figures.user.instructions),
            (Counter::KernelCycles, figures.kernel.cycles),
            (Counter::KernelInstructions, figures.kernel.instructions),
            (Counter::TrapEntryCycles, figures.trap_entry.cycles),
            (Counter::TrapEntryInstructions, figures.trap_entry.instructions),
            (Counter::TrapReturnCycles, figures.trap_return.cycles),
            (Counter::TrapReturnInstructions, figures.trap_return.instructions),
        ] {
            counters.set(counter, value);
        }
        counters
    }

    fn figures(&mut self) -> Figures {
        self.end_stretch();
        let of = |owner: Owner| {
            let (cycles, instructions) = self.stretches[owner as usize];
            Figure { cycles, instructions }
        };
        let (trap_entry, trap_return) = (of(Owner::TrapEntry), of(Owner::TrapReturn));
        let rest = of(Owner::Kernel);
        let kernel = Figure {
            cycles: rest.cycles + trap_entry.cycles + trap_return.cycles,
            instructions: rest.instructions + trap_entry.instructions + trap_return.instructions,
        };
        Figures { user: of(Owner::User), kernel, trap_entry, trap_return, traps: self.counters.traps() }
    }

    /// What a marker records; clocks are given from `epoch` on.
    pub(crate) fn mark(&mut self, marker: Marker, epoch: u64) -> MarkerRow {
        self.count(Counter::Markers);
        let clock = self.cycles.saturating_sub(epoch);
        MarkerRow { hart: self.index, marker, clock, figures: self.figures() }
    }
}
