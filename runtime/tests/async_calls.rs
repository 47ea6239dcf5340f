//! Calls between two threads that share nothing but memory and interrupt files, as two processes would.

mod machine;

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::sync::atomic::AtomicU64;
use std::thread;

use rel4_runtime::channel::{Channel, Client, Message, Server, Statistics};
use rel4_runtime::executor::{self, Coroutines, Executor, ReadyQueue, yield_now};
use rel4_runtime::interrupt::Notify;

use machine::{InterruptFile, Numbers, Sender};

const CAPACITY: usize = 64;
type TestChannel = Channel<'static, CAPACITY>;

const STOP: u64 = 1;
const WORK: u64 = 2;
const ANSWER: u64 = 3;

/// Identities of the two sides' files: the server's names the task that serves, the client's no task.
const TO_SERVER: u64 = 64;
const TO_CLIENT: u64 = 1;

fn channel() -> TestChannel {
    let memory: &'static [AtomicU64] =
        Box::leak((0..TestChannel::WORDS).map(|_| AtomicU64::new(0)).collect());
    Channel::new(memory).expect("large enough")
}

fn ready_queue() -> &'static ReadyQueue {
    Box::leak(Box::new(ReadyQueue::new()))
}

/// Stalls now and then: for the time of a few calls, or until the peer has surely gone to sleep.
fn stall(numbers: &mut Numbers) {
    match numbers.below(4096) {
        0 => thread::sleep(std::time::Duration::from_micros(200)),
        1..64 => (0..numbers.below(400)).for_each(|_| std::hint::spin_loop()),
        64..128 => thread::yield_now(),
        _ => {}
    }
}

/// Answers every request with its id, inverted, until told to stop.
fn serve<N: Notify>(channel: TestChannel, file: &InterruptFile, client: N) -> Statistics {
    let server = Server::new(channel, client);
    let numbers = RefCell::new(Numbers(0x1234_5678_9abc_def1));
    let task = pin!(async {
        loop {
            let request = server.recv().await;
            stall(&mut numbers.borrow_mut());
            let (label, id) = (request.message().label(), request.message().words()[0]);
            server.reply(request, Message::new(ANSWER, [!id]));
            if label == STOP {
                return;
            }
        }
    });
    let mut executor = Executor::<1>::new(ready_queue());
    executor.spawn(0, task).expect("free");
    executor.run(&server, file);
    server.statistics()
}

/// Makes `calls` calls from `TASKS` coroutines, and has the server stop after them.
fn call<const TASKS: usize, N: Notify>(
    channel: TestChannel,
    file: &InterruptFile,
    server: N,
    calls: u64,
) -> (Statistics, executor::Statistics) {
    let client = Client::new(channel, server);
    let (next, answered, running) = (Cell::new(0), Cell::new(0), Cell::new(TASKS));
    let numbers = RefCell::new(Numbers(0xfeed_f00d_dead_beef));
    let tasks = pin!(Coroutines::<_, TASKS>::new(|_| async {
        while next.get() < calls {
            let id = next.get();
            next.set(id + 1);
            stall(&mut numbers.borrow_mut());
            // Some tasks sit out now and then, so that the number of calls that are out varies.
            let turns = numbers.borrow_mut().below(64).saturating_sub(60);
            for _ in 0..turns {
                yield_now().await;
            }
            let answer = client.call(Message::new(WORK, [id])).await.expect("an answer");
            assert_eq!((answer.label(), answer.words()), (ANSWER, &[!id][..]));
            answered.set(answered.get() + 1);
        }
        running.set(running.get() - 1);
        if running.get() == 0 {
            client.call(Message::new(STOP, [0])).await.expect("an answer");
        }
    }));
    let mut executor = Executor::<TASKS>::new(ready_queue());
    for (slot, task) in tasks.tasks().enumerate() {
        executor.spawn(slot, task).expect("free");
    }
    executor.run(&client, file);
    assert_eq!(answered.get(), calls);
    (client.statistics(), executor.statistics())
}

/// Both sides of `calls` calls; the client wakes the server by what `to_server` makes of the server's bell.
fn run<const TASKS: usize, N: Notify + Send>(calls: u64, to_server: impl FnOnce(Sender) -> N) {
    let channel = channel();
    let (client_file, server_file) = (InterruptFile::default(), InterruptFile::default());
    let to_client = client_file.sender(TO_CLIENT);
    let to_server = to_server(server_file.sender(TO_SERVER));
    let ((client, executor), server) = thread::scope(|scope| {
        let server = scope.spawn(|| serve(channel, &server_file, to_client));
        let client = scope.spawn(|| call::<TASKS, N>(channel, &client_file, to_server, calls));
        let client = client.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (client, server.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    for end in [client, server] {
        assert_eq!((end.sent, end.received, end.violations), (calls + 1, calls + 1, 0));
        assert!(end.notifications <= end.sent);
        assert_eq!(end.suppressed() + end.notifications, end.sent);
    }
    println!("{TASKS} tasks, {calls} calls: client {client:?}, {executor:?}; server {server:?}");
}

#[test]
fn with_one_call_at_a_time_none_is_lost_or_answered_twice() {
    run::<1, _>(100_000, |bell| bell);
}

#[test]
fn with_few_calls_at_a_time_none_is_lost_or_answered_twice() {
    run::<5, _>(200_000, |bell| bell);
}

#[test]
fn with_as_many_calls_at_a_time_as_the_ring_holds_none_is_lost_or_answered_twice() {
    run::<CAPACITY, _>(500_000, |bell| bell);
}

/// A bell that loses one notification.
struct Broken {
    bell: Sender,
    left: Cell<u32>,
}

impl Notify for Broken {
    fn notify(&self) {
        self.left.set(self.left.get().wrapping_sub(1));
        if self.left.get() != 0 {
            self.bell.notify();
        }
    }
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_notification_that_is_lost_on_purpose_is_noticed() {
    run::<1, _>(100_000, |bell| Broken { bell, left: Cell::new(3) });
}
