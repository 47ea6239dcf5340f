//! The ring: an honest peer gets a queue, a dishonest one gets nothing out of it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use proptest::prelude::*;
use rel4_abi::MessageInfo;
use rel4_runtime::item::Item;
use rel4_runtime::ring::Ring;

/// Where the indexes are, as the ring's documentation has it.
const PRODUCED: usize = 0;
const CONSUMED: usize = 8;

const CAPACITY: usize = 8;
type TestRing<'m> = Ring<'m, CAPACITY>;

fn memory() -> Vec<AtomicU64> {
    (0..TestRing::WORDS).map(|_| AtomicU64::new(0)).collect()
}

fn item(number: u64) -> Item {
    Item {
        task: number,
        info: MessageInfo::new(number, 0, 0, 6),
        words: core::array::from_fn(|word| number * 100 + word as u64),
    }
}

#[test]
fn a_ring_of_32_items_fits_a_page() {
    const { assert!(Ring::<32>::WORDS * size_of::<u64>() <= 4096) };
}

#[test]
fn indexes_flag_and_items_do_not_share_cache_lines() {
    let memory = memory();
    let ring = TestRing::new(&memory).expect("large enough");
    let (mut producer, mut consumer) = (ring.producer(), ring.consumer());
    let mut before: Vec<u64> = vec![0; memory.len()];
    let mut changed_lines = || {
        let now: Vec<u64> = memory.iter().map(|word| word.load(Ordering::Relaxed)).collect();
        let lines: BTreeSet<usize> =
            (0..now.len()).filter(|&word| now[word] != before[word]).map(|word| word / 8).collect();
        before = now;
        lines
    };
    for number in 0..CAPACITY {
        producer.push(&item(number as u64 + 1)).expect("room");
        assert_eq!(changed_lines(), BTreeSet::from([0, 3 + number]));
    }
    consumer.pop().expect("an item");
    assert_eq!(changed_lines(), BTreeSet::from([1]));
    ring.flag().announce_asleep();
    assert_eq!(changed_lines(), BTreeSet::from([2]));
}

#[test]
fn too_little_memory_is_refused() {
    let memory = memory();
    assert!(TestRing::new(&memory[..TestRing::WORDS - 1]).is_none());
    assert!(TestRing::new(&[]).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_ring_is_a_bounded_queue(pushes in prop::collection::vec(any::<bool>(), 0..400)) {
        let memory = memory();
        let ring = TestRing::new(&memory).expect("large enough");
        let (mut producer, mut consumer) = (ring.producer(), ring.consumer());
        let mut model = VecDeque::new();
        for (number, push) in pushes.into_iter().enumerate() {
            if push {
                let sent = producer.push(&item(number as u64));
                prop_assert_eq!(sent.is_ok(), model.len() < CAPACITY);
                if sent.is_ok() {
                    model.push_back(item(number as u64));
                }
            } else {
                prop_assert_eq!(consumer.has_items(), !model.is_empty());
                prop_assert_eq!(consumer.pop(), model.pop_front());
            }
        }
        prop_assert_eq!(consumer.lies(), 0);
    }

    #[test]
    fn a_consumer_takes_no_more_than_the_capacity_for_one_lie(index: u64) {
        let memory = memory();
        let mut consumer = TestRing::new(&memory).expect("large enough").consumer();
        memory[PRODUCED].store(index, Ordering::Relaxed);
        let taken = core::iter::from_fn(|| consumer.pop()).take(2 * CAPACITY).count() as u64;
        prop_assert_eq!(taken, if index <= CAPACITY as u64 { index } else { 0 });
    }

    #[test]
    fn a_producer_sends_no_more_than_the_capacity_beyond_what_it_sent(index: u64) {
        let memory = memory();
        let mut producer = TestRing::new(&memory).expect("large enough").producer();
        for number in 0..CAPACITY as u64 {
            prop_assert!(producer.push(&item(number)).is_ok());
        }
        memory[CONSUMED].store(index, Ordering::Relaxed);
        let sent = (0..2 * CAPACITY as u64).take_while(|&number| producer.push(&item(number)).is_ok()).count() as u64;
        prop_assert_eq!(sent, if index <= CAPACITY as u64 { index } else { 0 });
    }

    #[test]
    fn an_item_that_lies_about_its_length_or_capabilities_is_not_well_formed(info: u64) {
        let item = Item { info: MessageInfo(info), ..Item::default() };
        prop_assert_eq!(item.is_well_formed(), info & 0xfff <= 6);
    }
}

#[test]
fn a_ring_works_on_when_the_peer_stops_lying() {
    let memory = memory();
    let ring = TestRing::new(&memory).expect("large enough");
    let (mut producer, mut consumer) = (ring.producer(), ring.consumer());
    producer.push(&item(1)).expect("room");
    let honest = memory[PRODUCED].swap(u64::MAX, Ordering::Relaxed);
    assert_eq!(consumer.pop(), None);
    assert_eq!(consumer.lies(), 1);
    memory[PRODUCED].store(honest, Ordering::Relaxed);
    assert_eq!(consumer.pop(), Some(item(1)));
}

#[test]
fn an_item_is_copied_once_so_that_later_scribbling_does_not_change_it() {
    let memory = memory();
    let ring = TestRing::new(&memory).expect("large enough");
    let (mut producer, mut consumer) = (ring.producer(), ring.consumer());
    producer.push(&item(7)).expect("room");
    let taken = consumer.pop();
    memory.iter().for_each(|word| word.store(u64::MAX, Ordering::Relaxed));
    assert_eq!(taken, Some(item(7)));
}

/// A cheap, repeatable source of numbers.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

#[test]
fn a_peer_that_scribbles_on_everything_cannot_make_either_end_fail_or_hang() {
    const STEPS: u64 = 100_000;
    let memory = memory();
    let ring = TestRing::new(&memory).expect("large enough");
    thread::scope(|scope| {
        let victim = scope.spawn(|| {
            let (mut producer, mut consumer) = (ring.producer(), ring.consumer());
            for number in 0..STEPS {
                let _ = producer.push(&item(number));
                // Whatever is in the item, looking at it is safe, and there is an end to it.
                let taken =
                    core::iter::from_fn(|| consumer.pop()).take(CAPACITY).filter(Item::is_well_formed);
                assert!(taken.count() <= CAPACITY);
                let _ = producer.flag().flip_to_awake();
            }
            assert!(producer.produced() <= STEPS);
        });
        let memory = &memory;
        scope.spawn(move || {
            let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
            while !victim.is_finished() {
                let value = numbers.next();
                // Small values too: they are the ones that pass for indexes.
                let value = if value & 1 == 0 { value } else { value % 64 };
                memory[numbers.next() as usize % memory.len()].store(value, Ordering::Relaxed);
            }
        });
    });
}
