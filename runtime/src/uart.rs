//! The serial port: a 16550 whose registers are one byte apart.

#![allow(unsafe_code, reason = "device registers")]

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::object::PAGE_BITS;

use crate::address_space::{self, Access};
use crate::resources::{ResourceError, Resources};

/// Transmit holding register.
const THR: usize = 0;
/// Line status register.
const LSR: usize = 5;
/// Line status: the transmit holding register is empty.
const LSR_THR_EMPTY: u8 = 1 << 5;

/// Where [`Uart::map`] put the registers; 0 before.
static MAPPED: AtomicU64 = AtomicU64::new(0);

/// The serial port of this process. Firmware has set it up; it is only written to.
#[derive(Clone, Copy, Debug)]
pub struct Uart {
    registers: *mut u8,
}

impl Uart {
    /// Maps the port whose registers start at physical address `paddr`.
    ///
    /// # Errors
    ///
    /// Those of making a device frame and mapping it.
    pub fn map(resources: &mut Resources, paddr: u64) -> Result<Self, ResourceError> {
        let offset = paddr & ((1 << PAGE_BITS) - 1);
        let frame = resources.make_device_frame(paddr - offset)?;
        let vaddr = resources.reserve_window(1);
        address_space::map(resources, Resources::VSPACE, frame, vaddr, Access::Data)?;
        MAPPED.store(vaddr + offset, Ordering::Relaxed);
        Ok(Self { registers: (vaddr + offset) as *mut u8 })
    }

    /// The port that [`Uart::map`] mapped, for code that cannot be handed it, such as a panic handler.
    #[must_use]
    pub fn mapped() -> Option<Self> {
        let vaddr = MAPPED.load(Ordering::Relaxed);
        (vaddr != 0).then_some(Self { registers: vaddr as *mut u8 })
    }

    fn put(self, byte: u8) {
        // SAFETY: the registers are mapped as long as the process lives, and reading or writing these two has no
        // effect but transmission.
        unsafe {
            while self.registers.add(LSR).read_volatile() & LSR_THR_EMPTY == 0 {}
            self.registers.add(THR).write_volatile(byte);
        }
    }
}

impl fmt::Write for Uart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.put(byte));
        Ok(())
    }
}
