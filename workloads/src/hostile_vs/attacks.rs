//! The attacks.
#![allow(unsafe_code, reason = "an attack is what the compiler would not let through")]

use core::arch::asm;
use core::sync::atomic::Ordering;

use rel4_abi::uintr::MAX_IDENTITY;
use rel4_runtime::arch;
use rel4_runtime::cap::Notification;
use rel4_runtime::process::{self, Start, granted};
use rel4_runtime::uintr::SenderPage;

use super::forbidden::{self, Access};
use super::registers::{self, read, write};
use super::{ILLEGAL_INSTRUCTION, OTHER_PAGE, OWN_PAGE, READY, STARTED, TRIED};

/// How an attack ends, if the kernel is right.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expected {
    /// Each of these accesses faults.
    Refused(&'static [Access]),
    /// The attacker finishes, and has seen nothing of others.
    Harmless,
    /// The attacker stops with this exception.
    Exception(u64),
    /// The attacker stops with a memory fault.
    MemoryFault,
    /// The attacker stays where it is, to nobody's harm.
    Endless,
}

/// An attack.
#[derive(Debug)]
pub(super) struct Attack {
    pub(super) name: &'static str,
    /// What the attacker does. Returns what it has seen that it should not.
    commit: fn(&Start) -> u64,
    pub(super) expected: Expected,
}

const fn refused(name: &'static str, accesses: &'static [Access]) -> Attack {
    Attack { name, commit: try_all, expected: Expected::Refused(accesses) }
}

const fn attack(name: &'static str, commit: fn(&Start) -> u64, expected: Expected) -> Attack {
    Attack { name, commit, expected }
}

const BREAKPOINT: u64 = 3;

const SSTATUS_SIE: u64 = 1 << 1;
const SSTATUS_SPIE: u64 = 1 << 5;
const SSTATUS_SPP: u64 = 1 << 8;
const SSTATUS_FS: u64 = 0b11 << 13;
const SIE_EXTERNAL: u64 = 1 << 9;
/// Mapped in no address space.
const NOWHERE: u64 = 0x30_0000_0000;
const KERNEL: u64 = 0xffff_ffff_8020_0000;
/// Turns that the attacker and the bystander take.
const TURNS: usize = 8;

/// All attacks.
pub(super) const ATTACKS: [Attack; 20] = [
    refused("hypervisor-registers", forbidden::HYPERVISOR_REGISTERS),
    refused("machine-registers", forbidden::MACHINE_REGISTERS),
    refused("hypervisor-instructions", forbidden::HYPERVISOR_INSTRUCTIONS),
    refused("address-space-register", forbidden::ADDRESS_SPACE),
    refused("guessed-addresses", forbidden::ADDRESSES),
    attack("leftovers", look_for_leftovers, Expected::Harmless),
    attack("registers-kept", keep_registers, Expected::Harmless),
    attack("status-bits", set_status_bits, Expected::Harmless),
    attack("foreign-identities", raise_everything, Expected::Harmless),
    attack("foreign-claims", claim_foreign, Expected::Harmless),
    attack("user-mode", drop_to_user_mode, Expected::MemoryFault),
    attack("return-to-kernel", return_to_kernel, Expected::MemoryFault),
    attack("breakpoint", break_off, Expected::Exception(BREAKPOINT)),
    attack("own-exception-vector", handle_own_exception, Expected::Exception(ILLEGAL_INSTRUCTION)),
    attack("floating-point-off", use_floating_point_that_is_off, Expected::Exception(ILLEGAL_INSTRUCTION)),
    attack("vector-to-nowhere", interrupt_to_nowhere, Expected::MemoryFault),
    attack("interrupt-without-claim", interrupt_without_claim, Expected::Endless),
    attack("interrupt-storm", interrupt_all_the_time, Expected::Endless),
    attack("silenced-wait", wait_silenced, Expected::Endless),
    attack("system-call-storm", call_all_the_time, Expected::Endless),
];

/// Commits the attack with the number in the first argument, once the bystander is set up.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let attack = &ATTACKS[start.arguments[0] as usize % ATTACKS.len()];
    while start.shared[READY].load(Ordering::Acquire) == 0 {
        arch::yield_now();
    }
    start.shared[STARTED].store(1, Ordering::Release);
    let seen = (attack.commit)(start);
    process::finish([seen, 0, 0, 0])
}

/// Tries every access of the attack, and says which before.
fn try_all(start: &Start) -> u64 {
    let attack = &ATTACKS[start.arguments[0] as usize % ATTACKS.len()];
    if let Expected::Refused(accesses) = attack.expected {
        for (index, access) in accesses.iter().enumerate() {
            start.shared[TRIED].store(index as u64, Ordering::Release);
            (access.attempt)();
        }
    }
    0
}

/// Looks for what another thread left in the registers; the bystander has filled them.
fn look_for_leftovers(_start: &Start) -> u64 {
    registers::leftovers() | registers::unkept()
}

