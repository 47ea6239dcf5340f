//! The machine: RAM with leftovers in it, a device tree, a booted kernel.

use std::alloc::{Layout, alloc, dealloc};
use std::boxed::Box;

use core::mem::MaybeUninit;
use core::ops::Range;

use rel4_abi::user_context::Register;
use rel4_abi::{
    BootInfo, CapRights, InitialSlot, Invocation, InvocationError, LabelSet, MessageInfo, ObjectType, Syscall,
};

use super::{fastpath, invariants};
use crate::arch::{self, ARENA, ARENA_PADDR, IMAGE_BYTES, PhysAddr};
use crate::boot::{LoaderArguments, boot};
use crate::cap::slot::Slot;
use crate::cap::{CNodeCap, Cap, lookup};
use crate::ipc;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::{CNode, Tcb};
use crate::trap::{self, Cause};

/// The label table that the kernel speaks.
pub(super) const LABELS: LabelSet = if cfg!(feature = "smp") { LabelSet::Smp } else { LabelSet::SingleCore };

/// What threads send to and receive from, where a test does not care what it is.
pub(super) const PARTNER: ObjectType =
    if ipc::IS_PRESENT { ObjectType::Endpoint } else { ObjectType::Notification };

const RAM_BYTES: usize = 16 << 20;
const ALIGN: usize = 2 << 20;
const IMAGE_PAGES: u64 = 2;
const IMAGE_VADDR: u64 = 0x1_0000;
/// What RAM is full of after power-on: anything but zero.
const LEFTOVER: u8 = 0xa5;

/// A booted machine. One per thread of the test process.
pub(super) struct Machine {
    memory: *mut u8,
    ram_bytes: usize,
    kernel: *mut Kernel,
    pub(super) k: &'static Kernel,
    next_free: u64,
    /// Whether the data structures are checked after every kernel entry.
    pub(super) checks_each_entry: bool,
    /// The slots of the root task's CNode and thread, whoever still has a capability to these. Their memory is never used again, so what
    /// is left in them when they are deleted stays.
    pub(super) boot: [CNode; 2],
    /// The slots in it that hold the machine's memory after boot.
    pub(super) untypeds: Range<u64>,
}

/// What a Call returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) badge: u64,
    pub(super) info: MessageInfo,
    pub(super) words: [u64; 4],
    /// Word 4 of the IPC buffer, which the longest error answer uses.
    pub(super) fifth: u64,
}

impl Reply {
    /// The result of an invocation.
    pub(super) fn result(&self) -> Result<[u64; 4], InvocationError> {
        let [a, b, c, d] = self.words;
        match InvocationError::decode(self.info.label(), [a, b, c, d, self.fifth]) {
            Some(error) => Err(error),
            None => Ok(self.words),
        }
    }
}

impl Machine {
    pub(super) fn new() -> Self {
        Self::with_ram(RAM_BYTES)
    }

    pub(super) fn with_ram(ram_bytes: usize) -> Self {
        let layout = Layout::from_size_align(ram_bytes, ALIGN).unwrap();
        // SAFETY: the layout has a size; the memory is filled before anything reads it.
        let memory = unsafe {
            let memory = alloc(layout);
            memory.write_bytes(LEFTOVER, ram_bytes);
            memory
        };
        assert!(ARENA.replace(memory.expose_provenance()) == 0, "one machine at a time per thread");
        arch::reset();
        let tree = device_tree(ram_bytes);
        let image_start = ARENA_PADDR + IMAGE_BYTES + 0x2000;
        let device_tree = ARENA_PADDR + IMAGE_BYTES;
        // SAFETY: both lie in the arena.
        unsafe { arch::phys_to_virt(PhysAddr(device_tree)).copy_from(tree.as_ptr(), tree.len()) };
        let arguments = LoaderArguments {
            image_start,
            image_end: image_start + IMAGE_PAGES * 0x1000,
            image_offset: image_start - IMAGE_VADDR,
            entry: IMAGE_VADDR,
            device_tree,
            device_tree_bytes: tree.len() as u64,
            hart: 0,
            core: 0,
        };
        let kernel: *mut MaybeUninit<Kernel> = Box::leak(Box::new(MaybeUninit::uninit()));
        // SAFETY: never freed, and this is the only reference.
        let k = boot(&arguments, unsafe { &mut *kernel });
        let Cap::CNode(CNodeCap { node, .. }) = k.current().cspace_root().cap() else {
            panic!("the root task has no CNode")
        };
        let boot = [node, Tcb::slots(k.current())];
        let mut machine = Self {
            memory,
            ram_bytes,
            kernel: kernel.cast(),
            k,
            next_free: 0,
            checks_each_entry: true,
            boot,
            untypeds: 0..0,
        };
        let info = machine.boot_info();
        (machine.next_free, machine.untypeds) = (info.empty.start, info.untyped.start..info.untyped.end);
        machine.check_all();
        machine
    }

