//! Words of thread invocations that are neither registers nor capabilities.

/// `ReadRegisters`, first word: suspend the thread first.
pub const READ_REGISTERS_SUSPEND: u64 = 1 << 0;
/// `WriteRegisters`, first word: resume the thread afterwards.
pub const WRITE_REGISTERS_RESUME: u64 = 1 << 0;
/// Words of `WriteRegisters` before the registers: flags and count.
pub const WRITE_REGISTERS_FIXED_WORDS: usize = 2;

/// `CopyRegisters`, first word: suspend the source.
pub const COPY_REGISTERS_SUSPEND_SOURCE: u64 = 1 << 0;
/// `CopyRegisters`, first word: resume the destination.
pub const COPY_REGISTERS_RESUME_TARGET: u64 = 1 << 1;
/// `CopyRegisters`, first word: copy the frame registers.
pub const COPY_REGISTERS_FRAME: u64 = 1 << 2;
/// `CopyRegisters`, first word: copy the integer registers.
pub const COPY_REGISTERS_INTEGER: u64 = 1 << 3;

/// `SetFlags`: the thread may not use floating-point instructions.
pub const FLAG_FPU_DISABLED: u64 = 1 << 0;
