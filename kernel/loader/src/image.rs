//! Loader and payload as one bootable ELF. Host only.
//!
//! OpenSBI jumps to the lowest address that the emulator loaded, so the ELF has one segment, at [`LOADER_BASE`], whose
//! first byte is the loader's entry. It holds the loader's memory as it is at start, then the payload on the next page.

extern crate std;

use std::vec;
use std::vec::Vec;

use elf::abi::{EI_NIDENT, EM_RISCV, ET_EXEC, PF_R, PF_W, PF_X, PT_LOAD};
use thiserror::Error;

use crate::elf::{ElfError, Executable};
use crate::layout::LOADER_BASE;
use crate::payload::{Contents, MAX_HARTS};
use crate::range::PAGE_SIZE;

/// Where the segment starts in the file.
const SEGMENT_OFFSET: usize = PAGE_SIZE as usize;
const ELF_HEADER_LEN: u16 = 64;
const PROGRAM_HEADER_LEN: u16 = 56;
/// More memory than any loader needs, in bytes.
const MAX_LOADER_LEN: usize = 4 << 20;

/// Why no image can be made.
#[derive(Debug, Error)]
pub enum PackError {
    /// A file that cannot be loaded.
    #[error("{file}: {error}")]
    Elf {
        /// Which file.
        file: &'static str,
        /// What is wrong with it.
        error: ElfError,
    },
    /// An ELF file that is not the loader.
    #[error(
        "loader: linked at {start:#x} with entry {entry:#x} and {len} bytes, not at {LOADER_BASE:#x} with its entry first"
    )]
    NotTheLoader {
        /// Lowest address.
        start: u64,
        /// Entry point.
        entry: u64,
        /// Bytes in memory.
        len: u64,
    },
    /// A number of harts that the loader cannot start.
    #[error("{0} harts wanted, but the loader starts 1 to {MAX_HARTS}")]
    Harts(u32),
}

/// Makes the bootable ELF of the loader's own ELF file and what it is to carry. The same input gives the same bytes.
///
/// # Errors
///
/// A file is not a RISC-V executable, `loader` is not the loader, or the number of harts is out of range.
pub fn pack(loader: &[u8], contents: &Contents<'_>) -> Result<Vec<u8>, PackError> {
    let parse = |file, bytes| Executable::parse(bytes).map_err(|error| PackError::Elf { file, error });
    parse("kernel", contents.kernel)?;
    parse("root server", contents.root_server)?;
    let loader = parse("loader", loader)?;
    if !(1..=MAX_HARTS).contains(&contents.max_harts) {
        return Err(PackError::Harts(contents.max_harts));
    }

    let segment = with_payload(&loader, contents)?;
    let mut image = headers(loader.flags(), segment.len() as u64);
    image.resize(SEGMENT_OFFSET, 0);
    image.extend(segment);
    Ok(image)
}

/// The bytes of the one segment.
fn with_payload(loader: &Executable<'_>, contents: &Contents<'_>) -> Result<Vec<u8>, PackError> {
    let virt = loader.virt();
    let (start, entry, len) = (virt.start, loader.entry(), virt.end - virt.start);
    let payload_at = usize::try_from(len)
        .ok()
        .filter(|&len| start == LOADER_BASE && entry == start && len <= MAX_LOADER_LEN)
        .ok_or(PackError::NotTheLoader { start, entry, len })?
        .next_multiple_of(PAGE_SIZE as usize);
    let mut segment = vec![0; payload_at + contents.encoded_len()];
    let (memory, payload) = segment.split_at_mut(payload_at);
    loader.spread(start, memory);
    contents.encode_into(payload).expect("the buffer has the encoded length");
    Ok(segment)
}

/// ELF header and the one program header.
fn headers(flags: u32, segment_len: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(SEGMENT_OFFSET);
    // ELF64, little-endian, version 1, no particular ABI.
    out.extend(b"\x7fELF\x02\x01\x01");
    out.resize(EI_NIDENT, 0);
    out.extend(ET_EXEC.to_le_bytes());
    out.extend(EM_RISCV.to_le_bytes());
    out.extend(1u32.to_le_bytes());
    for word in [LOADER_BASE, u64::from(ELF_HEADER_LEN), 0] {
        out.extend(word.to_le_bytes());
    }
    out.extend(flags.to_le_bytes());
    for half in [ELF_HEADER_LEN, PROGRAM_HEADER_LEN, 1, 0, 0, 0] {
        out.extend(half.to_le_bytes());
    }
    out.extend(PT_LOAD.to_le_bytes());
    out.extend((PF_R | PF_W | PF_X).to_le_bytes());
    for word in [SEGMENT_OFFSET as u64, LOADER_BASE, LOADER_BASE, segment_len, segment_len, PAGE_SIZE] {
        out.extend(word.to_le_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::tests::{TestSegment, test_elf};

    fn executable(vaddr: u64, entry: u64) -> Vec<u8> {
        let segment = TestSegment { vaddr, paddr: vaddr, memory_len: 0x1234, bytes: vec![3; 64] };
        test_elf(entry, &[segment])
    }

    fn packed(loader: &[u8], max_harts: u32) -> Result<Vec<u8>, PackError> {
        let program = executable(0x1_0000, 0x1_0000);
        let contents = Contents { kernel: &program, root_server: &program, device_tree: None, max_harts };
        pack(loader, &contents)
    }

    #[test]
    fn the_image_is_one_segment_that_starts_with_the_loaders_entry() {
        let loader = executable(LOADER_BASE, LOADER_BASE);
        let image = packed(&loader, 1).unwrap();
        let elf = Executable::parse(&image).unwrap();
        assert_eq!((elf.entry(), elf.lowest_paddr()), (LOADER_BASE, LOADER_BASE));
        let mut memory = vec![0; (elf.virt().end - elf.virt().start) as usize];
        elf.spread(LOADER_BASE, &mut memory);
        assert_eq!(memory[..64], [3; 64]);
        assert_eq!(memory[64..0x2000], vec![0; 0x2000 - 64]);
        let program = executable(0x1_0000, 0x1_0000);
        assert_eq!(Contents::decode(&memory[0x2000..]).unwrap().kernel, program);
    }

    #[test]
    fn the_same_input_gives_the_same_bytes() {
        let loader = executable(LOADER_BASE, LOADER_BASE);
        assert_eq!(packed(&loader, 4).unwrap(), packed(&loader, 4).unwrap());
    }

    #[test]
    fn something_else_in_the_loaders_place_is_refused() {
        for (vaddr, entry) in [(0x8000_0000, 0x8000_0000), (LOADER_BASE, LOADER_BASE + 4)] {
            let refused = packed(&executable(vaddr, entry), 1);
            assert!(matches!(refused, Err(PackError::NotTheLoader { .. })));
        }
    }

    #[test]
    fn files_that_are_not_executables_are_refused_by_name() {
        let error = packed(b"no elf", 1).unwrap_err();
        assert!(std::format!("{error}").starts_with("loader: not a readable ELF file"), "{error}");
    }

    #[test]
    fn an_impossible_number_of_harts_is_refused() {
        let loader = executable(LOADER_BASE, LOADER_BASE);
        assert!(matches!(packed(&loader, 0), Err(PackError::Harts(0))));
    }
}
