//! Bugs planted on purpose: the model has to find each, or it would prove nothing.

use std::panic;

use loom::thread;

use super::world::{Bell, File, item, memory};
use crate::interrupt::{Interrupts, Notify};
use crate::ring::{Consumer, Producer, Ring};
use crate::sync::{Ordering, fence};

type ModelRing<'m> = Ring<'m, 1>;

/// Runs one sender and one receiver of one item, and demands that some interleaving blocks for ever.
fn assert_loses_a_wake_up(send: fn(Producer<'_, 1>, &Bell), receive: fn(Consumer<'_, 1>, &File)) {
    let outcome = panic::catch_unwind(|| {
        loom::model(move || {
            let memory = memory(ModelRing::WORDS);
            let file = File::new();
            let sender = {
                let (memory, bell) = (memory.clone(), file.bell(0));
                thread::spawn(move || send(ModelRing::new(&memory).unwrap().producer(), &bell))
            };
            receive(ModelRing::new(&memory).unwrap().consumer(), &file);
            sender.join().unwrap();
        });
    });
    let payload = outcome.expect_err("the planted bug was not found");
    let message = payload.downcast_ref::<String>().map_or("", String::as_str);
    assert!(message.contains("deadlock"), "{message}");
}

fn send(mut producer: Producer<'_, 1>, bell: &Bell) {
    producer.push(&item(1)).expect("room");
    fence(Ordering::SeqCst);
    if producer.flag().flip_to_awake() {
        bell.notify();
    }
}

fn receive(mut consumer: Consumer<'_, 1>, file: &File) {
    while consumer.pop().is_none() {
        consumer.flag().announce_asleep();
        fence(Ordering::SeqCst);
        if !consumer.has_items() {
            file.wait();
            while file.claim().is_some() {}
        }
        consumer.flag().announce_awake();
    }
}

#[test]
#[should_panic(expected = "the planted bug was not found")]
fn the_protocol_without_a_bug_has_none_to_find() {
    assert_loses_a_wake_up(send, receive);
}

#[test]
fn announcing_after_the_last_look_is_found() {
    assert_loses_a_wake_up(send, |mut consumer, file| {
        while consumer.pop().is_none() {
            consumer.flag().announce_asleep();
            file.wait();
            while file.claim().is_some() {}
        }
    });
}

#[test]
fn sleeping_without_a_word_because_the_peer_is_at_work_is_found() {
    assert_loses_a_wake_up(send, |mut consumer, file| {
        while consumer.pop().is_none() {
            fence(Ordering::SeqCst);
            if !consumer.has_items() {
                file.wait();
                while file.claim().is_some() {}
            }
        }
    });
}

#[test]
fn no_fence_between_announcement_and_last_look_is_found() {
    assert_loses_a_wake_up(send, |mut consumer, file| {
        while consumer.pop().is_none() {
            consumer.flag().announce_asleep();
            if !consumer.has_items() {
                file.wait();
                while file.claim().is_some() {}
            }
            consumer.flag().announce_awake();
        }
    });
}

#[test]
fn no_fence_between_item_and_flag_is_found() {
    let send = |mut producer: Producer<'_, 1>, bell: &Bell| {
        producer.push(&item(1)).expect("room");
        if producer.flag().flip_to_awake() {
            bell.notify();
        }
    };
    assert_loses_a_wake_up(send, receive);
}

#[test]
fn looking_at_the_flag_before_sending_is_found() {
    let send = |mut producer: Producer<'_, 1>, bell: &Bell| {
        let asleep = producer.flag().flip_to_awake();
        fence(Ordering::SeqCst);
        producer.push(&item(1)).expect("room");
        if asleep {
            bell.notify();
        }
    };
    assert_loses_a_wake_up(send, receive);
}

#[test]
fn a_notification_that_never_leaves_is_found() {
    let send = |mut producer: Producer<'_, 1>, _: &Bell| {
        producer.push(&item(1)).expect("room");
        fence(Ordering::SeqCst);
        let _ = producer.flag().flip_to_awake();
    };
    assert_loses_a_wake_up(send, receive);
}

#[test]
fn throwing_interrupts_away_behind_the_last_look_is_found() {
    assert_loses_a_wake_up(send, |mut consumer, file| {
        while consumer.pop().is_none() {
            consumer.flag().announce_asleep();
            fence(Ordering::SeqCst);
            if !consumer.has_items() {
                while file.claim().is_some() {}
                file.wait();
            }
            consumer.flag().announce_awake();
        }
    });
}
