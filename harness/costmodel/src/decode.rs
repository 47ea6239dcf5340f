//! Classifies RV64GCH instructions.
//!
//! Reserved encodings count as arithmetic: they trap as soon as they execute, so their price hardly matters.

use rel4_markers::Marker;

use crate::class::Class;

/// What the model knows of one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Its class.
    pub class: Class,
    /// The marker it sets, if that is what it is for.
    pub marker: Option<Marker>,
}

impl From<Class> for Decoded {
    fn from(class: Class) -> Self {
        Self { class, marker: None }
    }
}

/// Classifies the instruction that starts with `word`; the upper half of `word` counts only for one of four bytes.
#[must_use]
pub fn decode(word: u32) -> Decoded {
    if word & 3 == 3 { full(word) } else { compressed(word & 0xffff).into() }
}

fn compressed(word: u32) -> Class {
    match (word & 3, word >> 13) {
        (0 | 2, 1..=3) => Class::Load,
        (0 | 2, 5..=7) => Class::Store,
        (1, 5..=7) => Class::Branch,
        (2, 4) if word == 0x9002 => Class::Breakpoint,
        // c.jr and c.jalr name no second register; c.mv and c.add do.
        (2, 4) if (word >> 2) & 31 == 0 => Class::Branch,
        _ => Class::Alu,
    }
}

/// `pause` is a fence that orders nothing.
const PAUSE: u32 = 0x0100_000f;

fn full(word: u32) -> Decoded {
    let rd = (word >> 7) & 31;
    let funct3 = (word >> 12) & 7;
    let funct7 = word >> 25;
    let class = match word & 0x7f {
        0x03 | 0x07 => Class::Load,
        0x23 | 0x27 => Class::Store,
        0x63 | 0x67 | 0x6f => Class::Branch,
        0x13 if funct3 == 2 && rd == 0 => {
            let marker = Marker::from_fields((word >> 15) & 31, word >> 20);
            return Decoded { class: Class::Marker, marker: Some(marker) };
        }
        0x33 | 0x3b if funct7 == 1 => {
            if funct3 & 4 == 0 {
                Class::Multiply
            } else {
                Class::Divide
            }
        }
        0x43 | 0x47 | 0x4b | 0x4f => Class::Float,
        // fdiv and fsqrt, whatever the precision.
        0x53 if matches!(funct7 >> 2, 0b00011 | 0b01011) => Class::FloatDivide,
        0x53 => Class::Float,
        0x2f => match word >> 27 {
            2 => Class::LoadReserved,
            3 => Class::StoreConditional,
            _ => Class::Atomic,
        },
        0x0f if word == PAUSE => Class::Pause,
        0x0f if funct3 == 1 => Class::FenceI,
        0x0f => Class::Fence,
        0x73 => system(word, funct3, funct7),
        _ => Class::Alu,
    };
    class.into()
}

