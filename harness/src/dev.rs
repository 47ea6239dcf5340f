//! What stands behind the script `x`: set-up, then the thing asked for.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};

use crate::exit::Exit;
use crate::setup::host::{Invocation, LocalHost};
use crate::setup::requirement::{EMULATOR, FONT, GUEST_TOOLCHAIN, Requirement};
use crate::setup::{self, host::Host};
use crate::toolchain::{GuestToolchain, KERNEL_TARGET, USER_TARGET};

const USAGE: &str = "\
usage: ./x run [OPTIONS]       set up, then `harness run` with configs/quick.toml, or another --matrix
       ./x test [OPTIONS]      set up, then all checks and tests; OPTIONS go to `cargo test`
       ./x harness [ARGUMENTS] set up, then `harness` with these arguments; try `./x harness --help`";

/// The main job of `./x run`.
const MAIN_MATRIX: &str = "configs/quick.toml";

/// What one of `x`'s commands comes to.
#[derive(Debug, PartialEq, Eq)]
enum Task {
    /// The harness with these arguments.
    Harness(Vec<OsString>),
    /// All checks and tests, with these options for `cargo test`.
    Test(Vec<OsString>),
    /// The user asked how to use the script.
    Help,
}

/// Carries out `x` with `arguments`.
///
/// # Errors
///
/// Set-up is incomplete, the command is unknown, or a program cannot be started: all the fault of the environment.
pub fn run(arguments: &[OsString]) -> Result<Exit> {
    match Task::of(arguments).context(USAGE)? {
        Task::Help => {
            println!("{USAGE}");
            Ok(Exit::Done)
        }
        Task::Harness(arguments) => {
            setup::ensure(&LocalHost, &needs(&arguments))?;
            let harness = env::current_exe().context("cannot find the harness's own program")?;
            become_program(Command::new(harness).args(arguments))
        }
        Task::Test(options) => {
            setup::ensure(&LocalHost, &[&GUEST_TOOLCHAIN, &EMULATOR, &FONT])?;
            test(&options)
        }
    }
}

impl Task {
    /// Reads the command line; `None` if it is none of `x`'s.
    fn of(arguments: &[OsString]) -> Option<Self> {
        let (command, rest) = arguments.split_first()?;
        match command.to_str()? {
            "run" => Some(Self::Harness(main_job(rest))),
            "test" => Some(Self::Test(rest.to_vec())),
            "harness" => Some(Self::Harness(rest.to_vec())),
            "help" | "--help" | "-h" => Some(Self::Help),
            _ => None,
        }
    }
}

/// `harness run`, with the main matrix unless `options` name another.
fn main_job(options: &[OsString]) -> Vec<OsString> {
    let names_matrix = |option: &OsString| {
        option == "--matrix" || option.to_str().is_some_and(|option| option.starts_with("--matrix="))
    };
    let mut arguments = vec!["run".into()];
    if !options.iter().any(names_matrix) {
        arguments.extend(["--matrix".into(), MAIN_MATRIX.into()]);
    }
    arguments.extend_from_slice(options);
    arguments
}

/// What the harness needs to carry out `arguments`: nothing for help, plans and listings.
fn needs(arguments: &[OsString]) -> Vec<&'static Requirement> {
    let only_talks =
        |argument: &OsString| ["--help", "-h", "--dry-run"].iter().any(|option| argument == option);
    if arguments.iter().any(only_talks) {
        return Vec::new();
    }
    match arguments.first().and_then(|command| command.to_str()) {
        Some("run" | "reproduce") => vec![&GUEST_TOOLCHAIN, &EMULATOR, &FONT],
        Some("build") => vec![&GUEST_TOOLCHAIN],
        Some("figures" | "report") => vec![&FONT],
        _ => Vec::new(),
    }
}

/// Replaces this process, so that signals and the exit code are the program's own.
fn become_program(command: &mut Command) -> Result<Exit> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start {}", Path::new(command.get_program()).display()))
}

/// Runs every check, also after one has failed, and says at the end which did.
fn test(options: &[OsString]) -> Result<Exit> {
    let cargo = env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut failed = Vec::new();
    for check in checks(&LocalHost, options) {
        eprintln!("test: {}", check.name);
        let status = check.run(&cargo)?;
        if !status.success() {
            failed.push(check.name);
        }
    }
    if failed.is_empty() {
        eprintln!("test: everything passed");
        return Ok(Exit::Done);
    }
    eprintln!("test: FAILED: {}", failed.join(", "));
    Ok(Exit::Failed)
}

/// One run of cargo.
#[derive(Debug)]
struct Check {
    name: &'static str,
    arguments: Vec<OsString>,
    /// Build settings of the kernel.
    settings: Vec<(&'static str, &'static str)>,
}

impl Check {
    fn new(name: &'static str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(OsString::from).collect();
        Self { name, arguments, settings: Vec::new() }
    }

    fn run(&self, cargo: &Path) -> Result<ExitStatus> {
        let mut command = Command::new(cargo);
        command.args(&self.arguments).envs(self.settings.iter().copied());
        command.status().with_context(|| format!("cannot start {}", cargo.display()))
    }
}

