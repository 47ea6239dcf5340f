//! The TCP server on a network card, with clients outside the machine.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::bench::{Run, possible};

/// Bytes of a message.
const MESSAGE: usize = 64;
/// Clients at the same time, one less than the server has connections: one of those may still be closing.
const CLIENTS: u64 = 3;

#[test]
#[ignore = "its clients keep coming when the server has served all that it waits for, so some are still there in the end"]
fn clients_from_outside_get_every_byte_back_however_they_go() {
    if !possible() {
        return;
    }
    let port = free_port();
    let matrix = include_str!("network.toml").replace("PORT", &port.to_string());
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let over = &over;
            scope.spawn(move || come_and_go(port, client, over));
        }
        // Each machine ends by itself when it has served 200 clients, whoever they were.
        let run = Run::measured(&matrix, 3);
        over.store(true, Ordering::Relaxed);
        for cell in &run.manifest.cells {
            let log =
                std::fs::read_to_string(run.path(format!("serial/{}.log", cell.id))).expect("there is a log");
            for said in ["clients_served=200", "connections_left=0", "operations_left=0"] {
                assert!(log.contains(said), "{}: {said}", cell.id);
            }
        }
    });
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

/// Connects again and again until it is `over`. A machine that is not there, or goes away, breaks connections, but never changes a byte.
fn come_and_go(port: u16, client: u64, over: &AtomicBool) {
    for session in 0.. {
        if over.load(Ordering::Relaxed) {
            return;
        }
        if visit(port, client, session).is_err() {
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// One client: exchanges two messages, and goes in one of three ways.
fn visit(port: u16, client: u64, session: u64) -> io::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    exchange(&mut stream, &message(client, 2 * session))?;
    match session % 3 {
        0 => exchange(&mut stream, &message(client, 2 * session + 1)),
        1 => {
            let last = message(client, 2 * session + 1);
            stream.write_all(&last)?;
            stream.shutdown(Shutdown::Write)?;
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest)?;
            assert_eq!(rest, last, "what was under way when the client said that it sends no more");
            Ok(())
        }
        _ => {
            // A connection that is dropped with bytes that nobody read is reset.
            stream.write_all(&message(client, 2 * session + 1))?;
            stream.peek(&mut [0])?;
            Ok(())
        }
    }
}

fn exchange(stream: &mut TcpStream, sent: &[u8; MESSAGE]) -> io::Result<()> {
    stream.write_all(sent)?;
    let mut received = [0; MESSAGE];
    stream.read_exact(&mut received)?;
    assert_eq!(received, *sent, "a message comes back as it was");
    Ok(())
}

/// A message unlike any other.
fn message(client: u64, number: u64) -> [u8; MESSAGE] {
    std::array::from_fn(|index| {
        let word =
            ((number << 16) | (client << 8) | (index as u64 / 8 + 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        word.to_le_bytes()[index % 8]
    })
}
