//! User threads in VS-mode, so that the hardware can interrupt them without the kernel (privileged specification, chapter "H").
//!
//! There is no guest: second-stage translation is off, and the kernel's own address space is not part of the user's. A thread owns the VS
//! registers while it runs; they are exchanged on every switch; the two supervisor registers that VS-mode writes straight through are
//! cleared. What would give it more than its own state is closed: it cannot write `satp`, wait, or touch another's interrupt file.

use core::arch::asm;
use core::cell::Cell;
use core::fmt::Write as _;

use super::super::{csr, guest_files};
use super::confinement;
use crate::arch::UserPrivilege;
use crate::console::Console;
use crate::vm::Asid;

/// User threads run in VS-mode.
pub const USER_PRIVILEGE: UserPrivilege = UserPrivilege::VS;

/// The cause of a system call.
pub(in super::super) const ECALL: usize = 10;

/// `hstatus`: `sret` goes to a virtual mode.
const HSTATUS_SPV: usize = 1 << 7;
/// `hstatus`: VS-mode cannot write `satp` or fence.
const HSTATUS_VTVM: usize = 1 << 20;
/// `hstatus`: VS-mode cannot wait for interrupts.
const HSTATUS_VTW: usize = 1 << 21;
/// `hstatus`: the interrupt file that VS-mode reaches.
pub(in super::super) const HSTATUS_VGEIN_SHIFT: u32 = 12;
/// `vsie` as VS-mode sees it: its external interrupts.
const VSIE_EXTERNAL: u64 = 1 << 9;
/// `hideleg`: VS-mode takes its external interrupts itself.
const HIDELEG_VSEI: usize = 1 << 10;
/// `hcounteren`: `cycle`, `time` and `instret` are readable.
const COUNTERS: usize = 0b111;
/// `hstateen0`: VS-mode may use its interrupt file and its indirect registers (AIA).
const HSTATEEN0_AIA: usize = 0b111 << 58;
/// `vsstatus` of a new thread: 64-bit, floating point as far as the kernel allows.
const VSSTATUS_NEW: u64 = 0b10 << 32 | 0b11 << 13;

/// Has the next return go to VS-mode: a trap out of VU-mode, where a thread could have put itself, leaves something else. A system call comes
/// from VS-mode and needs this not. That the return goes to a virtual mode every trap leaves in `hstatus`, since user code runs in no other.
#[inline(always)]
pub(in super::super) fn assert_return_mode() {
    // SAFETY: concerns the next `sret` alone.
    unsafe { csr::set!("sstatus", csr::SSTATUS_SPP) };
}

macro_rules! mode_state {
    ($($field:ident = $csr:literal,)*) => {
        /// Processor state of a thread beyond its registers. While the thread runs, the hardware holds it.
        #[repr(C)]
        pub struct ModeState {
            $($field: Cell<u64>,)*
            /// The thread's interrupt file; 0 is none.
            file: Cell<u64>,
        }

        impl ModeState {
            /// The state of a new thread.
            pub(crate) fn reset(&self) {
                $(self.$field.set(0);)*
                self.file.set(0);
                self.vsstatus.set(VSSTATUS_NEW);
            }

            /// Takes the running thread's state out of the hardware.
            pub(in super::super) fn save(&self) {
                $(self.$field.set(csr::read!($csr) as u64);)*
            }

            /// Puts a thread's state into the hardware.
            pub(in super::super) fn load(&self) {
                // SAFETY: the registers act on virtual modes only, and hold what a thread had put there itself.
                unsafe { $(csr::write!($csr, self.$field.get());)* }
                clear_unused();
                self.load_file();
            }

            /// Takes the state of `from` out of the hardware and puts that of `to` there.
            #[inline(always)]
            pub(in super::super) fn exchange(from: &Self, to: &Self) {
                // SAFETY: as in `load`.
                $(from.$field.set(unsafe { csr::swap!($csr, to.$field.get()) } as u64);)*
                clear_unused();
                // No two threads of a hart have the same file.
                if from.file.get() != to.file.get() {
                    to.load_file();
                }
            }
        }
    };
}

/// VS-mode can write what only VU-mode heeds, where nothing can run. That must not become a way from thread to thread.
#[inline(always)]
fn clear_unused() {
    // SAFETY: the registers act on user modes alone.
    unsafe {
        csr::write!("scounteren", 0usize);
        csr::write!("senvcfg", 0usize);
    }
}

mode_state! {
    vsstatus = "vsstatus",
    vsie = "vsie",
    vstvec = "vstvec",
    vsscratch = "vsscratch",
    vsepc = "vsepc",
    vscause = "vscause",
    vstval = "vstval",
    vsiselect = "0x250",
}

impl ModeState {
    /// The thread's interrupt file; 0 is none.
    #[inline(always)]
    pub fn file(&self) -> usize {
        self.file.get() as usize
    }

    /// Gives the thread an interrupt file, and has its interrupts taken at `entry`.
    pub fn take_file(&self, file: usize, entry: u64) {
        self.file.set(file as u64);
        self.vstvec.set(entry);
        self.vsie.set(self.vsie.get() | VSIE_EXTERNAL);
    }

