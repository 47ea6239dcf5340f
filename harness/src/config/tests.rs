//! Matrices, right and wrong.

use std::path::Path;

use rel4_costmodel::options::Order;

use super::*;

const GOOD: &str = r#"[kernels.sel4]
features = ["sync-ipc"]

[platforms.virt-icount]
kind = "qemu"
machine = "virt"
cpu = "rv64,h=true"
harts = 1
memory_mib = 512
clock = "icount"
boot_s = 30
run_s = 60

[workloads.ipc]
program = "ipc-pingpong"
params = { rounds = 10, batch = 4, warmup = 1, work = 0, server_hart = 0 }

[[experiments]]
id = "ipc"
workload = "ipc"
kernels = ["sel4"]
platforms = ["virt-icount"]
sweep = { words = [0, 4] }
repeats = 2
"#;

fn parse(text: &str) -> Result<Matrix, ConfigError> {
    Matrix::parse(Path::new("configs/m.toml"), text.to_owned())
}

/// The message for the good matrix with `from` replaced by `to`.
fn mistake(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    parse(&GOOD.replacen(from, to, 1)).expect_err("must be refused").to_string()
}

#[test]
fn a_good_matrix_is_typed() {
    let matrix = parse(GOOD).expect("valid");
    assert_eq!(matrix.name, "m");
    assert_eq!(matrix.experiments[0].sweep["words"], [Value::Number(0), Value::Number(4)]);
    assert_eq!(matrix.experiments[0].fixed["rounds"], Value::Number(10));
    assert_eq!(matrix.platforms["virt-icount"].clock, Clock::Icount);
}

#[test]
fn an_unknown_key_is_named_with_place_suggestion_and_list() {
    assert_eq!(
        mistake("repeats = 2", "repeat = 2"),
        "configs/m.toml:24:1: unknown key `repeat`; did you mean `repeats`? known: id, workload, kernels, \
         platforms, params, sweep, repeats"
    );
}

#[test]
fn a_bad_value_is_named_with_place_and_limits() {
    assert_eq!(
        mistake("words = [0, 4]", "words = [0, 5]"),
        "configs/m.toml:23:23: bad value 5 for `words` (message length in words); give a number from 0 to 4"
    );
    assert_eq!(
        mistake("harts = 1", "harts = 9"),
        "configs/m.toml:8:9: bad value 9 for `harts`; give a number from 1 to 4"
    );
}

#[test]
fn a_value_of_the_wrong_type_is_named_with_place() {
    assert_eq!(
        mistake("harts = 1", "harts = \"one\""),
        "configs/m.toml:8:9: invalid type: string \"one\", expected i64"
    );
}

#[test]
fn a_missing_key_is_named_with_place() {
    assert_eq!(mistake("cpu = \"rv64,h=true\"\n", ""), "configs/m.toml:4:1: missing key `cpu`");
}

#[test]
fn text_that_is_not_toml_is_named_with_place() {
    assert!(mistake("harts = 1", "harts = ").starts_with("configs/m.toml:8:"));
}

#[test]
fn names_that_are_not_defined_are_answered_with_the_known_ones() {
    assert_eq!(
        mistake("kernels = [\"sel4\"]", "kernels = [\"sel5\"]"),
        "configs/m.toml:21:12: unknown kernel `sel5`; did you mean `sel4`? known: sel4"
    );
    assert_eq!(
        mistake("clock = \"icount\"", "clock = \"wall\"").lines().next(),
        Some("configs/m.toml:10:9: unknown clock `wall`; known: icount, schedule, model, host, board")
    );
    assert!(mistake("\"sync-ipc\"", "\"sync_ipc\"").contains("did you mean `sync-ipc`?"));
    assert!(mistake("program = \"ipc-pingpong\"", "program = \"ping\"").contains("unknown program `ping`"));
    assert!(mistake("rounds = 10", "round = 10").contains("did you mean `rounds`?"));
}

#[test]
fn every_parameter_must_be_given() {
    assert!(mistake("sweep = { words = [0, 4] }\n", "").contains("lacks the parameter `words`"));
}

