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

/// Installs `packages`. The package lists are fetched only if they are missing or too old.
pub(super) fn install(host: &dyn Host, privilege: Privilege, packages: &[&'static str]) {
    let with_packages = |options: &[&'static str]| [options, packages].concat();
    let simulate = with_packages(&["install", "--simulate", "--no-install-recommends"]);
    let install = privilege.apt_get(&with_packages(&INSTALL));
    let attempt = || {
        host.say(&format!("set-up: {install}"));
        host.run(&install)
    };
    let lists_are_known = host.query(&Invocation::new("apt-get", simulate)).is_some();
    if lists_are_known && attempt() {
        return;
    }
    let update = privilege.apt_get(&["update"]);
    host.say(&format!("set-up: {update}"));
    host.run(&update);
    // Whether this helped is seen by probing again.
    attempt();
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
