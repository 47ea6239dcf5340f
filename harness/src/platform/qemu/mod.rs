//! QEMU's system emulator.

mod process;
mod version;

use std::env;
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use rel4_costmodel::heartbeat;

use super::tail::Tail;
use super::{Emulator, Launch, Platform, Running, StartError};
use crate::config::Machine;
use crate::digest;
use process::Process;
pub use version::{MINIMUM, ProbeError, Version, probe};

/// The emulator's usual name.
const PROGRAM: &str = "qemu-system-riscv64";
/// Seed of everything random in the machine, the device tree's `rng-seed` first of all.
pub const SEED: u64 = 1;
/// Names another emulator for every platform.
pub const PROGRAM_VARIABLE: &str = "REL4_QEMU";

/// A machine of the matrix, run by QEMU.
#[derive(Debug, Clone)]
pub struct Qemu {
    program: PathBuf,
    machine: Machine,
}

impl Qemu {
    /// The emulator for `machine`: its own `emulator`, else `REL4_QEMU`, else the one on the PATH.
    #[must_use]
    pub fn new(machine: &Machine) -> Self {
        let from_environment =
            || env::var_os(PROGRAM_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let program = machine.emulator.clone().or_else(from_environment).unwrap_or_else(|| PROGRAM.into());
        Self { program: independent_of_folder(program), machine: machine.clone() }
    }
}

/// A program given by a path is found from wherever the machine is started; a bare name is looked up on the PATH.
fn independent_of_folder(program: PathBuf) -> PathBuf {
    if program.components().count() > 1 { std::path::absolute(&program).unwrap_or(program) } else { program }
}

/// The file that `program` runs: itself, or what the PATH has under its name.
fn find(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return Some(program.to_owned());
    }
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The port on which the guest's echo server listens.
const ECHO_PORT: u16 = 7;

/// The machine's network: none, or a card on a network of its own, into which connections to port `forward` of the host are let:
/// to any free one, if that is 0.
fn network(forward: Option<u16>) -> Vec<OsString> {
    let words = forward.map_or_else(
        || vec!["-net".to_owned(), "none".to_owned()],
        |port| {
            let way = format!("hostfwd=tcp:127.0.0.1:{port}-:{ECHO_PORT}");
            let netdev = format!("user,id=outside,restrict=on,{way}");
            ["-netdev", &netdev, "-device", "virtio-net-device,netdev=outside"].map(str::to_owned).to_vec()
        },
    );
    words.into_iter().map(OsString::from).collect()
}

impl Platform for Qemu {
    fn emulator(&self) -> anyhow::Result<Emulator> {
        let version = probe(&self.program)?.text;
        let sha256 = find(&self.program).and_then(|file| digest::of_file(&file).ok());
        Ok(Emulator { program: self.program.clone(), sha256, version })
    }

    fn command(&self, launch: &Launch<'_>) -> Vec<OsString> {
        let machine = &self.machine;
        let mut serial = OsString::from("file:");
        serial.push(launch.serial);
        let mut command: Vec<OsString> = vec![
            self.program.clone().into(),
            "-M".into(),
            machine.machine.clone().into(),
            "-cpu".into(),
            machine.cpu.clone().into(),
            "-smp".into(),
            machine.harts.to_string().into(),
            "-m".into(),
            format!("{}M", machine.memory_mib).into(),
        ];
        command.extend(["-display", "none", "-monitor", "none"].map(OsString::from));
        command.extend(network(machine.forward));
        // A file, because a slow reader of a pipe would add polling to the guest's instruction counts.
        command.extend(["-serial".into(), serial]);
        // Without these the device tree's seed and the real-time clock differ from run to run.
        command.extend(["-seed".into(), SEED.to_string().into()]);
        command.extend(["-rtc", "base=2020-01-01,clock=vm"].map(OsString::from));
        command.extend(["-no-reboot".into(), "-kernel".into(), launch.image.into()]);
        command.extend(["-append".into(), launch.bootargs.into()]);
        if machine.clock.is_exact() {
            command.extend(["-icount", "shift=0,sleep=off"].map(OsString::from));
        }
        if let Some(plugin) = &launch.plugin {
            // A file without a folder in its name would be looked for where libraries are.
            let arguments = plugin.options.to_arguments().join(",");
            command.extend(["-plugin".into(), format!("{},{arguments}", plugin.file.display()).into()]);
        }
        command
    }

