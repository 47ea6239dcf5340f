//! What is charged where in a block of translated code.
//!
//! A block may end early: any access to memory may fault, and under instruction counting the emulator restarts a block
//! at an access to a device. So a block is charged in segments. The first is charged when the block starts; each access
//! that succeeds charges itself and the segment after it. An instruction that traps in another way counts as executed,
//! as `ecall` does; one that could do so in the middle of a block is a segment of its own.

use crate::class::Class;
use crate::decode::{Decoded, decode};
use crate::directory::Access;
use crate::memory_map::Owner;
use crate::options::{Detail, Options};
use crate::preset::Preset;
use crate::set_associative::LINE_BYTES;
use crate::tlb::PAGE_BYTES;
use rel4_markers::Marker;

/// One instruction as the emulator shows it.
#[derive(Clone, Copy, Debug)]
pub struct Instruction {
    /// Virtual address.
    pub address: u64,
    /// Physical address.
    pub physical: u64,
    /// Its bytes; the upper half counts only for one of four bytes.
    pub word: u32,
}

/// Instructions that are charged together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// How many.
    pub instructions: u32,
    /// What they cost, in cycles.
    pub cycles: u32,
    /// How many accesses follow before the block is complete: if the hart traps while some are left, the next of them
    /// is what trapped.
    pub accesses_left: u32,
}

/// A line of code that is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// The number of the physical line.
    pub line: u64,
    /// The number of the virtual page.
    pub virtual_page: u64,
}

impl Fetch {
    /// The fetch of the instruction at these addresses.
    #[must_use]
    pub fn of(instruction: &Instruction) -> Self {
        Self { line: instruction.physical / LINE_BYTES, virtual_page: instruction.address / PAGE_BYTES }
    }
}

/// What a block is the start of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    None,
    /// The kernel's handler of traps.
    Trap,
    /// A user program's handler of interrupts.
    UserInterrupt,
}

impl Entry {
    /// This one, or `other` where it is none.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == Self::None { other } else { self }
    }
}

/// What happens when a block starts.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// Whose code it is.
    pub owner: Owner,
    /// Whether a trap leads here.
    pub entry: Entry,
    /// The line that is fetched first.
    pub fetch: Option<Fetch>,
    /// The instructions up to the first that is charged for itself.
    pub segment: Segment,
}

/// What else happens when an instruction executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// A marker is recorded, before anything is charged.
    Marker(Marker),
    /// The kernel, or the firmware, is called.
    EnvironmentCall,
    /// A breakpoint is met.
    Breakpoint,
    /// A handler returns.
    Return,
    /// The hart waits for an interrupt.
    Wait,
    /// The hart waits for another hart.
    Pause,
    /// Addresses may be translated in another way from here on.
    Translation,
    /// Another address space begins.
    AddressSpace,
    /// Addresses are translated in another way, and the TLBs are empty.
    FlushTlbs,
    /// The instruction cache is empty.
    FlushInstructions,
}

/// What happens just before an instruction executes.
#[derive(Clone, Copy, Debug)]
pub struct Executed {
    /// The line that it is fetched from, where that may be another one.
    pub fetch: Option<Fetch>,
    /// What is charged.
    pub segment: Segment,
    /// What else happens, after that.
    pub effect: Effect,
}

/// How often the emulator reports the access of one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// Once.
    Once,
    /// As a load and as a store: an atomic operation.
    AsLoadAndStore,
}

/// What happens when an access to memory has succeeded.
#[derive(Clone, Copy, Debug)]
pub struct Accessed {
    /// Whose code it is.
    pub owner: Owner,
    /// The kind of access that is charged.
    pub access: Access,
    /// How often the emulator reports the instruction.
    pub reported: Reported,
    /// The instruction itself, if this is where it is charged.
    pub own: Segment,
    /// The instructions after it.
    pub after: Segment,
    /// Both, for an access that costs nothing more.
    pub together: Segment,
}

impl Accessed {
    fn new(owner: Owner, (access, reported): (Access, Reported), own: Segment, after: Segment) -> Self {
        let together = Segment {
            instructions: own.instructions + after.instructions,
            cycles: own.cycles + after.cycles,
            accesses_left: after.accesses_left,
        };
        Self { owner, access, reported, own, after, together }
    }
}

/// When a step happens.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Just before its instruction executes.
    Executed(Executed),
    /// Each time its instruction has accessed memory.
    Accessed(Accessed),
}

