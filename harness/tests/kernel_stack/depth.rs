//! The deepest chain of calls.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::{Function, Program};

/// What the code does not show. Functions are named by parts of their mangled names.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    /// Where chains begin.
    pub(crate) entries: &'static [&'static str],
    /// Where they end.
    pub(crate) never_come_back: &'static [&'static str],
    /// Functions that call one another through tables, and how often each can be in a chain.
    pub(crate) formatting: (&'static [&'static str], u64),
    /// Functions that may call one another in circles, and how often each can be in a chain.
    pub(crate) recursion: (&'static [&'static str], u64),
}

/// A chain of calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    /// The stack that it takes.
    pub(crate) bytes: u64,
    /// Its functions.
    pub(crate) chain: Vec<String>,
}

fn is(function: &Function, parts: &[&str]) -> bool {
    parts.iter().any(|part| function.name.contains(part))
}

/// The deepest chain from any entry.
///
/// # Errors
///
/// What the code does that the rules do not allow.
pub(crate) fn deepest(program: &Program, rules: &Rules) -> Result<Chain, String> {
    let entries: Vec<u64> = program
        .functions
        .iter()
        .filter(|(_, function)| is(function, rules.entries))
        .map(|(&address, _)| address)
        .collect();
    if entries.is_empty() {
        return Err(format!("there is none of the entries {:?}", rules.entries));
    }
    let formatting = program.functions.values().filter(|function| is(function, rules.formatting.0));
    let formatting = formatting.map(|function| function.frame).sum::<u64>() * rules.formatting.1;
    let mut search = Search { program, rules, formatting, known: BTreeMap::new() };
    let chains = entries.into_iter().map(|entry| search.from(entry)).collect::<Result<Vec<_>, _>>()?;
    Ok(chains.into_iter().max_by_key(|chain| chain.bytes).unwrap_or_default())
}

struct Search<'p> {
    program: &'p Program,
    rules: &'p Rules,
    formatting: u64,
    known: BTreeMap<u64, Chain>,
}

impl Search<'_> {
    fn function(&self, address: u64) -> Result<&Function, String> {
        self.program
            .functions
            .get(&address)
            .ok_or_else(|| format!("{address:#x} is called and is no function"))
    }

    /// Functions that are reached from one and reach it: itself, if there are no others.
    fn circle(&self, address: u64) -> BTreeSet<u64> {
        let reached = self.reached(address);
        let others = reached.iter().copied().filter(|&other| self.reached(other).contains(&address));
        others.chain([address]).collect()
    }

    fn reached(&self, address: u64) -> BTreeSet<u64> {
        let mut seen = BTreeSet::new();
        let mut todo = vec![address];
        while let Some(from) = todo.pop() {
            let Some(function) = self.program.functions.get(&from) else { continue };
            if is(function, self.rules.never_come_back) || is(function, self.rules.formatting.0) {
                continue;
            }
            todo.extend(function.calls.iter().copied().filter(|&call| seen.insert(call)));
        }
        seen
    }

    /// The deepest chain that begins with the function.
    fn from(&mut self, address: u64) -> Result<Chain, String> {
        if let Some(chain) = self.known.get(&address) {
            return Ok(chain.clone());
        }
        let function = self.function(address)?;
        if is(function, self.rules.never_come_back) {
            return Ok(Chain::default());
        }
        if is(function, self.rules.formatting.0) {
            return Ok(Chain { bytes: self.formatting, chain: vec!["formatting".to_owned()] });
        }
        let circle = self.circle(address);
        let recurs = circle.len() > 1 || function.calls.contains(&address);
        let mut bytes = 0;
        let mut calls = BTreeSet::new();
        for &member in &circle {
            let function = self.function(member)?;
            let name = &function.name;
            if function.is_obscure {
                return Err(format!("{name} moves the stack pointer by what is not a constant"));
            }
            if function.calls_indirectly {
                return Err(format!("{name} calls through a register"));
            }
            if recurs && !is(function, self.rules.recursion.0) {
                return Err(format!("{name} can call itself"));
            }
            bytes += function.frame;
            calls.extend(function.calls.difference(&circle));
        }
        if recurs {
            bytes *= self.rules.recursion.1;
        }
        let mut name = function.name.clone();
        if recurs {
            name.push_str(" and what it recurs with");
        }
        let below = calls.into_iter().map(|call| self.from(call)).collect::<Result<Vec<_>, _>>()?;
        let below = below.into_iter().max_by_key(|chain| chain.bytes).unwrap_or_default();
        let chain = Chain { bytes: bytes + below.bytes, chain: [vec![name], below.chain].concat() };
        for member in circle {
            self.known.insert(member, chain.clone());
        }
        Ok(chain)
    }
}
