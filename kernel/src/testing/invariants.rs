//! What must hold of the kernel's data structures between any two kernel entries.

use std::collections::{BTreeMap, BTreeSet};

use rel4_abi::vm::{LEAF_LEVEL_BITS, PT_INDEX_BITS, ROOT_LEVEL_BITS, USER_TOP};

use crate::arch::{self, Execute, PageTable, PhysAddr, Pte};
use crate::cap::slot::Slot;
use crate::cap::{Cap, FrameCap, Mapping, RawCap, UntypedCap, ZombieKind, derivation};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::tcb::TCB_SLOTS_IN_USE;
use crate::object::{CNode, Endpoint, Notification, Tcb, ThreadState};
use crate::vm::{Asid, VmRights};

/// Checks everything that can be reached from the boot objects with slots, from the current and the queued threads, and along the derivation lists.
pub(super) fn check(k: &Kernel, boot: &[CNode]) {
    let world = World::reached_from(k, boot);
    for &slot in &world.slots {
        check_links(slot);
    }
    check_current(k);
    for &thread in &world.threads {
        check_thread(k, &world, thread);
    }
    check_queues(&world);
    check_replies(&world);
    check_interrupts(k, &world);
}

/// Checks what takes longer: memory has one use at a time, what is free is clear, and address spaces hold what capabilities say.
pub(super) fn check_memory(k: &Kernel, boot: &[CNode]) {
    let world = World::reached_from(k, boot);
    check_overlap(&world);
    for &slot in &world.slots {
        if let Cap::Untyped(untyped) = slot.cap() {
            check_untyped(&world, slot, &untyped);
        }
    }
    for pool in 0..1 << rel4_abi::vm::NUM_ASID_POOLS_BITS {
        let base = pool << rel4_abi::vm::ASID_POOL_INDEX_BITS;
        if k.asids.pool(Asid(base)).is_none() {
            continue;
        }
        for asid in (base..=base + ((1 << rel4_abi::vm::ASID_POOL_INDEX_BITS) - 1)).map(Asid) {
            if let Some(table) = k.asids.root(asid) {
                check_space(k, &world, asid, table);
            }
        }
    }
}

/// All threads that can be reached, and the addresses of all objects outside the kernel's own state that system calls on the way between
/// threads touch.
pub(super) fn threads_and_objects(k: &Kernel, boot: &[CNode]) -> (Vec<Obj<Tcb>>, BTreeSet<usize>) {
    let world = World::reached_from(k, boot);
    let own = core::ptr::from_ref(k).addr()..core::ptr::from_ref(k).addr() + size_of::<Kernel>();
    let slots = world.slots.iter().map(|slot| slot.address()).filter(|slot| !own.contains(slot));
    let endpoints = world.endpoints.iter().map(|endpoint| endpoint.address());
    let notifications = world.notifications.iter().map(|notification| notification.address());
    let threads = world.threads.iter().map(|thread| thread.address());
    let buffers = world.caps().filter_map(|cap| match cap {
        Cap::Frame(frame) if !frame.device => Some(arch::phys_to_virt(frame.base).addr()),
        _ => None,
    });
    let objects = slots.chain(endpoints).chain(notifications).chain(threads).chain(buffers).collect();
    (world.threads, objects)
}

/// The slots that hold something, what they hold, and the objects that they name.
#[derive(Default)]
struct World {
    slots: Vec<Obj<Slot>>,
    caps: Vec<Cap>,
    threads: Vec<Obj<Tcb>>,
    endpoints: Vec<Obj<Endpoint>>,
    notifications: Vec<Obj<Notification>>,
}

