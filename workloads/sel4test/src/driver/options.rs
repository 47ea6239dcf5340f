//! What the boot arguments ask for.

use rel4_abi::LabelSet;
use rel4_records::Kind;
use rel4_runtime::labels;
use rel4_workloads::bootargs::Bootargs;
use rel4_workloads::failure::Failure;
use rel4_workloads::output::Records;
use rel4_workloads::parameters::Parameters;

use crate::machine::Machine;

/// The workload's name.
const NAME: &str = "sel4test";

const TESTS: &str = "tests";
const ROUNDS: &str = "rounds";
const SEED: &str = "seed";

/// What to run. Everything may be left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options<'a> {
    /// Patterns of names, separated by commas; `*` stands for any text.
    pub(super) tests: &'a str,
    /// How often all of them are run.
    pub(super) rounds: u64,
    /// Chooses the order of each round; 0 is the order of seL4's own suite.
    pub(super) seed: u64,
    parameters: Parameters<'a>,
}

impl<'a> Options<'a> {
    /// Reads boot arguments.
    ///
    /// # Errors
    ///
    /// They break the grammar, or name a parameter that the suite does not have.
    pub(super) fn parse(text: &'a str) -> Result<Self, Failure> {
        let parameters = Bootargs::parse(text)?.parameters;
        parameters.only(&[TESTS, ROUNDS, SEED])?;
        let given = |key| parameters.pairs().find(|&(name, _)| name == key).map(|(_, value)| value);
        let number = |key, otherwise, range| match given(key) {
            Some(_) => parameters.integer(key, range),
            None => Ok(otherwise),
        };
        Ok(Self {
            tests: given(TESTS).unwrap_or("*"),
            rounds: number(ROUNDS, 1, 1..=1000)?,
            seed: number(SEED, 0, 0..=u64::from(u32::MAX))?,
            parameters,
        })
    }

    /// Whether the test called `name` is asked for.
    #[must_use]
    pub(super) fn selects(&self, name: &str) -> bool {
        self.tests.split(',').any(|pattern| matches(pattern.as_bytes(), name.as_bytes()))
    }

    /// Writes the `begin` record, and what is known of the kernel.
    ///
    /// # Errors
    ///
    /// [`Failure::Record`].
    pub(super) fn begin(&self, records: &mut Records, machine: &Machine) -> Result<(), Failure> {
        let abi = match labels::selected() {
            LabelSet::SingleCore => "sel4-up",
            LabelSet::Smp => "sel4-smp",
        };
        let record = records.record(Kind::Begin).field("workload", NAME).field("abi", abi);
        self.parameters.pairs().fold(record, |record, (key, value)| record.field(key, value)).finish()?;
        let debug = u64::from(machine.debug_kernel);
        let note = records.record(Kind::Note).field("debug_kernel", debug).field("domains", machine.domains);
        let note = note.field("harts", machine.num_nodes);
        Ok(note.finish()?)
    }
}

/// Whether `pattern`, where `*` stands for any text, is the whole of `name`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|start| matches(rest, &name[start..])),
        Some((first, rest)) => {
            name.split_first().is_some_and(|(byte, name)| byte == first && matches(rest, name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(tests: &str, name: &str) -> bool {
        let text = std::format!("run=1 workload=sel4test tests={tests}");
        Options::parse(&text).expect("good arguments").selects(name)
    }

    #[test]
    fn everything_is_run_once_in_the_usual_order_unless_something_else_is_asked_for() {
        let options = Options::parse("run=1 workload=anything  ").expect("good arguments");
        assert_eq!((options.tests, options.rounds, options.seed), ("*", 1, 0));
    }

    #[test]
    fn a_star_stands_for_any_text_and_commas_separate_patterns() {
        for (tests, expected) in [
            ("*", true),
            ("IPC0001", true),
            ("IPC*", true),
            ("*0001", true),
            ("I*0*1", true),
            ("BIND0001,IPC0001", true),
            ("IPC", false),
            ("IPC00011", false),
            ("BIND*,SCHED*", false),
        ] {
            assert_eq!(selected(tests, "IPC0001"), expected, "{tests}");
        }
    }

    #[test]
    fn what_the_suite_does_not_know_is_refused() {
        for bad in ["rounds=0", "rounds=x", "seed=4294967296", "shuffle=1"] {
            assert!(Options::parse(&std::format!("run=1 workload=sel4test {bad}")).is_err(), "{bad}");
        }
    }
}
