//! The calling end.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use rel4_abi::async_syscall::{MAX_REQUEST_WORDS, pair_words};
use rel4_abi::ring::{ITEM_WORDS, PAYLOAD_WORDS};
use rel4_abi::{
    CPtr, CapRights, Invocation, InvocationError, MessageInfo, ObjectType, VmAttributes, error,
    invocation_error,
};

use super::{Rings, set_up};
use crate::cap::invoke_label;
use crate::cap::{CNode, Frame, Notification, Slot, Untyped, VSpace};
use crate::channel::{Call, CallError, Channel, Client, Message, Statistics};
use crate::dispatch::Source;
use crate::error::Error;
use crate::interrupt::Notify;
use crate::item::Item;
use crate::labels;

/// Why an asynchronous system call did not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsyncError {
    /// The kernel refused, as it would refuse a trap. What would be a capability fault of a trap is `FailedLookup` on the source side.
    Kernel(Error),
    /// The call never reached the kernel, or its answer was overwritten by somebody else.
    Ring(CallError),
}

impl fmt::Display for AsyncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel(error) => error.fmt(f),
            Self::Ring(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for AsyncError {}

/// The system calls of one thread, as futures. `N` wakes the kernel's executor.
#[derive(Debug)]
pub struct Syscalls<'m, N, const CAPACITY: usize> {
    /// None: by traps.
    rings: Option<Client<'m, N, CAPACITY>>,
}

impl<N: Notify, const CAPACITY: usize> Syscalls<'static, N, CAPACITY> {
    /// The system calls of this process's first thread, by the way that [`set_up`](super::set_up) found, with the same capacity.
    #[must_use]
    pub fn of_first_thread(rings: Rings, doorbell: N) -> Self {
        let client = match rings {
            Rings::Registered => {
                Channel::new(set_up::memory(CAPACITY)).map(|channel| Client::new(channel, doorbell))
            }
            Rings::Unsupported => None,
        };
        Self { rings: client }
    }
}

const fn check_layout<const CAPACITY: usize>() {
    assert!(Channel::<CAPACITY>::WORDS == pair_words(CAPACITY), "rings have the layout of a channel");
}

impl<'m, N: Notify, const CAPACITY: usize> Syscalls<'m, N, CAPACITY> {
    /// Makes system calls through `channel`, whose server is the kernel.
    #[must_use]
    pub fn new(channel: Channel<'m, CAPACITY>, doorbell: N) -> Self {
        const { check_layout::<CAPACITY>() };
        Self { rings: Some(Client::new(channel, doorbell)) }
    }

    /// Invokes `target` with the label of an operation, capabilities and words, no more than a request holds. The request leaves now, and its
    /// answer completes the future.
    #[inline(always)]
    pub fn invoke<const CAPS: usize, const WORDS: usize>(
        &self,
        target: CPtr,
        label: u64,
        caps: [CPtr; CAPS],
        words: [u64; WORDS],
    ) -> Invoked<'_, 'm, N, CAPACITY> {
        const { assert!(1 + CAPS + WORDS <= MAX_REQUEST_WORDS, "more words than a request holds") };
        let Some(client) = &self.rings else {
            return Invoked::Complete(invoke_label(target, label, &caps, &words).map(drop));
        };
        let word = |index: usize| match index {
            0 => target.word(),
            _ if index <= CAPS => caps[index - 1].word(),
            _ if index <= CAPS + WORDS => words[index - 1 - CAPS],
            _ => 0,
        };
        let info = MessageInfo::new(label, 0, CAPS, WORDS);
        let first = Message::from_raw(info, core::array::from_fn(word));
        Invoked::Ring(if 1 + CAPS + WORDS <= PAYLOAD_WORDS {
            client.call(first)
        } else {
            let rest: [u64; ITEM_WORDS] = core::array::from_fn(|index| word(PAYLOAD_WORDS + index));
            client.call_with_tail(first, &Item::from_words(rest))
        })
    }

    #[inline(always)]
    fn operation<const CAPS: usize, const WORDS: usize>(
        &self,
        target: CPtr,
        operation: Invocation,
        caps: [CPtr; CAPS],
        words: [u64; WORDS],
    ) -> Invoked<'_, 'm, N, CAPACITY> {
        match operation.encode(labels::selected()) {
            Some(label) => self.invoke(target, label, caps, words),
            None => Invoked::Complete(Err(Error::Refused(InvocationError::IllegalOperation))),
        }
    }