    fn check_entry(&self) {
        if self.checks_each_entry {
            self.check();
        }
    }

    /// Checks that the kernel's data structures hang together.
    pub(super) fn check(&self) {
        invariants::check(self.k, &self.boot);
    }

    /// Checks in addition what takes longer.
    pub(super) fn check_all(&self) {
        self.check();
        invariants::check_memory(self.k, &self.boot);
    }

    /// Slot `index` of the root task's CNode.
    pub(super) fn root_slot(&self, index: u64) -> Obj<Slot> {
        self.boot[0].slot(index)
    }

    /// What the kernel told the root task.
    pub(super) fn boot_info(&self) -> BootInfo {
        let root = self.k.current();
        let slot = lookup::slot_of_thread(root, InitialSlot::BootInfoFrame as u64).unwrap();
        let Cap::Frame(frame) = slot.cap() else { panic!("no BootInfo frame") };
        // SAFETY: the kernel put a BootInfo there.
        unsafe { (*arch::phys_to_virt(frame.base).cast::<BootInfo>()).clone() }
    }

    /// A free slot of the root task's CNode.
    pub(super) fn free_slot(&mut self) -> u64 {
        self.next_free += 1;
        self.next_free - 1
    }

    pub(super) fn current(&self) -> Obj<Tcb> {
        self.k.current()
    }

    /// The capability at `cptr` in the current thread's CSpace.
    pub(super) fn cap(&self, cptr: u64) -> Cap {
        lookup::slot_of_thread(self.current(), cptr).unwrap().cap()
    }

    /// The thread whose capability is at `cptr`.
    pub(super) fn thread(&self, cptr: u64) -> Obj<Tcb> {
        match self.cap(cptr) {
            Cap::Thread(tcb) => tcb,
            other => panic!("{cptr} is no thread but {other:?}"),
        }
    }

    /// Word `index` of a thread's IPC buffer page, if it has one.
    pub(super) fn buffer_word(&self, thread: Obj<Tcb>, index: usize) -> Option<*mut u64> {
        let Cap::Frame(frame) = thread.buffer_slot().cap() else { return None };
        let offset = thread.ipc_buffer.get() & (frame.size.bytes() - 1);
        Some(arch::phys_to_virt(frame.base.offset(offset + index as u64 * 8)).cast())
    }

    /// The current thread executes `ecall` with what its registers hold, on fastpath and slowpath if it can.
    pub(super) fn ecall(&self) {
        let context = &self.current().context;
        context.next_pc.set(context.fault_pc.get() + 4);
        self.enter(Cause::Syscall, || fastpath::ecall_both_ways(self));
    }

    /// The current thread makes a system call with message words and capabilities.
    pub(super) fn syscall(&self, number: u64, cptr: u64, info: MessageInfo, words: &[u64], caps: &[u64]) {
        let thread = self.current();
        thread.context.set(Register::A7, number);
        thread.context.set(Register::A0, cptr);
        thread.context.set(Register::A1, info.0);
        for (index, &word) in words.iter().enumerate() {
            if index < 4 {
                thread.context.set_message_register(index, word);
            } else if let Some(at) = self.buffer_word(thread, 1 + index) {
                // SAFETY: in the buffer's page, in the arena.
                unsafe { at.write(word) };
            }
        }
        for (index, &cap) in caps.iter().enumerate() {
            if let Some(at) = self.buffer_word(thread, 122 + index) {
                // SAFETY: in the buffer's page, in the arena.
                unsafe { at.write(cap) };
            }
        }
        self.ecall();
    }

    /// What the current thread's last system call returned.
    pub(super) fn reply_of(&self, thread: Obj<Tcb>) -> Reply {
        let context = &thread.context;
        Reply {
            badge: context.cptr(),
            info: context.message_info(),
            words: core::array::from_fn(|index| context.message_register(index)),
            // SAFETY: in the buffer's page, in the arena.
            fifth: self.buffer_word(thread, 5).map_or(0, |at| unsafe { at.read() }),
        }
    }

    /// Call with an arbitrary label.
    pub(super) fn call(&self, cptr: u64, label: u64, words: &[u64], caps: &[u64]) -> Reply {
        let thread = self.current();
        let info = MessageInfo::new(label, 0, caps.len(), words.len());
        self.syscall(Syscall::Call.number() as u64, cptr, info, words, caps);
        self.reply_of(thread)
    }

