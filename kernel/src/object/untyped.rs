//! Untyped memory: clearing it and making objects out of it.
#![allow(unsafe_code, reason = "raw memory becomes kernel objects")]

use rel4_abi::{CapRights, ObjectType};

use super::{AsidPool, CNode, Endpoint, Notification, Tcb};
use crate::arch::{self, PageTable, PhysAddr};
use crate::cap::slot::Slot;
use crate::cap::{
    AsidPoolCap, CNodeCap, Cap, EndpointCap, FrameCap, NotificationCap, PageTableCap, UntypedCap, derivation,
};
use crate::config::TIME_SLICE_TICKS;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::preempt::{Preempted, preemption_point};
use crate::vm::{Asid, FrameSize, VmRights};

/// Bytes cleared between two preemption points.
const RESET_CHUNK_BYTES: u64 = 256;

/// A request to make objects.
pub struct Retype {
    /// What.
    pub object_type: ObjectType,
    /// log2 of the size, for types that have one.
    pub size_bits: u8,
    /// Where their capabilities go.
    pub node: CNode,
    /// The first slot there.
    pub offset: u64,
    /// How many.
    pub count: u64,
}

fn untyped_in(slot: Obj<Slot>) -> UntypedCap {
    match slot.cap() {
        Cap::Untyped(cap) => cap,
        other => unreachable!("the slot was just seen to hold an untyped, not {other:?}"),
    }
}

/// Takes back all memory of an untyped without children: clears what was used, from the top down, and sets the watermark to 0.
pub fn reset(k: &Kernel, slot: Obj<Slot>) -> Result<(), Preempted> {
    let cap = untyped_in(slot);
    if cap.device || cap.size() < RESET_CHUNK_BYTES {
        if !cap.device {
            clear(cap.base, cap.watermark);
        }
        slot.set_cap(Cap::Untyped(UntypedCap { watermark: 0, ..cap }));
        return Ok(());
    }
    let mut used = cap.watermark.next_multiple_of(RESET_CHUNK_BYTES);
    while used > 0 {
        used -= RESET_CHUNK_BYTES;
        clear(cap.base.offset(used), RESET_CHUNK_BYTES);
        slot.set_cap(Cap::Untyped(UntypedCap { watermark: used, ..cap }));
        preemption_point(k)?;
    }
    Ok(())
}

/// Makes objects at the watermark of the untyped in `slot`. That they fit, and that the destination slots exist and are empty, was
/// checked.
pub fn retype(k: &Kernel, slot: Obj<Slot>, request: &Retype) {
    let cap = untyped_in(slot);
    let object_bits = request.object_type.size_bits(u32::from(request.size_bits));
    let object_bytes = 1u64 << object_bits;
    let first = cap.watermark.next_multiple_of(object_bytes);
    let end = first + object_bytes * request.count;
    debug_assert!(end <= cap.size());
    slot.set_cap(Cap::Untyped(UntypedCap { watermark: end, ..cap }));
    for index in 0..request.count {
        let at = cap.base.offset(first + index * object_bytes);
        // SAFETY: the memory lies between the old and the new watermark, so no object or frame uses it, and it is zero: it was
        // cleared by `reset`, or has been since the untyped was made. It is aligned to its size.
        let object = unsafe { create(k, request, at, cap.device) };
        derivation::insert_object(object, slot, request.node.slot(request.offset + index));
    }
}

/// Makes an ASID pool out of a whole untyped of its size.
pub fn retype_as_asid_pool(k: &Kernel, slot: Obj<Slot>, base: Asid, destination: Obj<Slot>) {
    let cap = untyped_in(slot);
    slot.set_cap(Cap::Untyped(UntypedCap { watermark: cap.size(), ..cap }));
    // What was never given out is clear.
    clear(cap.base, cap.watermark);
    // SAFETY: the untyped has no children and is 4 KiB large and so aligned; zeroed memory is an empty pool.
    let pool = unsafe { Obj::<AsidPool>::from_address(arch::phys_to_virt(cap.base) as usize) };
    derivation::insert(Cap::AsidPool(AsidPoolCap { pool, base }), slot, destination);
    k.asids.add_pool(base, pool);
}

