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
    pub(crate) const fn new(text: &'a str, reserved: &'static [&'static str]) -> Self {
        Self { text, reserved }
    }

    /// Refuses every parameter that is not among `known`.
    ///
    /// # Errors
    ///
    /// [`Failure::UnknownParameters`].
    pub fn only(&self, known: &[&str]) -> Result<(), Failure> {
        let unknown = bootargs::pairs(self.text)
            .filter(|(key, _)| !known.contains(key) && !self.reserved.contains(key))
            .count();
        if unknown == 0 { Ok(()) } else { Err(Failure::UnknownParameters { count: unknown }) }
    }

    /// The decimal integer `key`, which must be there and in `range`.
    ///
    /// # Errors
    ///
    /// [`Failure::BadParameter`].
    pub fn integer(&self, key: &'static str, range: RangeInclusive<u64>) -> Result<u64, Failure> {
        let bad = |reason| Failure::BadParameter { key, reason, min: *range.start(), max: *range.end() };
        let value = bootargs::value(self.text, key).ok_or(bad("missing"))?;
        // The standard parser also takes a sign.
        if !value.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad("no_integer"));
        }
        let number = value.parse().map_err(|_| bad("out_of_range"))?;
        if range.contains(&number) { Ok(number) } else { Err(bad("out_of_range")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: Parameters<'_> =
        Parameters::new("run=1 a=16 zero=0 big=18446744073709551616 sign=+1 word=x hex=0x10", &["run"]);

    #[test]
    fn integers_are_decimal_and_in_range() {
        assert_eq!(PARAMETERS.integer("a", 1..=16), Ok(16));
        for (key, expected) in [
            ("none", "missing"),
            ("zero", "out_of_range"),
            ("big", "out_of_range"),
            ("sign", "no_integer"),
            ("word", "no_integer"),
            ("hex", "no_integer"),
        ] {
            let Err(Failure::BadParameter { reason, .. }) = PARAMETERS.integer(key, 1..=100) else {
                panic!("{key} was taken")
            };
            assert_eq!(reason, expected, "{key}");
        }
    }

    #[test]
    fn parameters_the_workload_does_not_know_are_refused() {
        assert_eq!(PARAMETERS.only(&["a", "zero", "big", "sign", "word", "hex"]), Ok(()));
        assert_eq!(PARAMETERS.only(&["a", "zero"]), Err(Failure::UnknownParameters { count: 4 }));
    }
}
