//! Mapping, protecting and unmapping pages, from one to as many as four page tables hold.

use rel4_abi::object::PAGE_BITS;
use rel4_abi::vm::MIDDLE_LEVEL_BITS;
use rel4_abi::{CPtr, CapRights, ObjectType, SlotRegion, VmAttributes};
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::cap::{Frame, PageTable};
use rel4_runtime::error::Error;
use rel4_runtime::resources::Resources;

use crate::bench::series::Overhead;
use crate::bench::session::Session;
use crate::bench::window::stretch;
use crate::failure::Failure;

/// The most pages.
const PAGES: u64 = 2048;
/// The most samples: the larger sizes take long.
const MOST: u64 = 16;
const MOST_OF_MANY: u64 = 4;
const MANY: u64 = 256;

macro_rules! sizes {
    ($($pages:literal),*) => {
        [$((
            $pages,
            [
                concat!("map_", $pages),
                concat!("protect_", $pages),
                concat!("unprotect_", $pages),
                concat!("unmap_", $pages),
            ],
        )),*]
    };
}

const SIZES: [(u64, [&str; 4]); 12] = sizes!(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048);

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    let resources = &mut session.root.resources;
    let frames = resources.make_frames(PAGES)?;
    // Room for the pages from the start of a page table on.
    let reserved = resources.reserve_window(PAGES + (1 << (MIDDLE_LEVEL_BITS - PAGE_BITS)));
    let base = reserved.next_multiple_of(1 << MIDDLE_LEVEL_BITS);
    for table in (base..base + (PAGES << PAGE_BITS)).step_by(1 << MIDDLE_LEVEL_BITS) {
        // Makes the page tables, which stay.
        let frame = Frame(CPtr(frames.start));
        address_space::map(resources, Resources::VSPACE, frame, table, Access::Data)?;
        frame.unmap()?;
    }
    for (pages, operations) in SIZES {
        let effort = session.effort.at_most(if pages < MANY { MOST } else { MOST_OF_MANY });
        let some = SlotRegion { start: frames.start, end: frames.start + pages };
        session.alone(operations, Overhead::Empty, effort, |session| {
            let (mapped, map) = stretch(session.counter, || map_all(some, base, CapRights::READ_WRITE));
            let (protected, protect) = stretch(session.counter, || map_all(some, base, CapRights::READ));
            let (unprotected, unprotect) =
                stretch(session.counter, || map_all(some, base, CapRights::READ_WRITE));
            let (unmapped, unmap) = stretch(session.counter, || unmap_all(some));
            mapped.and(protected).and(unprotected).and(unmapped)?;
            Ok([map, protect, unprotect, unmap])
        })?;
    }
    let table = PageTable(session.root.resources.make(ObjectType::PageTable, 0)?);
    let elsewhere = session.root.resources.reserve_window(1).next_multiple_of(1 << MIDDLE_LEVEL_BITS)
        + (1 << MIDDLE_LEVEL_BITS);
    session.alone(["map_page_table", "unmap_page_table"], Overhead::Empty, session.effort, |session| {
        let (mapped, map) = stretch(session.counter, || table.map(Resources::VSPACE, elsewhere));
        let (unmapped, unmap) = stretch(session.counter, || table.unmap());
        mapped.and(unmapped)?;
        Ok([map, unmap])
    })
}

#[inline(always)]
fn map_all(frames: SlotRegion, base: u64, rights: CapRights) -> Result<(), Error> {
    let addresses = (base..).step_by(1 << PAGE_BITS);
    (frames.start..frames.end).zip(addresses).try_for_each(|(slot, vaddr)| {
        Frame(CPtr(slot)).map(Resources::VSPACE, vaddr, rights, VmAttributes::EXECUTABLE)
    })
}

#[inline(always)]
fn unmap_all(frames: SlotRegion) -> Result<(), Error> {
    (frames.start..frames.end).try_for_each(|slot| Frame(CPtr(slot)).unmap())
}
