//! A record that was read.

use core::fmt;

use crate::kind::Kind;

/// A record whose checksum holds and whose fields are well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'l> {
    /// What the record says.
    pub kind: Kind,
    /// The boot it belongs to.
    pub run: &'l str,
    /// Its place among the records of that boot, from 0.
    pub seq: u64,
    pub(crate) body: &'l str,
}

impl<'l> Record<'l> {
    /// The fields after `run` and `seq`, in the order they were written.
    pub fn fields(&self) -> impl Iterator<Item = (&'l str, &'l str)> + use<'l> {
        self.body.split(' ').filter_map(|field| field.split_once('='))
    }

    /// The value of the field called `key`.
    ///
    /// # Errors
    ///
    /// [`FieldError::Missing`].
    pub fn text(&self, key: &'static str) -> Result<&'l str, FieldError> {
        self.fields().find(|&(name, _)| name == key).map(|(_, value)| value).ok_or(FieldError::Missing(key))
    }

    /// The value of the field called `key`, a decimal number.
    ///
    /// # Errors
    ///
    /// [`FieldError::Missing`] and [`FieldError::NotANumber`].
    pub fn number(&self, key: &'static str) -> Result<u64, FieldError> {
        decimal(self.text(key)?).ok_or(FieldError::NotANumber(key))
    }

    /// The values of the field called `key`, decimal numbers separated by commas. An element is `None` if it is not
    /// a number.
    ///
    /// # Errors
    ///
    /// [`FieldError::Missing`].
    pub fn list(&self, key: &'static str) -> Result<impl Iterator<Item = Option<u64>> + use<'l>, FieldError> {
        Ok(self.text(key)?.split(',').map(decimal))
    }
}

/// A decimal number without sign, blanks or superfluous zeros: one number, one spelling.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

/// Why a field of a sound record cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldError {
    /// The record has no field of this name.
    Missing(&'static str),
    /// The field does not hold a decimal number that fits in 64 bits.
    NotANumber(&'static str),
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(key) => write!(f, "the record has no field {key}="),
            Self::NotANumber(key) => write!(f, "the field {key}= does not hold a 64-bit decimal number"),
        }
    }
}

impl core::error::Error for FieldError {}
