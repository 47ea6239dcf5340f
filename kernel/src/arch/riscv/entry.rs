//! The first instruction, trap entry, and the return to user space.
//!
//! While user code runs, `sscratch` holds the address of the current thread's [`Context`]; while the kernel runs it is 0, which is how
//! the entry code tells a trap of the kernel itself, always a kernel bug, from one of user code.

use core::arch::global_asm;
use core::cell::UnsafeCell;
use core::mem::{MaybeUninit, offset_of};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rel4_abi::fault::FaultStatus;
use rel4_abi::{MessageInfo, Syscall};
use rel4_markers::{Role, Tracepoint};

use super::user_mode::{self, ECALL};
use super::{csr, timer};
use crate::arch::Context;
#[cfg(feature = "benchmark")]
use crate::benchmark;
use crate::boot::{self, LoaderArguments};
use crate::config::MAX_HARTS;
use crate::fastpath::{self, Request};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::remote;
use crate::sched;
use crate::trace::tracepoint;
use crate::trap::{self, Cause};
#[cfg(feature = "uintr")]
use crate::uintr;

/// Size of the kernel stack.
const STACK_BYTES: usize = 1 << STACK_BITS;
const STACK_BITS: usize = 14;

/// The kernel stacks: one per hart, empty at every kernel entry.
#[repr(C, align(16))]
struct Stacks(UnsafeCell<[[u8; STACK_BYTES]; MAX_HARTS]>);

// SAFETY: only the hart whose stack it is uses it, and only as its stack.
unsafe impl Sync for Stacks {}

/// First in the data, next to the code, which is not writable: an overflow traps.
#[unsafe(link_section = ".stacks")]
static STACKS: Stacks = Stacks(UnsafeCell::new([[0; STACK_BYTES]; MAX_HARTS]));

/// Finds the hart's stack and number in the context of the thread that trapped. With one hart both are known.
#[cfg(not(feature = "smp"))]
macro_rules! enter_hart {
    () => {
        "la sp, {stacks} + (1 << {stack_bits}) /* not {kernel_stack}, {hart} */"
    };
}
#[cfg(feature = "smp")]
macro_rules! enter_hart {
    () => {
        "ld sp, {kernel_stack}(a6)\nld tp, {hart}(a6)"
    };
}

/// The tracepoint of the first instruction of a trap.
#[cfg(not(feature = "tracepoints"))]
macro_rules! trap_tracepoint {
    () => {
        "/* {tracepoint} {entry} */"
    };
}
#[cfg(feature = "tracepoints")]
macro_rules! trap_tracepoint {
    () => {
        ".insn i 0x13, 2, x0, x{tracepoint}, {entry}"
    };
}

