//! Asynchronous system calls against a stand-in for the kernel that speaks the layout of the ABI.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use rel4_abi::{
    CPtr, CapRights, Invocation, InvocationError, LabelSet, MessageInfo, ObjectType, VmAttributes, error,
};
use rel4_runtime::async_syscall::{AsyncError, Doorbell, Syscalls};
use rel4_runtime::cap::{CNode, Frame, Untyped, VSpace};
use rel4_runtime::channel::Channel;
use rel4_runtime::dispatch::Source;
use rel4_runtime::error::Error;
use rel4_runtime::item::Item;
use rel4_runtime::ring::{Consumer, Producer, Ring};

const CAPACITY: usize = 8;
type Calls = Syscalls<'static, CAPACITY>;

/// The kernel's ends of the rings.
struct Kernel {
    requests: Consumer<'static, CAPACITY>,
    completions: Producer<'static, CAPACITY>,
}

impl Kernel {
    fn complete(&mut self, task: u64, info: MessageInfo, words: [u64; 6]) {
        self.completions.push(&Item { task, info, words }).expect("there is room");
    }
}

fn calls() -> (Calls, Kernel) {
    let memory: &'static [AtomicU64] =
        Box::leak((0..Channel::<CAPACITY>::WORDS).map(|_| AtomicU64::new(0)).collect());
    let (first, second) = memory.split_at(Ring::<CAPACITY>::WORDS);
    let ring = |memory| Ring::<CAPACITY>::new(memory).expect("large enough");
    let kernel = Kernel { requests: ring(first).consumer(), completions: ring(second).producer() };
    (Calls::new(Channel::new(memory).expect("large enough"), Doorbell::None), kernel)
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn label(operation: Invocation) -> u64 {
    operation.encode(LabelSet::SingleCore).expect("known")
}

#[test]
fn a_request_of_one_item_names_its_capabilities_before_its_words() {
    let (calls, mut kernel) = calls();
    let mut call = calls.map(
        Frame(CPtr(5)),
        VSpace(CPtr(6)),
        0x7000,
        CapRights::READ_WRITE,
        VmAttributes::EXECUTE_NEVER,
    );
    assert_eq!(kernel.requests.pop(), None, "requests leave together");
    calls.flush();
    let request = kernel.requests.pop().expect("it has left");
    assert_eq!(request.info, MessageInfo::new(label(Invocation::RiscvPageMap), 0, 1, 3));
    assert_eq!(request.words[..3], [5, 6, 0x7000]);
    assert!(poll(&mut call).is_pending());
    kernel.complete(request.task, MessageInfo::new(error::NO_ERROR, 0, 0, 0), [0; 6]);
    assert!(calls.look());
    assert_eq!(poll(&mut call), Poll::Ready(Ok(())));
}

#[test]
fn a_request_of_many_words_goes_on_in_the_next_item() {
    let (calls, mut kernel) = calls();
    let call = calls.retype(Untyped(CPtr(1)), ObjectType::CNode, 4, CNode(CPtr(2)), 30, 7);
    calls.flush();
    let (first, second) = (kernel.requests.pop().expect("sent"), kernel.requests.pop().expect("sent"));
    assert_eq!(first.info, MessageInfo::new(label(Invocation::UntypedRetype), 0, 1, 6));
    assert_eq!(first.words, [1, 2, ObjectType::CNode.word(), 4, 0, 0]);
    assert_eq!((second.task, second.info.0), (30, 7));
    assert_eq!(kernel.requests.pop(), None);
    drop(call);
}

#[test]
fn refusals_come_with_all_their_words() {
    let (calls, mut kernel) = calls();
    let mut call = calls.unmap(Frame(CPtr(5)));
    calls.flush();
    let task = kernel.requests.pop().expect("sent").task;
    let refused = InvocationError::RangeError { min: 3, max: 9 };
    let (words, length) = refused.words();
    let mut all = [0; 6];
    all[..words.len()].copy_from_slice(&words);
    kernel.complete(task, MessageInfo::new(refused.error().label(), 0, 0, length), all);
    calls.look();
    assert_eq!(poll(&mut call), Poll::Ready(Err(AsyncError::Kernel(Error::Refused(refused)))));
}

#[test]
fn requests_beyond_the_room_are_refused_whole() {
    let (calls, mut kernel) = calls();
    let retype = |_| calls.retype(Untyped(CPtr(1)), ObjectType::Page, 0, CNode(CPtr(2)), 0, 1);
    let mut underway: Vec<_> = (0..CAPACITY / 2 + 1).map(retype).collect();
    let last = underway.last_mut().expect("there are some");
    assert_eq!(poll(last), Poll::Ready(Err(AsyncError::Full)));
    calls.flush();
    let taken = std::iter::from_fn(|| kernel.requests.pop()).count();
    assert_eq!(taken, CAPACITY);
}

#[test]
fn answers_are_those_of_their_own_calls_in_whatever_order_they_are_taken() {
    let (calls, mut kernel) = calls();
    let mut underway: Vec<_> = (0..4).map(|frame| Some(calls.unmap(Frame(CPtr(frame))))).collect();
    calls.flush();
    // One is not waited for any more.
    underway[1] = None;
    for frame in 0..4 {
        let request = kernel.requests.pop().expect("sent");
        assert_eq!(request.words[0], frame);
        let refused = InvocationError::InvalidCapability { index: frame };
        kernel.complete(
            request.task,
            MessageInfo::new(refused.error().label(), 0, 0, 1),
            [frame, 0, 0, 0, 0, 0],
        );
    }
    assert!(calls.look());
    for frame in [3, 0, 2] {
        let refused = InvocationError::InvalidCapability { index: frame };
        let call = underway[frame as usize].as_mut().expect("waited for");
        assert_eq!(poll(call), Poll::Ready(Err(AsyncError::Kernel(Error::Refused(refused)))));
    }
    underway.clear();
    let again: Vec<_> = (0..CAPACITY as u64).map(|frame| calls.unmap(Frame(CPtr(frame)))).collect();
    calls.flush();
    assert_eq!(std::iter::from_fn(|| kernel.requests.pop()).count(), CAPACITY, "all room is free again");
    drop(again);
}

#[test]
fn who_waits_is_woken_once_and_nobody_for_an_answer_that_nobody_asked_for() {
    struct Count(AtomicU64);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (calls, mut kernel) = calls();
    let count = Arc::new(Count(AtomicU64::new(0)));
    let waker = Waker::from(count.clone());
    let mut call = calls.unmap(Frame(CPtr(5)));
    calls.flush();
    let task = kernel.requests.pop().expect("sent").task;
    for _ in 0..2 {
        assert!(pin!(&mut call).poll(&mut Context::from_waker(&waker)).is_pending());
    }
    let done = MessageInfo::new(error::NO_ERROR, 0, 0, 0);
    for task in [task, task, task + 1, u64::MAX] {
        kernel.complete(task, done, [0; 6]);
    }
    calls.look();
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
    assert_eq!((calls.statistics().received, calls.statistics().violations), (4, 3));
    assert_eq!(poll(&mut call), Poll::Ready(Ok(())));
}
