//! The guest interrupt files of the hart's IMSIC (AIA specification, chapters 3 and 6): user threads own them.
//!
//! A file is a page of its own in physical memory, into which identities are stored from anywhere, and a set of registers that only its own
//! hart reaches, through the VS registers and `hstatus.VGEIN`. The running thread's file is selected while it runs; the kernel selects
//! another for a moment and puts everything back.

use super::csr;
use super::mmu::phys_to_virt;
use super::user_mode::{self, HSTATUS_VGEIN_SHIFT};
use crate::arch::PhysAddr;
use crate::arch::wiring::supervisor_imsic;
use crate::config::MAX_HARTS;
use crate::kernel::Kernel;

const EIDELIVERY: usize = 0x70;
const EITHRESHOLD: usize = 0x72;
const EIP0: usize = 0x80;
const EIE0: usize = 0xc0;
/// Registers of 64 identities each; only even numbers exist.
const IDENTITY_REGISTERS: [usize; 4] = [0, 2, 4, 6];
/// Identities 1 to 63, the notification word.
const WORD_IDENTITIES: usize = !1;
const PAGE_BYTES: u64 = 4096;
const PAGE_BITS: u32 = 12;

/// Where the files of all harts are.
pub struct GuestFiles {
    /// Each hart's supervisor file; its guest files follow, a page each.
    supervisor_pages: [PhysAddr; MAX_HARTS],
    /// The highest file number of a hart.
    highest: usize,
}

impl GuestFiles {
    /// Finds the supervisor-level IMSIC in the device tree.
    pub(super) fn find(tree: &fdt::Fdt<'_>, harts: &[usize; MAX_HARTS]) -> Option<Self> {
        let imsic = supervisor_imsic(tree)?;
        let base = imsic.reg()?.next()?.starting_address.addr() as u64;
        let guest_bits =
            imsic.property("riscv,guest-index-bits").and_then(fdt::node::NodeProperty::as_usize).unwrap_or(0);
        let stride = PAGE_BYTES << guest_bits;
        // SAFETY: no file has an owner yet; the bits that stay are those of files that exist.
        unsafe { csr::write!("hgeie", usize::MAX) };
        let highest = csr::read!("hgeie").count_ones() as usize;
        // SAFETY: as above.
        unsafe { csr::write!("hgeie", 0usize) };
        let supervisor_pages = harts.map(|hart| PhysAddr(base + hart as u64 * stride));
        Some(Self { supervisor_pages, highest: highest.min((1 << guest_bits) - 1) })
    }
}

/// The highest file number of a hart.
pub fn interrupt_files(k: &Kernel) -> usize {
    k.arch.guest_files.highest
}

/// The page of a file.
pub fn file_page(k: &Kernel, hart: usize, file: usize) -> PhysAddr {
    k.arch.guest_files.supervisor_pages[hart].offset(file as u64 * PAGE_BYTES)
}

/// Raises an identity in the file with this page.
pub fn raise_identity(page: PhysAddr, identity: u32) {
    let register: *mut u32 = phys_to_virt(page).cast();
    // SAFETY: the page is an interrupt file; offset 0 takes identities.
    unsafe { register.write_volatile(identity) };
}

/// Works on any file of this hart, with access to its registers; the running thread's own selection is as before afterwards.
fn with_file<R>(file: usize, work: impl FnOnce() -> R) -> R {
    let (hstatus, select) = (csr::read!("hstatus"), csr::read!("0x250"));
    // SAFETY: the registers act on virtual modes only, and are put back.
    unsafe { csr::write!("hstatus", user_mode::hstatus(file)) };
    let result = work();
    // SAFETY: as above.
    unsafe {
        csr::write!("0x250", select);
        csr::write!("hstatus", hstatus);
    }
    result
}

/// Works on the file of the running thread, which is the one that is selected; its own selection of a register is as before afterwards.
#[inline(always)]
fn with_selected_file<R>(first: usize, work: impl FnOnce() -> R) -> R {
    // SAFETY: the register acts on virtual modes only, and is put back.
    let select = unsafe { csr::swap!("0x250", first) };
    let result = work();
    // SAFETY: as above.
    unsafe { csr::write!("0x250", select) };
    result
}

#[inline(always)]
fn select(register: usize) {
    // SAFETY: called inside `with_file` or `with_selected_file`, which put the selection back.
    unsafe { csr::write!("0x250", register) };
}

#[inline(always)]
fn set(register: usize, value: usize) {
    select(register);
    set_selected(value);
}

#[inline(always)]
fn set_selected(value: usize) {
    // SAFETY: the register is the selected file's own.
    unsafe { csr::write!("0x251", value) };
}

const _: () = assert!(HSTATUS_VGEIN_SHIFT == 12 && PAGE_BITS == 12);

/// Empties a file and lets the identities of the notification word through.
pub fn open_file(file: usize) {
    with_file(file, || {
        for register in IDENTITY_REGISTERS {
            set(EIE0 + register, 0);
            set(EIP0 + register, 0);
        }
        set(EIE0, WORD_IDENTITIES);
        set(EITHRESHOLD, 0);
        set(EIDELIVERY, 1);
    });
}

