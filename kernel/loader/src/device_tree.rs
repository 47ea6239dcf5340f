//! What the loader asks the firmware's device tree: RAM, reserved memory, harts.

use fdt::Fdt;
use fdt::node::FdtNode;
use thiserror::Error;

use crate::range::PhysRange;

/// Bytes of a flattened device tree's header.
pub const HEADER_LEN: usize = 40;

/// No tree is larger; a header that claims more is damaged.
const MAX_LEN: u32 = 4 << 20;
/// Devicetree Specification 0.4, section 5.2.
const MAGIC: u32 = 0xd00d_feed;

/// Why the firmware's device tree cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DeviceTreeError {
    /// Something else is where the tree should be.
    #[error("no device tree: magic {found:#010x} instead of {MAGIC:#010x}")]
    Magic {
        /// The word that was found.
        found: u32,
    },
    /// A length or offset in the header that cannot be.
    #[error("damaged device tree header: {len} bytes, structure at {structure}, strings at {strings}")]
    Header {
        /// Total bytes claimed.
        len: u32,
        /// Offset of the structure block.
        structure: u32,
        /// Offset of the strings block.
        strings: u32,
    },
    /// The blocks after the header cannot be read.
    #[error("damaged device tree")]
    Blocks,
    /// A node without which nothing can be loaded.
    #[error("device tree without {0}")]
    MissingNode(&'static str),
}

/// The length of the tree whose header is given, in bytes.
///
/// # Errors
///
/// The header is not one of a device tree, or is damaged.
pub fn claimed_len(header: &[u8; HEADER_LEN]) -> Result<u32, DeviceTreeError> {
    let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (found, len, structure, strings) = (word(0), word(4), word(8), word(12));
    if found != MAGIC {
        return Err(DeviceTreeError::Magic { found });
    }
    let blocks = HEADER_LEN as u32..len;
    if len > MAX_LEN || !blocks.contains(&structure) || !blocks.contains(&strings) {
        return Err(DeviceTreeError::Header { len, structure, strings });
    }
    Ok(len)
}

/// A device tree that has memory and processors.
pub struct DeviceTree<'a> {
    fdt: Fdt<'a>,
}

impl<'a> DeviceTree<'a> {
    /// Reads a tree of the length that [`claimed_len`] gave.
    ///
    /// # Errors
    ///
    /// The tree is damaged, or has no `/memory` or no `/cpus`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DeviceTreeError> {
        let fdt = Fdt::new(bytes).map_err(|_| DeviceTreeError::Blocks)?;
        for required in ["/memory", "/cpus"] {
            fdt.find_node(required).ok_or(DeviceTreeError::MissingNode(required))?;
        }
        Ok(Self { fdt })
    }

    /// Every bank of RAM.
    pub fn ram(&self) -> impl Iterator<Item = PhysRange> + '_ {
        let is_memory = |node: &FdtNode<'_, '_>| {
            node.property("device_type").and_then(fdt::node::NodeProperty::as_str) == Some("memory")
        };
        self.fdt.all_nodes().filter(is_memory).flat_map(regions)
    }

    /// Memory that the firmware keeps for itself.
    pub fn reserved(&self) -> impl Iterator<Item = PhysRange> + '_ {
        let nodes = self.fdt.find_node("/reserved-memory");
        let nodes = nodes.into_iter().flat_map(FdtNode::children).flat_map(regions);
        let entries = self
            .fdt
            .memory_reservations()
            .filter_map(|entry| PhysRange::with_len(entry.address() as u64, entry.size() as u64));
        nodes.chain(entries)
    }

    /// The hart ids of the processors that may be used, in the tree's order.
    pub fn harts(&self) -> impl Iterator<Item = u64> + '_ {
        let usable = |cpu: &fdt::standard_nodes::Cpu<'_, '_>| {
            let status = cpu.property("status").and_then(fdt::node::NodeProperty::as_str);
            matches!(status, None | Some("okay" | "ok"))
        };
        self.fdt.cpus().filter(usable).map(|cpu| cpu.ids().first() as u64)
    }
}

fn regions<'a>(node: FdtNode<'_, 'a>) -> impl Iterator<Item = PhysRange> + 'a {
    node.reg()
        .into_iter()
        .flatten()
        .filter_map(|region| PhysRange::with_len(region.starting_address as u64, region.size? as u64))
}
