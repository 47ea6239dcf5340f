//! One connection of a client.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};

use super::error::{ClientError, Loss};
use super::payload::Payload;
use super::{Assignment, Over};

/// How long a client waits that was turned away, before it comes again.
const PAUSE: Duration = Duration::from_millis(20);

/// A connection to the server, with one message under way at a time.
#[derive(Debug)]
pub(super) struct Connection {
    client: u32,
    stream: TcpStream,
    patience: Duration,
    payload: Payload,
    /// The message that is under way.
    message: Vec<u8>,
    /// Its number.
    number: u64,
    /// What came back of it.
    answer: Vec<u8>,
}

impl Connection {
    /// Connection number `session` of client number `client`, which has had its first message back. A server that has no place turns
    /// clients away before it says anything: those come again.
    pub(super) fn open(
        assignment: &Assignment,
        address: SocketAddr,
        client: u32,
        session: u32,
        over: &Over,
    ) -> Result<Self, ClientError> {
        let begin = Instant::now();
        loop {
            let why = match Self::attempt(assignment, address, client, session) {
                Err(error) => error.to_string(),
                Ok(mut connection) => match connection.exchange() {
                    Ok(()) => return Ok(connection),
                    Err(ClientError::NoAnswer {
                        offset: 0,
                        loss: loss @ (Loss::Reset | Loss::Closed),
                        ..
                    }) => loss.to_string(),
                    Err(error) => return Err(error),
                },
            };
            let waited = begin.elapsed();
            if waited >= assignment.patience || over.load(Ordering::Relaxed) {
                return Err(ClientError::NotTaken { client, address, waited, why });
            }
            thread::sleep(PAUSE);
        }
    }

    fn attempt(assignment: &Assignment, address: SocketAddr, client: u32, session: u32) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, assignment.patience)?;
        // A message leaves at once, whatever was not acknowledged yet.
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(assignment.patience))?;
        stream.set_write_timeout(Some(assignment.patience))?;
        Ok(Self {
            client,
            stream,
            patience: assignment.patience,
            payload: Payload::of(client, session),
            message: vec![0; assignment.bytes],
            number: 0,
            answer: vec![0; assignment.bytes],
        })
    }

    /// Sends the next message and waits until all of it is back.
    pub(super) fn exchange(&mut self) -> Result<(), ClientError> {
        self.send()?;
        self.receive()
    }

    fn send(&mut self) -> Result<(), ClientError> {
        self.payload.fill(&mut self.message);
        self.stream.write_all(&self.message).map_err(|error| self.lost(&error, 0))
    }

    fn receive(&mut self) -> Result<(), ClientError> {
        let mut length = 0;
        while length < self.answer.len() {
            match self.stream.read(&mut self.answer[length..]) {
                Ok(0) => return Err(self.lost(&io::ErrorKind::UnexpectedEof.into(), length)),
                Ok(more) => length += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.lost(&error, length)),
            }
        }
        let mut bytes = self.message.iter().zip(&self.answer).enumerate();
        if let Some((offset, (&sent, &found))) = bytes.find(|(_, (sent, found))| sent != found) {
            let (client, message) = (self.client, self.number);
            return Err(ClientError::WrongByte { client, message, offset, sent, found });
        }
        self.number += 1;
        Ok(())
    }

    fn lost(&self, error: &io::Error, offset: usize) -> ClientError {
        let loss = Loss::of(error, self.patience);
        ClientError::NoAnswer { client: self.client, message: self.number, offset, loss }
    }

    /// Says that it sends no more, and waits until the server does so too.
    pub(super) fn close(mut self) -> Result<(), ClientError> {
        self.end_sending()?;
        self.await_end()
    }

    /// Says that it sends no more right behind a last message, and still gets that back.
    pub(super) fn half_close(mut self) -> Result<(), ClientError> {
        self.send()?;
        self.end_sending()?;
        self.receive()?;
        self.await_end()
    }

    /// Resets the connection.
    pub(super) fn reset(self) -> Result<(), ClientError> {
        let at_once = linger { l_onoff: 1, l_linger: 0 };
        setsockopt(&self.stream, sockopt::Linger, &at_once).map_err(|error| self.no_end(&error.into()))
    }

    fn end_sending(&self) -> Result<(), ClientError> {
        self.stream.shutdown(Shutdown::Write).map_err(|error| self.no_end(&error))
    }

    fn await_end(&mut self) -> Result<(), ClientError> {
        let mut byte = [0];
        match self.stream.read(&mut byte) {
            Ok(0) => Ok(()),
            Ok(_) => Err(ClientError::TooMuch { client: self.client, found: byte[0] }),
            Err(error) => Err(self.no_end(&error)),
        }
    }

    fn no_end(&self, error: &io::Error) -> ClientError {
        ClientError::NoEnd { client: self.client, loss: Loss::of(error, self.patience) }
    }
}
