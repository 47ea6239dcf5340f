//! The numbers of a machine: what the model charges for what.
//!
//! A preset is a value for every [`Parameter`]. People write it as TOML with a source for each number; the harness
//! checks that and hands the plugin the canonical form, one `name value` a line.

use std::fmt::Write as _;

use thiserror::Error;

use crate::class::Class;
use crate::set_associative::LINE_BYTES;

macro_rules! parameters {
    ($($variant:ident $name:literal $range:expr, $meaning:literal;)*) => {
        /// One number of a preset. Cycles, unless it says otherwise.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Parameter {
            $(#[doc = $meaning] $variant,)*
        }

        impl Parameter {
            /// Every parameter, in the order of the canonical form.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Table and key in a preset file.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What the number says.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// The smallest and the largest value that make sense.
            #[must_use]
            pub const fn range(self) -> (u64, u64) {
                match self { $(Self::$variant => $range,)* }
            }
        }
    };
}

/// An instruction takes some time, and not for ever.
const INSTRUCTION: (u64, u64) = (1, 10_000);
const PENALTY: (u64, u64) = (0, 100_000);
const CACHE_BYTES: (u64, u64) = (0, 64 << 20);
const WAYS: (u64, u64) = (0, 64);
const ENTRIES: (u64, u64) = (0, 4096);

parameters! {
    Alu "instructions.alu" INSTRUCTION, "integer arithmetic";
    Multiply "instructions.multiply" INSTRUCTION, "integer multiplication";
    Divide "instructions.divide" INSTRUCTION, "integer division and remainder";
    Branch "instructions.branch" INSTRUCTION, "branches, jumps and calls";
    Float "instructions.float" INSTRUCTION, "floating-point arithmetic";
    FloatDivide "instructions.float_divide" INSTRUCTION, "floating-point division and square root";
    Load "instructions.load" INSTRUCTION, "a load that hits";
    Store "instructions.store" INSTRUCTION, "a store that hits";
    Atomic "instructions.atomic" INSTRUCTION, "atomic memory operations that hit";
    LoadReserved "instructions.load_reserved" INSTRUCTION, "lr that hits";
    StoreConditional "instructions.store_conditional" INSTRUCTION, "sc that hits";
    Csr "instructions.csr" INSTRUCTION, "access to a control and status register";
    Fence "instructions.fence" INSTRUCTION, "fence, and cache-block operations";
    FenceI "instructions.fence_i" INSTRUCTION, "fence.i, without the misses that follow";
    FenceVma "instructions.fence_vma" INSTRUCTION, "sfence.vma and hfence, without the misses that follow";
    Wait "instructions.wait" INSTRUCTION, "wfi, without the time asleep";
    Pause "instructions.pause" INSTRUCTION, "pause";
    TrapEntry "traps.entry" PENALTY, "from the instruction that traps, or is interrupted, to the first of the kernel's handler";
    TrapReturn "traps.return" INSTRUCTION, "sret, to the first instruction after it";
    UserInterruptEntry "traps.user_interrupt_entry" PENALTY, "from the interrupted instruction to the first of the user's handler";
    L1InstructionBytes "l1_instruction.bytes" CACHE_BYTES, "size of the instruction cache in bytes; 0 for none";
    L1InstructionWays "l1_instruction.ways" WAYS, "associativity of the instruction cache";
    L1DataBytes "l1_data.bytes" CACHE_BYTES, "size of the data cache in bytes; 0 for none";
    L1DataWays "l1_data.ways" WAYS, "associativity of the data cache";
    L2Bytes "l2.bytes" CACHE_BYTES, "size of the cache shared by all harts in bytes; 0 for none";
    L2Ways "l2.ways" WAYS, "associativity of the shared cache";
    L2Hit "l2.hit" PENALTY, "a miss of the first level that hits the second";
    MemoryAccess "memory.access" PENALTY, "a miss of the last level";
    InstructionTlbEntries "instruction_tlb.entries" ENTRIES, "entries of the instruction TLB; 0 for none";
    DataTlbEntries "data_tlb.entries" ENTRIES, "entries of the data TLB; 0 for none";
    AddressSpaceTags "tlb.address_space_tags" (0, 1), "whether translations of several address spaces stay side by side: 1, or 0 where every switch empties the TLBs";
    TlbMiss "tlb.miss" PENALTY, "a TLB miss: the whole walk";
    DeviceLoad "devices.load" PENALTY, "a load from a device register";
    DeviceStore "devices.store" PENALTY, "a store to a device register, interrupt files included";
    Transfer "coherence.transfer" PENALTY, "a line passed from one hart to another";
}

impl Parameter {
    /// The parameter with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|parameter| parameter.name() == name)
    }
}

