//! Labels of kernel-object invocations.
//!
//! Upstream numbers its invocations by an enumeration whose optional members vanish when they are not configured.
//! The SMP build has `TCBSetAffinity`, so every label behind it is one higher than in the single-core build.

/// Which of the two label tables a kernel speaks. User code picks by `BootInfo.num_nodes`: more than one means
/// [`LabelSet::Smp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelSet {
    /// Built without SMP support.
    SingleCore,
    /// Built with SMP support, whatever number of cores runs.
    Smp,
}

macro_rules! invocations {
    ($($(#[$doc:meta])* $name:ident = $smp_label:literal,)*) => {
        /// An operation on a kernel object, independent of how a kernel numbers it.
        ///
        /// The discriminant is the label of the SMP table, which is the complete one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Invocation {
            $($(#[$doc])* $name = $smp_label,)*
        }

        impl Invocation {
            /// Every invocation, in label order.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            const fn from_smp_label(label: u64) -> Option<Self> {
                match label {
                    $($smp_label => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

invocations! {
    /// Make objects out of untyped memory.
    UntypedRetype = 1,
    /// Read the registers of a thread.
    TcbReadRegisters = 2,
    /// Write the registers of a thread.
    TcbWriteRegisters = 3,
    /// Copy registers from one thread to another.
    TcbCopyRegisters = 4,
    /// Set fault handler, `CSpace`, `VSpace` and IPC buffer of a thread at once.
    TcbConfigure = 5,
    /// Set the priority of a thread.
    TcbSetPriority = 6,
    /// Set the maximum controlled priority of a thread.
    TcbSetMcPriority = 7,
    /// Set priority and maximum controlled priority of a thread.
    TcbSetSchedParams = 8,
    /// Set the IPC buffer of a thread.
    TcbSetIpcBuffer = 9,
    /// Set fault handler, `CSpace` and `VSpace` of a thread.
    TcbSetSpace = 10,
    /// Stop a thread.
    TcbSuspend = 11,
    /// Start a stopped thread.
    TcbResume = 12,
    /// Bind a notification to a thread.
    TcbBindNotification = 13,
    /// Undo a binding.
    TcbUnbindNotification = 14,
    /// Move a thread to another core (only in the SMP table).
    TcbSetAffinity = 15,
    /// Set the thread-local storage register of a thread.
    TcbSetTlsBase = 16,
    /// Change the flags of a thread.
    TcbSetFlags = 17,
    /// Delete all descendants of a capability.
    CNodeRevoke = 18,
    /// Delete a capability.
    CNodeDelete = 19,
    /// Restart the queued senders of one badge.
    CNodeCancelBadgedSends = 20,
    /// Copy a capability.
    CNodeCopy = 21,
    /// Copy a capability and set its badge or guard.
    CNodeMint = 22,
    /// Move a capability.
    CNodeMove = 23,
    /// Move a capability and set its guard.
    CNodeMutate = 24,
    /// Move two capabilities at once.
    CNodeRotate = 25,
    /// Move the caller's reply capability into a slot.
    CNodeSaveCaller = 26,
    /// Issue an interrupt handler capability.
    IrqIssueIrqHandler = 27,
    /// Acknowledge an interrupt.
    IrqAckIrq = 28,
    /// Register the notification that an interrupt signals.
    IrqSetIrqHandler = 29,
    /// Undo that registration.
    IrqClearIrqHandler = 30,
    /// Put a thread into a domain.
    DomainSetSet = 31,
    /// Change an entry of the domain schedule.
    DomainScheduleConfigure = 32,
    /// Choose where the domain schedule starts.
    DomainScheduleSetStart = 33,
    /// Map a page table.
    RiscvPageTableMap = 34,
    /// Unmap a page table.
    RiscvPageTableUnmap = 35,
    /// Map a frame.
    RiscvPageMap = 36,
    /// Unmap a frame.
    RiscvPageUnmap = 37,
    /// Tell the physical address of a frame.
    RiscvPageGetAddress = 38,
    /// Make an ASID pool.
    RiscvAsidControlMakePool = 39,
    /// Give a page-table root an ASID, which makes it a `VSpace`.
    RiscvAsidPoolAssign = 40,
    /// Issue an interrupt handler capability and set the trigger mode.
    RiscvIrqIssueIrqHandlerTrigger = 41,
}

const SET_AFFINITY: u64 = Invocation::TcbSetAffinity as u64;

impl Invocation {
    /// The invocation that `label` means in table `set`, if any. Label 0 is never one.
    #[must_use]
    pub const fn decode(label: u64, set: LabelSet) -> Option<Self> {
        let shift = matches!(set, LabelSet::SingleCore) && label >= SET_AFFINITY;
        match label.checked_add(shift as u64) {
            Some(smp_label) => Self::from_smp_label(smp_label),
            None => None,
        }
    }

    /// The label of this invocation in table `set`; `None` if that table has none.
    #[must_use]
    pub const fn encode(self, set: LabelSet) -> Option<u64> {
        let smp_label = self as u64;
        match set {
            LabelSet::Smp => Some(smp_label),
            LabelSet::SingleCore if smp_label < SET_AFFINITY => Some(smp_label),
            LabelSet::SingleCore if smp_label == SET_AFFINITY => None,
            LabelSet::SingleCore => Some(smp_label - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The published tables: invocation, single-core label, SMP label.
    const TABLE: &[(Invocation, Option<u64>, u64)] = &[
        (Invocation::UntypedRetype, Some(1), 1),
        (Invocation::TcbReadRegisters, Some(2), 2),
        (Invocation::TcbWriteRegisters, Some(3), 3),
        (Invocation::TcbCopyRegisters, Some(4), 4),
        (Invocation::TcbConfigure, Some(5), 5),
        (Invocation::TcbSetPriority, Some(6), 6),
        (Invocation::TcbSetMcPriority, Some(7), 7),
        (Invocation::TcbSetSchedParams, Some(8), 8),
        (Invocation::TcbSetIpcBuffer, Some(9), 9),
        (Invocation::TcbSetSpace, Some(10), 10),
        (Invocation::TcbSuspend, Some(11), 11),
        (Invocation::TcbResume, Some(12), 12),
        (Invocation::TcbBindNotification, Some(13), 13),
        (Invocation::TcbUnbindNotification, Some(14), 14),
        (Invocation::TcbSetAffinity, None, 15),
        (Invocation::TcbSetTlsBase, Some(15), 16),
        (Invocation::TcbSetFlags, Some(16), 17),
        (Invocation::CNodeRevoke, Some(17), 18),
        (Invocation::CNodeDelete, Some(18), 19),
        (Invocation::CNodeCancelBadgedSends, Some(19), 20),
        (Invocation::CNodeCopy, Some(20), 21),
        (Invocation::CNodeMint, Some(21), 22),
        (Invocation::CNodeMove, Some(22), 23),
        (Invocation::CNodeMutate, Some(23), 24),
        (Invocation::CNodeRotate, Some(24), 25),
        (Invocation::CNodeSaveCaller, Some(25), 26),
        (Invocation::IrqIssueIrqHandler, Some(26), 27),
        (Invocation::IrqAckIrq, Some(27), 28),
        (Invocation::IrqSetIrqHandler, Some(28), 29),
        (Invocation::IrqClearIrqHandler, Some(29), 30),
        (Invocation::DomainSetSet, Some(30), 31),
        (Invocation::DomainScheduleConfigure, Some(31), 32),
        (Invocation::DomainScheduleSetStart, Some(32), 33),
        (Invocation::RiscvPageTableMap, Some(33), 34),
        (Invocation::RiscvPageTableUnmap, Some(34), 35),
        (Invocation::RiscvPageMap, Some(35), 36),
        (Invocation::RiscvPageUnmap, Some(36), 37),
        (Invocation::RiscvPageGetAddress, Some(37), 38),
        (Invocation::RiscvAsidControlMakePool, Some(38), 39),
        (Invocation::RiscvAsidPoolAssign, Some(39), 40),
        (Invocation::RiscvIrqIssueIrqHandlerTrigger, Some(40), 41),
    ];

    #[test]
    fn both_columns_of_the_published_table_decode_and_encode() {
        assert_eq!(TABLE.len(), Invocation::ALL.len());
        for &(invocation, single_core, smp) in TABLE {
            assert_eq!(invocation.encode(LabelSet::SingleCore), single_core, "{invocation:?}");
            assert_eq!(invocation.encode(LabelSet::Smp), Some(smp), "{invocation:?}");
            assert_eq!(Invocation::decode(smp, LabelSet::Smp), Some(invocation));
            if let Some(label) = single_core {
                assert_eq!(Invocation::decode(label, LabelSet::SingleCore), Some(invocation));
            }
        }
    }

    #[test]
    fn labels_outside_the_tables_mean_nothing() {
        for (set, count) in [(LabelSet::SingleCore, 41), (LabelSet::Smp, 42)] {
            for label in [0, count, count + 1, 0x1000, u64::MAX - 1, u64::MAX] {
                assert_eq!(Invocation::decode(label, set), None, "{label} in {set:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_decodes_encodes_back(label in 0_u64..64, smp: bool) {
            let set = if smp { LabelSet::Smp } else { LabelSet::SingleCore };
            if let Some(invocation) = Invocation::decode(label, set) {
                prop_assert_eq!(invocation.encode(set), Some(label));
            }
        }
    }
}