global_asm!(
    r#"
    .option push
    .option arch, +a
    .section .text.entry, "ax"
    .globl _start
_start:
    # From the loader: a0-a7 are its arguments, the MMU is on with the loader's tables, interrupts are off.
    mv      tp, a7
    addi    t0, a7, 1
    slli    t0, t0, {stack_bits}
    la      sp, {stacks}
    add     sp, sp, t0
    csrw    sscratch, zero
    la      t0, rel4_trap_entry
    csrw    stvec, t0
    addi    sp, sp, -64
    sd      a0, 0*8(sp)
    sd      a1, 1*8(sp)
    sd      a2, 2*8(sp)
    sd      a3, 3*8(sp)
    sd      a4, 4*8(sp)
    sd      a5, 5*8(sp)
    sd      a6, 6*8(sp)
    sd      a7, 7*8(sp)
    mv      a0, sp
    call    {boot}
    j       rel4_return_to_user

    .section .text.trap, "ax"
    .balign 64
rel4_trap_entry:
    "#,
    trap_tracepoint!(),
    r#"
    csrrw   tp, sscratch, tp
    beqz    tp, rel4_kernel_trapped
    sd      ra, 8*1(tp)
    sd      sp, 8*2(tp)
    sd      gp, 8*3(tp)
    sd      t0, 8*5(tp)
    sd      t1, 8*6(tp)
    sd      t2, 8*7(tp)
    sd      s0, 8*8(tp)
    sd      s1, 8*9(tp)
    sd      a0, 8*10(tp)
    sd      a1, 8*11(tp)
    sd      a2, 8*12(tp)
    sd      a3, 8*13(tp)
    sd      a4, 8*14(tp)
    sd      a5, 8*15(tp)
    sd      a6, 8*16(tp)
    sd      a7, 8*17(tp)
    sd      s2, 8*18(tp)
    sd      s3, 8*19(tp)
    sd      s4, 8*20(tp)
    sd      s5, 8*21(tp)
    sd      s6, 8*22(tp)
    sd      s7, 8*23(tp)
    sd      s8, 8*24(tp)
    sd      s9, 8*25(tp)
    sd      s10, 8*26(tp)
    sd      s11, 8*27(tp)
    sd      t3, 8*28(tp)
    sd      t4, 8*29(tp)
    sd      t5, 8*30(tp)
    sd      t6, 8*31(tp)
    csrrw   t0, sscratch, zero
    sd      t0, 8*4(tp)
    csrr    t1, sepc
    sd      t1, {fault_pc}(tp)
    # The registers of a system call are passed on as they are.
    mv      a6, tp
    "#,
    enter_hart!(),
    r#"
    call    {trap}

rel4_return_to_user:
    # a0: the context of the thread to return to.
    ld      t0, {next_pc}(a0)
    csrw    sepc, t0
    csrw    sscratch, a0
    # A load reservation must not survive a switch of threads. Where this store-conditional succeeds it writes the unused word 0.
    sc.d    zero, zero, (a0)
    ld      ra, 8*1(a0)
    ld      sp, 8*2(a0)
    ld      gp, 8*3(a0)
    ld      tp, 8*4(a0)
    ld      t0, 8*5(a0)
    ld      t1, 8*6(a0)
    ld      t2, 8*7(a0)
    ld      s0, 8*8(a0)
    ld      s1, 8*9(a0)
    ld      a1, 8*11(a0)
    ld      a2, 8*12(a0)
    ld      a3, 8*13(a0)
    ld      a4, 8*14(a0)
    ld      a5, 8*15(a0)
    ld      a6, 8*16(a0)
    ld      a7, 8*17(a0)
    ld      s2, 8*18(a0)
    ld      s3, 8*19(a0)
    ld      s4, 8*20(a0)
    ld      s5, 8*21(a0)
    ld      s6, 8*22(a0)
    ld      s7, 8*23(a0)
    ld      s8, 8*24(a0)
    ld      s9, 8*25(a0)
    ld      s10, 8*26(a0)
    ld      s11, 8*27(a0)
    ld      t3, 8*28(a0)
    ld      t4, 8*29(a0)
    ld      t5, 8*30(a0)
    ld      t6, 8*31(a0)
    ld      a0, 8*10(a0)
    sret

rel4_kernel_trapped:
    # The stack may be what is broken: start it anew.
    csrrw   tp, sscratch, zero
    addi    t0, tp, 1
    slli    t0, t0, {stack_bits}
    la      sp, {stacks}
    add     sp, sp, t0
    csrr    a0, scause
    csrr    a1, stval
    csrr    a2, sepc
    call    {kernel_trap}
    .option pop
    "#,
    stacks = sym STACKS,
    stack_bits = const STACK_BITS,
    boot = sym enter_from_loader,
    trap = sym enter_from_user,
    kernel_trap = sym enter_from_kernel,
    fault_pc = const offset_of!(Context, fault_pc),
    next_pc = const offset_of!(Context, next_pc),
    kernel_stack = const offset_of!(Context, kernel_stack),
    hart = const offset_of!(Context, hart),
    tracepoint = const Role::Tracepoint.register(),
    entry = const Tracepoint::Entry.index(),
);

/// The kernel state. Written once by the boot hart before any trap can come.
struct KernelCell(UnsafeCell<MaybeUninit<Kernel>>);

// SAFETY: after boot it is only read, and what it consists of is changed under the big lock.
unsafe impl Sync for KernelCell {}

static KERNEL: KernelCell = KernelCell(UnsafeCell::new(MaybeUninit::uninit()));

/// The kernel state after boot.
fn kernel() -> &'static Kernel {
    // SAFETY: called only after boot has initialised the state; from then on only shared references to it exist.
    unsafe { (*KERNEL.0.get()).assume_init_ref() }
}

/// The harts' own numbers, each written by its hart on arrival.
static HART_IDS: [AtomicUsize; MAX_HARTS] = [const { AtomicUsize::new(0) }; MAX_HARTS];
/// How many harts have arrived.
static ARRIVED: AtomicUsize = AtomicUsize::new(0);
/// The kernel state is initialised.
static BOOTED: AtomicBool = AtomicBool::new(false);