    /// An invocation of the current thread.
    pub(super) fn invoke(
        &self,
        operation: Invocation,
        cptr: u64,
        words: &[u64],
        caps: &[u64],
    ) -> Result<[u64; 4], InvocationError> {
        let label = operation.encode(LABELS).unwrap();
        self.call(cptr, label, words, caps).result()
    }

    pub(super) fn simple(&self, syscall: Syscall, cptr: u64, words: &[u64]) {
        self.syscall(syscall.number() as u64, cptr, MessageInfo::new(0, 0, 0, words.len()), words, &[]);
    }

    /// The largest RAM untyped of BootInfo.
    pub(super) fn big_untyped(&self) -> u64 {
        let info = self.boot_info();
        let ram = |index: &usize| info.untyped_list[*index].is_device == 0;
        let count = info.untyped.len() as usize;
        let largest = (0..count).filter(ram).max_by_key(|&index| info.untyped_list[index].size_bits).unwrap();
        info.untyped.start + largest as u64
    }

    /// Makes one object out of `untyped`; returns its slot.
    pub(super) fn retype_from(
        &mut self,
        untyped: u64,
        object: ObjectType,
        size_bits: u64,
    ) -> Result<u64, InvocationError> {
        let slot = self.free_slot();
        let root = InitialSlot::CNode as u64;
        let words = [object as u64, size_bits, 0, 0, slot, 1];
        self.invoke(Invocation::UntypedRetype, untyped, &words, &[root]).map(|_| slot)
    }

    /// Makes one object.
    pub(super) fn make(&mut self, object: ObjectType, size_bits: u64) -> u64 {
        self.retype_from(self.big_untyped(), object, size_bits).unwrap()
    }

    /// Mints `source` with a badge.
    pub(super) fn mint(&mut self, source: u64, rights: CapRights, badge: u64) -> u64 {
        let (slot, root) = (self.free_slot(), InitialSlot::CNode as u64);
        self.invoke(Invocation::CNodeMint, root, &[slot, 64, source, 64, rights.word(), badge], &[root])
            .unwrap();
        slot
    }

    pub(super) fn delete(&self, slot: u64) -> Result<[u64; 4], InvocationError> {
        self.invoke(Invocation::CNodeDelete, InitialSlot::CNode as u64, &[slot, 64], &[])
    }

    pub(super) fn revoke(&self, slot: u64) -> Result<[u64; 4], InvocationError> {
        self.invoke(Invocation::CNodeRevoke, InitialSlot::CNode as u64, &[slot, 64], &[])
    }

    /// A thread in the root task's own spaces, of the given priority, not started. It has no IPC buffer.
    pub(super) fn make_thread(&mut self, priority: u64) -> u64 {
        let tcb = self.make(ObjectType::Tcb, 0);
        let (root, space) = (InitialSlot::CNode as u64, InitialSlot::VSpace as u64);
        self.invoke(Invocation::TcbConfigure, tcb, &[0, 0, 0, 0], &[root, space, 0]).unwrap();
        self.invoke(Invocation::TcbSetPriority, tcb, &[priority], &[InitialSlot::Tcb as u64]).unwrap();
        tcb
    }

    /// Starts a thread that makes `syscall` on `cptr` as soon as it runs; lets it run if it goes before the caller.
    pub(super) fn resume(&self, tcb: u64) {
        self.invoke(Invocation::TcbResume, tcb, &[], &[]).unwrap();
    }

    /// The kernel tick.
    pub(super) fn tick(&self) {
        arch::set_interrupt_pending(true);
        self.trap(Cause::Interrupt);
    }

    /// The current thread is interrupted, or faults.
    pub(super) fn trap(&self, cause: Cause) {
        let context = &self.current().context;
        context.fault_pc.set(context.next_pc.get());
        self.enter(cause, || match cause {
            Cause::Interrupt => fastpath::interrupt_both_ways(self),
            _ => trap::handle(self.k, cause),
        });
    }

    /// One kernel entry, with what the entry code does around `handle`.
    fn enter(&self, cause: Cause, handle: impl FnOnce()) {
        #[cfg(feature = "benchmark")]
        crate::benchmark::entered(self.k, cause);
        #[cfg(not(feature = "benchmark"))]
        let _ = cause;
        handle();
        #[cfg(feature = "benchmark")]
        crate::benchmark::left(self.k);
        self.check_entry();
    }

    /// Makes an interrupt pending, which the next unit of work of a long operation finds.
    pub(super) fn preempt_soon(&self) {
        arch::set_interrupt_pending(true);
        self.k.work_units.set(u64::MAX >> 1);
    }

    /// No interrupt is pending any more.
    pub(super) fn no_interrupt(&self) {
        arch::set_interrupt_pending(false);
    }

