//! Churn: clients that come, exchange messages, and go in every way that there is.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::thread;

use super::connection::Connection;
use super::error::ClientError;
use super::{Assignment, Over, all};

/// Lets every client come and go `sessions` times.
pub(super) fn run(
    assignment: &Assignment,
    sessions: u32,
    address: SocketAddr,
    over: &Over,
) -> Result<(), ClientError> {
    let results = thread::scope(|scope| {
        let clients: Vec<_> = (0..assignment.clients)
            .map(|client| {
                scope.spawn(move || {
                    let mut visits = (0..sessions).take_while(|_| !over.load(Ordering::Relaxed));
                    let result =
                        visits.try_for_each(|session| visit(assignment, address, client, session, over));
                    if result.is_err() {
                        over.store(true, Ordering::Relaxed);
                    }
                    result
                })
            })
            .collect();
        clients.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    all(results).map(drop)
}

fn visit(
    assignment: &Assignment,
    address: SocketAddr,
    client: u32,
    session: u32,
    over: &Over,
) -> Result<(), ClientError> {
    let mut connection = Connection::open(assignment, address, client, session, over)?;
    connection.exchange()?;
    match session % 3 {
        0 => connection.close(),
        1 => connection.half_close(),
        _ => connection.reset(),
    }
}
