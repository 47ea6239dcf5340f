//! The process that makes the calls and measures them.

use core::pin::pin;
use core::sync::atomic::{AtomicU64, Ordering};

use rel4_markers::Stage;
use rel4_runtime::arch;
use rel4_runtime::async_syscall::{Doorbell, Rings, Syscalls};
use rel4_runtime::cap::Notification;
use rel4_runtime::executor::{Executor, ReadyQueue};
use rel4_runtime::process::{self, Start};
use rel4_runtime::uintr::{Delivery, Receiver};

use super::calls::{Half, Kind, by_ring, by_trap, is_right};
use super::settings::{Settings, Way};
use super::{CAPACITY, MAX_TOGETHER, PRIORITY};
use crate::changing_page;
use crate::ipc_pingpong::results::Results;
use crate::pair::{Idle, Idler};

const ROUND_TRIP: u32 = Stage::RoundTrip.index();
const OVERHEAD: u32 = Stage::Overhead.index();

/// Runs the process, which finishes with the number of calls that did not do what they should.
pub(super) extern "C" fn main(start: &Start) -> ! {
    static READY: ReadyQueue = ReadyQueue::new();
    let settings = Settings::from_arguments(start.arguments);
    let results = Results::new(start.shared);
    let wrong = match settings.way {
        Way::Trap => {
            let mut wrong = 0;
            measure(&settings, &results, |count| wrong += traps(&settings, count));
            wrong
        }
        Way::Ring => {
            let wrong = AtomicU64::new(0);
            let receiver = Receiver::new(Notification(process::granted(0)), Delivery::InterruptFile);
            // Where another hart does the work, this one looks after completions instead of sleeping.
            let (doorbell, idle) = if settings.has_helper {
                (Doorbell::mapped(PRIORITY as u8, 1), Idle::Work)
            } else {
                (Doorbell::None, Idle::Block)
            };
            let idler = Idler::new(receiver, &READY, idle);
            let syscalls = Syscalls::of_first_thread(Rings::Registered, doorbell);
            measure(&settings, &results, |count| {
                let task = pin!(async {
                    wrong.fetch_add(requests(&syscalls, &settings, count).await, Ordering::Relaxed);
                });
                let mut executor = Executor::<1>::new(&READY);
                executor.spawn(0, task).expect("the slot is free");
                executor.run(&syscalls, &idler);
            });
            wrong.into_inner()
        }
    };
    process::finish([wrong, 0, 0, 0])
}

/// Takes all samples of `work`, which makes as many calls as it is told.
fn measure(settings: &Settings, results: &Results<'_>, mut work: impl FnMut(u64)) {
    work(settings.warmup);
    for (instructions, ticks) in results.round_trip_instructions.iter().zip(results.round_trip_ticks) {
        sample::<ROUND_TRIP>(instructions, ticks, || work(settings.batch));
    }
    let unused_ticks = AtomicU64::new(0);
    for instructions in results.overhead_instructions {
        sample::<OVERHEAD>(instructions, &unused_ticks, || {});
    }
}

#[inline(always)]
fn sample<const STAGE: u32>(instructions: &AtomicU64, ticks: &AtomicU64, work: impl FnOnce()) {
    let (ticks_before, instructions_before) = (arch::time_ticks(), arch::instructions_retired());
    rel4_markers::begin::<STAGE>();
    work();
    rel4_markers::end::<STAGE>();
    let (instructions_after, ticks_after) = (arch::instructions_retired(), arch::time_ticks());
    instructions.store(instructions_after.wrapping_sub(instructions_before), Ordering::Relaxed);
    ticks.store(ticks_after.wrapping_sub(ticks_before), Ordering::Relaxed);
}

/// Pairs of groups that make at least `count` calls.
fn pairs(settings: &Settings, count: u64) -> u64 {
    count.div_ceil(2 * settings.together as u64)
}

/// Makes calls by traps. Returns how many went wrong.
fn traps(settings: &Settings, count: u64) -> u64 {
    let mut wrong = 0;
    for pair in 0..pairs(settings, count) {
        for half in [Half::Do, Half::Undo] {
            for index in 0..settings.together {
                wrong += u64::from(!by_trap(settings.kind, half, index));
            }
            wrong += u64::from(!pages_are_there(settings, half, pair));
        }
    }
    wrong
}

/// Makes calls through the rings. Returns how many went wrong.
async fn requests(syscalls: &Syscalls<'_, CAPACITY>, settings: &Settings, count: u64) -> u64 {
    let mut wrong = 0;
    for pair in 0..pairs(settings, count) {
        for half in [Half::Do, Half::Undo] {
            let mut calls = [const { None }; MAX_TOGETHER];
            for (index, call) in calls.iter_mut().enumerate().take(settings.together) {
                *call = Some(by_ring(syscalls, settings.kind, half, index));
            }
            for call in calls[..settings.together].iter_mut().flatten() {
                wrong += u64::from(!is_right(settings.kind, call.await));
            }
            wrong += u64::from(!pages_are_there(settings, half, pair));
        }
    }
    wrong
}

/// Whether the last page of a group that was just mapped is there, and is the one that it was.
fn pages_are_there(settings: &Settings, half: Half, pair: u64) -> bool {
    if (settings.kind, half) != (Kind::Page, Half::Do) {
        return true;
    }
    let before = changing_page::exchange(settings.together as u64 - 1, pair + 1);
    pair == 0 || before == pair
}
