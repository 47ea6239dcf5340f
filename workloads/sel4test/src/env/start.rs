//! The first code of every thread that is made here.

use rel4_abi::{CPtr, Register, UserContext};
use rel4_runtime::arch;
use rel4_runtime::cap::Endpoint;

use super::helper::HelperMain;
use crate::report::{RESULT, Verdict};

/// Registers that make a thread run `main` and then report to the endpoint at `done` of its `CSpace`.
pub(crate) fn initial_context(
    main: HelperMain,
    arguments: [u64; 4],
    done: CPtr,
    stack_top: u64,
    ipc_buffer_vaddr: u64,
) -> UserContext {
    let [first, second, third, fourth] = arguments;
    let mut context = UserContext::default();
    for (register, value) in [
        (Register::Pc, thread_start as *const () as u64),
        (Register::Sp, stack_top),
        (Register::Gp, arch::global_pointer()),
        (Register::Tp, ipc_buffer_vaddr),
        (Register::A0, main as *const () as u64),
        (Register::A1, first),
        (Register::A2, second),
        (Register::A3, third),
        (Register::A4, fourth),
        (Register::A5, done.word()),
    ] {
        context.set(register, value);
    }
    context
}

/// Where the thread starts; the parameters are `a0` to `a5` of [`initial_context`].
#[expect(improper_ctypes_definitions, reason = "what is called is a function of this program")]
extern "C" fn thread_start(
    main: HelperMain,
    first: u64,
    second: u64,
    third: u64,
    fourth: u64,
    done: u64,
) -> ! {
    let words = match main([first, second, third, fourth]) {
        Ok(value) => [Verdict::Finished as u64, value],
        Err(_) => [Verdict::GaveUp as u64, 0],
    };
    // Nobody answers, so the thread stays blocked until it is destroyed.
    Endpoint(CPtr(done)).call(RESULT, words);
    arch::fault()
}
