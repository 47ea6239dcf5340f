//! Answers to callers: to their messages, and to their faults.

use rel4_abi::message_info::NUM_MESSAGE_REGISTERS;

use super::transfer;
use crate::cap::slot::Slot;
use crate::cap::{ReplyCap, derivation};
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::endpoint::Sender;
use crate::object::ipc_buffer::Access;
use crate::object::{BufferRef, Tcb, ThreadState};
use crate::sched;
use crate::trace::tracepoint;

/// Reply: answers the thread whose Call `sender` received last, if it still waits.
#[inline]
pub fn reply_to_caller(k: &Kernel, sender: Obj<Tcb>) {
    tracepoint!(Lookup);
    let slot = sender.caller_slot();
    if let Some(cap) = slot.raw().as_reply() {
        reply(k, sender, &cap, slot);
    }
}

/// Answers through the reply capability `cap` in `slot`, which is used up.
#[inline]
pub fn reply(k: &Kernel, sender: Obj<Tcb>, cap: &ReplyCap, slot: Obj<Slot>) {
    let caller = cap.caller;
    tracepoint!(Transfer);
    if let Some(fault) = caller.fault.get() {
        return to_fault(k, sender, caller, fault, slot);
    }
    let sender = Sender { thread: sender, badge: 0, can_grant: cap.can_grant, can_grant_reply: false };
    transfer::transfer(k, &sender, None, caller);
    derivation::remove_reply(caller, slot);
    caller.set_state(k, ThreadState::Running);
    sched::possible_switch_to(k, caller);
}

/// Answers a fault: the faulted thread goes on, or not, as the answer says.
#[cold]
#[inline(never)]
fn to_fault(k: &Kernel, handler: Obj<Tcb>, faulted: Obj<Tcb>, fault: Fault, slot: Obj<Slot>) {
    derivation::remove_reply(faulted, slot);
    faulted.fault.set(None);
    if apply_fault_reply(handler, faulted, fault) {
        faulted.set_state(k, ThreadState::Restart);
        sched::possible_switch_to(k, faulted);
    } else {
        faulted.set_state(k, ThreadState::Inactive);
    }
}

/// Gives the faulted thread the registers that the handler's answer holds; returns whether it goes on.
fn apply_fault_reply(handler: Obj<Tcb>, faulted: Obj<Tcb>, fault: Fault) -> bool {
    let Some(registers) = fault.reply_registers() else { return true };
    let info = handler.context.message_info();
    let buffer = BufferRef::of_thread(handler, Access::Send);
    for (index, &register) in registers.iter().enumerate().take(info.length()) {
        let word = if index < NUM_MESSAGE_REGISTERS {
            handler.context.message_register(index)
        } else if let Some(buffer) = buffer {
            buffer.message_word(index)
        } else {
            break;
        };
        faulted.context.set(register, word);
    }
    info.label() == 0
}
