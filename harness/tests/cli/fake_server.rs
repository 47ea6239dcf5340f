//! The echo server of the stand-in's guest.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// A port of this machine, as QEMU forwards one.
pub(crate) fn listen() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port")
}

/// Serves so many clients until all are gone. The byte at `wrong` of what the first one gets is another one than it sent.
pub(crate) fn serve(listener: &TcpListener, clients: usize, wrong: Option<usize>) {
    thread::scope(|scope| {
        for client in 0..clients {
            let (stream, _) = listener.accept().expect("a client");
            scope.spawn(move || echo(stream, wrong.filter(|_| client == 0)));
        }
    });
}

/// Serves one client for ever, a byte a second.
pub(crate) fn serve_slowly(listener: &TcpListener) -> ! {
    let (mut stream, _) = listener.accept().expect("a client");
    let mut byte = [0];
    loop {
        // A client that is gone is no reason to go too.
        let _ = stream.read_exact(&mut byte).and_then(|()| stream.write_all(&byte));
        thread::sleep(Duration::from_secs(1));
    }
}

fn echo(mut stream: TcpStream, wrong: Option<usize>) {
    let (mut chunk, mut place) = ([0; 100], 0);
    while let Ok(length @ 1..) = stream.read(&mut chunk) {
        if let Some(byte) = wrong.and_then(|wrong| chunk[..length].get_mut(wrong.checked_sub(place)?)) {
            *byte ^= 1;
        }
        place += length;
        if stream.write_all(&chunk[..length]).is_err() {
            return;
        }
    }
}