/// Formatting and lints, where the toolchain has the components, then the tests of host and emulator.
fn checks(host: &dyn Host, options: &[OsString]) -> Vec<Check> {
    let has = |component: &str| {
        let version = Invocation::new("cargo", [component, "--version"]);
        let found = host.query(&version).is_some();
        if !found {
            host.say(&format!("test: skipping {component}, which this toolchain does not have"));
        }
        found
    };
    let mut checks = Vec::new();
    if has("fmt") {
        checks.push(Check::new("formatting", &["fmt", "--all", "--check"]));
    }
    if has("clippy") {
        let lint = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
        checks.push(Check::new("lints", &lint));
        if matches!(GuestToolchain::detect_on(host), Ok(GuestToolchain::Active)) {
            checks.extend(guest_lints());
        }
    }
    // What fails must not hide what else fails.
    let mut tests = Check::new("tests", &["test", "--workspace", "--locked", "--no-fail-fast"]);
    tests.arguments.extend_from_slice(options);
    checks.push(tests);
    let kernel = |features| ["test", "--package", "rel4-kernel", "--features", features, "--locked"];
    let mut without_ipc =
        Check::new("tests of the kernel without synchronous IPC", &kernel("uintr,fastpath,debug"));
    without_ipc.arguments.push("--no-default-features".into());
    checks.push(without_ipc);
    checks.push(Check::new("tests of the kernel with user interrupts", &kernel("uintr")));
    checks.push(Check::new(
        "tests of the kernel with everything that it can have",
        &kernel("uintr,smp,benchmark"),
    ));
    checks.push(Check::new("tests of the kernel with asynchronous system calls", &kernel("async-syscall")));
    checks.push(Check::new(
        "tests of the kernel with asynchronous system calls and several harts",
        &kernel("async-syscall,smp"),
    ));
    let mut domains = Check::new("tests of the kernel with several domains", &kernel("debug"));
    domains.arguments.extend(["--", "domain", "schedul"].map(OsString::from));
    domains.settings.push(("REL4_NUM_DOMAINS", "4"));
    checks.push(domains);
    checks
}

/// Lints of what is compiled for guests only: the kernel's richest and its plainest configurations, the loader, and user code.
fn guest_lints() -> [Check; 4] {
    let deny = ["--", "-D", "warnings"];
    let lint = |name, target, options: &[&str]| {
        let common = ["clippy", "--locked", "--target", target];
        Check::new(name, &[&common, options, &deny].concat())
    };
    let everything = [
        "-p",
        "rel4-kernel",
        "-p",
        "rel4-loader",
        "--features",
        "rel4-kernel/async-syscall,rel4-kernel/smp,rel4-kernel/benchmark",
    ];
    let plain = ["-p", "rel4-kernel", "--no-default-features", "--features", "sync-ipc"];
    let without_ipc = ["-p", "rel4-kernel", "--no-default-features", "--features", "uintr,smp"];
    [
        lint("lints of the kernel and the loader", KERNEL_TARGET, &everything),
        lint("lints of the kernel without options", KERNEL_TARGET, &plain),
        lint("lints of the kernel without synchronous IPC", KERNEL_TARGET, &without_ipc),
        lint("lints of user code", USER_TARGET, &["-p", "rel4-workloads", "-p", "rel4-runtime"]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn run_is_the_main_job() {
        let task = Task::of(&words("run --dry-run")).unwrap();
        assert_eq!(task, Task::Harness(words("run --matrix configs/quick.toml --dry-run")));
    }

    #[test]
    fn a_matrix_of_the_users_own_replaces_the_main_one() {
        for own in ["run --matrix mine.toml", "run --matrix=mine.toml"] {
            assert_eq!(Task::of(&words(own)).unwrap(), Task::Harness(words(own)));
        }
    }

    #[test]
    fn harness_passes_its_arguments_on() {
        let task = Task::of(&words("harness list --all")).unwrap();
        assert_eq!(task, Task::Harness(words("list --all")));
    }

    #[test]
    fn nothing_and_nonsense_are_no_tasks() {
        assert_eq!(Task::of(&[]), None);
        assert_eq!(Task::of(&words("frobnicate")), None);
    }

    #[test]
    fn what_continuous_integration_runs_exists() {
        let workflow = include_str!("../../.github/workflows/ci.yml");
        let commands: Vec<_> = workflow.lines().filter_map(|line| line.split_once("./x ")).collect();
        assert!(commands.len() >= 2, "it tests and it runs the main job: {commands:?}");
        for (_, arguments) in commands {
            match Task::of(&words(arguments)) {
                Some(Task::Harness(arguments)) => {
                    crate::cli::check(&arguments).expect("a command of the harness");
                }
                Some(Task::Test(_)) => {}
                other => panic!("{arguments}: {other:?}"),
            }
        }
    }

    #[test]
    fn commands_that_only_read_need_nothing() {
        for arguments in ["list", "parse log", "gate --reference dir", "run --help", "build --dry-run", ""] {
            assert!(needs(&words(arguments)).is_empty(), "{arguments}");
        }
        assert_eq!(needs(&words("build")).len(), 1);
        assert_eq!(needs(&words("run --matrix x")).len(), 3);
    }
}
