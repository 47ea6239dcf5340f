//! Where things are in the address spaces. The program itself is where the linker script has it, below all of this.

/// The root task: what it maps for itself, from here on upwards.
pub const ROOT_WINDOW: u64 = 0x4000_0000;

/// The root task: the page through which it fills frames of others.
pub const ROOT_SCRATCH: u64 = 0x3fff_f000;

/// Other processes: the IPC buffer.
pub const IPC_BUFFER: u64 = 0x2000_0000;

/// Other processes: the first page of the stack. The page below is never mapped, so that an overflow faults.
pub const STACK: u64 = 0x2000_2000;

/// Other processes: size of the stack in bytes.
pub const STACK_BYTES: u64 = 64 * 1024;

/// Other processes: sender pages of U-notifications, from here on upwards.
pub const SENDER_PAGES: u64 = 0x2010_0000;

/// Other processes: the memory shared with their creator.
pub const SHARED: u64 = 0x2020_0000;
