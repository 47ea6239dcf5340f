//! Hostile frames: whatever comes from the network, the host takes it in and goes on.

use std::boxed::Box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use rel4_abi::CPtr;
use rel4_runtime::cap::Notification;
use rel4_runtime::frames::{End, Frame};
use rel4_runtime::uintr::Sender;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr,
    IpProtocol, Ipv4Packet, Ipv4Repr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber,
};

use super::*;
use crate::address::{ECHO_PORT, GENERATOR, SERVER};
use crate::layout::{NetworkWire, WIRE_WORDS};

const NOBODY: Sender = Sender::Kernel(Notification(CPtr::NULL));
const CLIENTS: usize = 3;

fn ticks() -> u64 {
    static TICKS: AtomicU64 = AtomicU64::new(0);
    TICKS.fetch_add(1, Ordering::Relaxed)
}

const OWN: EthernetAddress = EthernetAddress([0x52, 0x54, 0, 0x12, 0x34, 0x57]);
const HOSTS: EthernetAddress = EthernetAddress([0x52, 0x54, 0, 0x12, 0x34, 0x56]);

/// Asks for the host's address, and so tells our own.
fn introduction() -> Vec<u8> {
    let repr = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Request,
        source_hardware_addr: OWN,
        source_protocol_addr: GENERATOR.address,
        target_hardware_addr: HOSTS,
        target_protocol_addr: SERVER.address,
    };
    let ethernet = EthernetRepr { src_addr: OWN, dst_addr: HOSTS, ethertype: EthernetProtocol::Arp };
    let mut bytes = vec![0; ethernet.buffer_len() + repr.buffer_len()];
    let mut frame = EthernetFrame::new_unchecked(&mut bytes[..]);
    ethernet.emit(&mut frame);
    repr.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
    bytes
}

/// A segment from us to the host.
fn segment(repr: &TcpRepr<'_>) -> Vec<u8> {
    let checksums = ChecksumCapabilities::default();
    let ip = Ipv4Repr {
        src_addr: GENERATOR.address,
        dst_addr: SERVER.address,
        next_header: IpProtocol::Tcp,
        payload_len: repr.buffer_len(),
        hop_limit: 64,
    };
    let ethernet = EthernetRepr { src_addr: OWN, dst_addr: HOSTS, ethertype: EthernetProtocol::Ipv4 };
    let mut bytes = vec![0; ethernet.buffer_len() + ip.buffer_len() + repr.buffer_len()];
    let mut frame = EthernetFrame::new_unchecked(&mut bytes[..]);
    ethernet.emit(&mut frame);
    let mut packet = Ipv4Packet::new_unchecked(frame.payload_mut());
    ip.emit(&mut packet, &checksums);
    let mut segment = TcpPacket::new_unchecked(packet.payload_mut());
    repr.emit(&mut segment, &GENERATOR.address.into(), &SERVER.address.into(), &checksums);
    bytes
}

fn control() -> impl Strategy<Value = TcpControl> {
    prop::sample::select(vec![
        TcpControl::None,
        TcpControl::Psh,
        TcpControl::Syn,
        TcpControl::Syn,
        TcpControl::Fin,
        TcpControl::Rst,
    ])
}

/// Well-formed segments with numbers of any kind, those near the initial sequence numbers among them.
fn hostile_segment() -> impl Strategy<Value = Vec<u8>> {
    let number = || prop_oneof![any::<i32>(), -3..3_i32, Just(i32::MAX), Just(i32::MIN)];
    let ports =
        (prop_oneof![40_000..40_004_u16, any::<u16>()], prop_oneof![9 => Just(ECHO_PORT), 1 => any::<u16>()]);
    let rest = (any::<u16>(), prop::option::of(0..20_u8), prop::option::of(any::<u16>()), 0..1400_usize);
    (ports, control(), number(), prop::option::of(number()), rest).prop_map(
        |((src_port, dst_port), control, seq, ack, (window_len, window_scale, max_seg_size, length))| {
            let payload = vec![7; if control == TcpControl::Syn { 0 } else { length }];
            segment(&TcpRepr {
                src_port,
                dst_port,
                control,
                seq_number: TcpSeqNumber(seq),
                ack_number: ack.map(TcpSeqNumber),
                window_len,
                window_scale,
                max_seg_size,
                // smoltcp 0.12 counts on numbers in selective acknowledgments to wrap around, which a build that checks for that does not let them.
                sack_permitted: false,
                sack_ranges: [None; 3],
                timestamp: None,
                payload: &payload,
            })
        },
    )
}

