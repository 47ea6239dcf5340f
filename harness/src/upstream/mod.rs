//! Comparison with what upstream seL4 says of itself (`results/upstream`).
//!
//! [`published`] reads its numbers → [`comparison`] holds instruction counts of the microbenchmarks against them, [`validation`] the cost
//! model's cycles against those of a board.

pub mod comparison;
pub mod published;
pub mod validation;
