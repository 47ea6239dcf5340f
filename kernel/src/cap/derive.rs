//! How a copied capability differs from its original: derivation rules, rights masks, badges and guards.

use rel4_abi::{CNodeCapData, CapRights, InvocationError};

use super::slot::Slot;
use super::{CNodeCap, Cap, EndpointCap, FrameCap, NotificationCap, PageTableCap, ReplyCap};
use crate::obj::Obj;
use crate::vm::VmRights;

/// The capability that a copy of `cap` (held in `slot`) becomes. [`Cap::Null`] if this type cannot be copied.
pub fn derive(slot: Obj<Slot>, cap: Cap) -> Result<Cap, InvocationError> {
    match cap {
        Cap::Untyped(_) if super::derivation::has_children(slot) => Err(InvocationError::RevokeFirst),
        Cap::PageTable(PageTableCap { mapping: None, .. }) => Err(InvocationError::IllegalOperation),
        Cap::Frame(frame) => Ok(Cap::Frame(FrameCap { mapping: None, ..frame })),
        Cap::Reply(_) | Cap::IrqControl | Cap::Zombie(_) => Ok(Cap::Null),
        // A mapping has one capability, as with frames a copy would have to start unmapped.
        #[cfg(feature = "uintr")]
        Cap::SenderPage(_) => Ok(Cap::Null),
        other => Ok(other),
    }
}

/// The capability with no more rights than `mask`.
pub fn mask_rights(cap: Cap, mask: CapRights) -> Cap {
    match cap {
        Cap::Endpoint(c) => Cap::Endpoint(EndpointCap { rights: c.rights.intersection(mask), ..c }),
        Cap::Notification(c) => {
            Cap::Notification(NotificationCap { rights: c.rights.intersection(mask), ..c })
        }
        Cap::Reply(c) => {
            Cap::Reply(ReplyCap { can_grant: c.can_grant && mask.contains(CapRights::GRANT), ..c })
        }
        Cap::Frame(c) => Cap::Frame(FrameCap { rights: c.rights.masked(mask), ..c }),
        other => other,
    }
}

/// Which operation sets a capability's data word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DataUpdate {
    /// A new capability is minted: an unbadged one may get a badge.
    Mint,
    /// An existing capability is moved: badges stay as they are, so setting one is refused.
    Mutate,
}

/// The capability with its badge or guard set to `data`. [`Cap::Null`] if that is not possible.
pub fn update_data(cap: Cap, data: u64, update: DataUpdate) -> Cap {
    match cap {
        Cap::Endpoint(c) if update == DataUpdate::Mint && c.badge == 0 => {
            Cap::Endpoint(EndpointCap { badge: data, ..c })
        }
        Cap::Notification(c) if update == DataUpdate::Mint && c.badge == 0 => {
            Cap::Notification(NotificationCap { badge: data, ..c })
        }
        Cap::Endpoint(_) | Cap::Notification(_) => Cap::Null,
        Cap::CNode(c) => {
            let data = CNodeCapData::from_word(data);
            let guard_size = data.guard_size_bits() as u8;
            if u32::from(guard_size) + u32::from(c.node.radix()) > rel4_abi::cptr::WORD_BITS {
                return Cap::Null;
            }
            Cap::CNode(CNodeCap { guard: data.guard(), guard_size, ..c })
        }
        other => other,
    }
}

impl VmRights {
    /// The rights that remain of a frame capability's under a mask: without Read nothing does.
    #[inline]
    pub fn masked(self, mask: CapRights) -> Self {
        match self {
            VmRights::ReadWrite if mask.contains(CapRights::READ_WRITE) => VmRights::ReadWrite,
            VmRights::ReadWrite | VmRights::ReadOnly if mask.contains(CapRights::READ) => VmRights::ReadOnly,
            _ => VmRights::KernelOnly,
        }
    }
}