    /// Where the current thread wants to receive capabilities: root, index, depth.
    pub(super) fn set_receive_slot(&self, words: [u64; 3]) {
        for (index, word) in words.into_iter().enumerate() {
            if let Some(at) = self.buffer_word(self.current(), 125 + index) {
                // SAFETY: in the buffer's page, in the arena.
                unsafe { at.write(word) };
            }
        }
    }
}

/// A moment in the life of a machine, but for its hardware.
pub(super) struct Snapshot {
    memory: Vec<u8>,
    kernel: MaybeUninit<Kernel>,
}

impl Machine {
    /// Remembers what is in its memory.
    pub(super) fn snapshot(&self) -> Snapshot {
        let mut kernel = MaybeUninit::<Kernel>::uninit();
        // SAFETY: both are as large as what is copied, and nothing else runs. The copy of the kernel state is only ever copied back.
        let memory = unsafe {
            kernel.as_mut_ptr().copy_from(self.k, 1);
            std::slice::from_raw_parts(self.memory, self.ram_bytes).to_vec()
        };
        Snapshot { memory, kernel }
    }

    /// As [`Machine::snapshot`], in the place of one taken before.
    #[cfg(feature = "async-syscall")]
    pub(super) fn snapshot_into(&self, snapshot: &mut Snapshot) {
        // SAFETY: as in `snapshot`.
        unsafe {
            snapshot.kernel.as_mut_ptr().copy_from(self.k, 1);
            snapshot.memory.as_mut_ptr().copy_from(self.memory, self.ram_bytes);
        }
    }

    /// The address of the first byte of memory that is another one than it was then, but for those in `ignored`.
    #[cfg(feature = "async-syscall")]
    pub(super) fn first_difference(&self, then: &Snapshot, ignored: &[Range<usize>]) -> Option<usize> {
        // SAFETY: the machine's memory, which nothing changes while this looks at it.
        let now = unsafe { std::slice::from_raw_parts(self.memory, self.ram_bytes) };
        let (start, page) = (self.memory.addr(), 4096);
        now.chunks(page)
            .zip(then.memory.chunks(page))
            .enumerate()
            .filter(|(_, (now, then))| now != then)
            .flat_map(|(index, (now, then))| {
                (0..page)
                    .filter(move |&byte| now[byte] != then[byte])
                    .map(move |byte| start + index * page + byte)
            })
            .find(|address| !ignored.iter().any(|range| range.contains(address)))
    }

    /// Goes back to a moment of its own.
    pub(super) fn restore(&mut self, snapshot: &Snapshot) {
        // SAFETY: as in `snapshot`; everything that objects refer to is where it was, and the reference to the kernel state is made anew.
        unsafe {
            self.memory.copy_from(snapshot.memory.as_ptr(), self.ram_bytes);
            self.kernel.copy_from(snapshot.kernel.as_ptr(), 1);
            self.k = &*self.kernel;
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        ARENA.set(0);
        // SAFETY: allocated in `new` with this layout; the machine is gone.
        unsafe { dealloc(self.memory, Layout::from_size_align(self.ram_bytes, ALIGN).unwrap()) };
    }
}

fn device_tree(ram_bytes: usize) -> Vec<u8> {
    let mut tree = vm_fdt::FdtWriter::new().unwrap();
    let root = tree.begin_node("").unwrap();
    tree.property_u32("#address-cells", 2).unwrap();
    tree.property_u32("#size-cells", 2).unwrap();
    let memory = tree.begin_node("memory@80000000").unwrap();
    tree.property_string("device_type", "memory").unwrap();
    let firmware = ARENA_PADDR - 0x8000_0000;
    tree.property_array_u64("reg", &[0x8000_0000, firmware + ram_bytes as u64]).unwrap();
    tree.end_node(memory).unwrap();
    for (name, compatible, base, bytes) in [
        ("clint@2000000", "riscv,clint0", 0x0200_0000, 0x1_0000),
        ("plic@c000000", "riscv,plic0", 0x0c00_0000, 0x60_0000),
        ("aplic@d000000", "riscv,aplic", 0x0d00_0000, 0x8000),
        ("imsics@24000000", "riscv,imsics", 0x2400_0000, 0x4000),
        ("imsics@28000000", "riscv,imsics", 0x2800_0000, 0x1_0000),
    ] {
        let device = tree.begin_node(name).unwrap();
        tree.property_string("compatible", compatible).unwrap();
        tree.property_array_u64("reg", &[base, bytes]).unwrap();
        tree.end_node(device).unwrap();
    }
    tree.end_node(root).unwrap();
    tree.finish().unwrap()
}
