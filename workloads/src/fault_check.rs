//! Checks faults on a kernel without endpoints end to end: another process faults, its handler is interrupted, reads the record, and answers.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::sched::MAX_PRIORITY;
use rel4_abi::{CapRights, FaultMessage, FaultRecord, ObjectType};
use rel4_records::Kind;
use rel4_runtime::arch;
use rel4_runtime::cap::{Frame, Notification, Tcb};
use rel4_runtime::process::{self, ProcessSpec, Start, Supervisor};
use rel4_runtime::resources::{ResourceError, Resources};
use rel4_runtime::shared::SharedMemory;
use rel4_runtime::uintr::{self, Delivery};

use crate::failure::Failure;
use crate::parameters::Parameters;
use crate::root::Root;

/// The workload's name.
pub const NAME: &str = "fault-check";

/// The system calls that the child makes and no kernel has.
const CALLS: [u64; 3] = [7, 8, 9];
/// What each of them is answered, plus its number.
const ANSWER: u64 = 0x5eed;
const ECALL_BYTES: u64 = 4;
/// The record in the page, and what the handler calls the child.
const INDEX: u64 = 5;
const CHILD: u64 = 0xc11d;
const BADGE: u64 = 0b100;

/// Runs the workload.
///
/// # Errors
///
/// [`Failure::Check`] names the first property that does not hold.
pub fn run(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    parameters.only(&[])?;
    root.begin(NAME, parameters)?;
    let notification = Notification(root.resources.make(ObjectType::Notification, 0)?);
    Resources::TCB.bind_notification(notification)?;
    let mut passed = 0;
    let mut check = |name: &'static str, holds: bool| {
        passed += u64::from(holds);
        if holds { Ok(()) } else { Err(Failure::Check { name }) }
    };
    let delivery = uintr::register(Resources::TCB, notification)?;
    check("the_handler_has_an_interrupt_file", delivery == Delivery::InterruptFile)?;

    let badged = root.resources.take_slot()?;
    Resources::slot(badged).mint_badged_from(Resources::slot(notification.0), CapRights::WRITE, BADGE)?;
    let memory = SharedMemory::new(&mut root.resources, (INDEX as usize + 1) * FaultRecord::WORDS)?;
    let frame = Frame(memory.frame(0).ok_or(ResourceError::OutOfSlots)?);
    let record = &memory.words()[INDEX as usize * FaultRecord::WORDS..];
    let child = create_child(root)?;
    child.set_fault_handler(Notification(badged), frame, INDEX, CHILD)?;
    child.resume()?;
    for (sequence, call) in (1..).zip(CALLS) {
        check("a_fault_wakes_its_handler", notification.wait() == BADGE)?;
        let record = load(record);
        let known = (record.sequence, record.thread, record.badge) == (sequence, CHILD, BADGE);
        check("the_record_tells_who_and_how_often", known)?;
        let Some(FaultMessage::UnknownSyscall { pc, sp, ra, arguments, number }) = record.fault() else {
            return Err(Failure::Check { name: "the_record_holds_the_fault" });
        };
        check("the_record_holds_number_and_arguments", (number, arguments[1]) == (call, sequence))?;
        let expected = if sequence == 1 { 0 } else { ANSWER + sequence - 1 };
        check("the_answer_arrives_in_a_register", arguments[0] == expected)?;
        child.answer_fault(&[pc + ECALL_BYTES, sp, ra, ANSWER + sequence])?;
    }
    check("an_exception_wakes_its_handler", notification.wait() == BADGE)?;
    let fault = load(record).fault();
    check("the_record_holds_the_exception", matches!(fault, Some(FaultMessage::UserException { .. })))?;
    child.clear_fault_handler()?;
    root.records.record(Kind::Note).field("checks_passed", passed).finish()?;
    Ok(())
}

/// The child's thread, stopped. Its supervisor is the root task, which will be its handler in another way.
fn create_child(root: &mut Root) -> Result<Tcb, Failure> {
    let supervisor = Supervisor::new(&mut root.resources)?;
    let spec = ProcessSpec {
        main: child_main,
        arguments: [0; 4],
        priority: MAX_PRIORITY - 1,
        hart: 0,
        supervisor,
        badge: 1,
        grants: &[],
        shared: None,
    };
    Ok(process::create(&mut root.resources, root.info, &spec)?.tcb())
}

/// Makes the calls, each with the answer to the one before, then executes what it may not.
extern "C" fn child_main(_start: &Start) -> ! {
    let mut answer = 0;
    for (sequence, call) in (1..).zip(CALLS) {
        answer = arch::unknown_syscall(call, [answer, sequence, 0, 0, 0, 0, 0]);
    }
    arch::fault()
}

fn load(record: &[AtomicU64]) -> FaultRecord {
    FaultRecord::from_words(core::array::from_fn(|index| record[index].load(Ordering::Relaxed)))
}
