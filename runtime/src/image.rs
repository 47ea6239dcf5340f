//! Layout of the running program, as the linker script makes it.

use rel4_abi::object::PAGE_BITS;

use crate::address_space::Access;

const PAGE_BYTES: u64 = 1 << PAGE_BITS;

/// Where the parts of the program are. All addresses but the end of the data are page-aligned.
#[derive(Clone, Copy, Debug)]
pub struct ImageLayout {
    /// First byte of the image, which is code.
    pub start: u64,
    /// First byte of the constants.
    pub rodata_start: u64,
    /// First byte of what each process has for itself.
    pub data_start: u64,
    /// End of what each process has for itself.
    pub private_end: u64,
    /// The page below the root task's stack.
    pub stack_guard: u64,
    /// What was at `data_start` before the program ran; zeros follow.
    pub data_snapshot: &'static [u8],
}

impl ImageLayout {
    /// Number of the image's page that holds `vaddr`.
    #[must_use]
    pub const fn page_index(&self, vaddr: u64) -> u64 {
        (vaddr - self.start) >> PAGE_BITS
    }

    /// Addresses of the pages that all processes share, and what they allow.
    pub fn shared_pages(&self) -> impl Iterator<Item = (u64, Access)> {
        let rodata_start = self.rodata_start;
        pages(self.start, self.data_start)
            .map(move |vaddr| (vaddr, if vaddr < rodata_start { Access::Code } else { Access::Constants }))
    }

    /// Addresses of the pages that each process has for itself, and what they hold at first before zeros.
    pub fn private_pages(&self) -> impl Iterator<Item = (u64, &'static [u8])> {
        let snapshot = self.data_snapshot.chunks(PAGE_BYTES as usize);
        pages(self.data_start, self.private_end).zip(snapshot.chain(core::iter::repeat(&[][..])))
    }
}

fn pages(start: u64, end: u64) -> impl Iterator<Item = u64> {
    (start..end).step_by(PAGE_BYTES as usize)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const SNAPSHOT: &[u8] = &[7; 4096 + 100];

    const LAYOUT: ImageLayout = ImageLayout {
        start: 0x10000,
        rodata_start: 0x12000,
        data_start: 0x13000,
        private_end: 0x16000,
        stack_guard: 0x18000,
        data_snapshot: SNAPSHOT,
    };

    #[test]
    fn code_is_executable_and_constants_are_not() {
        let shared: Vec<_> = LAYOUT.shared_pages().collect();
        assert_eq!(shared, [(0x10000, Access::Code), (0x11000, Access::Code), (0x12000, Access::Constants)]);
    }

    #[test]
    fn private_pages_start_with_the_snapshot_and_go_on_with_zeros() {
        let private: Vec<_> =
            LAYOUT.private_pages().map(|(vaddr, contents)| (vaddr, contents.len())).collect();
        assert_eq!(private, [(0x13000, 4096), (0x14000, 100), (0x15000, 0)]);
    }

    #[test]
    fn pages_are_numbered_from_the_start_of_the_image() {
        assert_eq!(LAYOUT.page_index(0x10000), 0);
        assert_eq!(LAYOUT.page_index(LAYOUT.stack_guard), 8);
    }
}
