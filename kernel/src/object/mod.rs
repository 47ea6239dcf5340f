//! Kernel objects: what retype makes out of untyped memory.

pub mod cnode;
#[cfg(feature = "sync-ipc")]
pub mod endpoint;
#[cfg(not(feature = "sync-ipc"))]
mod fault_record;
pub mod ipc_buffer;
pub mod notification;
pub mod tcb;
#[cfg(feature = "debug")]
mod thread_list;
mod thread_queue;
pub mod untyped;

pub use crate::vm::{AsidPool, PageTable};
pub use cnode::CNode;
#[cfg(feature = "sync-ipc")]
pub use endpoint::Endpoint;
#[cfg(not(feature = "sync-ipc"))]
pub use fault_record::RecordRef;
pub use ipc_buffer::BufferRef;
pub use notification::Notification;
pub use tcb::{Tcb, ThreadState};
#[cfg(feature = "debug")]
pub use thread_list::ThreadList;
