//! The hardware layer of tests on the host: memory is an arena of the test, nothing traps, nothing ticks.
#![allow(unsafe_code, reason = "the test's memory stands in for physical memory")]

use core::cell::Cell;
use std::thread_local;

#[cfg(feature = "uintr")]
use super::Pte;
use super::{PageTable, PhysAddr, UserPrivilege};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::vm::Asid;

/// User threads run in U-mode.
pub const USER_PRIVILEGE: UserPrivilege = UserPrivilege::U;
/// The highest device interrupt source.
pub const MAX_DEVICE_IRQ: u16 = 95;
/// Physical memory above this is out of reach.
pub const WINDOW_BYTES: u64 = 254 << 30;
/// Where the arena appears in physical memory: where RAM starts on the real machine, behind the firmware.
pub const ARENA_PADDR: u64 = 0x8020_0000;
/// The kernel image that the arena begins with.
pub const IMAGE_BYTES: u64 = 1 << 21;

thread_local! {
    /// Host address of the test's memory.
    pub static ARENA: Cell<usize> = const { Cell::new(0) };
    static INTERRUPT_PENDING: Cell<bool> = const { Cell::new(false) };
}

/// Makes the next looks at pending interrupts find one, or none.
pub fn set_interrupt_pending(pending: bool) {
    INTERRUPT_PENDING.set(pending);
}

/// What the hardware layer remembers: nothing.
pub struct State;

impl State {
    /// Needs nothing from the device tree.
    pub fn new(_tree: &fdt::Fdt<'_>) -> Self {
        Self
    }
}

#[cfg(feature = "uintr")]
#[path = "host_files.rs"]
mod files;
#[cfg(feature = "uintr")]
pub use files::*;

/// Processor state of a thread beyond its registers: none.
#[cfg(not(feature = "uintr"))]
pub struct ModeState;

#[cfg(not(feature = "uintr"))]
impl ModeState {
    /// The state of a new thread.
    pub(crate) fn reset(&self) {}
}

/// Logical number of the hart that executes this.
pub fn hart_index() -> usize {
    0
}

/// The thread whose floating-point registers a hart holds.
pub fn fpu_owner(_k: &Kernel, _hart: usize) -> Option<Obj<Tcb>> {
    None
}

/// An interrupt that the kernel has taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interrupt {
    /// Another hart wants something.
    Ipi,
    /// An identity is pending in an interrupt file whose owner is blocked.
    #[cfg(feature = "uintr")]
    GuestFiles,
    /// The kernel tick.
    Timer,
    /// A device interrupt source.
    Device(u16),
}

/// How a source signals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// As long as the line is high.
    Level,
    /// When the line rises.
    Edge,
}

/// Where the kernel sees physical address `at`.
pub fn phys_to_virt(at: PhysAddr) -> *mut u8 {
    let address = ARENA.get().wrapping_add(at.0.wrapping_sub(ARENA_PADDR) as usize);
    core::ptr::with_exposed_provenance_mut(address)
}

/// The physical address of an object in the arena.
pub fn virt_to_phys(address: usize) -> PhysAddr {
    PhysAddr((address.wrapping_sub(ARENA.get()) as u64).wrapping_add(ARENA_PADDR))
}

/// The physical memory that the kernel image occupies.
pub fn kernel_image() -> (PhysAddr, PhysAddr) {
    (PhysAddr(ARENA_PADDR), PhysAddr(ARENA_PADDR + IMAGE_BYTES))
}

/// Device registers that belong to the kernel.
pub fn kernel_devices(_tree: &fdt::Fdt<'_>) -> impl Iterator<Item = (u64, u64)> {
    [(0x0200_0000, 0x1_0000), (0x0c00_0000, 0x60_0000)].into_iter()
}

/// Prints nothing.
pub fn console_putchar(_byte: u8) {}

/// Ends the test.
pub fn halt() -> ! {
    panic!("the kernel halted the machine");
}

/// Takes the interrupt that goes first.
pub fn take_interrupt(_k: &Kernel) -> Option<Interrupt> {
    #[cfg(feature = "uintr")]
    if armed_and_pending_files() != 0 {
        return Some(Interrupt::GuestFiles);
    }
    INTERRUPT_PENDING.replace(false).then_some(Interrupt::Timer)
}

/// Whether an interrupt waits.
pub fn interrupt_pending(_k: &Kernel) -> bool {
    INTERRUPT_PENDING.get()
}

/// No exception is the kernel's own business.
pub fn handle_exception(_k: &Kernel, _number: u64) -> bool {
    false
}

macro_rules! no_effect {
    ($($(#[$doc:meta])* $name:ident($($parameter:ty),*);)*) => {
        $($(#[$doc])* pub fn $name($(_: $parameter),*) {})*
    };
}

no_effect! {
    /// There is no loader's address space to leave.
    leave_loader_space();
    /// There is no hart to prepare.
    start(&Kernel);
    /// There is no clock.
    restart_timer(&Kernel);
    /// User translations are not used.
    activate_space(Obj<PageTable>, Asid);
    /// User translations are not used.
    activate_no_space(&Kernel);
    /// The kernel is not in user address spaces.
    map_kernel(&Kernel, Obj<PageTable>);
    /// There is no cached translation.
    flush_page(u64, Asid);
    /// There is no cached translation.
    flush_asid(Asid);
    /// There is no processor state to exchange.
    thread_switched(&Kernel, Obj<Tcb>, Obj<Tcb>);
    /// There is no floating-point unit.
    fpu_flags_changed(&Kernel, Obj<Tcb>);
    /// There is no floating-point unit.
    release_fpu(&Kernel, Obj<Tcb>);
    /// There is no floating-point unit.
    save_fpu(&Kernel);
    /// There is no other hart.
    send_ipi(&Kernel, usize);
    /// There is no interrupt controller.
    configure_irq(&Kernel, u16, Trigger);
    /// There is no interrupt controller.
    unmask_irq(&Kernel, u16);
    /// There is no interrupt controller.
    mask_irq(&Kernel, u16);
    /// There is no interrupt controller.
    acknowledge_irq(&Kernel, u16);
}
