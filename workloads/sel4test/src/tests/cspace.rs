//! Looking capabilities up.

use rel4_abi::cptr::WORD_BITS;
use rel4_abi::{CNodeCapData, CPtr, CapRights, Error};
use rel4_runtime::cap::{CNode, Endpoint};

use crate::cspace;
use crate::env::Env;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] =
    &[basic("CSPACE0001", "an address is looked up through as many CNodes as it has bits", one_node_a_bit)];

/// The only address in the deep `CSpace` that has a capability: alternating bits.
const GOOD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
/// What the helper sends at first.
const READY: u64 = 1;
/// Addresses that it then tries besides.
const SMALL_ADDRESSES: u64 = 64;

fn one_node_a_bit(env: &mut Env) -> Outcome {
    const RADIX_BITS: u32 = 1;
    let endpoint = env.endpoint()?;
    let head = env.cnode(RADIX_BITS)?;
    let mut node = head;
    for bit in (0..WORD_BITS).rev() {
        let next = if bit == 0 { endpoint.0 } else { env.cnode(RADIX_BITS)?.0 };
        node.slot(GOOD >> bit & 1, RADIX_BITS).copy_from(cspace::slot(next), CapRights::ALL)?;
        node = CNode(next);
    }

    let helper = env.thread()?;
    helper.start(try_addresses, [endpoint.0.word(), 0, 0, 0])?;
    check_eq!(endpoint.recv().words[0], READY);
    // A fault, too, comes here.
    helper.tcb().set_space(CPtr(GOOD), head, CNodeCapData::default(), cspace::VSPACE)?;
    let report = endpoint.recv();
    check_eq!((report.info.label(), report.info.length()), (0, 2));
    let [tried, refused, ..] = report.words;
    check_eq!([tried, refused], [SMALL_ADDRESSES + u64::from(WORD_BITS); 2]);
    Ok(())
}

/// Tries addresses of the deep `CSpace`. From there nothing but the endpoint is reached, so what it finds goes there.
fn try_addresses([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
    Endpoint(CPtr(endpoint)).send(0, [READY]);
    let (mut tried, mut refused) = (0, 0);
    let flipped = (0..WORD_BITS).map(|bit| GOOD ^ 1 << bit);
    for address in (0..SMALL_ADDRESSES).chain(flipped) {
        let answer = Endpoint(CPtr(address)).call(0, []);
        tried += 1;
        refused += u64::from(answer.info.label() == Error::InvalidCapability.label());
    }
    let good = Endpoint(CPtr(GOOD));
    good.send(0, [tried, refused]);
    // Nobody sends: it stays here until it is destroyed.
    Ok(good.recv().badge)
}
