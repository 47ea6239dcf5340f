//! The calling end.

use core::cell::RefCell;

use rel4_abi::async_syscall::{MAX_REQUEST_WORDS, pair_words};
use rel4_abi::{
    CPtr, CapRights, Invocation, InvocationError, MessageInfo, ObjectType, VmAttributes, error,
    invocation_error,
};

use super::calls::Calls;
use super::kernel_rings::{KernelRings, with_task};
use super::{Doorbell, Invoked, Rings, set_up};
use crate::cap::invoke_label;
use crate::cap::{CNode, Frame, Notification, Slot, Untyped, VSpace};
use crate::channel::{Channel, Statistics};
use crate::dispatch::Source;
use crate::error::Error;
use crate::labels;

/// The system calls of one thread, as futures: at most `CAPACITY` whose answers nobody has taken yet.
#[derive(Debug)]
pub struct Syscalls<'m, const CAPACITY: usize> {
    calls: Calls<CAPACITY>,
    /// None: by traps.
    rings: Option<RefCell<KernelRings<'m, CAPACITY>>>,
}

impl<const CAPACITY: usize> Syscalls<'static, CAPACITY> {
    /// The system calls of this process's first thread, by the way that [`set_up`](super::set_up) found, with the same capacity.
    #[must_use]
    pub fn of_first_thread(rings: Rings, doorbell: Doorbell) -> Self {
        let channel = match rings {
            Rings::Registered => Channel::new(set_up::memory(CAPACITY)),
            Rings::Unsupported => None,
        };
        let rings = channel.map(|channel| RefCell::new(KernelRings::new(channel, doorbell)));
        Self { calls: Calls::new(), rings }
    }
}

const fn check_layout<const CAPACITY: usize>() {
    assert!(Channel::<CAPACITY>::WORDS == pair_words(CAPACITY), "rings have the layout of a channel");
}

impl<'m, const CAPACITY: usize> Syscalls<'m, CAPACITY> {
    /// Makes system calls through `channel`, whose server is the kernel.
    #[must_use]
    pub fn new(channel: Channel<'m, CAPACITY>, doorbell: Doorbell) -> Self {
        const { check_layout::<CAPACITY>() };
        Self { calls: Calls::new(), rings: Some(RefCell::new(KernelRings::new(channel, doorbell))) }
    }

    /// Invokes `target` with the label of an operation, capabilities and words, no more than a request holds. The request leaves at the
    /// end of the dispatcher's round or before, and its answer completes the future.
    #[inline(always)]
    pub fn invoke<const CAPS: usize, const WORDS: usize>(
        &self,
        target: CPtr,
        label: u64,
        caps: [CPtr; CAPS],
        words: [u64; WORDS],
    ) -> Invoked<'_, CAPACITY> {
        const { assert!(1 + CAPS + WORDS <= MAX_REQUEST_WORDS, "more words than a request holds") };
        let Some(rings) = &self.rings else {
            return self.complete(|| invoke_label(target, label, &caps, &words).map(drop));
        };
        let info = MessageInfo::new(label, 0, CAPS, WORDS);
        let word = |index: usize| match index {
            0 => info.0,
            1 => target.word(),
            _ if index < 2 + CAPS => caps[index - 2].word(),
            _ => words[index - 2 - CAPS],
        };
        let call = self.calls.next();
        let begun =
            call.filter(|&call| rings.borrow_mut().request(3 + CAPS + WORDS, with_task(call, word)).is_ok());
        if let Some(call) = begun {
            self.calls.begin(call);
        }
        Invoked::new(&self.calls, begun)
    }

    /// A call that is complete at once.
    fn complete(&self, trap: impl FnOnce() -> Result<(), Error>) -> Invoked<'_, CAPACITY> {
        let call = self.calls.next();
        if let Some(call) = call {
            self.calls.begin(call);
            match trap() {
                Ok(()) => {
                    self.calls.complete(call.task(), error::NO_ERROR, || [0; invocation_error::MAX_WORDS])
                }
                Err(Error::Refused(error)) => {
                    self.calls.complete(call.task(), error.error().label(), || error.words().0)
                }
                Err(Error::UnknownAnswer { label }) => {
                    self.calls.complete(call.task(), label, || [0; invocation_error::MAX_WORDS])
                }
            };
        }
        Invoked::new(&self.calls, call)
    }

    #[inline(always)]
    fn operation<const CAPS: usize, const WORDS: usize>(
        &self,
        target: CPtr,
        operation: Invocation,
        caps: [CPtr; CAPS],
        words: [u64; WORDS],
    ) -> Invoked<'_, CAPACITY> {
        match operation.encode(labels::selected()) {
            Some(label) => self.invoke(target, label, caps, words),
            None => self.complete(|| Err(Error::Refused(InvocationError::IllegalOperation))),
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
    ) -> Invoked<'_, CAPACITY> {
        let words = [vaddr, rights.word(), attributes.word()];
        self.operation(frame.0, Invocation::RiscvPageMap, [vspace.0], words)
    }

    /// Removes the mapping of `frame`; see [`Frame::unmap`].
    #[inline(always)]
    pub fn unmap(&self, frame: Frame) -> Invoked<'_, CAPACITY> {
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
    ) -> Invoked<'_, CAPACITY> {
        let words = [object.word(), u64::from(user_size_bits), 0, 0, first_slot, count];
        self.operation(untyped.0, Invocation::UntypedRetype, [node.0], words)
    }

    /// Copies a capability; see [`Slot::copy_from`].
    #[inline(always)]
    pub fn copy(&self, to: Slot, from: Slot, rights: CapRights) -> Invoked<'_, CAPACITY> {
        let ([index, depth], [source_index, source_depth]) = (to.address(), from.address());
        let words = [index, depth, source_index, source_depth, rights.word()];
        self.operation(to.root().0, Invocation::CNodeCopy, [from.root().0], words)
    }

    /// Empties a slot; see [`Slot::delete`].
    #[inline(always)]
    pub fn delete(&self, slot: Slot) -> Invoked<'_, CAPACITY> {
        self.operation(slot.root().0, Invocation::CNodeDelete, [], slot.address())
    }

    /// Signals a notification; see [`Notification::signal`].
    #[inline(always)]
    pub fn signal(&self, notification: Notification) -> Invoked<'_, CAPACITY> {
        if self.rings.is_none() {
            return self.complete(|| {
                notification.signal();
                Ok(())
            });
        }
        self.invoke(notification.0, 0, [], [])
    }

    /// What went through the rings so far; nothing if there are none.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.rings.as_ref().map_or_else(Statistics::default, |rings| rings.borrow().statistics())
    }
}

impl<const CAPACITY: usize> Source for Syscalls<'_, CAPACITY> {
    #[inline(always)]
    fn look(&self) -> bool {
        self.rings.as_ref().is_some_and(|rings| rings.borrow_mut().look(&self.calls))
    }

    #[inline(always)]
    fn flush(&self) {
        if let Some(rings) = &self.rings {
            rings.borrow_mut().flush();
        }
    }

    fn announce_asleep(&self) {
        if let Some(rings) = &self.rings {
            rings.borrow().announce_asleep();
        }
    }

    fn announce_awake(&self) {
        if let Some(rings) = &self.rings {
            rings.borrow().announce_awake();
        }
    }
}
