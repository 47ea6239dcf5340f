//! Two things beside each other: two runs, or two kernels of one run.
//!
//! [`side`] says what each side is and whether the two are alike enough → [`Comparison`] pairs their cells and metrics, with the ratio of
//! medians and its bootstrap interval → [`suite`] does the same for the tests of a suite, with the geometric mean of their ratios.

pub mod comparison;
pub mod side;
pub mod suite;

pub use comparison::{Comparison, Direction, Pair};
pub use side::{Run, Side};
pub use suite::SuiteComparison;

#[cfg(test)]
mod tests;
