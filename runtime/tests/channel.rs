//! Channels with a peer that does as it likes: it hurts its own calls and nothing else.

mod machine;

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use proptest::prelude::*;
use rel4_abi::MessageInfo;
use rel4_runtime::channel::{CallError, Channel, Client, Message, Server, TooLong};
use rel4_runtime::dispatch::Source;
use rel4_runtime::executor::{Executor, ReadyQueue, yield_now};
use rel4_runtime::interrupt::Notify;
use rel4_runtime::item::Item;
use rel4_runtime::ring::{Consumer, Producer, Ring};

use machine::{InterruptFile, Numbers};

const CAPACITY: usize = 4;
type TestChannel = Channel<'static, CAPACITY>;
type TestRing = Ring<'static, CAPACITY>;

fn memory() -> &'static [AtomicU64] {
    Box::leak((0..TestChannel::WORDS).map(|_| AtomicU64::new(0)).collect())
}

/// A server's ends of the rings, for a server that does as it likes.
fn server_ends(memory: &'static [AtomicU64]) -> (Consumer<'static, CAPACITY>, Producer<'static, CAPACITY>) {
    let (requests, replies) = memory.split_at(TestRing::WORDS);
    (TestRing::new(requests).expect("fits").consumer(), TestRing::new(replies).expect("fits").producer())
}

/// A bell that counts.
#[derive(Default)]
struct Bell(Cell<usize>);

