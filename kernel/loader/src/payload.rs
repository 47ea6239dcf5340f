//! The format in which the loader carries its images: a fixed header, then the images, each 16-byte aligned.
//!
//! All fields are little-endian. Offsets count from the first byte of the header.
//!
//! | offset | type | field |
//! |---|---|---|
//! | 0 | `[u8; 8]` | magic, `ReL4load` |
//! | 8 | `u32` | format version, [`VERSION`] |
//! | 12 | `u32` | harts the kernel wants, 1..=[`MAX_HARTS`] |
//! | 16 | `u64` | length of header and images |
//! | 24 | `u64`, `u64` | offset and length of the kernel ELF |
//! | 40 | `u64`, `u64` | offset and length of the device tree; both 0: pass the firmware's |
//! | 56 | `u64`, `u64` | offset and length of the root server's ELF |
//! | 72 | `u32` | CRC-32 (IEEE) of everything but this field |
//! | 76 | `u32` | zero |

use core::ops::Range;

use thiserror::Error;

/// Bytes of the header.
pub const HEADER_LEN: usize = 80;

/// The version of the format that this code writes and reads.
pub const VERSION: u32 = 1;

/// The most harts that the loader can start.
pub const MAX_HARTS: u32 = 8;

const MAGIC: [u8; 8] = *b"ReL4load";
const ALIGNMENT: usize = 16;

const VERSION_AT: usize = 8;
const MAX_HARTS_AT: usize = 12;
const LENGTH_AT: usize = 16;
const KERNEL_AT: usize = 24;
const DEVICE_TREE_AT: usize = 40;
const ROOT_SERVER_AT: usize = 56;
const CHECKSUM_AT: usize = 72;

/// The images that a loader carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents<'a> {
    /// The kernel's ELF file.
    pub kernel: &'a [u8],
    /// The root server's ELF file.
    pub root_server: &'a [u8],
    /// The device tree to hand to the kernel; `None` for the one the firmware provides.
    pub device_tree: Option<&'a [u8]>,
    /// How many harts enter the kernel, if the machine has as many: the kernel's own maximum.
    pub max_harts: u32,
}

/// Why bytes are not a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PayloadError {
    /// The bytes end inside the header.
    #[error("payload of {available} bytes is shorter than its header of {HEADER_LEN}")]
    Truncated {
        /// Bytes there are.
        available: usize,
    },
    /// The first bytes are not the magic.
    #[error("no payload here: the magic is missing; was the image made by `harness build`?")]
    Magic,
    /// Another version of the format.
    #[error("payload format {found}, but this loader reads {VERSION}")]
    Version {
        /// The version in the header.
        found: u32,
    },
    /// A length that the available bytes do not hold.
    #[error("payload claims {claimed} bytes of {available}")]
    Length {
        /// The length in the header.
        claimed: u64,
        /// Bytes there are.
        available: usize,
    },
    /// The content is not what was written.
    #[error("payload checksum {found:#010x}, expected {expected:#010x}: the image is damaged")]
    Checksum {
        /// The checksum in the header.
        expected: u32,
        /// The checksum of the bytes.
        found: u32,
    },
    /// An image that lies outside the payload, or in its header.
    #[error("{image} at offset {offset} with length {len} lies outside the payload")]
    Image {
        /// Which image.
        image: &'static str,
        /// Its offset in the header.
        offset: u64,
        /// Its length in the header.
        len: u64,
    },
    /// A number of harts that the loader cannot start.
    #[error("{0} harts wanted, but the loader starts 1 to {MAX_HARTS}")]
    Harts(u32),
}

/// The buffer given to [`Contents::encode_into`] is smaller than [`Contents::encoded_len`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("buffer of {available} bytes for a payload of {needed}")]
pub struct BufferTooSmall {
    /// Bytes the payload has.
    pub needed: usize,
    /// Bytes the buffer has.
    pub available: usize,
}

/// Where each image lies in the encoded form.
struct Placement {
    kernel: Range<usize>,
    device_tree: Range<usize>,
    root_server: Range<usize>,
    end: usize,
}

impl<'a> Contents<'a> {
    fn placement(&self) -> Placement {
        let mut end = HEADER_LEN;
        let mut place = |len: usize| {
            let start = end.next_multiple_of(ALIGNMENT);
            end = start + len;
            start..end
        };
        let kernel = place(self.kernel.len());
        let device_tree = self.device_tree.map_or(0..0, |tree| place(tree.len()));
        let root_server = place(self.root_server.len());
        Placement { kernel, device_tree, root_server, end }
    }

