//! Values of workload parameters.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A parameter's value, as it is passed to the guest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A whole number.
    Number(i64),
    /// One of the words that the parameter knows.
    Word(String),
}

impl Value {
    /// The value as it stands in a matrix.
    pub(super) fn to_toml(&self) -> toml::Value {
        match self {
            Self::Number(number) => toml::Value::Integer(*number),
            Self::Word(word) => toml::Value::String(word.clone()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    /// The value that is written as `text`.
    fn from(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Word(text.to_owned()), Self::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_it_was_written() {
        for value in [Value::Number(-4), Value::Word("child".to_owned())] {
            assert_eq!(Value::from(value.to_string().as_str()), value);
        }
    }
}
