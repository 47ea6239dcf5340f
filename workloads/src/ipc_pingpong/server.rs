//! The server: answers every request, for ever.

use rel4_runtime::cap::Endpoint;
use rel4_runtime::ipc::{Message, tag};
use rel4_runtime::process::{self, Start};

use super::messages::{ANSWER, CLIENT, REFUSAL, REQUEST, answer};
use super::settings::Settings;
use crate::load;
use crate::trace::tracepoint;

/// Runs the server.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let service = Endpoint(process::granted(0));
    match Settings::from_arguments(start.arguments) {
        // Without load there is not even a look whether there is any.
        Settings { work: 0, words, .. } => serve_messages_of(words, service, || {}),
        Settings { work, words, .. } => serve_messages_of(words, service, || load::compute(work)),
    }
}

/// Serves messages of `words` words, which the compiler then knows, and does `work` for each.
fn serve_messages_of(words: u64, service: Endpoint, work: impl Fn()) -> ! {
    match words {
        0 => serve::<0>(service, work),
        1 => serve::<1>(service, work),
        2 => serve::<2>(service, work),
        3 => serve::<3>(service, work),
        _ => serve::<4>(service, work),
    }
}

fn serve<const WORDS: usize>(service: Endpoint, work: impl Fn()) -> ! {
    let mut message = service.recv();
    loop {
        tracepoint!(Handle);
        work();
        let words = answer(leading::<WORDS>(&message));
        let expected = message.badge == CLIENT && message.info == tag::<WORDS>(REQUEST);
        let label = if expected { ANSWER } else { REFUSAL };
        message = service.reply_recv(label, words);
    }
}

/// The first `WORDS` words of a message.
#[inline(always)]
fn leading<const WORDS: usize>(message: &Message) -> [u64; WORDS] {
    core::array::from_fn(|index| message.words[index])
}
