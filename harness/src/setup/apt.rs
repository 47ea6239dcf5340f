//! Installing Debian packages without a question asked.

use super::host::{Host, Invocation};

const INSTALL: [&str; 3] = ["install", "--yes", "--no-install-recommends"];

/// How this user may install packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Privilege {
    /// As root.
    Root,
    /// By sudo, which asks for no password.
    Sudo,
}

impl Privilege {
    /// The privilege that the user has, if any.
    pub(super) fn of_user(host: &dyn Host) -> Option<Self> {
        if !host.has_program("apt-get") {
            None
        } else if is_root(host) {
            Some(Self::Root)
        } else {
            host.query(&Invocation::new("sudo", ["-n", "true"])).map(|_| Self::Sudo)
        }
    }

    fn apt_get(self, arguments: &[&'static str]) -> Invocation {
        let words = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
        let words = words.iter().chain(arguments).copied();
        match self {
            Self::Root => Invocation::new("env", words.skip(1)),
            Self::Sudo => Invocation::new("sudo", words),
        }
    }
}

fn is_root(host: &dyn Host) -> bool {
    host.query(&Invocation::new("id", ["-u"])).as_deref() == Some("0")
}

/// Installs `packages`. The package lists are fetched only if without that it does not lead to what is `wanted`: they may be
/// missing, too old to be of use, or list too old a version.
pub(super) fn install(
    host: &dyn Host,
    privilege: Privilege,
    packages: &[&'static str],
    wanted: impl Fn() -> bool,
) {
    let with_packages = |options: &[&'static str]| [options, packages].concat();
    let simulate = with_packages(&["install", "--simulate", "--no-install-recommends"]);
    let install = privilege.apt_get(&with_packages(&INSTALL));
    let announced = |invocation: &Invocation| {
        host.say(&format!("set-up: {invocation}"));
        host.run(invocation)
    };
    let lists_are_known = host.query(&Invocation::new("apt-get", simulate)).is_some();
    if lists_are_known && announced(&install) && wanted() {
        return;
    }
    announced(&privilege.apt_get(&["update"]));
    // Whether this helped is seen by probing again.
    announced(&install);
}

/// What a user types to install `packages`.
pub(super) fn by_hand(host: &dyn Host, packages: &[&'static str]) -> String {
    let prefix = if is_root(host) {
        ""
    } else if host.has_program("sudo") {
        "sudo "
    } else {
        "(as root) "
    };
    format!("{prefix}apt-get update\n    {prefix}apt-get {} {}", INSTALL.join(" "), packages.join(" "))
}