/// # Safety
///
/// `at` is the start of unused, zeroed memory of the object's size, aligned to it, and RAM unless `device`.
unsafe fn create(k: &Kernel, request: &Retype, at: PhysAddr, device: bool) -> Cap {
    let frame =
        |size| Cap::Frame(FrameCap { base: at, size, device, rights: VmRights::ReadWrite, mapping: None });
    let address = arch::phys_to_virt(at) as usize;
    match request.object_type {
        ObjectType::Untyped => {
            Cap::Untyped(UntypedCap { base: at, size_bits: request.size_bits, device, watermark: 0 })
        }
        ObjectType::Page => frame(FrameSize::Page),
        ObjectType::MegaPage => frame(FrameSize::Mega),
        ObjectType::GigaPage => frame(FrameSize::Giga),
        ObjectType::Tcb => {
            // SAFETY: by this function's contract.
            let tcb = unsafe { create_tcb(address) };
            tcb.time_slice.set(TIME_SLICE_TICKS);
            tcb.domain.set(k.domains.current());
            tcb.set_affinity(arch::hart_index());
            #[cfg(feature = "debug")]
            {
                tcb.set_name(b"child of: '".iter().copied().chain(k.current().name().bytes()).chain(*b"'"));
                k.threads.insert(tcb);
            }
            Cap::Thread(tcb)
        }
        ObjectType::Endpoint => Cap::Endpoint(EndpointCap {
            // SAFETY: zeroed memory is an idle endpoint.
            endpoint: unsafe { Obj::<Endpoint>::from_address(address) },
            badge: 0,
            rights: CapRights::ALL,
        }),
        ObjectType::Notification => Cap::Notification(NotificationCap {
            // SAFETY: zeroed memory is an idle notification.
            notification: unsafe { Obj::<Notification>::from_address(address) },
            badge: 0,
            rights: CapRights::ALL,
        }),
        ObjectType::CNode => Cap::CNode(CNodeCap {
            // SAFETY: zeroed memory is a row of empty slots, and the object is 2^size_bits of them large.
            node: unsafe { CNode::from_parts(Obj::from_address(address), request.size_bits) },
            guard: 0,
            guard_size: 0,
        }),
        ObjectType::PageTable => Cap::PageTable(PageTableCap {
            // SAFETY: zeroed memory is a table that maps nothing.
            table: unsafe { Obj::<PageTable>::from_address(address) },
            mapping: None,
        }),
    }
}

/// # Safety
///
/// `address` is the start of unused, zeroed memory of a TCB's size and alignment.
pub(crate) unsafe fn create_tcb(address: usize) -> Obj<Tcb> {
    let raw: *mut Tcb = core::ptr::with_exposed_provenance_mut(address);
    // SAFETY: every field but this one is integers, cells of them, optional handles, or `ThreadState` (tag 0 is Inactive), for
    // which zero is the right initial value; the layout of `Option<Fault>` is the compiler's, so it is written.
    let tcb = unsafe {
        (&raw mut (*raw).fault).write(core::cell::Cell::new(None));
        Obj::<Tcb>::from_address(address)
    };
    tcb.mode_state.reset();
    tcb
}

/// Clears memory of an untyped without children, from the address `at` on. Both are multiples of the smallest untyped's size.
fn clear(at: PhysAddr, bytes: u64) {
    const WORDS_PER_ROUND: usize = 8;
    let (first, words): (*mut u64, _) = (arch::phys_to_virt(at).cast(), bytes as usize / size_of::<u64>());
    let mut done = 0;
    while words - done >= WORDS_PER_ROUND {
        // Store by store, lest each word cost a turn of a loop; volatile, lest the stores become a call that has to look at length and
        // alignment first.
        macro_rules! clear_words {
            ($($word:literal)*) => {
                // SAFETY: nothing refers to the memory, which is aligned RAM in the kernel's window.
                unsafe { $(first.add(done + $word).write_volatile(0);)* }
            };
        }
        clear_words!(0 1 2 3 4 5 6 7);
        done += WORDS_PER_ROUND;
    }
    for word in done..words {
        // SAFETY: as above.
        unsafe { first.add(word).write_volatile(0) };
    }
}
