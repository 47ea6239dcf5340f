//! Boards over SSH, against a real SSH server on this machine.
//!
//! | module | what |
//! |---|---|
//! | `server` | the SSH server, which runs commands as a board's host would |
//! | `bench` | a folder with a matrix, a board file, keys and the server |
//! | `login` | who is let in, and what is said to those who are not |
//! | `runs` | a board is measured; one that is busy, breaks down or falls silent is named |
//! | `emulated` | the whole way with the real kernel, on a board that is QEMU behind a console command |

mod bench;
mod emulated;
mod login;
mod runs;
mod server;