impl World {
    fn reached_from(k: &Kernel, boot: &[CNode]) -> Self {
        let mut world = Self::default();
        let mut seen_slots = BTreeSet::new();
        let mut seen_objects = BTreeSet::new();
        let filled = |node: CNode, count| {
            (0..count).map(move |index| node.slot(index)).filter(|slot: &Obj<Slot>| !slot.is_empty())
        };
        let mut todo: Vec<Obj<Slot>> =
            boot.iter().flat_map(|&node| filled(node, node.slot_count())).collect();
        let mut threads: Vec<_> = k.harts().iter().map(|hart| hart.current.get()).collect();
        for hart in k.harts() {
            hart.ready.for_each(&mut |thread| threads.push(thread));
        }
        loop {
            while let Some(thread) = threads.pop() {
                if seen_objects.insert(thread.address()) {
                    world.threads.push(thread);
                    todo.extend(filled(Tcb::slots(thread), TCB_SLOTS_IN_USE));
                }
            }
            let Some(slot) = todo.pop() else { return world };
            if !seen_slots.insert(slot.address()) {
                continue;
            }
            let cap = slot.cap();
            world.slots.push(slot);
            world.caps.push(cap);
            todo.extend(slot.previous().into_iter().chain(slot.next()));
            match cap {
                Cap::CNode(cap) if seen_objects.insert(cap.node.address()) => {
                    todo.extend(filled(cap.node, cap.node.slot_count()));
                }
                Cap::Zombie(zombie) => {
                    assert!(zombie.remaining <= zombie.slots.slot_count());
                    let used = match zombie.kind {
                        ZombieKind::CNode => zombie.slots.slot_count(),
                        ZombieKind::Tcb => TCB_SLOTS_IN_USE,
                    };
                    for index in zombie.remaining..used {
                        assert!(zombie.slots.slot(index).is_empty(), "a zombie has lost count");
                    }
                    todo.extend(filled(zombie.slots, zombie.remaining));
                }
                Cap::Thread(thread) => threads.push(thread),
                // The hidden original stays in the slots of a dying thread.
                Cap::Reply(cap) if !cap.master => threads.push(cap.caller),
                Cap::Endpoint(cap) if seen_objects.insert(cap.endpoint.address()) => {
                    world.endpoints.push(cap.endpoint);
                }
                Cap::Notification(cap) if seen_objects.insert(cap.notification.address()) => {
                    world.notifications.push(cap.notification);
                }
                #[cfg(feature = "uintr")]
                Cap::SenderPage(cap) if seen_objects.insert(cap.notification.address()) => {
                    world.notifications.push(cap.notification);
                }
                _ => {}
            }
        }
    }

    fn caps(&self) -> impl Iterator<Item = Cap> {
        self.caps.iter().copied()
    }
}

/// The derivation list is doubly linked, and stored capabilities decode to themselves.
fn check_links(slot: Obj<Slot>) {
    let cap = slot.cap();
    assert_eq!(RawCap::encode(cap), slot.raw(), "a stored capability has bits that mean nothing: {cap:?}");
    if let Some(next) = slot.next() {
        assert_eq!(next.previous(), Some(slot), "the list is torn behind {cap:?}");
        assert!(!next.is_empty(), "an empty slot is listed behind {cap:?}");
    }
    if let Some(previous) = slot.previous() {
        assert_eq!(previous.next(), Some(slot), "the list is torn before {cap:?}");
    }
}

fn check_current(k: &Kernel) {
    for (index, hart) in k.harts().iter().enumerate() {
        let current = hart.current.get();
        if current != hart.idle() {
            assert!(current.is_runnable(), "the current thread cannot run: {:?}", current.state());
            assert_eq!(current.affinity(), index, "a thread runs on a hart that is not its own");
        }
        assert!(!current.queued.get(), "the current thread is queued");
    }
}

fn check_thread(k: &Kernel, world: &World, thread: Obj<Tcb>) {
    if k.harts().iter().any(|hart| hart.idle() == thread) {
        return;
    }
    assert!(world.caps().any(|cap| cap == Cap::Thread(thread)), "a thread without a capability is reachable");
    if thread.queued.get() {
        assert!(thread.is_runnable(), "a thread that cannot run is queued: {:?}", thread.state());
    }
    if thread.is_runnable() {
        let is_current = k.home(thread).current.get() == thread;
        assert!(thread.queued.get() || is_current, "a runnable thread would never run");
    }
    if let Some(notification) = thread.bound_notification() {
        assert_eq!(notification.bound_thread(), Some(thread));
        assert!(world.notifications.contains(&notification), "bound to a notification that is gone");
    }
    match thread.state() {
        ThreadState::BlockedOnReply => {
            assert!(!thread.reply_master().is_empty(), "waits for a reply that nobody can send");
        }
        ThreadState::BlockedOnReceive { endpoint, .. } => assert!(world.endpoints.contains(&endpoint)),
        ThreadState::BlockedOnSend(pending) => assert!(world.endpoints.contains(&pending.endpoint)),
        ThreadState::BlockedOnNotification(notification) => {
            assert!(world.notifications.contains(&notification));
        }
        ThreadState::Inactive | ThreadState::Running | ThreadState::Restart => {}
    }
    assert!(matches!(thread.cspace_root().cap(), Cap::Null | Cap::CNode(_) | Cap::Zombie(_)));
    assert!(matches!(thread.vspace_root().cap(), Cap::Null | Cap::PageTable(_)));
    assert!(matches!(thread.reply_master().cap(), Cap::Null | Cap::Reply(_)));
    assert!(matches!(thread.caller_slot().cap(), Cap::Null | Cap::Reply(_)));
    #[cfg(feature = "async-syscall")]
    check_rings(thread);
    match thread.buffer_slot().cap() {
        Cap::Null => {}
        Cap::Frame(frame) => assert!(!frame.device, "the kernel would write to a device"),
        other => panic!("the IPC buffer is no frame but {other:?}"),
    }
}

