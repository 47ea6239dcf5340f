//! Interrupts.

use rel4_abi::{CPtr, Invocation};

use super::cnode::Slot;
use super::invoke::invoke;
use super::notification::Notification;
use crate::error::Error;

/// The capability that hands interrupts out.
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

/// A capability to one interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IrqHandler(pub CPtr);

impl IrqControl {
    /// Puts the capability to interrupt number `irq`, which the platform gives it, into `slot`.
    ///
    /// # Errors
    ///
    /// The kernel's: `RangeError` if there is no such interrupt, `RevokeFirst` if it is given out.
    pub fn issue(self, irq: u64, slot: Slot) -> Result<(), Error> {
        let [index, depth] = slot.address();
        invoke(self.0, Invocation::IrqIssueIrqHandler, &[slot.root().0], &[irq, index, depth]).map(drop)
    }

    /// As [`IrqControl::issue`], and says how the device drives its line.
    ///
    /// # Errors
    ///
    /// Those of [`IrqControl::issue`].
    pub fn issue_with_trigger(self, irq: u64, trigger: Trigger, slot: Slot) -> Result<(), Error> {
        let [index, depth] = slot.address();
        let words = [irq, trigger as u64, index, depth];
        invoke(self.0, Invocation::RiscvIrqIssueIrqHandlerTrigger, &[slot.root().0], &words).map(drop)
    }
}

impl IrqHandler {
    /// Makes the interrupt signal `notification`.
    ///
    /// # Errors
    ///
    /// The kernel's: `InvalidCapability` if that is no notification that may be signalled.
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

    /// Lets the next one through.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn ack(self) -> Result<(), Error> {
        invoke(self.0, Invocation::IrqAckIrq, &[], &[]).map(drop)
    }
}
