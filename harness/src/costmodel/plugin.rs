//! Builds the plugin for the emulator that is there.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};
use rel4_costmodel::interface::Interface;

use crate::build::reproducible;
use crate::platform::qemu::Version;
use crate::toolchain::GuestToolchain;
use crate::workspace::Workspace;

/// The plugin for QEMU `version`, built where it is not up to date.
///
/// # Errors
///
/// There is no build for this version, or it fails.
pub fn build(workspace: &Workspace, version: &Version) -> anyhow::Result<PathBuf> {
    let Some(interface) = Interface::of_qemu(version.number) else {
        bail!(
            "the cost model has no plugin for QEMU {version}: use Debian 12's own 7.2, or 9.2 or newer from its \
             backports"
        );
    };
    let target = workspace.plugin_target().join(interface.feature());
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--locked", "--release", "--package", "rel4-costmodel", "--lib"]);
    cargo.args(["--features", interface.feature(), "--target-dir"]).arg(&target).current_dir(&workspace.root);
    // The same bytes in every folder: runs whose plugins differ are not compared. Flags meant for another build would make another one.
    let flags = reproducible::flags(&workspace.root, &GuestToolchain::Active.sysroot()?);
    cargo.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", flags);
    let output = cargo.output().context("cannot start cargo to build the cost model's plugin")?;
    if !output.status.success() {
        bail!("the cost model's plugin does not build:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(target.join("release/librel4_costmodel.so"))
}
