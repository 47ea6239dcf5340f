//! Starting the other harts, and entering the kernel on all of them.
//!
//! Hart 0 is logical core 0 and starts the others one after the other, as logical cores 1, 2, ... in the device tree's order.
//! Each reports and waits; when all are there, hart 0 publishes how the kernel is entered and everybody goes.

#![allow(unsafe_code, reason = "entering the kernel changes the address space under the running code")]

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use thiserror::Error;

use super::sbi::{self, SbiError};
use super::{entry, wait};

/// How the kernel is entered, on every hart alike.
#[derive(Clone, Copy)]
pub(super) struct KernelEntry {
    /// Value of `satp`.
    pub(super) satp: u64,
    /// The kernel's entry point, a virtual address.
    pub(super) entry: u64,
    /// Registers a0 to a5.
    pub(super) arguments: [u64; 6],
}

/// Why a hart does not take part.
#[derive(Clone, Copy, Debug, Error)]
pub(super) enum StartError {
    #[error("hart {hart} cannot be started: SBI error {}", .error.0)]
    Refused { hart: u64, error: SbiError },
    #[error("hart {hart} does not stop after handing over to hart 0")]
    DoesNotStop { hart: u64 },
    #[error("hart {hart} was started but does not arrive")]
    DoesNotArrive { hart: u64 },
}

/// The logical core that the hart which is being started is to be. One is started at a time.
pub(super) static STARTING: AtomicU64 = AtomicU64::new(0);
/// How many secondary harts wait for the kernel.
static ARRIVED: AtomicU64 = AtomicU64::new(0);
/// Set when the words below are written.
static OPEN: AtomicBool = AtomicBool::new(false);
static SATP: AtomicU64 = AtomicU64::new(0);
static ENTRY: AtomicU64 = AtomicU64::new(0);
static ARGUMENTS: [AtomicU64; 6] = [const { AtomicU64::new(0) }; 6];

/// Starts `harts` as logical cores 1, 2, ... and waits until each has arrived. The answer is how many there are.
///
/// # Errors
///
/// The first hart that does not come.
pub(super) fn start(harts: impl Iterator<Item = u64>) -> Result<u64, StartError> {
    let mut started = 0;
    for hart in harts {
        // The hart that handed over to hart 0 may still be on its way out.
        wait::at_most_seconds(|| sbi::is_stopped(hart).unwrap_or(true))
            .ok_or(StartError::DoesNotStop { hart })?;
        started += 1;
        STARTING.store(started, Ordering::SeqCst);
        sbi::start_hart(hart, entry::start()).map_err(|error| StartError::Refused { hart, error })?;
        wait::at_most_seconds(|| ARRIVED.load(Ordering::Acquire) == started)
            .ok_or(StartError::DoesNotArrive { hart })?;
    }
    Ok(started)
}

/// Enters the kernel as logical core 0 on `hart`, and lets the waiting harts do the same.
pub(super) fn enter_all(hart: u64, kernel: KernelEntry) -> ! {
    SATP.store(kernel.satp, Ordering::Relaxed);
    ENTRY.store(kernel.entry, Ordering::Relaxed);
    for (shared, argument) in ARGUMENTS.iter().zip(kernel.arguments) {
        shared.store(argument, Ordering::Relaxed);
    }
    OPEN.store(true, Ordering::Release);
    enter(kernel, hart, 0)
}

/// Reports `hart` as logical core `core`, waits until all are there, and enters the kernel.
pub(super) fn join(hart: u64, core: u64) -> ! {
    ARRIVED.fetch_add(1, Ordering::Release);
    wait::for_ever(|| OPEN.load(Ordering::Acquire));
    let kernel = KernelEntry {
        satp: SATP.load(Ordering::Relaxed),
        entry: ENTRY.load(Ordering::Relaxed),
        arguments: ARGUMENTS.each_ref().map(|argument| argument.load(Ordering::Relaxed)),
    };
    enter(kernel, hart, core)
}

fn enter(kernel: KernelEntry, hart: u64, core: u64) -> ! {
    let KernelEntry { satp, entry, arguments: [a0, a1, a2, a3, a4, a5] } = kernel;
    // SAFETY:
    // 1. The page table maps the loader one to one, so execution goes on after `satp` is written, and the kernel where its
    //    ELF file says; hart 0 wrote both before `OPEN`, which orders them before this.
    // 2. `fence.i` makes the kernel's instructions, written by hart 0, visible to this hart's fetches.
    // 3. Nothing of Rust's is used after the jump.
    unsafe {
        asm!(
            "fence.i",
            "sfence.vma",
            "csrw satp, t0",
            "sfence.vma",
            "jr t1",
            in("t0") satp, in("t1") entry,
            in("a0") a0, in("a1") a1, in("a2") a2, in("a3") a3, in("a4") a4, in("a5") a5,
            in("a6") hart, in("a7") core,
            options(noreturn),
        )
    }
}