    /// Bytes of the encoded form.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.placement().end
    }

    /// Writes the encoded form to the start of `out`, and leaves the rest of it alone. The bytes depend on nothing but
    /// the contents.
    ///
    /// # Errors
    ///
    /// `out` is shorter than [`Contents::encoded_len`]; it is then left as it was.
    pub fn encode_into(&self, out: &mut [u8]) -> Result<(), BufferTooSmall> {
        let at = self.placement();
        let available = out.len();
        let out = out.get_mut(..at.end).ok_or(BufferTooSmall { needed: at.end, available })?;
        out.fill(0);
        out[..MAGIC.len()].copy_from_slice(&MAGIC);
        put_u32(out, VERSION_AT, VERSION);
        put_u32(out, MAX_HARTS_AT, self.max_harts);
        put_u64(out, LENGTH_AT, at.end as u64);
        put_image(out, KERNEL_AT, &at.kernel, self.kernel);
        put_image(out, DEVICE_TREE_AT, &at.device_tree, self.device_tree.unwrap_or_default());
        put_image(out, ROOT_SERVER_AT, &at.root_server, self.root_server);
        let sum = checksum(out);
        put_u32(out, CHECKSUM_AT, sum);
        Ok(())
    }

    /// Reads a payload. Bytes after it are ignored.
    ///
    /// # Errors
    ///
    /// See [`PayloadError`]: any damage to header or images is found.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, PayloadError> {
        let claimed = claimed_len(bytes)?;
        let available = bytes.len();
        let whole = usize::try_from(claimed)
            .ok()
            .filter(|&len| len >= HEADER_LEN)
            .and_then(|len| bytes.get(..len))
            .ok_or(PayloadError::Length { claimed, available })?;
        let (expected, found) = (get_u32(whole, CHECKSUM_AT), checksum(whole));
        if expected != found {
            return Err(PayloadError::Checksum { expected, found });
        }
        let max_harts = get_u32(whole, MAX_HARTS_AT);
        if !(1..=MAX_HARTS).contains(&max_harts) {
            return Err(PayloadError::Harts(max_harts));
        }
        let device_tree = get_image(whole, DEVICE_TREE_AT, "device tree")?;
        Ok(Self {
            kernel: get_image(whole, KERNEL_AT, "kernel")?,
            root_server: get_image(whole, ROOT_SERVER_AT, "root server")?,
            device_tree: (!device_tree.is_empty()).then_some(device_tree),
            max_harts,
        })
    }
}

/// The length in the header that `bytes` start with, in bytes: how much a reader must make available to
/// [`Contents::decode`]. The number is only a claim until then.
///
/// # Errors
///
/// The header is cut short, or it is not one of this format.
pub fn claimed_len(bytes: &[u8]) -> Result<u64, PayloadError> {
    let header = bytes.get(..HEADER_LEN).ok_or(PayloadError::Truncated { available: bytes.len() })?;
    if header[..MAGIC.len()] != MAGIC {
        return Err(PayloadError::Magic);
    }
    match get_u32(header, VERSION_AT) {
        VERSION => Ok(get_u64(header, LENGTH_AT)),
        found => Err(PayloadError::Version { found }),
    }
}

fn checksum(payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&payload[..CHECKSUM_AT]);
    hasher.update(&payload[CHECKSUM_AT + 4..]);
    hasher.finalize()
}

fn put_image(out: &mut [u8], field: usize, at: &Range<usize>, image: &[u8]) {
    put_u64(out, field, at.start as u64);
    put_u64(out, field + 8, at.len() as u64);
    out[at.clone()].copy_from_slice(image);
}

fn get_image<'a>(payload: &'a [u8], field: usize, image: &'static str) -> Result<&'a [u8], PayloadError> {
    let (offset, len) = (get_u64(payload, field), get_u64(payload, field + 8));
    if (offset, len) == (0, 0) {
        return Ok(&[]);
    }
    let range = || {
        let start = usize::try_from(offset).ok().filter(|&start| start >= HEADER_LEN)?;
        let end = start.checked_add(usize::try_from(len).ok()?)?;
        payload.get(start..end)
    };
    range().ok_or(PayloadError::Image { image, offset, len })
}

