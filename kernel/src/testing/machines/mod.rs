//! Device trees of the emulator's machines: `qemu-system-riscv64 -smp 4 -M virt,dumpdtb=plic.dtb`, the other one with
//! `-M virt,aia=aplic-imsic,aia-guests=3 -cpu rv64,h=true`; without the unused space behind them.

use fdt::Fdt;

use crate::arch;

const PLIC: &[u8] = include_bytes!("plic.dtb");
const AIA: &[u8] = include_bytes!("aia.dtb");

/// `-M virt`.
pub(crate) fn plic() -> Fdt<'static> {
    Fdt::new(PLIC).unwrap()
}

/// `-M virt,aia=aplic-imsic,aia-guests=3`.
pub(crate) fn aia() -> Fdt<'static> {
    Fdt::new(AIA).unwrap()
}

/// Memory that stands in for the registers of a device: what is written to one is read from it.
pub(crate) struct FakeDevice(Vec<u32>);

impl FakeDevice {
    /// Puts it at physical address `base` of this thread's test.
    pub(crate) fn at(base: u64, bytes: usize) -> Self {
        let mut memory = vec![0; bytes / 4];
        arch::place_memory(base, memory.as_mut_ptr().expose_provenance());
        Self(memory)
    }

    /// The register at `offset` bytes.
    pub(crate) fn register(&mut self, offset: u64) -> &mut u32 {
        &mut self.0[offset as usize / 4]
    }
}

#[test]
fn the_kernel_keeps_every_interrupt_controller_and_the_timer() {
    let sorted = |tree: Fdt<'_>| {
        let mut devices: Vec<_> = arch::kernel_devices(&tree).collect();
        devices.sort_unstable();
        devices
    };
    assert_eq!(sorted(plic()), [(0x0200_0000, 0x1_0000), (0x0c00_0000, 0x60_0000)]);
    let (m_aplic, s_aplic) = ((0x0c00_0000, 0x8000), (0x0d00_0000, 0x8000));
    // A machine-level file a hart; at supervisor level four pages a hart, three of them guest files.
    let (m_imsic, s_imsic) = ((0x2400_0000, 0x4000), (0x2800_0000, 0x1_0000));
    assert_eq!(sorted(aia()), [(0x0200_0000, 0x1_0000), m_aplic, s_aplic, m_imsic, s_imsic]);
}
