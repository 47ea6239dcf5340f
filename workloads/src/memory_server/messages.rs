//! What client and server say to each other. Every message has one word: the page's number, and in an answer how the system call went.

/// Asks for the page to be mapped.
pub(super) const MAP: u64 = 0x50;
/// Gives the page back.
pub(super) const UNMAP: u64 = 0x51;
/// The page was mapped, or unmapped.
pub(super) const DONE: u64 = 0x52;
/// The kernel refused, or there is no such page.
pub(super) const REFUSED: u64 = 0x53;
