//! Every system call, in the driver itself: none changes a register that is not its result.

use rel4_abi::{CPtr, DebugSyscall, MessageInfo, Syscall};

use crate::arch::{PRESERVED_REGISTERS, syscall_with_registers};
use crate::cspace;
use crate::env::Env;
use crate::report::Outcome;
use crate::test::{Test, bootstrap};

pub(super) const TESTS: &[Test] = &[
    bootstrap("SYSCALL0000", "Yield", |_| alone(Syscall::Yield)),
    bootstrap("SYSCALL0001", "Send to what takes no messages", |_| alone(Syscall::Send)),
    bootstrap("SYSCALL0002", "NBSend to what takes no messages", |_| alone(Syscall::NBSend)),
    bootstrap("SYSCALL0003", "Reply without a caller", |_| alone(Syscall::Reply)),
    bootstrap("SYSCALL0004", "signal to what takes no signals", |_| alone(Syscall::Send)),
    bootstrap("SYSCALL0005", "Call of what takes no messages", |_| alone(Syscall::Call)),
    bootstrap("SYSCALL0006", "DebugPutChar", debug_put_char),
    bootstrap("SYSCALL0010", "Recv from a notification with a signal", |env| signalled(env, Syscall::Recv)),
    bootstrap("SYSCALL0011", "ReplyRecv from a notification with a signal", |env| {
        signalled(env, Syscall::ReplyRecv)
    }),
    bootstrap("SYSCALL0012", "NBRecv from a notification with a signal", |env| {
        signalled(env, Syscall::NBRecv)
    }),
    bootstrap("SYSCALL0013", "Wait for a notification with a signal", |env| signalled(env, Syscall::Recv)),
    bootstrap("SYSCALL0014", "Send with words in registers", |_| alone_with_words(Syscall::Send)),
    bootstrap("SYSCALL0015", "NBSend with words in registers", |_| alone_with_words(Syscall::NBSend)),
    bootstrap("SYSCALL0016", "Reply with words in registers", |_| alone_with_words(Syscall::Reply)),
    bootstrap("SYSCALL0017", "Call with words in registers", |_| alone_with_words(Syscall::Call)),
];

/// How often each call is made.
const CALLS: usize = 10;
const EMPTY: MessageInfo = MessageInfo::new(0, 0, 0, 0);

/// Makes a system call on `cptr` and checks that all registers but its results are what they were.
#[track_caller]
fn check_registers(number: i64, cptr: CPtr, info: MessageInfo) {
    let mut before = [0; PRESERVED_REGISTERS];
    for (index, value) in before.iter_mut().enumerate() {
        *value = 0xdead_beef_1100_0000 + 0x0101_0101 * (index as u64 + 1);
    }
    let after = syscall_with_registers(number, [cptr.word(), info.0], &before);
    before[PRESERVED_REGISTERS - 1] = number as u64;
    check_eq!(after, before);
}

/// A call that needs nobody else, on a capability that takes no messages.
fn alone(syscall: Syscall) -> Outcome {
    for _ in 0..CALLS {
        check_registers(syscall.number(), cspace::CNODE.0, EMPTY);
    }
    Ok(())
}

/// The same with a message that has words.
fn alone_with_words(syscall: Syscall) -> Outcome {
    for length in (0..CALLS).map(|call| call % 5) {
        check_registers(syscall.number(), cspace::CNODE.0, MessageInfo::new(0, 0, 0, length));
    }
    Ok(())
}

/// A call that receives from a notification where a signal waits.
fn signalled(env: &mut Env, syscall: Syscall) -> Outcome {
    for _ in 0..CALLS {
        let notification = env.notification()?;
        for _ in 0..CALLS {
            notification.signal();
            check_registers(syscall.number(), notification.0, EMPTY);
            check_eq!(notification.poll(), 0);
        }
    }
    Ok(())
}

fn debug_put_char(env: &mut Env) -> Outcome {
    if env.machine.debug_kernel {
        for _ in 0..CALLS {
            check_registers(DebugSyscall::PutChar.number(), CPtr(u64::from(b' ')), EMPTY);
        }
    }
    Ok(())
}
