//! The workloads by name.

use crate::bench;
use crate::failure::Failure;
#[cfg(target_arch = "riscv64")]
use crate::hostile_vs;
#[cfg(target_arch = "riscv64")]
use crate::ipc_async;
use crate::ipc_pingpong;
#[cfg(target_arch = "riscv64")]
use crate::ipc_soak;
#[cfg(target_arch = "riscv64")]
use crate::memory_server;
use crate::misbehave;
#[cfg(target_arch = "riscv64")]
use crate::notification;
use crate::parameters::Parameters;
use crate::root::Root;
#[cfg(target_arch = "riscv64")]
use crate::syscall_batch;
#[cfg(target_arch = "riscv64")]
use crate::unotification_check;

/// A workload that boot arguments can ask for.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Its name in `workload=`.
    pub name: &'static str,
    /// Checks its parameters, writes the `begin` record, runs, and writes its results.
    pub run: fn(&mut Root, &Parameters<'_>) -> Result<(), Failure>,
}

const WORKLOADS: &[Workload] = &[
    Workload { name: ipc_pingpong::NAME, run: ipc_pingpong::run },
    #[cfg(target_arch = "riscv64")]
    Workload { name: ipc_async::NAME, run: ipc_async::run },
    #[cfg(target_arch = "riscv64")]
    Workload { name: ipc_soak::NAME, run: ipc_soak::run },
    #[cfg(target_arch = "riscv64")]
    Workload { name: memory_server::NAME, run: memory_server::run },
    #[cfg(target_arch = "riscv64")]
    Workload { name: syscall_batch::NAME, run: syscall_batch::run },
    Workload { name: bench::NAME, run: bench::run },
    #[cfg(target_arch = "riscv64")]
    Workload { name: hostile_vs::NAME, run: hostile_vs::run },
    Workload { name: misbehave::NAME, run: misbehave::run },
    #[cfg(target_arch = "riscv64")]
    Workload { name: notification::NAME, run: notification::run },
    #[cfg(target_arch = "riscv64")]
    Workload { name: unotification_check::NAME, run: unotification_check::run },
];

/// The workload called `name`.
///
/// # Errors
///
/// [`Failure::UnknownWorkload`].
pub fn find(name: &str) -> Result<&'static Workload, Failure> {
    WORKLOADS.iter().find(|workload| workload.name == name).ok_or(Failure::UnknownWorkload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_are_found_by_their_exact_names() {
        assert_eq!(find("ipc-pingpong").map(|workload| workload.name), Ok("ipc-pingpong"));
        assert!(matches!(find("ipc"), Err(Failure::UnknownWorkload)));
    }
}
