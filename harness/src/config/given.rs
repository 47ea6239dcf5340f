//! Parameters given on the command line, which take the place of those in the matrix.

use std::collections::BTreeSet;

use thiserror::Error;

use super::{Matrix, Value, names};

/// A parameter that cannot be given.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum GivenError {
    /// It is not `NAME=VALUE`.
    #[error("`{0}` is not NAME=VALUE; for example --param rounds=10")]
    NotAPair(String),
    /// No experiment has it.
    #[error("no experiment of this matrix has the parameter `{name}`; {help}")]
    Unknown {
        /// The parameter.
        name: String,
        /// What may have been meant.
        help: String,
    },
    /// The program does not take the value.
    #[error("`{name}` cannot be `{value}`; {program} takes {domain}")]
    NoSuchValue {
        /// The parameter.
        name: String,
        /// The value.
        value: String,
        /// The program that has it.
        program: &'static str,
        /// What it takes.
        domain: String,
    },
}

impl Matrix {
    /// Gives the parameter in `pair`, which is `NAME=VALUE`, that value in every experiment that has it; a sweep over it
    /// ends.
    ///
    /// # Errors
    /// No experiment has the parameter, or one that has it does not take the value.
    pub fn give(&mut self, pair: &str) -> Result<(), GivenError> {
        let (name, text) = pair.split_once('=').ok_or_else(|| GivenError::NotAPair(pair.to_owned()))?;
        let value = Value::from(text);
        let mut found = false;
        for experiment in &mut self.experiments {
            let program = self.workloads[&experiment.workload].program;
            let Some(parameter) = program.parameter(name) else { continue };
            if parameter.domain.value(&value.to_toml()).is_none() {
                return Err(GivenError::NoSuchValue {
                    name: name.to_owned(),
                    value: text.to_owned(),
                    program: program.name,
                    domain: parameter.domain.to_string(),
                });
            }
            experiment.sweep.remove(name);
            experiment.fixed.insert(name.to_owned(), value.clone());
            found = true;
        }
        if !found {
            let programs =
                self.experiments.iter().map(|experiment| self.workloads[&experiment.workload].program);
            let known: BTreeSet<_> =
                programs.flat_map(|program| program.parameters).map(|parameter| parameter.name).collect();
            return Err(GivenError::Unknown { name: name.to_owned(), help: names::help(name, known) });
        }
        self.given.insert(name.to_owned(), value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::plan::Plan;

    fn quick() -> Matrix {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/quick.toml");
        Matrix::load(&path).expect("the main matrix is sound")
    }

    #[test]
    fn a_given_value_ends_the_sweep_and_reaches_every_cell_that_has_the_parameter() {
        let mut matrix = quick();
        matrix.give("words=3").expect("it takes 0 to 4");
        let cells = Plan::new(&matrix).cells;
        let words: Vec<_> = cells.iter().filter_map(|cell| cell.parameters.get("words")).collect();
        assert!(!words.is_empty() && words.iter().all(|words| **words == Value::Number(3)), "{words:?}");
        assert!(cells.len() < Plan::new(&quick()).cells.len());
    }

    #[test]
    fn what_cannot_be_given_is_said() {
        let message = |pair| quick().give(pair).expect_err("it cannot be").to_string();
        assert_eq!(message("words"), "`words` is not NAME=VALUE; for example --param rounds=10");
        assert_eq!(message("words=5"), "`words` cannot be `5`; ipc-pingpong takes a number from 0 to 4");
        assert!(message("word=3").starts_with("no experiment of this matrix has the parameter `word`"));
    }
}
