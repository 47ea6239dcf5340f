//! The loader's portable half: what it carries, where it puts it, and how it maps it.
//!
//! ReL4's loader is an S-mode program under OpenSBI. It carries a kernel and a root server, places both in memory with the
//! device tree, turns on a boot page table and enters the kernel on every hart, by the protocol that upstream seL4's own
//! loader speaks. It boots an upstream kernel as well as ours.
//!
//! Principles:
//! * everything that can be decided without hardware is decided here, and tested on the host;
//! * nothing that was read is believed before its offsets and lengths are checked: damage is an error with addresses in it;
//! * no `unsafe`: that lives in the guest half, each use with its reason.
//!
//! | module | what |
//! |---|---|
//! | [`range`] | half-open ranges of physical addresses |
//! | [`payload`] | the format in which the loader carries its images |
//! | [`elf`] | validated ELF executables, and how they are spread in memory |
//! | [`device_tree`] | RAM, reservations and harts, from the firmware's device tree |
//! | [`layout`] | where each image goes, what it must not overlap, what the kernel is told |
//! | [`sv39`] | the page table the kernel is entered on |
//! | `image` | host only: loader and payload as one bootable ELF |

#![no_std]

pub mod device_tree;
pub mod elf;
#[cfg(not(target_os = "none"))]
pub mod image;
pub mod layout;
pub mod payload;
pub mod range;
pub mod sv39;
