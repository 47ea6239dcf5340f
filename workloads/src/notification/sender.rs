//! The sender.

use rel4_markers::{Stage, Tracepoint};
use rel4_runtime::cap::Notification;
use rel4_runtime::interrupt::{Identity, Notify};
use rel4_runtime::process::{self, Start};
use rel4_runtime::uintr::{Sender, SenderPage};

use super::board::Board;
use super::settings::{Neighbours, Presence, Settings};
use crate::pair::Backend;

/// Where the receiver's sender page is.
pub(super) const PAGE: u64 = match SenderPage::address(0) {
    Some(address) => address,
    None => panic!("there is room for one sender page"),
};

/// The identity of badge bit 0.
const IDENTITY: Identity = match Identity::new(1) {
    Some(identity) => identity,
    None => panic!("1 is an identity"),
};

/// Steps of waiting that are enough for a receiver on another hart to fall asleep.
const UNTIL_ASLEEP: u64 = 3000;

/// Notifies the receiver again and again, each time after it has had the one before. Finishes with the number of notifications received.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let settings = Settings::from_arguments(start.arguments);
    let board = Board::new(start.shared);
    let peer = match settings.backend {
        Backend::UserInterrupts => Sender::Page(SenderPage::new(0, IDENTITY).expect("see `PAGE`")),
        Backend::KernelNotifications => Sender::Kernel(Notification(process::granted(0))),
    };
    for round in 1..=settings.warmup + settings.rounds {
        await_receiver(&board, &settings, round);
        let measured = round > settings.warmup;
        if measured {
            rel4_markers::begin::<{ Stage::RoundTrip.index() }>();
        }
        rel4_markers::tracepoint::<{ Tracepoint::Send.index() }>();
        peer.notify();
        rel4_markers::tracepoint::<{ Tracepoint::Deliver.index() }>();
        board.await_received(round, settings.neighbours());
        if measured {
            rel4_markers::end::<{ Stage::RoundTrip.index() }>();
        }
    }
    process::finish([board.received(), 0, 0, 0])
}

/// Waits until the receiver is where it is to be notified.
fn await_receiver(board: &Board<'_>, settings: &Settings, round: u64) {
    board.await_prepared(round, settings.neighbours());
    if (settings.receiver, settings.neighbours()) == (Presence::Offline, Neighbours::OnTwoHarts) {
        for step in 0..core::hint::black_box(UNTIL_ASLEEP) {
            core::hint::black_box(step);
        }
    }
}
