//! What the machine code of a RISC-V program says about its functions.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A function.
#[derive(Debug)]
pub(crate) struct Function {
    /// Its mangled name.
    pub(crate) name: String,
    /// Bytes of stack that it takes for itself, at most.
    pub(crate) frame: u64,
    /// Functions that it calls, or ends by jumping to.
    pub(crate) calls: BTreeSet<u64>,
    /// It calls through a register.
    pub(crate) calls_indirectly: bool,
    /// It moves the stack pointer in a way that is not understood here.
    pub(crate) is_obscure: bool,
}

/// The functions of a program by address, and the sizes of its data objects by name.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) functions: BTreeMap<u64, Function>,
    objects: BTreeMap<String, u64>,
}

/// A section header of an ELF file.
struct Section {
    kind: u32,
    address: u64,
    offset: usize,
    bytes: usize,
    link: usize,
}

const PROGBITS: u32 = 1;
const SYMTAB: u32 = 2;
const OBJECT: u8 = 1;
const FUNCTION: u8 = 2;
const SYMBOL_BYTES: usize = 24;

fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    *bytes[at..].first_chunk().expect("the file is as long as it says")
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(field(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(field(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(field(bytes, at))
}

impl Program {
    /// Reads a 64-bit ELF file that has a symbol table.
    pub(crate) fn read(elf: &[u8]) -> Self {
        let (headers, size, count) =
            (u64_at(elf, 0x28) as usize, usize::from(u16_at(elf, 0x3a)), usize::from(u16_at(elf, 0x3c)));
        let sections: Vec<Section> = (0..count)
            .map(|index| headers + index * size)
            .map(|at| Section {
                kind: u32_at(elf, at + 4),
                address: u64_at(elf, at + 16),
                offset: u64_at(elf, at + 24) as usize,
                bytes: u64_at(elf, at + 32) as usize,
                link: u32_at(elf, at + 40) as usize,
            })
            .collect();
        let table =
            sections.iter().find(|section| section.kind == SYMTAB).expect("the kernel keeps its symbols");
        let names = sections[table.link].offset;
        let mut program = Self { functions: BTreeMap::new(), objects: BTreeMap::new() };
        let mut spans = BTreeMap::new();
        for at in (table.offset..table.offset + table.bytes).step_by(SYMBOL_BYTES) {
            let name = &elf[names + u32_at(elf, at) as usize..];
            let end = name.iter().position(|&byte| byte == 0).expect("names end");
            let name = String::from_utf8_lossy(&name[..end]).into_owned();
            let (address, bytes) = (u64_at(elf, at + 8), u64_at(elf, at + 16));
            match elf[at + 4] & 0xf {
                OBJECT => drop(program.objects.insert(name, bytes)),
                FUNCTION if bytes > 0 => drop(spans.insert(address, (bytes, name))),
                _ => {}
            }
        }
        for (address, (bytes, name)) in spans {
            let holds = |section: &&Section| {
                section.kind == PROGBITS
                    && (section.address..section.address + section.bytes as u64).contains(&address)
            };
            let section = sections.iter().find(holds).expect("a function is in a section");
            let start = section.offset + (address - section.address) as usize;
            let code = &elf[start..start + bytes as usize];
            program.functions.insert(address, Function::read(name, code, address..address + bytes));
        }
        program
    }

    /// The size of the data object in whose name `part` stands.
    pub(crate) fn object_bytes(&self, part: &str) -> u64 {
        let mut found = self.objects.iter().filter(|(name, _)| name.contains(part));
        match (found.next(), found.next()) {
            (Some((_, &bytes)), None) => bytes,
            other => panic!("one object is called {part}: {other:?}"),
        }
    }
}

const SP: u32 = 2;
const RA: u32 = 1;

const fn signed(value: u32, bits: u32) -> i64 {
    ((value as i64) << (64 - bits)) >> (64 - bits)
}

const fn bits(word: u32, high: u32, low: u32) -> u32 {
    (word >> low) & ((1 << (high - low + 1)) - 1)
}

impl Function {
    fn read(name: String, code: &[u8], span: Range<u64>) -> Self {
        let mut function =
            Self { name, frame: 0, calls: BTreeSet::new(), calls_indirectly: false, is_obscure: false };
        // The last `auipc`: where it stands, its register and its result.
        let mut base: Option<(usize, u32, u64)> = None;
        let mut at = 0;
        while at + 2 <= code.len() {
            let pc = span.start + at as u64;
            let half = u32::from(u16_at(code, at));
            if half & 3 != 3 {
                function.read_compressed(half, pc, &span);
                at += 2;
                continue;
            }
            let word = u32_at(code, at);
            let (rd, rs1, immediate) =
                (bits(word, 11, 7), bits(word, 19, 15), signed(bits(word, 31, 20), 12));
            match word & 0x7f {
                // addi
                0x13 if rd == SP && rs1 == SP && bits(word, 14, 12) == 0 => function.move_stack(immediate),
                // Anything else that computes the stack pointer: from the frame pointer, say.
                0x13 | 0x33 | 0x03 | 0x37 if rd == SP => function.is_obscure = true,
                // auipc
                0x17 => {
                    let upper = signed(bits(word, 31, 12), 20) << 12;
                    base = Some((at, rd, pc.wrapping_add_signed(upper)));
                }
                // jal
                0x6f => {
                    let offset = bits(word, 31, 31) << 20
                        | bits(word, 19, 12) << 12
                        | bits(word, 20, 20) << 11
                        | bits(word, 30, 21) << 1;
                    function.jump(pc.wrapping_add_signed(signed(offset, 21)), &span);
                }
                // jalr: behind its auipc a call far away; with a link a call through a register; else a return or a switch.
                0x67 => match base {
                    Some((before, register, upper)) if before + 4 == at && register == rs1 => {
                        function.jump(upper.wrapping_add_signed(immediate), &span);
                    }
                    _ => function.calls_indirectly |= rd == RA,
                },
                _ => {}
            }
            at += 4;
        }
        function
    }

    fn read_compressed(&mut self, half: u32, pc: u64, span: &Range<u64>) {
        let rd = bits(half, 11, 7);
        match (half & 3, bits(half, 15, 13)) {
            // c.addi16sp
            (1, 3) if rd == SP => {
                let immediate = bits(half, 12, 12) << 9
                    | bits(half, 4, 3) << 7
                    | bits(half, 5, 5) << 6
                    | bits(half, 2, 2) << 5
                    | bits(half, 6, 6) << 4;
                self.move_stack(signed(immediate, 10));
            }
            // c.addi
            (1, 0) if rd == SP => self.move_stack(signed(bits(half, 12, 12) << 5 | bits(half, 6, 2), 6)),
            // c.j
            (1, 5) => {
                let offset = bits(half, 12, 12) << 11
                    | bits(half, 8, 8) << 10
                    | bits(half, 10, 9) << 8
                    | bits(half, 6, 6) << 7
                    | bits(half, 7, 7) << 6
                    | bits(half, 2, 2) << 5
                    | bits(half, 11, 11) << 4
                    | bits(half, 5, 3) << 1;
                self.jump(pc.wrapping_add_signed(signed(offset, 12)), span);
            }
            // c.jalr
            (2, 4) if bits(half, 12, 12) == 1 && bits(half, 6, 2) == 0 && rd != 0 => {
                self.calls_indirectly = true;
            }
            // c.mv and c.add into the stack pointer
            (2, 4) if rd == SP && bits(half, 6, 2) != 0 => self.is_obscure = true,
            _ => {}
        }
    }

    /// All that the function ever takes is added up, whichever way through it takes it.
    fn move_stack(&mut self, bytes: i64) {
        self.frame += bytes.min(0).unsigned_abs();
    }

    fn jump(&mut self, target: u64, span: &Range<u64>) {
        // A call of itself starts at the beginning, a loop does not.
        if !span.contains(&target) || target == span.start {
            self.calls.insert(target);
        }
    }
}
