//! System call stubs.
//!
//! The number goes into `a7`; the kernel changes `a0` to `a5` and no other register. Each stub names exactly those,
//! so the compiler keeps everything else in registers across it. Memory counts as changed.

#![allow(unsafe_code, reason = "the `ecall` instruction")]

use core::arch::asm;

use rel4_abi::{BenchmarkSyscall, CPtr, DebugSyscall, MessageInfo, Syscall};

use crate::ipc::{Message, Registers};

/// Sends a message and waits for the answer.
#[inline(always)]
pub fn call(target: CPtr, info: MessageInfo, registers: Registers) -> Message {
    exchange::<{ Syscall::Call.number() }>(target, info, registers)
}

/// Answers the last caller and receives.
#[inline(always)]
pub fn reply_recv(source: CPtr, info: MessageInfo, registers: Registers) -> Message {
    exchange::<{ Syscall::ReplyRecv.number() }>(source, info, registers)
}

/// Sends a message, waiting for a receiver.
#[inline(always)]
pub fn send(target: CPtr, info: MessageInfo, registers: Registers) {
    transmit::<{ Syscall::Send.number() }>(target, info, registers);
}

/// Sends a message if a receiver is waiting.
#[inline(always)]
pub fn nb_send(target: CPtr, info: MessageInfo, registers: Registers) {
    transmit::<{ Syscall::NBSend.number() }>(target, info, registers);
}

/// Answers the last caller.
#[inline(always)]
pub fn reply(info: MessageInfo, registers: Registers) {
    transmit::<{ Syscall::Reply.number() }>(CPtr::NULL, info, registers);
}

/// Receives a message, waiting for a sender.
#[inline(always)]
pub fn recv(source: CPtr) -> Message {
    receive::<{ Syscall::Recv.number() }>(source)
}

/// Receives a message if a sender is waiting; badge 0 says that there was none.
#[inline(always)]
pub fn nb_recv(source: CPtr) -> Message {
    receive::<{ Syscall::NBRecv.number() }>(source)
}

/// Lets other threads of the same priority run.
#[inline(always)]
pub fn yield_now() {
    // SAFETY: Yield changes no register.
    unsafe { asm!("ecall", in("a7") Syscall::Yield.number(), options(nostack)) };
}

/// Writes one byte to the kernel's console. Only debug kernels have this; elsewhere it is a fault.
pub fn debug_put_char(byte: u8) {
    // SAFETY: changes no register and no memory of the program.
    unsafe {
        asm!("ecall", in("a7") DebugSyscall::PutChar.number(), in("a0") u64::from(byte), options(nostack));
    };
}

/// Tells the internal type number of a capability. Only debug kernels have this; elsewhere it is a fault.
#[must_use]
pub fn debug_cap_identify(cptr: CPtr) -> u64 {
    let number: u64;
    // SAFETY: the kernel writes `a0` only.
    unsafe {
        asm!(
            "ecall",
            in("a7") DebugSyscall::CapIdentify.number(),
            inlateout("a0") cptr.word() => number,
            options(nostack),
        );
    }
    number
}

/// Makes a benchmark system call, and gives what the kernel leaves in the register of the argument. Only benchmark kernels have these;
/// elsewhere they are faults.
pub fn benchmark(call: BenchmarkSyscall, argument: u64) -> u64 {
    let answer: u64;
    // SAFETY: the kernel writes `a0` and the IPC buffer, which is only ever accessed as volatile memory. What it logs goes into a frame
    // that its owner gave away for that.
    unsafe {
        asm!("ecall", in("a7") call.number(), inlateout("a0") argument => answer, options(nostack));
    }
    answer
}

#[inline(always)]
fn exchange<const NUMBER: i64>(cptr: CPtr, info: MessageInfo, registers: Registers) -> Message {
    let [in0, in1, in2, in3] = registers.raw();
    let (badge, tag, word0, word1, word2, word3): (u64, u64, u64, u64, u64, u64);
    // SAFETY: the kernel writes `a0` to `a5` and the IPC buffer, which is only ever accessed as volatile memory;
    // shared memory is behind atomics.
    unsafe {
        asm!(
            "ecall",
            in("a7") NUMBER,
            inlateout("a0") cptr.word() => badge,
            inlateout("a1") info.0 => tag,
            inlateout("a2") in0 => word0,
            inlateout("a3") in1 => word1,
            inlateout("a4") in2 => word2,
            inlateout("a5") in3 => word3,
            options(nostack),
        );
    }
    Message { badge, info: MessageInfo(tag), words: [word0, word1, word2, word3] }
}

#[inline(always)]
fn transmit<const NUMBER: i64>(cptr: CPtr, info: MessageInfo, registers: Registers) {
    let [in0, in1, in2, in3] = registers.raw();
    // SAFETY: as in `exchange`; the outputs mean nothing.
    unsafe {
        asm!(
            "ecall",
            in("a7") NUMBER,
            inlateout("a0") cptr.word() => _,
            inlateout("a1") info.0 => _,
            inlateout("a2") in0 => _,
            inlateout("a3") in1 => _,
            inlateout("a4") in2 => _,
            inlateout("a5") in3 => _,
            options(nostack),
        );
    }
}

#[inline(always)]
fn receive<const NUMBER: i64>(cptr: CPtr) -> Message {
    let (badge, word0, word1, word2, word3): (u64, u64, u64, u64, u64);
    // A notification leaves `a1` to `a5` alone; a defined tag makes that visible as an empty message.
    let mut tag = 0_u64;
    // SAFETY: as in `exchange`.
    unsafe {
        asm!(
            "ecall",
            in("a7") NUMBER,
            inlateout("a0") cptr.word() => badge,
            inlateout("a1") tag,
            lateout("a2") word0,
            lateout("a3") word1,
            lateout("a4") word2,
            lateout("a5") word3,
            options(nostack),
        );
    }
    Message { badge, info: MessageInfo(tag), words: [word0, word1, word2, word3] }
}
