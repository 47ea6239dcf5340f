//! A thread's own side of its rings, as user code would drive it.

use rel4_abi::async_syscall::{AsyncInvocation, MAX_REQUEST_WORDS};
use rel4_abi::ring::{self, CONSUMED, FLAG, ITEM_WORDS, ITEMS, PAYLOAD_WORDS, PRODUCED};
use rel4_abi::{InitialSlot, Invocation, InvocationError, MessageInfo, ObjectType};

use super::super::{LABELS, Machine};
use crate::arch;
use crate::cap::Cap;
use crate::trap::Cause;

pub(super) const ROOT: u64 = InitialSlot::CNode as u64;
pub(super) const SPACE: u64 = InitialSlot::VSpace as u64;
pub(super) const TCB: u64 = InitialSlot::Tcb as u64;
pub(super) const CAPACITY: u64 = 16;

/// The rings of a thread.
#[derive(Clone, Copy)]
pub(super) struct User {
    /// The frame.
    pub(super) frame: u64,
    /// The notification for completions.
    pub(super) notification: u64,
    memory: *mut u64,
    sent: u64,
    taken: u64,
}

/// What came back for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Completion {
    pub(super) task: u64,
    pub(super) info: MessageInfo,
    pub(super) words: [u64; PAYLOAD_WORDS],
}

impl Completion {
    pub(super) fn result(&self) -> Result<(), InvocationError> {
        let mut words = [0; 5];
        words.copy_from_slice(&self.words[..5]);
        InvocationError::decode(self.info.label(), words).map_or(Ok(()), Err)
    }
}

pub(super) fn register(
    m: &Machine,
    tcb: u64,
    frame: u64,
    notification: u64,
    capacity: u64,
) -> Result<(), InvocationError> {
    m.call(tcb, AsyncInvocation::RegisterRing.label(), &[capacity], &[frame, notification]).result().map(drop)
}

pub(super) fn unregister(m: &Machine, tcb: u64) -> Result<(), InvocationError> {
    m.call(tcb, AsyncInvocation::UnregisterRing.label(), &[], &[]).result().map(drop)
}

impl User {
    /// Registers new rings on a thread.
    pub(super) fn new(m: &mut Machine, tcb: u64) -> Self {
        let frame = m.make(ObjectType::Page, 0);
        let notification = m.make(ObjectType::Notification, 0);
        register(m, tcb, frame, notification, CAPACITY).unwrap();
        Self::of(m, frame, notification)
    }

    /// The rings in `frame`, as new.
    pub(super) fn of(m: &Machine, frame: u64, notification: u64) -> Self {
        let Cap::Frame(cap) = m.cap(frame) else { panic!("{frame} is no frame") };
        Self { frame, notification, memory: arch::phys_to_virt(cap.base).cast(), sent: 0, taken: 0 }
    }

    /// Writes any word of the frame.
    pub(super) fn write(&self, index: usize, value: u64) {
        // SAFETY: in the frame, in the arena.
        unsafe { self.memory.add(index % 512).write_volatile(value) }
    }

    pub(super) fn read(&self, index: usize) -> u64 {
        // SAFETY: in the frame, in the arena.
        unsafe { self.memory.add(index).read_volatile() }
    }

    /// Sends a request without telling anybody.
    pub(super) fn send_raw(&mut self, task: u64, info: MessageInfo, words: &[u64]) {
        let mut all = [0; MAX_REQUEST_WORDS];
        all[..words.len()].copy_from_slice(words);
        let items = if words.len() > PAYLOAD_WORDS { 2 } else { 1 };
        let flat: Vec<u64> = [task, info.0].into_iter().chain(all).collect();
        for (index, &word) in flat.iter().take(items * ITEM_WORDS).enumerate() {
            let item = (self.sent as usize + index / ITEM_WORDS) % CAPACITY as usize;
            self.write(ITEMS + item * ITEM_WORDS + index % ITEM_WORDS, word);
        }
        self.sent += items as u64;
        self.write(PRODUCED, self.sent);
    }

    /// Sends an invocation.
    pub(super) fn send(&mut self, task: u64, cptr: u64, label: u64, words: &[u64], caps: &[u64]) {
        let all: Vec<u64> =
            [cptr].into_iter().chain(caps.iter().copied()).chain(words.iter().copied()).collect();
        self.send_raw(task, MessageInfo::new(label, 0, caps.len(), words.len()), &all);
    }

    pub(super) fn invoke(
        &mut self,
        task: u64,
        operation: Invocation,
        cptr: u64,
        words: &[u64],
        caps: &[u64],
    ) {
        self.send(task, cptr, operation.encode(LABELS).unwrap(), words, caps);
    }

    /// Takes the next completion.
    pub(super) fn take(&mut self) -> Option<Completion> {
        let second = ring::words(CAPACITY as usize);
        if self.read(second + PRODUCED) == self.taken {
            return None;
        }
        let at = second + ITEMS + (self.taken % CAPACITY) as usize * ITEM_WORDS;
        let completion = Completion {
            task: self.read(at),
            info: MessageInfo(self.read(at + 1)),
            words: core::array::from_fn(|index| self.read(at + 2 + index)),
        };
        self.taken += 1;
        self.write(second + CONSUMED, self.taken);
        Some(completion)
    }

    /// Says that it sleeps.
    pub(super) fn announce_asleep(&self) {
        self.write(ring::words(CAPACITY as usize) + FLAG, ring::ASLEEP);
    }
}

/// The current thread enters the kernel for no reason of its own.
pub(super) fn enter(m: &Machine) {
    m.trap(Cause::Interrupt);
}
