//! U-notifications: interrupts that the hardware delivers straight to a user thread. Not part of seL4.
//!
//! A U-notification is an ordinary notification whose bound thread has taken an interrupt file. Whoever has a sender page of that file
//! mapped raises an interrupt *identity* in it by a 32-bit store to offset 0. Holding the page is the authority: a sender can raise
//! any identity of the file, so what arrives is a hint, never an authentication.

/// Operations of U-notifications. Their labels are the same in both label tables and beyond every label of seL4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum UintrInvocation {
    /// On a thread: take an interrupt file. Capability 0: the notification bound to it, with the Read right. Word 0: the address where
    /// the thread takes its interrupts (its `stvec`), 4-byte aligned.
    RegisterReceiver = 0x1000,
    /// On a `VSpace`: map a sender page. Capability 0: the notification, with the Write right; capability 1: a `CNode`. Word 0: the
    /// page's address; words 1 and 2: index and depth of the slot for the page's capability.
    RegisterSender = 0x1001,
    /// On a thread: give the interrupt file up.
    Unregister = 0x1002,
}

impl UintrInvocation {
    /// The operation that `label` means, if any.
    #[must_use]
    pub const fn decode(label: u64) -> Option<Self> {
        Some(match label {
            0x1000 => Self::RegisterReceiver,
            0x1001 => Self::RegisterSender,
            0x1002 => Self::Unregister,
            _ => return None,
        })
    }

    /// The label of the operation.
    #[must_use]
    pub const fn label(self) -> u64 {
        self as u64
    }
}

/// Identities of an interrupt file: 1 to 255.
pub const MAX_IDENTITY: u32 = 255;
/// Badge bits that can be identities: badge bit *b* is identity *b* + 1. Bit 63 travels as in any notification.
pub const BADGE_BITS: u32 = 63;
/// The first identity that Wait and Poll leave alone: from here on they are the receiver's, for its handler or its ready queue.
pub const FIRST_QUEUE_IDENTITY: u32 = 64;

/// Feature bit in the boot information chunk [`crate::bootinfo::CHUNK_REL4`]: the kernel has U-notifications.
pub const FEATURE_UINTR: u64 = 1 << 0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Invocation, LabelSet};

    #[test]
    fn labels_decode_to_themselves_and_mean_nothing_in_sel4() {
        for label in 0x0fff..0x1010 {
            assert_eq!(
                UintrInvocation::decode(label).map(UintrInvocation::label),
                (0x1000..0x1003).contains(&label).then_some(label)
            );
            assert_eq!(Invocation::decode(label, LabelSet::SingleCore), None);
            assert_eq!(Invocation::decode(label, LabelSet::Smp), None);
        }
    }
}