/// Silences and empties a file. Returns what was pending and enabled in it: the identities of the notification word, and bit 0 for any
/// identity at all.
pub fn close_file(file: usize) -> u64 {
    disarm_file(file);
    with_file(file, || {
        // Also what a threshold kept back was sent.
        set(EITHRESHOLD, 0);
        let is_pending = csr::read!("0x25c") != 0;
        select(EIE0);
        let enabled = csr::read!("0x251") & WORD_IDENTITIES;
        select(EIP0);
        // SAFETY: takes the pending bits of the selected file, which the caller delivers instead.
        let word = unsafe { csr::swap!("0x251", 0) } & enabled;
        set(EIDELIVERY, 0);
        for register in IDENTITY_REGISTERS {
            set(EIE0 + register, 0);
            set(EIP0 + register, 0);
        }
        (word | usize::from(is_pending)) as u64
    })
}

/// Whether an enabled identity is pending in the file, which is the running thread's.
#[inline(always)]
pub fn file_is_pending(_file: usize) -> bool {
    csr::read!("0x25c") != 0
}

/// Takes the pending and enabled identities 1 to 63 out of a file, as a word with a bit for each.
pub fn take_file_word(file: usize) -> u64 {
    with_file(file, || {
        select(EIE0);
        take_word()
    })
}

/// As [`take_file_word`], where the file is the running thread's.
#[inline(always)]
pub fn take_selected_word(_file: usize) -> u64 {
    with_selected_file(EIE0, take_word)
}

/// Takes the notification word out of the selected file, whose register of enabled identities is selected.
#[inline(always)]
fn take_word() -> u64 {
    let enabled = csr::read!("0x251");
    select(EIP0);
    let pending: usize;
    // SAFETY: clears pending bits of the selected file, which the caller delivers instead.
    unsafe {
        core::arch::asm!("csrrc {}, 0x251, {}", out(reg) pending, in(reg) enabled, options(nostack));
    }
    (pending & enabled) as u64
}

/// Makes the file, which is the running thread's, interrupt the kernel when an identity is pending, whatever its owner did to silence it.
#[inline(always)]
pub fn arm_file(file: usize) {
    with_selected_file(EITHRESHOLD, || {
        set_selected(0);
        set(EIDELIVERY, 1);
    });
    // SAFETY: the kernel takes the interrupt, and disarms the file then.
    unsafe { csr::set!("hgeie", 1usize << file) };
}

/// Leaves the file to its owner again.
#[inline(always)]
pub fn disarm_file(file: usize) {
    // SAFETY: only keeps an interrupt from the kernel.
    unsafe { csr::clear!("hgeie", 1usize << file) };
}

/// The armed files of this hart with something pending: bit *f* is file *f*.
#[inline(always)]
pub fn armed_and_pending_files() -> usize {
    csr::read!("0xe12") & csr::read!("hgeie") & !KERNEL_FILES
}

/// The files that belong to the kernel, armed all the time.
const KERNEL_FILES: usize = if cfg!(feature = "async-syscall") { 1 << DOORBELL_FILE } else { 0 };

/// The kernel's own file of each hart, through which requests of asynchronous system calls are announced.
pub const DOORBELL_FILE: usize = 1;

/// Empties this hart's doorbell, and lets it interrupt. Without guest interrupt files there is none.
#[cfg(feature = "async-syscall")]
pub(super) fn open_doorbell(k: &Kernel) {
    if interrupt_files(k) < DOORBELL_FILE {
        return;
    }
    with_file(DOORBELL_FILE, || {
        for register in IDENTITY_REGISTERS {
            set(EIE0 + register, 0);
            set(EIP0 + register, 0);
        }
        set(EITHRESHOLD, 0);
        set(EIDELIVERY, 1);
    });
    // SAFETY: the kernel takes the interrupt.
    unsafe { csr::set!("hgeie", 1usize << DOORBELL_FILE) };
}

/// Lets these identities of this hart's doorbell through, a bit each, and no others.
#[cfg(feature = "async-syscall")]
pub fn enable_doorbell(identities: [u64; 4]) {
    with_file(DOORBELL_FILE, || {
        for (register, word) in IDENTITY_REGISTERS.into_iter().zip(identities) {
            set(EIE0 + register, word as usize);
        }
    });
}

/// Keeps the identities of this hart's doorbell from `threshold` on back; 0 keeps none back.
#[cfg(feature = "async-syscall")]
pub fn set_doorbell_threshold(threshold: u32) {
    with_file(DOORBELL_FILE, || set(EITHRESHOLD, threshold as usize));
}

/// Whether this hart's doorbell interrupts.
#[cfg(feature = "async-syscall")]
pub fn doorbell_rings() -> bool {
    csr::read!("0xe12") & KERNEL_FILES != 0
}

/// Takes the identity that goes first in this hart's doorbell; 0 if none is let through.
#[cfg(feature = "async-syscall")]
pub fn claim_doorbell() -> u32 {
    with_file(DOORBELL_FILE, || {
        // SAFETY: reading and writing vstopei claims the identity; the kernel takes it from here.
        let top = unsafe { csr::swap!("0x25c", 0) };
        (top >> 16) as u32
    })
}
