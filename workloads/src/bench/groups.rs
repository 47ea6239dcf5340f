//! What is measured, one file a group.
//!
//! A group is a function that asks the session for one series after the other. To add one, write its file and name it below; the harness
//! lists the names too.

use super::session::Session;
use crate::failure::Failure;

/// Measures everything in a group.
pub(super) type Group = fn(&mut Session<'_>) -> Result<(), Failure>;

macro_rules! groups {
    ($($name:literal: $module:ident,)*) => {
        $(mod $module;)*

        /// The groups by the names that `group=` knows them by, and all of them as one.
        pub(super) const CHOICES: &[(&str, &[Group])] = &[
            ("all", &[$($module::measure),*]),
            $(($name, &[$module::measure]),)*
        ];
    };
}

groups! {
    "null": null,
    "ipc": ipc,
    "ipc-caps": ipc_caps,
    "ipc-fpu": ipc_fpu,
    "signal": signal,
    "monitor": monitor,
    "yield": yielding,
    "fault": fault,
    "interrupt": interrupt,
    "mapping": mapping,
    "retype": retype,
    "cnode": cnode,
    "thread": thread,
    "remote": remote,
}
