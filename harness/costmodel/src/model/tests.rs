use rel4_markers::Role;

use super::*;
use crate::counters::Counters;
use crate::options::Order;
use crate::plan::{Fetch, Instruction, Segment, Step, plan};
use crate::set_associative::LINE_BYTES;

const KERNEL: u64 = 0xffff_ffff_8020_0000;
const USER: u64 = 0x1_0000;
const VECTOR: u64 = KERNEL + 0x1000;
const HANDLER: u64 = USER + 0x1000;
const NOP: u32 = 0x13;
const LOAD: u32 = 0x0005_3503;
const STORE: u32 = 0x00a5_3023;
const ECALL: u32 = 0x73;
const SRET: u32 = 0x1020_0073;
const WFI: u32 = 0x1050_0073;
const INTERRUPT_FILE: u64 = 0x2800_0000;

fn preset() -> Preset {
    preset_with(1)
}

fn preset_with(address_space_tags: u64) -> Preset {
    let numbers = [
        (Parameter::AddressSpaceTags, address_space_tags),
        (Parameter::TrapEntry, 13),
        (Parameter::Transfer, 40),
        (Parameter::DeviceStore, 60),
        (Parameter::MemoryAccess, 100),
        (Parameter::L1DataBytes, 4096),
        (Parameter::L1DataWays, 4),
        (Parameter::DataTlbEntries, 8),
        (Parameter::TlbMiss, 25),
    ];
    let value = |parameter| numbers.iter().find(|(p, _)| *p == parameter).map(|(_, value)| *value);
    Preset::new("test", |parameter| value(parameter).or(Some(parameter.range().0))).expect("sound")
}

/// A machine, and the emulator that drives it.
struct Machine {
    model: Model,
    options: Options,
}

impl Machine {
    fn new(harts: usize) -> Self {
        Self::looking(Detail::Blocks, harts)
    }

    fn looking(detail: Detail, harts: usize) -> Self {
        Self::with(Options { detail, ..Options::default() }, harts)
    }

    fn taking_turns_by(order: Order, harts: usize) -> Self {
        Self::with(Options { order, ..Options::default() }, harts)
    }

    fn with(options: Options, harts: usize) -> Self {
        let options = Options { trap_vectors: vec![VECTOR], user_vectors: vec![HANDLER], ..options };
        let mut machine = Self { model: Model::new(harts, &preset(), &options), options };
        for hart in 0..harts {
            machine.model.switch_to(hart);
            machine.run(KERNEL, &[NOP], None);
        }
        machine.model.switch_to(0);
        machine
    }

    /// Runs a block; its accesses go to `target`, and fail without one.
    fn run(&mut self, address: u64, words: &[u32], target: Option<Target>) {
        let _ = self.slice_after(address, words, target);
    }

    /// The same, and what the model answers.
    fn slice_after(&mut self, address: u64, words: &[u32], target: Option<Target>) -> Slice {
        let instructions: Vec<_> = (address..)
            .step_by(4)
            .zip(words)
            .map(|(address, &word)| Instruction {
                address,
                physical: 0x9000_0000 | address & 0xff_ffff,
                word,
            })
            .collect();
        let plan = plan(&instructions, &preset(), &self.options);
        let mut slice = self.model.block(&plan.head);
        for (_, step) in plan.steps {
            let answer = match (step, target) {
                (Step::Executed(step), _) => self.model.executed(&step),
                (Step::Accessed(_), None) => return slice,
                (Step::Accessed(step), Some(Target::Memory(physical) | Target::Device(physical))) => {
                    self.model.accessed(&step, physical, || target)
                }
            };
            slice = slice.or(answer);
        }
        slice
    }

    fn counters(&mut self) -> Vec<Counters> {
        self.model.take_report().harts
    }

    #[track_caller]
    fn assert_counter(&mut self, hart: usize, counter: Counter, value: u64) {
        assert_eq!(self.counters()[hart].get(counter), value, "{}", counter.name());
    }
}

#[test]
fn user_and_kernel_are_counted_apart() {
    let mut machine = Machine::new(1);
    machine.run(KERNEL, &[NOP, SRET], None);
    machine.run(USER, &[NOP, NOP, ECALL], None);
    machine.run(VECTOR, &[NOP, SRET], None);
    machine.run(USER + 12, &[NOP], None);
    machine.assert_counter(0, Counter::UserInstructions, 4);
    machine.assert_counter(0, Counter::KernelInstructions, 5);
    machine.assert_counter(0, Counter::KernelCycles, 5 + 13);
    machine.assert_counter(0, Counter::SystemCalls, 1);
    machine.assert_counter(0, Counter::Returns, 2);
}

