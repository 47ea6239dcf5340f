//! Single accesses that must be refused: one instruction each, 4 bytes long.
#![allow(
    unsafe_code,
    reason = "instructions that the compiler does not know, on addresses that are not there"
)]

/// An access.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    /// What it is.
    pub(super) name: &'static str,
    /// Tries it. Comes back, whether it is refused or not.
    pub(super) attempt: fn(),
}

/// An instruction, with `a0` = 0 at its operands.
macro_rules! instructions {
    ($($name:literal: $instruction:literal,)*) => {
        &[$(Access {
            name: $name,
            attempt: {
                fn attempt() {
                    // SAFETY: the supervisor expects a fault here; otherwise the attack is over.
                    unsafe {
                        core::arch::asm!(
                            ".option push", ".option norvc", $instruction, ".option pop",
                            inlateout("a0") 0u64 => _, options(nostack),
                        );
                    }
                }
                attempt
            },
        },)*]
    };
}

/// A load from an address.
macro_rules! loads {
    ($($name:literal: $address:literal,)*) => {
        &[$(Access {
            name: $name,
            attempt: {
                fn attempt() {
                    // SAFETY: as above; what is loaded is thrown away.
                    unsafe {
                        core::arch::asm!(
                            ".option push", ".option norvc", "lw a0, 0(a0)", ".option pop",
                            inlateout("a0") $address => _, options(nostack),
                        );
                    }
                }
                attempt
            },
        },)*]
    };
}

/// Registers of the hypervisor extension: the kernel's.
pub(super) const HYPERVISOR_REGISTERS: &[Access] = instructions! {
    "write_hstatus": "csrw 0x600, a0",
    "write_hedeleg": "csrw 0x602, a0",
    "write_hideleg": "csrw 0x603, a0",
    "write_hie": "csrw 0x604, a0",
    "write_htimedelta": "csrw 0x605, a0",
    "write_hcounteren": "csrw 0x606, a0",
    "write_hgeie": "csrw 0x607, a0",
    "write_hvien": "csrw 0x608, a0",
    "write_hvictl": "csrw 0x609, a0",
    "write_henvcfg": "csrw 0x60a, a0",
    "write_hstateen0": "csrw 0x60c, a0",
    "write_hip": "csrw 0x644, a0",
    "write_hvip": "csrw 0x645, a0",
    "write_hviprio1": "csrw 0x646, a0",
    "write_hgatp": "csrw 0x680, a0",
    "read_hgatp": "csrr a0, 0x680",
    "read_hgeip": "csrr a0, 0xe12",
    "write_vsstatus": "csrw 0x200, a0",
    "write_vsie": "csrw 0x204, a0",
    "write_vstvec": "csrw 0x205, a0",
    "write_vsscratch": "csrw 0x240, a0",
    "write_vsiselect": "csrw 0x250, a0",
    "write_vsireg": "csrw 0x251, a0",
    "claim_vstopei": "csrrw a0, 0x25c, zero",
    "write_vsatp": "csrw 0x280, a0",
    "write_stimecmp": "csrw 0x14d, a0",
};

/// Registers and the return of machine mode: the firmware's.
pub(super) const MACHINE_REGISTERS: &[Access] = instructions! {
    "write_mstatus": "csrw 0x300, a0",
    "write_medeleg": "csrw 0x302, a0",
    "write_mtvec": "csrw 0x305, a0",
    "write_mcounteren": "csrw 0x306, a0",
    "write_pmpcfg0": "csrw 0x3a0, a0",
    "write_pmpaddr0": "csrw 0x3b0, a0",
    "read_mhartid": "csrr a0, 0xf14",
    "mret": "mret",
};

/// Instructions of hypervisors, and those that a guest may not use.
pub(super) const HYPERVISOR_INSTRUCTIONS: &[Access] = instructions! {
    "hlv_d": ".insn r 0x73, 4, 0x36, a0, a0, x0",
    "hlvx_wu": ".insn r 0x73, 4, 0x34, a0, a0, x3",
    "hsv_d": ".insn r 0x73, 4, 0x37, x0, a0, a0",
    "hfence_vvma": ".insn r 0x73, 0, 0x11, x0, x0, x0",
    "hfence_gvma": ".insn r 0x73, 0, 0x31, x0, x0, x0",
    "sfence_vma": "sfence.vma",
    "wfi": "wfi",
};

/// The register that selects the address space.
pub(super) const ADDRESS_SPACE: &[Access] = instructions! {
    "read_satp": "csrr a0, satp",
    "write_satp": "csrw satp, a0",
};

/// Places where others keep things, and where a careless kernel would have left them within reach.
pub(super) const ADDRESSES: &[Access] = loads! {
    "null": 0u64,
    "timer": 0x0200_bff8u64,
    "machine_aplic": 0x0c00_0000u64,
    "supervisor_aplic": 0x0d00_0000u64,
    "machine_imsic": 0x2400_0000u64,
    "supervisor_imsic": 0x2800_0000u64,
    "first_guest_file": 0x2800_1000u64,
    "other_guest_file": 0x2800_3000u64,
    "firmware": 0x8000_0000u64,
    "kernel_image": 0x8020_0000u64,
    "kernel_image_where_the_kernel_has_it": 0xffff_ffff_8020_0000u64,
    "memory_where_the_kernel_has_it": 0xffff_ffc0_8020_0000u64,
    "guest_file_where_the_kernel_has_it": 0xffff_ffc0_2800_3000u64,
    "end_of_memory": 0xffff_ffff_ffff_fff8u64,
    "beyond_the_address_space": 0x0000_0040_0000_0000u64,
};
