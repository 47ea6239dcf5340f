//! Capabilities with a type: each is an address in the `CSpace` of the process, and its methods are the invocations
//! of the object behind it. That the slot really holds such a capability only the kernel can tell; it answers with
//! an error if not.

mod asid_control;
mod asid_pool;
mod cnode;
mod domain;
mod endpoint;
mod frame;
mod invoke;
mod irq;
mod notification;
mod page_table;
mod tcb;
mod untyped;

pub use asid_control::AsidControl;
pub use asid_pool::AsidPool;
pub use cnode::{CNode, Slot};
pub use domain::DomainControl;
pub use endpoint::Endpoint;
pub use frame::Frame;
pub use invoke::invoke;
pub(crate) use invoke::invoke_label;
pub use irq::{IrqControl, IrqHandler, Trigger};
pub use notification::Notification;
pub use page_table::{PageTable, VSpace};
pub use tcb::{RegisterTransfer, Spaces, Tcb};
pub use untyped::Untyped;

#[cfg(test)]
mod tests;
