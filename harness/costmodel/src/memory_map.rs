//! Where QEMU's RISC-V `virt` machine has what the model must know.

use std::ops::Range;

/// Where RAM begins, and the firmware with it.
pub const RAM_BASE: u64 = 0x8000_0000;

/// The physical addresses that firmware runs at: nothing else is executed from them.
pub const FIRMWARE: Range<u64> = RAM_BASE..0x8020_0000;

/// Interrupt controllers. Only a store to one of them wakes a hart.
const DOORBELLS: [Range<u64>; 3] = [
    // CLINT or ACLINT.
    0x0200_0000..0x0201_0000,
    // PLIC or APLICs.
    0x0c00_0000..0x1000_0000,
    // IMSICs, machine level and supervisor level.
    0x2400_0000..0x2c00_0000,
];

/// Whether a store to `physical` may wake a hart.
#[must_use]
pub fn is_doorbell(physical: u64) -> bool {
    DOORBELLS.iter().any(|range| range.contains(&physical))
}

/// Whose instructions these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The firmware: it keeps time for the schedule, but is part of no figure.
    Firmware,
    /// The kernel.
    Kernel,
    /// Everything else. Until a hart is in the kernel for the first time, that is the loader.
    User,
}

impl Owner {
    /// How many there are.
    pub const COUNT: usize = 3;

    /// Whose the instruction at these addresses is, where the kernel is at `kernel`.
    #[must_use]
    pub fn of(address: u64, physical: u64, kernel: &Range<u64>) -> Self {
        if physical < FIRMWARE.end {
            Self::Firmware
        } else if kernel.contains(&address) {
            Self::Kernel
        } else {
            Self::User
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPPER_HALF: Range<u64> = 1 << 63..u64::MAX;

    #[test]
    fn a_user_program_at_the_firmwares_address_is_a_user_program() {
        assert_eq!(Owner::of(0x8000_0000, 0x8500_0000, &UPPER_HALF), Owner::User);
        assert_eq!(Owner::of(0x8000_0000, 0x8000_0000, &UPPER_HALF), Owner::Firmware);
    }

    #[test]
    fn the_kernel_is_known_by_its_virtual_addresses() {
        assert_eq!(Owner::of(0xffff_ffff_8020_0000, 0x8020_0000, &UPPER_HALF), Owner::Kernel);
    }

    #[test]
    fn the_console_wakes_nobody_and_an_interrupt_file_does() {
        assert!(!is_doorbell(0x1000_0000));
        assert!(is_doorbell(0x2800_1000));
    }
}
