//! What the root task makes objects of, and the making.

use core::fmt;

use rel4_abi::object::PAGE_BITS;
use rel4_abi::{BootInfo, CPtr, CapRights, InitialSlot, ObjectType, SlotRegion};

use crate::cap::{AsidPool, CNode, Frame, IrqControl, Slot, Tcb, Untyped, VSpace};
use crate::error;
use crate::slots::SlotAllocator;
use crate::untyped::{DeviceStep, Memory, UntypedPool};
use crate::vaddr;

/// Why something could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceError {
    /// No untyped has room.
    OutOfMemory {
        /// Size of the object, as a power of two.
        size_bits: u32,
    },
    /// The `CSpace` is full.
    OutOfSlots,
    /// No untyped has the device page, or it is given out.
    NoDevice {
        /// Physical address of the page.
        paddr: u64,
    },
    /// The kernel refused.
    Kernel(error::Error),
}

impl From<error::Error> for ResourceError {
    fn from(error: error::Error) -> Self {
        Self::Kernel(error)
    }
}

/// One token, so that it can stand in a record.
impl fmt::Display for ResourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory { size_bits } => write!(f, "OutOfMemory/{size_bits}"),
            Self::OutOfSlots => f.write_str("OutOfSlots"),
            Self::NoDevice { paddr } => write!(f, "NoDevice/{paddr:#x}"),
            Self::Kernel(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ResourceError {}

/// Memory, capability slots and address space of the root task, or of another task whose `CSpace` starts like the root
/// task's.
#[derive(Debug)]
pub struct Resources {
    untypeds: UntypedPool,
    slots: SlotAllocator,
    next_window_vaddr: u64,
}

impl Resources {
    /// Root of the root task's `CSpace`.
    pub const CNODE: CNode = CNode(InitialSlot::CNode.cptr());
    /// The root task's address space.
    pub const VSPACE: VSpace = VSpace(InitialSlot::VSpace.cptr());
    /// The root task's thread.
    pub const TCB: Tcb = Tcb(InitialSlot::Tcb.cptr());
    /// What hands interrupts out.
    pub const IRQ_CONTROL: IrqControl = IrqControl(InitialSlot::IrqControl.cptr());
    /// The pool that the root task's ASID is from, with room for hundreds more.
    pub const ASID_POOL: AsidPool = AsidPool(InitialSlot::AsidPool.cptr());

    /// Everything that the kernel gave the root task.
    #[must_use]
    pub fn from_boot_info(info: &BootInfo) -> Self {
        Self::new(UntypedPool::from_boot_info(info), info.empty, vaddr::ROOT_WINDOW)
    }

    /// Makes objects from `untypeds`, puts their capabilities into the slots of `free`, and maps what it maps for its
    /// owner from `window_vaddr` on.
    #[must_use]
    pub const fn new(untypeds: UntypedPool, free: SlotRegion, window_vaddr: u64) -> Self {
        Self { untypeds, slots: SlotAllocator::new(free), next_window_vaddr: window_vaddr }
    }

    /// Gives away the largest untyped of RAM that nothing is made from, with its size as a power of two, if it has at
    /// least 2^`min_size_bits` bytes.
    pub fn take_whole_untyped(&mut self, min_size_bits: u32) -> Option<(Untyped, u32)> {
        self.untypeds.take_whole(min_size_bits)
    }

    /// The slot of the root task's `CSpace` that `cptr` names.
    #[must_use]
    pub const fn slot(cptr: CPtr) -> Slot {
        Self::CNODE.slot_of_cspace(cptr)
    }

    /// Takes a free slot.
    ///
    /// # Errors
    ///
    /// [`ResourceError::OutOfSlots`].
    pub fn take_slot(&mut self) -> Result<CPtr, ResourceError> {
        self.slots.take().ok_or(ResourceError::OutOfSlots)
    }

    /// Takes `count` consecutive free slots.
    ///
    /// # Errors
    ///
    /// [`ResourceError::OutOfSlots`].
    pub fn take_slots(&mut self, count: u64) -> Result<SlotRegion, ResourceError> {
        self.slots.take_range(count).ok_or(ResourceError::OutOfSlots)
    }

    /// Gives up all slots that are still free.
    pub fn take_all_slots(&mut self) -> SlotRegion {
        self.slots.take_rest()
    }

    /// Makes an object. `user_size_bits` is the size of an untyped, or the slots of a `CNode`, as a power of two; other
    /// types ignore it.
    ///
    /// # Errors
    ///
    /// All but [`ResourceError::NoDevice`].
    pub fn make(&mut self, object: ObjectType, user_size_bits: u32) -> Result<CPtr, ResourceError> {
        let slot = self.take_slot()?;
        self.make_in(object, user_size_bits, slot)?;
        Ok(slot)
    }

    /// Makes `count` 4 KiB frames in consecutive slots.
    ///
    /// # Errors
    ///
    /// As [`Resources::make`].
    pub fn make_frames(&mut self, count: u64) -> Result<SlotRegion, ResourceError> {
        let range = self.take_slots(count)?;
        for slot in range.start..range.end {
            self.make_in(ObjectType::Page, 0, CPtr(slot))?;
        }
        Ok(range)
    }

    /// Makes a frame of the device page at `paddr`, which is aligned to 4 KiB.
    ///
    /// # Errors
    ///
    /// [`ResourceError::NoDevice`], [`ResourceError::OutOfSlots`], or the kernel's.
    pub fn make_device_frame(&mut self, paddr: u64) -> Result<Frame, ResourceError> {
        loop {
            let step =
                self.untypeds.next_device_step(paddr, PAGE_BITS).ok_or(ResourceError::NoDevice { paddr })?;
            let slot = self.take_slot()?;
            match step {
                DeviceStep::Skip { from, paddr, size_bits } => {
                    from.retype(ObjectType::Untyped, size_bits, Self::CNODE, slot.word(), 1)?;
                    self.untypeds.add_split(Untyped(slot), paddr, size_bits);
                }
                DeviceStep::Take { from } => {
                    from.retype(ObjectType::Page, 0, Self::CNODE, slot.word(), 1)?;
                    return Ok(Frame(slot));
                }
            }
        }
    }

    /// Makes an untyped of 2^`size_bits` bytes of device memory, wherever there is some.
    ///
    /// # Errors
    ///
    /// All but [`ResourceError::NoDevice`].
    pub fn make_device_untyped(&mut self, size_bits: u32) -> Result<Untyped, ResourceError> {
        let slot = self.take_slot()?;
        let from = self.untypeds.reserve(Memory::Device, size_bits);
        let from = from.ok_or(ResourceError::OutOfMemory { size_bits })?;
        from.retype(ObjectType::Untyped, size_bits, Self::CNODE, slot.word(), 1)?;
        Ok(Untyped(slot))
    }

    /// Copies `frame`, with at most `rights`. The copy is unmapped.
    ///
    /// # Errors
    ///
    /// [`ResourceError::OutOfSlots`], or the kernel's.
    pub fn copy_frame(&mut self, frame: Frame, rights: CapRights) -> Result<Frame, ResourceError> {
        let slot = self.take_slot()?;
        Self::slot(slot).copy_from(Self::slot(frame.0), rights)?;
        Ok(Frame(slot))
    }

    /// Copies the frames in `frames`, in order, into consecutive slots. The copies are unmapped.
    ///
    /// # Errors
    ///
    /// [`ResourceError::OutOfSlots`], or the kernel's.
    pub fn copy_frames(&mut self, frames: SlotRegion) -> Result<SlotRegion, ResourceError> {
        let copies = self.take_slots(frames.len())?;
        for (copy, original) in (copies.start..copies.end).zip(frames.start..) {
            Self::slot(CPtr(copy)).copy_from(Self::slot(CPtr(original)), CapRights::READ_WRITE)?;
        }
        Ok(copies)
    }

    /// Reserves `pages` 4 KiB pages of the root task's address space, and gives the address of the first.
    pub const fn reserve_window(&mut self, pages: u64) -> u64 {
        let vaddr = self.next_window_vaddr;
        self.next_window_vaddr += pages << PAGE_BITS;
        vaddr
    }

    fn make_in(&mut self, object: ObjectType, user_size_bits: u32, slot: CPtr) -> Result<(), ResourceError> {
        let size_bits = object.size_bits(user_size_bits);
        let untyped =
            self.untypeds.reserve(Memory::Ram, size_bits).ok_or(ResourceError::OutOfMemory { size_bits })?;
        Ok(untyped.retype(object, user_size_bits, Self::CNODE, slot.word(), 1)?)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::vec::Vec;

    use rel4_abi::{Invocation, InvocationError};

    use super::*;
    use crate::arch::scripted::{self, Seen};
    use crate::untyped::testing::{FIRST_SLOT, boot_info};

    const FREE: SlotRegion = SlotRegion { start: 200, end: 204 };

    fn resources(untypeds: &[(u64, u8, u8)]) -> Resources {
        Resources::from_boot_info(&BootInfo { empty: FREE, ..boot_info(untypeds) })
    }

    /// A kernel that accepts everything; gives its log.
    fn kernel() -> Rc<RefCell<Vec<Seen>>> {
        let log = Rc::new(RefCell::new(Vec::new()));
        let kernel_log = Rc::clone(&log);
        scripted::install(move |request| {
            kernel_log.borrow_mut().push(request.clone());
            Ok(Vec::new())
        });
        log
    }

    fn retype(untyped: u64, object: ObjectType, size_bits: u64, slot: u64) -> Seen {
        Seen {
            target: CPtr(untyped),
            invocation: Some(Invocation::UntypedRetype),
            words: [object.word(), size_bits, 0, 0, slot, 1].to_vec(),
            caps: [Resources::CNODE.0].to_vec(),
        }
    }

    #[test]
    fn objects_go_into_consecutive_slots_until_those_run_out() {
        let log = kernel();
        let mut resources = resources(&[(0x8000_0000, 20, 0)]);
        assert_eq!(resources.make(ObjectType::CNode, 4), Ok(CPtr(200)));
        assert_eq!(resources.make_frames(4), Err(ResourceError::OutOfSlots));
        assert_eq!(resources.make_frames(3), Ok(SlotRegion { start: 201, end: 204 }));
        assert_eq!(resources.make(ObjectType::Tcb, 0), Err(ResourceError::OutOfSlots));
        let frames = (201..204).map(|slot| retype(FIRST_SLOT, ObjectType::Page, 0, slot));
        let expected: Vec<_> =
            core::iter::once(retype(FIRST_SLOT, ObjectType::CNode, 4, 200)).chain(frames).collect();
        assert_eq!(log.take(), expected);
    }

    #[test]
    fn what_lies_below_a_device_page_is_split_off_first() {
        let log = kernel();
        let mut resources = resources(&[(0x1000_0000, 28, 1)]);
        assert_eq!(resources.make_device_frame(0x1000_3000), Ok(Frame(CPtr(202))));
        let expected = [
            retype(FIRST_SLOT, ObjectType::Untyped, 13, 200),
            retype(FIRST_SLOT, ObjectType::Untyped, 12, 201),
            retype(FIRST_SLOT, ObjectType::Page, 0, 202),
        ];
        assert_eq!(log.take(), expected);
    }

    #[test]
    fn device_memory_is_taken_from_device_untypeds_only() {
        let log = kernel();
        let mut resources = resources(&[(0x8000_0000, 20, 0), (0x1000_0000, 13, 1)]);
        assert_eq!(resources.make_device_untyped(13), Ok(Untyped(CPtr(200))));
        assert_eq!(resources.make_device_untyped(13), Err(ResourceError::OutOfMemory { size_bits: 13 }));
        assert_eq!(log.take(), [retype(FIRST_SLOT + 1, ObjectType::Untyped, 13, 200)]);
    }

    #[test]
    fn failures_are_told_apart() {
        scripted::install(|_| Err(InvocationError::RevokeFirst));
        let mut resources = resources(&[(0x8000_0000, 12, 0)]);
        let refused = ResourceError::Kernel(error::Error::Refused(InvocationError::RevokeFirst));
        assert_eq!(resources.make(ObjectType::Page, 0), Err(refused));
        assert_eq!(resources.make(ObjectType::Page, 0), Err(ResourceError::OutOfMemory { size_bits: 12 }));
        assert_eq!(
            resources.make_device_frame(0x1000_0000),
            Err(ResourceError::NoDevice { paddr: 0x1000_0000 })
        );
    }
}