/// Keeps values of its own in all registers while it takes turns with the bystander, which keeps others.
fn keep_registers(_start: &Start) -> u64 {
    const SEED: u64 = 0xbad;
    registers::fill(SEED);
    let mut differences = 0;
    for _ in 0..TURNS {
        registers::set_unkept();
        arch::yield_now();
        differences |= registers::differences(SEED);
    }
    differences
}

/// Sets every bit of its status and interrupt registers but those that make it run elsewhere, and takes turns like that.
fn set_status_bits(_start: &Start) -> u64 {
    let before = read!("sstatus");
    write!("sstatus", !(SSTATUS_SIE | SSTATUS_SPP));
    write!("sie", !0);
    write!("sip", !0);
    for _ in 0..TURNS {
        arch::yield_now();
    }
    // Only its own external interrupts are a thread's to enable, and it cannot make any pending here.
    let seen = read!("sie") & !SIE_EXTERNAL | read!("sip");
    write!("sstatus", before);
    seen
}

fn page(number: u64) -> u64 {
    SenderPage::address(number).unwrap_or_default()
}

fn store(number: u64, value: u64) {
    // SAFETY: a sender page is mapped there; it takes any value.
    unsafe { arch::raise_identity(page(number), value) };
}

/// Raises every identity, and what is none, in the file of the bystander. It may: it has the page.
fn raise_everything(_start: &Start) -> u64 {
    for _ in 0..TURNS {
        for value in (0..=2 * u64::from(MAX_IDENTITY)).chain([0x7ff, 0x800, 0xffff_ffff]) {
            store(OTHER_PAGE, value);
        }
        arch::yield_now();
    }
    0
}

/// Claims what was raised in the file of the bystander.
fn claim_foreign(_start: &Start) -> u64 {
    arch::enable_queue_identities();
    let mut seen = 0;
    for _ in 0..TURNS {
        for identity in 1..=u64::from(MAX_IDENTITY) {
            store(OTHER_PAGE, identity);
        }
        seen |= arch::claim_identity() | arch::take_notification_word();
        arch::yield_now();
    }
    seen
}

/// Drops to VU-mode, to make a system call there. No page is for VU-mode, so it does not get that far.
fn drop_to_user_mode(_start: &Start) -> u64 {
    write!("sstatus", read!("sstatus") & !SSTATUS_SPP);
    // SAFETY: the thread never comes back from here.
    unsafe {
        asm!("la {at}, 1f", "csrw sepc, {at}", "sret", ".balign 4", "1: ecall", at = out(reg) _, options(nostack));
    }
    1
}

/// Returns to an address of the kernel, with the mode that it came from.
fn return_to_kernel(_start: &Start) -> u64 {
    write!("sstatus", read!("sstatus") | SSTATUS_SPP);
    write!("sepc", KERNEL);
    // SAFETY: the thread never comes back from here.
    unsafe { asm!("sret", options(nostack)) };
    1
}

fn break_off(_start: &Start) -> u64 {
    // SAFETY: the thread never comes back from here.
    unsafe { asm!("ebreak", options(nostack)) };
    1
}

/// Means to handle its own exception.
fn handle_own_exception(_start: &Start) -> u64 {
    write!("stvec", registers::handler());
    // SAFETY: the thread never comes back from here.
    unsafe { asm!("unimp", options(nostack)) };
    1
}

/// The thread's own status says that the unit is off; the kernel must not take that for its own doing and try again for ever.
fn use_floating_point_that_is_off(_start: &Start) -> u64 {
    write!("sstatus", read!("sstatus") & !SSTATUS_FS);
    // SAFETY: the thread never comes back from here.
    unsafe { asm!("fmv.d.x f0, zero", options(nostack)) };
    1
}

/// Interrupts itself and lets the interrupt through to `handler`.
fn interrupt_with(handler: u64) {
    write!("stvec", handler);
    write!("sstatus", read!("sstatus") | SSTATUS_SIE | SSTATUS_SPIE);
    store(OWN_PAGE, 1);
}

fn spin() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

fn interrupt_to_nowhere(_start: &Start) -> u64 {
    interrupt_with(NOWHERE);
    spin()
}

/// The handler leaves the interrupt pending and is entered for ever.
fn interrupt_without_claim(_start: &Start) -> u64 {
    interrupt_with(registers::endless_handler());
    spin()
}

fn interrupt_all_the_time(_start: &Start) -> u64 {
    interrupt_with(registers::handler());
    loop {
        store(OWN_PAGE, 1);
        store(OTHER_PAGE, 1);
    }
}

/// Waits for a file that it has silenced in every way, with something in it.
fn wait_silenced(_start: &Start) -> u64 {
    const EIDELIVERY: u64 = 0x70;
    const EITHRESHOLD: u64 = 0x72;
    const EIE0: u64 = 0xc0;
    for (register, value) in [(EIDELIVERY, 0), (EITHRESHOLD, 1), (EIE0, 0)] {
        write!("0x150", register);
        write!("0x151", value);
    }
    store(OWN_PAGE, 1);
    loop {
        let _ = Notification(granted(0)).wait();
    }
}

fn call_all_the_time(_start: &Start) -> u64 {
    loop {
        // There is nothing to receive.
        let _ = Notification(granted(0)).poll();
    }
}
