//! RISC-V, 64 bits, U-mode.

mod counters;
mod ipc_buffer;
mod start;
mod syscall;
mod trap;

pub use counters::{instructions_retired, time_ticks};
pub use ipc_buffer::{message_word, set_extra_cap, set_message_word};
pub use start::{global_pointer, image_layout};
pub use syscall::{call, nb_recv, nb_send, recv, reply, reply_recv, send, yield_now};
pub use trap::fault;
