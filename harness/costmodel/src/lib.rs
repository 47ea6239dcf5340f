//! A clock for stock QEMU that repeats to the cycle.
//!
//! The plugin does two things. It ends the scheduling slices of an emulator that runs all harts on one thread, so that
//! several harts advance together and always in the same order; and it prices what each hart executes, by a preset of
//! instruction costs, caches, TLBs, device accesses, traps and transfers between harts.
//!
//! The way of an event through the modules: QEMU translates a block → [`decode`] classifies its instructions → [`plan`]
//! says what is charged at which of them → while the block runs, each charge reaches the [`model`] or, where harts take
//! turns by other prices than those that are reported, both [`models`]; a model moves the clocks of a [`hart`] by way of its caches ([`set_associative`]), [`tlb`] and the [`directory`] of lines shared between
//! harts, and answers whether the [`schedule`] wants the slice to end → a marker of the guest copies the [`counters`] and
//! opens or closes a [`window`] → the exit marker writes the [`report`], which has to keep the [`rules`]. All the while a
//! [`heartbeat`] says that there is progress.
//!
//! Principles: everything but [`ffi`] is safe Rust that knows no emulator and is tested without one; nothing is
//! allocated or formatted while the guest runs; no host time, host address or host randomness reaches a figure.

pub mod class;
pub mod counters;
pub mod decode;
pub mod directory;
#[cfg(any(feature = "api-v1", feature = "api-v4"))]
mod ffi;
pub mod hart;
pub mod heartbeat;
pub mod interface;
pub mod memory_map;
pub mod model;
pub mod models;
pub mod options;
pub mod plan;
pub mod preset;
pub mod report;
pub mod rules;
pub mod schedule;
pub mod set_associative;
pub mod tlb;
pub mod window;
