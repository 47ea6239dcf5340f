//! The clock that tests are given.

use rel4_abi::object::PAGE_BITS;
use rel4_runtime::cap::{Frame, IrqHandler, Trigger};
use rel4_runtime::resources::{ResourceError, Resources};
use rel4_workloads::platform::AlarmClock;

use crate::cspace;

/// Capabilities to the clock. Only the driver can hand its interrupt out, and only once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timer {
    /// The page with its registers.
    pub(super) frame: Frame,
    /// Its interrupt.
    pub(super) irq: IrqHandler,
}

impl Timer {
    /// Takes the clock that the device tree describes.
    ///
    /// # Errors
    ///
    /// Those of making a device frame, and the kernel's.
    pub(super) fn take(resources: &mut Resources, clock: AlarmClock) -> Result<Self, ResourceError> {
        let frame = resources.make_device_frame(clock.paddr >> PAGE_BITS << PAGE_BITS)?;
        let slot = resources.take_slot()?;
        cspace::IRQ_CONTROL.issue_with_trigger(clock.irq, Trigger::Level, cspace::slot(slot))?;
        Ok(Self { frame, irq: IrqHandler(slot) })
    }
}
