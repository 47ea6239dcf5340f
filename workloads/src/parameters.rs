//! What the boot arguments tell a workload.

use core::ops::RangeInclusive;

use crate::bootargs;
use crate::failure::Failure;

/// Boot arguments but those that are not the workload's.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<'a> {
    text: &'a str,
    reserved: &'static [&'static str],
}

impl<'a> Parameters<'a> {
    /// The pairs in `text` whose keys are not among `reserved`.
    #[must_use]
    pub const fn new(text: &'a str, reserved: &'static [&'static str]) -> Self {
        Self { text, reserved }
    }

    /// All parameters, in the order they were given.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        bootargs::pairs(self.text).filter(|(key, _)| !self.reserved.contains(key))
    }

    /// Refuses every parameter that is not among `known`.
    ///
    /// # Errors
    ///
    /// [`Failure::UnknownParameters`].
    pub fn only(&self, known: &[&str]) -> Result<(), Failure> {
        let unknown = self.pairs().filter(|(key, _)| !known.contains(key)).count();
        if unknown == 0 { Ok(()) } else { Err(Failure::UnknownParameters { count: unknown }) }
    }

    /// The decimal integer `key`, which must be there, without sign or superfluous zeros, and in `range`.
    ///
    /// # Errors
    ///
    /// [`Failure::BadInteger`].
    pub fn integer(&self, key: &'static str, range: RangeInclusive<u64>) -> Result<u64, Failure> {
        let bad = |reason| Failure::BadInteger { key, reason, min: *range.start(), max: *range.end() };
        let value = bootargs::value(self.text, key).ok_or(bad("missing"))?;
        let canonical =
            value.bytes().all(|byte| byte.is_ascii_digit()) && (value == "0" || !value.starts_with('0'));
        if !canonical {
            return Err(bad("no_integer"));
        }
        let number = value.parse().map_err(|_| bad("out_of_range"))?;
        if range.contains(&number) { Ok(number) } else { Err(bad("out_of_range")) }
    }

    /// What `key`, which must be there, means among `choices`.
    ///
    /// # Errors
    ///
    /// [`Failure::BadChoice`].
    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Result<T, Failure> {
        let value = bootargs::value(self.text, key);
        let choice = choices.iter().find(|&&(name, _)| Some(name) == value);
        choice.map(|&(_, meaning)| meaning).ok_or(Failure::BadChoice { key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: Parameters<'_> = Parameters::new(
        "run=1 a=16 zero=0 big=18446744073709551616 sign=+1 eight=08 word=x hex=0x10",
        &["run"],
    );

    #[test]
    fn integers_are_decimal_and_in_range() {
        assert_eq!(PARAMETERS.integer("a", 1..=16), Ok(16));
        for (key, expected) in [
            ("none", "missing"),
            ("zero", "out_of_range"),
            ("big", "out_of_range"),
            ("sign", "no_integer"),
            ("eight", "no_integer"),
            ("word", "no_integer"),
            ("hex", "no_integer"),
        ] {
            let Err(Failure::BadInteger { reason, .. }) = PARAMETERS.integer(key, 1..=100) else {
                panic!("{key} was taken")
            };
            assert_eq!(reason, expected, "{key}");
        }
    }

    #[test]
    fn a_choice_is_one_of_the_words_on_offer() {
        let choices = [("x", 1), ("y", 2)];
        assert_eq!(PARAMETERS.choice("word", &choices), Ok(1));
        assert_eq!(PARAMETERS.choice("word", &choices[1..]), Err(Failure::BadChoice { key: "word" }));
        assert_eq!(PARAMETERS.choice("none", &choices), Err(Failure::BadChoice { key: "none" }));
    }

    #[test]
    fn parameters_the_workload_does_not_know_are_refused() {
        assert_eq!(PARAMETERS.only(&["a", "zero", "big", "sign", "eight", "word", "hex"]), Ok(()));
        assert_eq!(PARAMETERS.only(&["a", "zero"]), Err(Failure::UnknownParameters { count: 5 }));
    }
}
