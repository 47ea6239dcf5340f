//! Summaries of samples.
//!
//! * Quantiles are Hyndman and Fan's type 7 ("Sample Quantiles in Statistical Packages", 1996): linear interpolation
//!   between the order statistics around `(n - 1) p`, which is also what R, NumPy and Julia give by default.
//! * The confidence interval of the median is the percentile bootstrap's (Efron, 1979).
//!
//! Everything is a function of the samples alone: the same samples, in any order, give the same summary on any host.

mod bootstrap;
mod quantile;
mod ratio;
mod summary;

pub use bootstrap::BOOTSTRAP_SEED;
pub use quantile::{Sorted, median};
pub use ratio::Ratio;
pub use summary::Summary;
