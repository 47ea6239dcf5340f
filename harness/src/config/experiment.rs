//! Experiments: a workload on every combination of kernels, platforms and swept values.

use std::collections::BTreeMap;

use super::Value;

/// An experiment of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Experiment {
    /// Its name; the first part of its cells' ids.
    pub id: String,
    /// The workload's name.
    pub workload: String,
    /// The kernels' names, in the file's order.
    pub kernels: Vec<String>,
    /// The platforms' names, in the file's order.
    pub platforms: Vec<String>,
    /// Parameters with one value, the workload's own included.
    pub fixed: BTreeMap<String, Value>,
    /// Parameters with several values, each combined with every other.
    pub sweep: BTreeMap<String, Vec<Value>>,
    /// How often each cell is run.
    pub repeats: u32,
}
