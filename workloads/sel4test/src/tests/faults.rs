//! Faults, and handlers that repair what caused them.

use core::panic::Location;

use rel4_abi::fault::FaultStatus;
use rel4_abi::{CPtr, FaultMessage, Register};
use rel4_runtime::arch as system;
use rel4_runtime::cap::Tcb;
use rel4_runtime::resources::ResourceError;

use crate::arch::{self, Faulting, Site};
use crate::env::{Env, Helper};
use crate::message;
use crate::report::{self, Outcome};
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("PAGEFAULT0001", "load from where nothing is mapped", |env| {
        handled(env, Env::thread, Faulting::Load)
    }),
    basic("PAGEFAULT0002", "store to where nothing is mapped", |env| {
        handled(env, Env::thread, Faulting::Store)
    }),
    basic("PAGEFAULT0003", "jump to where nothing is mapped", |env| {
        handled(env, Env::thread, Faulting::Fetch)
    }),
    basic("PAGEFAULT0004", "unknown system call", |env| handled(env, Env::thread, Faulting::Syscall)),
    basic("PAGEFAULT0005", "illegal instruction", |env| handled(env, Env::thread, Faulting::Illegal)),
    basic("PAGEFAULT1001", "load, handled by another process", |env| {
        handled(env, Env::process, Faulting::Load)
    }),
    basic("PAGEFAULT1002", "store, handled by another process", |env| {
        handled(env, Env::process, Faulting::Store)
    }),
    basic("PAGEFAULT1003", "jump, handled by another process", |env| {
        handled(env, Env::process, Faulting::Fetch)
    }),
    basic("PAGEFAULT1004", "unknown system call, handled by another process", |env| {
        handled(env, Env::process, Faulting::Syscall)
    }),
];

/// Where nothing is mapped.
const NOWHERE: u64 = 0x3c_ba98_7650;
/// A number that no system call has.
const NO_SYSCALL: u64 = 0xc1;
/// What the register holds that the handler repairs, before and after.
const BAD: u64 = 0xbad0_bad0_dead_0001;
const GOOD: u64 = 0x600d_600d_cafe_0002;
/// Where the stack pointer of an illegal instruction points before and after.
static STACK_WORDS: [u64; 2] = [BAD, GOOD];

/// Badge of the handler's endpoint, or none.
const BADGES: [u64; 2] = [0, 0xaba_baba];
const HANDLER_PRIORITY: u64 = 101;
const FAULTER_PRIORITIES: core::ops::RangeInclusive<u64> = 100..=102;
const LOWEST_PRIORITY: u64 = 50;

/// What becomes of the faulting thread.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
enum Fate {
    Restarts = 0,
    Stays = 1,
}

fn operand(faulting: Faulting) -> u64 {
    match faulting {
        Faulting::Load | Faulting::Store | Faulting::Fetch => NOWHERE,
        Faulting::Syscall => NO_SYSCALL,
        Faulting::Illegal => (&raw const STACK_WORDS[0]) as u64,
    }
}

fn handled(
    env: &mut Env,
    make: fn(&mut Env) -> Result<Helper, ResourceError>,
    faulting: Faulting,
) -> Outcome {
    let endpoint = env.endpoint()?;
    let (mut faulter, mut handler) = (make(env)?, make(env)?);
    let (received, thread) = (handler.give(endpoint.0)?, handler.give(faulter.tcb().0)?);
    let bouncer = env.bouncer(LOWEST_PRIORITY)?;
    handler.set_priority(HANDLER_PRIORITY)?;
    for badge in BADGES {
        let sent = if badge == 0 { env.copy(endpoint.0)? } else { env.badged(endpoint.0, badge)? };
        let handler_address = faulter.give(sent)?;
        faulter.set_fault_handler(handler_address)?;
        for priority in FAULTER_PRIORITIES {
            faulter.set_priority(priority)?;
            for fate in [Fate::Restarts, Fate::Stays] {
                let expected = (faulting as u64) << 1 | fate as u64;
                handler.start(handle, [received.word(), thread.word(), expected, badge])?;
                faulter.start(fault, [faulting as u64, 0, 0, 0])?;
                check_eq!(handler.join()?, 0);
                bouncer.let_others_run();
                match fate {
                    Fate::Restarts => check_eq!(faulter.join()?, GOOD),
                    Fate::Stays => check_stays(&faulter, faulting)?,
                }
            }
        }
    }
    env.destroy(faulter)?;
    env.destroy(handler)?;
    Ok(())
}

