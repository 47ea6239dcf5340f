//! Priorities.

/// Number of priorities; 0 is the lowest.
pub const NUM_PRIORITIES: u64 = 256;
/// The highest priority, which the root task starts with.
pub const MAX_PRIORITY: u64 = NUM_PRIORITIES - 1;
