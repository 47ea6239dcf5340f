//! The server: answers every request, for ever.

use core::pin::pin;

use rel4_runtime::attention::Attentive;
use rel4_runtime::channel::{Message, Server};
use rel4_runtime::executor::{Executor, FileQueue, Queue, ReadyQueue};
use rel4_runtime::interrupt::{EveryItem, Interrupts, Notify};
use rel4_runtime::ipc::tag;
use rel4_runtime::process::Start;

use super::STATISTICS;
use super::counters::Counters;
use super::settings::Settings;
use crate::ipc_pingpong::messages::{ANSWER, REFUSAL, REQUEST, answer};
use crate::load;
use crate::pair::{self, Channel, Idle, Idler, NotifyWhen, Polled, QueueKind, Unclaimed};

static READY: ReadyQueue = ReadyQueue::new();
static FILE: FileQueue = FileQueue::new();

/// Runs the server.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let channel = Channel::new(start.shared).expect("the root task shares enough");
    let settings = Settings::from_arguments(start.arguments);
    match settings.work {
        // Without load there is not even a look whether there is any.
        0 => serve_messages(channel, &settings, || {}),
        work => serve_messages(channel, &settings, || load::compute(work)),
    }
}

/// Serves messages of a length that the compiler knows, and does `work` for each.
fn serve_messages(channel: Channel<'_>, settings: &Settings, work: impl Fn()) -> ! {
    match settings.words {
        0 => run::<0>(channel, settings, work),
        1 => run::<1>(channel, settings, work),
        2 => run::<2>(channel, settings, work),
        3 => run::<3>(channel, settings, work),
        _ => run::<4>(channel, settings, work),
    }
}

/// Runs the variant that was asked for, each of which the compiler knows by itself.
fn run<const WORDS: usize>(channel: Channel<'_>, settings: &Settings, work: impl Fn()) -> ! {
    let idler = Idler::new(pair::receiver(settings.backend), &READY, settings.idle);
    let client = pair::sender(settings.backend);
    let unclaimed = Unclaimed(&idler);
    match (settings.notify, settings.queue) {
        (NotifyWhen::Asleep, QueueKind::Software) => {
            serve::<WORDS, _, _, _>(settings, channel, client, &READY, &idler, &idler, work)
        }
        (NotifyWhen::Always, QueueKind::Software) => {
            serve::<WORDS, _, _, _>(settings, channel, EveryItem(client), &READY, &idler, &idler, work)
        }
        (NotifyWhen::Asleep, QueueKind::Hardware) => {
            serve::<WORDS, _, _, _>(settings, channel, client, &FILE, &idler, &unclaimed, work)
        }
        (NotifyWhen::Always, QueueKind::Hardware) => {
            serve::<WORDS, _, _, _>(settings, channel, EveryItem(client), &FILE, &idler, &unclaimed, work)
        }
    }
}

fn serve<const WORDS: usize, N: Notify, Q: Queue, I: Interrupts>(
    settings: &Settings,
    channel: Channel<'_>,
    client: N,
    ready: &'static Q,
    idler: &Idler,
    interrupts: &I,
    work: impl Fn(),
) -> ! {
    let server = Server::new(channel, client);
    let serving = pin!(server.serve(|request| {
        if request.info() == tag::<WORDS>(REQUEST) {
            work();
            return respond::<WORDS>(request);
        }
        match request.label() {
            STATISTICS => Message::new(STATISTICS, Counters::of(server.statistics(), idler).words()),
            _ => Message::new(REFUSAL, []),
        }
    }));
    let mut executor = Executor::<1, Q>::new(ready);
    executor.spawn(0, serving).expect("the slot is free");
    match idler.idle() {
        Idle::Spin | Idle::Yield => executor.run(&Polled(&server), interrupts),
        Idle::Attend => {
            let attentive = Attentive::new(&server, interrupts, settings.pause());
            executor.run(&attentive, &attentive);
        }
        Idle::Block | Idle::Work => executor.run(&server, interrupts),
    }
    unreachable!("a server serves for ever")
}

#[inline(always)]
fn respond<const WORDS: usize>(request: &Message) -> Message {
    let words = core::array::from_fn::<_, WORDS, _>(|index| request.raw_words()[index]);
    Message::new(ANSWER, answer(words))
}
