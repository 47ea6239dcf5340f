//! ELF executables for RISC-V: validated headers, and how a file is spread in memory.
//!
//! Parsing is the `elf` crate's; this module adds what makes a file loadable, so that everything after
//! [`Executable::parse`] can rely on it.

use core::ops::Range;

use elf::ElfBytes;
use elf::abi::{EM_RISCV, ET_EXEC, PF_X, PT_LOAD};
use elf::endian::LittleEndian;
use elf::file::Class;
use elf::parse::ParseError;
use elf::segment::{ProgramHeader, SegmentTable};
use thiserror::Error;

use crate::range::PAGE_SIZE;

/// The most program headers a file may have: as many as fit the page that hands them to the root server.
pub const MAX_PROGRAM_HEADERS: usize = (PAGE_SIZE as usize - PROGRAM_HEADERS_PREFIX) / PROGRAM_HEADER_LEN;

/// Bytes of one ELF64 program header.
const PROGRAM_HEADER_LEN: usize = 56;
/// Bytes before the headers in that page: their number and the size of one, a `u32` each.
const PROGRAM_HEADERS_PREFIX: usize = 8;

/// Why a file cannot be loaded.
#[derive(Debug, Error)]
pub enum ElfError {
    /// Not an ELF file, or a damaged one.
    #[error("not a readable ELF file: {0}")]
    Format(ParseError),
    /// A well-formed file for something else.
    #[error("not a 64-bit RISC-V executable (class {class:?}, machine {machine}, type {kind})")]
    Machine {
        /// 32 or 64 bits.
        class: Class,
        /// `e_machine`.
        machine: u16,
        /// `e_type`.
        kind: u16,
    },
    /// More program headers than [`MAX_PROGRAM_HEADERS`].
    #[error("{0} program headers, at most {MAX_PROGRAM_HEADERS} are supported")]
    TooManyHeaders(usize),
    /// Nothing to load.
    #[error("no loadable segment")]
    NothingToLoad,
    /// A segment that is larger in the file than in memory, lies outside the file, or wraps around.
    #[error(
        "bad segment: {memory_len:#x} bytes at {address:#x} from {file_len:#x} at file offset {offset:#x}"
    )]
    Segment {
        /// Virtual address.
        address: u64,
        /// Bytes in memory.
        memory_len: u64,
        /// Offset in the file.
        offset: u64,
        /// Bytes in the file.
        file_len: u64,
    },
    /// Two segments that share memory.
    #[error("the segments at {0:#x} and {1:#x} overlap")]
    Overlap(u64, u64),
    /// An entry point that is in no executable segment.
    #[error("entry point {0:#x} is in no executable segment")]
    Entry(u64),
}

/// A 64-bit RISC-V executable whose loadable segments are in the file, disjoint, and hold its entry point.
#[derive(Debug)]
pub struct Executable<'a> {
    file: &'a [u8],
    headers: SegmentTable<'a, LittleEndian>,
    header_bytes: &'a [u8],
    entry: u64,
    flags: u32,
    virt: Range<u64>,
    lowest_paddr: u64,
}

impl<'a> Executable<'a> {
    /// Reads and validates `file`.
    ///
    /// # Errors
    ///
    /// See [`ElfError`].
    pub fn parse(file: &'a [u8]) -> Result<Self, ElfError> {
        let elf = ElfBytes::<LittleEndian>::minimal_parse(file).map_err(ElfError::Format)?;
        let header = elf.ehdr;
        if header.class != Class::ELF64 || header.e_machine != EM_RISCV || header.e_type != ET_EXEC {
            return Err(ElfError::Machine {
                class: header.class,
                machine: header.e_machine,
                kind: header.e_type,
            });
        }
        let headers = elf.segments().ok_or(ElfError::NothingToLoad)?;
        if headers.len() > MAX_PROGRAM_HEADERS {
            return Err(ElfError::TooManyHeaders(headers.len()));
        }
        let virt = checked_span(file, headers)?;
        let lowest_paddr =
            loadable(headers).map(|segment| segment.p_paddr).min().ok_or(ElfError::NothingToLoad)?;
        let entry = header.e_entry;
        let holds_entry =
            |segment: ProgramHeader| segment.p_flags & PF_X != 0 && addresses(&segment).contains(&entry);
        if !loadable(headers).any(holds_entry) {
            return Err(ElfError::Entry(entry));
        }
        let header_bytes = usize::try_from(header.e_phoff)
            .ok()
            .and_then(|start| file.get(start..)?.get(..headers.len() * PROGRAM_HEADER_LEN))
            .ok_or(ElfError::NothingToLoad)?;
        Ok(Self { file, headers, header_bytes, entry, flags: header.e_flags, virt, lowest_paddr })
    }

    /// The entry point, a virtual address.
    #[must_use]
    pub fn entry(&self) -> u64 {
        self.entry
    }

    /// The processor flags of the file (`e_flags`).
    #[must_use]
    pub fn flags(&self) -> u32 {
        self.flags
    }

    /// From the lowest to the highest virtual address of any loadable segment.
    #[must_use]
    pub fn virt(&self) -> Range<u64> {
        self.virt.clone()
    }

