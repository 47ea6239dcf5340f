//! The compiler for the RISC-V side.
//!
//! The active Rust is used if it has the two targets. Where rustup cannot add them, Debian's own `rustc-web` and the library
//! source beside it take its place; `core` and `alloc` are then built along with the program.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;

use crate::setup::host::{Host, Invocation, LocalHost};

/// The target of kernel and loader: without floating point, so that they cannot touch its registers.
pub const KERNEL_TARGET: &str = "riscv64imac-unknown-none-elf";

/// The target of everything in user mode.
pub const USER_TARGET: &str = "riscv64gc-unknown-none-elf";

/// Debian's packages that make up [`GuestToolchain::DebianWeb`].
pub const DEBIAN_PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "lld"];

/// The environment variable that forces one toolchain: `active` or `debian`.
pub const OVERRIDE: &str = "REL4_GUEST_TOOLCHAIN";

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";

/// Where the compiler for RISC-V comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestToolchain {
    /// The Rust that also builds the host side, with its precompiled libraries for the targets.
    Active,
    /// Debian's `rustc-web` and `cargo-web`, with libraries built from `rust-web-src`.
    DebianWeb,
}

/// Why there is no compiler for RISC-V.
#[derive(Debug, Error)]
pub enum ToolchainError {
    /// None of the toolchains is complete.
    #[error(
        "no Rust compiler for {KERNEL_TARGET} and {USER_TARGET}; run `./x harness build` once, which installs one"
    )]
    Missing,
    /// The toolchain that [`OVERRIDE`] asks for is not complete.
    #[error(
        "{OVERRIDE} asks for a toolchain that is not installed; run `./x harness build` once, or unset it"
    )]
    RequestedMissing,
    /// A value of [`OVERRIDE`] that means nothing.
    #[error("{OVERRIDE}={0}: expected `active` or `debian`")]
    UnknownOverride(String),
    /// A compiler that is there but does not answer.
    #[error("`{0}` failed")]
    Unusable(Invocation),
}

impl GuestToolchain {
    /// Looks for a complete toolchain on this machine.
    ///
    /// # Errors
    ///
    /// There is none, or [`OVERRIDE`] is set to something that is not there.
    pub fn detect() -> Result<Self, ToolchainError> {
        Self::detect_on(&LocalHost)
    }

    /// Looks for a complete toolchain on `host`.
    ///
    /// # Errors
    ///
    /// There is none, or [`OVERRIDE`] is set to something that is not there.
    pub fn detect_on(host: &dyn Host) -> Result<Self, ToolchainError> {
        match Self::requested(host)? {
            Some(requested) if requested.is_complete(host) => Ok(requested),
            Some(_) => Err(ToolchainError::RequestedMissing),
            None => [Self::Active, Self::DebianWeb]
                .into_iter()
                .find(|toolchain| toolchain.is_complete(host))
                .ok_or(ToolchainError::Missing),
        }
    }

    /// The toolchain that [`OVERRIDE`] asks for.
    ///
    /// # Errors
    ///
    /// [`ToolchainError::UnknownOverride`].
    pub fn requested(host: &dyn Host) -> Result<Option<Self>, ToolchainError> {
        match host.variable(OVERRIDE).as_deref() {
            None => Ok(None),
            Some("active") => Ok(Some(Self::Active)),
            Some("debian") => Ok(Some(Self::DebianWeb)),
            Some(other) => Err(ToolchainError::UnknownOverride(other.to_owned())),
        }
    }

    fn is_complete(self, host: &dyn Host) -> bool {
        match self {
            Self::Active => host.query(&print_sysroot("rustc")).is_some_and(|sysroot| {
                let libraries = Path::new(&sysroot).join("lib/rustlib");
                [KERNEL_TARGET, USER_TARGET]
                    .iter()
                    .all(|target| host.exists(&libraries.join(target).join("lib")))
            }),
            Self::DebianWeb => debian_packages(host).is_some_and(|versions| {
                versions.len() == DEBIAN_PACKAGES.len()
                    && versions.get("rustc-web").is_some_and(|version| is_recent(version))
            }),
        }
    }

    /// A cargo that builds for `target`, to which the caller adds the subcommand and its options. The target is already
    /// chosen; flags for rustc may be given in `RUSTFLAGS`.
    #[must_use]
    pub fn cargo(&self, target: &str) -> Command {
        let mut command = match self {
            Self::Active => Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into())),
            Self::DebianWeb => {
                let mut command = Command::new(DEBIAN_CARGO);
                // The host's cargo, if it started us, has set these for its own compiler.
                for foreign in ["CARGO", "LD_LIBRARY_PATH", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER"] {
                    command.env_remove(foreign);
                }
                command
                    .env("RUSTC", DEBIAN_RUSTC)
                    // Allows `-Z` in a release compiler, as its own build does.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env(linker_variable(target), "ld.lld")
                    .arg("-Zbuild-std=core,alloc")
                    .arg("-Zbuild-std-features=compiler-builtins-mem");
                command
            }
        };
        command.env("CARGO_BUILD_TARGET", target);
        command
    }

    /// The compiler's description of itself (`rustc -vV`), for the manifest.
    ///
    /// # Errors
    ///
    /// The compiler does not run.
    pub fn describe(&self) -> Result<String, ToolchainError> {
        self.ask(Invocation::new(self.rustc(), ["-vV"]))
    }

    /// The directory of the compiler's own libraries, whose path must not get into a binary.
    ///
    /// # Errors
    ///
    /// The compiler does not run.
    pub fn sysroot(&self) -> Result<PathBuf, ToolchainError> {
        self.ask(print_sysroot(self.rustc())).map(PathBuf::from)
    }

    fn rustc(self) -> &'static str {
        match self {
            Self::Active => "rustc",
            Self::DebianWeb => DEBIAN_RUSTC,
        }
    }

    fn ask(self, question: Invocation) -> Result<String, ToolchainError> {
        LocalHost.query(&question).ok_or(ToolchainError::Unusable(question))
    }
}

