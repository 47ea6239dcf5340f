//! The paper's claims, and ours, beside what a run measured.
//!
//! [`Claim`]s are data (`paper-figures/claims/*.toml`): a [`Quantity`], most often a ratio of two selected medians, and thresholds →
//! `evaluate` finds the rows in the run → a [`Table`] of findings: *claim, paper, here, verdict*. What cannot be evaluated says why; a
//! claim that fails says which stage costs the most.

mod claim;
mod evaluate;
mod missing;
mod select;
mod table;

pub use claim::{Blame, Bound, Claim, ClaimError, Quantity};
pub use select::{Names, Selection};
pub use table::{CLAIMS_CSV, CLAIMS_MARKDOWN, Finding, Table, Verdict};

#[cfg(test)]
mod tests;