    /// Maps `frame`; see [`Frame::map`].
    #[inline(always)]
    pub fn map(
        &self,
        frame: Frame,
        vspace: VSpace,
        vaddr: u64,
        rights: CapRights,
        attributes: VmAttributes,
    ) -> Invoked<'_, 'm, N, CAPACITY> {
        let words = [vaddr, rights.word(), attributes.word()];
        self.operation(frame.0, Invocation::RiscvPageMap, [vspace.0], words)
    }

    /// Removes the mapping of `frame`; see [`Frame::unmap`].
    #[inline(always)]
    pub fn unmap(&self, frame: Frame) -> Invoked<'_, 'm, N, CAPACITY> {
        self.operation(frame.0, Invocation::RiscvPageUnmap, [], [])
    }

    /// Makes objects; see [`Untyped::retype`].
    #[inline(always)]
    pub fn retype(
        &self,
        untyped: Untyped,
        object: ObjectType,
        user_size_bits: u32,
        node: CNode,
        first_slot: u64,
        count: u64,
    ) -> Invoked<'_, 'm, N, CAPACITY> {
        let words = [object.word(), u64::from(user_size_bits), 0, 0, first_slot, count];
        self.operation(untyped.0, Invocation::UntypedRetype, [node.0], words)
    }

    /// Copies a capability; see [`Slot::copy_from`].
    #[inline(always)]
    pub fn copy(&self, to: Slot, from: Slot, rights: CapRights) -> Invoked<'_, 'm, N, CAPACITY> {
        let ([index, depth], [source_index, source_depth]) = (to.address(), from.address());
        let words = [index, depth, source_index, source_depth, rights.word()];
        self.operation(to.root().0, Invocation::CNodeCopy, [from.root().0], words)
    }

    /// Empties a slot; see [`Slot::delete`].
    #[inline(always)]
    pub fn delete(&self, slot: Slot) -> Invoked<'_, 'm, N, CAPACITY> {
        self.operation(slot.root().0, Invocation::CNodeDelete, [], slot.address())
    }

    /// Signals a notification; see [`Notification::signal`].
    #[inline(always)]
    pub fn signal(&self, notification: Notification) -> Invoked<'_, 'm, N, CAPACITY> {
        if self.rings.is_none() {
            notification.signal();
            return Invoked::Complete(Ok(()));
        }
        self.invoke(notification.0, 0, [], [])
    }

    /// What went through the rings so far; nothing if there are none.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.rings.as_ref().map_or_else(Statistics::default, Client::statistics)
    }
}

impl<N: Notify, const CAPACITY: usize> Source for Syscalls<'_, N, CAPACITY> {
    #[inline(always)]
    fn look(&self) -> bool {
        self.rings.as_ref().is_some_and(Source::look)
    }

    #[inline(always)]
    fn flush(&self) {
        if let Some(client) = &self.rings {
            client.flush();
        }
    }

    fn announce_asleep(&self) {
        if let Some(client) = &self.rings {
            client.announce_asleep();
        }
    }

    fn announce_awake(&self) {
        if let Some(client) = &self.rings {
            client.announce_awake();
        }
    }
}

/// A system call on its way; see [`Syscalls::invoke`].
#[derive(Debug)]
#[must_use = "the answer is lost if nobody waits for it"]
pub enum Invoked<'c, 'm, N: Notify, const CAPACITY: usize> {
    /// It was a trap, and this is its result.
    Complete(Result<(), Error>),
    /// It is in the rings.
    Ring(Call<'c, 'm, N, CAPACITY>),
}

impl<N: Notify, const CAPACITY: usize> Future for Invoked<'_, '_, N, CAPACITY> {
    type Output = Result<(), AsyncError>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Complete(result) => Poll::Ready(result.map_err(AsyncError::Kernel)),
            Self::Ring(call) => Pin::new(call).poll(context).map(|answer| match answer {
                Ok(answer) if answer.label() == error::NO_ERROR => Ok(()),
                Ok(answer) => Err(AsyncError::Kernel(failure(&answer))),
                Err(error) => Err(AsyncError::Ring(error)),
            }),
        }
    }
}

#[cold]
fn failure(answer: &Message) -> Error {
    let mut words = [0; invocation_error::MAX_WORDS];
    words.copy_from_slice(&answer.raw_words()[..invocation_error::MAX_WORDS]);
    let label = answer.label();
    InvocationError::decode(label, words).map_or(Error::UnknownAnswer { label }, Error::Refused)
}
