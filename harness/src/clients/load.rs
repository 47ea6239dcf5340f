//! Load: lasting connections, each with one message under way.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use super::connection::Connection;
use super::error::ClientError;
use super::exchange::Exchange;
use super::{Assignment, Over, all};

/// Exchanges `messages` messages, all clients together. They begin when each is connected and has had a first message back.
pub(super) fn run(
    assignment: &Assignment,
    messages: u64,
    address: SocketAddr,
    over: &Over,
) -> Result<Vec<Exchange>, ClientError> {
    let open = |client| Connection::open(assignment, address, client, 0, over);
    let connections = (0..assignment.clients).map(open).collect::<Result<Vec<_>, _>>()?;
    let (begin, taken) = (Instant::now(), AtomicU64::new(0));
    let (begin, taken) = (&begin, &taken);
    let results = thread::scope(|scope| {
        let clients: Vec<_> = (0..)
            .zip(connections)
            .map(|(client, connection)| {
                scope.spawn(move || {
                    let result = exchange(client, connection, begin, || {
                        !over.load(Ordering::Relaxed) && taken.fetch_add(1, Ordering::Relaxed) < messages
                    });
                    if result.is_err() {
                        over.store(true, Ordering::Relaxed);
                    }
                    result
                })
            })
            .collect();
        clients.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let exchanges = all::<Vec<_>>(results)?;
    Ok(exchanges.into_iter().flatten().collect())
}

/// The part of one client: goes on as long as there is `another` message to exchange.
fn exchange(
    client: u32,
    mut connection: Connection,
    begin: &Instant,
    another: impl Fn() -> bool,
) -> Result<Vec<Exchange>, ClientError> {
    let now_ns = || u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let mut exchanges = Vec::new();
    while another() {
        let sent_ns = now_ns();
        connection.exchange()?;
        exchanges.push(Exchange { client, sent_ns, received_ns: now_ns() });
    }
    connection.close()?;
    Ok(exchanges)
}