/// The versions of those of [`DEBIAN_PACKAGES`] that are installed; `None` if one is unknown, or this is no Debian.
fn debian_packages(host: &dyn Host) -> Option<BTreeMap<String, String>> {
    let arguments = ["--show", "--showformat=${Package}=${Version}=${db:Status-Status}\n"];
    let listing = Invocation::new("dpkg-query", arguments.iter().chain(DEBIAN_PACKAGES).copied());
    let installed = |line: &str| match line.split('=').collect::<Vec<_>>()[..] {
        [package, version, "installed"] => Some((package.to_owned(), version.to_owned())),
        _ => None,
    };
    Some(host.query(&listing)?.lines().filter_map(installed).collect())
}

/// Whether a compiler of Debian's `version` can compile this workspace.
fn is_recent(version: &str) -> bool {
    let major_and_minor = |version: &str| -> Option<(u32, u32)> {
        let mut numbers = version.split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    major_and_minor(version) >= major_and_minor(env!("CARGO_PKG_RUST_VERSION"))
}

fn print_sysroot(rustc: &str) -> Invocation {
    Invocation::new(rustc, ["--print", "sysroot"])
}

/// The variable by which cargo is told the linker for `target`.
fn linker_variable(target: &str) -> OsString {
    format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::mock::MockHost;

    #[test]
    fn the_active_toolchain_is_preferred() {
        let host = MockHost::default().with_active_targets().with_debian_toolchain();
        assert_eq!(GuestToolchain::detect_on(&host).unwrap(), GuestToolchain::Active);
    }

    #[test]
    fn debians_toolchain_stands_in_when_a_target_is_missing() {
        let host = MockHost::default().with_debian_toolchain();
        assert_eq!(GuestToolchain::detect_on(&host).unwrap(), GuestToolchain::DebianWeb);
    }

    #[test]
    fn nothing_installed_is_named_as_such() {
        let error = GuestToolchain::detect_on(&MockHost::default()).unwrap_err();
        assert!(matches!(error, ToolchainError::Missing));
    }

    #[test]
    fn a_debian_compiler_that_is_too_old_does_not_count() {
        let host = MockHost::default().with_old_rustc_web().with_debian_toolchain();
        let error = GuestToolchain::detect_on(&host).unwrap_err();
        assert!(matches!(error, ToolchainError::Missing));
        assert!(is_recent(concat!(env!("CARGO_PKG_RUST_VERSION"), ".0+dfsg1-1~deb12u2")));
        assert!(is_recent("2.0.0") && !is_recent("1.9.0") && !is_recent("unknown"));
    }

    #[test]
    fn the_override_decides_and_never_falls_back() {
        let both = MockHost::default().with_active_targets().with_debian_toolchain();
        let forced = both.with_variable(OVERRIDE, "debian");
        assert_eq!(GuestToolchain::detect_on(&forced).unwrap(), GuestToolchain::DebianWeb);
        let host = MockHost::default().with_active_targets().with_variable(OVERRIDE, "debian");
        let error = GuestToolchain::detect_on(&host).unwrap_err();
        assert!(matches!(error, ToolchainError::RequestedMissing));
    }

    #[test]
    fn a_misspelt_override_is_refused() {
        let host = MockHost::default().with_variable(OVERRIDE, "debain");
        let error = GuestToolchain::detect_on(&host).unwrap_err();
        assert!(error.to_string().contains("debain"));
    }

    #[test]
    fn debians_cargo_builds_the_libraries_and_ignores_the_hosts_compiler() {
        let command = GuestToolchain::DebianWeb.cargo(KERNEL_TARGET);
        assert_eq!(command.get_program(), DEBIAN_CARGO);
        assert!(command.get_args().any(|argument| argument == "-Zbuild-std=core,alloc"));
        let environment: Vec<_> = command.get_envs().collect();
        let linker = "CARGO_TARGET_RISCV64IMAC_UNKNOWN_NONE_ELF_LINKER".as_ref();
        assert!(environment.contains(&(linker, Some("ld.lld".as_ref()))));
        assert!(environment.contains(&("RUSTUP_TOOLCHAIN".as_ref(), None)));
    }
}