#[test]
fn columns_count_characters_not_bytes() {
    assert!(mistake("params = { rounds = 10", "params = { \"é\" = 1, bad = 10").contains(":16:21: "));
}

#[test]
fn a_kernel_is_built_here_or_elsewhere_or_a_whole_image() {
    let image = parse(&GOOD.replace("features = [\"sync-ipc\"]", "image = \"old.elf\"")).expect("valid");
    assert_eq!(image.kernels["sel4"].source, KernelSource::Image("configs/old.elf".into()));
    assert!(mistake("features = [\"sync-ipc\"]", "").contains("one of `features`"));
}

#[test]
fn a_kernel_without_synchronous_ipc_has_user_interrupts() {
    let features = |with: &str| GOOD.replace("features = [\"sync-ipc\"]", &format!("features = [{with}]"));
    assert!(parse(&features("\"uintr\", \"fastpath\"")).is_ok());
    for without in ["", "\"fastpath\"", "\"smp\""] {
        let message = parse(&features(without)).expect_err("must be refused").to_string();
        assert!(message.contains("a kernel has `sync-ipc` or `uintr`, or both"), "{message}");
    }
}

#[test]
fn a_platform_with_more_harts_than_the_kernel_serves_is_refused() {
    assert!(mistake("harts = 1", "harts = 2").contains("serves 1 hart(s) but platform `virt-icount` has 2"));
}

#[test]
fn the_model_needs_a_preset_and_no_other_clock_has_one() {
    assert_eq!(
        mistake("clock = \"icount\"", "clock = \"model\""),
        "configs/m.toml:10:9: the clock `model` needs a `preset`, such as configs/costmodel/u54.toml"
    );
    assert_eq!(
        mistake("harts = 1", "harts = 1\npreset = \"costmodel/u54.toml\""),
        "configs/m.toml:9:10: only the clock `model` has a `preset`; remove one or change the other"
    );
}

#[test]
fn the_order_of_harts_is_a_choice_under_the_model_alone() {
    let with = |clock: &str, order: &str| {
        let preset = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/costmodel/u54.toml");
        let preset = if clock == "model" { format!("\npreset = \"{preset}\"") } else { String::new() };
        GOOD.replace("clock = \"icount\"", &format!("clock = \"{clock}\"\norder = \"{order}\"{preset}"))
    };
    for order in Order::ALL {
        let matrix = parse(&with("model", order.name())).expect("valid");
        assert_eq!(matrix.platforms["virt-icount"].order, order);
    }
    assert_eq!(parse(GOOD).expect("valid").platforms["virt-icount"].order, Order::Instructions);
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/costmodel/unit.toml");
    let priced = |order: &str| {
        with("model", order).replace("\npreset", &format!("\norder_preset = \"{unit}\"\npreset"))
    };
    let machine = &parse(&priced("cycles")).expect("valid").platforms["virt-icount"];
    assert_eq!(machine.order_preset, Some(unit.into()));
    assert_eq!(
        parse(&priced("instructions")).expect_err("must be refused").to_string(),
        "configs/m.toml:12:16: `order_preset` is for order = \"cycles\"; remove one or change the other"
    );
    let mistake = |clock, order| parse(&with(clock, order)).expect_err("must be refused").to_string();
    assert_eq!(
        mistake("model", "cycle"),
        "configs/m.toml:11:9: unknown order `cycle`; did you mean `cycles`? known: instructions, cycles"
    );
    assert_eq!(
        mistake("schedule", "instructions"),
        "configs/m.toml:11:9: under the clock `schedule` harts always take turns by instructions; remove `order` or \
         change the clock"
    );
    assert_eq!(
        mistake("host", "cycles"),
        "configs/m.toml:11:9: only under the clock `model` is the order of harts a choice; remove `order` or change the \
         clock"
    );
}

#[test]
fn a_preset_that_cannot_be_read_is_named_where_the_matrix_names_it() {
    let message = mistake("clock = \"icount\"", "clock = \"model\"\npreset = \"nowhere.toml\"");
    assert!(message.starts_with("configs/m.toml:11:10: configs/nowhere.toml: cannot read"), "{message}");
}

