//! The loader on the emulator: a stand-in for a kernel prints what every hart was told, and the test checks it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rel4_harness::toolchain::{GuestToolchain, KERNEL_TARGET};
use rel4_loader::elf::Executable;
use rel4_loader::image::pack;
use rel4_loader::payload::Contents;

const PATIENCE: Duration = Duration::from_secs(60);

/// The guests, built once for all tests.
struct Guests {
    loader: Vec<u8>,
    echo: Vec<u8>,
}

fn guests() -> &'static Guests {
    static GUESTS: OnceLock<Guests> = OnceLock::new();
    GUESTS.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let fixture = root.join("kernel/loader/tests/fixtures/register-echo");
        Guests {
            loader: build(&root.join("kernel/loader"), "rel4-loader"),
            echo: build(&fixture, "register-echo"),
        }
    })
}

/// The ELF file of `program`, built from the package in `directory`.
fn build(directory: &Path, program: &str) -> Vec<u8> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests");
    let mut cargo = GuestToolchain::detect().unwrap().cargo(KERNEL_TARGET);
    cargo.current_dir(directory).args(["build", "--quiet", "--release", "--locked", "--bin", program]);
    assert!(cargo.arg("--target-dir").arg(&target).status().unwrap().success(), "{program} does not build");
    fs::read(target.join(KERNEL_TARGET).join("release").join(program)).unwrap()
}

/// An emulator that does not outlive its test.
struct Emulator(Child);

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Boots `image` and returns its serial output as soon as `done` says so.
fn boot(name: &str, image: &[u8], harts: u32, options: &[&str], done: impl Fn(&str) -> bool) -> String {
    let directory = tempfile::tempdir().unwrap();
    let at = |file: &str| -> PathBuf { directory.path().join(file) };
    fs::write(at("image.elf"), image).unwrap();
    let mut command = Command::new("qemu-system-riscv64");
    command
        .args(["-M", "virt,aia=aplic-imsic,aia-guests=3", "-cpu", "rv64,h=true", "-m", "512M"])
        .args(["-display", "none", "-monitor", "none", "-net", "none", "-no-reboot", "-smp"])
        .arg(harts.to_string())
        .arg("-serial")
        .arg(format!("file:{}", at("serial.log").display()))
        .arg("-kernel")
        .arg(at("image.elf"))
        .args(options);
    let _emulator = Emulator(command.spawn().unwrap());
    let start = Instant::now();
    loop {
        let log = fs::read(at("serial.log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log).into_owned();
        if done(&log) {
            return log;
        }
        assert!(start.elapsed() < PATIENCE, "{name}: nothing more came after\n{log}");
        sleep(Duration::from_millis(20));
    }
}

/// The whole lines of `log` that start with `tag`.
fn lines<'a>(log: &'a str, tag: &str) -> Vec<&'a str> {
    log.split_inclusive('\n').filter(|line| line.starts_with(tag) && line.ends_with('\n')).collect()
}

type Fields<'a> = BTreeMap<&'a str, &'a str>;

/// What each hart was told, by logical core.
fn echoes(log: &str) -> BTreeMap<u32, Fields<'_>> {
    let mut echoes = BTreeMap::new();
    for line in lines(log, "@echo ") {
        let told: Fields<'_> = line.split_whitespace().filter_map(|word| word.split_once('=')).collect();
        assert!(echoes.insert(told["core"].parse().unwrap(), told).is_none(), "a core came twice:\n{log}");
    }
    echoes
}

fn image(max_harts: u32) -> Vec<u8> {
    let Guests { loader, echo } = guests();
    pack(loader, &Contents { kernel: echo, root_server: echo, device_tree: None, max_harts }).unwrap()
}

fn number(text: &str) -> u64 {
    u64::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap()
}

#[test]
fn one_hart_is_told_what_the_protocol_says() {
    let log = boot("one hart", &image(1), 1, &[], |log| lines(log, "@echo ").len() == 1);
    let echoes = echoes(&log);
    let told = &echoes[&0];
    let echo = Executable::parse(&guests().echo).unwrap();

    let (start, end) = told["user"].split_once(',').unwrap();
    let (start, end) = (number(start), number(end));
    assert_eq!((start % 4096, end % 4096), (0, 0));
    assert_eq!(end - start, (echo.virt().end - echo.virt().start).next_multiple_of(4096));
    assert_eq!(number(told["offset"]), start.wrapping_sub(echo.virt().start));
    assert_eq!(number(told["entry"]), echo.entry());
    let (tree, tree_len) = told["tree"].split_once(',').unwrap();
    let tree_end = number(tree) + tree_len.parse::<u64>().unwrap();
    assert_eq!(start, tree_end.next_multiple_of(4096));
    assert_eq!(told["hart"], "0");

    assert_eq!(told["tree-magic"], "0xd00dfeed");
    assert_eq!(told["data"], "0x5e14");
    let mut memory = vec![0; (echo.virt().end - echo.virt().start) as usize];
    echo.spread(echo.virt().start, &mut memory);
    assert_eq!(number(told["user-word"]), u64::from(u32::from_le_bytes(memory[..4].try_into().unwrap())));
    let headers = (echo.program_headers_len() - 8) / 56;
    assert_eq!(told["headers"], format!("{headers},56"));
}

#[test]
fn all_harts_enter_and_differ_in_nothing_but_their_ids() {
    let counted = ["-icount", "shift=0,sleep=off"];
    for (name, options) in [("free", &[][..]), ("counted", &counted[..])] {
        let log = boot(name, &image(4), 4, options, |log| lines(log, "@echo ").len() == 4);
        let mut echoes = echoes(&log);
        assert_eq!(echoes.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3]);
        for (core, told) in &mut echoes {
            assert_eq!(told.remove("hart").unwrap(), core.to_string());
            told.remove("core");
        }
        let first = &echoes[&0];
        assert!(echoes.values().all(|told| told == first), "{log}");
    }
}

#[test]
fn harts_beyond_the_kernels_maximum_stay_off() {
    let log = boot("two of four", &image(2), 4, &[], |log| lines(log, "@echo ").len() >= 2);
    assert_eq!(echoes(&log).keys().copied().collect::<Vec<_>>(), [0, 1]);
    assert!(log.contains("@loader harts=2 "), "{log}");
}

#[test]
fn a_damaged_image_is_refused_with_a_reason() {
    let mut image = image(1);
    let end = image.len();
    image[end - 1] ^= 1;
    let log = boot("damaged", &image, 1, &[], |log| !lines(log, "@loader-panic ").is_empty());
    assert!(log.contains("the image is damaged"), "{log}");
    assert!(lines(&log, "@echo ").is_empty());
}
