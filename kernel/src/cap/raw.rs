//! The stored form of a capability: two words.
//!
//! Word 0: bits 0–3 the type, bits 4–47 an address (objects are at least 16-byte aligned), bits 48–63 small fields of the
//! type. Word 1: badge, guard, watermark, mapping or count. The all-zero pair is the null capability, so zeroed memory is a
//! table of empty slots.
#![allow(unsafe_code, reason = "turns stored addresses back into object handles")]

#[cfg(not(feature = "sync-ipc"))]
mod absent;
#[cfg(feature = "sync-ipc")]
mod synchronous;

use rel4_abi::CapRights;
use rel4_abi::cptr::WORD_BITS;

#[cfg(feature = "uintr")]
use super::SenderPageCap;
use super::{
    AsidPoolCap, CNodeCap, Cap, FrameCap, Mapping, NotificationCap, PageTableCap, ReplyCap, UntypedCap,
    ZombieCap, ZombieKind,
};
use crate::arch::PhysAddr;
use crate::obj::Obj;
use crate::object::CNode;
#[cfg(feature = "uintr")]
use crate::uintr::FileId;
use crate::vm::{Asid, FrameSize, VmRights};

/// A capability's two words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct RawCap([u64; 2]);

#[derive(Clone, Copy)]
enum Tag {
    Null = 0,
    Untyped = 1,
    Endpoint = 2,
    Notification = 3,
    Reply = 4,
    CNode = 5,
    Thread = 6,
    IrqControl = 7,
    IrqHandler = 8,
    Domain = 9,
    AsidControl = 10,
    AsidPool = 11,
    PageTable = 12,
    Frame = 13,
    Zombie = 14,
    #[cfg(feature = "uintr")]
    SenderPage = 15,
}

const TAG_MASK: u64 = 0xf;
const ADDRESS_MASK: u64 = 0x0000_ffff_ffff_fff0;
const FIELDS_SHIFT: u32 = 48;
const WATERMARK_SHIFT: u32 = 4;
const ASID_SHIFT: u32 = 48;
/// The field that says of a CNode whether its guard and its index are a whole word: the sign, which is quick to test.
const RESOLVES_WORDS: u32 = 15;
const VADDR_MASK: u64 = (1 << ASID_SHIFT) - 1;

impl RawCap {
    /// The null capability.
    pub const NULL: Self = Self([0, 0]);

    #[inline(always)]
    const fn new(tag: Tag, address: u64, fields: u64, word1: u64) -> Self {
        Self([(tag as u64) | (address & ADDRESS_MASK) | (fields << FIELDS_SHIFT), word1])
    }

    #[inline(always)]
    const fn tag(self) -> u64 {
        self.0[0] & TAG_MASK
    }

    /// The address as a kernel virtual address (sign-extended from bit 47), of a capability of this type. Subtracting the known type is
    /// cheaper than masking it: it disappears in the offsets of loads.
    #[inline(always)]
    const fn kernel_address(self, tag: Tag) -> usize {
        (((self.0[0] << 16) as i64 >> 16) as usize).wrapping_sub(tag as usize)
    }

    #[inline(always)]
    const fn phys_address(self) -> PhysAddr {
        PhysAddr(self.0[0] & ADDRESS_MASK)
    }

    #[inline(always)]
    const fn field(self, shift: u32, bits: u32) -> u64 {
        (self.0[0] >> (FIELDS_SHIFT + shift)) & ((1 << bits) - 1)
    }

    #[inline(always)]
    fn object<T>(self, tag: Tag) -> Obj<T> {
        debug_assert!(self.is(tag));
        // SAFETY: the address was stored by `encode` from a handle of the type that the tag stands for, and the object
        // lives as long as a capability to it does (invariant 1 of `obj`).
        unsafe { Obj::from_address(self.kernel_address(tag)) }
    }

    #[inline(always)]
    fn node(self, tag: Tag, radix: u8) -> CNode {
        // SAFETY: address and radix were stored together from a live CNode.
        unsafe { CNode::from_parts(self.object(tag), radix) }
    }

    #[inline(always)]
    const fn mapping(self) -> Option<Mapping> {
        let asid = (self.0[1] >> ASID_SHIFT) as u16;
        if asid == 0 { None } else { Some(Mapping { asid: Asid(asid), vaddr: self.0[1] & VADDR_MASK }) }
    }

    #[inline(always)]
    const fn is(self, tag: Tag) -> bool {
        self.tag() == tag as u64
    }

    /// Whether this is the null capability.
    #[inline(always)]
    pub const fn is_null(self) -> bool {
        self.is(Tag::Null)
    }

    /// The capability, if it is one to a notification.
    #[inline(always)]
    pub fn as_notification(self) -> Option<NotificationCap> {
        self.is(Tag::Notification).then(|| NotificationCap {
            notification: self.object(Tag::Notification),
            badge: self.0[1],
            rights: CapRights::from_word(self.field(0, 4)),
        })
    }