/// The harts' own numbers, by logical number, once all have arrived.
pub(super) fn hart_ids() -> [usize; MAX_HARTS] {
    const PATIENCE_NAPS: usize = 50_000;
    for _ in 0..PATIENCE_NAPS {
        if ARRIVED.load(Ordering::Acquire) == MAX_HARTS {
            return HART_IDS.each_ref().map(|id| id.load(Ordering::Relaxed));
        }
        timer::nap();
    }
    let arrived = ARRIVED.load(Ordering::Relaxed);
    panic!(
        "this kernel is built for {MAX_HARTS} harts, but {arrived} came; give the machine as many as REL4_MAX_HARTS says"
    );
}

/// Boots; returns the context of the first thread.
extern "C" fn enter_from_loader(arguments: &LoaderArguments) -> *const Context {
    let index = arguments.core as usize;
    assert!(index < MAX_HARTS, "this kernel is built for {MAX_HARTS} harts, but a further one came");
    // SAFETY: only the timer can become pending, and it only wakes from `nap`.
    unsafe { csr::write!("sie", csr::TIMER_INTERRUPT) };
    HART_IDS[index].store(arguments.hart as usize, Ordering::Relaxed);
    ARRIVED.fetch_add(1, Ordering::Release);
    if index != 0 {
        while !BOOTED.load(Ordering::Acquire) {
            timer::nap();
        }
        let k = kernel();
        super::enter_secondary(k);
        k.lock.acquire(|| remote::serve(k));
        #[cfg(feature = "benchmark")]
        benchmark::entered(k, Cause::Interrupt);
        super::start_secondary(k);
        return context_to_return_to(k);
    }
    // SAFETY: no other hart touches the state before `BOOTED`, and this runs once, so the reference is the only one.
    let k = boot::boot(arguments, unsafe { &mut *KERNEL.0.get() });
    k.lock.acquire(|| {});
    BOOTED.store(true, Ordering::Release);
    context_to_return_to(k)
}

/// Handles a trap of the thread with this context; returns the context of the thread to return to. The other arguments are the thread's
/// registers `a0` to `a5` and `a7`: those of a system call, if it is one.
extern "C" fn enter_from_user(
    cptr: u64,
    info: u64,
    word0: u64,
    word1: u64,
    word2: u64,
    word3: u64,
    context: &Context,
    number: u64,
) -> *const Context {
    let k = kernel();
    if MAX_HARTS > 1 && !enter_exclusively(k, context) {
        #[cfg(feature = "benchmark")]
        benchmark::entered(k, Cause::Interrupt);
        return context_to_return_to(k);
    }
    #[cfg(feature = "benchmark")]
    benchmark::entered(k, decode(csr::read!("scause"), csr::read!("stval")));
    tracepoint!(Decode);
    if cfg!(feature = "fastpath") && csr::read!("scause") == ECALL {
        // A function for each, to which control passes with all registers as they are: none pays for what another needs.
        macro_rules! enter {
            ($syscall:ident) => {
                enter_fastpath::<{ Syscall::$syscall.number() }>(
                    cptr, info, word0, word1, word2, word3, context, number,
                )
            };
        }
        match Syscall::decode(number as i64) {
            Some(Syscall::Call) => return enter!(Call),
            Some(Syscall::ReplyRecv) => return enter!(ReplyRecv),
            Some(Syscall::Send | Syscall::NBSend) => return enter!(Send),
            _ => {}
        }
    }
    // The cause is read once more, or the compiler would ask for these before it asks for those above.
    #[cfg(feature = "uintr")]
    if cfg!(feature = "fastpath") {
        match csr::read!("scause") {
            GUEST_FILES => return enter_wake(context),
            // Whoever has no interrupt file is not sent to code that it has no use for.
            ECALL if number as i64 == Syscall::Recv.number() && uintr::is_registered(k.current()) => {
                return enter_fastpath::<{ Syscall::Recv.number() }>(
                    cptr, info, word0, word1, word2, word3, context, number,
                );
            }
            _ => {}
        }
    }
    handle_trap(k)
}

/// The cause of an interrupt of a guest interrupt file.
#[cfg(feature = "uintr")]
const GUEST_FILES: usize = csr::CAUSE_INTERRUPT | csr::GUEST_EXTERNAL_INTERRUPT.trailing_zeros() as usize;

