//! Debug system calls of the debug build: the console, and a look at kernel state.

use rel4_abi::DebugSyscall;
use rel4_abi::message_info::MSG_MAX_LENGTH;
use rel4_abi::user_context::Register;

use crate::arch;
use crate::cap::{Cap, lookup};
use crate::config::{MAX_HARTS, NUM_DOMAINS};
use crate::console::{print, println};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::ipc_buffer::Access;
use crate::object::{BufferRef, Tcb, ThreadState};

/// Carries out debug system call `number`; returns whether there is one.
pub(super) fn handle(k: &Kernel, number: u64) -> bool {
    let thread = k.current();
    let argument = thread.context.cptr();
    match DebugSyscall::decode(number as i64) {
        Some(DebugSyscall::PutChar) => arch::console_putchar(argument as u8),
        Some(DebugSyscall::DumpScheduler) => dump_scheduler(k),
        Some(DebugSyscall::Halt) => {
            println!("DebugHalt: halting, as user space asked");
            arch::halt();
        }
        Some(DebugSyscall::CapIdentify) => {
            let cap = lookup::slot_of_thread(thread, argument).map_or(Cap::Null, |slot| slot.cap());
            thread.context.set(Register::A0, cap.type_number());
        }
        Some(DebugSyscall::NameThread) => name_thread(thread, argument),
        Some(DebugSyscall::Snapshot) => println!("DebugSnapshot: not supported by this kernel"),
        Some(DebugSyscall::SendIpi) if MAX_HARTS > 1 => {
            println!("DebugSendIPI: not on this architecture; halting");
            arch::halt();
        }
        Some(DebugSyscall::GetThreadAffinity) if MAX_HARTS > 1 => {
            let hart = thread_at(thread, argument, "DebugGetThreadAffinity").affinity();
            thread.context.set(Register::A0, hart as u64);
        }
        Some(DebugSyscall::SendIpi | DebugSyscall::GetThreadAffinity) | None => return false,
    }
    true
}

/// The thread that the capability at `cptr` in the caller's capability space is to. If it is to none, that is the end, as in seL4.
fn thread_at(caller: Obj<Tcb>, cptr: u64, call: &str) -> Obj<Tcb> {
    match lookup::slot_of_thread(caller, cptr).map_or(Cap::Null, |slot| slot.cap()) {
        Cap::Thread(thread) => thread,
        _ => {
            println!("{call}: {cptr:#x} is no thread; halting");
            arch::halt();
        }
    }
}

fn name_thread(thread: Obj<Tcb>, cptr: u64) {
    let target = thread_at(thread, cptr, "DebugNameThread");
    let Some(buffer) = BufferRef::of_thread(thread, Access::Send) else {
        println!("DebugNameThread: the caller has no IPC buffer; halting");
        arch::halt();
    };
    let bytes = || (0..MSG_MAX_LENGTH * 8).map(|index| buffer.message_byte(index));
    if bytes().all(|byte| byte != 0) {
        println!("DebugNameThread: the name has no end; halting");
        arch::halt();
    }
    target.set_name(bytes().take_while(|&byte| byte != 0));
}

/// All threads, in the columns of seL4.
fn dump_scheduler(k: &Kernel) {
    println!("Dumping all tcbs!");
    print!("Name\tState\tIP\tPrio");
    if MAX_HARTS > 1 {
        print!("\tCore");
    }
    println!("{}", if NUM_DOMAINS > 1 { "\tDom" } else { "" });
    println!("--------------------------------------------------------------------------------------");
    for thread in k.threads.iter() {
        print!("{}\t{}\t", thread.name(), state_name(k, thread));
        print!("{:#x}\t{}", thread.context.fault_pc.get(), thread.priority.get());
        if MAX_HARTS > 1 {
            print!("\t{}", thread.affinity());
        }
        if NUM_DOMAINS > 1 {
            print!("\t{}", thread.domain.get());
        }
        println!();
    }
}

fn state_name(k: &Kernel, thread: Obj<Tcb>) -> &'static str {
    match thread.state() {
        ThreadState::Inactive if k.harts().iter().any(|hart| hart.idle() == thread) => "idle",
        ThreadState::Inactive => "inactive",
        ThreadState::Running => "running",
        ThreadState::Restart => "restart",
        ThreadState::BlockedOnReceive { .. } => "blocked on recv",
        ThreadState::BlockedOnSend(_) => "blocked on send",
        ThreadState::BlockedOnReply => "blocked on reply",
        ThreadState::BlockedOnNotification(_) => "blocked on ntfn",
    }
}