#[test]
fn the_loader_before_the_kernel_does_not_count() {
    let mut model = Model::new(1, &preset(), &Options::default());
    model.switch_to(0);
    let mut machine = Machine { model, options: Options::default() };
    machine.run(0x8400_0000, &[NOP; 9], None);
    machine.run(KERNEL, &[NOP], None);
    machine.assert_counter(0, Counter::UserInstructions, 0);
    machine.assert_counter(0, Counter::KernelInstructions, 1);
    assert_eq!(machine.counters()[0].traps(), 0, "the loader jumped");
}

#[test]
fn traps_are_told_apart_by_what_happened_just_before() {
    let mut machine = Machine::new(1);
    for (words, counter) in [
        (&[NOP, ECALL][..], Counter::SystemCalls),
        (&[0x0010_0073], Counter::Breakpoints),
        (&[NOP, LOAD, NOP], Counter::MemoryFaults),
        (&[NOP, NOP], Counter::OtherTraps),
    ] {
        machine.run(USER, words, None);
        machine.run(VECTOR, &[SRET], None);
        machine.assert_counter(0, counter, 1);
    }
}

/// A block of the firmware.
fn firmware(machine: &mut Machine) {
    let head = Head { owner: Owner::Firmware, entry: Entry::None, fetch: None, segment: Segment::default() };
    let _ = machine.model.block(&head);
}

#[test]
fn the_way_from_a_program_to_the_kernel_is_a_trap_wherever_it_ends() {
    let mut machine = Machine::new(1);
    machine.run(USER, &[ECALL], None);
    machine.run(KERNEL, &[SRET], None);
    machine.assert_counter(0, Counter::SystemCalls, 1);
    machine.run(USER, &[NOP], None);
    firmware(&mut machine);
    machine.run(KERNEL, &[SRET], None);
    machine.assert_counter(0, Counter::OtherTraps, 1);
}

#[test]
fn the_way_from_the_firmware_back_is_no_trap() {
    let mut machine = Machine::new(1);
    machine.run(USER, &[NOP], None);
    firmware(&mut machine);
    machine.run(USER, &[NOP, ECALL], None);
    machine.run(VECTOR, &[NOP], None);
    firmware(&mut machine);
    machine.run(KERNEL, &[NOP, SRET], None);
    assert_eq!(machine.counters()[0].traps(), 1, "the system call alone");
}

#[test]
fn the_firmware_between_a_system_call_and_its_handler_hides_nothing() {
    let mut machine = Machine::new(1);
    machine.run(USER, &[ECALL], None);
    firmware(&mut machine);
    machine.run(VECTOR, &[SRET], None);
    machine.assert_counter(0, Counter::SystemCalls, 1);
}

#[test]
fn an_interrupt_after_the_kernel_called_the_firmware_is_no_system_call() {
    let mut machine = Machine::new(1);
    machine.run(KERNEL, &[ECALL], None);
    machine.run(VECTOR, &[SRET], None);
    machine.assert_counter(0, Counter::OtherTraps, 1);
}

#[test]
fn user_interrupts_leave_the_kernel_out() {
    let mut machine = Machine::new(1);
    machine.run(USER, &[NOP], None);
    machine.run(HANDLER, &[NOP, SRET], None);
    let counters = &machine.counters()[0];
    assert_eq!(counters.get(Counter::UserInterrupts), 1);
    assert_eq!(counters.get(Counter::UserReturns), 1);
    assert_eq!((counters.traps(), counters.get(Counter::Returns)), (0, 0));
}

#[test]
fn the_first_access_to_a_line_misses_and_the_next_does_not() {
    let mut machine = Machine::new(1);
    let target = Some(Target::Memory(0x9100_0000));
    machine.run(KERNEL, &[LOAD, LOAD, STORE], target);
    machine.assert_counter(0, Counter::L1DataMisses, 1);
    machine.assert_counter(0, Counter::DataTlbMisses, 1);
    machine.assert_counter(0, Counter::KernelCycles, 1 + 3 + 100 + 25);
}

#[test]
fn a_value_from_another_hart_costs_its_transfer_instead_of_a_miss() {
    let mut machine = Machine::new(2);
    let target = Some(Target::Memory(0x9100_0000));
    machine.run(KERNEL, &[STORE], target);
    let written = machine.counters()[0].get(Counter::KernelCycles);
    machine.model.switch_to(1);
    machine.run(KERNEL, &[LOAD], target);
    machine.assert_counter(1, Counter::Transfers, 1);
    machine.assert_counter(1, Counter::L1DataMisses, 0);
    machine.assert_counter(1, Counter::KernelCycles, written + 40);
}

