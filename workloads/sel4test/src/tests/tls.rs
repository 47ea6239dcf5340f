//! Variables of a thread, which it finds by its thread pointer. The runtime keeps its IPC buffer there, so the
//! variables are behind it, in the same page.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::CapRights;
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::cap::{Frame, Notification};
use rel4_runtime::{arch as system, resources::Resources};

use crate::arch::{self, THREAD_LOCALS};
use crate::cspace;
use crate::env::{Env, Helper, PRIORITY, Window};
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("TLS0001", "variables of the thread have their first values", initial_values),
    basic("TLS0002", "threads have variables of their own", own_variables),
    basic("TLS0006", "variables stay with their thread when it is interrupted", counters),
];

/// The first values of the variables: some are set, the others are zero.
const INITIALIZED: usize = THREAD_LOCALS / 2;
const fn initial(index: usize) -> u64 {
    if index < INITIALIZED { 0x7157_0000 + index as u64 } else { 0 }
}

/// Maps `frame`, in which a thread's IPC buffer is or will be, once more, and gives its variables their first values.
fn initialize(env: &mut Env, frame: Frame) -> Outcome<Window> {
    let window = env.window(rel4_abi::object::PAGE_BITS);
    let copy = env.resources.copy_frame(frame, CapRights::READ_WRITE)?;
    address_space::map(&mut env.resources, Resources::VSPACE, copy, window.vaddr(), Access::Data)?;
    let behind_buffer = size_of::<rel4_abi::IpcBuffer>() as u64;
    for index in 0..INITIALIZED {
        window.write(behind_buffer + 8 * index as u64, initial(index) as u32);
    }
    Ok(window)
}

fn check_initial() -> Outcome {
    for (index, variable) in arch::thread_locals().iter().enumerate() {
        require_eq!(variable.load(Ordering::Relaxed), initial(index));
    }
    Ok(())
}

/// The test's own thread gets another thread pointer.
fn initial_values(env: &mut Env) -> Outcome {
    let frame = env.frame()?;
    let window = initialize(env, frame)?;
    let before = arch::thread_pointer();
    require!(before != window.vaddr());
    cspace::TCB.set_ipc_buffer(window.vaddr(), frame)?;
    cspace::TCB.set_tls_base(window.vaddr())?;
    require_eq!(arch::thread_pointer(), window.vaddr());
    check_initial()
}

fn own_variables(env: &mut Env) -> Outcome {
    const HELPERS: u64 = 4;
    const UNBADGED: u64 = 0;
    /// Checks the variables, changes them, lets all others do so too, and checks them again.
    fn use_variables([number, ready, go, pointer]: [u64; 4]) -> Outcome<u64> {
        let value = |index: usize| number << 32 | index as u64;
        require_eq!(arch::thread_pointer(), pointer);
        check_initial()?;
        for (index, variable) in arch::thread_locals().iter().enumerate() {
            variable.store(value(index), Ordering::Relaxed);
        }
        Notification(rel4_abi::CPtr(ready)).signal();
        require_eq!(Notification(rel4_abi::CPtr(go)).wait(), UNBADGED);
        for (index, variable) in arch::thread_locals().iter().enumerate() {
            require_eq!(variable.load(Ordering::Relaxed), value(index));
        }
        Ok(number)
    }
    let helpers: [Outcome<(Helper, Notification)>; HELPERS as usize] = core::array::from_fn(|index| {
        let helper = env.thread()?;
        let window = initialize(env, helper.ipc_buffer())?;
        let (ready, go) = (env.notification()?, env.notification()?);
        let number = index as u64 + 1;
        helper.start(use_variables, [number, ready.0.word(), go.0.word(), window.vaddr()])?;
        // It has a lower priority, so it has not run yet. Its IPC buffer is in both pages.
        helper.tcb().set_tls_base(window.vaddr())?;
        require_eq!(ready.wait(), UNBADGED);
        Ok((helper, go))
    });
    let mut sum = 0;
    for helper in helpers {
        let (helper, go) = helper?;
        go.signal();
        sum += helper.join()?;
    }
    check_eq!(sum, HELPERS * (HELPERS + 1) / 2);
    Ok(())
}

fn counters(env: &mut Env) -> Outcome {
    const HELPERS: usize = 8;
    const STEPS: u64 = 10_000;
    const STEPS_A_TURN: u64 = 100;
    const COUNTER: usize = 3;
    static OTHERS_STEPS: AtomicU64 = AtomicU64::new(0);
    fn count(_: [u64; 4]) -> Outcome<u64> {
        let mut others_ran = 0;
        for step in 0..2 * STEPS {
            let before = match step < STEPS {
                true => arch::thread_locals()[COUNTER].fetch_add(1, Ordering::Relaxed),
                false => {
                    let counter = &arch::thread_locals()[COUNTER];
                    let before = counter.load(Ordering::Relaxed);
                    counter.store(before + 1, Ordering::Relaxed);
                    before
                }
            };
            require_eq!(before, step);
            if step % STEPS_A_TURN == 0 {
                let total = OTHERS_STEPS.fetch_add(1, Ordering::Relaxed);
                system::yield_now();
                others_ran += u64::from(OTHERS_STEPS.load(Ordering::Relaxed) > total + 1);
            }
        }
        require_eq!(arch::thread_locals()[COUNTER].load(Ordering::Relaxed), 2 * STEPS);
        Ok(others_ran)
    }
    let mut helpers = core::array::from_fn::<_, HELPERS, _>(|_| None);
    for helper in &mut helpers {
        let thread = env.thread()?;
        thread.set_priority(PRIORITY - 1)?;
        thread.start(count, [0; 4])?;
        *helper = Some(thread);
    }
    for helper in helpers.into_iter().flatten() {
        check!(helper.join()? > 0);
    }
    Ok(())
}
