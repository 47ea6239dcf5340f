//! A line of text of bounded length.

use core::fmt;

/// Most bytes that a line can have. It fits into one message.
pub const CAPACITY: usize = 480;

/// A line. What does not fit is cut off; what is not printable is replaced by `?`.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl Text {
    /// Formats a line.
    #[must_use]
    pub fn new(arguments: fmt::Arguments<'_>) -> Self {
        let mut text = Self { bytes: [0; CAPACITY], length: 0 };
        // Writing to a text never fails.
        let _ = fmt::write(&mut text, arguments);
        text
    }

    /// Words that hold the line, eight bytes each, zeros behind it.
    pub fn words(&self) -> impl ExactSizeIterator<Item = u64> {
        self.bytes[..self.length].chunks(8).map(|chunk| {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(bytes)
        })
    }

    /// Takes a line from words that somebody else made.
    #[must_use]
    pub fn from_words(words: impl Iterator<Item = u64>) -> Self {
        let mut text = Self { bytes: [0; CAPACITY], length: 0 };
        words.flat_map(u64::to_le_bytes).take_while(|&byte| byte != 0).for_each(|byte| text.push(byte));
        text
    }

    /// The line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII is ever pushed.
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) {
        let is_printable = matches!(byte, b' '..=b'~' | b'\t');
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = if is_printable { byte } else { b'?' };
            self.length += 1;
        }
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        part.bytes().for_each(|byte| self.push(byte));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec::Vec;

    use super::*;

    #[test]
    fn a_line_survives_the_way_through_words() {
        let (condition, line) = ("a == b", 12);
        let text = Text::new(format_args!("\tError: {condition} at line {line}"));
        assert_eq!(Text::from_words(text.words()).as_str(), "\tError: a == b at line 12");
        assert_eq!(text.words().count(), 4);
    }

    #[test]
    fn what_is_too_long_is_cut_and_what_is_not_printable_is_replaced() {
        let long = String::from("x").repeat(CAPACITY + 1);
        assert_eq!(Text::new(format_args!("{long}")).as_str().len(), CAPACITY);
        assert_eq!(Text::new(format_args!("a\nb\u{e9}")).as_str(), "a?b??");
        let hostile: Vec<u64> = [u64::MAX; 200].to_vec();
        assert_eq!(Text::from_words(hostile.into_iter()).as_str().len(), CAPACITY);
    }
}
