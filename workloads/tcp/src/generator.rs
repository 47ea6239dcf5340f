//! The load generator inside the guest: a process with a protocol stack and a network device of its own, at the other end of the server's
//! wire. Every byte that comes back is checked.

mod churn;
mod load;
pub mod log;
mod message;
mod recorder;

use rel4_runtime::arch;
use rel4_runtime::dispatch::{self, Source};
use rel4_runtime::frames::{End, Port};
use rel4_runtime::process::{self, Start};
use rel4_runtime::uintr::{Receiver, Sender};
use smoltcp::iface::Context;
use smoltcp::socket::tcp::Socket;
use static_cell::ConstStaticCell;

use self::log::Log;
use crate::address::{ECHO_PORT, GENERATOR, SERVER};
use crate::bells::{self, FIRST_PEER};
use crate::clock::Clock;
use crate::connection_set::ConnectionSet;
use crate::host::Host;
use crate::layout::{NetworkWire, Parts, WIRE_CAPACITY};
use crate::room::Room;
use crate::settings::{Ipc, Told, Work};

/// Bytes that a connection can hold in each direction.
const BUFFER_BYTES: usize = 256;

/// The first port of a client.
const FIRST_PORT: u16 = 49152;

/// The memory of the connections.
type ClientRoom = Room<BUFFER_BYTES>;

/// What came of the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outcome {
    /// Messages that were sent and had to come back.
    sent: u64,
    /// Messages that came back as they were.
    right: u64,
    /// The bits in which others differed.
    differences: u64,
}

/// Whether a client has more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Nothing.
    Done,
    /// When something comes in.
    Later,
    /// As soon as its frames are sent.
    Now,
}

/// Runs the generator, which finishes with what came of its messages, and what the stack did to the wire that it should not.
pub extern "C" fn main(start: &Start) -> ! {
    static ROOM: ConstStaticCell<ClientRoom> = ConstStaticCell::new(ClientRoom::new());
    let told = Told::from_arguments(start.arguments);
    let (results, wire) = start.shared.split_at(Parts::of_run(&told).results);
    let wire = NetworkWire::new(wire).expect("the root task shares enough");
    let port = wire.port(End::Far, bells::sender(told.ipc, FIRST_PEER));
    // The kernel wakes it in all versions of the server, as it is none of that.
    let receiver = bells::receiver(Ipc::AsyncOverKernel);
    let wait = || {
        if !told.generator_is_apart {
            wait_for_frames(&port, &receiver);
        }
    };
    let clock = Clock::new(arch::time_ticks, told.ticks_per_us);
    let mut outside = Outside::new(ROOM.take(), &port, told.connections, clock, wait);
    let Outcome { sent, right, differences } = match told.work {
        Work::Load { rounds, batch, warmup } => {
            load::run(&mut outside, rounds, batch, warmup, Log::new(results))
        }
        Work::Churn { sessions } => churn::run(&mut outside, sessions),
        Work::Serve { .. } => panic!("there is no generator for clients from outside"),
    };
    process::finish([sent, right, differences, port.violations()])
}

/// What it takes to make the same initial sequence numbers in each run.
const SEED: u64 = 2;

/// The world outside the server: the clients' sockets, and the way to the network.
struct Outside<'p, 'm, W> {
    port: &'p Port<'m, Sender, WIRE_CAPACITY>,
    /// Returns when there may be frames.
    wait: W,
    host: Host<'p, 'm, Sender>,
}

impl<'p, 'm, W: FnMut()> Outside<'p, 'm, W> {
    /// The sockets of `count` clients, at most [`MAX_CONNECTIONS`](crate::layout::MAX_CONNECTIONS), whose network is behind `port`.
    fn new(
        room: &'static mut ClientRoom,
        port: &'p Port<'m, Sender, WIRE_CAPACITY>,
        count: usize,
        clock: Clock,
        wait: W,
    ) -> Self {
        let mut host = Host::new(GENERATOR, SEED, room, port, count, clock);
        for number in host.all() {
            if let Some((socket, _)) = host.connection(number) {
                // A client that goes leaves nothing unacknowledged: nobody is there for a second attempt.
                socket.set_ack_delay(None);
            }
        }
        Self { port, wait, host }
    }

    /// Lets the clients, by their numbers, go on with their sockets: all in the beginning, then each as soon as something came in for it, until
    /// all are done.
    fn run(&mut self, mut go_on: impl FnMut(usize, &mut Socket<'_>, &mut Context) -> Progress) {
        let mut unfinished = self.host.all();
        let mut due = unfinished;
        loop {
            let mut again = ConnectionSet::EMPTY;
            for number in due & unfinished {
                let Some((socket, context)) = self.host.connection(number) else { continue };
                match go_on(number, socket, context) {
                    Progress::Done => unfinished.remove(number),
                    Progress::Later => {}
                    Progress::Now => again.insert(number),
                }
                self.host.send_later(number);
            }
            self.host.send_frames();
            self.port.flush();
            if unfinished.is_empty() {
                return;
            }
            due = self.next_frame(again);
        }
    }

    /// The connections to go on with: `again`, and those that the next frame changed. Waits for one if there are no others.
    fn next_frame(&mut self, again: ConnectionSet) -> ConnectionSet {
        let mut due = again;
        while due.is_empty() {
            match self.host.take_frame() {
                Some(changed) => due |= changed,
                None => (self.wait)(),
            }
        }
        due
    }
}

/// Waits for frames.
fn wait_for_frames(port: &Port<'_, Sender, WIRE_CAPACITY>, receiver: &Receiver) {
    while !dispatch::look(port, receiver, |_| {}) && dispatch::sleep(port, receiver, |_| {}) {}
}

/// Connects `socket` to the server, from the client port number `from`, modulo the number of such ports.
fn connect(socket: &mut Socket<'_>, context: &mut Context, from: u64) {
    let ports = u64::from(u16::MAX - FIRST_PORT) + 1;
    let from = FIRST_PORT + (from % ports) as u16;
    socket
        .connect(context, (SERVER.address, ECHO_PORT), from)
        .expect("the socket is closed and the addresses are good");
}

#[cfg(test)]
mod tests;