/// Why numbers do not make a preset.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PresetError {
    /// A line of the canonical form that says nothing known.
    #[error("line {line}: `{text}` is neither `name <word>` nor `<parameter> <number>`")]
    Line {
        /// From 1.
        line: usize,
        /// What is there.
        text: String,
    },
    /// A number that is not there.
    #[error("`{}` is missing: {}", .0.name(), .0.meaning())]
    Missing(Parameter),
    /// A number that is there twice.
    #[error("`{}` is there twice", .0.name())]
    Twice(Parameter),
    /// No name, or one that cannot be printed in a line.
    #[error("a preset needs a name of letters, digits and dashes")]
    Name,
    /// A number that makes no sense.
    #[error("`{}` is {value}: {problem}", parameter.name())]
    Nonsense {
        /// Which.
        parameter: Parameter,
        /// What it is.
        value: u64,
        /// Why that cannot be.
        problem: String,
    },
}

/// A complete, checked preset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    name: String,
    values: Vec<u64>,
}

impl Preset {
    /// The preset `name` with the values that `value_of` knows.
    ///
    /// # Errors
    ///
    /// A value is missing or makes no sense.
    pub fn new(name: &str, value_of: impl Fn(Parameter) -> Option<u64>) -> Result<Self, PresetError> {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(PresetError::Name);
        }
        let values = Parameter::ALL
            .iter()
            .map(|&parameter| value_of(parameter).ok_or(PresetError::Missing(parameter)))
            .collect::<Result<Vec<_>, _>>()?;
        let preset = Self { name: name.to_owned(), values };
        preset.check()?;
        Ok(preset)
    }

    /// Every instruction one cycle, nothing else: counts.
    #[must_use]
    pub fn unit() -> Self {
        Self::new("unit", |parameter| Some(parameter.range().0)).expect("the smallest values make sense")
    }

    fn check(&self) -> Result<(), PresetError> {
        for &parameter in Parameter::ALL {
            let (value, (least, most)) = (self.value(parameter), parameter.range());
            if !(least..=most).contains(&value) {
                let problem = format!("expected {least} to {most}");
                return Err(PresetError::Nonsense { parameter, value, problem });
            }
        }
        for (bytes, ways) in [
            (Parameter::L1InstructionBytes, Parameter::L1InstructionWays),
            (Parameter::L1DataBytes, Parameter::L1DataWays),
            (Parameter::L2Bytes, Parameter::L2Ways),
        ] {
            self.check_cache(bytes, ways)?;
        }
        Ok(())
    }

    fn check_cache(&self, bytes: Parameter, ways: Parameter) -> Result<(), PresetError> {
        let nonsense = |parameter, problem: &str| {
            Err(PresetError::Nonsense {
                parameter,
                value: self.value(parameter),
                problem: problem.to_owned(),
            })
        };
        match (self.value(bytes), self.value(ways)) {
            (0, 0) => Ok(()),
            (0, _) => nonsense(ways, "a cache without bytes has no ways"),
            (_, 0) => nonsense(ways, "a cache with bytes has at least one way"),
            (size, count) if size % (count * LINE_BYTES) != 0 => {
                nonsense(bytes, "not a multiple of ways times 64 bytes a line")
            }
            (size, count) if !(size / (count * LINE_BYTES)).is_power_of_two() => {
                nonsense(bytes, "bytes / ways / 64 bytes a line is not a power of two")
            }
            _ => Ok(()),
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether everything costs the same as under `other`, whatever the two are called.
    #[must_use]
    pub fn has_prices_of(&self, other: &Self) -> bool {
        self.values == other.values
    }

    /// One of its numbers.
    #[must_use]
    pub fn value(&self, parameter: Parameter) -> u64 {
        self.values[parameter as usize]
    }

    /// The price of an instruction of `class` that hits everywhere, in cycles.
    #[must_use]
    pub fn price(&self, class: Class) -> u64 {
        let parameter = match class {
            Class::Alu => Parameter::Alu,
            Class::Multiply => Parameter::Multiply,
            Class::Divide => Parameter::Divide,
            Class::Branch => Parameter::Branch,
            Class::Float => Parameter::Float,
            Class::FloatDivide => Parameter::FloatDivide,
            Class::Load | Class::HypervisorLoad => Parameter::Load,
            Class::Store | Class::HypervisorStore => Parameter::Store,
            Class::Atomic => Parameter::Atomic,
            Class::LoadReserved => Parameter::LoadReserved,
            Class::StoreConditional => Parameter::StoreConditional,
            Class::Csr | Class::TranslationCsr | Class::AddressSpaceCsr => Parameter::Csr,
            Class::Fence => Parameter::Fence,
            Class::FenceI => Parameter::FenceI,
            Class::FenceVma => Parameter::FenceVma,
            // The instruction itself is one like any other; what it leads to is the price of the entry.
            Class::EnvironmentCall | Class::Breakpoint => Parameter::Alu,
            Class::SupervisorReturn | Class::MachineReturn => Parameter::TrapReturn,
            Class::WaitForInterrupt => Parameter::Wait,
            Class::Pause => Parameter::Pause,
            Class::Marker => return 0,
        };
        self.value(parameter)
    }

    /// The canonical form.
    #[must_use]
    pub fn to_canonical(&self) -> String {
        let mut text = format!("name {}\n", self.name);
        for &parameter in Parameter::ALL {
            let _ = writeln!(text, "{} {}", parameter.name(), self.value(parameter));
        }
        text
    }

    /// Reads the canonical form.
    ///
    /// # Errors
    ///
    /// It is not the canonical form of a preset.
    pub fn from_canonical(text: &str) -> Result<Self, PresetError> {
        let mut name = "";
        let mut values = vec![None; Parameter::ALL.len()];
        for (index, text) in text.lines().enumerate() {
            let unknown = || PresetError::Line { line: index + 1, text: text.to_owned() };
            let (key, value) = text.split_once(' ').ok_or_else(unknown)?;
            if key == "name" {
                name = value;
                continue;
            }
            let parameter = Parameter::from_name(key).ok_or_else(unknown)?;
            let value = value.parse().map_err(|_| unknown())?;
            if values[parameter as usize].replace(value).is_some() {
                return Err(PresetError::Twice(parameter));
            }
        }
        Self::new(name, |parameter| values[parameter as usize])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(changes: &[(Parameter, u64)]) -> Result<Preset, PresetError> {
        let changed = |parameter| changes.iter().find(|(p, _)| *p == parameter).map(|(_, value)| *value);
        Preset::new("test", |parameter| changed(parameter).or(Some(parameter.range().0)))
    }

    #[test]
    fn the_unit_preset_prices_every_instruction_at_one_cycle() {
        let unit = Preset::unit();
        assert_eq!((unit.price(Class::Divide), unit.price(Class::SupervisorReturn)), (1, 1));
        assert_eq!((unit.price(Class::Marker), unit.value(Parameter::TrapEntry)), (0, 0));
    }

    #[test]
    fn a_cache_whose_sets_are_no_power_of_two_is_refused() {
        let error =
            with(&[(Parameter::L1DataBytes, 3 * 4096), (Parameter::L1DataWays, 4)]).expect_err("48 sets");
        assert!(error.to_string().contains("power of two"), "{error}");
    }

    #[test]
    fn ways_without_a_cache_and_a_cache_without_ways_are_refused() {
        with(&[(Parameter::L2Ways, 4)]).expect_err("no bytes");
        with(&[(Parameter::L2Bytes, 4096)]).expect_err("no ways");
    }

    #[test]
    fn prices_are_told_apart_and_names_are_not() {
        let unit = Preset::unit();
        let renamed = with(&[]).expect("sound");
        assert!(unit != renamed && unit.has_prices_of(&renamed));
        assert!(!unit.has_prices_of(&with(&[(Parameter::Load, 2)]).expect("sound")));
    }

    #[test]
    fn a_free_instruction_is_refused() {
        with(&[(Parameter::Alu, 0)]).expect_err("instructions take time");
    }

    #[test]
    fn a_missing_a_repeated_and_an_unknown_number_are_refused() {
        let text = Preset::unit().to_canonical();
        let shorter: String =
            text.lines().filter(|l| !l.starts_with("l2.hit")).map(|l| format!("{l}\n")).collect();
        assert_eq!(Preset::from_canonical(&shorter), Err(PresetError::Missing(Parameter::L2Hit)));
        let longer = format!("{text}l2.hit 4\n");
        assert_eq!(Preset::from_canonical(&longer), Err(PresetError::Twice(Parameter::L2Hit)));
        let unknown = format!("{text}l3.hit 4\n");
        assert!(matches!(Preset::from_canonical(&unknown), Err(PresetError::Line { .. })));
    }

    proptest! {
        #[test]
        fn the_canonical_form_comes_back(load in 1_u64..10_000, sets in 0_u32..8, ways in 1_u64..17) {
            let preset = with(&[
                (Parameter::Load, load),
                (Parameter::L1DataBytes, (ways * LINE_BYTES) << sets),
                (Parameter::L1DataWays, ways),
            ]).expect("sound");
            prop_assert_eq!(Preset::from_canonical(&preset.to_canonical()), Ok(preset));
        }
    }
}
