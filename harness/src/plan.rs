//! The plan: a matrix spread out into cells, in the order in which they run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use globset::{Glob, GlobSetBuilder};
use thiserror::Error;

use crate::config::{Experiment, Kernel, Matrix, Program, RootServer, Value, Workload};

/// One boot of one kernel on one platform with one set of parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Stable, unique in the matrix, and a file name: `experiment.kernel.platform.parameter-value….rN`.
    pub id: String,
    /// The id without the repeat: cells of one group differ in nothing else.
    pub group: String,
    /// The experiment's id.
    pub experiment: String,
    /// The kernel's name.
    pub kernel: String,
    /// The platform's name.
    pub platform: String,
    /// The workload's name.
    pub workload: String,
    /// What the root server runs.
    pub program: &'static Program,
    /// The root server.
    pub root_server: RootServer,
    /// All parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Which repeat this is, from 0.
    pub repeat: u32,
}

/// A kernel and a root server: what one boot image is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePlan {
    /// The kernel's name.
    pub kernel: String,
    /// The root server.
    pub root_server: RootServer,
}

impl ImagePlan {
    /// The image's name.
    #[must_use]
    pub fn name(&self) -> String {
        self.root_server.image_name(&self.kernel)
    }
}

impl Cell {
    /// What it boots.
    #[must_use]
    pub fn image(&self) -> ImagePlan {
        ImagePlan { kernel: self.kernel.clone(), root_server: self.root_server.clone() }
    }
}

/// The cells of a matrix in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The cells.
    pub cells: Vec<Cell>,
    /// What is left out, and why.
    pub skipped: Vec<Skipped>,
}

/// A cell that cannot be run here, though nothing is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The cell's id.
    pub id: String,
    /// What is missing.
    pub reason: String,
}

/// A filter that cannot be used.
#[derive(Debug, Error)]
pub enum FilterError {
    /// It is not a glob.
    #[error("bad filter: {0}; filters are globs over cell ids, for example 'ipc.sel4.*'")]
    BadGlob(#[from] globset::Error),
    /// It leaves nothing to run.
    #[error(
        "no cell matches the filter; `harness run --matrix FILE --dry-run` lists the ids, the first one is {0}"
    )]
    NothingLeft(String),
}

impl Plan {
    /// Spreads out `matrix`.
    ///
    /// Kernels that are to be compared run next to each other in time, and their order is turned around from repeat to
    /// repeat (A B B A), so that a drift of the host falls on all of them alike.
    #[must_use]
    pub fn new(matrix: &Matrix) -> Self {
        let mut cells = Vec::new();
        for experiment in &matrix.experiments {
            let workload = &matrix.workloads[&experiment.workload];
            for platform in &experiment.platforms {
                for swept in combinations(experiment) {
                    for repeat in 0..experiment.repeats {
                        let mut kernels: Vec<&String> = experiment.kernels.iter().collect();
                        if repeat % 2 == 1 {
                            kernels.reverse();
                        }
                        cells.extend(
                            kernels
                                .into_iter()
                                .map(|kernel| cell(experiment, workload, kernel, platform, &swept, repeat)),
                        );
                    }
                }
            }
        }
        Self { cells, skipped: Vec::new() }
    }

    /// Keeps the cells whose id matches one of `globs`; all of them if there is none.
    ///
    /// # Errors
    /// A glob is malformed, or nothing is left.
    pub fn filter(mut self, globs: &[String]) -> Result<Self, FilterError> {
        if globs.is_empty() {
            return Ok(self);
        }
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            set.add(Glob::new(glob)?);
        }
        let set = set.build()?;
        let first = self.cells.first().map(|cell| cell.id.clone()).unwrap_or_default();
        self.cells.retain(|cell| set.is_match(&cell.id));
        if self.cells.is_empty() { Err(FilterError::NothingLeft(first)) } else { Ok(self) }
    }

    /// Skips the cells of kernels that were to be built elsewhere and are not there.
    #[must_use]
    pub fn skip_absent(self, kernels: &BTreeMap<String, Kernel>) -> Self {
        let absent = |cell: &Cell| {
            let path = kernels[&cell.kernel].source.absent()?;
            let reason = format!("there is no kernel {}; build it there", path.display());
            Some(Skipped { id: cell.id.clone(), reason })
        };
        let skipped = self.cells.iter().filter_map(absent).collect();
        let cells = self.cells.iter().filter(|cell| absent(cell).is_none()).cloned().collect();
        Self { cells, skipped }
    }

    /// The images that the cells need, each once, in the order of first use.
    #[must_use]
    pub fn images(&self) -> Vec<ImagePlan> {
        let mut images: Vec<ImagePlan> = Vec::new();
        for image in self.cells.iter().map(Cell::image) {
            if !images.contains(&image) {
                images.push(image);
            }
        }
        images
    }
}

