//! Messages, and what came back of them.

use smoltcp::socket::tcp::Socket;

/// Bytes of a message.
pub(super) const BYTES: usize = 64;

/// The words of a message.
const WORDS: usize = BYTES / size_of::<u64>();

/// Message number `sequence` of client number `client`: no two messages of a run have a word in common.
pub(super) fn message(client: usize, sequence: u64) -> [u8; BYTES] {
    let mut message = [0; BYTES];
    for (index, bytes) in message.chunks_exact_mut(size_of::<u64>()).enumerate() {
        let word = sequence << 16 | (client as u64) << 8 | index as u64;
        // By an odd number, so that different words stay different.
        let mixed = word.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bytes.copy_from_slice(&mixed.to_le_bytes());
    }
    message
}

/// What came back of a message so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    bytes: [u8; BYTES],
    length: usize,
}

impl Answer {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; BYTES], length: 0 }
    }

    /// Takes in what `socket` has of it. True if it is complete.
    pub(super) fn receive(&mut self, socket: &mut Socket<'_>) -> bool {
        // Never more than is missing, so what comes too much is found in the next answer.
        if let Ok(length) = socket.recv_slice(&mut self.bytes[self.length..]) {
            self.length += length;
        }
        self.length == BYTES
    }

    /// The bits in which it differs from `sent`; all if it is not complete.
    pub(super) fn difference(&self, sent: &[u8; BYTES]) -> u64 {
        if self.length < BYTES {
            return u64::MAX;
        }
        let (received, _) = self.bytes.as_chunks();
        let (sent, _) = sent.as_chunks();
        let words = received.iter().zip(sent).take(WORDS);
        words.fold(0, |bits, (&received, &sent)| {
            bits | u64::from_le_bytes(received) ^ u64::from_le_bytes(sent)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_messages_have_a_word_in_common() {
        let mut words = BTreeSet::new();
        for client in 0..4 {
            for sequence in 0..4 {
                words.extend(message(client, sequence).as_chunks::<8>().0.iter().copied());
            }
        }
        assert_eq!(words.len(), 4 * 4 * WORDS);
    }

    #[test]
    fn an_answer_with_one_byte_changed_differs_in_that_byte_and_a_part_of_one_in_all() {
        let sent = message(3, 7);
        let mut answer = Answer { bytes: sent, length: BYTES };
        assert_eq!(answer.difference(&sent), 0);
        answer.bytes[BYTES - 1] ^= 0x40;
        assert_eq!(answer.difference(&sent), 0x40 << 56);
        answer.length -= 1;
        assert_eq!(answer.difference(&sent), u64::MAX);
    }
}