    /// Takes the file away.
    pub fn drop_file(&self) {
        self.file.set(0);
    }

    /// Lets the running thread reach its file, and no other. It hears of its interrupts itself from now on: the file is not armed.
    #[inline(always)]
    fn load_file(&self) {
        let file = self.file();
        // SAFETY: the register acts on virtual modes only; returns to VS-mode as always.
        unsafe { csr::write!("hstatus", hstatus(file)) };
        if file != 0 {
            guest_files::disarm_file(file);
        }
    }
}

/// `hstatus` for a thread with this interrupt file.
#[inline(always)]
pub(in super::super) const fn hstatus(file: usize) -> usize {
    HSTATUS_SPV | HSTATUS_VTVM | HSTATUS_VTW | file << HSTATUS_VGEIN_SHIFT
}

/// What user mode needs to know of the processor.
pub(in super::super) struct Features {
    /// There is `hstateen0` (Smstateen), which keeps VS-mode from its interrupt file until told otherwise.
    has_state_enable: bool,
}

impl Features {
    pub(in super::super) fn find(tree: &fdt::Fdt<'_>) -> Self {
        let extensions = tree
            .find_node("/cpus")
            .and_then(|cpus| cpus.children().find_map(|cpu| cpu.property("riscv,isa")?.as_str()))
            .unwrap_or_default();
        let letters = extensions.split('_').next().unwrap_or_default();
        assert!(
            letters.contains('h') && tree.find_compatible(&["riscv,imsics"]).is_some(),
            "this kernel needs the hypervisor extension and an IMSIC, for instance \
             -M virt,aia=aplic-imsic,aia-guests=3 -cpu rv64,h=true; the processor is {extensions}"
        );
        Self { has_state_enable: extensions.split('_').any(|extension| extension == "smstateen") }
    }
}

/// Closes everything that VS-mode must not do and opens what it needs, then sets the status of returns.
pub(in super::super) fn set_up(features: &Features) {
    // SAFETY: these registers act on virtual modes only, where nothing runs yet.
    unsafe {
        csr::write!("hedeleg", 0usize);
        csr::write!("hideleg", HIDELEG_VSEI);
        csr::write!("hvip", 0usize);
        csr::write!("hgatp", 0usize);
        csr::write!("hgeie", 0usize);
        csr::write!("hcounteren", COUNTERS);
        csr::write!("htimedelta", 0usize);
        csr::write!("henvcfg", 0usize);
        // hvictl, hviprio1, hviprio2, hvien.
        csr::write!("0x609", 0usize);
        csr::write!("0x646", 0usize);
        csr::write!("0x647", 0usize);
        csr::write!("0x608", 0usize);
        if features.has_state_enable {
            csr::write!("0x60c", HSTATEEN0_AIA);
        }
        csr::write!("hstatus", hstatus(0));
        csr::clear!("sstatus", csr::SSTATUS_SUM | csr::SSTATUS_MXR | csr::SSTATUS_FS);
        csr::set!("sstatus", csr::SSTATUS_SPIE | csr::SSTATUS_SPP);
    }
}

/// Says, in every build, if this machine does not confine VS-mode.
pub(in super::super) fn warn_of_weaknesses() {
    if !confinement::is_enforced() {
        // The console cannot fail.
        let _ = writeln!(
            Console,
            "@kernel-warning this machine lets VS-mode write satp: user threads are not isolated from a hostile one"
        );
    }
}

/// Selects the address space of user code. A write empties the TLBs of harts without address-space identifiers, so threads
/// that share a space go without it.
#[inline(always)]
pub(in super::super) fn set_translation(vsatp: u64) {
    if csr::read!("vsatp") as u64 != vsatp {
        // SAFETY: the register acts on virtual modes only; the kernel never selects bare mode.
        unsafe { csr::write!("vsatp", vsatp) };
    }
}

/// Forgets cached translations of one user page.
#[inline(always)]
pub(in super::super) fn fence_page(vaddr: u64, asid: Asid) {
    // SAFETY: a fence (hfence.vvma) changes no state that code can see.
    unsafe {
        asm!(".insn r 0x73, 0, 0x11, x0, {}, {}", in(reg) vaddr, in(reg) u64::from(asid.0), options(nostack));
    }
}

/// Forgets all cached translations of one user address space.
#[inline(always)]
pub(in super::super) fn fence_asid(asid: Asid) {
    // SAFETY: a fence (hfence.vvma) changes no state that code can see.
    unsafe { asm!(".insn r 0x73, 0, 0x11, x0, x0, {}", in(reg) u64::from(asid.0), options(nostack)) };
}

/// Forgets all cached translations of all user address spaces.
#[inline(always)]
pub(in super::super) fn fence_all() {
    // SAFETY: a fence (hfence.vvma) changes no state that code can see.
    unsafe { asm!(".insn r 0x73, 0, 0x11, x0, x0, x0", options(nostack)) };
}
