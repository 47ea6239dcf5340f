//! The hardware layer of tests on the host: memory is an arena of the test, harts take turns on one thread, nothing ticks by itself.
#![allow(unsafe_code, reason = "the test's memory stands in for physical memory")]

pub(super) mod fpu_unit;
mod translation;

use core::cell::{Cell, RefCell};
use std::thread_local;

use super::fpu::{self, FpuOwners};
use super::{Interrupt, PhysAddr, Trigger, UserPrivilege};
use crate::config::MAX_HARTS;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::remote;

pub use fpu_unit::{fill_fpu, fpu_words};
pub use translation::{activate_no_space, activate_space, flush_all, flush_asid, flush_page, may_translate};

/// User threads run in U-mode.
pub const USER_PRIVILEGE: UserPrivilege = UserPrivilege::U;
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
    static CONSOLE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    #[cfg(feature = "benchmark")]
    static CYCLES: Cell<u64> = const { Cell::new(0) };
    static HART: Cell<usize> = const { Cell::new(0) };
    static IPI_PENDING: [Cell<bool>; MAX_HARTS] = const { [const { Cell::new(false) }; MAX_HARTS] };
}

/// Makes the next looks at pending interrupts find one, or none.
pub fn set_interrupt_pending(pending: bool) {
    INTERRUPT_PENDING.set(pending);
}

/// Forgets what the hardware held in an earlier test on this thread.
pub fn reset() {
    INTERRUPT_PENDING.set(false);
    HART.set(0);
    CONSOLE.take();
    IPI_PENDING.with(|pending| pending.iter().for_each(|pending| pending.set(false)));
    fpu_unit::reset();
    translation::reset();
    #[cfg(feature = "uintr")]
    reset_files();
}

/// All that the hardware holds.
#[derive(Clone, PartialEq)]
pub struct View {
    interrupt_pending: bool,
    ipi_pending: [bool; MAX_HARTS],
    fpu: fpu_unit::View,
    translation: translation::View,
    #[cfg(feature = "uintr")]
    files: FilesView,
}

impl View {
    /// What the hardware holds now.
    pub fn take() -> Self {
        Self {
            interrupt_pending: INTERRUPT_PENDING.get(),
            ipi_pending: IPI_PENDING.with(|pending| pending.each_ref().map(Cell::get)),
            fpu: fpu_unit::view(),
            translation: translation::view(),
            #[cfg(feature = "uintr")]
            files: view_files(),
        }
    }

    /// Makes the hardware hold what it held then.
    pub fn restore(&self) {
        INTERRUPT_PENDING.set(self.interrupt_pending);
        IPI_PENDING.with(|now| now.iter().zip(self.ipi_pending).for_each(|(now, then)| now.set(then)));
        fpu_unit::restore(&self.fpu);
        translation::restore(&self.translation);
        #[cfg(feature = "uintr")]
        restore_files(&self.files);
    }
}

/// Makes physical address `at` appear at a host address.
pub fn place_memory(at: u64, address: usize) {
    ARENA.set(address.wrapping_sub(at.wrapping_sub(ARENA_PADDR) as usize));
}

/// Does `work` as another hart.
pub fn on_hart<R>(hart: usize, work: impl FnOnce() -> R) -> R {
    assert!(hart < MAX_HARTS, "this kernel is built for {MAX_HARTS} harts");
    let before = HART.replace(hart);
    let result = work();
    HART.set(before);
    result
}

/// What the hardware layer remembers.
pub struct State {
    /// Whose floating-point registers each hart holds.
    pub(super) fpu_owners: FpuOwners,
}

impl State {
    /// Needs nothing from the device tree.
    pub fn new(_tree: &fdt::Fdt<'_>) -> Self {
        Self { fpu_owners: FpuOwners::none() }
    }
}

#[cfg(feature = "uintr")]
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

    fn load(&self) {}
}

/// Cycles counted: one each time that this is asked, and what [`pass_cycles`] adds.
#[cfg(feature = "benchmark")]
pub fn cycles() -> u64 {
    pass_cycles(1);
    CYCLES.get()
}

/// Lets time pass.
#[cfg(feature = "benchmark")]
pub fn pass_cycles(cycles: u64) {
    CYCLES.set(CYCLES.get() + cycles);
}

/// Logical number of the hart that executes this.
pub fn hart_index() -> usize {
    HART.get()
}

/// Exchanges what the hardware holds of the running thread.
pub fn thread_switched(k: &Kernel, from: Obj<Tcb>, to: Obj<Tcb>) {
    to.mode_state.load();
    fpu::thread_switched(k, from, to);
}

/// Interrupts another hart. One that is asked for something is waiting for the big lock, and does it.
pub fn send_ipi(k: &Kernel, hart: usize) {
    IPI_PENDING.with(|pending| pending[hart].set(true));
    on_hart(hart, || remote::serve(k));
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

/// Keeps what is printed for [`printed`].
pub fn console_putchar(byte: u8) {
    CONSOLE.with_borrow_mut(|console| console.push(byte));
}

/// Takes what was printed since the last call.
pub fn printed() -> String {
    String::from_utf8(CONSOLE.take()).expect("the kernel prints text")
}

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
    if IPI_PENDING.with(|pending| pending[hart_index()].replace(false)) {
        return Some(Interrupt::Ipi);
    }
    if INTERRUPT_PENDING.replace(false) {
        return Some(Interrupt::Timer);
    }
    #[cfg(feature = "async-syscall")]
    if doorbell_rings() {
        return Some(Interrupt::Doorbell);
    }
    None
}

/// Whether an interrupt waits.
pub fn interrupt_pending(_k: &Kernel) -> bool {
    INTERRUPT_PENDING.get()
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
    /// The kernel is not in user address spaces.
    map_kernel(&Kernel, Obj<super::PageTable>);
    /// There is no interrupt controller.
    configure_irq(&Kernel, u16, Trigger);
    /// There is no interrupt controller.
    unmask_irq(&Kernel, u16);
    /// There is no interrupt controller.
    mask_irq(&Kernel, u16);
    /// There is no interrupt controller.
    acknowledge_irq(&Kernel, u16);
}