#[test]
fn a_root_server_from_elsewhere_needs_a_kernel_to_be_packed_with() {
    let text = GOOD
        .replace("features = [\"sync-ipc\"]", "image = \"old.elf\"")
        .replace("program = \"ipc-pingpong\"", "root_server = \"driver.elf\"")
        .replace("params = { rounds = 10, batch = 4, warmup = 1, work = 0, server_hart = 0 }\n", "")
        .replace("sweep = { words = [0, 4] }\n", "");
    let message = parse(&text).expect_err("must be refused").to_string();
    assert!(
        message.contains("kernel `sel4` is a whole boot image, which has its own root server"),
        "{message}"
    );
}

#[test]
fn a_kernel_built_elsewhere_runs_on_upstreams_machine_only() {
    let theirs = GOOD.replace("features = [\"sync-ipc\"]", "elf = \"kernel.elf\"");
    let message = parse(&theirs).expect_err("must be refused").to_string();
    assert!(
        message.contains("needs machine = \"virt\" with memory_mib of at least 3072; platform `virt-icount`"),
        "{message}"
    );
    let matrix = parse(&theirs.replace("memory_mib = 512", "memory_mib = 3072")).expect("valid");
    let plan = crate::plan::Plan::new(&matrix).skip_absent(&matrix.kernels);
    assert!(plan.cells.is_empty());
    assert!(plan.skipped.iter().all(|cell| cell.reason.contains("there is no kernel configs/kernel.elf")));
}

#[test]
fn what_is_not_built_here_has_no_build_settings() {
    let message = mistake("features = [\"sync-ipc\"]", "elf = \"kernel.elf\"\ndebug = true");
    assert!(message.contains("a kernel that is not built here is measured as it is"), "{message}");
    let message = mistake("features = [\"sync-ipc\"]", "features = [\"sync-ipc\"]\nharts = 2");
    assert!(message.contains("one with `features` has settings.max_harts"), "{message}");
}

#[test]
fn a_board_and_an_emulator_are_not_mixed_up() {
    let board = |more: &str| GOOD.replace("kind = \"qemu\"", &format!("kind = \"board\"\n{more}"));
    let refused = |text: &str| parse(text).expect_err("must be refused").to_string();
    assert!(mistake("clock = \"icount\"", "clock = \"board\"").contains("a board's own"));
    assert!(mistake("harts = 1", "harts = 1\nboard = \"b.toml\"").contains("only the kind `board`"));
    assert!(refused(&board("")).contains("see docs/boards.md"));
    assert!(refused(&board("board = \"b.toml\"")).contains("a board has the clock `board`"));
    let own_clock = board("board = \"b.toml\"").replace("\"icount\"", "\"board\"");
    assert!(refused(&own_clock).contains("b.toml: cannot read"), "{}", refused(&own_clock));
}

#[test]
fn clients_from_outside_need_a_way_in_and_that_needs_the_hosts_clock() {
    let outside = GOOD
        .replace("program = \"ipc-pingpong\"", "program = \"tcp-churn-outside\"")
        .replace(
            "rounds = 10, batch = 4, warmup = 1, work = 0, server_hart = 0",
            "ipc = \"sync\", sessions = 1, bytes = 1, application_hart = 0",
        )
        .replace("words = [0, 4]", "connections = [1, 2]")
        .replace("clock = \"icount\"", "clock = \"host\"");
    let message = parse(&outside).expect_err("nothing leads in").to_string();
    assert!(
        message.contains("nothing leads into platform `virt-icount`; give that forward = 0"),
        "{message}"
    );
    let open = |clock: &str| GOOD.replace("clock = \"icount\"", &format!("clock = \"{clock}\"\nforward = 0"));
    assert_eq!(parse(&open("host")).expect("valid").platforms["virt-icount"].forward, Some(0));
    let message = parse(&open("icount")).expect_err("must be refused").to_string();
    assert!(message.contains("`forward` lets the world outside in, and that never repeats"), "{message}");
}
