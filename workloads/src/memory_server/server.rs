//! The server: one coroutine that starts a system call for each request, and answers in the same order as they complete.

use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

use rel4_abi::{CPtr, CapRights, VmAttributes};
use rel4_runtime::async_syscall::{Doorbell, Invoked, Rings, Syscalls};
use rel4_runtime::cap::{Frame, VSpace};
use rel4_runtime::channel::{Message, Request, Server};
use rel4_runtime::dispatch::Source;
use rel4_runtime::executor::{Executor, ReadyQueue};
use rel4_runtime::process::Start;
use rel4_runtime::uintr::Sender;

use super::messages::{DONE, MAP, REFUSED, UNMAP};
use super::settings::{Settings, Way};
use super::{CAPACITY, Channel, FIRST_FRAME, PRIORITY, VSPACE};
use crate::changing_page;
use crate::pair::{self, Backend};

/// For how many system calls without an answer it is worth to disturb another hart. Fewer are carried out by this one as the server falls
/// asleep, which costs less than what two harts have to tell each other.
const WORTH_A_RING: u64 = 12;

type Kernel = Syscalls<'static, CAPACITY>;
type ClientEnd<'m> = Server<'m, Sender, CAPACITY>;

/// Runs the server.
pub(super) extern "C" fn main(start: &Start) -> ! {
    static READY: ReadyQueue = ReadyQueue::new();
    let settings = Settings::from_arguments(start.arguments);
    let rings = if settings.way == Way::Ring { Rings::Registered } else { Rings::Unsupported };
    let doorbell =
        if settings.has_helper { Doorbell::mapped(PRIORITY as u8, WORTH_A_RING) } else { Doorbell::None };
    let kernel = Kernel::of_first_thread(rings, doorbell);
    let channel = Channel::new(start.shared).expect("the root task shares enough");
    let server = ClientEnd::new(channel, pair::sender(Backend::UserInterrupts));
    let receiver = pair::receiver(Backend::UserInterrupts);
    let mut underway = Underway::new();
    let serving = pin!(poll_fn(|context| underway.advance(&server, &kernel, context)));
    let mut executor = Executor::<1>::new(&READY);
    executor.spawn(0, serving).expect("the slot is free");
    let sources: [&dyn Source; 2] = [&server, &kernel];
    executor.run(&sources[..], &receiver);
    unreachable!("a server serves for ever")
}

/// Requests whose system calls are under way, first come first: the kernel completes them in this order.
struct Underway<'k> {
    calls: [Option<(Request, Invoked<'k, CAPACITY>)>; CAPACITY],
    first: usize,
    count: usize,
}

impl<'k> Underway<'k> {
    const fn new() -> Self {
        Self { calls: [const { None }; CAPACITY], first: 0, count: 0 }
    }

    /// Starts what was asked for, and answers what is complete.
    fn advance(&mut self, server: &ClientEnd<'_>, kernel: &'k Kernel, context: &mut Context<'_>) -> Poll<()> {
        // Until there are none, so that the next one wakes this coroutine. An honest client has no more under way than there is room for.
        while let Poll::Ready(request) = pin!(server.recv()).poll(context) {
            match begin(kernel, request.message()) {
                Some(call) if self.count < CAPACITY => {
                    self.calls[(self.first + self.count) % CAPACITY] = Some((request, call));
                    self.count += 1;
                }
                _ => server.reply(request, Message::new(REFUSED, [])),
            }
        }
        while let Some((_, call)) = &mut self.calls[self.first]
            && let Poll::Ready(result) = Pin::new(call).poll(context)
        {
            if let Some((request, _)) = self.calls[self.first].take() {
                let label = if result.is_ok() { DONE } else { REFUSED };
                let page = request.message().raw_words()[0];
                server.reply(request, Message::new(label, [page]));
            }
            self.first = (self.first + 1) % CAPACITY;
            self.count -= 1;
        }
        Poll::Pending
    }
}

/// Makes the system call that a request asks for; `None` if it asks for nothing that this server does.
#[inline(always)]
fn begin<'k>(kernel: &'k Kernel, request: &Message) -> Option<Invoked<'k, CAPACITY>> {
    let &[page] = request.words() else { return None };
    if page >= CAPACITY as u64 {
        return None;
    }
    let frame = Frame(CPtr(FIRST_FRAME + page));
    match request.label() {
        MAP => Some(kernel.map(
            frame,
            VSpace(VSPACE),
            changing_page::address(page),
            CapRights::READ_WRITE,
            VmAttributes::EXECUTE_NEVER,
        )),
        UNMAP => Some(kernel.unmap(frame)),
        _ => None,
    }
}
