//! Telling another hart's kernel that requests wait.

use rel4_abi::async_syscall::doorbell_identity;

use super::set_up::DOORBELL_PAGE;
use crate::interrupt::{Identity, Notify};
use crate::uintr::SenderPage;

/// What a thread does when the kernel sleeps and requests wait.
#[derive(Clone, Copy, Debug)]
pub enum Doorbell {
    /// Nothing: the requests are carried out when the thread enters the kernel.
    None,
    /// It rings the doorbell that its creator mapped, once at least so many requests have no answer. The kernel carries out fewer when the
    /// thread enters it, at the latest when it sleeps there; a thread that never does has to ring for one.
    Page {
        /// The doorbell.
        page: SenderPage,
        /// For how many requests it is worth to disturb another hart; at least 1.
        least: u64,
    },
}

impl Doorbell {
    /// The doorbell that this process's creator mapped with [`map_doorbell`](super::map_doorbell), as a thread of this priority rings it for
    /// `least` requests or more.
    #[must_use]
    pub fn mapped(priority: u8, least: u64) -> Self {
        let identity = Identity::new(u64::from(doorbell_identity(priority)));
        let page = identity.and_then(|identity| SenderPage::new(DOORBELL_PAGE, identity));
        page.map_or(Self::None, |page| Self::Page { page, least: least.max(1) })
    }

    /// After which request it is worth to ring, if those up to `answered` have answers. Never, if there is no doorbell.
    #[inline(always)]
    pub(super) const fn after(&self, answered: u64) -> u64 {
        match self {
            Self::None => u64::MAX,
            Self::Page { least, .. } => answered.saturating_add(*least),
        }
    }

    /// Rings.
    #[inline(always)]
    pub(super) fn ring(&self) {
        if let Self::Page { page, .. } = self {
            page.notify();
        }
    }
}
