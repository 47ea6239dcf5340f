//! A hostile user thread in VS-mode: tries to get at what is not its own, or to keep the hart to itself, while a bystander of the same
//! priority goes on and finds its own processor state as it left it. One attack a boot; the parameter `attack` names it.

mod attacks;
mod bystander;
mod forbidden;
mod registers;

use rel4_abi::sched::MAX_PRIORITY;
use rel4_abi::{CapRights, FaultMessage, ObjectType, Register};
use rel4_records::Kind;
use rel4_runtime::cap::Notification;
use rel4_runtime::process::{self, Grant, Process, ProcessMain, ProcessSpec, Report, Supervisor};
use rel4_runtime::resources::Resources;
use rel4_runtime::shared::SharedMemory;
use rel4_runtime::uintr::SenderPage;

use self::attacks::{ATTACKS, Attack, Expected};
use crate::failure::{self, Failure};
use crate::parameters::Parameters;
use crate::root::Root;

/// The workload's name.
pub const NAME: &str = "hostile-vs";

const ATTACK: &str = "attack";

/// Both run below the root task, which only waits.
const PRIORITY: u64 = MAX_PRIORITY - 1;
const BYSTANDER_BADGE: u64 = 1;
const ATTACKER_BADGE: u64 = 2;

/// Words that all three share: the bystander is set up; the attack goes on; the number of the forbidden access that is tried.
const READY: usize = 0;
const STARTED: usize = 1;
const TRIED: usize = 2;
const SHARED_WORDS: usize = 3;

/// Number of the sender page of a process's own file, and of the other one's.
const OWN_PAGE: u64 = 0;
const OTHER_PAGE: u64 = 1;

const ILLEGAL_INSTRUCTION: u64 = 2;
const VIRTUAL_INSTRUCTION: u64 = 22;

/// Runs the workload.
///
/// # Errors
///
/// [`Failure::Check`] names what the attacker got through with, or that the bystander was disturbed.
pub fn run(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    parameters.only(&[ATTACK])?;
    let names = ATTACKS.each_ref().map(|attack| (attack.name, attack));
    let attack = parameters.choice(ATTACK, &names)?;
    root.begin(NAME, parameters)?;

    let shared = SharedMemory::new(&mut root.resources, SHARED_WORDS)?;
    let supervisor = Supervisor::new(&mut root.resources)?;
    let index = ATTACKS.iter().position(|other| other.name == attack.name).unwrap_or_default();
    let bystander = start(root, &shared, supervisor, bystander::main, BYSTANDER_BADGE, 0)?;
    let attacker = start(root, &shared, supervisor, attacks::main, ATTACKER_BADGE, index as u64)?;
    for (process, own, other) in [(bystander, bystander, attacker), (attacker, attacker, bystander)] {
        map_page(root, process, own, OWN_PAGE)?;
        map_page(root, process, other, OTHER_PAGE)?;
    }
    bystander.process.start()?;
    attacker.process.start()?;

    let end = watch(supervisor, &shared, attacker.process, attack)?;
    check(attack, &end)?;
    root.records.record(Kind::Note).field("refused", end.refused.count_ones()).finish()?;
    Ok(())
}

/// A process and the notification that it receives.
#[derive(Clone, Copy)]
struct Party {
    process: Process,
    notification: Notification,
}

fn start(
    root: &mut Root,
    shared: &SharedMemory,
    supervisor: Supervisor,
    main: ProcessMain,
    badge: u64,
    attack: u64,
) -> Result<Party, Failure> {
    let notification = Notification(root.resources.make(ObjectType::Notification, 0)?);
    let spec = ProcessSpec {
        main,
        arguments: [attack, 0, 0, 0],
        priority: PRIORITY,
        hart: 0,
        supervisor,
        badge,
        grants: &[Grant { source: notification.0, rights: CapRights::READ, badge: 0 }],
        shared: Some(shared),
    };
    let process = process::create(&mut root.resources, root.info, &spec)?;
    process.tcb().bind_notification(notification)?;
    process.tcb().register_receiver(notification, registers::handler())?;
    Ok(Party { process, notification })
}