impl Notify for &Bell {
    fn notify(&self) {
        self.0.set(self.0.get() + 1);
    }
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn answers_that_nobody_asked_for_and_second_answers_are_dropped() {
    let memory = memory();
    let (mut requests, mut replies) = server_ends(memory);
    let bell = Bell::default();
    let client = Client::new(TestChannel::new(memory).expect("fits"), &bell);

    let mut first = pin!(client.call(Message::new(1, [10])));
    assert!(poll(first.as_mut()).is_pending());
    let request = requests.pop().expect("the request");
    let answer = |task, word| Item { task, info: MessageInfo::new(2, 0, 0, 1), words: [word, 0, 0, 0, 0, 0] };
    for task in [request.task + 1, request.task + 100, request.task + (1 << 32), u64::MAX] {
        replies.push(&answer(task, 0)).expect("room");
        assert!(client.look());
        assert!(poll(first.as_mut()).is_pending());
    }
    replies.push(&answer(request.task, 20)).expect("room");
    replies.push(&answer(request.task, 30)).expect("room");
    client.look();
    assert_eq!(poll(first.as_mut()), Poll::Ready(Ok(Message::new(2, [20]))));

    // The next call has the same slot, and the old answer is not its own.
    let mut second = pin!(client.call(Message::new(1, [11])));
    assert!(poll(second.as_mut()).is_pending());
    replies.push(&answer(request.task, 40)).expect("room");
    client.look();
    assert!(poll(second.as_mut()).is_pending());
    assert_eq!(client.statistics().violations, 6);
}

#[test]
fn a_malformed_answer_fails_its_call() {
    let memory = memory();
    let (mut requests, mut replies) = server_ends(memory);
    let bell = Bell::default();
    let client = Client::new(TestChannel::new(memory).expect("fits"), &bell);
    let mut call = pin!(client.call(Message::new(1, [])));
    assert!(poll(call.as_mut()).is_pending());
    let task = requests.pop().expect("the request").task;
    replies.push(&Item { task, info: MessageInfo::new(0, 0, 0, 7), words: [0; 6] }).expect("room");
    client.look();
    assert_eq!(poll(call.as_mut()), Poll::Ready(Err(CallError::Malformed)));
}

#[test]
fn no_more_calls_are_out_than_the_rings_hold_even_if_callers_give_up() {
    let memory = memory();
    let bell = Bell::default();
    let client = Client::new(TestChannel::new(memory).expect("fits"), &bell);
    let server = Server::new(TestChannel::new(memory).expect("fits"), &bell);
    for _ in 0..CAPACITY {
        let mut call = Box::pin(client.call(Message::new(1, [])));
        assert!(poll(call.as_mut()).is_pending());
    }
    assert_eq!(poll(pin!(client.call(Message::new(1, [])))), Poll::Ready(Err(CallError::Full)));

    for _ in 0..CAPACITY {
        let Poll::Ready(request) = poll(pin!(server.recv())) else { panic!("a request") };
        server.reply(request, Message::new(2, []));
    }
    client.look();
    assert!(poll(pin!(client.call(Message::new(1, [])))).is_pending(), "their room is free again");
    assert_eq!((client.statistics().violations, server.statistics().violations), (0, 0));
}

#[test]
fn a_batch_is_notified_once_and_only_a_sleeper_is() {
    let memory = memory();
    let (to_server, to_client) = (Bell::default(), Bell::default());
    let client = Client::new(TestChannel::new(memory).expect("fits"), &to_server);
    let server = Server::new(TestChannel::new(memory).expect("fits"), &to_client);
    let mut calls: Vec<_> = (0..3).map(|word| Box::pin(client.call(Message::new(1, [word])))).collect();

    server.announce_asleep();
    for call in &mut calls {
        assert!(poll(call.as_mut()).is_pending());
    }
    client.flush();
    client.flush();
    assert_eq!(to_server.0.get(), 1);
    while let Poll::Ready(request) = poll(pin!(server.recv())) {
        let words: [u64; 1] = request.message().words().try_into().expect("one word");
        server.reply(request, Message::new(2, words));
    }
    server.flush();
    assert_eq!(to_client.0.get(), 0, "the client has not said that it sleeps");
    assert!(client.look());
    for (word, call) in (0..).zip(&mut calls) {
        assert_eq!(poll(call.as_mut()), Poll::Ready(Ok(Message::new(2, [word]))));
    }
    assert_eq!((client.statistics().notifications, client.statistics().suppressed()), (1, 2));
}

#[test]
fn messages_hold_six_words() {
    assert_eq!(Message::from_slice(9, &[1, 2, 3, 4, 5, 6]), Ok(Message::new(9, [1, 2, 3, 4, 5, 6])));
    assert_eq!(Message::from_slice(9, &[0; 7]), Err(TooLong));
    assert_eq!(Message::new(9, [4, 5]).words(), [4, 5]);
}

#[test]
fn a_server_answers_its_honest_client_while_another_one_scribbles_on_everything() {
    const CALLS: u64 = 2_000;
    let (honest, hostile) = (memory(), memory());
    let file = InterruptFile::default();
    let client_file = InterruptFile::default();
    let (to_server, to_client) = (file.sender(64), client_file.sender(1));
    let done = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut numbers = Numbers(0x0dd_ba11);
            while done.load(Ordering::Relaxed) == 0 {
                let value = numbers.below(u64::MAX);
                let value = if value.is_multiple_of(2) { value } else { value % 16 };
                hostile[numbers.below(hostile.len() as u64) as usize].store(value, Ordering::Relaxed);
                to_server.notify();
            }
        });
        scope.spawn(|| {
            let bell = Bell::default();
            let good = Server::new(TestChannel::new(honest).expect("fits"), to_client.clone());
            let bad = Server::new(TestChannel::new(hostile).expect("fits"), &bell);
            let serve_bad = pin!(async {
                // Ends when the honest client does, which it can only if this task does not keep the thread.
                let mut serve = pin!(bad.serve(|message| *message));
                poll_fn(|context| match serve.as_mut().poll(context) {
                    Poll::Pending if done.load(Ordering::Relaxed) == 0 => Poll::Pending,
                    _ => Poll::Ready(()),
                })
                .await;
            });
            let serve_good = pin!(async {
                for _ in 0..CALLS {
                    let request = good.recv().await;
                    let message = *request.message();
                    good.reply(request, message);
                }
            });
            let mut executor = Executor::<2>::new(Box::leak(Box::new(ReadyQueue::new())));
            executor.spawn(0, serve_bad).expect("free");
            executor.spawn(1, serve_good).expect("free");
            let sources: &[&dyn Source] = &[&bad, &good];
            executor.run(sources, &file);
        });
        scope.spawn(|| {
            let client = Client::new(TestChannel::new(honest).expect("fits"), to_server.clone());
            let answered = RefCell::new(0);
            let task = pin!(async {
                for id in 0..CALLS {
                    let answer = client.call(Message::new(1, [id])).await.expect("an answer");
                    assert_eq!(answer.words(), [id]);
                    *answered.borrow_mut() += 1;
                }
                yield_now().await;
            });
            let mut executor = Executor::<1>::new(Box::leak(Box::new(ReadyQueue::new())));
            executor.spawn(0, task).expect("free");
            executor.run(&client, &client_file);
            assert_eq!((*answered.borrow(), client.statistics().violations), (CALLS, 0));
            done.store(1, Ordering::Relaxed);
            to_server.notify();
        });
    });
}

