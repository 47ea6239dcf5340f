//! Device interrupts.

use rel4_abi::{CPtr, Invocation};

use super::cnode::Slot;
use super::invoke::invoke;
use super::notification::Notification;
use crate::error::Error;

/// A capability to issue interrupt handlers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IrqControl(pub CPtr);

/// When a device's line counts as an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Trigger {
    /// While it is high.
    Level = 0,
    /// When it rises.
    Edge = 1,
}

impl IrqControl {
    /// Issues the handler of interrupt `irq` into `slot`, which is at address `cptr` of the `CSpace`.
    ///
    /// # Errors
    ///
    /// The kernel's: `RangeError` if there is no such interrupt, `RevokeFirst` if its handler is issued already.
    pub fn get(self, irq: u64, slot: Slot, cptr: CPtr) -> Result<IrqHandler, Error> {
        let [index, depth] = slot.address();
        invoke(self.0, Invocation::IrqIssueIrqHandler, &[slot.root().0], &[irq, index, depth])?;
        Ok(IrqHandler(cptr))
    }

    /// As [`IrqControl::get`], and says how the device drives its line.
    ///
    /// # Errors
    ///
    /// Those of [`IrqControl::get`].
    pub fn get_trigger(
        self,
        irq: u64,
        trigger: Trigger,
        slot: Slot,
        cptr: CPtr,
    ) -> Result<IrqHandler, Error> {
        let [index, depth] = slot.address();
        let words = [irq, trigger as u64, index, depth];
        invoke(self.0, Invocation::RiscvIrqIssueIrqHandlerTrigger, &[slot.root().0], &words)?;
        Ok(IrqHandler(cptr))
    }
}

/// A capability to handle one interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IrqHandler(pub CPtr);

impl IrqHandler {
    /// Makes the interrupt signal `notification`.
    ///
    /// # Errors
    ///
    /// The kernel's: `InvalidCapability` if that is no notification, or one without the Write right.
    pub fn set_notification(self, notification: Notification) -> Result<(), Error> {
        invoke(self.0, Invocation::IrqSetIrqHandler, &[notification.0], &[]).map(drop)
    }

    /// Makes the interrupt signal nothing.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn clear(self) -> Result<(), Error> {
        invoke(self.0, Invocation::IrqClearIrqHandler, &[], &[]).map(drop)
    }

    /// Lets the next interrupt come.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn acknowledge(self) -> Result<(), Error> {
        invoke(self.0, Invocation::IrqAckIrq, &[], &[]).map(drop)
    }
}