/// Maps the sender page of `receiver` into `process`.
fn map_page(root: &mut Root, process: Party, receiver: Party, number: u64) -> Result<(), Failure> {
    let slot = root.resources.take_slot()?;
    let address = SenderPage::address(number).ok_or(Failure::Check { name: "there_is_room" })?;
    let vspace = process.process.vspace();
    Ok(vspace.register_sender(receiver.notification, address, Resources::CNODE, slot.word())?)
}

/// How an attack ended.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    /// Bit *i*: forbidden access *i* was refused.
    refused: u64,
    /// What the attacker saw that it should not, if it finished.
    seen: Option<u64>,
    /// The fault that ended it.
    fault: Option<FaultMessage>,
}

/// Waits for the end of the attack and for the bystander.
fn watch(
    supervisor: Supervisor,
    shared: &SharedMemory,
    attacker: Process,
    attack: &Attack,
) -> Result<End, Failure> {
    let mut end = End::default();
    let mut bystander_is_done = false;
    let mut attack_is_over = matches!(attack.expected, Expected::Endless);
    while !(bystander_is_done && attack_is_over) {
        match supervisor.receive() {
            (BYSTANDER_BADGE, report) => {
                let [differences, ..] = failure::unless_finished("bystander", report)?;
                if differences != 0 {
                    return Err(Failure::WrongAnswer { differences });
                }
                bystander_is_done = true;
            }
            (_, Ok(Report::Faulted(fault))) if attack.expected.goes_on_after(fault) => {
                end.refused |= 1 << (shared.words()[TRIED].load(core::sync::atomic::Ordering::Relaxed) % 64);
                skip_instruction(attacker)?;
            }
            (_, Ok(Report::Faulted(fault))) => {
                end.fault = Some(fault);
                attack_is_over = true;
            }
            (_, report) => {
                let [seen, ..] = failure::unless_finished("attacker", report)?;
                end.seen = Some(seen);
                attack_is_over = true;
            }
        }
    }
    attacker.tcb().suspend()?;
    Ok(end)
}

/// Lets the attacker go on behind the instruction that faulted; all that can fault here are 4 bytes long.
fn skip_instruction(attacker: Process) -> Result<(), Failure> {
    let mut context = attacker.tcb().suspend_and_read_registers()?;
    context.set(Register::Pc, context.get(Register::Pc) + 4);
    Ok(attacker.tcb().write_registers_and_resume(&context)?)
}

fn check(attack: &Attack, end: &End) -> Result<(), Failure> {
    let fail = |name| Err(Failure::Check { name });
    match attack.expected {
        Expected::Refused(accesses) => {
            match accesses.iter().enumerate().find(|(index, _)| end.refused & 1 << index == 0) {
                Some((_, access)) => fail(access.name),
                None => Ok(()),
            }
        }
        Expected::Harmless if end.seen != Some(0) => fail("the_attacker_sees_nothing"),
        Expected::Exception(cause) => match end.fault {
            Some(FaultMessage::UserException { number, .. }) if number == cause => Ok(()),
            _ => fail("the_attacker_faults"),
        },
        Expected::MemoryFault => match end.fault {
            Some(FaultMessage::VmFault { .. }) => Ok(()),
            _ => fail("the_attacker_faults"),
        },
        Expected::Harmless | Expected::Endless => Ok(()),
    }
}

impl Expected {
    /// Whether the fault is one that the attack provokes on its way.
    fn goes_on_after(self, fault: FaultMessage) -> bool {
        let Self::Refused(_) = self else { return false };
        match fault {
            FaultMessage::UserException { number, .. } => {
                [ILLEGAL_INSTRUCTION, VIRTUAL_INSTRUCTION].contains(&number)
            }
            FaultMessage::VmFault { .. } => true,
            _ => false,
        }
    }
}
