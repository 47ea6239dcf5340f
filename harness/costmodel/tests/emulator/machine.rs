//! Builds the plugin and the guest programs, and runs them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use rel4_costmodel::counters::Counter;
use rel4_costmodel::interface::Interface;
use rel4_costmodel::options::{Detail, Options, Order};
use rel4_costmodel::preset::{Parameter, Preset};
use rel4_costmodel::report::{End, MarkerRow, Report};
use rel4_costmodel::rules;
use rel4_markers::{Marker, Role};

/// Where the linker script of the fixtures puts the kernel's code, its trap handler and user code.
const KERNEL: std::ops::Range<u64> = 0x8020_0000..0x8021_0000;
const TRAP_VECTOR: u64 = 0x8020_1000;
/// Where `user_interrupts` has its handler.
const USER_VECTOR: u64 = 0x8021_0100;

const TARGET: &str = "riscv64gc-unknown-none-elf";

/// An emulator with a plugin that it takes.
#[derive(Debug)]
pub(crate) struct Emulator {
    program: PathBuf,
    plugin: PathBuf,
}

/// The emulator, unless this machine lacks something.
pub(crate) fn emulator() -> Option<&'static Emulator> {
    static EMULATOR: OnceLock<Result<Emulator, String>> = OnceLock::new();
    match EMULATOR.get_or_init(Emulator::new) {
        Ok(emulator) => Some(emulator),
        Err(lack) => {
            assert!(env::var_os("CI").is_none(), "CI must not skip this test: {lack}");
            eprintln!("skipped: {lack}");
            None
        }
    }
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

impl Emulator {
    fn new() -> Result<Self, String> {
        let program = PathBuf::from(env::var_os("REL4_QEMU").unwrap_or("qemu-system-riscv64".into()));
        let version = Command::new(&program).arg("--version").output();
        let version = version.map_err(|error| format!("{}: {error}", program.display()))?;
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        let interface = version
            .split_whitespace()
            .find_map(|word| {
                let mut numbers = word.split('.').map(|number| number.parse().ok());
                Some((numbers.next()??, numbers.next()??))
            })
            .and_then(Interface::of_qemu)
            .ok_or_else(|| format!("no plugin for {version}"))?;
        let sysroot =
            Command::new("rustc").args(["--print", "sysroot"]).output().expect("there is a compiler");
        let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
        if !sysroot.join("lib/rustlib").join(TARGET).is_dir() {
            return Err(format!("the compiler cannot build for {TARGET}"));
        }
        let target = folder().join(interface.feature());
        let status = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--release",
                "--lib",
                "--features",
                interface.feature(),
                "--target-dir",
            ])
            .arg(&target)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the plugin builds");
        Ok(Self { program, plugin: target.join("release/librel4_costmodel.so") })
    }

    /// Runs `run` to its end.
    pub(crate) fn run(&self, run: &Run) -> Report {
        let scratch = tempfile::tempdir_in(folder()).expect("temporary directory");
        let preset_file = scratch.path().join("preset");
        let report = scratch.path().join("report");
        let preset = match run.detail {
            Detail::Schedule => Preset::unit(),
            Detail::Blocks | Detail::EveryInstruction => (run.preset)(),
        };
        fs::write(&preset_file, preset.to_canonical()).expect("written");
        let options = Options {
            detail: run.detail,
            order: run.order,
            lead: 50,
            preset: Some(preset_file),
            report: Some(report.clone()),
            heartbeat: None,
            kernel: KERNEL,
            trap_entry: None,
            trap_return: None,
            trap_vectors: vec![TRAP_VECTOR],
            user_vectors: vec![USER_VECTOR],
        };
        let output = self
            .command(run, &format!("{},{}", self.plugin.display(), options.to_arguments().join(",")))
            .output()
            .expect("the emulator starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        let text = fs::read_to_string(&report).unwrap_or_else(|error| panic!("no report: {error}\n{errors}"));
        let report = Report::parse(&text).expect("a whole report");
        assert_eq!(report.end, End::Exit, "{} stops by itself\n{errors}", run.fixture);
        assert_eq!(rules::broken(&report, &preset), []);
        report
    }

    /// The command that runs `run`, with `plugin` as the argument that names the plugin.
    pub(crate) fn command(&self, run: &Run, plugin: &str) -> Command {
        let mut command = self.bare_command(run);
        command.args(["-plugin", plugin]);
        command
    }

    /// The command that runs `run` without the plugin.
    pub(crate) fn bare_command(&self, run: &Run) -> Command {
        // A run takes a second or two; one that takes a minute makes no progress.
        let mut command = Command::new("timeout");
        command.arg("60").arg(&self.program);
        command.args(["-M", "virt,aia=aplic-imsic,aia-guests=3", "-cpu", "rv64,h=true", "-m", "512M"]);
        command.args([
            "-smp",
            &run.harts.to_string(),
            "-display",
            "none",
            "-monitor",
            "none",
            "-net",
            "none",
        ]);
        command.args(["-serial", "null", "-seed", "1", "-rtc", "base=2020-01-01,clock=vm", "-no-reboot"]);
        command.args(["-icount", "shift=0,sleep=off", "-kernel"]).arg(build(run.fixture));
        command.stdin(Stdio::null());
        command
    }

    /// The plugin's file.
    pub(crate) fn plugin(&self) -> &Path {
        &self.plugin
    }
}

