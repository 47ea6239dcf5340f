//! The host: no kernel, so no windows.

use rel4_runtime::ipc::Message;

use super::{Passage, Request, Window};
use crate::bench::counter::Counter;

fn no_kernel() -> ! {
    panic!("the microbenchmarks run on the riscv64 target only")
}

fn no_kernel_for(Request { number, cptr, .. }: Request) -> ! {
    panic!("there is no kernel for system call {number} on capability {}", cptr.word())
}

macro_rules! passages {
    ($($(#[$doc:meta])* $name:ident),*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub(in crate::bench) struct $name;

            impl Passage for $name {
                fn around(_: Counter, request: Request) -> (Message, Window) {
                    no_kernel_for(request)
                }

                fn opening(_: Counter, request: Request) -> u64 {
                    no_kernel_for(request)
                }

                fn closing(_: Counter, request: Request) -> (Message, u64) {
                    no_kernel_for(request)
                }
            }
        )*
    };
}

passages!(
    /// A system call.
    Ecall,
    /// A system call, behind which a floating-point register is used.
    EcallThenFloat,
    /// An illegal instruction.
    IllegalInstruction,
    /// Nothing.
    Nop,
    /// Nothing but a floating-point register.
    NopThenFloat
);

/// Opens a window.
pub(in crate::bench) fn open(_: Counter) -> u64 {
    no_kernel()
}

/// Closes a window.
pub(in crate::bench) fn close(_: Counter) -> u64 {
    no_kernel()
}

/// Opens a window and stores to a register.
///
/// # Safety
///
/// None here: nothing is stored.
#[expect(unsafe_code, reason = "has the signature of the guest's")]
pub(in crate::bench) unsafe fn opening_store(_: Counter, _register: *mut u32, _value: u32) -> u64 {
    no_kernel()
}
