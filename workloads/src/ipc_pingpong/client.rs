//! The client: calls, checks the answers, and measures.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::MessageInfo;
use rel4_markers::Stage;
use rel4_runtime::arch;
use rel4_runtime::cap::Endpoint;
use rel4_runtime::ipc::tag;
use rel4_runtime::process::{self, Start};

use super::messages::{ANSWER, REQUEST, answer, request};
use super::results::Results;
use super::settings::Settings;
use crate::trace::tracepoint;

/// Runs the client, which finishes with the bits in which answers differed from what they should be.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let service = Endpoint(process::granted(0));
    let settings = Settings::from_arguments(start.arguments);
    let results = Results::new(start.shared);
    let differences = match settings.words {
        0 => measure::<0>(service, &settings, &results),
        1 => measure::<1>(service, &settings, &results),
        2 => measure::<2>(service, &settings, &results),
        3 => measure::<3>(service, &settings, &results),
        _ => measure::<4>(service, &settings, &results),
    };
    process::finish([differences, 0, 0, 0])
}

fn measure<const WORDS: usize>(service: Endpoint, settings: &Settings, results: &Results<'_>) -> u64 {
    let mut differences = round_trips::<WORDS>(service, settings.warmup);
    let instructions = results.round_trip_instructions.iter();
    for (instructions, ticks) in instructions.zip(results.round_trip_ticks) {
        sample::<ROUND_TRIP>(instructions, ticks, || {
            differences |= round_trips::<WORDS>(service, settings.batch);
        });
    }
    let unused_ticks = AtomicU64::new(0);
    for instructions in results.overhead_instructions {
        sample::<OVERHEAD>(instructions, &unused_ticks, || {});
    }
    differences
}

const ROUND_TRIP: u32 = Stage::RoundTrip.index();
const OVERHEAD: u32 = Stage::Overhead.index();

/// Measures `work` once, as the stage with index `STAGE`.
#[inline(always)]
fn sample<const STAGE: u32>(instructions: &AtomicU64, ticks: &AtomicU64, work: impl FnOnce()) {
    let ticks_before = arch::time_ticks();
    let instructions_before = arch::instructions_retired();
    rel4_markers::begin::<STAGE>();
    work();
    rel4_markers::end::<STAGE>();
    let instructions_after = arch::instructions_retired();
    let ticks_after = arch::time_ticks();
    instructions.store(instructions_after.wrapping_sub(instructions_before), Ordering::Relaxed);
    ticks.store(ticks_after.wrapping_sub(ticks_before), Ordering::Relaxed);
}

/// Makes `count` round trips, and gives the bits in which answers differed from what they should be.
#[inline(always)]
fn round_trips<const WORDS: usize>(service: Endpoint, count: u64) -> u64 {
    const fn expected_tag<const WORDS: usize>() -> MessageInfo {
        tag::<WORDS>(ANSWER)
    }
    let mut differences = 0;
    for round in 0..count {
        let words = request::<WORDS>(round);
        let message = service.call(REQUEST, words);
        tracepoint!(Issue);
        differences |= message.info.0 ^ expected_tag::<WORDS>().0;
        for (received, expected) in message.words.into_iter().zip(answer(words)) {
            differences |= received ^ expected;
        }
    }
    differences
}
