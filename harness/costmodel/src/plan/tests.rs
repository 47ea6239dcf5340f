use proptest::prelude::*;

use super::*;

const NOP: u32 = 0x13;
const LOAD: u32 = 0x0005_3503;
const STORE: u32 = 0x00a5_3023;
const SC: u32 = 0x18a5_352f;
const FENCE_VMA: u32 = 0x1200_0073;
const ECALL: u32 = 0x73;
const CODE: u64 = 0x8030_0000;

fn block(words: &[u32]) -> Vec<Instruction> {
    (CODE..).step_by(4).zip(words).map(|(a, &word)| Instruction { address: a, physical: a, word }).collect()
}

fn planned(words: &[u32], detail: Detail) -> Plan {
    plan(&block(words), &Preset::unit(), &Options { detail, ..Options::default() })
}

/// What is charged if all accesses succeed.
fn whole(plan: &Plan) -> u32 {
    let steps = plan.steps.iter().map(|(_, step)| match step {
        Step::Executed(step) => step.segment.instructions,
        Step::Accessed(step) => step.own.instructions + step.after.instructions,
    });
    plan.head.segment.instructions + steps.sum::<u32>()
}

/// What is charged if instruction `faulting` makes an access that fails.
fn before_fault(plan: &Plan, faulting: usize) -> (u32, u32) {
    let (mut charged, mut left) = (plan.head.segment.instructions, plan.head.segment.accesses_left);
    for (index, step) in &plan.steps {
        match step {
            Step::Executed(step) if *index <= faulting => {
                charged += step.segment.instructions;
                left = step.segment.accesses_left;
            }
            Step::Accessed(step) if *index < faulting => {
                charged += step.together.instructions;
                left = step.together.accesses_left;
            }
            Step::Executed(_) | Step::Accessed(_) => {}
        }
    }
    (charged, left)
}

#[test]
fn a_block_without_accesses_is_charged_when_it_starts() {
    let plan = planned(&[NOP, NOP, NOP], Detail::Blocks);
    assert_eq!(plan.head.segment, Segment { instructions: 3, cycles: 3, accesses_left: 0 });
    assert!(plan.steps.is_empty());
}

#[test]
fn an_access_that_fails_is_not_charged_nor_what_follows() {
    let plan = planned(&[NOP, NOP, LOAD, NOP, STORE, NOP], Detail::Blocks);
    assert_eq!(before_fault(&plan, 2), (2, 2));
    assert_eq!(before_fault(&plan, 4), (4, 1));
    assert_eq!(whole(&plan), 6);
}

#[test]
fn a_marker_is_no_instruction_and_divides_what_is_around_it() {
    let marker = Marker::new(rel4_markers::Role::Point, 1);
    let plan = planned(&[NOP, marker.instruction(), NOP, NOP], Detail::Blocks);
    assert_eq!(plan.head.segment.instructions, 1);
    assert!(matches!(
        plan.steps[..],
        [(1, Step::Executed(Executed { effect: Effect::Marker(found), segment: Segment { instructions: 2, .. }, .. }))]
            if found == marker
    ));
}

#[test]
fn what_may_trap_without_an_access_is_charged_alone() {
    for word in [SC, FENCE_VMA, ECALL] {
        let plan = planned(&[NOP, word, NOP, LOAD], Detail::Blocks);
        assert_eq!(plan.head.segment.instructions, 1, "{word:#x}");
        assert_eq!(before_fault(&plan, 1), (2, 0), "{word:#x}: it counts, and no access is to blame");
        assert_eq!(whole(&plan), 4, "{word:#x}");
    }
}

#[test]
fn another_line_of_code_is_fetched_where_it_begins() {
    let plan = planned(&[NOP; 40], Detail::Blocks);
    let fetches: Vec<_> = plan.steps.iter().map(|(index, _)| *index).collect();
    assert_eq!(fetches, [16, 32]);
    assert_eq!(plan.head.fetch.map(|fetch| fetch.line), Some(CODE / 64));
}

#[test]
fn the_firmware_fetches_for_free() {
    let firmware: Vec<_> =
        block(&[NOP; 40]).into_iter().map(|i| Instruction { physical: 0x8000_0000, ..i }).collect();
    let plan = plan(&firmware, &Preset::unit(), &Options::default());
    assert_eq!((plan.head.owner, plan.head.fetch), (Owner::Firmware, None));
}

#[test]
fn without_the_cost_model_no_code_is_fetched_and_no_sc_is_followed() {
    let plan = planned(&[NOP; 40], Detail::Schedule);
    assert_eq!((plan.head.segment.instructions, plan.head.fetch, plan.steps.len()), (40, None, 0));
    let plan = planned(&[NOP, SC], Detail::Schedule);
    assert!(matches!(plan.steps[..], [(1, Step::Executed(_))]));
}

#[test]
fn a_block_at_a_vector_is_an_entry() {
    let options = Options { trap_vectors: vec![CODE], ..Options::default() };
    assert_eq!(plan(&block(&[NOP]), &Preset::unit(), &options).head.entry, Entry::Trap);
    let options = Options { user_vectors: vec![CODE], ..Options::default() };
    assert_eq!(plan(&block(&[NOP]), &Preset::unit(), &options).head.entry, Entry::UserInterrupt);
}

fn words() -> impl Strategy<Value = Vec<u32>> {
    let marker = Marker::new(rel4_markers::Role::Point, 1).instruction();
    let word = prop::sample::select(vec![NOP, NOP, NOP, LOAD, STORE, SC, FENCE_VMA, ECALL, marker]);
    prop::collection::vec(word, 1..50)
}

proptest! {
    #[test]
    fn all_ways_charge_the_same_for_the_whole_block(words in words()) {
        let instructions = words.iter().filter(|&&word| decode(word).marker.is_none()).count();
        for detail in Detail::ALL {
            prop_assert_eq!(whole(&planned(&words, detail)) as usize, instructions);
        }
    }

    #[test]
    fn all_ways_charge_the_same_up_to_any_fault(words in words()) {
        let plans = Detail::ALL.map(|detail| planned(&words, detail));
        for (index, _) in words.iter().enumerate().filter(|(_, word)| matches!(**word, LOAD | STORE)) {
            prop_assert_eq!(before_fault(&plans[0], index), before_fault(&plans[1], index));
            prop_assert_eq!(before_fault(&plans[0], index), before_fault(&plans[2], index));
            prop_assert!(before_fault(&plans[0], index).1 > 0, "the access is to blame");
        }
    }
}
