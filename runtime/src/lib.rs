//! User level of ReL4: bindings to the seL4 ABI, start-up code, and the blocks that processes are built from.
//!
//! Programs on this crate run on our kernel in every configuration and on upstream seL4, single-core or SMP: nothing
//! is assumed but the seL4 ABI, and the label table is picked when the program starts.
//!
//! Principles
//!
//! * A capability has a type; its methods are the invocations of that type.
//! * IPC stubs keep up to four words in registers and touch no memory.
//! * Everything that needs no hardware runs under `cargo test` on the host, against a scripted kernel where it
//!   invokes one.
//! * Each process has its own address space, `CSpace` and data; it shares only code and constants with its creator.
//!
//! Map
//!
//! * kernel interface: [`cap`] (typed capabilities), [`ipc`] (messages), [`error`], [`labels`], [`arch`] (system
//!   calls, counters, start-up code; the only place that knows the processor)
//! * memory: [`untyped`] (which untyped an object comes from), [`slots`], [`resources`] (makes objects),
//!   [`address_space`] (maps frames), [`vaddr`] (what is where), [`scratch`], [`buffer`], [`shared`]
//!   (memory that several processes see)
//! * processes: [`image`] (layout of the program), [`process`] (creation, start, report to the creator)
//! * asynchronous IPC: [`channel`] (calls and answers as futures), [`executor`] (runs coroutines by priority), [`dispatch`]
//!   (how a thread finds work, and how it sleeps), [`attention`] (sleeping late), [`interrupt`] (the hardware seam),
//!   [`uintr`] (its implementations: interrupt files, and the kernel's notifications), [`remote`] (ready queue for other
//!   threads, where the hardware has none), [`async_syscall`] (system calls as futures)
//! * shared memory that peers are not trusted with: [`ring`], [`item`] (what it carries), [`flag`] (whether the reader
//!   sleeps), [`outbox`] (sends, and notifies once a batch), [`words`] (private copies of bytes), [`frames`] (of a network)
//! * platform: [`boot`] (what the kernel tells the root task), [`uart`]

#![cfg_attr(not(test), no_std)]

pub mod address_space;
pub mod arch;
pub mod async_syscall;
pub mod attention;
pub mod boot;
pub mod buffer;
pub mod cap;
pub mod channel;
pub mod dispatch;
pub mod error;
pub mod executor;
pub mod flag;
pub mod frames;
pub mod image;
pub mod interrupt;
pub mod ipc;
pub mod item;
pub mod labels;
pub mod outbox;
pub mod process;
pub mod remote;
pub mod resources;
pub mod ring;
pub mod scratch;
pub mod shared;
pub mod slots;
mod sync;
mod trace;
pub mod uart;
pub mod uintr;
pub mod untyped;
pub mod vaddr;
pub mod words;
