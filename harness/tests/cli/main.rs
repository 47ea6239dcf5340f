//! The command line from end to end, with a stand-in for QEMU.

mod bad_input;
mod bench;
mod compare;
mod outcomes;
mod outside;
mod reproduce;
mod run_directory;
mod verdict;