fn put_u32(out: &mut [u8], at: usize, value: u32) {
    out[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn put_u64(out: &mut [u8], at: usize, value: u64) {
    out[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

/// The caller has checked that the header is complete.
fn get_u32(bytes: &[u8], at: usize) -> u32 {
    let mut field = [0; 4];
    field.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(field)
}

/// The caller has checked that the header is complete.
fn get_u64(bytes: &[u8], at: usize) -> u64 {
    let mut field = [0; 8];
    field.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(field)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn encode(contents: &Contents<'_>) -> Vec<u8> {
        let mut bytes = vec![0xaa; contents.encoded_len()];
        contents.encode_into(&mut bytes).unwrap();
        bytes
    }

    fn sample() -> Contents<'static> {
        Contents {
            kernel: b"a kernel",
            root_server: b"a root server",
            device_tree: Some(b"a tree"),
            max_harts: 4,
        }
    }

    #[test]
    fn a_short_buffer_is_refused_and_left_alone() {
        let mut buffer = [7; 90];
        assert_eq!(sample().encode_into(&mut buffer).unwrap_err().available, 90);
        assert_eq!(buffer, [7; 90]);
    }

    #[test]
    fn foreign_bytes_are_not_a_payload() {
        assert_eq!(Contents::decode(&[0; 200]), Err(PayloadError::Magic));
        assert_eq!(Contents::decode(&[0; 3]), Err(PayloadError::Truncated { available: 3 }));
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = encode(&sample());
        put_u32(&mut bytes, VERSION_AT, 9);
        assert_eq!(Contents::decode(&bytes), Err(PayloadError::Version { found: 9 }));
    }

    #[test]
    fn an_impossible_number_of_harts_is_refused() {
        for max_harts in [0, MAX_HARTS + 1] {
            let bytes = encode(&Contents { max_harts, ..sample() });
            assert_eq!(Contents::decode(&bytes), Err(PayloadError::Harts(max_harts)));
        }
    }

    #[test]
    fn an_image_outside_the_payload_is_refused_even_with_a_right_checksum() {
        for (offset, len) in [(0, 8), (80, u64::MAX), (u64::MAX, 2), (1 << 20, 1)] {
            let mut bytes = encode(&sample());
            put_u64(&mut bytes, KERNEL_AT, offset);
            put_u64(&mut bytes, KERNEL_AT + 8, len);
            let sum = checksum(&bytes);
            put_u32(&mut bytes, CHECKSUM_AT, sum);
            let refused = PayloadError::Image { image: "kernel", offset, len };
            assert_eq!(Contents::decode(&bytes), Err(refused));
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(
            kernel: Vec<u8>,
            root_server: Vec<u8>,
            tree in proptest::option::of(proptest::collection::vec(any::<u8>(), 1..99)),
            max_harts in 1..=MAX_HARTS,
            trailing: Vec<u8>,
        ) {
            let device_tree = tree.as_deref();
            let contents =
                Contents { kernel: &kernel, root_server: &root_server, device_tree, max_harts };
            let mut bytes = encode(&contents);
            bytes.extend(trailing);
            prop_assert_eq!(Contents::decode(&bytes), Ok(contents));
        }

        #[test]
        fn one_damaged_byte_is_always_found(at: prop::sample::Index, flip in 1..=u8::MAX) {
            let mut bytes = encode(&sample());
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(Contents::decode(&bytes).is_err());
        }

        #[test]
        fn a_cut_payload_is_always_found(at: prop::sample::Index) {
            let bytes = encode(&sample());
            prop_assert!(Contents::decode(&bytes[..at.index(bytes.len())]).is_err());
        }

        #[test]
        fn arbitrary_fields_never_panic(fields: [u8; HEADER_LEN - 8], images: Vec<u8>) {
            let mut bytes = MAGIC.to_vec();
            bytes.extend(fields);
            bytes.extend(images);
            put_u32(&mut bytes, VERSION_AT, VERSION);
            let len = bytes.len() as u64;
            put_u64(&mut bytes, LENGTH_AT, len);
            let sum = checksum(&bytes);
            put_u32(&mut bytes, CHECKSUM_AT, sum);
            let _ = Contents::decode(&bytes);
        }
    }
}
