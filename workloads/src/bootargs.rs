//! Boot arguments: `key=value` pairs with spaces between and around them.

use rel4_records::RunId;
use rel4_records::grammar::{is_key, is_value};

use crate::failure::Failure;
use crate::parameters::Parameters;

const RUN: &str = "run";
const WORKLOAD: &str = "workload";

/// Boot arguments that follow the grammar.
#[derive(Clone, Copy, Debug)]
pub struct Bootargs<'a> {
    /// Which workload to run.
    pub workload: &'a str,
    /// What to tell it.
    pub parameters: Parameters<'a>,
}

impl<'a> Bootargs<'a> {
    /// Checks `text`: every word is a pair, no key is there twice, and run and workload are named.
    ///
    /// # Errors
    ///
    /// [`Failure::BadBootargs`] says what is wrong.
    pub fn parse(text: &'a str) -> Result<Self, Failure> {
        for (index, word) in words(text).enumerate() {
            let (key, value) =
                word.split_once('=').ok_or(Failure::BadBootargs { reason: "word_without_value" })?;
            if !is_key(key) {
                return Err(Failure::BadBootargs { reason: "illegal_key" });
            }
            if !is_value(value.as_bytes()) {
                return Err(Failure::BadBootargs { reason: "illegal_value" });
            }
            if pairs(text).take(index).any(|(earlier, _)| earlier == key) {
                return Err(Failure::BadBootargs { reason: "duplicate_key" });
            }
        }
        if run_id(text).is_none() {
            return Err(Failure::BadBootargs { reason: "no_run_id" });
        }
        let workload = value(text, WORKLOAD).ok_or(Failure::BadBootargs { reason: "no_workload" })?;
        Ok(Self { workload, parameters: Parameters::new(text, &[RUN, WORKLOAD]) })
    }
}

/// The run id in `text`, even if the rest of `text` is not understood: failures carry it too.
#[must_use]
pub fn run_id(text: &str) -> Option<RunId> {
    value(text, RUN).and_then(RunId::new)
}

/// All pairs in `text`.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    words(text).filter_map(|word| word.split_once('='))
}

/// The value of `key` in `text`.
pub(crate) fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    pairs(text).find(|&(name, _)| name == key).map(|(_, value)| value)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "run=00c0ffee workload=ipc-pingpong rounds=16 words=0      ";

    #[test]
    fn padded_arguments_are_understood() {
        let bootargs = Bootargs::parse(GOOD).expect("good arguments");
        assert_eq!(bootargs.workload, "ipc-pingpong");
        assert_eq!(bootargs.parameters.integer("rounds", 1..=100), Ok(16));
        assert_eq!(run_id(GOOD).expect("a run id").as_str(), "00c0ffee");
    }

    #[test]
    fn what_breaks_the_grammar_is_refused_by_name() {
        for (text, expected) in [
            ("", "no_run_id"),
            ("run=1", "no_workload"),
            ("workload=x", "no_run_id"),
            ("run=1 workload=x quiet", "word_without_value"),
            ("run=1 workload=x Rounds=1", "illegal_key"),
            ("run=1 workload=x a=b=c", "illegal_value"),
            ("run=1 workload=x a=", "illegal_value"),
            ("run=1 workload=x\ta=1", "illegal_value"),
            ("run=1 workload=x a=1 a=1", "duplicate_key"),
            ("run=1 workload=x run=2", "duplicate_key"),
            ("run=0123456789012345678901234567890123456789 workload=x", "no_run_id"),
        ] {
            match Bootargs::parse(text) {
                Err(Failure::BadBootargs { reason }) => assert_eq!(reason, expected, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn the_run_id_survives_a_bad_rest() {
        assert_eq!(run_id("quiet run=7 ==").expect("a run id").as_str(), "7");
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_a_panic(text in "[ -~]{0,80}") {
            let _ = (Bootargs::parse(&text), run_id(&text));
        }
    }
}
