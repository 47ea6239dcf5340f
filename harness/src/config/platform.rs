//! Platforms: the machine a cell boots on, its clock, and how long the harness waits for it.

use std::path::PathBuf;
use std::time::Duration;

use rel4_costmodel::options::{Detail, Order};
use serde::{Deserialize, Serialize};

use super::Board;

/// A platform of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// What runs the image.
    pub kind: MachineKind,
    /// QEMU's `-M`; a board's model.
    pub machine: String,
    /// QEMU's `-cpu`; a board's core.
    pub cpu: String,
    /// Number of harts.
    pub harts: u32,
    /// RAM, in MiB.
    pub memory_mib: u32,
    /// What the guest's counters count.
    pub clock: Clock,
    /// Host time from power-on to the first record.
    pub boot_limit: Duration,
    /// Host time from the first record to the last.
    pub run_limit: Duration,
    /// Host time without a byte of serial output and without progress of the machine.
    pub stall_limit: Duration,
    /// The preset of the cost model, for [`Clock::Model`].
    pub preset: Option<PathBuf>,
    /// By which clock harts take turns, where the plugin decides that.
    pub order: Order,
    /// The port of the host, 0 for any free one, that leads, through a network card of the machine, to the guest's echo server; without it
    /// there is no card.
    pub forward: Option<u16>,
    /// The preset by whose cycles they take turns, with [`Order::Cycles`]; by those of `preset` without one.
    pub order_preset: Option<PathBuf>,
    /// The emulator's program, if it is not the one on the PATH.
    pub emulator: Option<PathBuf>,
}

/// What runs the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MachineKind {
    /// QEMU's system emulator.
    Qemu,
    /// A board behind a host that speaks SSH.
    Board(Box<Board>),
}

/// What the guest's counters count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// Virtual time advances by one unit per instruction: `instret` is exact and runs repeat exactly.
    Icount,
    /// As [`Icount`](Self::Icount), and the order in which harts run repeats exactly; what each hart does is counted.
    Schedule,
    /// As [`Schedule`](Self::Schedule), and a model prices what each hart executes, in cycles that repeat exactly.
    Model,
    /// The host's time: informative only on an emulator.
    Host,
    /// A board's own counters and time.
    Board,
}

impl Clock {
    /// Names in the matrix.
    pub(super) const NAMES: [(&'static str, Self); 5] = [
        ("icount", Self::Icount),
        ("schedule", Self::Schedule),
        ("model", Self::Model),
        ("host", Self::Host),
        ("board", Self::Board),
    ];

    /// Whether runs repeat exactly.
    #[must_use]
    pub fn is_exact(self) -> bool {
        match self {
            Self::Icount | Self::Schedule | Self::Model => true,
            Self::Host | Self::Board => false,
        }
    }

    /// Whether the guest itself can read how many instructions it has executed.
    #[must_use]
    pub fn counts_instructions(self) -> bool {
        match self {
            Self::Icount | Self::Board => true,
            Self::Schedule | Self::Model | Self::Host => false,
        }
    }

    /// How closely the cost model's plugin looks; none where there is no plugin.
    #[must_use]
    pub fn detail(self) -> Option<Detail> {
        match self {
            Self::Schedule => Some(Detail::Schedule),
            Self::Model => Some(Detail::Blocks),
            Self::Icount | Self::Host | Self::Board => None,
        }
    }

    /// The name in the matrix and in the results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Icount => "icount",
            Self::Schedule => "schedule",
            Self::Model => "model",
            Self::Host => "host",
            Self::Board => "board",
        }
    }
}
