//! The host: there is no kernel here. Tests put a scripted one behind [`call`].

use rel4_abi::{BenchmarkSyscall, CPtr, MessageInfo};

use crate::executor::ReadyQueue;
use crate::image::ImageLayout;
use crate::ipc::{Message, Registers};

#[cfg(test)]
pub(crate) mod own_file;
#[cfg(test)]
pub(crate) mod scripted;

#[cfg(test)]
pub use own_file::{claim_identity, pending_identity, raise_own_identity, take_queue_identities};

fn no_kernel() -> ! {
    panic!("user code of the guest runs on the riscv64 target only")
}

/// Sends a message and waits for the answer.
#[cfg(not(test))]
pub fn call(_target: CPtr, _info: MessageInfo, _registers: Registers) -> Message {
    no_kernel()
}

/// Sets message word `index`, which is below 120.
#[cfg(not(test))]
pub fn set_message_word(_index: usize, _word: u64) {
    no_kernel()
}

/// Sets the extra capability `index`, which is below 3, of the next message.
#[cfg(not(test))]
pub fn set_extra_cap(_index: usize, _cptr: CPtr) {
    no_kernel()
}

/// Message word `index`, which is below 120.
#[cfg(not(test))]
#[must_use]
pub fn message_word(_index: usize) -> u64 {
    no_kernel()
}

#[cfg(test)]
pub use scripted::{call, message_word, set_extra_cap, set_message_word};

/// Answers the last caller and receives.
pub fn reply_recv(_source: CPtr, _info: MessageInfo, _registers: Registers) -> Message {
    no_kernel()
}

/// Sends a message, waiting for a receiver.
pub fn send(_target: CPtr, _info: MessageInfo, _registers: Registers) {
    no_kernel()
}

/// Sends a message if a receiver is waiting.
pub fn nb_send(_target: CPtr, _info: MessageInfo, _registers: Registers) {
    no_kernel()
}

/// Answers the last caller.
pub fn reply(_info: MessageInfo, _registers: Registers) {
    no_kernel()
}

/// Receives a message, waiting for a sender.
pub fn recv(_source: CPtr) -> Message {
    no_kernel()
}

/// Receives a message if a sender is waiting.
pub fn nb_recv(_source: CPtr) -> Message {
    no_kernel()
}

/// Sets where the kernel puts a capability that a message brings.
pub fn set_receive_slot(_node: CPtr, _index: u64, _depth: u64) {
    no_kernel()
}

/// Lets other threads of the same priority run.
pub fn yield_now() {
    no_kernel()
}

/// Makes a system call that no kernel has.
pub fn unknown_syscall(_number: u64, _arguments: [u64; 7]) -> u64 {
    no_kernel()
}

/// Writes one byte to the kernel's console.
pub fn debug_put_char(_byte: u8) {
    no_kernel()
}

/// Tells the internal type number of a capability.
#[must_use]
pub fn debug_cap_identify(_cptr: CPtr) -> u64 {
    no_kernel()
}

/// Makes a benchmark system call.
pub fn benchmark(_call: BenchmarkSyscall, _argument: u64) -> u64 {
    no_kernel()
}

/// Instructions retired.
#[must_use]
pub fn instructions_retired() -> u64 {
    no_kernel()
}

/// Wall-clock ticks.
#[must_use]
pub fn time_ticks() -> u64 {
    no_kernel()
}

/// Takes the lowest pending and enabled identity; 0 if there is none.
#[cfg(not(test))]
#[must_use]
pub fn claim_identity() -> u64 {
    no_kernel()
}

/// The lowest pending and enabled identity, which stays pending; 0 if there is none.
#[cfg(not(test))]
#[must_use]
pub fn pending_identity() -> u64 {
    no_kernel()
}

/// Raises an identity in the thread's own file.
#[cfg(not(test))]
pub fn raise_own_identity(_identity: u64) {
    no_kernel()
}

/// Takes the pending identities of the ready queue, as bits of words.
#[cfg(not(test))]
#[must_use]
pub fn take_queue_identities() -> [u64; 3] {
    no_kernel()
}

/// Takes the pending identities of the notification word, as badge bits.
#[must_use]
pub fn take_notification_word() -> u64 {
    no_kernel()
}

/// Lets the identities of the ready queue through.
pub fn enable_queue_identities() {
    no_kernel()
}

/// Raises an identity in the file whose page is mapped at an address.
///
/// # Safety
///
/// None here: there are no files.
#[expect(unsafe_code, reason = "has the signature of the guest's")]
pub unsafe fn raise_identity(_page: u64, _identity: u64) {
    no_kernel()
}

/// Where a thread of this program takes its interrupts: nowhere here, but the value can be registered with a scripted kernel.
#[must_use]
pub fn interrupt_entry() -> u64 {
    0
}

/// Does work with interrupts unmasked.
pub fn with_interrupts<T>(_ready: &'static ReadyQueue, _work: impl FnOnce() -> T) -> T {
    no_kernel()
}

/// Ends this thread with a fault.
pub fn fault() -> ! {
    no_kernel()
}

/// What `gp` holds in every thread of the program.
#[must_use]
pub fn global_pointer() -> u64 {
    no_kernel()
}

/// Where the linker put the parts of the program.
#[must_use]
pub fn image_layout() -> ImageLayout {
    no_kernel()
}