#[test]
fn a_hart_alone_needs_no_transfers() {
    let mut machine = Machine::new(1);
    machine.run(KERNEL, &[STORE, LOAD], Some(Target::Memory(0x9100_0000)));
    machine.assert_counter(0, Counter::Transfers, 0);
}

#[test]
fn a_slice_ends_when_the_hart_is_too_far_ahead() {
    let mut machine = Machine::new(2);
    assert_eq!(machine.slice_after(KERNEL, &[NOP; 50], None), Slice::Continue);
    assert_eq!(machine.slice_after(KERNEL, &[NOP; 2], None), Slice::Continue);
    assert_eq!(machine.slice_after(KERNEL, &[NOP], None), Slice::End);
}

/// Loads by one hart until its slice ends, each from a line that nobody has; how many.
fn misses_in_a_slice(order: Order) -> u64 {
    let mut machine = Machine::taking_turns_by(order, 2);
    let is_over = |line: &u64| {
        let target = Some(Target::Memory(0x9100_0000 + LINE_BYTES * line));
        machine.slice_after(KERNEL, &[LOAD], target) == Slice::End
    };
    (0..).find(is_over).expect("a slice ends")
}

#[test]
fn prices_end_slices_where_harts_take_turns_by_cycles_alone() {
    // A slice is over when the hart is found more than 50 ahead of the other, which is one ahead at first. A miss costs 101 cycles or more.
    assert_eq!(misses_in_a_slice(Order::Instructions), 52);
    assert_eq!(misses_in_a_slice(Order::Cycles), 1);
}

#[test]
fn a_woken_hart_is_in_turn_with_its_waker_and_has_the_time_of_the_doorbell() {
    let mut machine = Machine::taking_turns_by(Order::Instructions, 2);
    machine.model.switch_to(1);
    machine.run(KERNEL, &[WFI], None);
    machine.model.switch_to(0);
    machine.run(KERNEL, &[LOAD; 200], Some(Target::Device(0x1000_0000)));
    machine.run(KERNEL, &[STORE], Some(Target::Device(INTERRUPT_FILE)));
    let rung_at = machine.counters()[0].get(Counter::KernelCycles);
    machine.model.switch_to(1);
    machine.run(KERNEL, &[NOP], None);
    assert_eq!(machine.counters()[1].get(Counter::IdleCycles), rung_at - 2);
    machine.assert_counter(1, Counter::KernelInstructions, 3);
    assert_eq!(machine.slice_after(KERNEL, &[NOP; 50], None), Slice::Continue);
    assert_eq!(machine.slice_after(KERNEL, &[NOP], None), Slice::End, "50 ahead of the waker");
}

#[test]
fn a_hart_woken_while_all_sleep_is_in_turn_with_the_last_to_fall_asleep() {
    let mut machine = Machine::taking_turns_by(Order::Instructions, 2);
    machine.model.switch_to(1);
    machine.run(KERNEL, &[WFI], None);
    machine.model.switch_to(0);
    machine.run(KERNEL, &[NOP; 200], None);
    machine.run(KERNEL, &[WFI], None);
    machine.model.switch_to(1);
    machine.run(KERNEL, &[NOP], None);
    assert_eq!(machine.model.progress(), 203, "the other's 202, and one of its own");
}

#[test]
fn a_store_to_a_device_ends_the_slice_and_a_load_does_not() {
    let mut machine = Machine::new(2);
    assert_eq!(machine.slice_after(KERNEL, &[LOAD], Some(Target::Device(0x1000_0000))), Slice::Continue);
    assert_eq!(machine.slice_after(KERNEL, &[STORE], Some(Target::Device(0x1000_0000))), Slice::End);
    machine.assert_counter(0, Counter::DeviceLoads, 1);
    machine.assert_counter(0, Counter::DeviceStores, 1);
}

#[test]
fn a_woken_hart_goes_on_at_the_time_of_the_doorbell() {
    let mut machine = Machine::new(2);
    machine.model.switch_to(1);
    machine.run(KERNEL, &[WFI], None);
    let asleep_at = machine.counters()[1].get(Counter::KernelCycles);
    machine.model.switch_to(0);
    machine.run(KERNEL, &[NOP; 200], None);
    machine.run(KERNEL, &[STORE], Some(Target::Device(INTERRUPT_FILE)));
    let rung_at = machine.counters()[0].get(Counter::KernelCycles);
    machine.model.switch_to(1);
    machine.run(KERNEL, &[NOP], None);
    machine.assert_counter(1, Counter::IdleCycles, rung_at - asleep_at);
    machine.assert_counter(1, Counter::KernelCycles, asleep_at + 1);
}

