//! What the application and the network stack say to each other, the same in calls to an endpoint and through a channel.
//!
//! A message carries two words; the bytes of a connection go through its buffers in shared memory. Both sides check what they
//! are told.

/// Words of a message.
pub const WORDS: usize = 2;

/// Bytes of a connection that one message can be about: the size of its buffer in each direction.
pub const CHUNK_BYTES: usize = 128;

/// What the application wants of a connection. It wants one thing at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// That a client connects.
    Accept,
    /// Bytes that came in.
    Receive,
    /// That this many bytes, at most, go out.
    Send(usize),
    /// That its side is closed, and what is left of the connection goes away.
    Close,
    /// A count of what all connections together hold.
    Count,
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A client has connected.
    Accepted,
    /// This many bytes are in the buffer, at least one.
    Received(usize),
    /// The client sends no more.
    EndOfStream,
    /// This many bytes, at least one, were taken out of the buffer.
    Sent(usize),
    /// The connection is gone, as it was asked to be.
    Closed,
    /// The connection is gone: the client reset it.
    Reset,
    /// What all connections together hold.
    Counted {
        /// Connections that are not gone.
        open: u64,
        /// Operations, other than waiting for a client, whose answers are still to come.
        waiting: u64,
    },
    /// The operation makes no sense.
    Refused,
}

/// An operation on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The connection's number.
    pub connection: usize,
    /// What is wanted of it.
    pub operation: Operation,
}

impl Request {
    /// Label and words of the message.
    #[must_use]
    pub const fn encode(self) -> (u64, [u64; WORDS]) {
        let (label, length) = match self.operation {
            Operation::Accept => (1, 0),
            Operation::Receive => (2, 0),
            Operation::Send(length) => (3, length),
            Operation::Close => (4, 0),
            Operation::Count => (5, 0),
        };
        (label, [self.connection as u64, length as u64])
    }

    /// Reads [`Request::encode`] back; `None` if it is no request that is within bounds.
    #[must_use]
    pub fn decode(label: u64, [connection, length]: [u64; WORDS]) -> Option<Self> {
        let length = usize::try_from(length).ok().filter(|&length| length <= CHUNK_BYTES)?;
        let operation = match label {
            1 => Operation::Accept,
            2 => Operation::Receive,
            3 if length > 0 => Operation::Send(length),
            4 => Operation::Close,
            5 => Operation::Count,
            _ => return None,
        };
        Some(Self { connection: usize::try_from(connection).ok()?, operation })
    }
}

impl Answer {
    /// Label and words of the message.
    #[must_use]
    pub const fn encode(self) -> (u64, [u64; WORDS]) {
        let (label, length) = match self {
            Self::Counted { open, waiting } => return (8, [open, waiting]),
            Self::Accepted => (1, 0),
            Self::Received(length) => (2, length),
            Self::EndOfStream => (3, 0),
            Self::Sent(length) => (4, length),
            Self::Closed => (5, 0),
            Self::Reset => (6, 0),
            Self::Refused => (7, 0),
        };
        (label, [length as u64, 0])
    }

    /// Reads [`Answer::encode`] back; what makes no sense is a refusal.
    #[must_use]
    pub fn decode(label: u64, words: [u64; WORDS]) -> Self {
        let [length, second] = words;
        let open = length;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let is_count = (1..=CHUNK_BYTES).contains(&length);
        match label {
            1 => Self::Accepted,
            2 if is_count => Self::Received(length),
            3 => Self::EndOfStream,
            4 if is_count => Self::Sent(length),
            5 => Self::Closed,
            6 => Self::Reset,
            8 => Self::Counted { open, waiting: second },
            _ => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_back() {
        for operation in [
            Operation::Accept,
            Operation::Receive,
            Operation::Send(1),
            Operation::Send(CHUNK_BYTES),
            Operation::Close,
            Operation::Count,
        ] {
            let request = Request { connection: 63, operation };
            let (label, words) = request.encode();
            assert_eq!(Request::decode(label, words), Some(request));
        }
    }

    #[test]
    fn requests_beyond_the_buffer_and_unknown_ones_are_none() {
        for (label, length) in [(0, 0), (6, 0), (3, 0), (3, CHUNK_BYTES as u64 + 1), (3, u64::MAX)] {
            assert_eq!(Request::decode(label, [0, length]), None, "{label} {length}");
        }
    }

    #[test]
    fn answers_come_back() {
        for answer in [
            Answer::Accepted,
            Answer::Received(1),
            Answer::Received(CHUNK_BYTES),
            Answer::EndOfStream,
            Answer::Sent(64),
            Answer::Closed,
            Answer::Reset,
            Answer::Counted { open: 2, waiting: 1 },
            Answer::Refused,
        ] {
            let (label, words) = answer.encode();
            assert_eq!(Answer::decode(label, words), answer);
        }
    }

    #[test]
    fn answers_about_more_bytes_than_there_can_be_or_none_are_refusals() {
        for (label, length) in [(2, 0), (2, CHUNK_BYTES as u64 + 1), (4, 0), (4, u64::MAX), (99, 1)] {
            assert_eq!(Answer::decode(label, [length, 0]), Answer::Refused, "{label} {length}");
        }
    }
}
