//! What the kernel tells the root task.

#![allow(unsafe_code, reason = "the kernel hands over memory by address")]

use rel4_abi::bootinfo::BOOTINFO_FRAME_BITS;
use rel4_abi::{BootInfo, BootInfoHeader};

/// `BootInfo` and the extra chunks behind it.
#[derive(Clone, Copy, Debug)]
pub struct Boot {
    info: &'static BootInfo,
    extra: &'static [u8],
}

impl Boot {
    /// Takes what the kernel left at `info`.
    ///
    /// # Safety
    ///
    /// There is a [`BootInfo`] at `info`; behind its page are the `extra_len` bytes that it announces; both stay mapped
    /// and nobody writes them any more.
    #[must_use]
    pub unsafe fn from_raw(info: *const BootInfo) -> Self {
        // SAFETY: the caller's promise.
        let info = unsafe { &*info };
        let extra_address = core::ptr::from_ref(info).cast::<u8>().wrapping_add(1 << BOOTINFO_FRAME_BITS);
        let extra = match usize::try_from(info.extra_len) {
            // SAFETY: the caller's promise.
            Ok(length) if length > 0 => unsafe { core::slice::from_raw_parts(extra_address, length) },
            _ => &[],
        };
        Self { info, extra }
    }

    /// The `BootInfo` itself.
    #[must_use]
    pub const fn info(&self) -> &'static BootInfo {
        self.info
    }

    /// Contents of the first extra chunk `id`.
    #[must_use]
    pub fn chunk(&self, id: u64) -> Option<&'static [u8]> {
        chunks(self.extra).find(|&(chunk, _)| chunk == id).map(|(_, contents)| contents)
    }
}

/// Ids and contents of the chunks in `bytes`, up to the first that is malformed.
fn chunks(mut bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    const HEADER_BYTES: usize = size_of::<BootInfoHeader>();
    core::iter::from_fn(move || {
        let (header, _) = bytes.split_at_checked(HEADER_BYTES)?;
        let (id, length) = header.split_at(size_of::<u64>());
        let id = u64::from_le_bytes(id.try_into().ok()?);
        let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
        let contents = bytes.get(HEADER_BYTES..length)?;
        bytes = &bytes[length..];
        Some((id, contents))
    })
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;
    use rel4_abi::bootinfo::{CHUNK_FDT, CHUNK_PADDING};

    use super::*;

    fn chunk(id: u64, length: u64, contents: &[u8]) -> Vec<u8> {
        [&id.to_le_bytes(), &length.to_le_bytes(), contents].concat()
    }

    #[test]
    fn a_chunk_is_found_behind_others() {
        let bytes = [chunk(CHUNK_PADDING, 20, b"skip"), chunk(CHUNK_FDT, 19, b"fdt")].concat();
        let found: Vec<_> = chunks(&bytes).collect();
        assert_eq!(found, [(CHUNK_PADDING, &b"skip"[..]), (CHUNK_FDT, &b"fdt"[..])]);
    }

    #[test]
    fn a_chunk_that_claims_less_than_its_header_or_more_than_there_is_ends_the_list() {
        for length in [0, 15, 21, u64::MAX] {
            assert_eq!(chunks(&chunk(CHUNK_FDT, length, b"four")).count(), 0, "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(chunks(&bytes).count() <= 4);
        }
    }
}