#[test]
fn a_client_is_not_kept_by_a_server_that_scribbles_on_everything() {
    const LOOKS: u64 = 100_000;
    let memory = memory();
    let stop = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut numbers = Numbers(0x0dd_ba11);
            while stop.load(Ordering::Relaxed) == 0 {
                let value = numbers.below(u64::MAX);
                let value = if value.is_multiple_of(2) { value } else { value % 16 };
                memory[numbers.below(memory.len() as u64) as usize].store(value, Ordering::Relaxed);
            }
        });
        let bell = Bell::default();
        let client = Client::new(TestChannel::new(memory).expect("fits"), &bell);
        let mut calls: Vec<_> = (0..CAPACITY).map(|_| None).collect();
        for round in 0..LOOKS {
            let slot = &mut calls[round as usize % CAPACITY];
            let call = slot.get_or_insert_with(|| Box::pin(client.call(Message::new(1, [round]))));
            if poll(call.as_mut()).is_ready() {
                *slot = None;
            }
            client.look();
            client.flush();
        }
        stop.store(1, Ordering::Relaxed);
        assert!(bell.0.get() as u64 <= LOOKS);
    });
}

/// A word as a hostile peer might choose it: small ones pass for indexes, lengths and calls.
fn hostile_word() -> impl Strategy<Value = u64> {
    prop_oneof![0..16_u64, any::<u64>(), (0..4_u64, 0..4_u64).prop_map(|(high, low)| high << 32 | low)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Between any two steps of an end the peer fills all shared memory as it likes.
    #[test]
    fn whatever_is_in_the_rings_neither_end_fails_or_takes_more_than_they_hold(
        contents in prop::collection::vec(prop::collection::vec(hostile_word(), TestChannel::WORDS), 1..12),
    ) {
        let memory = memory();
        let bell = Bell::default();
        let client = Client::new(TestChannel::new(memory).expect("fits"), &bell);
        let server = Server::new(TestChannel::new(memory).expect("fits"), &bell);
        let mut calls = Vec::new();
        for content in &contents {
            memory.iter().zip(content).for_each(|(place, &word)| place.store(word, Ordering::Relaxed));
            let before = (client.statistics().received, server.statistics().received);
            client.look();
            let mut call = Box::pin(client.call(Message::new(1, [7])));
            if poll(call.as_mut()).is_pending() {
                calls.push(call);
            }
            calls.retain_mut(|call| poll(call.as_mut()).is_pending());
            server.look();
            while let Poll::Ready(request) = poll(pin!(server.recv())) {
                prop_assert!(request.message().words().len() <= 6);
                let message = *request.message();
                server.reply(request, message);
            }
            client.flush();
            server.flush();
            let after = (client.statistics().received, server.statistics().received);
            prop_assert!(after.0 - before.0 <= CAPACITY as u64 && after.1 - before.1 <= CAPACITY as u64);
            prop_assert!(calls.len() <= CAPACITY, "no more calls are out than there is room for");
        }
    }
}
