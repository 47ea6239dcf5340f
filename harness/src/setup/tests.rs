use super::mock::MockHost;
use super::requirement::{EMULATOR, FONT, GUEST_TOOLCHAIN, Requirement};
use super::{SetupError, ensure};
use crate::toolchain::OVERRIDE;

const ALL: &[&Requirement] = &[&GUEST_TOOLCHAIN, &EMULATOR, &FONT];

fn refusal(host: &MockHost) -> String {
    match ensure(host, ALL) {
        Err(SetupError::Unmet(text)) => text,
        other => panic!("expected advice, got {other:?}"),
    }
}

#[test]
fn a_complete_machine_is_left_alone_without_a_word() {
    let host = MockHost::debian_root().with_program("rustup");
    ensure(&host, ALL).unwrap();
    let (runs, says) = (host.runs(), host.says());
    ensure(&host, ALL).unwrap();
    assert_eq!((host.runs(), host.says()), (runs, says));
}

#[test]
fn only_what_the_command_needs_is_installed() {
    let host = MockHost::debian_root();
    ensure(&host, &[&FONT]).unwrap();
    let install = "env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends";
    assert_eq!(host.runs(), [format!("{install} fonts-dejavu-core")]);
}

#[test]
fn a_bare_machine_gets_targets_from_rustup_and_the_rest_in_one_go() {
    let host = MockHost::debian_root().with_program("rustup");
    ensure(&host, ALL).unwrap();
    let runs = host.runs();
    assert_eq!(runs.len(), 2, "{runs:?}");
    assert!(runs[0].starts_with("rustup target add riscv64imac"), "{runs:?}");
    assert!(runs[1].ends_with("qemu-system-misc fonts-dejavu-core"), "{runs:?}");
}

#[test]
fn the_user_learns_what_is_installed_and_why_before_it_happens() {
    let host = MockHost::debian_root();
    ensure(&host, &[&EMULATOR]).unwrap();
    let says = host.says();
    assert!(says.contains(EMULATOR.name) && says.contains(EMULATOR.why), "{says}");
    assert!(says.contains("qemu-system-misc"), "{says}");
}

#[test]
fn debians_compiler_stands_in_where_rustup_cannot_download() {
    let host = MockHost::debian_root().with_program("rustup").with_broken("rustup");
    ensure(&host, &[&GUEST_TOOLCHAIN]).unwrap();
    let runs = host.runs();
    assert!(runs[1].ends_with("rustc-web cargo-web rust-web-src lld"), "{runs:?}");
}

#[test]
fn the_override_keeps_rustup_out() {
    let host = MockHost::debian_root().with_program("rustup").with_variable(OVERRIDE, "debian");
    ensure(&host, &[&GUEST_TOOLCHAIN]).unwrap();
    assert!(host.runs().iter().all(|run| !run.contains("rustup")));
}

#[test]
fn package_lists_are_fetched_when_there_are_none() {
    let host = MockHost::debian_root().with_empty_lists();
    ensure(&host, &[&FONT]).unwrap();
    let runs = host.runs();
    assert!(runs[0].ends_with("apt-get update") && runs.len() == 2, "{runs:?}");
}

#[test]
fn package_lists_are_fetched_when_they_lead_to_too_old_a_compiler() {
    let host = MockHost::debian_root().with_old_rustc_web();
    ensure(&host, &[&GUEST_TOOLCHAIN]).unwrap();
    let runs = host.runs();
    assert!(runs[1].ends_with("apt-get update") && runs.len() == 3, "{runs:?}");
}

#[test]
fn sudo_is_used_where_it_asks_nothing() {
    let host = MockHost::debian_sudoer();
    ensure(&host, &[&FONT]).unwrap();
    assert!(host.runs()[0].starts_with("sudo env DEBIAN_FRONTEND=noninteractive apt-get install"));
}

#[test]
fn a_user_who_may_not_install_is_told_what_to_run() {
    let host = MockHost::debian_user();
    let text = refusal(&host);
    assert!(host.runs().is_empty());
    let install = "(as root) apt-get install --yes --no-install-recommends \
                   rustc-web cargo-web rust-web-src lld qemu-system-misc fonts-dejavu-core";
    assert!(text.contains(install), "{text}");
    assert!(text.contains(FONT.why), "{text}");
}

#[test]
fn without_a_network_everything_is_tried_once_and_then_explained() {
    let host = MockHost::debian_root().with_broken("apt-get").with_broken("rustup").with_program("rustup");
    let text = refusal(&host);
    assert!(text.contains("messages above"), "{text}");
    assert!(text.contains("    rustup target add riscv64imac"), "{text}");
    assert!(text.contains("apt-get install --yes"), "{text}");
}
