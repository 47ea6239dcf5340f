//! The cost model as the harness uses it.
//!
//! People write a [`preset`] → the [`plugin`] is built for the emulator and both are put into the run directory
//! ([`setup`]) → the plugin learns from symbols where the kernel's traps and the programs' handlers of interrupts are
//! ([`landmarks`]) → what it reports becomes [`stages`], [`events`] and [`series`] of samples.

pub mod events;
pub mod landmarks;
pub mod one_way;
pub mod plugin;
pub mod preset;
#[cfg(test)]
pub(crate) mod samples;
pub mod series;
pub mod setup;
pub mod stages;