fn system(word: u32, funct3: u32, funct7: u32) -> Class {
    match (funct3, word >> 20) {
        (0, 0x000) => Class::EnvironmentCall,
        (0, 0x001) => Class::Breakpoint,
        (0, 0x102) => Class::SupervisorReturn,
        (0, 0x302) => Class::MachineReturn,
        (0, 0x105) => Class::WaitForInterrupt,
        (0, _) => match funct7 {
            // sfence.vma, sinval.vma, sfence.w.inval and sfence.inval.ir, then hfence and hinval for vvma and gvma.
            0x09 | 0x0b | 0x0c | 0x11 | 0x13 | 0x31 | 0x33 => Class::FenceVma,
            _ => Class::Csr,
        },
        (4, _) if funct7 & 1 == 0 => Class::HypervisorLoad,
        (4, _) => Class::HypervisorStore,
        // satp, vsatp, hgatp. Setting or clearing no bits is a read.
        (1 | 5, 0x180 | 0x280 | 0x680) => Class::AddressSpaceCsr,
        (_, 0x180 | 0x280 | 0x680) if (word >> 15) & 31 != 0 => Class::AddressSpaceCsr,
        // The status registers hold the bits that decide who is translated how.
        (_, 0x100 | 0x200 | 0x300 | 0x600) => Class::TranslationCsr,
        _ => Class::Csr,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_class(word: u32, class: Class) {
        assert_eq!(decode(word).class, class, "{word:#010x}");
    }

    #[test]
    fn instructions_of_four_bytes_have_their_class() {
        for (word, class) in [
            (0x0000_0013, Class::Alu),              // nop
            (0x02a5_0533, Class::Multiply),         // mul a0, a0, a0
            (0x02a5_4533, Class::Divide),           // div a0, a0, a0
            (0x02a5_653b, Class::Divide),           // remw a0, a0, a0
            (0x0000_0063, Class::Branch),           // beq
            (0x0000_006f, Class::Branch),           // j
            (0x0000_8067, Class::Branch),           // ret
            (0x0005_3503, Class::Load),             // ld a0, 0(a0)
            (0x00a5_3023, Class::Store),            // sd a0, 0(a0)
            (0x00a5_352f, Class::Atomic),           // amoadd.d a0, a0, (a0)
            (0x1005_352f, Class::LoadReserved),     // lr.d a0, (a0)
            (0x18a5_352f, Class::StoreConditional), // sc.d a0, a0, (a0)
            (0x6805_4573, Class::HypervisorLoad),   // hlv.w a0, (a0)
            (0x6aa5_4073, Class::HypervisorStore),  // hsv.w a0, (a0)
            (0x1420_2573, Class::Csr),              // csrr a0, scause
            (0x1805_1073, Class::AddressSpaceCsr),  // csrw satp, a0
            (0x1800_2573, Class::Csr),              // csrr a0, satp
            (0x1005_1073, Class::TranslationCsr),   // csrw sstatus, a0
            (0x0ff0_000f, Class::Fence),            // fence
            (0x0000_100f, Class::FenceI),           // fence.i
            (0x1200_0073, Class::FenceVma),         // sfence.vma
            (0x2200_0073, Class::FenceVma),         // hfence.vvma
            (0x6200_0073, Class::FenceVma),         // hfence.gvma
            (0x0000_0073, Class::EnvironmentCall),  // ecall
            (0x0010_0073, Class::Breakpoint),       // ebreak
            (0x1020_0073, Class::SupervisorReturn), // sret
            (0x3020_0073, Class::MachineReturn),    // mret
            (0x1050_0073, Class::WaitForInterrupt), // wfi
            (PAUSE, Class::Pause),
            (0x02a5_7553, Class::Float),       // fadd.d fa0, fa0, fa0
            (0x1aa5_7553, Class::FloatDivide), // fdiv.d fa0, fa0, fa0
            (0x5a05_7553, Class::FloatDivide), // fsqrt.d fa0, fa0
        ] {
            assert_class(word, class);
        }
    }

    #[test]
    fn compressed_instructions_have_their_class() {
        for (word, class) in [
            (0x0001, Class::Alu),        // c.nop
            (0x4108, Class::Load),       // c.lw a0, 0(a0)
            (0x6108, Class::Load),       // c.ld a0, 0(a0)
            (0x6502, Class::Load),       // c.ldsp a0, 0(sp)
            (0xe108, Class::Store),      // c.sd a0, 0(a0)
            (0xe02a, Class::Store),      // c.sdsp a0, 0(sp)
            (0xa001, Class::Branch),     // c.j
            (0xc101, Class::Branch),     // c.beqz
            (0x8082, Class::Branch),     // ret
            (0x9502, Class::Branch),     // c.jalr a0
            (0x852e, Class::Alu),        // c.mv a0, a1
            (0x952e, Class::Alu),        // c.add a0, a1
            (0x9002, Class::Breakpoint), // c.ebreak
        ] {
            assert_class(word, class);
        }
    }

    #[test]
    fn what_follows_a_compressed_instruction_does_not_matter() {
        assert_class(0xffff_8082, Class::Branch);
    }

    #[test]
    fn a_marker_is_read_back_as_it_was_encoded() {
        let marker = Marker::from_fields(3, 77);
        assert_eq!(decode(marker.instruction()), Decoded { class: Class::Marker, marker: Some(marker) });
    }

    #[test]
    fn a_comparison_with_a_destination_is_no_marker() {
        assert_class(0x0015_2513, Class::Alu); // slti a0, a0, 1
    }
}
