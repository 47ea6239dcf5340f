//! The command line from end to end, with a stand-in for QEMU.

mod bad_input;
mod bench;
mod outcomes;
mod run_directory;
mod verdict;
