//! Kernel objects: what retype makes out of untyped memory.

pub mod cnode;
pub mod endpoint;
pub mod ipc_buffer;
pub mod notification;
pub mod tcb;
#[cfg(feature = "debug")]
mod thread_list;
mod thread_queue;
pub mod untyped;

pub use crate::vm::{AsidPool, PageTable};
pub use cnode::CNode;
pub use endpoint::Endpoint;
pub use ipc_buffer::BufferRef;
pub use notification::Notification;
pub use tcb::{Tcb, ThreadState};
#[cfg(feature = "debug")]
pub use thread_list::ThreadList;
