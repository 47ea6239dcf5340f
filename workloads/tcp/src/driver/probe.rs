//! Finding the network card among the machine's virtio devices.

#![allow(unsafe_code, reason = "device registers")]

use rel4_abi::object::PAGE_BITS;
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::cap::Frame;
use rel4_runtime::resources::{ResourceError, Resources};
use rel4_workloads::platform::Device;

/// Where the driver has the page of the card's registers.
pub const REGISTERS: u64 = 0x3000_0000;
/// Bytes of a virtio device's registers.
pub(super) const REGISTERS_BYTES: usize = 0x200;

/// "virt", at the begin of the registers (virtio 1.2, 4.2.2).
const MAGIC: u32 = 0x7472_6976;
/// The device's kind is the third register; a network card is 1, and no device is 0.
const KIND: usize = 2;
const NETWORK_CARD: u32 = 1;

/// The first of `devices` that is a network card, and the page of its registers, mapped in the root task too.
///
/// # Errors
///
/// Those of making a device frame and mapping it.
pub fn find(
    resources: &mut Resources,
    devices: impl IntoIterator<Item = Device>,
) -> Result<Option<(Device, Frame)>, ResourceError> {
    for device in devices {
        let offset = device.paddr & ((1 << PAGE_BITS) - 1);
        let frame = resources.make_device_frame(device.paddr - offset)?;
        let window = resources.reserve_window(1);
        address_space::map(resources, Resources::VSPACE, frame, window, Access::Data)?;
        let registers: *const u32 = core::ptr::with_exposed_provenance((window + offset) as usize);
        // SAFETY: the device's page was just mapped there and stays so, and reading these two registers changes nothing.
        let (magic, kind) = unsafe { (registers.read_volatile(), registers.add(KIND).read_volatile()) };
        if (magic, kind) == (MAGIC, NETWORK_CARD) {
            return Ok(Some((device, frame)));
        }
    }
    Ok(None)
}