    fn start(&self, launch: &Launch<'_>) -> Result<Box<dyn Running>, StartError> {
        let process = Process::start(&self.command(launch), launch.folder)
            .map_err(|source| StartError { program: self.program.display().to_string(), source })?;
        let heartbeat = launch.plugin.as_ref().and_then(|plugin| plugin.options.heartbeat.as_ref());
        Ok(Box::new(RunningQemu {
            process,
            forward: self.machine.forward,
            serial: Tail::new(&launch.log()),
            heartbeat: heartbeat.map(|file| launch.folder.join(file)),
        }))
    }
}

/// A QEMU that runs.
#[derive(Debug)]
struct RunningQemu {
    process: Process,
    /// The port of the host that leads to the guest, as it was asked for.
    forward: Option<u16>,
    serial: Tail,
    /// Where the plugin says how far the guest is.
    heartbeat: Option<PathBuf>,
}

impl Running for RunningQemu {
    fn read_serial(&mut self) -> io::Result<Vec<u8>> {
        self.serial.read()
    }

    fn progress(&mut self) -> io::Result<u64> {
        match &self.heartbeat {
            Some(file) => Ok(heartbeat::read(file)),
            None => self.process.processor_time(),
        }
    }

    fn server(&mut self) -> io::Result<Option<SocketAddr>> {
        let port = match self.forward {
            None => return Ok(None),
            // It listens for nothing else.
            Some(0) => self.process.listening_port()?,
            Some(port) => Some(port),
        };
        Ok(port.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))))
    }

    fn ended(&mut self) -> io::Result<Option<super::SelfEnd>> {
        self.process.ended()
    }

    fn stop(&mut self) {
        self.process.stop();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use rel4_costmodel::options::Order;

    use super::*;
    use crate::config::{Clock, MachineKind};

    fn machine(clock: Clock) -> Machine {
        Machine {
            kind: MachineKind::Qemu,
            machine: "virt,aia=aplic-imsic,aia-guests=3".to_owned(),
            cpu: "rv64,h=true".to_owned(),
            harts: 1,
            memory_mib: 512,
            clock,
            boot_limit: Duration::from_secs(1),
            run_limit: Duration::from_secs(1),
            stall_limit: Duration::from_secs(1),
            preset: None,
            order: Order::default(),
            forward: None,
            order_preset: None,
            emulator: Some("qemu".into()),
        }
    }

    #[test]
    fn the_command_line_fixes_everything_that_could_vary() {
        let (folder, image, serial) = (Path::new("run"), Path::new("i.elf"), Path::new("s.log"));
        let launch = Launch { folder, image, serial, bootargs: "run=1 ", plugin: None };
        let command = Qemu::new(&machine(Clock::Icount)).command(&launch);
        let words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
        assert_eq!(
            words.join(" "),
            "qemu -M virt,aia=aplic-imsic,aia-guests=3 -cpu rv64,h=true -smp 1 -m 512M -display none -monitor none \
             -net none -serial file:s.log -seed 1 -rtc base=2020-01-01,clock=vm -no-reboot -kernel i.elf -append \
             run=1  -icount shift=0,sleep=off"
        );
        let host = Qemu::new(&machine(Clock::Host)).command(&launch);
        assert_eq!(host, command[..command.len() - 2]);
    }

    #[test]
    fn a_forwarded_port_brings_a_network_card_and_nothing_else_of_the_world() {
        let words: Vec<_> =
            network(Some(8007)).iter().map(|word| word.to_string_lossy().into_owned()).collect();
        assert_eq!(
            words.join(" "),
            "-netdev user,id=outside,restrict=on,hostfwd=tcp:127.0.0.1:8007-:7 -device virtio-net-device,netdev=outside"
        );
    }
}
