//! The first instructions of the root task and of every process it creates, and the linker's symbols.

#![allow(unsafe_code, reason = "runs before Rust's assumptions hold, and reads linker symbols")]

use core::arch::global_asm;
use core::mem::offset_of;
use core::ptr::addr_of;

use rel4_abi::BootInfo;

use crate::boot::Boot;
use crate::image::ImageLayout;
use crate::labels;

// The kernel enters with a0 = BootInfo and every other register 0. Nothing may write .data before the snapshot of it
// is taken: processes created later start from the snapshot.
global_asm!(
    ".section .text.start, \"ax\", @progbits",
    ".globl _start",
    "_start:",
    ".option push",
    ".option norelax",
    "    la gp, __global_pointer$",
    ".option pop",
    "    la sp, __stack_top",
    "    ld tp, {ipc_buffer}(a0)",
    "    la t0, __data_start",
    "    la t1, __data_end",
    "    la t2, __data_snapshot",
    "0:  bgeu t0, t1, 1f",
    "    ld t3, 0(t0)",
    "    sd t3, 0(t2)",
    "    addi t0, t0, 8",
    "    addi t2, t2, 8",
    "    j 0b",
    "1:  call {root_start}",
    "    unimp",
    ipc_buffer = const offset_of!(BootInfo, ipc_buffer),
    root_start = sym root_start,
);

unsafe extern "Rust" {
    /// The program's main function.
    safe fn rel4_root_main(boot: Boot) -> !;
}

extern "C" fn root_start(info: *const BootInfo) -> ! {
    // SAFETY: the kernel mapped a filled-in BootInfo there, with the extra chunks behind it, and never writes it
    // again; this is the only call.
    let boot = unsafe { Boot::from_raw(info) };
    labels::select(labels::of_num_nodes(boot.info().num_nodes));
    rel4_root_main(boot)
}

unsafe extern "C" {
    #[link_name = "__global_pointer$"]
    static __global_pointer: u8;
    static __image_start: u8;
    static __rodata_start: u8;
    static __data_start: u8;
    static __data_end: u8;
    static __private_end: u8;
    static __data_snapshot: u8;
    static __stack_guard: u8;
}

/// What `gp` holds in every thread of the program.
#[must_use]
pub fn global_pointer() -> u64 {
    addr_of!(__global_pointer) as u64
}

/// Where the linker put the parts of the program.
#[must_use]
pub fn image_layout() -> ImageLayout {
    let data_length = addr_of!(__data_end) as usize - addr_of!(__data_start) as usize;
    // SAFETY: the linker script reserves that many bytes there, and only start-up code ever wrote them.
    let data_snapshot = unsafe { core::slice::from_raw_parts(addr_of!(__data_snapshot), data_length) };
    ImageLayout {
        start: addr_of!(__image_start) as u64,
        rodata_start: addr_of!(__rodata_start) as u64,
        data_start: addr_of!(__data_start) as u64,
        private_end: addr_of!(__private_end) as u64,
        stack_guard: addr_of!(__stack_guard) as u64,
        data_snapshot,
    }
}
