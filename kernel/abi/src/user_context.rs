//! A thread's registers in the order of `ReadRegisters` and `WriteRegisters`.

use core::mem::size_of;

/// Words in a [`UserContext`].
pub const USER_CONTEXT_WORDS: usize = 32;
/// Leading words that `CopyRegisters` calls "frame" registers; the rest are its "integer" registers.
pub const FRAME_REGISTERS: usize = 16;

/// Position of a register in a [`UserContext`].
#[allow(missing_docs, reason = "the names are the architecture's")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Register {
    Pc = 0,
    Ra = 1,
    Sp = 2,
    Gp = 3,
    S0 = 4,
    S1 = 5,
    S2 = 6,
    S3 = 7,
    S4 = 8,
    S5 = 9,
    S6 = 10,
    S7 = 11,
    S8 = 12,
    S9 = 13,
    S10 = 14,
    S11 = 15,
    A0 = 16,
    A1 = 17,
    A2 = 18,
    A3 = 19,
    A4 = 20,
    A5 = 21,
    A6 = 22,
    A7 = 23,
    T0 = 24,
    T1 = 25,
    T2 = 26,
    T3 = 27,
    T4 = 28,
    T5 = 29,
    T6 = 30,
    Tp = 31,
}

impl Register {
    /// All registers in context order.
    pub const ALL: [Self; USER_CONTEXT_WORDS] = [
        Self::Pc,
        Self::Ra,
        Self::Sp,
        Self::Gp,
        Self::S0,
        Self::S1,
        Self::S2,
        Self::S3,
        Self::S4,
        Self::S5,
        Self::S6,
        Self::S7,
        Self::S8,
        Self::S9,
        Self::S10,
        Self::S11,
        Self::A0,
        Self::A1,
        Self::A2,
        Self::A3,
        Self::A4,
        Self::A5,
        Self::A6,
        Self::A7,
        Self::T0,
        Self::T1,
        Self::T2,
        Self::T3,
        Self::T4,
        Self::T5,
        Self::T6,
        Self::Tp,
    ];

    /// Number of the integer register (`x` number); `None` for the program counter.
    #[must_use]
    pub const fn hardware_number(self) -> Option<usize> {
        Some(match self {
            Self::Pc => return None,
            Self::Ra => 1,
            Self::Sp => 2,
            Self::Gp => 3,
            Self::Tp => 4,
            Self::T0 => 5,
            Self::T1 => 6,
            Self::T2 => 7,
            Self::S0 => 8,
            Self::S1 => 9,
            Self::A0 => 10,
            Self::A1 => 11,
            Self::A2 => 12,
            Self::A3 => 13,
            Self::A4 => 14,
            Self::A5 => 15,
            Self::A6 => 16,
            Self::A7 => 17,
            Self::S2 => 18,
            Self::S3 => 19,
            Self::S4 => 20,
            Self::S5 => 21,
            Self::S6 => 22,
            Self::S7 => 23,
            Self::S8 => 24,
            Self::S9 => 25,
            Self::S10 => 26,
            Self::S11 => 27,
            Self::T3 => 28,
            Self::T4 => 29,
            Self::T5 => 30,
            Self::T6 => 31,
        })
    }
}

const _: () = {
    let mut index = 0;
    while index < USER_CONTEXT_WORDS {
        assert!(Register::ALL[index] as usize == index);
        index += 1;
    }
};

/// All integer registers of a thread, indexed by [`Register`]. Floating-point registers are not accessible this way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct UserContext(pub [u64; USER_CONTEXT_WORDS]);

const _: () = assert!(size_of::<UserContext>() == 256);

impl UserContext {
    /// The value of `register`.
    #[must_use]
    pub const fn get(&self, register: Register) -> u64 {
        self.0[register as usize]
    }

    /// Sets `register`.
    pub const fn set(&mut self, register: Register, value: u64) {
        self.0[register as usize] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_covers_every_hardware_register_once() {
        let mut seen = 0_u32;
        for register in Register::ALL {
            if let Some(number) = register.hardware_number() {
                assert_eq!(seen & (1 << number), 0, "{register:?} is there twice");
                seen |= 1 << number;
            }
        }
        assert_eq!(seen, !1, "x1 to x31");
    }

    #[test]
    fn set_then_get_returns_the_value_and_touches_nothing_else() {
        let mut context = UserContext::default();
        context.set(Register::A0, 7);
        assert_eq!(context.get(Register::A0), 7);
        assert_eq!(context.0.iter().sum::<u64>(), 7);
    }
}