impl Step {
    /// The step, if it happens before an instruction executes.
    #[must_use]
    pub fn executed(self) -> Option<Executed> {
        match self {
            Self::Executed(step) => Some(step),
            Self::Accessed(_) => None,
        }
    }

    /// The step, if it happens when an access has succeeded.
    #[must_use]
    pub fn accessed(self) -> Option<Accessed> {
        match self {
            Self::Executed(_) => None,
            Self::Accessed(step) => Some(step),
        }
    }
}

/// All that happens in a block.
#[derive(Clone, Debug)]
pub struct Plan {
    /// When it starts.
    pub head: Head,
    /// Later, each with the index of its instruction.
    pub steps: Vec<(usize, Step)>,
}

/// How an instruction is charged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Charge {
    /// With those before it.
    WithOthers,
    /// When its access has succeeded, together with those after it.
    OnAccess(Access, Reported),
    /// Before it executes, alone; its access, if it makes one, costs extra.
    Alone(Option<(Access, Reported)>, Effect),
    /// Never; those after it begin a segment.
    Never(Marker),
}

fn charge(decoded: Decoded) -> Charge {
    if let Some(marker) = decoded.marker {
        return Charge::Never(marker);
    }
    match decoded.class {
        Class::Load | Class::LoadReserved => Charge::OnAccess(Access::Load, Reported::Once),
        Class::Store => Charge::OnAccess(Access::Store, Reported::Once),
        Class::Atomic => Charge::OnAccess(Access::Store, Reported::AsLoadAndStore),
        // Makes no access when it fails.
        Class::StoreConditional => {
            Charge::Alone(Some((Access::Store, Reported::AsLoadAndStore)), Effect::None)
        }
        Class::HypervisorLoad => Charge::Alone(Some((Access::Load, Reported::Once)), Effect::None),
        Class::HypervisorStore => Charge::Alone(Some((Access::Store, Reported::Once)), Effect::None),
        Class::EnvironmentCall => Charge::Alone(None, Effect::EnvironmentCall),
        Class::Breakpoint => Charge::Alone(None, Effect::Breakpoint),
        Class::SupervisorReturn | Class::MachineReturn => Charge::Alone(None, Effect::Return),
        Class::WaitForInterrupt => Charge::Alone(None, Effect::Wait),
        Class::Pause => Charge::Alone(None, Effect::Pause),
        Class::TranslationCsr => Charge::Alone(None, Effect::Translation),
        Class::AddressSpaceCsr => Charge::Alone(None, Effect::AddressSpace),
        Class::FenceVma => Charge::Alone(None, Effect::FlushTlbs),
        Class::FenceI => Charge::Alone(None, Effect::FlushInstructions),
        Class::Alu
        | Class::Multiply
        | Class::Divide
        | Class::Branch
        | Class::Float
        | Class::FloatDivide
        | Class::Csr
        | Class::Fence
        | Class::Marker => Charge::WithOthers,
    }
}

/// Plans a block of at least one instruction.
///
/// # Panics
///
/// The block is empty.
#[must_use]
pub fn plan(instructions: &[Instruction], preset: &Preset, options: &Options) -> Plan {
    let first = instructions.first().expect("a block has an instruction");
    let owner = Owner::of(first.address, first.physical, options);
    let entry = if options.trap_vectors.contains(&first.address) {
        Entry::Trap
    } else if options.user_vectors.contains(&first.address) {
        Entry::UserInterrupt
    } else {
        Entry::None
    };
    let mut builder = Builder::new(instructions, preset, options.detail, owner);
    let steps = builder.steps();
    let segment = builder.open;
    let fetch = builder.modelled_fetch(0);
    let head = match options.detail {
        Detail::EveryInstruction => Head { owner, entry, fetch: None, segment },
        Detail::Blocks | Detail::Schedule => Head { owner, entry, fetch, segment },
    };
    Plan { head, steps }
}

/// Walks a block from its end to its start, collecting the segment that is open.
struct Builder<'a> {
    instructions: &'a [Instruction],
    charges: Vec<Charge>,
    prices: Vec<u32>,
    detail: Detail,
    owner: Owner,
    open: Segment,
}

impl<'a> Builder<'a> {
    fn new(instructions: &'a [Instruction], preset: &Preset, detail: Detail, owner: Owner) -> Self {
        let decoded: Vec<_> = instructions.iter().map(|instruction| decode(instruction.word)).collect();
        let price = |d: &Decoded| u32::try_from(preset.price(d.class)).expect("prices are bounded");
        Self {
            instructions,
            charges: decoded.iter().map(|&d| Self::relevant(charge(d), detail)).collect(),
            prices: decoded.iter().map(price).collect(),
            detail,
            owner,
            open: Segment::default(),
        }
    }

