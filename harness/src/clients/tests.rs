//! The clients against servers in this process: one that echoes, and some that do not.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use super::*;

const BYTES: usize = 64;

/// Does for each connection, with its number, what `serve` says, as long as the test lasts.
fn server(serve: impl Fn(u32, TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let address = listener.local_addr().expect("it has an address");
    let accepted = AtomicU32::new(0);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (serve, number) = (serve.clone(), accepted.fetch_add(1, Ordering::Relaxed));
            thread::spawn(move || serve(number, stream.expect("a connection")));
        }
    });
    address
}

/// Sends back what comes in, whole messages, after `change` had them with their numbers. Ends when that says so or the client does.
fn echo(mut stream: TcpStream, change: impl Fn(u64, &mut [u8; BYTES]) -> bool) {
    let mut message = [0; BYTES];
    for number in 0.. {
        if stream.read_exact(&mut message).is_err() || !change(number, &mut message) {
            return;
        }
        if stream.write_all(&message).is_err() {
            return;
        }
    }
}

fn assignment(work: Work) -> Assignment {
    Assignment { clients: 3, bytes: BYTES, work, patience: Duration::from_secs(20) }
}

const LOAD: Work = Work::Load { messages: 200 };
/// So much that whatever goes wrong does so before the end, on however busy a host.
const LONG_LOAD: Work = Work::Load { messages: 10_000_000 };

fn result(work: Work, address: SocketAddr) -> Result<Vec<Exchange>, ClientError> {
    Clients::send(assignment(work), address).come_back()
}

#[test]
fn an_honest_server_gives_one_exchange_for_each_message_and_a_client_has_one_under_way() {
    let address = server(|_, stream| echo(stream, |_, _| true));
    let exchanges = result(LOAD, address).expect("all were served");
    assert_eq!(exchanges.len(), 200);
    assert!(exchanges.iter().all(|exchange| exchange.client < 3));
    for client in 0..3 {
        let own: Vec<_> = exchanges.iter().filter(|exchange| exchange.client == client).collect();
        assert!(own.windows(2).all(|two| two[0].received_ns <= two[1].sent_ns), "one at a time");
    }
}

#[test]
fn messages_of_any_length_come_back_in_pieces() {
    let address = server(|_, mut stream| {
        let mut piece = [0; 100];
        while let Ok(length @ 1..) = stream.read(&mut piece) {
            if stream.write_all(&piece[..length]).is_err() {
                return;
            }
        }
    });
    for bytes in [1, 63, 4096] {
        let assignment = Assignment { bytes, ..assignment(Work::Load { messages: 20 }) };
        assert_eq!(Clients::send(assignment, address).come_back().expect("all were served").len(), 20);
    }
}

#[test]
fn clients_that_come_and_go_in_every_way_are_served_to_their_end() {
    let address = server(|_, stream| echo(stream, |_, _| true));
    assert_eq!(result(Work::Churn { sessions: 7 }, address), Ok(Vec::new()));
}

#[test]
fn a_changed_byte_is_named_with_its_connection_message_and_place() {
    let address = server(|connection, stream| {
        echo(stream, move |number, message| {
            if (connection, number) == (1, 5) {
                message[17] ^= 0x20;
            }
            true
        });
    });
    // Clients connect one after the other, so the second connection is that of client 1.
    match result(LONG_LOAD, address) {
        Err(ClientError::WrongByte { client: 1, message: 5, offset: 17, sent, found }) => {
            assert_eq!(sent ^ found, 0x20);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn bytes_that_nobody_sent_are_found() {
    let address = server(|_, mut stream| {
        let behind = stream.try_clone().expect("it can be copied");
        echo(stream.try_clone().expect("it can be copied"), |_, _| true);
        let _ = stream.write_all(b"!");
        drop(behind);
    });
    let work = Work::Churn { sessions: 1 };
    assert!(matches!(result(work, address), Err(ClientError::TooMuch { found: b'!', .. })));
}

#[test]
fn a_server_that_goes_away_in_the_middle_is_a_failure_and_no_reason_to_come_again() {
    let address = server(|connection, stream| echo(stream, move |number, _| (connection, number) != (2, 4)));
    match result(LONG_LOAD, address) {
        Err(ClientError::NoAnswer { client: 2, message: 4, offset: 0, loss }) => {
            assert!(matches!(loss, Loss::Closed | Loss::Reset), "{loss}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_connection_that_is_reset_in_the_middle_of_an_answer_says_how_far_it_came() {
    let address = server(|_, mut stream| {
        echo(stream.try_clone().expect("it can be copied"), |number, _| number < 2);
        let _ = stream.write_all(&[0; 10]);
        // What the client sent and nobody reads makes the system reset the connection.
        let mut peeked = [0];
        let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
        let _ = stream.peek(&mut peeked);
    });
    match result(LONG_LOAD, address) {
        Err(ClientError::NoAnswer { offset, loss, .. }) => {
            assert!(offset <= 10 && matches!(loss, Loss::Reset | Loss::Closed), "{offset} {loss}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_that_stalls_is_given_up_after_the_clients_patience() {
    let address = server(|_, stream| {
        echo(stream, |number, _| {
            if number == 3 {
                thread::sleep(Duration::from_secs(60));
            }
            true
        });
    });
    let patience = Duration::from_millis(300);
    let hurried = Assignment { patience, ..assignment(LONG_LOAD) };
    match Clients::send(hurried, address).come_back() {
        Err(ClientError::NoAnswer { message: 3, loss, .. }) => assert_eq!(loss, Loss::Silence(patience)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_client_that_is_turned_away_comes_again_and_gets_the_same_bytes_served() {
    let address = server(|connection, stream| {
        if connection % 3 == 2 {
            echo(stream, |_, _| true);
        }
    });
    assert_eq!(result(Work::Load { messages: 30 }, address).expect("all were served").len(), 30);
}

#[test]
fn a_server_that_is_not_there_is_named_and_clients_that_are_called_off_stop_looking_for_it() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let address = listener.local_addr().expect("it has an address");
    drop(listener);
    let clients = Clients::send(assignment(LOAD), address);
    clients.call_off();
    let error = clients.come_back().expect_err("nobody is there");
    assert!(error.to_string().starts_with(&format!("client 0 was not taken on by {address}")), "{error}");
}