fn cell(
    experiment: &Experiment,
    workload: &Workload,
    kernel: &str,
    platform: &str,
    swept: &BTreeMap<&str, Value>,
    repeat: u32,
) -> Cell {
    let mut group = format!("{}.{kernel}.{platform}", experiment.id);
    let mut parameters = experiment.fixed.clone();
    for (name, value) in swept {
        group.push_str(&format!(".{name}-{value}"));
        parameters.insert((*name).to_owned(), value.clone());
    }
    Cell {
        id: format!("{group}.r{repeat}"),
        group,
        experiment: experiment.id.clone(),
        kernel: kernel.to_owned(),
        platform: platform.to_owned(),
        workload: experiment.workload.clone(),
        program: workload.program,
        root_server: workload.root_server.clone(),
        parameters,
        repeat,
    }
}

/// Every combination of the swept values, the last parameter changing fastest.
fn combinations(experiment: &Experiment) -> Vec<BTreeMap<&str, Value>> {
    experiment.sweep.iter().fold(vec![BTreeMap::new()], |combinations, (name, values)| {
        combinations
            .iter()
            .flat_map(|combination| {
                values.iter().map(move |value| {
                    let mut combination = combination.clone();
                    combination.insert(name.as_str(), value.clone());
                    combination
                })
            })
            .collect()
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    use super::*;

    const MATRIX: &str = r#"
        [kernels]
        a.features = ["sync-ipc"]
        b.image = "b.elf"

        [platforms.virt]
        kind = "qemu"
        machine = "virt"
        cpu = "rv64"
        harts = 1
        memory_mib = 512
        clock = "icount"
        boot_s = 30
        run_s = 60

        [workloads.ipc]
        program = "ipc-pingpong"
        params = { work = 0, rounds = 10, warmup = 1, batch = 8, server_hart = 0 }

        [[experiments]]
        id = "e"
        workload = "ipc"
        kernels = ["a", "b"]
        platforms = ["virt"]
        params = { batch = 4 }
        sweep = { words = [0, 4] }
        repeats = 2
    "#;

    /// The plan of a small matrix, for the tests of this crate.
    pub(crate) fn plan() -> Plan {
        Plan::new(&Matrix::parse(Path::new("m.toml"), MATRIX.to_owned()).expect("valid"))
    }

    fn ids(plan: &Plan) -> Vec<&str> {
        plan.cells.iter().map(|cell| cell.id.as_str()).collect()
    }

    #[test]
    fn kernels_alternate_and_turn_around_from_repeat_to_repeat() {
        assert_eq!(
            ids(&plan()),
            [
                "e.a.virt.words-0.r0",
                "e.b.virt.words-0.r0",
                "e.b.virt.words-0.r1",
                "e.a.virt.words-0.r1",
                "e.a.virt.words-4.r0",
                "e.b.virt.words-4.r0",
                "e.b.virt.words-4.r1",
                "e.a.virt.words-4.r1",
            ]
        );
    }

    #[test]
    fn an_experiments_parameters_go_before_the_workloads() {
        assert_eq!(plan().cells[0].parameters["batch"], Value::Number(4));
    }

    #[test]
    fn a_filter_is_a_glob_over_ids() {
        let kept = plan().filter(&["e.a.*.words-4.*".to_owned()]).expect("matches");
        assert_eq!(ids(&kept), ["e.a.virt.words-4.r0", "e.a.virt.words-4.r1"]);
        let names: Vec<String> = kept.images().iter().map(ImagePlan::name).collect();
        assert_eq!(names, ["a"]);
        assert!(plan().filter(&["nothing".to_owned()]).is_err());
    }
}
