//! What the commands need on a machine: why, how to tell, how to get it.

use std::path::Path;

use super::host::Host;
use crate::toolchain::{DEBIAN_PACKAGES, GuestToolchain, KERNEL_TARGET, USER_TARGET};

/// Something a command needs.
#[derive(Debug)]
pub struct Requirement {
    /// What it is.
    pub name: &'static str,
    /// What it is needed for.
    pub why: &'static str,
    /// Whether `host` has it.
    pub is_met: fn(&dyn Host) -> bool,
    /// Ways to get it, the best first.
    pub remedies: &'static [Remedy],
    /// What a user should know who has to get it by hand.
    pub hint: Option<&'static str>,
}

/// A way to get something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Have rustup add these targets to the active toolchain.
    RustupTargets(&'static [&'static str]),
    /// Install these packages of Debian.
    DebianPackages(&'static [&'static str]),
}

impl Remedy {
    /// Whether the guest toolchain that was asked for, if one was, can come about this way.
    fn serves(self, requested: Option<GuestToolchain>) -> bool {
        match (self, requested) {
            (Self::RustupTargets(_), Some(GuestToolchain::DebianWeb)) => false,
            (Self::DebianPackages(packages), Some(GuestToolchain::Active)) => packages != DEBIAN_PACKAGES,
            _ => true,
        }
    }
}

impl Requirement {
    /// The ways to get it that agree with the guest toolchain that was asked for.
    pub fn remedies_for(&self, requested: Option<GuestToolchain>) -> impl Iterator<Item = Remedy> {
        self.remedies.iter().copied().filter(move |remedy| remedy.serves(requested))
    }
}

/// A compiler for RISC-V.
pub static GUEST_TOOLCHAIN: Requirement = Requirement {
    name: concat!("a Rust ", env!("CARGO_PKG_RUST_VERSION"), " compiler for RISC-V"),
    why: "compiles the kernel, the loader and the user programs",
    is_met: |host| GuestToolchain::detect_on(host).is_ok(),
    remedies: &[
        Remedy::RustupTargets(&[KERNEL_TARGET, USER_TARGET]),
        Remedy::DebianPackages(DEBIAN_PACKAGES),
    ],
    hint: Some(
        "rustup's targets will do, or Debian's rustc-web; Debian 12 has a recent one in its security archive only",
    ),
};

/// The emulator and its firmware, which Debian 12 ships together and other releases do not.
pub static EMULATOR: Requirement = Requirement {
    name: "qemu-system-riscv64 with OpenSBI",
    why: "is the machine that the kernel runs on, and the firmware that starts it",
    is_met: |host| {
        host.has_program("qemu-system-riscv64") && FIRMWARE.iter().any(|path| host.exists(Path::new(path)))
    },
    remedies: &[Remedy::DebianPackages(&["qemu-system-misc"]), Remedy::DebianPackages(&["opensbi"])],
    hint: None,
};

/// Where the firmware may be.
const FIRMWARE: &[&str] = &[
    "/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin",
    "/usr/local/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin",
    "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin",
];

/// The font of the figures.
pub static FONT: Requirement = Requirement {
    name: "the DejaVu Sans font",
    why: "labels the figures",
    is_met: |host| host.exists(Path::new("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")),
    remedies: &[Remedy::DebianPackages(&["fonts-dejavu-core"])],
    hint: None,
};
