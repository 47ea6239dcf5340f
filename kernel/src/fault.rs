//! Faults: what stopped a thread, the message about it, and what the handler's answer does.
//!
//! A fault is delivered as if the thread had called its fault handler's endpoint. Without a usable handler the thread stops for
//! good and the debug build says so on the console.

use rel4_abi::FaultMessage;
use rel4_abi::fault::{FaultStatus, UNKNOWN_SYSCALL_REPLY_WORDS, USER_EXCEPTION_REPLY_WORDS};
use rel4_abi::lookup_failure::LookupFailure;
use rel4_abi::user_context::Register;

use crate::console::Console;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::{Tcb, ThreadState};

/// What stopped a thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A capability could not be looked up.
    Cap {
        /// The address.
        cptr: u64,
        /// In which part of the system call.
        phase: Phase,
        /// Why.
        failure: LookupFailure,
    },
    /// The number in `a7` is no system call.
    UnknownSyscall {
        /// That number.
        number: u64,
    },
    /// An exception that is not a memory fault.
    UserException {
        /// The architecture's cause.
        number: u64,
    },
    /// A memory fault.
    Vm {
        /// The address accessed.
        address: u64,
        /// The kind of access.
        status: FaultStatus,
    },
}

/// The part of a system call in which a capability fault happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Looking up what to send to or invoke.
    Send = 0,
    /// Looking up what to receive from.
    Receive = 1,
}

/// The registers that the words of an answer to an unknown-syscall fault overwrite, in message order.
const UNKNOWN_SYSCALL_REPLY: [Register; UNKNOWN_SYSCALL_REPLY_WORDS] = [
    Register::Pc,
    Register::Sp,
    Register::Ra,
    Register::A0,
    Register::A1,
    Register::A2,
    Register::A3,
    Register::A4,
    Register::A5,
    Register::A6,
];

/// The same for a user exception.
const USER_EXCEPTION_REPLY: [Register; USER_EXCEPTION_REPLY_WORDS] = [Register::Pc, Register::Sp];

impl Fault {
    /// The message that the handler of `thread` gets.
    pub fn message(self, thread: Obj<Tcb>) -> FaultMessage {
        let context = &thread.context;
        let pc = context.fault_pc.get();
        let (sp, ra) = (context.get(Register::Sp), context.get(Register::Ra));
        match self {
            Fault::Cap { cptr, phase, failure } => {
                FaultMessage::CapFault { pc, cptr, in_receive_phase: phase as u64, failure }
            }
            Fault::UnknownSyscall { number } => {
                use Register::{A0, A1, A2, A3, A4, A5, A6};
                let arguments = [A0, A1, A2, A3, A4, A5, A6].map(|register| context.get(register));
                FaultMessage::UnknownSyscall { pc, sp, ra, arguments, number }
            }
            Fault::UserException { number } => {
                FaultMessage::UserException { pc, sp, number: number & 0xffff_ffff, code: 0 }
            }
            Fault::Vm { address, status } => FaultMessage::VmFault {
                pc,
                address,
                prefetch: u64::from(status == FaultStatus::Instruction),
                status: status as u64,
            },
        }
    }

    /// The registers that the handler's answer may overwrite. `None`: its content is ignored, the thread always goes on.
    pub fn reply_registers(self) -> Option<&'static [Register]> {
        match self {
            Fault::Cap { .. } | Fault::Vm { .. } => None,
            Fault::UnknownSyscall { .. } => Some(&UNKNOWN_SYSCALL_REPLY),
            Fault::UserException { .. } => Some(&USER_EXCEPTION_REPLY),
        }
    }
}

/// Stops `thread` for `fault` and tells its handler.
pub fn raise(k: &Kernel, thread: Obj<Tcb>, fault: Fault) {
    let outcome = deliver(k, thread, fault);
    if let Err(second) = outcome {
        if cfg!(feature = "debug") || thread == k.root_task {
            report_unhandled(thread, fault, second);
        }
        thread.set_state(k, ThreadState::Inactive);
    }
}

fn deliver(k: &Kernel, thread: Obj<Tcb>, fault: Fault) -> Result<(), Fault> {
    use crate::cap::{Cap, lookup};
    use crate::object::endpoint::{SendKind, Sender};
    use rel4_abi::CapRights;

    let cptr = thread.fault_handler.get();
    let unusable = |failure| Fault::Cap { cptr, phase: Phase::Send, failure };
    let slot = lookup::slot_of_thread(thread, cptr).map_err(unusable)?;
    match slot.cap() {
        Cap::Endpoint(cap)
            if cap.rights.contains(CapRights::WRITE)
                && cap.rights.intersects(CapRights::GRANT.union(CapRights::GRANT_REPLY)) =>
        {
            thread.fault.set(Some(fault));
            cap.endpoint.send(k, Sender::through(thread, &cap), SendKind::Call);
            Ok(())
        }
        _ => Err(unusable(LookupFailure::MissingCapability { bits_left: 0 })),
    }
}

/// Says that a thread has stopped for good. The release build does so for the root task only: nobody else could notice.
#[cold]
fn report_unhandled(thread: Obj<Tcb>, fault: Fault, second: Fault) {
    use core::fmt::Write as _;
    #[cfg(feature = "debug")]
    let name = thread.name();
    #[cfg(not(feature = "debug"))]
    let name = "rootserver";
    // The console cannot fail.
    let _ = writeln!(
        Console,
        "@unhandled-fault thread=\"{name}\" pc={:#x} sp={:#x} fault={fault:x?} while_reporting={second:x?}",
        thread.context.fault_pc.get(),
        thread.context.get(Register::Sp),
    );
    #[cfg(feature = "debug")]
    print_registers(thread);
}

/// Prints the registers that the thread stopped with, four a line.
#[cfg(feature = "debug")]
fn print_registers(thread: Obj<Tcb>) {
    use crate::console::{print, println};
    const PER_LINE: usize = 4;
    for registers in Register::ALL.chunks(PER_LINE) {
        for &register in registers {
            print!("  {register:?}={:#x}", thread.context.get(register));
        }
        println!();
    }
}