    /// The capability, if it is one to a CNode.
    #[inline(always)]
    pub fn as_cnode(self) -> Option<CNodeCap> {
        self.is(Tag::CNode).then(|| CNodeCap {
            node: self.node(Tag::CNode, self.field(0, 6) as u8),
            guard: self.0[1],
            guard_size: self.field(6, 6) as u8,
        })
    }

    /// Whether this, a capability to a CNode, resolves whole addresses: guard and index together are a word.
    #[inline(always)]
    pub const fn resolves_words(self) -> bool {
        self.field(RESOLVES_WORDS, 1) != 0
    }

    /// The capability, if it is one to a page table.
    #[inline(always)]
    pub fn as_page_table(self) -> Option<PageTableCap> {
        self.is(Tag::PageTable)
            .then(|| PageTableCap { table: self.object(Tag::PageTable), mapping: self.mapping() })
    }

    /// The capability, if it is one to a frame.
    #[inline(always)]
    pub fn as_frame(self) -> Option<FrameCap> {
        self.is(Tag::Frame).then(|| FrameCap {
            base: self.phys_address(),
            size: FrameSize::from_index(self.field(0, 2)),
            device: self.field(4, 1) != 0,
            rights: VmRights::from_bits(self.field(2, 2)),
            mapping: self.mapping(),
        })
    }

    /// Decodes the capability. Inlined where its parts are used one by one; elsewhere there is [`Slot::cap`](super::slot::Slot::cap).
    #[inline(always)]
    pub fn decode(self) -> Cap {
        const fn is(tag: Tag) -> u64 {
            tag as u64
        }
        match self.tag() {
            t if t == is(Tag::Untyped) => Cap::Untyped(UntypedCap {
                base: self.phys_address(),
                size_bits: self.field(0, 6) as u8,
                device: self.field(6, 1) != 0,
                watermark: self.0[1] << WATERMARK_SHIFT,
            }),
            t if t == is(Tag::Endpoint) => self.as_endpoint().map_or(Cap::Null, Cap::Endpoint),
            t if t == is(Tag::Notification) => self.as_notification().map_or(Cap::Null, Cap::Notification),
            t if t == is(Tag::Reply) => self.as_reply().map_or(Cap::Null, Cap::Reply),
            t if t == is(Tag::CNode) => self.as_cnode().map_or(Cap::Null, Cap::CNode),
            t if t == is(Tag::Thread) => Cap::Thread(self.object(Tag::Thread)),
            t if t == is(Tag::IrqControl) => Cap::IrqControl,
            t if t == is(Tag::IrqHandler) => Cap::IrqHandler(self.0[1] as u16),
            t if t == is(Tag::Domain) => Cap::Domain,
            t if t == is(Tag::AsidControl) => Cap::AsidControl,
            t if t == is(Tag::AsidPool) => {
                Cap::AsidPool(AsidPoolCap { pool: self.object(Tag::AsidPool), base: Asid(self.0[1] as u16) })
            }
            t if t == is(Tag::PageTable) => self.as_page_table().map_or(Cap::Null, Cap::PageTable),
            t if t == is(Tag::Frame) => self.as_frame().map_or(Cap::Null, Cap::Frame),
            t if t == is(Tag::Zombie) => Cap::Zombie(ZombieCap {
                slots: self.node(Tag::Zombie, self.field(0, 6) as u8),
                remaining: self.0[1],
                kind: if self.field(6, 1) != 0 { ZombieKind::Tcb } else { ZombieKind::CNode },
            }),
            #[cfg(feature = "uintr")]
            t if t == is(Tag::SenderPage) => match self.mapping() {
                Some(mapping) => Cap::SenderPage(SenderPageCap {
                    notification: self.object(Tag::SenderPage),
                    is_badged: self.field(0, 1) != 0,
                    file: FileId { hart: self.field(1, 2) as usize, number: self.field(3, 6) as usize },
                    mapping,
                }),
                None => Cap::Null,
            },
            _ => Cap::Null,
        }
    }

    /// Encodes a reply capability.
    #[inline(always)]
    pub fn of_reply(cap: ReplyCap) -> Self {
        let fields = u64::from(cap.master) | (u64::from(cap.can_grant) << 1);
        Self::new(Tag::Reply, cap.caller.address() as u64, fields, 0)
    }

