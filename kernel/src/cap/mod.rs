//! Capabilities: what they say ([`Cap`]), how they are stored ([`raw`]), where ([`slot`]), how they derive from one another
//! ([`derivation`]), how an address names one ([`lookup`]) and how they go away ([`delete`]).

pub mod delete;
pub mod derivation;
pub mod derive;
pub mod lookup;
mod raw;
pub mod slot;

pub use raw::RawCap;

use rel4_abi::CapRights;

use crate::arch::PhysAddr;
use crate::obj::Obj;
use crate::object::{AsidPool, CNode, Endpoint, Notification, PageTable, Tcb};
use crate::vm::{Asid, FrameSize, VmRights};

/// What a capability grants, decoded from its two stored words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cap {
    /// The empty slot.
    Null,
    /// Memory that can be retyped into objects.
    Untyped(UntypedCap),
    /// A synchronous IPC rendezvous.
    Endpoint(EndpointCap),
    /// A word of badge bits and its waiters.
    Notification(NotificationCap),
    /// The right to answer one blocked caller.
    Reply(ReplyCap),
    /// A table of capability slots.
    CNode(CNodeCap),
    /// A thread.
    Thread(Obj<Tcb>),
    /// Authority over all interrupt sources.
    IrqControl,
    /// Authority over one interrupt source.
    IrqHandler(u16),
    /// Authority over scheduling domains.
    Domain,
    /// Authority to create ASID pools.
    AsidControl,
    /// A pool of address-space identifiers.
    AsidPool(AsidPoolCap),
    /// A page table of any level.
    PageTable(PageTableCap),
    /// A mappable frame.
    Frame(FrameCap),
    /// A CNode or TCB in the middle of its deletion.
    Zombie(ZombieCap),
    /// A mapping of the page through which a U-notification is sent.
    #[cfg(feature = "uintr")]
    SenderPage(SenderPageCap),
}

/// Capability to untyped memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UntypedCap {
    /// First byte, physical.
    pub base: PhysAddr,
    /// log2 of the size in bytes.
    pub size_bits: u8,
    /// Device memory: never touched by the kernel.
    pub device: bool,
    /// Offset in bytes of the first byte not yet given out.
    pub watermark: u64,
}

impl UntypedCap {
    /// Size in bytes.
    pub const fn size(&self) -> u64 {
        1 << self.size_bits
    }
}

/// Capability to an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndpointCap {
    /// The endpoint.
    pub endpoint: Obj<Endpoint>,
    /// Delivered to the receiver; 0 is unbadged.
    pub badge: u64,
    /// Write = send, Read = receive, Grant, GrantReply.
    pub rights: CapRights,
}

/// Capability to a notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotificationCap {
    /// The notification.
    pub notification: Obj<Notification>,
    /// Bits that a signal sets; 0 is unbadged.
    pub badge: u64,
    /// Write = signal, Read = wait.
    pub rights: CapRights,
}

/// Capability to answer a caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplyCap {
    /// The thread that waits for the answer.
    pub caller: Obj<Tcb>,
    /// The hidden original in the caller's own TCB, parent of the one that is handed out.
    pub master: bool,
    /// The answer may carry capabilities.
    pub can_grant: bool,
}

/// Capability to a CNode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CNodeCap {
    /// The table of slots.
    pub node: CNode,
    /// Bits that an address must show before the slot index.
    pub guard: u64,
    /// How many guard bits.
    pub guard_size: u8,
}

/// Capability to an ASID pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AsidPoolCap {
    /// The pool.
    pub pool: Obj<AsidPool>,
    /// The pool's first ASID.
    pub base: Asid,
}

/// Where a frame or page table is mapped, as recorded in its capability.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// The address space, never 0.
    pub asid: Asid,
    /// First virtual address covered.
    pub vaddr: u64,
}

/// Capability to a page table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageTableCap {
    /// The table.
    pub table: Obj<PageTable>,
    /// Where it is mapped, or its ASID with address 0 if it is a root.
    pub mapping: Option<Mapping>,
}

