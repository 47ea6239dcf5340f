//! The cost model as the harness uses it.
//!
//! People write a [`preset`] → the [`plugin`] is built for the emulator and both are put into the run directory
//! ([`setup`]) → the plugin learns from the kernel's symbols where the stages of a trap are ([`trap_stages`]) → what it
//! reports becomes [`stages`] and [`series`] of samples.

pub mod plugin;
pub mod preset;
pub mod series;
pub mod setup;
pub mod stages;
pub mod trap_stages;
