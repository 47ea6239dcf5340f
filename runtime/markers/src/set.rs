//! Setting markers, in guest code. Nothing happens on the host.

use crate::marker::Role;

/// Sets the marker `INDEX` of the role whose register is `REGISTER`. What is before it in the program has happened.
#[inline(always)]
fn set<const REGISTER: u32, const INDEX: u32>() {
    #[cfg(target_arch = "riscv64")]
    #[allow(unsafe_code, reason = "the marker is an instruction")]
    // SAFETY: a HINT: it changes neither registers nor memory.
    unsafe {
        core::arch::asm!(
            ".insn i 0x13, 2, x0, x{register}, {index}",
            register = const REGISTER,
            index = const INDEX,
            options(nostack, preserves_flags)
        );
    }
}

/// The stage with index `STAGE` ([`Stage::index`](crate::Stage::index)) begins.
#[inline(always)]
pub fn begin<const STAGE: u32>() {
    set::<{ Role::Begin.register() }, STAGE>();
}

/// The stage with index `STAGE` ends.
#[inline(always)]
pub fn end<const STAGE: u32>() {
    set::<{ Role::End.register() }, STAGE>();
}

/// The next stage of what began last begins: the one with index `TRACEPOINT` ([`Tracepoint::index`](crate::Tracepoint::index)).
#[inline(always)]
pub fn tracepoint<const TRACEPOINT: u32>() {
    set::<{ Role::Tracepoint.register() }, TRACEPOINT>();
}

/// The kernel was entered for the cause with index `CAUSE` ([`Cause::index`](crate::Cause::index)).
#[inline(always)]
pub fn cause<const CAUSE: u32>() {
    set::<{ Role::Cause.register() }, CAUSE>();
}

/// The run is over, but for its last words ([`Marker::EXIT`](crate::Marker::EXIT)).
#[inline(always)]
pub fn exit() {
    set::<{ Role::Control.register() }, 0>();
}
