//! Windows on RISC-V.

#![allow(unsafe_code, reason = "the instructions in a window must be exactly these")]

use core::arch::asm;

use rel4_abi::MessageInfo;
use rel4_markers::{Role, Stage};
use rel4_runtime::ipc::Message;

use super::{Passage, Request, Window};
use crate::bench::counter::Counter;

/// Reads the counter, if that is allowed (else 0), then sets the marker that the stage begins. Markers are the HINTs of `rel4_markers`.
macro_rules! open {
    () => {
        "li {opened}, 0\n beqz {readable}, 2f\n rdinstret {opened}\n 2: .insn i 0x13, 2, x0, x{begin}, {stage}\n"
    };
}

/// Sets the marker that the stage ends, then reads the counter, if that is allowed (else 0).
macro_rules! close {
    () => {
        ".insn i 0x13, 2, x0, x{end}, {stage}\n li {closed}, 0\n beqz {readable}, 3f\n rdinstret {closed}\n 3:\n"
    };
}

const BEGIN: u32 = Role::Begin.register();
const END: u32 = Role::End.register();
const STAGE: u32 = Stage::Operation.index();

/// Makes `$name` a [`Passage`] by `$instruction`, with `$after` executed by the thread that goes on, inside the window.
macro_rules! passage {
    ($(#[$doc:meta])* $name:ident, $instruction:literal, $after:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(in crate::bench) struct $name;

        impl Passage for $name {
            #[inline(always)]
            fn around(counter: Counter, request: Request) -> (Message, Window) {
                let [in0, in1, in2, in3] = request.words;
                let (badge, tag, word0, word1, word2, word3): (u64, u64, u64, u64, u64, u64);
                let (opened, closed): (u64, u64);
                // SAFETY: the kernel writes `a0` to `a5` and the IPC buffer, which is only ever accessed as volatile memory;
                // shared memory is behind atomics. Counter and markers change nothing else.
                unsafe {
                    asm!(
                        concat!(open!(), $instruction, "\n", $after, "\n", close!()),
                        readable = in(reg) counter.word(),
                        opened = out(reg) opened,
                        closed = out(reg) closed,
                        begin = const BEGIN,
                        end = const END,
                        stage = const STAGE,
                        in("a7") request.number,
                        inlateout("a0") request.cptr.word() => badge,
                        inlateout("a1") request.info.0 => tag,
                        inlateout("a2") in0 => word0,
                        inlateout("a3") in1 => word1,
                        inlateout("a4") in2 => word2,
                        inlateout("a5") in3 => word3,
                        out("ft0") _,
                        options(nostack),
                    );
                }
                let message = Message { badge, info: MessageInfo(tag), words: [word0, word1, word2, word3] };
                (message, Window { opened, closed })
            }

            #[inline(always)]
            fn opening(counter: Counter, request: Request) -> u64 {
                let [in0, in1, in2, in3] = request.words;
                let opened: u64;
                // SAFETY: as in `around`; the outputs mean nothing.
                unsafe {
                    asm!(
                        concat!(open!(), $instruction, "\n", $after),
                        readable = in(reg) counter.word(),
                        opened = out(reg) opened,
                        begin = const BEGIN,
                        stage = const STAGE,
                        in("a7") request.number,
                        inlateout("a0") request.cptr.word() => _,
                        inlateout("a1") request.info.0 => _,
                        inlateout("a2") in0 => _,
                        inlateout("a3") in1 => _,
                        inlateout("a4") in2 => _,
                        inlateout("a5") in3 => _,
                        out("ft0") _,
                        options(nostack),
                    );
                }
                opened
            }

            #[inline(always)]
            fn closing(counter: Counter, request: Request) -> (Message, u64) {
                let [in0, in1, in2, in3] = request.words;
                let (badge, tag, word0, word1, word2, word3): (u64, u64, u64, u64, u64, u64);
                let closed: u64;
                // SAFETY: as in `around`.
                unsafe {
                    asm!(
                        concat!($instruction, "\n", $after, "\n", close!()),
                        readable = in(reg) counter.word(),
                        closed = out(reg) closed,
                        end = const END,
                        stage = const STAGE,
                        in("a7") request.number,
                        inlateout("a0") request.cptr.word() => badge,
                        inlateout("a1") request.info.0 => tag,
                        inlateout("a2") in0 => word0,
                        inlateout("a3") in1 => word1,
                        inlateout("a4") in2 => word2,
                        inlateout("a5") in3 => word3,
                        out("ft0") _,
                        options(nostack),
                    );
                }
                let message = Message { badge, info: MessageInfo(tag), words: [word0, word1, word2, word3] };
                (message, closed)
            }
        }
    };
}

passage!(
    /// A system call.
    Ecall,
    "ecall",
    ""
);
passage!(
    /// A system call, behind which the thread that goes on uses a floating-point register: some kernels load these only then.
    EcallThenFloat,
    "ecall",
    "fmv.d.x ft0, zero"
);
passage!(
    /// An illegal instruction of 4 bytes.
    IllegalInstruction,
    ".4byte 0xc0001073",
    ""
);
passage!(
    /// Nothing, in the place of one instruction: the overhead of [`Ecall`] and [`IllegalInstruction`].
    Nop,
    "nop",
    ""
);
passage!(
    /// The overhead of [`EcallThenFloat`].
    NopThenFloat,
    "nop",
    "fmv.d.x ft0, zero"
);

/// Opens a window; tells the counter.
#[inline(always)]
pub(in crate::bench) fn open(counter: Counter) -> u64 {
    let opened: u64;
    // SAFETY: a counter and a HINT. Memory counts as touched, so that measured code stays put.
    unsafe {
        asm!(
            open!(),
            readable = in(reg) counter.word(),
            opened = out(reg) opened,
            begin = const BEGIN,
            stage = const STAGE,
            options(nostack),
        );
    }
    opened
}

/// Closes the window that is open; tells the counter.
#[inline(always)]
pub(in crate::bench) fn close(counter: Counter) -> u64 {
    let closed: u64;
    // SAFETY: as in `open`.
    unsafe {
        asm!(
            close!(),
            readable = in(reg) counter.word(),
            closed = out(reg) closed,
            end = const END,
            stage = const STAGE,
            options(nostack),
        );
    }
    closed
}

/// Opens a window and stores `value` to the 32-bit `register`; tells the counter.
///
/// # Safety
///
/// `register` is a device register that is mapped, and storing `value` to it does nothing to memory.
#[inline(always)]
pub(in crate::bench) unsafe fn opening_store(counter: Counter, register: *mut u32, value: u32) -> u64 {
    let opened: u64;
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            concat!(open!(), "sw {value}, 0({register})"),
            readable = in(reg) counter.word(),
            opened = out(reg) opened,
            begin = const BEGIN,
            stage = const STAGE,
            value = in(reg) value,
            register = in(reg) register,
            options(nostack),
        );
    }
    opened
}