/// The kernel reads and writes rings in memory of user space only.
#[cfg(feature = "async-syscall")]
fn check_rings(thread: Obj<Tcb>) {
    match thread.ring_frame_slot().cap() {
        Cap::Null => {}
        Cap::Frame(frame) => {
            assert!(!frame.device && frame.mapping.is_none(), "no frame for rings: {frame:?}");
        }
        other => panic!("the rings are in no frame but {other:?}"),
    }
    assert!(matches!(thread.ring_notification_slot().cap(), Cap::Null | Cap::Notification(_)));
}

/// A thread waits in the queue that its state names, and in no other.
fn check_queues(world: &World) {
    let waits_at = |thread: &Obj<Tcb>| match thread.state() {
        ThreadState::BlockedOnReceive { endpoint, .. } => Some((endpoint.address(), 'r')),
        ThreadState::BlockedOnSend(pending) => Some((pending.endpoint.address(), 's')),
        ThreadState::BlockedOnNotification(notification) => Some((notification.address(), 'n')),
        _ => None,
    };
    let mut waiting: BTreeMap<(usize, char), BTreeSet<usize>> = BTreeMap::new();
    for thread in &world.threads {
        if let Some(place) = waits_at(thread) {
            waiting.entry(place).or_default().insert(thread.address());
        }
    }
    let mut queued: BTreeMap<(usize, char), BTreeSet<usize>> = BTreeMap::new();
    let queues = world
        .endpoints
        .iter()
        .map(|endpoint| endpoint.waiting())
        .chain(world.notifications.iter().map(|notification| notification.waiting()));
    for queue in queues {
        let places: BTreeSet<_> = queue.iter().map(waits_at).collect();
        assert!(places.len() <= 1, "a queue holds threads that do not wait for the same thing: {places:?}");
        if let Some(&place) = places.first() {
            let place = place.expect("a thread that does not wait is in a queue");
            queued.insert(place, queue.iter().map(|thread| thread.address()).collect());
        }
    }
    assert_eq!(waiting, queued);
}

/// A reply capability exists only while its caller waits, and only one.
fn check_replies(world: &World) {
    let mut callers = BTreeSet::new();
    for cap in world.caps() {
        if let Cap::Reply(cap) = cap
            && !cap.master
        {
            assert_eq!(cap.caller.state(), ThreadState::BlockedOnReply, "the caller does not wait");
            assert!(callers.insert(cap.caller.address()), "a caller can be answered twice");
        }
    }
}

/// A source belongs to user space exactly as long as a handler capability for it exists.
fn check_interrupts(k: &Kernel, world: &World) {
    let held: BTreeSet<u16> = world
        .caps()
        .filter_map(|cap| if let Cap::IrqHandler(irq) = cap { Some(irq) } else { None })
        .collect();
    for irq in 1..=arch::MAX_DEVICE_IRQ {
        assert_eq!(k.irqs.is_taken(irq), held.contains(&irq), "interrupt {irq}");
    }
}

fn end((base, bits): (PhysAddr, u8)) -> u64 {
    base.0 + (1 << bits)
}

/// No two objects share memory.
fn check_overlap(world: &World) {
    let mut objects: Vec<(u64, u64, u8)> = world
        .caps()
        .filter(|cap| !matches!(cap, Cap::Untyped(_)))
        .filter_map(|cap| {
            let region = cap.region()?;
            let kind = match cap {
                Cap::Frame(frame) => 1 + u8::from(frame.device),
                Cap::Endpoint(_) => 3,
                Cap::Notification(_) => 4,
                #[cfg(feature = "uintr")]
                Cap::SenderPage(_) => 4,
                Cap::CNode(_) => 5,
                Cap::Thread(_) => 6,
                Cap::PageTable(_) => 7,
                Cap::AsidPool(_) => 8,
                _ => 9,
            };
            Some((region.0.0, end(region), kind))
        })
        .collect();
    objects.sort_unstable();
    objects.dedup();
    for pair in objects.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "two objects share memory: {pair:x?}");
    }
}

