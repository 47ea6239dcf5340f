//! Who holds each line of memory, so that a value passed between harts costs its transfer.
//!
//! One state for each line that two or more harts could share: which harts have seen its present value, and who wrote it
//! when. Lines never leave: a hart that was given a line keeps it until another hart writes it. Capacity is what the
//! caches are for.

use crate::set_associative::LINE_BYTES;
use crate::tlb::PAGE_BYTES;

const LINES_IN_PAGE: usize = (PAGE_BYTES / LINE_BYTES) as usize;

/// What is done to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is read.
    Load,
    /// It is written.
    Store,
}

/// One line: who has its present value, and who wrote it when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    /// The last writer's clock when it had written, in cycles.
    written: u64,
    /// The harts that have the present value, one bit each.
    holders: u32,
    /// Whether someone wrote the line and nobody else has read it since.
    modified: bool,
}

impl Line {
    /// When a transfer for an access of `hart` can begin at the earliest, by the last writer's clock; none if the access
    /// needs no transfer.
    ///
    /// A reader needs one for a value that only its writer has seen. A writer needs one to take the line from others, and
    /// waits for its value only if it has not got it.
    #[must_use]
    pub fn transfer(&self, hart: usize, access: Access) -> Option<u64> {
        let me = 1 << hart;
        let unseen = self.modified && self.holders & me == 0;
        let needed = match access {
            Access::Load => unseen,
            Access::Store => self.holders & !me != 0,
        };
        needed.then_some(if unseen { self.written } else { 0 })
    }

    /// `hart` has made the access, and its clock is `clock` now.
    pub fn record(&mut self, hart: usize, access: Access, clock: u64) {
        let me = 1 << hart;
        match access {
            Access::Load => {
                self.modified &= self.holders & me != 0;
                self.holders |= me;
            }
            Access::Store => *self = Self { written: clock, holders: me, modified: true },
        }
    }
}

/// A page of the directory: found once, then passed to [`Directory::line`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageIndex(u32);

/// The state of every line that was touched.
#[derive(Debug, Default)]
pub struct Directory {
    /// By physical page: 1 + the place in `pages`, 0 for a page that was never touched.
    index: Vec<u32>,
    pages: Vec<[Line; LINES_IN_PAGE]>,
}

impl Directory {
    /// The place of `physical_page`, which is made where there is none.
    pub fn page(&mut self, physical_page: u64) -> PageIndex {
        let physical_page = usize::try_from(physical_page).expect("a page of the machine");
        if self.index.len() <= physical_page {
            self.index.resize(physical_page + 1, 0);
        }
        let place = &mut self.index[physical_page];
        if *place == 0 {
            self.pages.push([Line::default(); LINES_IN_PAGE]);
            *place = u32::try_from(self.pages.len()).expect("fewer than 2^32 pages");
        }
        PageIndex(*place - 1)
    }

    /// The line of `address` in `page`.
    #[inline]
    pub fn line(&mut self, page: PageIndex, address: u64) -> &mut Line {
        &mut self.pages[page.0 as usize][(address / LINE_BYTES) as usize % LINES_IN_PAGE]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Makes an access at `clock`; what [`Line::transfer`] said of it.
    fn access(line: &mut Line, hart: usize, access: Access, clock: u64) -> Option<u64> {
        let transfer = line.transfer(hart, access);
        line.record(hart, access, clock);
        transfer
    }

    #[test]
    fn what_one_hart_uses_alone_needs_no_transfer() {
        let mut line = Line::default();
        for kind in [Access::Load, Access::Store, Access::Load, Access::Store] {
            assert_eq!(access(&mut line, 0, kind, 5), None);
        }
    }

    #[test]
    fn a_written_value_costs_its_first_reader_a_transfer_that_waits_for_the_writer() {
        let mut line = Line::default();
        access(&mut line, 0, Access::Store, 70);
        assert_eq!(access(&mut line, 1, Access::Load, 110), Some(70));
        assert_eq!(access(&mut line, 1, Access::Load, 111), None);
        assert_eq!(access(&mut line, 2, Access::Load, 6), None, "the value is shared by now");
    }

    #[test]
    fn taking_a_line_back_costs_a_transfer_that_waits_for_nobody() {
        let mut line = Line::default();
        access(&mut line, 0, Access::Store, 70);
        access(&mut line, 1, Access::Load, 110);
        assert_eq!(access(&mut line, 0, Access::Store, 90), Some(0));
    }

    #[test]
    fn overwriting_an_unseen_value_waits_for_its_writer() {
        let mut line = Line::default();
        access(&mut line, 0, Access::Store, 70);
        assert_eq!(access(&mut line, 1, Access::Store, 110), Some(70));
        assert_eq!(access(&mut line, 2, Access::Load, 150), Some(110));
    }

    #[test]
    fn lines_of_a_page_do_not_share_their_state() {
        let mut directory = Directory::default();
        let page = directory.page(1);
        directory.line(page, 0x1040).record(0, Access::Store, 70);
        assert_eq!(directory.line(page, 0x1080).transfer(1, Access::Load), None);
        assert_eq!(directory.line(page, 0x1078).transfer(1, Access::Load), Some(70));
    }

    #[test]
    fn the_same_page_has_the_same_place() {
        let mut directory = Directory::default();
        let first = directory.page(1);
        assert_ne!(directory.page(8), first);
        assert_eq!(directory.page(1), first);
    }

    proptest! {
        /// Whoever reads a value that nobody but its writer has seen pays for it, once.
        #[test]
        fn a_load_pays_exactly_for_a_value_that_only_its_writer_saw(
            trace in prop::collection::vec((0_usize..4, any::<bool>()), 0..200)
        ) {
            let mut line = Line::default();
            for (now, &(hart, store)) in trace.iter().enumerate() {
                let kind = if store { Access::Store } else { Access::Load };
                let transfer = access(&mut line, hart, kind, now as u64);
                if !store {
                    let writer = trace[..now].iter().rposition(|&(_, store)| store);
                    let pays = writer.filter(|&at| {
                        let first = trace[at].0;
                        hart != first && trace[at + 1..now].iter().all(|&(reader, _)| reader == first)
                    });
                    prop_assert_eq!(transfer, pays.map(|at| at as u64));
                }
            }
        }
    }
}