/// What was learnt from the last segment that the host sent: to which port, the number with which it goes on, and the one that it waits for.
type Learnt = Option<(u16, TcpSeqNumber, TcpSeqNumber)>;

/// What the host told of itself in `frame`.
fn learn(frame: &[u8]) -> Learnt {
    let segment = TcpPacket::new_checked(frame.get(HEADERS..)?).ok()?;
    let next = segment.seq_number() + segment.segment_len();
    segment.ack().then(|| (segment.dst_port(), next, segment.ack_number()))
}

/// Bytes before the segment in a frame of ours.
const HEADERS: usize = 34;

/// Gives a well-formed segment the port and the numbers that the host waits for, but for `delta`.
fn use_what_was_learnt(frame: &mut [u8], learnt: Learnt, delta: i32) {
    if let Some((port, theirs, ours)) = learnt {
        let mut segment = TcpPacket::new_unchecked(&mut frame[HEADERS..]);
        segment.set_seq_number(TcpSeqNumber(ours.0.wrapping_add(delta)));
        segment.set_ack_number(theirs);
        segment.set_src_port(port);
        segment.fill_checksum(&GENERATOR.address.into(), &SERVER.address.into());
    }
}

/// Frames of every kind, and of those that are well-formed how far their numbers are from those that the host waits for, if they take such.
fn hostile_frame() -> impl Strategy<Value = (Vec<u8>, Option<i32>)> {
    let scribbled = (hostile_segment(), prop::collection::vec((0..60_usize, any::<u8>()), 1..4), 0..80_usize)
        .prop_map(|(mut frame, scribbles, cut)| {
            for (at, byte) in scribbles {
                frame[at % 54] = byte;
            }
            frame.truncate(frame.len() - cut.min(frame.len()));
            frame
        });
    let blind =
        prop_oneof![3 => hostile_segment(), 3 => scribbled, 1 => prop::collection::vec(any::<u8>(), 0..100)];
    let delta = prop_oneof![4 => Just(0), 1 => -3..1400_i32];
    prop_oneof![
        1 => blind.prop_map(|frame| (frame, None)),
        1 => (hostile_segment(), delta).prop_map(|(frame, delta)| (frame, Some(delta))),
    ]
}

proptest! {
    #[test]
    fn no_frame_from_the_network_stops_the_host(frames in prop::collection::vec(hostile_frame(), 1..100)) {
        let words: Vec<AtomicU64> = (0..WIRE_WORDS).map(|_| AtomicU64::new(0)).collect();
        let wire = NetworkWire::new(&words).expect("enough words");
        let (near, far) = (wire.port(End::Near, NOBODY), wire.port(End::Far, NOBODY));
        let room: &'static mut Room<256> = Box::leak(Box::default());
        let mut host = Host::new(SERVER, 1, room, &near, CLIENTS, Clock::new(ticks, 1));
        let (mut out, mut learnt) = (Frame::new(), None);
        for (mut bytes, delta) in [(introduction(), None)].into_iter().chain(frames) {
            if let Some(delta) = delta {
                use_what_was_learnt(&mut bytes, learnt, delta);
            }
            for number in host.all() {
                if let Some((socket, _)) = host.connection(number) {
                    if !socket.is_open() {
                        socket.listen(ECHO_PORT).expect("it is closed");
                    }
                    let _ = socket.recv(|bytes| (bytes.len(), ()));
                    let _ = socket.send_slice(b"answer");
                }
                host.send_later(number);
            }
            let mut frame = Frame::new();
            frame.bytes_mut()[..bytes.len()].copy_from_slice(&bytes);
            far.send(&frame, bytes.len()).expect("there is room");
            prop_assert!(host.take_frame().is_some());
            prop_assert!(host.take_frame().is_none(), "it was taken once");
            host.send_frames();
            host.send_what_is_due();
            while let Some(length) = far.receive(&mut out) {
                learnt = learn(&out.bytes()[..length]).or(learnt);
            }
        }
    }
}
