//! Where the model has to look, by symbol: the stages of a trap in the kernel, and what takes interrupts in programs.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::Context as _;
use elf::ElfBytes;
use elf::endian::LittleEndian;
use rel4_costmodel::options::Options;

/// The first instruction of every trap.
const TRAP_ENTRY: &str = "rel4_trap_entry";
/// The first instruction of every return.
const RETURN: &str = "rel4_return_to_user";
/// The first instruction behind them.
const END: &str = "rel4_kernel_trapped";
/// What the names of all handlers of user interrupts begin with.
const USER_INTERRUPT_ENTRY: &str = "rel4_interrupt_entry";

fn is_landmark(name: &str) -> bool {
    [TRAP_ENTRY, RETURN, END].contains(&name) || name.starts_with(USER_INTERRUPT_ENTRY)
}

/// The landmarks in a program's ELF file. It may have none.
///
/// # Errors
///
/// The file is no ELF file.
pub fn of_program(elf: &[u8]) -> anyhow::Result<BTreeMap<String, u64>> {
    let file = ElfBytes::<LittleEndian>::minimal_parse(elf).context("no ELF file")?;
    let Some((symbols, names)) = file.symbol_table().context("a damaged symbol table")? else {
        return Ok(BTreeMap::new());
    };
    let found = symbols.iter().filter_map(|symbol| {
        let name = names.get(symbol.st_name as usize).ok()?;
        is_landmark(name).then(|| (name.to_owned(), symbol.st_value))
    });
    Ok(found.collect())
}

/// Tells the model where the landmarks are.
///
/// # Errors
///
/// A symbol is missing.
pub fn mark(options: &mut Options, symbols: &BTreeMap<String, u64>) -> anyhow::Result<()> {
    let Range { start: entry, end: back } = stage(symbols, TRAP_ENTRY, RETURN)?;
    let Range { end, .. } = stage(symbols, RETURN, END)?;
    options.trap_vectors = vec![entry];
    options.trap_entry = Some(entry..back);
    options.trap_return = Some(back..end);
    let handlers = symbols.iter().filter(|(name, _)| name.starts_with(USER_INTERRUPT_ENTRY));
    options.user_vectors = handlers.map(|(_, address)| *address).collect();
    Ok(())
}

/// What is between two symbols.
fn stage(symbols: &BTreeMap<String, u64>, start: &str, end: &str) -> anyhow::Result<Range<u64>> {
    let address = |name: &str| {
        symbols.get(name).copied().with_context(|| {
            format!("the kernel has no symbol `{name}`, so the cost model cannot tell its traps; use another clock")
        })
    };
    let range = address(start)?..address(end)?;
    anyhow::ensure!(!range.is_empty(), "the kernel has `{end}` before `{start}`");
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(addresses: &[(&str, u64)]) -> BTreeMap<String, u64> {
        addresses.iter().map(|&(name, address)| (name.to_owned(), address)).collect()
    }

    const KERNEL: [(&str, u64); 3] = [(TRAP_ENTRY, 0x100), (RETURN, 0x180), (END, 0x200)];

    #[test]
    fn the_stages_follow_each_other() {
        let mut options = Options::default();
        mark(&mut options, &symbols(&KERNEL)).expect("complete");
        assert_eq!(options.trap_vectors, [0x100]);
        assert_eq!((options.trap_entry, options.trap_return), (Some(0x100..0x180), Some(0x180..0x200)));
        assert!(options.user_vectors.is_empty());
    }

    #[test]
    fn handlers_of_programs_are_known_by_how_their_names_begin() {
        let mut all = symbols(&KERNEL);
        all.extend(symbols(&[
            ("rel4_interrupt_entry", 0x1_0040),
            ("rel4_interrupt_entry_of_test", 0x1_0080),
        ]));
        let mut options = Options::default();
        mark(&mut options, &all).expect("complete");
        assert_eq!(options.user_vectors, [0x1_0040, 0x1_0080]);
    }

    #[test]
    fn a_kernel_that_lacks_a_symbol_is_refused_by_name() {
        let error = mark(&mut Options::default(), &BTreeMap::new()).expect_err("nothing is known");
        assert!(error.to_string().contains("`rel4_trap_entry`"), "{error}");
    }

    #[test]
    fn stages_in_another_order_are_refused() {
        let wrong = symbols(&[(TRAP_ENTRY, 0x200), (RETURN, 0x180), (END, 0x100)]);
        mark(&mut Options::default(), &wrong).expect_err("another order");
    }
}
