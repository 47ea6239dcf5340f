//! The parameters of the workloads.

use rel4_workloads::failure::Failure;
use rel4_workloads::parameters::Parameters;

use crate::layout::MAX_CONNECTIONS;

/// How the processes of the server talk to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ipc {
    /// Calls to an endpoint, one thread a connection; notifications through the kernel.
    Sync,
    /// A channel, one coroutine a connection; user interrupts.
    AsyncOverInterrupts,
    /// A channel, one coroutine a connection; notifications through the kernel.
    AsyncOverKernel,
}

/// The words that stand for them in parameters.
const IPC: &[(&str, Ipc)] =
    &[("sync", Ipc::Sync), ("async", Ipc::AsyncOverInterrupts), ("async-kernel", Ipc::AsyncOverKernel)];

impl Ipc {
    const fn word(self) -> u64 {
        self as u64
    }

    const fn from_word(word: u64) -> Self {
        if word == Self::Sync.word() {
            Self::Sync
        } else if word == Self::AsyncOverInterrupts.word() {
            Self::AsyncOverInterrupts
        } else {
            Self::AsyncOverKernel
        }
    }
}

/// What the generator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It sends messages over lasting connections, and samples what they cost.
    Load {
        /// Samples.
        rounds: u64,
        /// Messages per sample.
        batch: u64,
        /// Messages before the first sample.
        warmup: u64,
    },
    /// It connects and disconnects, in every way that there is.
    Churn {
        /// Clients that come and go on each connection of the server.
        sessions: u64,
    },
    /// There is none: clients come from outside the machine, through its network card.
    Serve {
        /// Clients that come and go, divided by the connections.
        sessions: u64,
    },
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How the server's processes talk.
    pub ipc: Ipc,
    /// Connections that are open at once; at most [`MAX_CONNECTIONS`].
    pub connections: u64,
    /// What the generator does.
    pub work: Work,
    /// The hart of the application.
    pub application_hart: u64,
    /// The hart of the generator; the stack runs on hart 0.
    pub generator_hart: u64,
}

const IPC_KEY: &str = "ipc";
const CONNECTIONS: &str = "connections";
const ROUNDS: &str = "rounds";
const BATCH: &str = "batch";
const WARMUP: &str = "warmup";
const SESSIONS: &str = "sessions";
const BYTES: &str = "bytes";
const APPLICATION_HART: &str = "application_hart";
const GENERATOR_HART: &str = "generator_hart";

impl Settings {
    /// Reads the parameters of a server under load.
    ///
    /// # Errors
    ///
    /// One is missing, unknown or out of bounds.
    pub fn of_load(parameters: &Parameters<'_>) -> Result<Self, Failure> {
        parameters.only(&[IPC_KEY, CONNECTIONS, ROUNDS, BATCH, WARMUP, APPLICATION_HART, GENERATOR_HART])?;
        let work = Work::Load {
            rounds: parameters.integer(ROUNDS, 1..=1000)?,
            batch: parameters.integer(BATCH, 1..=10_000)?,
            warmup: parameters.integer(WARMUP, 1..=100_000)?,
        };
        Self::with(work, parameters)
    }

    /// Reads the parameters of a server whose clients come and go.
    ///
    /// # Errors
    ///
    /// One is missing, unknown or out of bounds.
    pub fn of_churn(parameters: &Parameters<'_>) -> Result<Self, Failure> {
        parameters.only(&[IPC_KEY, CONNECTIONS, SESSIONS, APPLICATION_HART, GENERATOR_HART])?;
        let work = Work::Churn { sessions: parameters.integer(SESSIONS, 1..=10_000)? };
        Self::with(work, parameters)
    }

    /// Reads the parameters of a server under load from outside the machine. Each of the clients comes once.
    ///
    /// # Errors
    ///
    /// One is missing, unknown or out of bounds.
    pub fn of_load_outside(parameters: &Parameters<'_>) -> Result<Self, Failure> {
        parameters.only(&[IPC_KEY, CONNECTIONS, ROUNDS, BATCH, WARMUP, BYTES, APPLICATION_HART])?;
        // The clients go by these; here they are only to be no nonsense.
        parameters.integer(ROUNDS, 1..=1000)?;
        parameters.integer(BATCH, 1..=10_000)?;
        parameters.integer(WARMUP, 1..=100_000)?;
        parameters.integer(BYTES, 1..=4096)?;
        Self::outside(1, parameters)
    }

    /// Reads the parameters of a server whose clients come and go outside the machine.
    ///
    /// # Errors
    ///
    /// One is missing, unknown or out of bounds.
    pub fn of_churn_outside(parameters: &Parameters<'_>) -> Result<Self, Failure> {
        parameters.only(&[IPC_KEY, CONNECTIONS, SESSIONS, BYTES, APPLICATION_HART])?;
        parameters.integer(BYTES, 1..=4096)?;
        Self::outside(parameters.integer(SESSIONS, 1..=10_000)?, parameters)
    }

    fn outside(sessions: u64, parameters: &Parameters<'_>) -> Result<Self, Failure> {
        Ok(Self {
            ipc: parameters.choice(IPC_KEY, IPC)?,
            connections: parameters.integer(CONNECTIONS, 1..=MAX_CONNECTIONS as u64)?,
            work: Work::Serve { sessions },
            application_hart: parameters.integer(APPLICATION_HART, 0..=3)?,
            generator_hart: 0,
        })
    }

