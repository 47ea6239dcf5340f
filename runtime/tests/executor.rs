//! The executor: order, fairness, wake-ups from inside and from elsewhere, sleep.

mod machine;

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::AtomicU64;
use std::task::{Poll, Waker};
use std::thread;

use rel4_runtime::dispatch::Source;
use rel4_runtime::executor::{Coroutines, Executor, ReadyQueue, SpawnError, yield_now};
use rel4_runtime::interrupt::{Identity, Interrupts, Notify};
use rel4_runtime::remote::{RemoteInbox, RemoteQueue, RemoteTask};

use machine::InterruptFile;

const NO_SOURCES: &[&dyn Source] = &[];

fn queue() -> &'static ReadyQueue {
    Box::leak(Box::new(ReadyQueue::new()))
}

/// A future that is ready when it was polled by somebody else's wake-up.
fn suspend_once() -> impl Future<Output = ()> {
    let mut polled = false;
    poll_fn(move |_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending })
}

#[test]
fn ready_tasks_run_in_the_order_of_their_slots() {
    let log = RefCell::new(Vec::new());
    let tasks = pin!(Coroutines::<_, 3>::new(|index| {
        let log = &log;
        async move { log.borrow_mut().push(index) }
    }));
    let mut executor = Executor::<192>::new(queue());
    for (task, slot) in tasks.tasks().zip([130, 7, 65]) {
        executor.spawn(slot, task).expect("free");
    }
    executor.run(NO_SOURCES, &InterruptFile::default());
    assert_eq!(*log.borrow(), [1, 2, 0]);
    assert_eq!(executor.statistics().polls, 3);
}

#[test]
fn a_task_of_higher_priority_that_is_woken_runs_next() {
    let log = RefCell::new(Vec::new());
    let high_waker = RefCell::new(None::<Waker>);
    let high = pin!(async {
        poll_fn(|context| {
            if high_waker.borrow().is_some() {
                return Poll::Ready(());
            }
            *high_waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
        log.borrow_mut().push("high");
    });
    let waking = pin!(async {
        yield_now().await;
        high_waker.borrow().as_ref().expect("high ran first").wake_by_ref();
        // Its turn ends: in the next round high goes first, and in this one nobody is left.
        yield_now().await;
        log.borrow_mut().push("waking");
    });
    let low = pin!(async {
        yield_now().await;
        yield_now().await;
        log.borrow_mut().push("low");
    });
    let mut executor = Executor::<3>::new(queue());
    executor.spawn(0, high).expect("free");
    executor.spawn(1, waking).expect("free");
    executor.spawn(2, low).expect("free");
    executor.run(NO_SOURCES, &InterruptFile::default());
    assert_eq!(*log.borrow(), ["high", "waking", "low"]);
}

#[test]
fn a_task_that_is_always_ready_does_not_stop_those_below_it() {
    let done = RefCell::new(false);
    let greedy = pin!(async {
        while !*done.borrow() {
            yield_now().await;
        }
    });
    let modest = pin!(async {
        for _ in 0..10 {
            yield_now().await;
        }
        *done.borrow_mut() = true;
    });
    let mut executor = Executor::<2>::new(queue());
    executor.spawn(0, greedy).expect("free");
    executor.spawn(1, modest).expect("free");
    executor.run(NO_SOURCES, &InterruptFile::default());
    assert!(executor.statistics().polls <= 2 * executor.statistics().rounds);
}

#[test]
fn a_slot_holds_one_task() {
    let (first, second, third) = (pin!(async {}), pin!(async {}), pin!(async {}));
    let mut executor = Executor::<1>::new(queue());
    assert_eq!(executor.spawn(0, first), Ok(()));
    assert_eq!(executor.spawn(0, second), Err(SpawnError::Occupied));
    assert_eq!(executor.spawn(1, third), Err(SpawnError::NoSuchSlot));
}

#[test]
fn an_interrupt_of_the_ready_queue_wakes_its_task() {
    let file = InterruptFile::default();
    let identity = Identity::of_slot(5).expect("has one").number();
    let sender = file.sender(identity);
    let task = pin!(suspend_once());
    let mut executor = Executor::<6>::new(queue());
    executor.spawn(5, task).expect("free");
    let raising = thread::spawn(move || {
        // The executor is asleep by then, usually; it works either way.
        thread::sleep(std::time::Duration::from_millis(20));
        sender.notify();
    });
    executor.run(NO_SOURCES, &file);
    raising.join().expect("raised");
    assert_eq!(executor.statistics().claims, 1);
    assert_eq!(executor.statistics().polls, 2);
    assert_eq!(file.claim(), None);
}

#[test]
fn without_a_hardware_queue_a_remote_queue_wakes_the_task() {
    let memory: &[AtomicU64] = Box::leak((0..RemoteQueue::WORDS).map(|_| AtomicU64::new(0)).collect());
    let shared = RemoteQueue::new(memory).expect("large enough");
    let file = InterruptFile::default();
    // An identity of the notification word names no task: only the queue does.
    let remote = RemoteTask::new(shared, 2, file.sender(1)).expect("has a bit");
    let ready = queue();
    let inbox = RemoteInbox::new(shared, |slot| ready.wake(slot));
    let task = pin!(suspend_once());
    let mut executor = Executor::<3>::new(ready);
    executor.spawn(2, task).expect("free");
    let raising = thread::spawn(move || remote.notify());
    executor.run(&inbox, &file);
    raising.join().expect("raised");
}

#[test]
fn interrupts_and_wake_ups_for_slots_without_a_task_do_no_harm() {
    let file = InterruptFile::default();
    let ready = queue();
    for identity in 1..256 {
        file.sender(identity).notify();
    }
    for slot in 0..1000 {
        ready.wake(slot);
    }
    let task = pin!(yield_now());
    let mut executor = Executor::<2>::new(ready);
    executor.spawn(1, task).expect("free");
    executor.run(NO_SOURCES, &file);
    assert!(executor.statistics().polls <= 3);
}

#[test]
fn a_waker_outlives_its_task_and_its_executor_and_works_on_any_thread() {
    let kept = RefCell::new(None::<Waker>);
    let ready = queue();
    {
        let task = pin!(poll_fn(|context| {
            *kept.borrow_mut() = Some(context.waker().clone());
            Poll::Ready(())
        }));
        let mut executor = Executor::<1>::new(ready);
        executor.spawn(0, task).expect("free");
        executor.run(NO_SOURCES, &InterruptFile::default());
    }
    let waker = kept.take().expect("polled");
    assert!(waker.will_wake(&waker.clone()));
    thread::spawn(move || waker.wake()).join().expect("woke");
}
