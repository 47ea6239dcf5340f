//! What client and server say to each other.

/// Badge of the client's endpoint capability.
pub(crate) const CLIENT: u64 = 0x51;
/// Label of a request.
pub(crate) const REQUEST: u64 = 0x10;
/// Label of an answer.
pub(crate) const ANSWER: u64 = 0x20;
/// Label of the answer to what is no request of this client.
pub(crate) const REFUSAL: u64 = 0x30;

/// The words of request number `round`: no two words of neighbouring requests are the same, so that an answer that is
/// late or in the wrong register is seen.
#[inline(always)]
pub(crate) fn request<const WORDS: usize>(round: u64) -> [u64; WORDS] {
    core::array::from_fn(|index| (round << 2) + index as u64)
}

/// The words of the answer to a request of `words`.
#[inline(always)]
pub(crate) fn answer<const WORDS: usize>(words: [u64; WORDS]) -> [u64; WORDS] {
    words.map(|word| !word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_in_a_row_and_their_answers_share_no_word() {
        let (first, second) = (request::<4>(6), request::<4>(7));
        let words = [first, second, answer(first), answer(second)].concat();
        let mut distinct = words.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), words.len());
    }
}
