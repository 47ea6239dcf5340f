//! Receiving without waiting.

use rel4_abi::CPtr;
use rel4_runtime::cap::{Endpoint, Notification};

use crate::cspace;
use crate::env::Env;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] =
    &[basic("NBWAIT0001", "signals and messages are taken if there are any", take_if_there)];

const ENDPOINT_BADGE: u64 = 1;
const NOTIFICATION_BADGE: u64 = 2;
const WORD: u64 = 0xdead_beef;
const NOTHING: u64 = 0;

fn take_if_there(env: &mut Env) -> Outcome {
    fn send([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
        Endpoint(CPtr(endpoint)).send(0, [WORD]);
        Ok(0)
    }
    let (endpoint, notification) = (env.endpoint()?, env.notification()?);
    let badged_endpoint = env.badged(endpoint.0, ENDPOINT_BADGE)?;
    let badged = Notification(env.badged(notification.0, NOTIFICATION_BADGE)?);
    let bouncer = env.bouncer(0)?;
    cspace::TCB.bind_notification(notification)?;
    check_eq!(endpoint.nb_recv().badge, NOTHING);
    check_eq!(notification.poll(), NOTHING);

    badged.signal();
    check_eq!(notification.poll(), NOTIFICATION_BADGE);
    check_eq!(notification.poll(), NOTHING);

    badged.signal();
    check_eq!(endpoint.nb_recv().badge, NOTIFICATION_BADGE);
    check_eq!(endpoint.nb_recv().badge, NOTHING);
    check_eq!(notification.poll(), NOTHING);

    let sender = env.thread()?;
    sender.start(send, [badged_endpoint.word(), 0, 0, 0])?;
    check_eq!(endpoint.nb_recv().badge, NOTHING);
    bouncer.let_others_run();
    let message = endpoint.nb_recv();
    check_eq!((message.badge, message.info.length(), message.words[0]), (ENDPOINT_BADGE, 1, WORD));
    check_eq!(endpoint.nb_recv().badge, NOTHING);
    sender.join()?;
    cspace::TCB.unbind_notification()?;
    Ok(())
}
