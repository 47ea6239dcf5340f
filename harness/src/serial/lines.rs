//! A byte stream cut into lines, in bounded memory.

/// The longest piece that is kept in memory, in bytes. A longer line is looked at in pieces of this size.
pub(super) const MAX_PIECE: usize = 64 * 1024;

/// A line of the stream, or a piece of one that is too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The line's number, from 1. The pieces of a long line share it.
    pub(super) number: u64,
    /// Offset of the first byte in the stream.
    pub(super) offset: u64,
    /// The bytes without the line feed.
    pub(super) bytes: Vec<u8>,
    /// How the piece ended.
    pub(super) ending: Ending,
}

/// Why a piece ended where it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// At a line feed.
    LineFeed,
    /// The memory bound was reached; the line goes on.
    Bound,
    /// The stream ended.
    StreamEnd,
}

/// Collects bytes until a line is whole.
#[derive(Debug)]
pub(super) struct Lines {
    number: u64,
    offset: u64,
    pending: Vec<u8>,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self { number: 1, offset: 0, pending: Vec::new() }
    }

    /// Takes bytes from the front of `bytes` until a line is whole. `None` when all were taken without completing one.
    pub(super) fn take_line(&mut self, bytes: &mut &[u8]) -> Option<Line> {
        let room = MAX_PIECE - self.pending.len();
        let window = &bytes[..bytes.len().min(room)];
        match window.iter().position(|&byte| byte == b'\n') {
            Some(end) => {
                self.pending.extend_from_slice(&window[..end]);
                *bytes = &bytes[end + 1..];
                Some(self.complete(Ending::LineFeed))
            }
            None => {
                self.pending.extend_from_slice(window);
                *bytes = &bytes[window.len()..];
                (self.pending.len() == MAX_PIECE).then(|| self.complete(Ending::Bound))
            }
        }
    }

    /// What is left when the stream has ended, if anything.
    pub(super) fn rest(&mut self) -> Option<Line> {
        (!self.pending.is_empty()).then(|| self.complete(Ending::StreamEnd))
    }

    fn complete(&mut self, ending: Ending) -> Line {
        let bytes = std::mem::take(&mut self.pending);
        let (number, offset) = (self.number, self.offset);
        self.offset += bytes.len() as u64;
        if ending == Ending::LineFeed {
            self.offset += 1;
            self.number += 1;
        }
        Line { number, offset, bytes, ending }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(mut bytes: &[u8]) -> Vec<Line> {
        let mut lines = Lines::new();
        let mut cut = Vec::new();
        while !bytes.is_empty() {
            cut.extend(lines.take_line(&mut bytes));
        }
        cut.extend(lines.rest());
        cut
    }

    #[test]
    fn lines_carry_their_number_and_offset() {
        let places: Vec<_> =
            cut(b"a\n\nbc\nd").into_iter().map(|line| (line.number, line.offset, line.bytes)).collect();
        assert_eq!(
            places,
            [(1, 0, b"a".to_vec()), (2, 2, Vec::new()), (3, 3, b"bc".to_vec()), (4, 6, b"d".to_vec())]
        );
    }

    #[test]
    fn a_line_beyond_the_bound_comes_in_pieces_and_loses_nothing() {
        let long = [vec![b'x'; MAX_PIECE + 5], b"\ny".to_vec()].concat();
        let places: Vec<_> = cut(&long)
            .into_iter()
            .map(|line| (line.number, line.offset, line.bytes.len(), line.ending))
            .collect();
        let bound = MAX_PIECE as u64;
        assert_eq!(
            places,
            [
                (1, 0, MAX_PIECE, Ending::Bound),
                (1, bound, 5, Ending::LineFeed),
                (2, bound + 6, 1, Ending::StreamEnd)
            ]
        );
    }
}
