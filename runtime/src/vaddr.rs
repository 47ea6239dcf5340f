//! Where things are in the address spaces. The program itself is where the linker script has it, below all of this.

/// The root task: what it maps for itself, from here on upwards.
pub const ROOT_WINDOW: u64 = 0x4000_0000;

/// The root task: the page through which it fills frames of others.
pub const ROOT_SCRATCH: u64 = 0x3fff_f000;

/// Other processes: sender pages of U-notifications, from here on upwards.
pub const SENDER_PAGES: u64 = 0x2000_0000;

/// Other processes: where the parts of the first thread start; the other threads follow.
pub(crate) const THREADS: u64 = 0x2010_0000;
const THREAD_BYTES: u64 = 128 * 1024;

/// Other processes: size of a stack in bytes.
pub const STACK_BYTES: u64 = 64 * 1024;

/// Other processes: size of a stack in bytes, at most, of a process that has one thread only.
pub const MAX_STACK_BYTES: u64 = SHARED - stack(0);

/// Other processes: the most threads that there is room for.
pub const MAX_THREADS: u64 = (SHARED - THREADS) / THREAD_BYTES;

/// Other processes: the IPC buffer of a thread.
#[must_use]
pub const fn ipc_buffer(thread: u64) -> u64 {
    assert!(thread < MAX_THREADS);
    THREADS + thread * THREAD_BYTES
}

/// Other processes: the first page of a thread's stack. The page below is never mapped, so that an overflow faults.
#[must_use]
pub const fn stack(thread: u64) -> u64 {
    ipc_buffer(thread) + 0x2000
}

/// Other processes: the rings of asynchronous system calls of the first thread, in a frame of 2 MiB.
pub const KERNEL_RINGS: u64 = 0x3000_0000;

/// Other processes: a block of 2 MiB whose pages come and go while the process runs.
pub const CHANGING_PAGES: u64 = 0x3020_0000;

/// Other processes: the memory shared with their creator.
pub const SHARED: u64 = 0x2100_0000;