/// Handles the interrupt of a guest interrupt file on the fastpath, if it is suitable, or else hands it on.
#[cfg(feature = "uintr")]
#[inline(never)]
extern "C" fn enter_wake(context: &Context) -> *const Context {
    let k = kernel();
    context.next_pc.set(context.fault_pc.get());
    let Some(wake) = fastpath::wake::find(k) else { return handle_trap(k) };
    let next = if wake.preempts(k) { wake.run(k) } else { wake.enqueue(k) };
    user_mode::assert_return_mode();
    leave(k, next)
}

/// Carries out a system call on the fastpath, if it is suitable, or else hands it on.
#[inline(never)]
extern "C" fn enter_fastpath<const NUMBER: i64>(
    cptr: u64,
    info: u64,
    word0: u64,
    word1: u64,
    word2: u64,
    word3: u64,
    context: &Context,
    _number: u64,
) -> *const Context {
    let k = kernel();
    context.next_pc.set(context.fault_pc.get() + ECALL_BYTES);
    let request = Request { cptr, info: MessageInfo(info), words: [word0, word1, word2, word3] };
    match fastpath::handle(k, NUMBER, &request) {
        Some(thread) => {
            #[cfg(feature = "benchmark")]
            benchmark::took_fastpath(k);
            leave(k, thread)
        }
        None => handle_trap(k),
    }
}

/// Waits for the big lock. Returns whether the thread with this context is still the current one: another hart may have taken it away
/// meanwhile, and then there is nothing to handle.
#[inline(always)]
fn enter_exclusively(k: &Kernel, context: &Context) -> bool {
    // Whoever finds the thread stopped here lets it execute its instruction again.
    context.next_pc.set(context.fault_pc.get());
    k.lock.acquire(|| remote::serve(k));
    core::ptr::eq(&k.current().context, context)
}

/// The length of `ecall`.
const ECALL_BYTES: u64 = 4;

/// Handles any trap of the current thread.
#[inline(never)]
fn handle_trap(k: &Kernel) -> *const Context {
    let context = &k.current().context;
    let cause = decode(csr::read!("scause"), csr::read!("stval"));
    let pc = context.fault_pc.get();
    // Whoever wants a system call executed again goes back to the fault PC.
    context.next_pc.set(if cause == Cause::Syscall { pc + ECALL_BYTES } else { pc });
    trap::handle(k, cause);
    context_to_return_to(k)
}

fn decode(scause: usize, stval: usize) -> Cause {
    if scause & csr::CAUSE_INTERRUPT != 0 {
        return Cause::Interrupt;
    }
    let address = stval as u64;
    match scause {
        ECALL => Cause::Syscall,
        1 | 12 => Cause::MemoryFault { address, status: FaultStatus::Instruction },
        5 | 13 => Cause::MemoryFault { address, status: FaultStatus::Load },
        7 | 15 => Cause::MemoryFault { address, status: FaultStatus::Store },
        other => Cause::Exception(other as u64),
    }
}

/// The current thread's context; while there is no thread to run, waits for interrupts. Gives up the big lock.
fn context_to_return_to(k: &Kernel) -> *const Context {
    if MAX_HARTS > 1 {
        sched::schedule(k);
        sched::activate(k);
    }
    while k.current() == k.hart().idle() {
        #[cfg(feature = "async-syscall")]
        crate::async_syscall::follow(k);
        #[cfg(feature = "benchmark")]
        benchmark::left(k);
        k.lock.release();
        super::wait_for_interrupt();
        k.lock.acquire(|| remote::serve(k));
        #[cfg(feature = "benchmark")]
        benchmark::entered(k, Cause::Interrupt);
        crate::irq::handle(k);
        sched::schedule(k);
        sched::activate(k);
    }
    #[cfg(feature = "async-syscall")]
    crate::async_syscall::follow(k);
    user_mode::assert_return_mode();
    leave(k, k.current())
}

/// Gives up the big lock; returns the context of `thread`, which is the current one.
#[inline(always)]
fn leave(k: &Kernel, thread: Obj<Tcb>) -> *const Context {
    tracepoint!(Exit);
    if MAX_HARTS > 1 {
        let index = super::hart_index();
        thread.context.hart.set(index as u64);
        thread.context.kernel_stack.set((STACKS.0.get().addr() + (index + 1) * STACK_BYTES) as u64);
    }
    #[cfg(feature = "benchmark")]
    benchmark::left(k);
    k.lock.release();
    &raw const thread.context
}

/// The kernel itself trapped: a bug. Says where and stops.
extern "C" fn enter_from_kernel(scause: usize, stval: usize, sepc: usize) -> ! {
    panic!("the kernel trapped: scause={scause:#x} stval={stval:#x} sepc={sepc:#x}");
}
