//! The saved user registers of a thread.

use core::cell::Cell;

use rel4_abi::MessageInfo;
use rel4_abi::user_context::Register;

const A0: usize = 10;
const A1: usize = 11;
const A2: usize = 12;
const A7: usize = 17;

/// The integer registers and the two program counters, in the layout that the trap entry code knows.
///
/// The fault PC is the address of the instruction that trapped last; the next PC is where the thread goes on. They differ while a
/// system call is carried out, so that it can be executed again.
#[repr(C)]
pub struct Context {
    /// Indexed by register number; number 0 is not used.
    registers: [Cell<u64>; 32],
    /// Address of the last instruction that trapped.
    pub fault_pc: Cell<u64>,
    /// Address of the next instruction.
    pub next_pc: Cell<u64>,
    /// Top of the kernel stack of the hart that the thread runs on (several harts only).
    pub kernel_stack: Cell<u64>,
    /// Logical number of that hart (several harts only).
    pub hart: Cell<u64>,
}

impl Context {
    /// A register by its position in the user context; the program counter is the fault PC.
    #[inline]
    pub fn get(&self, register: Register) -> u64 {
        match register.hardware_number() {
            Some(number) => self.registers[number].get(),
            None => self.fault_pc.get(),
        }
    }

    /// Sets a register; the program counter is the fault PC, where a restarted thread goes on.
    #[inline]
    pub fn set(&self, register: Register, value: u64) {
        match register.hardware_number() {
            Some(number) => self.registers[number].set(value),
            None => self.fault_pc.set(value),
        }
    }

    /// System call number, as the thread loaded it.
    #[inline(always)]
    pub fn syscall_number(&self) -> u64 {
        self.registers[A7].get()
    }

    /// The capability address of a system call.
    #[inline(always)]
    pub fn cptr(&self) -> u64 {
        self.registers[A0].get()
    }

    /// The badge that a receive returns.
    #[inline(always)]
    pub fn set_badge(&self, badge: u64) {
        self.registers[A0].set(badge);
    }

    /// The tag of the message that the thread sends.
    #[inline(always)]
    pub fn message_info(&self) -> MessageInfo {
        MessageInfo(self.registers[A1].get())
    }

    /// The tag of the message that the thread receives.
    #[inline(always)]
    pub fn set_message_info(&self, info: MessageInfo) {
        self.registers[A1].set(info.0);
    }

    /// Message word `index`, below 4.
    #[inline(always)]
    pub fn message_register(&self, index: usize) -> u64 {
        self.registers[A2 + index].get()
    }

    /// Sets message word `index`, below 4.
    #[inline(always)]
    pub fn set_message_register(&self, index: usize, value: u64) {
        self.registers[A2 + index].set(value);
    }
}

const _: () = assert!(A1 == A0 + 1 && A7 == A2 + 5);

/// Floating-point registers and `fcsr` of a thread.
#[repr(C)]
pub struct FpuState {
    registers: [Cell<u64>; 32],
    fcsr: Cell<u64>,
    /// Whether the thread is expected to use them when it runs next.
    pub(super) expected: Cell<bool>,
}

#[cfg(not(target_arch = "riscv64"))]
impl FpuState {
    /// The registers, then `fcsr`.
    pub(super) fn words(&self) -> impl Iterator<Item = &Cell<u64>> {
        self.registers.iter().chain([&self.fcsr])
    }
}
