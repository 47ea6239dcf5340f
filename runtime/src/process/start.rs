//! The first code of a thread in a process.

#![allow(unsafe_code, reason = "takes memory by address from the creator")]

use core::sync::atomic::AtomicU64;

use rel4_abi::{Register, UserContext};

use super::{Entry, Thread};
use crate::arch;
use crate::labels;
use crate::vaddr;

/// What a process runs.
pub type ProcessMain = extern "C" fn(&Start) -> !;

/// What a thread is told at the start.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// The creator's arguments.
    pub arguments: [u64; 4],
    /// The memory shared with the creator; empty if there is none.
    pub shared: &'static [AtomicU64],
}

/// Registers that make `thread` start with `entry`, on a kernel with `num_nodes` cores.
pub(super) fn initial_context(entry: &Entry<'_>, thread: Thread, num_nodes: u64) -> UserContext {
    let shared_words = entry.shared.map_or(0, |shared| shared.words().len() as u64);
    let [first, second, third, fourth] = entry.arguments;
    let mut context = UserContext::default();
    for (register, value) in [
        (Register::Pc, process_start as *const () as u64),
        (Register::Sp, thread.stack_end()),
        (Register::Gp, arch::global_pointer()),
        (Register::Tp, thread.ipc_buffer()),
        (Register::A0, entry.main as *const () as u64),
        (Register::A1, first),
        (Register::A2, second),
        (Register::A3, third),
        (Register::A4, fourth),
        (Register::A5, vaddr::SHARED),
        (Register::A6, shared_words),
        (Register::A7, num_nodes),
    ] {
        context.set(register, value);
    }
    context
}

/// Where the thread starts; the parameters are `a0` to `a7` of [`initial_context`].
extern "C" fn process_start(
    main: ProcessMain,
    first: u64,
    second: u64,
    third: u64,
    fourth: u64,
    shared: *const AtomicU64,
    shared_words: usize,
    num_nodes: u64,
) -> ! {
    labels::select(labels::of_num_nodes(num_nodes));
    // SAFETY: the creator mapped that many words there for as long as the process lives, and everyone accesses them
    // as atomics. The pointer is aligned and not null even when there are no words.
    let shared = unsafe { core::slice::from_raw_parts(shared, shared_words) };
    main(&Start { arguments: [first, second, third, fourth], shared })
}