    fn with(work: Work, parameters: &Parameters<'_>) -> Result<Self, Failure> {
        Ok(Self {
            ipc: parameters.choice(IPC_KEY, IPC)?,
            connections: parameters.integer(CONNECTIONS, 1..=MAX_CONNECTIONS as u64)?,
            work,
            application_hart: parameters.integer(APPLICATION_HART, 0..=3)?,
            generator_hart: parameters.integer(GENERATOR_HART, 0..=3)?,
        })
    }

    /// What the processes need of the settings, as arguments, with the ticks of a microsecond.
    #[must_use]
    pub const fn arguments(&self, ticks_per_us: u64) -> [u64; 4] {
        let apart = (self.generator_hart != 0) as u64;
        let packed = self.connections | self.ipc.word() << 8 | apart << 16 | ticks_per_us << 32;
        match self.work {
            Work::Load { rounds, batch, warmup } => [packed, rounds, batch, warmup],
            Work::Churn { sessions } => [packed | CHURN, sessions, 0, 0],
            Work::Serve { sessions } => [packed | SERVE, sessions, 0, 0],
        }
    }
}

/// In the first argument for [`Work::Churn`].
const CHURN: u64 = 1 << 24;
/// In the first argument for [`Work::Serve`].
const SERVE: u64 = 2 << 24;

/// What a process is told of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// As [`Settings::ipc`].
    pub ipc: Ipc,
    /// As [`Settings::connections`], at most [`MAX_CONNECTIONS`].
    pub connections: usize,
    /// As [`Settings::work`].
    pub work: Work,
    /// The generator has a hart of its own, so it need not sleep.
    pub generator_is_apart: bool,
    /// Ticks of a microsecond.
    pub ticks_per_us: u64,
}

impl Told {
    /// Reads [`Settings::arguments`] back.
    #[must_use]
    pub fn from_arguments([packed, rounds, batch, warmup]: [u64; 4]) -> Self {
        let byte = |index: u64| packed >> (8 * index) & 0xff;
        let work = match byte(3) << 24 {
            CHURN => Work::Churn { sessions: rounds },
            SERVE => Work::Serve { sessions: rounds },
            _ => Work::Load { rounds, batch, warmup },
        };
        Self {
            ipc: Ipc::from_word(byte(1)),
            connections: (byte(0) as usize).min(MAX_CONNECTIONS),
            work,
            generator_is_apart: byte(2) != 0,
            ticks_per_us: packed >> 32,
        }
    }

    /// Clients that come and go, on all connections together.
    #[must_use]
    pub const fn sessions(&self) -> u64 {
        let each = match self.work {
            Work::Load { .. } => 1,
            Work::Churn { sessions } | Work::Serve { sessions } => sessions,
        };
        self.connections as u64 * each
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_the_way_into_a_process() {
        let load = Work::Load { rounds: 1000, batch: 10_000, warmup: 100_000 };
        for (ipc, work) in [
            (Ipc::Sync, load),
            (Ipc::AsyncOverInterrupts, Work::Churn { sessions: 10_000 }),
            (Ipc::AsyncOverKernel, load),
            (Ipc::AsyncOverKernel, Work::Serve { sessions: 1 }),
        ] {
            let settings = Settings { ipc, connections: 64, work, application_hart: 1, generator_hart: 2 };
            let told = Told { ipc, connections: 64, work, generator_is_apart: true, ticks_per_us: 10 };
            assert_eq!(Told::from_arguments(settings.arguments(10)), told);
        }
    }

    #[test]
    fn each_parameter_is_needed_bounded_and_known() {
        let load = "ipc=sync connections=4 rounds=1 batch=1 warmup=1 application_hart=0 generator_hart=0";
        assert!(Settings::of_load(&Parameters::new(load, &[])).is_ok());
        for text in [
            load.replace("ipc=sync", "ipc=fast"),
            load.replace("connections=4", "connections=65"),
            load.replace("connections=4", "connections=0"),
            load.replace(" batch=1", ""),
            load.replace("warmup=1", "warmup=0"),
            load.replace("generator_hart=0", "generator_hart=4"),
            format!("{load} sessions=1"),
        ] {
            assert!(Settings::of_load(&Parameters::new(&text, &[])).is_err(), "{text}");
        }
    }

    #[test]
    fn under_load_from_outside_each_client_comes_once_and_otherwise_as_often_as_is_asked_for() {
        let both = "ipc=async connections=8 bytes=64 application_hart=1";
        let load = format!("{both} rounds=2 batch=3 warmup=4");
        let settings = Settings::of_load_outside(&Parameters::new(&load, &[])).expect("complete");
        assert_eq!(Told::from_arguments(settings.arguments(10)).sessions(), 8);
        let churn = format!("{both} sessions=5");
        let settings = Settings::of_churn_outside(&Parameters::new(&churn, &[])).expect("complete");
        assert_eq!(Told::from_arguments(settings.arguments(10)).sessions(), 40);
        assert!(Settings::of_churn_outside(&Parameters::new(both, &[])).is_err());
        assert!(Settings::of_load_outside(&Parameters::new(&load.replace("=64", "=4097"), &[])).is_err());
    }
}
