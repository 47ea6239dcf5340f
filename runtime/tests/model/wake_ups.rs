//! One direction: whatever is sent is received, however sending, looking, announcing and waiting interleave.

use std::cell::RefCell;

use loom::thread;

use super::world::{Bell, Endpoint, File, item, memory, model_bounded};
use crate::dispatch::{look, sleep};
use crate::interrupt::{EveryItem, Notify};
use crate::outbox::Outbox;
use crate::remote::{RemoteInbox, RemoteQueue, RemoteTask};
use crate::ring::Ring;

const CAPACITY: usize = 2;
type ModelRing<'m> = Ring<'m, CAPACITY>;

#[test]
fn no_wake_up_is_lost_for_a_single_item() {
    loom::model(|| send_one_by_one(1, |bell| bell));
}

#[test]
fn no_wake_up_is_lost_when_each_item_is_flushed_on_its_own() {
    model_bounded(4, || send_one_by_one(2, |bell| bell));
}

#[test]
fn no_wake_up_is_lost_when_every_item_is_notified() {
    model_bounded(4, || send_one_by_one(2, EveryItem));
}

/// Sends `count` items, each with a flush of its own, and notifies with what `peer` makes of the receiver's bell.
fn send_one_by_one<N: Notify + Send + 'static>(count: u64, peer: fn(Bell) -> N) {
    let memory = memory(ModelRing::WORDS);
    let file = File::new();
    let sender = {
        let (memory, peer) = (memory.clone(), peer(file.bell(0)));
        thread::spawn(move || {
            let mut outbox = Outbox::new(ModelRing::new(&memory).unwrap().producer(), peer);
            for number in 1..=count {
                outbox.send(&item(number)).expect("room");
                outbox.flush();
            }
        })
    };
    let receiver = Endpoint::receiver(ModelRing::new(&memory).unwrap());
    receiver.run_until(&file, count as usize);
    assert!(receiver.received.borrow().iter().copied().eq(1..=count));
    sender.join().unwrap();
}

#[test]
fn no_wake_up_is_lost_when_a_batch_is_flushed_once() {
    model_bounded(3, || {
        let memory = memory(ModelRing::WORDS);
        let file = File::new();
        let sender = {
            let (memory, bell) = (memory.clone(), file.bell(0));
            thread::spawn(move || {
                let mut outbox = Outbox::new(ModelRing::new(&memory).unwrap().producer(), bell);
                outbox.send(&item(1)).expect("room");
                outbox.send(&item(2)).expect("room");
                outbox.flush();
                // Two: the receiver may take the first item and fall asleep before the second comes.
                assert!(outbox.notifications() <= 2);
            })
        };
        let receiver = Endpoint::receiver(ModelRing::new(&memory).unwrap());
        receiver.run_until(&file, 2);
        assert_eq!(*receiver.received.borrow(), [1, 2]);
        sender.join().unwrap();
    });
}

#[test]
fn a_task_made_ready_from_elsewhere_is_woken() {
    loom::model(|| make_ready(&[70]));
}

#[test]
fn tasks_made_ready_from_two_places_are_each_woken_once() {
    model_bounded(2, || make_ready(&[3, 70]));
}

/// Makes the tasks in `slots` ready, each from a thread of its own.
fn make_ready(slots: &[usize]) {
    let memory = memory(RemoteQueue::WORDS);
    let file = File::new();
    let wakers: Vec<_> = slots
        .iter()
        .map(|&slot| {
            let (memory, bell) = (memory.clone(), file.bell(0));
            thread::spawn(move || {
                RemoteTask::new(RemoteQueue::new(&memory).unwrap(), slot, bell).unwrap().notify();
            })
        })
        .collect();
    let woken = RefCell::new(Vec::new());
    let inbox = RemoteInbox::new(RemoteQueue::new(&memory).unwrap(), |slot| woken.borrow_mut().push(slot));
    while woken.borrow().len() < slots.len() {
        if !look(&inbox, &file, |_| {}) {
            sleep(&inbox, &file, |_| {});
        }
    }
    woken.borrow_mut().sort_unstable();
    assert_eq!(*woken.borrow(), slots);
    wakers.into_iter().for_each(|waker| waker.join().unwrap());
}
