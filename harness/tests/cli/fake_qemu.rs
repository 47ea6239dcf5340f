//! Stands in for QEMU in the tests of the command line: takes the same arguments and writes what a guest would.
//!
//! `FAKE_QEMU` chooses the guest's behaviour (default: a good run), `FAKE_QEMU_PIDS` names a file that gets the
//! process id of every boot.

mod fake_server;

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::process::{self, ExitCode};
use std::thread::sleep;
use std::time::Duration;

use rel4_records::{Kind, RecordWriter, RunId, Status};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let behaviour = env::var("FAKE_QEMU").unwrap_or_default();
    if arguments.iter().any(|argument| argument == "--version") {
        println!("{}", version(&behaviour));
        return ExitCode::SUCCESS;
    }
    let boot = note_process_id();
    let option =
        |name| arguments.iter().skip_while(|word| *word != name).nth(1).expect("an option of the harness");
    let log = option("-serial").strip_prefix("file:").expect("serial output goes to a file");
    let mut serial = File::create(log).expect("the log can be made");
    let mut write = |bytes: &[u8]| serial.write_all(bytes).expect("the log can be written");
    write(b"OpenSBI v1.1\r\n@loader starting\r\n");
    if let "serve" | "serve-wrong-byte" | "serve-late" = behaviour.as_str() {
        let listener = fake_server::listen();
        let (before, after, clients) = records_of_server(option("-append"));
        write(before.as_bytes());
        if behaviour == "serve-late" {
            // It is done, though a client still gets one byte after the other.
            write(after.as_bytes());
            fake_server::serve_slowly(&listener);
        }
        fake_server::serve(&listener, clients, (behaviour == "serve-wrong-byte").then_some(100));
        write(after.as_bytes());
        sleep(Duration::from_secs(60));
    }
    let records = records(option("-append"), &behaviour);
    let lines: Vec<&str> = records.split_inclusive('\n').collect();
    match behaviour.as_str() {
        "boot-hang" => {}
        "kernel-panic" => write(b"@kernel-panic hart=0 src/boot.rs:12: no memory\n"),
        "markup" => write(b"@kernel-panic </code><script>alert(1)</script>\n"),
        "loader-panic" => write(b"@loader-panic overlap\n"),
        "fault" => write(format!("{}@unhandled-fault pc=0x10000\n", lines[0]).as_bytes()),
        "run-hang" | "stall" => write(lines[0].as_bytes()),
        "stall-once" if boot == 1 => write(lines[0].as_bytes()),
        "garbage" => write(&[0xff, 0x00, b'@', b'r', b'e', b'l', b'4', b' ', 0x80, b'\n'].repeat(1000)),
        "die" => {
            write(lines[0].as_bytes());
            eprintln!("qemu: could not allocate memory");
            return ExitCode::FAILURE;
        }
        "power-off" => {
            write(lines[0].as_bytes());
            return ExitCode::SUCCESS;
        }
        "cut" => {
            write(&records.as_bytes()[..records.len() - 10]);
            return ExitCode::SUCCESS;
        }
        "interleaved" => write(interleaved(&lines).as_bytes()),
        "fills-disk-in-second-boot" if log.contains(".r1.") => {
            while serial.write_all(&[b'x'; 4096]).is_ok() {}
        }
        _ => {
            if behaviour == "slow" {
                sleep(Duration::from_millis(400));
            }
            write(records.as_bytes());
        }
    }
    // Like QEMU, it goes on until it is stopped.
    loop {
        sleep(Duration::from_secs(60));
    }
}

fn version(behaviour: &str) -> &'static str {
    match behaviour {
        "old" => "QEMU emulator version 6.2.0 (Debian 1:6.2)",
        "not-qemu" => "hello",
        _ => "QEMU emulator version 7.2.22 (fake)",
    }
}

/// Adds this process to the list; how many are on it now.
fn note_process_id() -> usize {
    let Some(path) = env::var_os("FAKE_QEMU_PIDS") else { return 0 };
    let mut file = OpenOptions::new().append(true).create(true).open(&path).expect("the list can be opened");
    writeln!(file, "{}", process::id()).expect("the list can be written");
    fs::read_to_string(path).expect("the list can be read").lines().count()
}

/// The records of a server for clients from outside: those before they come, those after, and how many come.
fn records_of_server(bootargs: &str) -> (String, String, usize) {
    let given: BTreeMap<&str, &str> =
        bootargs.split_whitespace().filter_map(|word| word.split_once('=')).collect();
    let mut writer = RecordWriter::new(String::new(), RunId::new(given["run"]).expect("a legal run id"));
    let begin = writer.record(Kind::Begin).field("abi", "sel4-up");
    let fields = given.iter().filter(|(key, _)| **key != "run");
    fields.fold(begin, |begin, (key, value)| begin.field(key, value)).finish().expect("fits");
    writer.record(Kind::Note).field("listening", 7).finish().expect("fits");
    writer.end(Status::Ok).expect("fits");
    let records = writer.into_sink();
    let after = records.trim_end().rfind('\n').expect("several records") + 1;
    let clients = given["connections"].parse().expect("a number");
    (records[..after].to_owned(), records[after..].to_owned(), clients)
}

/// The records of a good run of the workload that `bootargs` ask for.
fn records(bootargs: &str, behaviour: &str) -> String {
    let given: BTreeMap<&str, &str> =
        bootargs.split_whitespace().filter_map(|word| word.split_once('=')).collect();
    let run = RunId::new(given["run"]).expect("a legal run id");
    let mut writer = RecordWriter::new(String::new(), run);
    let mut begin = writer.record(Kind::Begin).field("abi", "sel4-up").field("timebase_hz", 10_000_000);
    for (key, value) in given.iter().filter(|(key, _)| **key != "run") {
        let value = if behaviour == "deaf" && *key == "words" { "3" } else { value };
        begin = begin.field(key, value);
    }
    begin.finish().expect("fits");
    let rounds: usize = given["rounds"].parse().expect("a number");
    let cost = if behaviour == "unsteady" { u64::from(process::id()) } else { 5000 };
    writer.samples("round_trip", "instructions", &vec![cost; rounds]).expect("fits");
    writer.samples("overhead", "instructions", &vec![10; rounds]).expect("fits");
    writer.samples("round_trip_time", "ticks", &vec![700; rounds]).expect("fits");
    let mut status = Status::Ok;
    if behaviour == "fail" {
        writer.record(Kind::Fail).field("what", "reply-differs").finish().expect("fits");
        status = Status::Failed;
    }
    writer.end(status).expect("fits");
    writer.into_sink()
}

/// The second record in the middle of the first one.
fn interleaved(lines: &[&str]) -> String {
    let (head, tail) = lines[0].split_at(lines[0].len() / 2);
    let rest: String = lines[2..].concat();
    format!("{head}{}{tail}{rest}", lines[1])
}