/// Capability to a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameCap {
    /// First byte, physical.
    pub base: PhysAddr,
    /// 4 KiB, 2 MiB or 1 GiB.
    pub size: FrameSize,
    /// Device memory: never touched by the kernel.
    pub device: bool,
    /// What a mapping may allow.
    pub rights: VmRights,
    /// Where this capability has the frame mapped.
    pub mapping: Option<Mapping>,
}

/// Capability to the mapping of a sender page.
#[cfg(feature = "uintr")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SenderPageCap {
    /// The notification whose receiver owns the interrupt file. The capability keeps it alive like one to the notification itself.
    pub notification: Obj<Notification>,
    /// It was made through a badged capability.
    pub is_badged: bool,
    /// The file whose page it is.
    pub file: crate::uintr::FileId,
    /// Where the page is mapped.
    pub mapping: Mapping,
}

/// What remains of the last capability to a CNode or TCB while its slots are being emptied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ZombieCap {
    /// The slots of the dying object.
    pub slots: CNode,
    /// Slots `0..remaining` may still hold capabilities.
    pub remaining: u64,
    /// Whether the slots are a TCB's.
    pub kind: ZombieKind,
}

/// Which object a zombie was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ZombieKind {
    /// A capability table.
    CNode,
    /// A thread, of which only the capability slots are left.
    Tcb,
}

impl Cap {
    /// The physical memory that the capability's object occupies, as (first byte, log2 size), for objects that have any.
    pub fn region(&self) -> Option<(PhysAddr, u8)> {
        use rel4_abi::object as size;
        let kernel = |address: usize, bits: u32| Some((crate::arch::virt_to_phys(address), bits as u8));
        match self {
            Cap::Untyped(cap) => Some((cap.base, cap.size_bits)),
            Cap::Frame(cap) => Some((cap.base, cap.size.bits())),
            Cap::Endpoint(cap) => kernel(cap.endpoint.address(), size::ENDPOINT_BITS),
            Cap::Notification(cap) => kernel(cap.notification.address(), size::NOTIFICATION_BITS),
            Cap::CNode(cap) => kernel(cap.node.address(), u32::from(cap.node.radix()) + size::SLOT_BITS),
            Cap::Thread(tcb) => kernel(tcb.address(), size::TCB_BITS),
            Cap::PageTable(cap) => kernel(cap.table.address(), size::PAGE_TABLE_BITS),
            Cap::AsidPool(cap) => kernel(cap.pool.address(), size::ASID_POOL_BITS),
            Cap::Zombie(cap) => match cap.kind {
                ZombieKind::CNode => {
                    kernel(cap.slots.address(), u32::from(cap.slots.radix()) + size::SLOT_BITS)
                }
                ZombieKind::Tcb => kernel(cap.slots.address(), size::TCB_BITS),
            },
            #[cfg(feature = "uintr")]
            Cap::SenderPage(cap) => kernel(cap.notification.address(), size::NOTIFICATION_BITS),
            Cap::Null
            | Cap::Reply(_)
            | Cap::IrqControl
            | Cap::IrqHandler(_)
            | Cap::Domain
            | Cap::AsidControl => None,
        }
    }

    /// The number that seL4 gives the capability's type.
    #[cfg(any(feature = "debug", feature = "benchmark"))]
    pub const fn type_number(&self) -> u64 {
        match self {
            Cap::Null => 0,
            Cap::Frame(_) => 1,
            Cap::Untyped(_) => 2,
            Cap::PageTable(_) => 3,
            Cap::Endpoint(_) => 4,
            Cap::Notification(_) => 6,
            Cap::Reply(_) => 8,
            Cap::CNode(_) => 10,
            Cap::AsidControl => 11,
            Cap::Thread(_) => 12,
            Cap::AsidPool(_) => 13,
            Cap::IrqControl => 14,
            Cap::IrqHandler(_) => 16,
            #[cfg(feature = "uintr")]
            Cap::SenderPage(_) => 1,
            Cap::Zombie(_) => 18,
            Cap::Domain => 20,
        }
    }
}
