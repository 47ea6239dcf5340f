//! Calls to the firmware (RISC-V Supervisor Binary Interface 1.0; the console is the legacy extension).

#![allow(unsafe_code, reason = "`ecall` is an instruction")]

use core::arch::asm;

/// Hart State Management extension.
pub(super) const HSM: usize = 0x48_534d;
/// Functions of [`HSM`].
pub(super) const HART_START: usize = 0;
/// Stops the calling hart.
pub(super) const HART_STOP: usize = 1;
const HART_GET_STATUS: usize = 2;
const STOPPED: usize = 1;

const TIMER: usize = 0x5449_4d45;

const LEGACY_PUTCHAR: usize = 1;
const LEGACY_SHUTDOWN: usize = 8;

const SYSTEM_RESET: usize = 0x5352_5354;
const SHUTDOWN: usize = 0;
const SYSTEM_FAILURE: usize = 1;

/// An error code of the firmware, always negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SbiError(pub(super) isize);

fn call(extension: usize, function: usize, arguments: [usize; 3]) -> Result<usize, SbiError> {
    let [mut a0, mut a1, a2] = arguments;
    // SAFETY: an environment call changes no registers but a0 and a1, and none of the functions used here touches memory
    // of the loader.
    unsafe {
        asm!(
            "ecall",
            inlateout("a0") a0, inlateout("a1") a1, in("a2") a2,
            in("a6") function, in("a7") extension,
        );
    }
    match a0 as isize {
        0 => Ok(a1),
        error => Err(SbiError(error)),
    }
}

/// Prints one byte.
pub(super) fn put_byte(byte: u8) {
    // The legacy call has no result worth looking at.
    let _ = call(LEGACY_PUTCHAR, 0, [usize::from(byte), 0, 0]);
}

/// Starts `hart` at `address` in supervisor mode.
pub(super) fn start_hart(hart: u64, address: usize) -> Result<(), SbiError> {
    call(HSM, HART_START, [hart as usize, address, 0]).map(|_| ())
}

/// Whether `hart` is stopped, so that it can be started.
pub(super) fn is_stopped(hart: u64) -> Result<bool, SbiError> {
    call(HSM, HART_GET_STATUS, [hart as usize, 0, 0]).map(|status| status == STOPPED)
}

/// Has the timer interrupt become pending at the time `at`, in ticks, and clears it until then.
pub(super) fn set_timer(at: u64) {
    // Cannot fail where the extension exists, and every firmware with HSM has it.
    let _ = call(TIMER, 0, [at as usize, 0, 0]);
}

/// Turns the machine off and reports a failure.
pub(super) fn shut_down() -> ! {
    let _ = call(SYSTEM_RESET, 0, [SHUTDOWN, SYSTEM_FAILURE, 0]);
    let _ = call(LEGACY_SHUTDOWN, 0, [0, 0, 0]);
    loop {
        core::hint::spin_loop();
    }
}
