//! Atomics of the async runtime.
//!
//! The modules that are model-checked take them from here and from nowhere else: `tests/models.rs` compiles the same
//! files with the model checker's atomics under this name.

pub(crate) use core::sync::atomic::{AtomicU64, Ordering, fence};
