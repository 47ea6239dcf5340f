//! Where the stages of a trap are in a kernel: the model tells them apart by their code.

use std::collections::BTreeMap;

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

/// The addresses of the symbols that [`mark`] needs, from a kernel's ELF file. A kernel may lack them.
///
/// # Errors
///
/// The file is no ELF file.
pub fn addresses(kernel: &[u8]) -> anyhow::Result<BTreeMap<String, u64>> {
    let file = ElfBytes::<LittleEndian>::minimal_parse(kernel).context("no ELF file")?;
    let Some((symbols, names)) = file.symbol_table().context("a damaged symbol table")? else {
        return Ok(BTreeMap::new());
    };
    let found = symbols.iter().filter_map(|symbol| {
        let name = names.get(symbol.st_name as usize).ok()?;
        [TRAP_ENTRY, RETURN, END].contains(&name).then(|| (name.to_owned(), symbol.st_value))
    });
    Ok(found.collect())
}

/// Tells the model where the stages are.
///
/// # Errors
///
/// A symbol is missing.
pub fn mark(options: &mut Options, symbols: &BTreeMap<String, u64>) -> anyhow::Result<()> {
    let address = |name: &str| {
        symbols.get(name).copied().with_context(|| {
            format!("the kernel has no symbol `{name}`, so the cost model cannot tell its traps; use another clock")
        })
    };
    let (entry, back, end) = (address(TRAP_ENTRY)?, address(RETURN)?, address(END)?);
    anyhow::ensure!(entry < back && back < end, "the stages of the kernel's traps are in another order");
    options.trap_vectors = vec![entry];
    options.trap_entry = Some(entry..back);
    options.trap_return = Some(back..end);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(addresses: [(&str, u64); 3]) -> BTreeMap<String, u64> {
        addresses.map(|(name, address)| (name.to_owned(), address)).into()
    }

    #[test]
    fn the_stages_follow_each_other() {
        let mut options = Options::default();
        mark(&mut options, &symbols([(TRAP_ENTRY, 0x100), (RETURN, 0x180), (END, 0x200)])).expect("complete");
        assert_eq!(options.trap_vectors, [0x100]);
        assert_eq!((options.trap_entry, options.trap_return), (Some(0x100..0x180), Some(0x180..0x200)));
    }

    #[test]
    fn a_kernel_that_lacks_a_symbol_is_refused_by_name() {
        let error = mark(&mut Options::default(), &BTreeMap::new()).expect_err("nothing is known");
        assert!(error.to_string().contains("`rel4_trap_entry`"), "{error}");
    }

    #[test]
    fn stages_in_another_order_are_refused() {
        let wrong = symbols([(TRAP_ENTRY, 0x200), (RETURN, 0x180), (END, 0x100)]);
        mark(&mut Options::default(), &wrong).expect_err("another order");
    }
}
