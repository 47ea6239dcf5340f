//! Who is let in, and what is said to those who are not.

use crate::bench::Bench;
use crate::server::new_key;

#[test]
fn a_host_whose_key_is_not_known_is_not_trusted_and_its_fingerprint_is_told() {
    let bench = Bench::new("good");
    bench.write("known_hosts", "");
    bench.assert_run(3, &bench.server.fingerprint());
    bench.assert_run(3, "ssh-keyscan");
    assert!(!bench.path("home/boards").exists(), "nothing was done there");
}

#[test]
fn a_host_that_shows_another_key_than_before_is_not_trusted() {
    let bench = Bench::new("good");
    bench.write("known_hosts", &bench.server.line_for(new_key().public_key()));
    bench.assert_run(3, "somebody may sit in between");
}

#[test]
fn a_missing_file_of_known_hosts_is_named() {
    let bench = Bench::new("good");
    std::fs::remove_file(bench.path("known_hosts")).expect("it was there");
    bench.assert_run(3, "cannot read the known hosts in");
}

#[test]
fn a_user_whose_key_is_refused_is_told_what_to_do() {
    let bench = Bench::new("good");
    let other = new_key().to_openssh(russh::keys::ssh_key::LineEnding::LF).expect("it has a text");
    bench.write("key", &other);
    bench.assert_run(3, "put its public half into authorized_keys");
}

#[test]
fn a_user_without_key_file_and_agent_is_told_what_to_do() {
    let bench = Bench::new("good");
    bench.change_board("key = \"key\"\n", "");
    let mut command = bench.command();
    command.env_remove("SSH_AUTH_SOCK");
    crate::bench::assert_said(&command.output().expect("the harness starts"), 3, "ssh-add");
}

#[test]
fn a_host_that_is_not_there_is_named_with_its_port() {
    let mut bench = Bench::new("good");
    bench.server.cut_power();
    bench.assert_run(3, &format!("cannot reach 127.0.0.1 at port {}", bench.server.address.port()));
}