/// What is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// The program.
    pub(crate) fixture: &'static str,
    /// On how many harts.
    pub(crate) harts: u32,
    /// How closely the plugin looks.
    pub(crate) detail: Detail,
    /// By which clock harts take turns.
    pub(crate) order: Order,
    /// The prices.
    pub(crate) preset: fn() -> Preset,
}

impl Run {
    /// `fixture` on `harts` harts, measured the usual way.
    pub(crate) const fn new(fixture: &'static str, harts: u32) -> Self {
        Self { fixture, harts, detail: Detail::Blocks, order: Order::Instructions, preset }
    }
}

/// Every fixture, with its harts, and those of several harts in either order.
pub(crate) const ALL: [Run; 8] = [
    Run::new("loops", 1),
    Run::new("traps", 1),
    Run::new("caches", 1),
    Run::new("user_interrupts", 1),
    Run::new("two_harts", 2),
    Run::new("four_harts", 4),
    Run { order: Order::Cycles, ..Run::new("two_harts", 2) },
    Run { order: Order::Cycles, ..Run::new("four_harts", 4) },
];

/// Prices that no two things share, so that a wrong one shows.
pub(crate) fn preset() -> Preset {
    let value = |parameter| match parameter {
        Parameter::Multiply => 5,
        Parameter::Divide => 33,
        Parameter::Branch => 2,
        Parameter::Load => 3,
        Parameter::Atomic => 6,
        Parameter::StoreConditional => 4,
        Parameter::Csr => 7,
        Parameter::FenceVma => 11,
        Parameter::TrapEntry => 13,
        Parameter::TrapReturn => 17,
        Parameter::UserInterruptEntry => 10,
        Parameter::L1InstructionBytes => 8192,
        Parameter::L1InstructionWays => 4,
        Parameter::L1DataBytes => 32768,
        Parameter::L1DataWays => 8,
        Parameter::L2Bytes => 2 << 20,
        Parameter::L2Ways => 16,
        Parameter::L2Hit => 20,
        Parameter::MemoryAccess => 100,
        Parameter::InstructionTlbEntries | Parameter::DataTlbEntries => 32,
        Parameter::TlbMiss => 25,
        Parameter::AddressSpaceTags => 1,
        Parameter::DeviceLoad => 80,
        Parameter::DeviceStore => 60,
        Parameter::Transfer => 40,
        other => other.range().0,
    };
    Preset::new("test", |parameter| Some(value(parameter))).expect("sound")
}

fn build(fixture: &str) -> PathBuf {
    static BUILDING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = BUILDING.lock();
    let elf = folder().join(format!("{fixture}.elf"));
    let fixtures = fixtures();
    let mut script = std::ffi::OsString::from("link-arg=-T");
    script.push(fixtures.join("fixture.ld"));
    let output = Command::new("rustc")
        .args([
            "--edition",
            "2024",
            "--target",
            TARGET,
            "-C",
            "panic=abort",
            "-C",
            "link-arg=--no-relax",
            "-C",
        ])
        .arg(script)
        .arg("-o")
        .arg(&elf)
        .arg(fixtures.join("fixture.rs"))
        .env("REL4_FIXTURE", fixtures.join(format!("{fixture}.S")))
        .output()
        .expect("the compiler runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    elf
}

/// The rows of one stage on one hart.
pub(crate) struct Stage {
    begin: MarkerRow,
    end: MarkerRow,
}

/// Stage `index` of `hart`, which ran once.
pub(crate) fn stage(report: &Report, hart: usize, index: u32) -> Stage {
    let row = |role| {
        let mut rows =
            report.markers.iter().filter(|row| row.hart == hart && row.marker == Marker::new(role, index));
        let row = rows.next().unwrap_or_else(|| panic!("no {role:?} {index} on hart {hart}"));
        assert!(rows.next().is_none(), "{role:?} {index} is there twice");
        *row
    };
    Stage { begin: row(Role::Begin), end: row(Role::End) }
}

impl Stage {
    pub(crate) fn instructions(&self) -> u64 {
        self.user_instructions() + self.end.figures.kernel.instructions
            - self.begin.figures.kernel.instructions
    }

    pub(crate) fn user_instructions(&self) -> u64 {
        self.end.figures.user.instructions - self.begin.figures.user.instructions
    }

    pub(crate) fn cycles(&self) -> u64 {
        self.end.figures.user.cycles - self.begin.figures.user.cycles + self.end.figures.kernel.cycles
            - self.begin.figures.kernel.cycles
    }

    pub(crate) fn traps(&self) -> u64 {
        self.end.figures.traps - self.begin.figures.traps
    }
}

/// The counter of `hart`.
pub(crate) fn counter(report: &Report, hart: usize, counter: Counter) -> u64 {
    report.harts[hart].get(counter)
}
