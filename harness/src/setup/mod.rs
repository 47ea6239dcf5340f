//! Set-up: what the commands need on a machine, and how it gets there.
//!
//! [`ensure`] looks at what is there, says what is missing and why, installs it if it may, and otherwise tells the user
//! exactly what to run. When everything is there it only looks: no network, a few milliseconds.
//!
//! | module | what |
//! |---|---|
//! | [`requirement`] | the table of what is needed, how to tell, how to get it |
//! | [`host`] | the machine, behind a trait |
//! | `apt` | installing Debian packages |

use std::fmt::Write;

use thiserror::Error;

use self::apt::Privilege;
use self::host::{Host, Invocation};
use self::requirement::{Remedy, Requirement};
use crate::toolchain::{GuestToolchain, ToolchainError};

mod apt;
pub mod host;
#[cfg(test)]
pub(crate) mod mock;
pub mod requirement;
#[cfg(test)]
mod tests;

/// Why a command's needs are not met.
#[derive(Debug, Error)]
pub enum SetupError {
    /// Something is missing that set-up could not, or may not, install; the text says what the user must run.
    #[error("{0}")]
    Unmet(String),
    /// The environment asks for a guest toolchain in a way that makes no sense.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
}

/// Makes sure that `host` has everything in `requirements`.
///
/// # Errors
///
/// See [`SetupError`].
pub fn ensure(host: &dyn Host, requirements: &[&'static Requirement]) -> Result<(), SetupError> {
    let requested = GuestToolchain::requested(host)?;
    let unmet = || requirements.iter().copied().filter(|requirement| !(requirement.is_met)(host));
    let mut missing: Vec<_> = unmet().collect();
    if missing.is_empty() {
        return Ok(());
    }
    for requirement in &missing {
        host.say(&format!("set-up: missing {}, which {}", requirement.name, requirement.why));
    }

    let privilege = Privilege::of_user(host);
    let mut tried = Vec::new();
    loop {
        let step = next_step(host, &missing, requested, privilege, &tried);
        if step.is_empty() {
            break;
        }
        apply(host, privilege, &step);
        tried.extend(step.into_iter().map(|(_, remedy)| remedy));
        missing = unmet().collect();
    }
    if missing.is_empty() {
        host.say("set-up: complete");
        return Ok(());
    }
    Err(SetupError::Unmet(advice(host, &missing, requested, privilege, &tried)))
}

/// For each requirement that is missing, the first remedy that can be used here and was not tried.
fn next_step(
    host: &dyn Host,
    missing: &[&'static Requirement],
    requested: Option<GuestToolchain>,
    privilege: Option<Privilege>,
    tried: &[Remedy],
) -> Vec<(&'static Requirement, Remedy)> {
    let usable = |remedy: &Remedy| match remedy {
        Remedy::RustupTargets(_) => host.has_program("rustup"),
        Remedy::DebianPackages(_) => privilege.is_some(),
    };
    let of = |requirement: &'static Requirement| {
        let mut remedies = requirement.remedies_for(requested);
        let remedy = remedies.find(|remedy| usable(remedy) && !tried.contains(remedy))?;
        Some((requirement, remedy))
    };
    missing.iter().copied().filter_map(of).collect()
}

/// Applies the remedies of a step, all Debian packages at once.
fn apply(host: &dyn Host, privilege: Option<Privilege>, step: &[(&'static Requirement, Remedy)]) {
    let mut packages = Vec::new();
    let mut wanted = Vec::new();
    for (requirement, remedy) in step {
        match remedy {
            Remedy::RustupTargets(targets) => {
                let add = rustup_add(targets);
                host.say(&format!("set-up: {add}"));
                // Whether this helped is seen by probing again.
                host.run(&add);
            }
            Remedy::DebianPackages(names) => {
                packages.extend(*names);
                wanted.push(requirement);
            }
        }
    }
    if let Some(privilege) = privilege.filter(|_| !packages.is_empty()) {
        let all_are_met = || wanted.iter().all(|requirement| (requirement.is_met)(host));
        apt::install(host, privilege, &packages, all_are_met);
    }
}

fn rustup_add(targets: &'static [&'static str]) -> Invocation {
    Invocation::new("rustup", ["target", "add"].into_iter().chain(targets.iter().copied()))
}

/// What the user must do where set-up could not.
fn advice(
    host: &dyn Host,
    missing: &[&'static Requirement],
    requested: Option<GuestToolchain>,
    privilege: Option<Privilege>,
    tried: &[Remedy],
) -> String {
    let mut commands = Vec::new();
    let mut packages = Vec::new();
    for requirement in missing {
        let possible = |remedy: &Remedy| match remedy {
            Remedy::RustupTargets(_) => host.has_program("rustup"),
            Remedy::DebianPackages(_) => true,
        };
        let mut remedies = requirement.remedies_for(requested).filter(possible).peekable();
        let first = remedies.peek().copied();
        match remedies.find(|remedy| !tried.contains(remedy)).or(first) {
            Some(Remedy::RustupTargets(targets)) => commands.push(rustup_add(targets).to_string()),
            Some(Remedy::DebianPackages(names)) => packages.extend(names),
            None => commands.push(format!("(install {} by other means)", requirement.name)),
        }
    }
    if !packages.is_empty() {
        commands.push(apt::by_hand(host, &packages));
    }

    let mut text = String::from("set-up could not install everything that this command needs:\n");
    for requirement in missing {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  * {}, which {}", requirement.name, requirement.why);
        if let Some(hint) = requirement.hint {
            let _ = writeln!(text, "    ({hint})");
        }
    }
    text.push_str(match privilege {
        Some(_) => "The messages above say why. When that is repaired, run\n",
        None => "It may not install packages here: that takes root, or sudo without a password. Run\n",
    });
    for command in commands {
        let _ = writeln!(text, "    {command}");
    }
    text.push_str("and then the same command again.");
    text
}