#[test]
fn a_hart_that_runs_is_interrupted_no_earlier_than_the_doorbell_was_rung() {
    for rings in [true, false] {
        let mut machine = Machine::taking_turns_by(Order::Instructions, 2);
        machine.model.switch_to(1);
        machine.run(KERNEL, &[NOP], None);
        machine.run(USER, &[NOP], None);
        machine.model.switch_to(0);
        machine.run(KERNEL, &[LOAD; 20], Some(Target::Device(0x1000_0000)));
        if rings {
            machine.run(KERNEL, &[STORE], Some(Target::Device(INTERRUPT_FILE)));
        }
        let marker = Marker::new(Role::Point, 1);
        machine.run(KERNEL, &[marker.instruction()], None);
        machine.model.switch_to(1);
        machine.run(KERNEL, &[marker.instruction()], None);
        let clocks: Vec<_> = machine.model.take_report().markers.iter().map(|row| row.clock).collect();
        assert_eq!(clocks[1] > clocks[0], rings, "{clocks:?}");
    }
}

#[test]
fn the_console_wakes_nobody() {
    let mut machine = Machine::new(2);
    machine.model.switch_to(1);
    machine.run(KERNEL, &[WFI], None);
    machine.model.switch_to(0);
    machine.run(KERNEL, &[NOP; 200], None);
    machine.run(KERNEL, &[STORE], Some(Target::Device(0x1000_0000)));
    machine.model.switch_to(1);
    machine.run(KERNEL, &[NOP], None);
    machine.assert_counter(1, Counter::IdleCycles, 0);
}

#[test]
fn an_access_that_the_emulator_does_not_explain_is_counted() {
    let mut machine = Machine::new(1);
    let load = plan(
        &[Instruction { address: KERNEL, physical: 0x9000_0000, word: LOAD }],
        &preset(),
        &machine.options,
    );
    let Step::Accessed(step) = load.steps[0].1 else { panic!("a load accesses memory") };
    let _ = machine.model.accessed(&step, 0x40, || None);
    machine.assert_counter(0, Counter::UntranslatedAccesses, 1);
}

#[test]
fn the_report_is_as_of_the_exit_marker() {
    let mut machine = Machine::new(1);
    let marker = Marker::new(Role::Point, 3);
    machine.run(KERNEL, &[NOP, marker.instruction(), NOP, Marker::EXIT.instruction(), NOP, NOP], None);
    assert!(machine.model.is_finished());
    machine.run(KERNEL, &[NOP, marker.instruction()], None);
    let report = machine.model.take_report();
    assert_eq!(report.end, End::Exit);
    assert_eq!(report.harts[0].get(Counter::KernelInstructions), 3);
    let rows: Vec<_> =
        report.markers.iter().map(|row| (row.marker, row.figures.kernel.instructions)).collect();
    assert_eq!(rows, [(marker, 2), (Marker::EXIT, 3)]);
}

#[test]
fn a_report_without_the_exit_marker_says_so() {
    let mut machine = Machine::new(1);
    assert_eq!(machine.model.take_report().end, End::Shutdown);
}

#[test]
fn code_of_the_same_line_is_fetched_once() {
    let fetch = Fetch { line: 1, virtual_page: 2 };
    assert_eq!(Fetch::of(&Instruction { address: 0x2000, physical: 64, word: NOP }), fetch);
    assert_eq!(Fetch::of(&Instruction { address: 0x203c, physical: 124, word: NOP }), fetch);
}

#[test]
fn a_kernel_says_what_an_interrupt_is_for() {
    let mut machine = Machine::new(1);
    let timer = Marker::new(Role::Cause, Cause::Timer.index()).instruction();
    machine.run(USER, &[NOP], None);
    machine.run(VECTOR, &[NOP, timer, timer, SRET], None);
    machine.assert_counter(0, Counter::TimerInterrupts, 1);
    machine.assert_counter(0, Counter::OtherTraps, 0);
    assert!(machine.model.take_report().markers.is_empty(), "a cause is no marker of the workload's");
}

#[test]
fn an_interrupt_that_a_sleeping_kernel_takes_explains_no_trap() {
    let mut machine = Machine::new(1);
    let timer = Marker::new(Role::Cause, Cause::Timer.index()).instruction();
    for trap in [NOP, ECALL] {
        machine.run(USER, &[trap], None);
        machine.run(VECTOR, &[NOP, SRET], None);
    }
    machine.run(USER, &[ECALL], None);
    machine.run(VECTOR, &[NOP, WFI, timer, SRET], None);
    machine.assert_counter(0, Counter::TimerInterrupts, 0);
    machine.assert_counter(0, Counter::OtherTraps, 1);
    machine.assert_counter(0, Counter::SystemCalls, 2);
}

