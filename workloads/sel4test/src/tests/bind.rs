//! Notifications bound to threads.

use rel4_abi::CPtr;
use rel4_runtime::cap::{Endpoint, Notification};

use crate::cspace;
use crate::env::Env;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("BIND0001", "signals and messages arrive at one endpoint", endpoint_and_notification),
    basic("BIND0002", "signals arrive at the bound notification itself", notification_alone),
    basic("BIND0003", "a bound thread that waits first is woken", |env| wait_and_signal(env, 10, 9)),
    basic("BIND0004", "a bound thread that waits late finds the signal", |env| wait_and_signal(env, 9, 10)),
];

/// How often each helper sends.
const SENDS: u64 = 10;
const NOTIFICATION_BADGE: u64 = 1;
const ENDPOINT_BADGE: u64 = 2;

fn signal_often([notification, ..]: [u64; 4]) -> Outcome<u64> {
    (0..SENDS).for_each(|_| Notification(CPtr(notification)).signal());
    Ok(0)
}

fn send_often([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
    (0..SENDS).for_each(|_| Endpoint(CPtr(endpoint)).send(0, []));
    Ok(0)
}

fn endpoint_and_notification(env: &mut Env) -> Outcome {
    let (endpoint, notification) = (env.endpoint()?, env.notification()?);
    cspace::TCB.bind_notification(notification)?;
    let badged_notification = env.badged(notification.0, NOTIFICATION_BADGE)?;
    let badged_endpoint = env.badged(endpoint.0, ENDPOINT_BADGE)?;
    let (signaller, sender) = (env.thread()?, env.thread()?);
    signaller.start(signal_often, [badged_notification.word(), 0, 0, 0])?;
    sender.start(send_often, [badged_endpoint.word(), 0, 0, 0])?;

    let mut received = [0; 2];
    for _ in 0..2 * SENDS {
        match endpoint.recv().badge {
            NOTIFICATION_BADGE => received[0] += 1,
            ENDPOINT_BADGE => received[1] += 1,
            badge => check_eq!(badge, NOTIFICATION_BADGE),
        }
    }
    check_eq!(received, [SENDS, SENDS]);
    signaller.join()?;
    sender.join()?;
    cspace::TCB.unbind_notification()?;
    Ok(())
}

fn notification_alone(env: &mut Env) -> Outcome {
    let notification = env.notification()?;
    cspace::TCB.bind_notification(notification)?;
    let badged = env.badged(notification.0, NOTIFICATION_BADGE)?;
    // It is below the test, which therefore takes each signal before the next one comes.
    let signaller = env.thread()?;
    signaller.start(signal_often, [badged.word(), 0, 0, 0])?;
    for _ in 0..SENDS {
        check_eq!(notification.wait(), NOTIFICATION_BADGE);
    }
    signaller.join()?;
    cspace::TCB.unbind_notification()?;
    Ok(())
}

/// The thread that a notification is bound to waits for it while another one signals it, each at its priority.
fn wait_and_signal(env: &mut Env, waiter_priority: u64, signaller_priority: u64) -> Outcome {
    fn wait([notification, ..]: [u64; 4]) -> Outcome<u64> {
        Ok(Notification(CPtr(notification)).wait())
    }
    fn signal([notification, ..]: [u64; 4]) -> Outcome<u64> {
        Notification(CPtr(notification)).signal();
        Ok(0)
    }
    let notification = env.notification()?;
    let badged = env.badged(notification.0, NOTIFICATION_BADGE)?;
    let (waiter, signaller) = (env.thread()?, env.thread()?);
    waiter.tcb().bind_notification(notification)?;
    waiter.set_priority(waiter_priority)?;
    signaller.set_priority(signaller_priority)?;
    waiter.start(wait, [notification.0.word(), 0, 0, 0])?;
    signaller.start(signal, [badged.word(), 0, 0, 0])?;
    check_eq!(waiter.join()?, NOTIFICATION_BADGE);
    signaller.join()?;
    Ok(())
}
