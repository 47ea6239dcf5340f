//! RISC-V, 64 bits, in user mode: U-mode, or VS-mode on a kernel with U-notifications.

mod counters;
mod interrupts;
mod ipc_buffer;
mod start;
mod syscall;
mod trap;

pub use counters::{instructions_retired, time_ticks};
pub use interrupts::{
    claim_identity, enable_queue_identities, interrupt_entry, pending_identity, raise_identity,
    raise_own_identity, take_notification_word, take_queue_identities, with_interrupts,
};
pub use ipc_buffer::{message_word, set_extra_cap, set_message_word, set_receive_slot};
pub use start::{global_pointer, image_layout};
pub use syscall::{
    benchmark, call, debug_cap_identify, debug_put_char, nb_recv, nb_send, recv, reply, reply_recv, send,
    unknown_syscall, yield_now,
};
pub use trap::fault;
