//! What is where in the memory that the processes share.
//!
//! It is one piece, in the order *results of the generator*, *wire*, *sockets*: the generator sees the first two parts, the stack
//! the last two, the application the last one.

use core::ops::Range;
use core::sync::atomic::AtomicU64;

use rel4_runtime::frames::Wire;

use crate::generator::log::Log;
use crate::protocol::CHUNK_BYTES;
use crate::settings::Told;

/// The most connections that are served at once.
pub const MAX_CONNECTIONS: usize = 64;

/// Frames on their way in each direction.
pub const WIRE_CAPACITY: usize = 128;
/// The wire between stack and network.
pub type NetworkWire<'m> = Wire<'m, WIRE_CAPACITY>;

/// Requests that can be under way: one for each connection.
pub const CHANNEL_CAPACITY: usize = MAX_CONNECTIONS;
/// The channel between application and stack, of the asynchronous version.
pub type Channel<'m> = rel4_runtime::channel::Channel<'m, CHANNEL_CAPACITY>;

/// Words of a connection's buffer in one direction.
pub const CHUNK_WORDS: usize = CHUNK_BYTES / size_of::<u64>();

const PAGE_WORDS: usize = 4096 / size_of::<u64>();

/// Words of the wire's part.
pub const WIRE_WORDS: usize = NetworkWire::WORDS.next_multiple_of(PAGE_WORDS);

const SOCKET_WORDS: usize = Channel::WORDS + MAX_CONNECTIONS * 2 * CHUNK_WORDS;

/// The parts of the shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Words of the results' part.
    pub results: usize,
}

impl Parts {
    /// The parts in a run of what all processes were told.
    #[must_use]
    pub const fn of_run(told: &Told) -> Self {
        Self::new(Log::words(told))
    }

    /// The parts, with room for as many words of results.
    pub(crate) const fn new(result_words: usize) -> Self {
        Self { results: result_words.next_multiple_of(PAGE_WORDS) }
    }

    /// Words of all parts.
    #[must_use]
    pub const fn words(self) -> usize {
        self.results + WIRE_WORDS + SOCKET_WORDS
    }

    /// What the network's side sees: results and wire.
    #[must_use]
    pub const fn of_network(self) -> Range<usize> {
        0..self.results + WIRE_WORDS
    }

    /// What the stack sees: wire and sockets.
    #[must_use]
    pub const fn of_stack(self) -> Range<usize> {
        self.results..self.words()
    }

    /// What the application sees: sockets.
    #[must_use]
    pub const fn of_application(self) -> Range<usize> {
        self.results + WIRE_WORDS..self.words()
    }
}

/// The part that application and stack share.
#[derive(Clone, Copy, Debug)]
pub struct Sockets<'m> {
    channel: &'m [AtomicU64],
    chunks: &'m [[AtomicU64; CHUNK_WORDS]],
}

impl<'m> Sockets<'m> {
    /// The part in `memory`; `None` if that is too small.
    #[must_use]
    pub fn new(memory: &'m [AtomicU64]) -> Option<Self> {
        let (channel, chunks) = memory.get(..SOCKET_WORDS)?.split_at(Channel::WORDS);
        let (chunks, _) = chunks.as_chunks();
        Some(Self { channel, chunks })
    }

    /// The channel, of which each side makes its end once.
    #[must_use]
    pub fn channel(&self) -> Channel<'m> {
        Channel::new(self.channel).expect("it has that many words")
    }

    /// The buffer of `connection`, below [`MAX_CONNECTIONS`], for bytes that came in.
    #[must_use]
    pub const fn inbound(&self, connection: usize) -> &'m [AtomicU64; CHUNK_WORDS] {
        &self.chunks[2 * connection]
    }

    /// The buffer of `connection`, below [`MAX_CONNECTIONS`], for bytes that go out.
    #[must_use]
    pub const fn outbound(&self, connection: usize) -> &'m [AtomicU64; CHUNK_WORDS] {
        &self.chunks[2 * connection + 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_sees_its_parts_in_the_same_order() {
        let parts = Parts::new(1);
        assert_eq!(parts.of_network().end, parts.of_application().start);
        assert_eq!(parts.of_stack().start, parts.results);
        assert!(parts.of_application().start.is_multiple_of(PAGE_WORDS));
        assert_eq!(parts.of_application().len(), SOCKET_WORDS);
    }
}
