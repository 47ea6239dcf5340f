//! The plugin as QEMU sees it.
//!
//! All `unsafe` code of the crate is here: the declarations of QEMU's plugin interface ([`api`]), the functions of the
//! emulator that are not part of it ([`symbols`]), and the callbacks, which shed their raw pointers in their first lines
//! and call the model ([`callbacks`]). [`session`] holds the one model of the process.
//!
//! The rule that everything here rests on: QEMU runs all harts, and so all callbacks but the last, on one thread. The
//! first callback remembers its thread and every later translation compares; the last callback, at exit, comes when that
//! thread has stopped.

#![allow(unsafe_code, reason = "the interface of QEMU's plugins is C")]

mod api;
mod callbacks;
mod install;
mod session;
mod symbols;
