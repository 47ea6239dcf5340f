//! The same by synchronous IPC and traps: one request at a time.

use rel4_abi::{CPtr, CapRights, VmAttributes};
use rel4_runtime::cap::{Endpoint, Frame, VSpace};
use rel4_runtime::ipc::tag;
use rel4_runtime::process::{self, Start};

use super::messages::{DONE, MAP, REFUSED, UNMAP};
use super::settings::Settings;
use super::{CAPACITY, FIRST_FRAME, RESULTS, VSPACE};
use crate::changing_page;
use crate::ipc_async::client::recorder::{Recorder, Step};
use crate::ipc_pingpong::results::Results;

const fn service() -> Endpoint {
    Endpoint(process::granted(0))
}

/// Runs the server.
pub(super) extern "C" fn server(_start: &Start) -> ! {
    let mut request = service().recv();
    loop {
        let page = request.words[0];
        let label =
            if request.info.length() == 1 && carry_out(request.info.label(), page) { DONE } else { REFUSED };
        request = service().reply_recv(label, [page]);
    }
}

fn carry_out(label: u64, page: u64) -> bool {
    if page >= CAPACITY as u64 {
        return false;
    }
    let frame = Frame(CPtr(FIRST_FRAME + page));
    match label {
        MAP => frame
            .map(
                VSpace(VSPACE),
                changing_page::address(page),
                CapRights::READ_WRITE,
                VmAttributes::EXECUTE_NEVER,
            )
            .is_ok(),
        UNMAP => frame.unmap().is_ok(),
        _ => false,
    }
}

/// Runs the client, which uses as many pages in turn as there would be coroutines. It finishes with 0 if every answer and every page was what
/// it should be.
pub(super) extern "C" fn client(start: &Start) -> ! {
    let settings = Settings::from_arguments(start.arguments);
    let recorder = Recorder::new(settings.warmup, settings.batch, Results::new(&start.shared[RESULTS..]));
    let mut uses = [0; CAPACITY];
    'all: loop {
        for (page, uses) in (0..settings.concurrency).zip(&mut uses) {
            if !ask(&recorder, MAP, page) {
                break 'all;
            }
            if changing_page::exchange(page, *uses + 1) != *uses {
                recorder.differ();
            }
            *uses += 1;
            if !ask(&recorder, UNMAP, page) {
                break 'all;
            }
        }
    }
    recorder.measure_overhead();
    process::finish([recorder.differences(), 0, 0, 0])
}

/// Asks the server once. False if all samples are taken.
fn ask(recorder: &Recorder<'_>, label: u64, page: u64) -> bool {
    if recorder.next_call().is_none() {
        return false;
    }
    let answer = service().call(label, [page]);
    let differences = answer.info.0 ^ tag::<1>(DONE).0 | answer.words[0] ^ page;
    if recorder.called(differences) && matches!(recorder.step(), Step::First) {
        recorder.begin();
    }
    true
}
