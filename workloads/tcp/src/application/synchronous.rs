//! The application of the synchronous version: one thread a connection.

use core::future::{Future, ready};
use core::pin::pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};

use rel4_runtime::cap::Endpoint;
use rel4_runtime::process::{self, Start};

use super::{Left, Stack, serve};
use crate::bells::ENDPOINT;
use crate::layout::Sockets;
use crate::protocol::{Answer, Request};
use crate::settings::Told;

/// Connections that have come and gone, in this process.
static SERVED: AtomicU64 = AtomicU64::new(0);

impl Stack for Endpoint {
    /// Waits in the kernel, so the future has its answer from the start.
    #[inline(always)]
    fn call(&self, request: Request) -> impl Future<Output = Answer> {
        let (label, words) = request.encode();
        let told = Endpoint::call(*self, label, words);
        ready(Answer::decode(told.info.label(), [told.words[0], told.words[1]]))
    }
}

/// Runs the thread of one connection, whose number comes with its arguments. The one that serves the last client finishes for all, as the
/// asynchronous application does.
pub extern "C" fn main(start: &Start) -> ! {
    let (told, number) = numbered(start.arguments);
    let sockets = Sockets::new(start.shared).expect("the root task shares enough");
    let stack = Endpoint(process::granted(ENDPOINT));
    let is_last = || SERVED.fetch_add(1, Ordering::Relaxed) + 1 == told.sessions();
    let Left { open, waiting } = run(serve(&stack, sockets, number, is_last));
    process::finish([told.sessions(), 0, open, waiting])
}

/// The arguments of the thread of connection `number`, from those of its process.
#[must_use]
pub const fn arguments_of(number: u64, [packed, rounds, _, warmup]: [u64; 4]) -> [u64; 4] {
    [packed, rounds, number, warmup]
}

fn numbered(arguments: [u64; 4]) -> (Told, usize) {
    let [_, _, number, _] = arguments;
    (Told::from_arguments(arguments), number as usize)
}

/// Runs a future that never has to wait for anybody.
fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("a thread waits in the kernel"),
    }
}
