//! The server: answers every request, for ever.

use rel4_runtime::cap::Endpoint;
use rel4_runtime::ipc::{Message, tag};
use rel4_runtime::process::{self, Start};

use super::messages::{ANSWER, CLIENT, REFUSAL, REQUEST, answer};
use super::settings::Settings;

/// Runs the server.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let service = Endpoint(process::granted(0));
    match Settings::from_arguments(start.arguments).words {
        0 => serve::<0>(service),
        1 => serve::<1>(service),
        2 => serve::<2>(service),
        3 => serve::<3>(service),
        _ => serve::<4>(service),
    }
}

fn serve<const WORDS: usize>(service: Endpoint) -> ! {
    let mut message = service.recv();
    loop {
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
