//! Telling another hart's kernel that requests wait.

use rel4_abi::async_syscall::doorbell_identity;

use super::set_up::DOORBELL_PAGE;
use crate::interrupt::{Identity, Notify};
use crate::uintr::SenderPage;

/// What a thread does when the kernel sleeps and a request waits.
#[derive(Clone, Copy, Debug)]
pub enum Doorbell {
    /// Nothing: the request is carried out when the thread enters the kernel.
    None,
    /// It rings the doorbell that its creator mapped.
    Page(SenderPage),
}

impl Doorbell {
    /// The doorbell that this process's creator mapped with [`map_doorbell`](super::map_doorbell), as a thread of this priority rings it.
    #[must_use]
    pub fn mapped(priority: u8) -> Self {
        let identity = Identity::new(u64::from(doorbell_identity(priority)));
        identity.and_then(|identity| SenderPage::new(DOORBELL_PAGE, identity)).map_or(Self::None, Self::Page)
    }
}

impl Notify for Doorbell {
    #[inline(always)]
    fn notify(&self) {
        if let Self::Page(page) = self {
            page.notify();
        }
    }
}
