//! The plugin in a real emulator, on bare-metal programs whose instructions can be counted by hand.
//!
//! Skipped by name where there is no emulator or no compiler for the guest, except in CI. `REL4_QEMU` names another
//! emulator than the one on the PATH.

mod counted;
mod load;
mod machine;
mod repeated;
mod speed;
