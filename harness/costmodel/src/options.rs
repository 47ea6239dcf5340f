//! The arguments of the plugin.

use std::ops::Range;
use std::path::PathBuf;

use thiserror::Error;

/// How closely the plugin looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Instructions and traps are counted, and each instruction is one cycle for the schedule; there is no memory, and there are no
    /// devices.
    Schedule,
    /// The cost model, block by block: the way to measure.
    Blocks,
    /// The cost model, instruction by instruction: slow, to check the other.
    EveryInstruction,
}

impl Detail {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Schedule, Self::Blocks, Self::EveryInstruction];

    /// Its name as an argument and in a report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Blocks => "blocks",
            Self::EveryInstruction => "every-instruction",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|detail| detail.name() == name)
    }
}

/// By which clock harts take turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By the instructions that each has executed: other prices change cycles, and nothing that any hart does.
    #[default]
    Instructions,
    /// By the modelled cycles that each has taken: harts meet when the model says so, and what one executes while it waits for another
    /// depends on the prices.
    Cycles,
}

impl Order {
    /// Every one of them.
    pub const ALL: [Self; 2] = [Self::Instructions, Self::Cycles];

    /// Its name as an argument, in a report and in a matrix.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Cycles => "cycles",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name() == name)
    }
}

/// What the plugin is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How closely to look.
    pub detail: Detail,
    /// By which clock harts take turns.
    pub order: Order,
    /// How far a hart may be ahead of the slowest by that clock, in instructions or in cycles.
    pub lead: u64,
    /// The file with the preset; the unit preset without one.
    pub preset: Option<PathBuf>,
    /// Where the report goes; none without.
    pub report: Option<PathBuf>,
    /// The file that says how far the guest is, for who watches it; none without.
    pub heartbeat: Option<PathBuf>,
    /// Virtual addresses of the kernel.
    pub kernel: Range<u64>,
    /// The kernel's code that saves the state of an interrupted program, if that is to be told apart.
    pub trap_entry: Option<Range<u64>>,
    /// The kernel's code that returns to a program, if that is to be told apart.
    pub trap_return: Option<Range<u64>>,
    /// Where traps of the kernel itself arrive. Those of programs need none: the way from a program to the kernel is a trap.
    pub trap_vectors: Vec<u64>,
    /// Where user programs take their own interrupts.
    pub user_vectors: Vec<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            detail: Detail::Blocks,
            order: Order::default(),
            lead: 50,
            preset: None,
            report: None,
            heartbeat: None,
            kernel: 1 << 63..u64::MAX,
            trap_entry: None,
            trap_return: None,
            trap_vectors: Vec::new(),
            user_vectors: Vec::new(),
        }
    }
}

/// Why the arguments cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OptionsError {
    /// An argument that has no meaning.
    #[error(
        "`{0}`: expected one of detail, order, lead, preset, report, heartbeat, kernel, trap_entry, trap_return, trap_vector and user_vector, with `=` and a value"
    )]
    Unknown(String),
    /// A level of detail that is none.
    #[error("detail={0}: expected schedule, blocks or every-instruction")]
    Detail(String),
    /// A clock that harts cannot take turns by.
    #[error("order={0}: expected instructions or cycles")]
    Order(String),
    /// Not a number.
    #[error("`{0}` is not a number; write 123 or 0x7b")]
    Number(String),
    /// Not a range of addresses.
    #[error("`{0}`: expected two addresses with `-` between them, the smaller first")]
    Range(String),
}

impl Options {
    /// Reads `key=value` arguments. `trap_vector` and `user_vector` may be there several times.
    ///
    /// # Errors
    ///
    /// An argument is unknown or has a value of another kind.
    pub fn parse<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Self, OptionsError> {
        let mut options = Self::default();
        for argument in arguments {
            let unknown = || OptionsError::Unknown(argument.to_owned());
            let (key, value) = argument.split_once('=').ok_or_else(unknown)?;
            match key {
                "detail" => {
                    options.detail =
                        Detail::from_name(value).ok_or_else(|| OptionsError::Detail(value.to_owned()))?;
                }
                "order" => {
                    options.order =
                        Order::from_name(value).ok_or_else(|| OptionsError::Order(value.to_owned()))?;
                }
                "lead" => options.lead = number(value)?,
                "preset" => options.preset = Some(value.into()),
                "report" => options.report = Some(value.into()),
                "heartbeat" => options.heartbeat = Some(value.into()),
                "kernel" => options.kernel = range(value)?,
                "trap_entry" => options.trap_entry = Some(range(value)?),
                "trap_return" => options.trap_return = Some(range(value)?),
                "trap_vector" => options.trap_vectors.push(number(value)?),
                "user_vector" => options.user_vectors.push(number(value)?),
                _ => return Err(unknown()),
            }
        }
        Ok(options)
    }

    /// The arguments that say the same.
    #[must_use]
    pub fn to_arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            format!("detail={}", self.detail.name()),
            format!("order={}", self.order.name()),
            format!("lead={}", self.lead),
        ];
        let range = |key, range: &Range<u64>| format!("{key}={:#x}-{:#x}", range.start, range.end);
        arguments.push(range("kernel", &self.kernel));
        arguments.extend(self.trap_entry.iter().map(|stage| range("trap_entry", stage)));
        arguments.extend(self.trap_return.iter().map(|stage| range("trap_return", stage)));
        let path = |key, path: &PathBuf| format!("{key}={}", path.display());
        arguments.extend(self.preset.iter().map(|file| path("preset", file)));
        arguments.extend(self.report.iter().map(|file| path("report", file)));
        arguments.extend(self.heartbeat.iter().map(|file| path("heartbeat", file)));
        arguments.extend(self.trap_vectors.iter().map(|vector| format!("trap_vector={vector:#x}")));
        arguments.extend(self.user_vectors.iter().map(|vector| format!("user_vector={vector:#x}")));
        arguments
    }
}

fn number(text: &str) -> Result<u64, OptionsError> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| OptionsError::Number(text.to_owned()))
}

fn range(text: &str) -> Result<Range<u64>, OptionsError> {
    let (start, end) = text.split_once('-').ok_or_else(|| OptionsError::Range(text.to_owned()))?;
    let range = number(start)?..number(end)?;
    if range.is_empty() { Err(OptionsError::Range(text.to_owned())) } else { Ok(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_back_from_their_arguments() {
        let options = Options {
            detail: Detail::EveryInstruction,
            order: Order::Cycles,
            lead: 20,
            preset: Some("a/preset".into()),
            report: Some("a/report".into()),
            heartbeat: Some("a/heartbeat".into()),
            kernel: 0x8020_0000..0x8040_0000,
            trap_entry: Some(0x8020_1000..0x8020_1040),
            trap_return: Some(0x8020_1040..0x8020_1080),
            trap_vectors: vec![0xffff_ffff_8020_1000],
            user_vectors: vec![0x1_0000, 0x2_0000],
        };
        let arguments = options.to_arguments();
        assert_eq!(Options::parse(arguments.iter().map(String::as_str)), Ok(options));
    }

    #[test]
    fn arguments_that_mean_nothing_are_refused() {
        for (argument, part) in [
            ("speed=high", "expected one of"),
            ("lead", "expected one of"),
            ("lead=fast", "not a number"),
            ("detail=some", "every-instruction"),
            ("order=time", "instructions or cycles"),
            ("kernel=0x10", "two addresses"),
            ("kernel=0x10-0x10", "smaller first"),
        ] {
            let error = Options::parse([argument]).expect_err(argument).to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