    /// Encodes a capability. Inlined, since callers mostly know its type.
    #[inline(always)]
    pub fn encode(cap: Cap) -> Self {
        let mapping = |mapping: Option<Mapping>| {
            mapping.map_or(0, |m| (u64::from(m.asid.0) << ASID_SHIFT) | (m.vaddr & VADDR_MASK))
        };
        match cap {
            Cap::Null => Self::NULL,
            Cap::Untyped(c) => Self::new(
                Tag::Untyped,
                c.base.0,
                u64::from(c.size_bits) | (u64::from(c.device) << 6),
                c.watermark >> WATERMARK_SHIFT,
            ),
            Cap::Endpoint(c) => {
                Self::new(Tag::Endpoint, c.endpoint.address() as u64, c.rights.word(), c.badge)
            }
            Cap::Notification(c) => {
                Self::new(Tag::Notification, c.notification.address() as u64, c.rights.word(), c.badge)
            }
            Cap::Reply(c) => Self::of_reply(c),
            Cap::CNode(c) => Self::new(
                Tag::CNode,
                c.node.address() as u64,
                u64::from(c.node.radix())
                    | (u64::from(c.guard_size) << 6)
                    | (u64::from(u32::from(c.node.radix() + c.guard_size) == WORD_BITS) << RESOLVES_WORDS),
                c.guard,
            ),
            Cap::Thread(tcb) => Self::new(Tag::Thread, tcb.address() as u64, 0, 0),
            Cap::IrqControl => Self::new(Tag::IrqControl, 0, 0, 0),
            Cap::IrqHandler(irq) => Self::new(Tag::IrqHandler, 0, 0, u64::from(irq)),
            Cap::Domain => Self::new(Tag::Domain, 0, 0, 0),
            Cap::AsidControl => Self::new(Tag::AsidControl, 0, 0, 0),
            Cap::AsidPool(c) => Self::new(Tag::AsidPool, c.pool.address() as u64, 0, u64::from(c.base.0)),
            Cap::PageTable(c) => Self::new(Tag::PageTable, c.table.address() as u64, 0, mapping(c.mapping)),
            Cap::Frame(c) => Self::new(
                Tag::Frame,
                c.base.0,
                c.size.index() | (c.rights.bits() << 2) | (u64::from(c.device) << 4),
                mapping(c.mapping),
            ),
            #[cfg(feature = "uintr")]
            Cap::SenderPage(c) => {
                let FileId { hart, number } = c.file;
                let fields = u64::from(c.is_badged) | (hart as u64) << 1 | (number as u64) << 3;
                Self::new(Tag::SenderPage, c.notification.address() as u64, fields, mapping(Some(c.mapping)))
            }
            Cap::Zombie(c) => Self::new(
                Tag::Zombie,
                c.slots.address() as u64,
                u64::from(c.slots.radix()) | (u64::from(c.kind == ZombieKind::Tcb) << 6),
                c.remaining,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::object::{Notification, PageTable};

    fn round_trips(cap: Cap) {
        assert_eq!(RawCap::encode(cap).decode(), cap);
    }

    #[test]
    fn zeroed_words_are_the_null_capability() {
        assert_eq!(RawCap([0, 0]).decode(), Cap::Null);
        assert!(RawCap::NULL.is_null());
    }

    #[test]
    fn kernel_addresses_keep_their_sign() {
        let raw = RawCap::new(Tag::Thread, 0xffff_ffc0_8020_0800, 0, 0);
        assert_eq!(raw.kernel_address(Tag::Thread) as u64, 0xffff_ffc0_8020_0800);
    }

    proptest! {
        #[test]
        fn untyped_caps_round_trip(page in 0u64..1 << 27, size_bits in 4u8..=38, device: bool, units in 0u64..1 << 34) {
            let watermark = (units << 4) & ((1 << size_bits) | ((1 << size_bits) - 1));
            round_trips(Cap::Untyped(UntypedCap { base: PhysAddr(page << 12), size_bits, device, watermark }));
        }

        #[test]
        fn frame_caps_round_trip(page in 0u64..1 << 27, size in 0u64..3, device: bool, rights in 1u64..4, asid: u16, vpage in 0u64..1 << 27) {
            let mapping = (asid != 0).then_some(Mapping { asid: Asid(asid), vaddr: vpage << 12 });
            round_trips(Cap::Frame(FrameCap {
                base: PhysAddr(page << 12), size: FrameSize::from_index(size), device, rights: VmRights::from_bits(rights), mapping,
            }));
        }

        #[test]
        fn object_caps_round_trip(rights in 0u64..16, badge: u64, asid: u16, vpage in 0u64..1 << 27) {
            let notification: &'static Notification = Box::leak(Box::default());
            let table: &'static PageTable = Box::leak(Box::default());
            let rights = CapRights::from_word(rights);
            round_trips(Cap::Notification(NotificationCap { notification: Obj::from_static(notification), badge, rights }));
            let mapping = (asid != 0).then_some(Mapping { asid: Asid(asid), vaddr: vpage << 12 });
            round_trips(Cap::PageTable(PageTableCap { table: Obj::from_static(table), mapping }));
        }

        #[cfg(feature = "uintr")]
        #[test]
        fn sender_page_caps_round_trip(is_badged: bool, hart in 0usize..4, number in 1usize..64, asid in 1u16.., vpage in 0u64..1 << 27) {
            let notification: &'static Notification = Box::leak(Box::default());
            let mapping = Mapping { asid: Asid(asid), vaddr: vpage << 12 };
            let notification = Obj::from_static(notification);
            let file = FileId { hart, number };
            round_trips(Cap::SenderPage(SenderPageCap { notification, is_badged, file, mapping }));
        }

        #[test]
        fn arbitrary_irq_numbers_round_trip(irq: u16) {
            round_trips(Cap::IrqHandler(irq));
        }
    }
}