    /// Without the cost model it does not matter where an access goes, only that it succeeds.
    fn relevant(charge: Charge, detail: Detail) -> Charge {
        match (detail, charge) {
            (Detail::Schedule, Charge::Alone(Some(_), effect)) => Charge::Alone(None, effect),
            _ => charge,
        }
    }

    /// The steps of the whole block, in order. The segment left open belongs to the head.
    fn steps(&mut self) -> Vec<(usize, Step)> {
        let mut reversed = Vec::new();
        for index in (0..self.instructions.len()).rev() {
            match self.charges[index] {
                Charge::WithOthers => self.plain(index, &mut reversed),
                Charge::OnAccess(access, reported) => self.access(index, access, reported, &mut reversed),
                Charge::Alone(access, effect) => self.alone(index, access, effect, &mut reversed),
                Charge::Never(marker) => {
                    let segment = self.close();
                    self.executed(index, segment, Effect::Marker(marker), &mut reversed);
                }
            }
        }
        reversed.reverse();
        reversed
    }

    /// Takes the open segment. What opens next ends before the same accesses.
    fn close(&mut self) -> Segment {
        let accesses_left = self.open.accesses_left;
        std::mem::replace(&mut self.open, Segment { accesses_left, ..Segment::default() })
    }

    fn add(&mut self, index: usize) {
        self.open.instructions += 1;
        self.open.cycles += self.prices[index];
    }

    fn executed(&self, index: usize, segment: Segment, effect: Effect, steps: &mut Vec<(usize, Step)>) {
        steps.push((index, Step::Executed(Executed { fetch: self.modelled_fetch(index), segment, effect })));
    }

    fn plain(&mut self, index: usize, steps: &mut Vec<(usize, Step)>) {
        self.add(index);
        if self.starts_segment(index) {
            let segment = self.close();
            self.executed(index, segment, Effect::None, steps);
        } else if self.fetches(index) {
            let segment = Segment { accesses_left: self.open.accesses_left, ..Segment::default() };
            self.executed(index, segment, Effect::None, steps);
        }
    }

    fn access(&mut self, index: usize, access: Access, reported: Reported, steps: &mut Vec<(usize, Step)>) {
        let after = self.close();
        let accesses_left = after.accesses_left + 1;
        let own = Segment { instructions: 1, cycles: self.prices[index], accesses_left: after.accesses_left };
        steps.push((index, Step::Accessed(Accessed::new(self.owner, (access, reported), own, after))));
        self.open.accesses_left = accesses_left;
        if self.starts_segment(index) || self.fetches(index) {
            let segment = Segment { accesses_left, ..Segment::default() };
            self.executed(index, segment, Effect::None, steps);
        }
    }

    fn alone(
        &mut self,
        index: usize,
        access: Option<(Access, Reported)>,
        effect: Effect,
        steps: &mut Vec<(usize, Step)>,
    ) {
        if let Some(access) = access {
            let nothing = Segment { accesses_left: self.open.accesses_left, ..Segment::default() };
            let step = Accessed::new(self.owner, access, nothing, nothing);
            steps.push((index, Step::Accessed(step)));
        }
        // If it traps, none of the accesses after it is to blame.
        let own = Segment { instructions: 1, cycles: self.prices[index], accesses_left: 0 };
        self.executed(index, own, effect, steps);
    }

    /// Whether what was before instruction `index` does not charge it.
    fn starts_segment(&self, index: usize) -> bool {
        self.detail == Detail::EveryInstruction
            || index > 0 && matches!(self.charges[index - 1], Charge::Alone(..))
    }

    /// Whether instruction `index` is in another line than the one before it.
    fn fetches(&self, index: usize) -> bool {
        index > 0
            && self.modelled_fetch(index).map(|fetch| fetch.line)
                != self.modelled_fetch(index - 1).map(|fetch| fetch.line)
    }

    fn modelled_fetch(&self, index: usize) -> Option<Fetch> {
        match (self.detail, self.owner) {
            (Detail::Schedule, _) | (_, Owner::Firmware) => None,
            _ => Some(Fetch::of(&self.instructions[index])),
        }
    }
}

#[cfg(test)]
mod tests;