fn fault([faulting, ..]: [u64; 4]) -> Outcome<u64> {
    let faulting = decode(faulting)?;
    Ok(arch::execute(faulting, operand(faulting), BAD))
}

/// The instruction that a helper was told by its number.
pub(super) fn decode(word: u64) -> Outcome<Faulting> {
    let unknown = || report::give_up(format_args!("{word} is no instruction"), Location::caller());
    Faulting::from_word(word).ok_or_else(unknown)
}

/// The thread has what the handler wrote, and has executed nothing with it.
fn check_stays(faulter: &Helper, faulting: Faulting) -> Outcome {
    let registers = faulter.tcb().read_registers()?;
    let Site { resume, .. } = arch::site(faulting, operand(faulting));
    check_eq!(registers.get(Register::Pc), resume);
    match faulting {
        Faulting::Illegal => check_eq!(registers.get(Register::Sp), good_stack()),
        _ => check_eq!(registers.get(Register::A0), GOOD),
    }
    Ok(())
}

fn good_stack() -> u64 {
    (&raw const STACK_WORDS[1]) as u64
}

/// Receives one fault, checks every word of it, and repairs what caused it.
fn handle([endpoint, thread, expected, badge]: [u64; 4]) -> Outcome<u64> {
    let faulting = decode(expected >> 1)?;
    let fate = if expected & 1 == 0 { Fate::Restarts } else { Fate::Stays };
    let message = system::recv(CPtr(endpoint));
    check_eq!(message.badge, badge);
    let Site { at, resume } = arch::site(faulting, operand(faulting));
    let fault = message::fault(&message);
    match faulting {
        Faulting::Load | Faulting::Store | Faulting::Fetch => {
            let (prefetch, status) = match faulting {
                Faulting::Load => (0, FaultStatus::Load),
                Faulting::Store => (0, FaultStatus::Store),
                _ => (1, FaultStatus::Instruction),
            };
            let status = status as u64;
            check_eq!(fault, Some(FaultMessage::VmFault { pc: at, address: NOWHERE, prefetch, status }));
            repair_registers(Tcb(CPtr(thread)), resume)?;
            if fate == Fate::Restarts {
                answer(0, &[]);
            }
        }
        Faulting::Syscall => {
            let Some(FaultMessage::UnknownSyscall { pc, sp, ra, arguments, number }) = fault else {
                require!(matches!(fault, Some(FaultMessage::UnknownSyscall { .. })));
                return Ok(0);
            };
            check_eq!([pc, number, arguments[0]], [at, NO_SYSCALL, BAD]);
            let registers = Tcb(CPtr(thread)).read_registers()?;
            let named = [Register::Sp, Register::Ra, Register::A1, Register::A6];
            let named = named.map(|register| registers.get(register));
            check_eq!([sp, ra, arguments[1], arguments[6]], named);
            let [_, a1, a2, a3, a4, a5, a6] = arguments;
            answer(fate as u64, &[resume, sp, ra, GOOD, a1, a2, a3, a4, a5, a6]);
        }
        Faulting::Illegal => {
            const ILLEGAL_INSTRUCTION: u64 = 2;
            let sp = operand(faulting);
            let number = ILLEGAL_INSTRUCTION;
            check_eq!(fault, Some(FaultMessage::UserException { pc: at, sp, number, code: 0 }));
            answer(fate as u64, &[resume, good_stack()]);
        }
    }
    Ok(0)
}

fn repair_registers(thread: Tcb, resume: u64) -> Outcome {
    let mut registers = thread.read_registers()?;
    check_eq!(registers.get(Register::A0), BAD);
    registers.set(Register::Pc, resume);
    registers.set(Register::A0, GOOD);
    thread.write_registers(&registers)?;
    Ok(())
}

fn answer(label: u64, words: &[u64]) {
    let (info, registers) = message::prepare(label, words.len(), |index| words[index]);
    system::reply(info, registers);
}