    /// The lowest physical address of any loadable segment.
    #[must_use]
    pub fn lowest_paddr(&self) -> u64 {
        self.lowest_paddr
    }

    /// Spreads the file over `memory`, which stands for the virtual addresses from `base` on, and zeroes every byte that
    /// no segment fills from the file.
    ///
    /// Segments keep their virtual distance from each other; their physical addresses play no role, as in upstream's
    /// loader.
    ///
    /// # Panics
    ///
    /// If `memory` does not reach from `base` over all of [`Executable::virt`].
    pub fn spread(&self, base: u64, memory: &mut [u8]) {
        memory.fill(0);
        for segment in loadable(self.headers) {
            let bytes = file_bytes(self.file, &segment).expect("checked by parse");
            let start = usize::try_from(segment.p_vaddr - base).expect("memory covers the segment");
            memory[start..start + bytes.len()].copy_from_slice(bytes);
        }
    }

    /// Bytes that [`Executable::write_program_headers`] writes, at most [`PAGE_SIZE`].
    #[must_use]
    pub fn program_headers_len(&self) -> usize {
        PROGRAM_HEADERS_PREFIX + self.header_bytes.len()
    }

    /// Writes the program headers as the root server gets them: their number (`u32`), the size of one (`u32`), then the
    /// headers as they are in the file.
    ///
    /// # Panics
    ///
    /// If `memory` is shorter than [`Executable::program_headers_len`].
    pub fn write_program_headers(&self, memory: &mut [u8]) {
        let (prefix, headers) = memory.split_at_mut(PROGRAM_HEADERS_PREFIX);
        let count = u32::try_from(self.headers.len()).expect("limited by parse");
        prefix[..4].copy_from_slice(&count.to_le_bytes());
        prefix[4..].copy_from_slice(&(PROGRAM_HEADER_LEN as u32).to_le_bytes());
        headers[..self.header_bytes.len()].copy_from_slice(self.header_bytes);
    }
}

/// The segments that take up memory.
fn loadable(headers: SegmentTable<'_, LittleEndian>) -> impl Iterator<Item = ProgramHeader> {
    headers.into_iter().filter(|segment| segment.p_type == PT_LOAD && segment.p_memsz > 0)
}

/// The segment's virtual addresses; call only once their end is known not to overflow.
fn addresses(segment: &ProgramHeader) -> Range<u64> {
    segment.p_vaddr..segment.p_vaddr + segment.p_memsz
}

fn file_bytes<'a>(file: &'a [u8], segment: &ProgramHeader) -> Option<&'a [u8]> {
    let start = usize::try_from(segment.p_offset).ok()?;
    file.get(start..)?.get(..usize::try_from(segment.p_filesz).ok()?)
}

/// Checks every loadable segment; the answer reaches from the lowest to the highest address.
fn checked_span(file: &[u8], headers: SegmentTable<'_, LittleEndian>) -> Result<Range<u64>, ElfError> {
    let mut span: Option<Range<u64>> = None;
    for (index, segment) in loadable(headers).enumerate() {
        let fits = segment.p_filesz <= segment.p_memsz
            && segment.p_vaddr.checked_add(segment.p_memsz).is_some()
            && file_bytes(file, &segment).is_some();
        if !fits {
            return Err(ElfError::Segment {
                address: segment.p_vaddr,
                memory_len: segment.p_memsz,
                offset: segment.p_offset,
                file_len: segment.p_filesz,
            });
        }
        let own = addresses(&segment);
        let shares = |other: &ProgramHeader| {
            let other = addresses(other);
            own.start.max(other.start) < own.end.min(other.end)
        };
        if let Some(other) = loadable(headers).take(index).find(shares) {
            return Err(ElfError::Overlap(other.p_vaddr, own.start));
        }
        span = Some(match span {
            Some(span) => span.start.min(own.start)..span.end.max(own.end),
            None => own,
        });
    }
    span.ok_or(ElfError::NothingToLoad)
}

#[cfg(test)]
pub(crate) mod tests {
    extern crate std;

    use std::vec;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// A loadable segment of a test file.
    #[derive(Clone)]
    pub(crate) struct TestSegment {
        pub(crate) vaddr: u64,
        pub(crate) paddr: u64,
        pub(crate) memory_len: u64,
        pub(crate) bytes: Vec<u8>,
    }

    /// An ELF file with the given entry point and segments.
    pub(crate) fn test_elf(entry: u64, segments: &[TestSegment]) -> Vec<u8> {
        let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        file.extend(ET_EXEC.to_le_bytes());
        file.extend(EM_RISCV.to_le_bytes());
        file.extend(1u32.to_le_bytes());
        file.extend(entry.to_le_bytes());
        file.extend(64u64.to_le_bytes());
        file.extend(0u64.to_le_bytes());
        file.extend(0u32.to_le_bytes());
        for half in [64, 56, segments.len() as u16, 0, 0, 0] {
            file.extend(half.to_le_bytes());
        }
        let mut offset = (64 + 56 * segments.len()) as u64;
        for segment in segments {
            file.extend(PT_LOAD.to_le_bytes());
            file.extend(7u32.to_le_bytes());
            let len = segment.bytes.len() as u64;
            for word in [offset, segment.vaddr, segment.paddr, len, segment.memory_len, 16] {
                file.extend(word.to_le_bytes());
            }
            offset += len;
        }
        for segment in segments {
            file.extend(&segment.bytes);
        }
        file
    }

