//! The binary interface between the kernel and user code: seL4 16.0.0, RISC-V 64, non-MCS.
//!
//! The kernel and the user-level runtime both build on this crate, so a number or an offset exists once.
//! Nothing here touches hardware or memory: the crate holds constants, newtypes of words that cross the boundary,
//! and the encoders and decoders of those words.
//!
//! Principles
//!
//! * Every word that crosses the boundary and has structure is a newtype; plain counts and addresses are `u64`.
//! * Every layout and discriminant is pinned by a `const` assertion where it is defined.
//! * Decoding accepts any input: unknown values give `None`, never a panic.
//! * All functions are `const` and small enough to vanish when inlined.
//!
//! Map
//!
//! * requests: [`syscall`], [`message_info`], [`label`], [`ipc_buffer`], [`cptr`]
//! * answers: [`error`], [`invocation_error`], [`lookup_failure`], [`fault`]
//! * objects: [`object`], [`rights`], [`cnode_data`], [`vm`], [`sched`], [`user_context`], [`tcb`]
//! * boot: [`bootinfo`]
//! * what benchmark kernels tell: [`benchmark`]
//! * beyond seL4: [`uintr`], [`async_syscall`], [`ring`]

#![no_std]

pub mod async_syscall;
pub mod benchmark;
pub mod bootinfo;
pub mod cnode_data;
pub mod cptr;
pub mod error;
pub mod fault;
pub mod invocation_error;
pub mod ipc_buffer;
pub mod label;
pub mod lookup_failure;
pub mod message_info;
pub mod object;
pub mod rights;
pub mod ring;
pub mod sched;
pub mod syscall;
pub mod tcb;
pub mod uintr;
pub mod user_context;
pub mod vm;

pub use async_syscall::AsyncInvocation;
pub use bootinfo::{BootInfo, BootInfoHeader, InitialSlot, SlotRegion, UntypedDesc};
pub use cnode_data::CNodeCapData;
pub use cptr::CPtr;
pub use error::Error;
pub use fault::FaultMessage;
pub use invocation_error::{InvocationError, LookupSide};
pub use ipc_buffer::IpcBuffer;
pub use label::{Invocation, LabelSet};
pub use lookup_failure::LookupFailure;
pub use message_info::MessageInfo;
pub use object::ObjectType;
pub use rights::CapRights;
pub use syscall::{BenchmarkSyscall, DebugSyscall, Syscall};
pub use uintr::UintrInvocation;
pub use user_context::{Register, UserContext};
pub use vm::VmAttributes;
