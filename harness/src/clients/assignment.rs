//! What the clients of a cell do.

use std::time::Duration;

use crate::config::{Program, Value};
use crate::plan::Cell;

/// What the clients do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// Clients that are there at once.
    pub clients: u32,
    /// Bytes of a message.
    pub bytes: usize,
    /// What they do with their connections.
    pub work: Work,
    /// How long each waits for the server.
    pub patience: Duration,
}

/// What clients do with their connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Each keeps one connection, with one message under way, until all together have exchanged so many.
    Load {
        /// Messages of all clients together.
        messages: u64,
    },
    /// Each connects so many times, exchanges messages, and goes: in every way that there is, one after the other.
    Churn {
        /// Connections of each client.
        sessions: u32,
    },
}

impl Assignment {
    /// What clients have to do for `cell`, if it needs any.
    #[must_use]
    pub fn of(cell: &Cell, patience: Duration) -> Option<Self> {
        let work = match cell.program.name {
            Program::ECHO_OUTSIDE => Work::Load {
                messages: number(cell, "warmup") + number(cell, "rounds") * number(cell, "batch"),
            },
            Program::CHURN_OUTSIDE => Work::Churn { sessions: number(cell, "sessions") as u32 },
            _ => return None,
        };
        let clients = number(cell, "connections") as u32;
        Some(Self { clients, bytes: number(cell, "bytes") as usize, work, patience })
    }
}

/// A parameter of `cell`, which its matrix was found to have.
fn number(cell: &Cell, name: &str) -> u64 {
    match cell.parameters[name] {
        Value::Number(number) => number.unsigned_abs(),
        Value::Word(_) => unreachable!("the matrix has a number there, or it was refused"),
    }
}
