//! Two threads that hand control to each other by one system call each, for ever: whoever makes one opens a window that the other one
//! closes.

use rel4_abi::message_info::NUM_MESSAGE_REGISTERS;
use rel4_abi::{CPtr, MessageInfo, Syscall};
use rel4_runtime::arch;
use rel4_runtime::ipc::Message;
use rel4_runtime::process::{self, ProcessMain, Start};

use super::cast::{Actor, Float, Role};
use super::session::HIGH;
use super::tape::Tape;
use super::window::{Passage, Request};

/// Makes `number` on `target` over and over, with messages of `info`, and checks what is answered to a Call. Opens window 0, closes
/// window 1, and reports when it is done. The last argument is the capability that goes along if `info` says so.
pub(super) const fn initiator<P: Passage>(
    actor: Actor,
    number: Syscall,
    target: CPtr,
    info: MessageInfo,
) -> Role {
    role(actor, initiate::<P>, [number as u64, target.word(), info.0, 0])
}

/// Makes `first` on `source`, then `number` over and over; an answer has `info` and the words of the request. Closes window 0, opens
/// window 1.
pub(super) const fn responder<P: Passage>(
    actor: Actor,
    first: Syscall,
    number: Syscall,
    source: CPtr,
    info: MessageInfo,
) -> Role {
    role(actor, respond::<P>, [first as u64, number as u64, source.word(), info.0])
}

/// A thread on hart 0 at [`HIGH`], without floating point.
pub(super) const fn role(actor: Actor, main: ProcessMain, arguments: [u64; 4]) -> Role {
    Role { actor, main, arguments, priority: HIGH, hart: 0, float: Float::Disabled }
}

extern "C" fn initiate<P: Passage>(start: &Start) -> ! {
    let [number, target, info, luggage] = start.arguments;
    let (tape, number, info) = (Tape::new(start.shared), number as i64, MessageInfo(info));
    let counter = tape.counter();
    let long = NUM_MESSAGE_REGISTERS..info.length();
    (0..info.extra_caps()).for_each(|index| arch::set_extra_cap(index, CPtr(luggage)));
    let mut differences = 0;
    for cycle in 0..tape.cycles() {
        long.clone().for_each(|index| arch::set_message_word(index, word(cycle, index)));
        let words = core::array::from_fn(|index| word(cycle, index));
        let request = Request { number, cptr: CPtr(target), info, words };
        let (answer, window) = P::around(counter, request);
        tape.opened(0, cycle, window.opened);
        tape.closed(1, cycle, window.closed);
        if number == Syscall::Call.number() {
            differences |= difference(&request, &answer);
            differences |=
                long.clone().fold(0, |bits, index| bits | arch::message_word(index) ^ word(cycle, index));
        }
    }
    process::finish([differences, 0, 0, 0])
}

extern "C" fn respond<P: Passage>(start: &Start) -> ! {
    let [first, number, source, info] = start.arguments;
    let tape = Tape::new(start.shared);
    let counter = tape.counter();
    let mut request = Request::new(Syscall::Recv, CPtr(source));
    request.number = first as i64;
    let (mut message, closed) = P::closing(counter, request);
    tape.closed(0, 0, closed);
    request.number = number as i64;
    request.info = MessageInfo(info);
    let mut cycle = 0;
    loop {
        request.words = message.words;
        let (received, window) = P::around(counter, request);
        message = received;
        tape.opened(1, cycle, window.opened);
        cycle += 1;
        tape.closed(0, cycle, window.closed);
    }
}

/// Word `index` of the message in `cycle`: none is like one before.
const fn word(cycle: u64, index: usize) -> u64 {
    cycle << 8 | index as u64
}

/// The bits in which `answer` differs from an echo of `request`, as far as registers go. Capabilities are not echoed.
fn difference(request: &Request, answer: &Message) -> u64 {
    let length = request.info.length();
    let words = request.words.iter().zip(answer.words).take(length);
    let tag = (answer.info.length() ^ length) as u64 | answer.info.label();
    words.fold(tag, |bits, (sent, received)| bits | sent ^ received)
}
