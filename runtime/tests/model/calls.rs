//! Both directions: calls through a ring so small that each reuses the room of the last.

use loom::thread;

use super::world::{Endpoint, File, Idle, memory, model_bounded};
use crate::ring::Ring;

#[test]
fn a_call_is_answered_once() {
    loom::model(|| run(1, Idle::Sleep, Idle::Sleep));
}

#[test]
fn calls_in_turn_through_rings_of_one_item_are_each_answered_once() {
    model_bounded(3, || run(2, Idle::Sleep, Idle::Sleep));
}

#[test]
fn a_client_that_attends_loses_no_answer() {
    model_bounded(3, || run(2, Idle::Attend, Idle::Sleep));
}

#[test]
fn a_server_that_attends_loses_no_call() {
    model_bounded(3, || run(2, Idle::Sleep, Idle::Attend));
}

#[test]
fn two_ends_that_attend_lose_nothing() {
    model_bounded(2, || run(2, Idle::Attend, Idle::Attend));
}

/// Makes `calls` calls, one after the other, between ends that idle as is said.
fn run(calls: usize, client_idle: Idle, server_idle: Idle) {
    let requests = memory(Ring::<1>::WORDS);
    let replies = memory(Ring::<1>::WORDS);
    let (client_file, server_file) = (File::new(), File::new());
    let server = {
        let (requests, replies) = (requests.clone(), replies.clone());
        let (file, bell) = (server_file.clone(), client_file.bell(0));
        thread::spawn(move || {
            let (requests, replies) = (Ring::new(&requests).unwrap(), Ring::new(&replies).unwrap());
            Endpoint::<1>::server(requests, replies, bell).run_until_by(server_idle, &file, calls);
        })
    };
    let client = Endpoint::<1>::client(
        Ring::new(&replies).unwrap(),
        Ring::new(&requests).unwrap(),
        server_file.bell(0),
    );
    for call in 1..=calls {
        client.send(call as u64);
        client.run_until_by(client_idle, &client_file, call);
    }
    assert!(client.received.borrow().iter().copied().eq(1..=calls as u64));
    server.join().unwrap();
}