    fn two_segments() -> Vec<TestSegment> {
        vec![
            TestSegment { vaddr: 0x1000, paddr: 0x8000, memory_len: 8, bytes: vec![1; 4] },
            // A physical address that contradicts the virtual distance: it must not matter.
            TestSegment { vaddr: 0x1010, paddr: 0xf000, memory_len: 4, bytes: vec![2; 4] },
        ]
    }

    #[test]
    fn segments_keep_their_virtual_distance_and_gaps_are_zeroed() {
        let file = test_elf(0x1000, &two_segments());
        let elf = Executable::parse(&file).unwrap();
        assert_eq!((elf.virt(), elf.lowest_paddr(), elf.entry()), (0x1000..0x1014, 0x8000, 0x1000));
        let mut memory = [0xff; 24];
        elf.spread(0x1000, &mut memory);
        assert_eq!(memory[..4], [1; 4]);
        assert_eq!(memory[4..16], [0; 12]);
        assert_eq!(memory[16..20], [2; 4]);
        assert_eq!(memory[20..], [0; 4]);
    }

    #[test]
    fn program_headers_are_handed_on_with_count_and_size() {
        let file = test_elf(0x1000, &two_segments());
        let elf = Executable::parse(&file).unwrap();
        let mut memory = vec![0; elf.program_headers_len()];
        elf.write_program_headers(&mut memory);
        assert_eq!(memory[..8], [2, 0, 0, 0, 56, 0, 0, 0]);
        assert_eq!(memory[8..], file[64..64 + 112]);
    }

    #[test]
    fn overlapping_segments_are_refused() {
        let mut segments = two_segments();
        segments[1].vaddr = 0x1007;
        let file = test_elf(0x1000, &segments);
        assert!(matches!(Executable::parse(&file), Err(ElfError::Overlap(0x1000, 0x1007))));
    }

    #[test]
    fn an_entry_point_outside_the_segments_is_refused() {
        let file = test_elf(0x1008, &two_segments());
        assert!(matches!(Executable::parse(&file), Err(ElfError::Entry(0x1008))));
    }

    #[test]
    fn a_file_larger_than_its_memory_is_refused() {
        let mut segments = two_segments();
        segments[0].memory_len = 3;
        let file = test_elf(0x1000, &segments);
        assert!(matches!(Executable::parse(&file), Err(ElfError::Segment { address: 0x1000, .. })));
    }

    #[test]
    fn another_machine_is_refused() {
        let mut file = test_elf(0x1000, &two_segments());
        file[18] = 62;
        assert!(matches!(Executable::parse(&file), Err(ElfError::Machine { machine: 62, .. })));
    }

    #[test]
    fn a_file_without_segments_is_refused() {
        assert!(matches!(Executable::parse(&test_elf(0, &[])), Err(ElfError::NothingToLoad)));
    }

    #[test]
    fn as_many_headers_as_fit_a_page_are_accepted_and_no_more() {
        let segments = |count: usize| {
            let one = |index: usize| TestSegment {
                vaddr: 0x1000 + 16 * index as u64,
                paddr: 0x8000,
                memory_len: 4,
                bytes: vec![0; 4],
            };
            (0..count).map(one).collect::<Vec<_>>()
        };
        let full = test_elf(0x1000, &segments(MAX_PROGRAM_HEADERS));
        assert!(Executable::parse(&full).unwrap().program_headers_len() <= PAGE_SIZE as usize);
        let over = test_elf(0x1000, &segments(MAX_PROGRAM_HEADERS + 1));
        assert!(matches!(Executable::parse(&over), Err(ElfError::TooManyHeaders(_))));
    }

    proptest! {
        #[test]
        fn damage_never_panics_and_what_is_accepted_can_be_spread(
            damage in proptest::collection::vec((0usize..200, any::<u8>()), 1..6),
            cut in 0usize..200,
        ) {
            let mut file = test_elf(0x1000, &two_segments());
            for (at, value) in damage {
                if let Some(byte) = file.get_mut(at) {
                    *byte = value;
                }
            }
            file.truncate(file.len().max(cut));
            if let Ok(elf) = Executable::parse(&file) {
                let virt = elf.virt();
                prop_assert!(virt.contains(&elf.entry()));
                if virt.end - virt.start < 1 << 20 {
                    elf.spread(virt.start, &mut vec![0; (virt.end - virt.start) as usize]);
                }
                elf.write_program_headers(&mut vec![0; elf.program_headers_len()]);
            }
        }

        #[test]
        fn a_cut_file_is_refused(cut in 0usize..184) {
            let file = test_elf(0x1000, &two_segments());
            prop_assert_eq!(file.len(), 184);
            prop_assert!(Executable::parse(&file[..cut]).is_err());
        }
    }
}