#[test]
fn a_cause_without_a_name_is_reported() {
    let mut machine = Machine::new(1);
    let unknown = Marker::new(Role::Cause, 99);
    machine.run(KERNEL, &[unknown.instruction()], None);
    assert_eq!(machine.model.take_report().markers[0].marker, unknown);
}

#[test]
fn progress_is_that_of_the_slowest_hart_that_should_run() {
    let mut machine = Machine::new(2);
    machine.run(KERNEL, &[NOP; 100], None);
    assert_eq!(machine.model.progress(), 2, "the other hart does not get its turn");
    machine.model.switch_to(1);
    machine.run(KERNEL, &[WFI], None);
    assert_eq!(machine.model.progress(), 101, "it sleeps");
}

#[test]
fn a_window_is_what_all_harts_did_from_the_first_begin_to_the_last_end() {
    let mut machine = Machine::new(2);
    let [begin, end] = [Role::Begin, Role::End].map(|role| Marker::new(role, 1).instruction());
    let on = |machine: &mut Machine, hart, words: &[u32]| {
        machine.model.switch_to(hart);
        machine.run(USER, words, None);
    };
    on(&mut machine, 1, &[NOP; 3]);
    on(&mut machine, 0, &[NOP, begin, NOP, end]);
    on(&mut machine, 1, &[NOP; 20]);
    on(&mut machine, 0, &[NOP, begin, NOP, end, NOP]);
    on(&mut machine, 1, &[NOP; 5]);
    let report = machine.model.take_report();
    let instructions: Vec<_> =
        report.windows[0].harts.iter().map(|hart| hart.get(Counter::UserInstructions)).collect();
    assert_eq!((report.windows.len(), report.windows[0].stage), (1, 1));
    assert_eq!(instructions, [3, 20]);
}

#[test]
fn a_stage_that_never_ended_has_no_window() {
    let mut machine = Machine::new(1);
    let [begin, end] = [(Role::Begin, 1), (Role::End, 2)].map(|(role, index)| Marker::new(role, index));
    machine.run(KERNEL, &[begin.instruction(), NOP, end.instruction()], None);
    assert!(machine.model.take_report().windows.is_empty());
}

#[test]
fn without_doorbells_a_woken_hart_is_level_with_the_slowest_other() {
    let mut machine = Machine::looking(Detail::Schedule, 2);
    machine.model.switch_to(1);
    machine.run(KERNEL, &[WFI], None);
    machine.model.switch_to(0);
    machine.run(KERNEL, &[NOP; 200], None);
    machine.model.switch_to(1);
    machine.run(KERNEL, &[NOP], None);
    let marker = Marker::new(Role::Point, 1);
    for hart in [0, 1] {
        machine.model.switch_to(hart);
        machine.run(KERNEL, &[marker.instruction()], None);
    }
    let clocks: Vec<_> = machine.model.take_report().markers.iter().map(|row| row.clock).collect();
    assert_eq!(clocks, [201, 202]);
}

#[test]
fn another_address_space_empties_the_tlbs_of_a_machine_that_does_not_tag_them() {
    const CSRW_SATP: u32 = 0x1805_1073;
    for (tags, misses) in [(1, 1), (0, 2)] {
        let mut machine = Machine::new(1);
        machine.model = Model::new(1, &preset_with(tags), &machine.options);
        let target = Some(Target::Memory(0x9100_0000));
        machine.run(KERNEL, &[LOAD, CSRW_SATP], target);
        machine.run(KERNEL, &[LOAD], target);
        machine.assert_counter(0, Counter::DataTlbMisses, misses);
    }
}

#[test]
fn a_tracepoint_is_recorded_while_something_is_measured() {
    let mut machine = Machine::new(2);
    let tracepoint = Marker::new(Role::Tracepoint, 3);
    let (begin, end) = (Marker::new(Role::Begin, 1), Marker::new(Role::End, 1));
    for (hart, marker) in
        [(0, tracepoint), (0, begin), (1, tracepoint), (0, tracepoint), (0, end), (0, tracepoint)]
    {
        machine.model.switch_to(hart);
        machine.run(KERNEL, &[NOP, marker.instruction()], None);
    }
    let markers: Vec<_> =
        machine.model.take_report().markers.iter().map(|row| (row.hart, row.marker)).collect();
    assert_eq!(markers, [(0, begin), (1, tracepoint), (0, tracepoint), (0, end)]);
}
