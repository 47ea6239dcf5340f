//! Where QEMU's RISC-V `virt` machine has what the model must know.

use std::ops::Range;

use crate::options::Options;

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

/// Whose instructions these are. The kernel's are told apart by the stage of a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The firmware: it keeps time for the schedule, but is part of no figure.
    Firmware,
    /// The kernel, but for the two stages below.
    Kernel,
    /// The kernel's code that saves the state of the program it interrupted.
    TrapEntry,
    /// The kernel's code that restores the state of a program and returns to it.
    TrapReturn,
    /// Everything else. Until a hart is in the kernel for the first time, that is the loader.
    User,
}

impl Owner {
    /// How many there are.
    pub const COUNT: usize = 5;

    /// Whose the instruction at these addresses is.
    #[must_use]
    pub fn of(address: u64, physical: u64, options: &Options) -> Self {
        let in_stage =
            |stage: &Option<Range<u64>>| stage.as_ref().is_some_and(|range| range.contains(&address));
        if physical < FIRMWARE.end {
            Self::Firmware
        } else if in_stage(&options.trap_entry) {
            Self::TrapEntry
        } else if in_stage(&options.trap_return) {
            Self::TrapReturn
        } else if options.kernel.contains(&address) {
            Self::Kernel
        } else {
            Self::User
        }
    }

    /// Whether this is part of the kernel.
    #[must_use]
    pub const fn is_kernel(self) -> bool {
        matches!(self, Self::Kernel | Self::TrapEntry | Self::TrapReturn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_program_at_the_firmwares_address_is_a_user_program() {
        let options = Options::default();
        assert_eq!(Owner::of(0x8000_0000, 0x8500_0000, &options), Owner::User);
        assert_eq!(Owner::of(0x8000_0000, 0x8000_0000, &options), Owner::Firmware);
    }

    #[test]
    fn the_kernel_is_known_by_its_virtual_addresses_and_so_are_its_stages() {
        let base = 0xffff_ffff_8020_0000;
        let options = Options {
            trap_entry: Some(base + 0x40..base + 0x80),
            trap_return: Some(base + 0x80..base + 0xc0),
            ..Options::default()
        };
        let owner = |offset| Owner::of(base + offset, 0x8020_0000 + offset, &options);
        assert_eq!(
            [0, 0x40, 0x7c, 0x80, 0xc0].map(owner),
            [Owner::Kernel, Owner::TrapEntry, Owner::TrapEntry, Owner::TrapReturn, Owner::Kernel]
        );
    }

    #[test]
    fn the_console_wakes_nobody_and_an_interrupt_file_does() {
        assert!(!is_doorbell(0x1000_0000));
        assert!(is_doorbell(0x2800_1000));
    }
}
