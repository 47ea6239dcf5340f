//! The addresses of both sides: those that QEMU's user-mode network expects of its guest.

use smoltcp::iface::{Config, Interface};
use smoltcp::phy::Device;
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Address};

/// The port that the server listens on: echo's own, as RFC 862 has it.
pub const ECHO_PORT: u16 = 7;

const PREFIX_BITS: u8 = 24;

/// A station of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Station {
    /// Its address.
    pub address: Ipv4Address,
    hardware_address: EthernetAddress,
}

/// The server.
pub const SERVER: Station = Station {
    address: Ipv4Address::new(10, 0, 2, 15),
    hardware_address: EthernetAddress([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]),
};

/// The generator inside the guest.
pub const GENERATOR: Station = Station {
    address: Ipv4Address::new(10, 0, 2, 2),
    hardware_address: EthernetAddress([0x52, 0x54, 0x00, 0x12, 0x34, 0x57]),
};

impl Station {
    /// Its interface to the network behind `device`. The same `seed` gives the same initial sequence numbers.
    pub fn interface(self, device: &mut impl Device, now: Instant, seed: u64) -> Interface {
        let mut config = Config::new(self.hardware_address.into());
        config.random_seed = seed;
        let mut interface = Interface::new(config, device, now);
        interface.update_ip_addrs(|addresses| {
            let address = IpCidr::new(self.address.into(), PREFIX_BITS);
            addresses.push(address).expect("an interface has room for one address");
        });
        interface
    }
}
