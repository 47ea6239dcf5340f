//! Kernel object types and sizes.

/// Size of a capability slot: 2^5 bytes.
pub const SLOT_BITS: u32 = 5;
/// Size of a thread control block: 2^11 bytes (with floating-point state).
pub const TCB_BITS: u32 = 11;
/// Size of an endpoint: 2^4 bytes.
pub const ENDPOINT_BITS: u32 = 4;
/// Size of a notification: 2^5 bytes.
pub const NOTIFICATION_BITS: u32 = 5;
/// Size of a small page: 4 KiB.
pub const PAGE_BITS: u32 = 12;
/// Size of a mega page: 2 MiB.
pub const MEGA_PAGE_BITS: u32 = 21;
/// Size of a giga page: 1 GiB.
pub const GIGA_PAGE_BITS: u32 = 30;
/// Size of a page table, root or not: 4 KiB.
pub const PAGE_TABLE_BITS: u32 = 12;
/// Size of an ASID pool: 4 KiB. Made from an untyped of exactly this size, not by Retype.
pub const ASID_POOL_BITS: u32 = 12;
/// Smallest untyped: 16 bytes.
pub const MIN_UNTYPED_BITS: u32 = 4;
/// Largest untyped, and so the largest object: 256 GiB.
pub const MAX_UNTYPED_BITS: u32 = 38;
/// Objects one Retype makes at most.
pub const RETYPE_FAN_OUT_LIMIT: u64 = 256;

/// What Retype can make. Discriminants are the words of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum ObjectType {
    /// Memory to make objects of.
    Untyped = 0,
    /// Thread control block.
    Tcb = 1,
    /// Endpoint.
    Endpoint = 2,
    /// Notification.
    Notification = 3,
    /// Capability node.
    CNode = 4,
    /// Frame of 1 GiB.
    GigaPage = 5,
    /// Frame of 4 KiB.
    Page = 6,
    /// Frame of 2 MiB.
    MegaPage = 7,
    /// Page table of any level; with an ASID a `VSpace` root.
    PageTable = 8,
}

/// Number of object types.
pub const OBJECT_TYPE_COUNT: u64 = 9;
const _: () = assert!(ObjectType::PageTable as u64 + 1 == OBJECT_TYPE_COUNT);

impl ObjectType {
    /// The type of word `word`.
    #[must_use]
    pub const fn decode(word: u64) -> Option<Self> {
        Some(match word {
            0 => Self::Untyped,
            1 => Self::Tcb,
            2 => Self::Endpoint,
            3 => Self::Notification,
            4 => Self::CNode,
            5 => Self::GigaPage,
            6 => Self::Page,
            7 => Self::MegaPage,
            8 => Self::PageTable,
            _ => return None,
        })
    }

    /// The word that goes into a message.
    #[must_use]
    pub const fn word(self) -> u64 {
        self as u64
    }

    /// Size of an object as a power of two in bytes. `user_size_bits` is Retype's argument: the size of an untyped,
    /// the slots of a `CNode` (both as powers of two), ignored for the others. Saturates for absurd arguments.
    #[must_use]
    pub const fn size_bits(self, user_size_bits: u32) -> u32 {
        match self {
            Self::Untyped => user_size_bits,
            Self::Tcb => TCB_BITS,
            Self::Endpoint => ENDPOINT_BITS,
            Self::Notification => NOTIFICATION_BITS,
            Self::CNode => user_size_bits.saturating_add(SLOT_BITS),
            Self::GigaPage => GIGA_PAGE_BITS,
            Self::Page => PAGE_BITS,
            Self::MegaPage => MEGA_PAGE_BITS,
            Self::PageTable => PAGE_TABLE_BITS,
        }
    }

    /// Whether it is a frame: the only thing besides untypeds that device memory can become.
    #[must_use]
    pub const fn is_frame(self) -> bool {
        matches!(self, Self::GigaPage | Self::Page | Self::MegaPage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_0_to_8_are_the_types_and_no_others() {
        for word in 0..64 {
            assert_eq!(
                ObjectType::decode(word).map(ObjectType::word),
                (word < OBJECT_TYPE_COUNT).then_some(word)
            );
        }
    }

    #[test]
    fn only_untypeds_and_cnodes_listen_to_the_size_argument() {
        let sizes = [
            (ObjectType::Untyped, 20),
            (ObjectType::Tcb, 11),
            (ObjectType::Endpoint, 4),
            (ObjectType::Notification, 5),
            (ObjectType::CNode, 25),
            (ObjectType::GigaPage, 30),
            (ObjectType::Page, 12),
            (ObjectType::MegaPage, 21),
            (ObjectType::PageTable, 12),
        ];
        for (object, size_bits) in sizes {
            assert_eq!(object.size_bits(20), size_bits, "{object:?}");
        }
        assert_eq!(ObjectType::CNode.size_bits(u32::MAX), u32::MAX);
    }
}