/// All that was made of an untyped is found by revoking it and lies below its watermark; what lies above is clear.
fn check_untyped(world: &World, slot: Obj<Slot>, untyped: &UntypedCap) {
    let region = (untyped.base, untyped.size_bits);
    let mut descendants = BTreeSet::new();
    let mut next = slot.next();
    while let Some(child) = next.filter(|&child| derivation::is_parent(slot, child)) {
        let cap = child.cap();
        if let Some(inner) = cap.region() {
            assert!(end(inner) <= untyped.base.0 + untyped.watermark, "{cap:?} lies above the watermark");
        }
        descendants.insert(child.address());
        next = child.next();
    }
    for (other, cap) in world.slots.iter().zip(world.caps()) {
        let Some(inner) = cap.region() else { continue };
        let is_inside = inner.0 >= region.0 && end(inner) <= end(region);
        // An untyped of the same memory may be the ancestor of this one.
        let may_be_ancestor = matches!(cap, Cap::Untyped(_)) && inner == region;
        if is_inside && !may_be_ancestor {
            assert!(descendants.contains(&other.address()), "{cap:?} escapes {untyped:?}");
        }
    }
    if !untyped.device {
        let free = arch::phys_to_virt(untyped.base.offset(untyped.watermark));
        // SAFETY: RAM of the machine; nothing else runs.
        let free = unsafe { std::slice::from_raw_parts(free, (untyped.size() - untyped.watermark) as usize) };
        assert!(
            free.chunks(4096).all(|chunk| chunk == &[0; 4096][..chunk.len()]),
            "{untyped:?} has dirty memory"
        );
    }
}

/// Every entry of an address space is vouched for by a capability that records it.
fn check_space(k: &Kernel, world: &World, asid: Asid, root: Obj<PageTable>) {
    let root_mapping = Some(Mapping { asid, vaddr: 0 });
    let is_root =
        |cap| matches!(cap, Cap::PageTable(cap) if cap.table == root && cap.mapping == root_mapping);
    assert!(world.caps().any(is_root), "the root table of {asid:?} is gone");
    check_table(k, world, asid, root, 0, ROOT_LEVEL_BITS);
}

fn check_table(k: &Kernel, world: &World, asid: Asid, table: Obj<PageTable>, start: u64, bits: u32) {
    for (index, entry) in table.entries().iter().enumerate() {
        let entry = entry.get();
        if entry == Pte::INVALID {
            continue;
        }
        let vaddr = start + ((index as u64) << bits);
        assert!(vaddr < USER_TOP, "user space has mapped {vaddr:#x}");
        let mapping = Some(Mapping { asid, vaddr });
        if let Some(below) = entry.table() {
            assert!(bits > LEAF_LEVEL_BITS, "a table stands below the last level");
            let is_it =
                |cap| matches!(cap, Cap::PageTable(cap) if cap.table == below && cap.mapping == mapping);
            assert!(world.caps().any(is_it), "{vaddr:#x} leads to a table that is gone");
            check_table(k, world, asid, below, vaddr, bits - PT_INDEX_BITS);
        } else {
            let vouches = |cap| match cap {
                Cap::Frame(cap) => {
                    u32::from(cap.size.bits()) == bits
                        && cap.mapping == mapping
                        && allowed_leaves(&cap).any(|leaf| leaf == entry)
                }
                cap => is_sender_page(k, &cap, mapping, entry),
            };
            assert!(world.caps().any(vouches), "no capability allows {entry:x?} at {vaddr:#x}");
        }
    }
}

/// What a frame capability allows to be written into a page table.
fn allowed_leaves(frame: &FrameCap) -> impl Iterator<Item = Pte> {
    let (base, most) = (frame.base, frame.rights.bits());
    [VmRights::KernelOnly, VmRights::ReadOnly, VmRights::ReadWrite]
        .into_iter()
        .filter(move |rights| rights.bits() <= most)
        .flat_map(move |rights| {
            [Execute::Allowed, Execute::Never]
                .map(|execute| Pte::user_leaf(base, rights, execute, arch::USER_PRIVILEGE))
        })
}

/// Whether the entry maps a sender page as the capability says.
#[cfg(feature = "uintr")]
fn is_sender_page(k: &Kernel, cap: &Cap, mapping: Option<Mapping>, entry: Pte) -> bool {
    matches!(cap, Cap::SenderPage(cap) if Some(cap.mapping) == mapping && entry.is_leaf_to(cap.file.page(k)))
}

#[cfg(not(feature = "uintr"))]
fn is_sender_page(_k: &Kernel, _cap: &Cap, _mapping: Option<Mapping>, _entry: Pte) -> bool {
    false
}
