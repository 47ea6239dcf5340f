//! Clients from outside the machine.

use crate::bench::Bench;

const MATRIX: &str = r#"[kernels.old]
image = "old.elf"

[platforms.outside]
kind = "qemu"
machine = "virt"
cpu = "rv64"
harts = 1
memory_mib = 512
clock = "host"
forward = 0
boot_s = 60
run_s = 60

[workloads.echo]
program = "tcp-echo-outside"
params = { ipc = "sync", connections = 3, rounds = 4, batch = 5, warmup = 6, bytes = 64, application_hart = 0 }

[[experiments]]
id = "echo"
workload = "echo"
kernels = ["old"]
platforms = ["outside"]
"#;

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("m.toml", MATRIX);
    bench
}

#[test]
fn what_clients_measure_is_in_the_results_and_their_raw_times_are_kept() {
    let bench = bench();
    bench.run("serve").assert(0, "echo.old.outside.r0: measured");
    bench.assert_nothing_left_running();
    let raw = bench.read("run/clients/echo.old.outside.r0.csv");
    assert_eq!(raw.lines().count(), 1 + 6 + 4 * 5, "a row for each message, those of the warm-up too");
    let samples = bench.read("run/samples.csv");
    for (metric, count) in
        [(",host_throughput,messages/s,", 4), (",host_latency,ns,", 20), (",host_latency_p95,ns,", 1)]
    {
        assert_eq!(samples.matches(metric).count(), count, "{metric}");
    }
    bench.harness("", &["parse", "run"]).assert(0, "host_throughput");
    assert_eq!(bench.read("run/samples.csv"), samples, "the results follow from what was kept");
}

#[test]
fn a_guest_that_says_that_it_is_done_while_clients_wait_for_answers_fails_the_cell() {
    let bench = Bench::new();
    bench.write("m.toml", &MATRIX.replace("run_s = 60", "run_s = 60\nstall_s = 2"));
    bench.run("serve-late").assert(1, "clients were not back 2 s after the guest said that it was done");
    bench.assert_nothing_left_running();
}

#[test]
fn a_wrong_byte_fails_the_cell_and_is_named() {
    let bench = bench();
    // The stand-in changes byte 100 of its first client: with 64 bytes a message, byte 36 of message 1.
    bench.run("serve-wrong-byte").assert(1, "client 0, message 1: byte 36 came back as 0x");
    bench.assert_nothing_left_running();
}
