//! A model of blocking: the real kernel, on the mock of the interrupt files, with stores at every place where they can land.
//!
//! A [`Story`] says what the owner of a file and another thread do, and what a device stores meanwhile. [`explore`] tells it once for every way
//! of placing the stores between the kernel's accesses to the file and between kernel entries, and checks each time that
//!
//! 1. the owner gets every bit that was stored, once, and no other;
//! 2. it does not wait while something for it is pending;
//! 3. its file is armed only while it does not run.
//!
//! Each step of the kernel's protocol matters: the model finds every [`Mistake`] that is planted.

use std::cell::RefCell;
use std::rc::Rc;
use std::string::String;

use rel4_abi::uintr::FIRST_QUEUE_IDENTITY;
use rel4_abi::{CapRights, InitialSlot, Invocation, ObjectType, Syscall, UintrInvocation};

use super::machine::{PARTNER, Snapshot};
use super::{Machine, fastpath};
use crate::arch::{self, FileStep, Mistake, PhysAddr};
use crate::cap::Cap;
use crate::ipc;
use crate::obj::Obj;
use crate::object::{Tcb, ThreadState};
use crate::trap::Cause;

const TCB: u64 = InitialSlot::Tcb as u64;
/// The file of the owner.
const FILE: usize = 2;
/// Badge of the endpoint capability that messages come through: no bit of a notification here.
const MESSAGE: u64 = 1 << 63;
/// Badge of the kernel's signals.
const SIGNAL: u64 = 1 << 20;

/// Where the owner waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Notification,
    Endpoint,
}

/// What the other thread does, one after the other, each time the owner waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deed {
    Signal,
    Message,
    /// Stops the owner and starts it again.
    Restart,
    Unregister,
    Unbind,
}

/// What happens, apart from when the stores land.
#[derive(Clone, Copy, Debug)]
struct Story {
    place: Place,
    /// The owner silences its file before it waits.
    silenced: bool,
    /// How often the owner waits.
    waits: usize,
    deeds: &'static [Deed],
    /// Identities that a device stores, in this order.
    stores: &'static [u32],
}

/// The machine that a story is told on.
#[derive(Clone, Copy, Debug)]
struct Machinery {
    edges: bool,
    /// The kernel takes the fastpath where it can.
    fast: bool,
    mistake: Option<Mistake>,
}

const STORIES: &[Story] = &[
    story(Place::Notification, 2, &[], &[5, 9]),
    story(Place::Notification, 3, &[], &[63, 63]),
    story(Place::Notification, 1, &[], &[FIRST_QUEUE_IDENTITY + 3]),
    story(Place::Notification, 2, &[], &[200, 1]),
    story(Place::Notification, 2, &[Deed::Signal], &[5]),
    story(Place::Notification, 3, &[Deed::Signal, Deed::Signal], &[5, 6]),
    story(Place::Notification, 2, &[Deed::Restart], &[5, 9]),
    story(Place::Notification, 2, &[Deed::Unregister], &[5, 9]),
    story(Place::Notification, 2, &[Deed::Unregister, Deed::Signal], &[5]),
    story(Place::Notification, 1, &[Deed::Unbind], &[5, 9]),
    story(Place::Endpoint, 2, &[], &[5, 9]),
    story(Place::Endpoint, 2, &[Deed::Message], &[5]),
    story(Place::Endpoint, 3, &[Deed::Message, Deed::Signal], &[5, 6]),
    story(Place::Endpoint, 2, &[Deed::Restart, Deed::Message], &[5]),
    story(Place::Endpoint, 2, &[Deed::Unregister, Deed::Message], &[5]),
    story(Place::Endpoint, 1, &[Deed::Unbind], &[5]),
];

const fn story(place: Place, waits: usize, deeds: &'static [Deed], stores: &'static [u32]) -> Story {
    Story { place, silenced: false, waits, deeds, stores }
}

/// What the device does: it stores at points in time that were fixed before.
struct Device {
    /// The points that have passed.
    now: usize,
    /// The point of each store, in ascending order.
    schedule: Vec<usize>,
    stores: &'static [u32],
    /// The page that it stores to.
    page: PhysAddr,
    done: usize,
    /// Bits of the word that were stored or signalled, and not taken by the kernel since.
    outstanding: u64,
    /// Those that the kernel has taken out of the file for the owner.
    on_the_way: u64,
    /// The file has been given up: stores are without effect.
    gone: bool,
}

impl Device {
    fn point(&mut self) {
        while self.done < self.stores.len() && self.schedule[self.done] <= self.now {
            self.store();
        }
        self.now += 1;
    }

    /// The kernel takes these bits out of the file.
    fn taken(&mut self, bits: u64) {
        self.on_the_way |= bits;
        self.outstanding &= !bits;
    }

    fn store(&mut self) {
        let identity = self.stores[self.done];
        self.done += 1;
        arch::raise_identity(self.page, identity);
        if self.gone {
            return;
        }
        // Those of the ready queue are the owner's to claim.
        if identity < FIRST_QUEUE_IDENTITY {
            self.outstanding |= 1 << (identity - 1);
        }
    }
}

struct Telling<'s> {
    stage: &'s Stage,
    story: Story,
    device: Rc<RefCell<Device>>,
}

type Verdict = Result<(), String>;

/// A machine with a running thread that owns a file, and another one that runs while it waits.
struct Stage {
    m: Machine,
    ready: Snapshot,
    owner_cptr: u64,
    owner: Obj<Tcb>,
    notification: u64,
    signal: u64,
    endpoint: u64,
    message: u64,
}

impl Stage {
    fn new() -> Self {
        let mut m = Machine::with_ram(4 << 20);
        m.checks_each_entry = false;
        let (owner_cptr, notification) = (m.make_thread(255), m.make(ObjectType::Notification, 0));
        let endpoint = m.make(PARTNER, 0);
        let signal = m.mint(notification, CapRights::ALL, SIGNAL);
        let message = m.mint(endpoint, CapRights::ALL, MESSAGE);
        m.invoke(Invocation::TcbBindNotification, owner_cptr, &[], &[notification]).unwrap();
        m.resume(owner_cptr);
        let owner = m.thread(owner_cptr);
        let ready = m.snapshot();
        Self { m, ready, owner_cptr, owner, notification, signal, endpoint, message }
    }

    /// Makes the machine ready for a story.
    fn prepare(&mut self, story: Story, machinery: Machinery, schedule: &[usize]) -> Telling<'_> {
        self.m.restore(&self.ready);
        arch::reset();
        arch::interrupt_on_edges(machinery.edges);
        fastpath::show_to_observer(machinery.fast);
        arch::plant(machinery.mistake);
        let register = UintrInvocation::RegisterReceiver.label();
        self.m.call(self.owner_cptr, register, &[0x1_0000], &[self.notification]).result().unwrap();
        if machinery.mistake != Some(Mistake::Forget(FileStep::Open)) {
            arch::enable_queue_identities(FILE);
        }
        // From here on the other thread runs only while the owner waits.
        self.m.invoke(Invocation::TcbSetPriority, TCB, &[100], &[TCB]).unwrap();
        assert!(self.m.current() == self.owner);
        let page = arch::file_page(self.m.k, 0, FILE);
        let schedule = schedule.to_vec();
        let device = Device {
            now: 0,
            schedule,
            stores: story.stores,
            page,
            done: 0,
            outstanding: 0,
            on_the_way: 0,
            gone: false,
        };
        let device = Rc::new(RefCell::new(device));
        let observing = device.clone();
        arch::observe_files(Some(Box::new(move |step| {
            let mut device = observing.borrow_mut();
            device.point();
            match step {
                FileStep::Take => device.taken(arch::peek_file_word(FILE) >> 1),
                FileStep::Close => device.gone = true,
                _ => {}
            }
        })));
        Telling { stage: self, story, device }
    }
}

impl Telling<'_> {
    /// Takes the interrupts that are there; then an instant passes in which others may come.
    fn instant(&self) -> Verdict {
        // One may come while another is handled, but not for ever.
        for _ in 0..=self.story.stores.len() {
            if arch::guest_interrupt_waits() {
                self.stage.m.trap(Cause::Interrupt);
            }
        }
        if arch::guest_interrupt_waits() {
            return Err("an interrupt that was handled comes again and again".into());
        }
        self.device.borrow_mut().point();
        if self.stage.m.current() == self.stage.owner && arch::is_armed(FILE) {
            return Err("the file of the running thread is armed".into());
        }
        Ok(())
    }

    fn wait(&self) {
        if self.story.silenced {
            arch::silence_file(FILE);
        }
        let place = match self.story.place {
            Place::Notification => self.stage.notification,
            Place::Endpoint => self.stage.endpoint,
        };
        self.stage.m.simple(Syscall::Recv, place, &[]);
    }

    /// The owner has come back from a wait.
    fn received(&self) -> Verdict {
        let badge = self.stage.m.reply_of(self.stage.owner).badge;
        let mut device = self.device.borrow_mut();
        if badge == MESSAGE && self.story.place == Place::Endpoint {
            return Ok(());
        }
        let sent = device.on_the_way | device.outstanding;
        if badge & !sent != 0 || device.on_the_way & !badge != 0 {
            return Err(format!(
                "{badge:#x} was received of {:#x} and {:#x}",
                device.on_the_way, device.outstanding
            ));
        }
        // What did not come out of the file came out of the word.
        device.outstanding &= device.on_the_way | !badge;
        device.on_the_way = 0;
        let claimed = arch::claim_queue_identities(FILE);
        if badge == 0 && claimed == 0 && !device.gone {
            return Err("woken for nothing".into());
        }
        Ok(())
    }

    fn commit(&self, deed: Deed) {
        let invoke = |operation| {
            self.stage.m.invoke(operation, self.stage.owner_cptr, &[], &[]).unwrap();
        };
        match deed {
            Deed::Signal => {
                self.device.borrow_mut().outstanding |= SIGNAL;
                self.stage.m.simple(Syscall::Send, self.stage.signal, &[]);
            }
            Deed::Message => self.stage.m.simple(Syscall::NBSend, self.stage.message, &[]),
            Deed::Restart => {
                invoke(Invocation::TcbSuspend);
                self.device.borrow_mut().point();
                invoke(Invocation::TcbResume);
            }
            Deed::Unregister => {
                self.stage.m.call(self.stage.owner_cptr, UintrInvocation::Unregister.label(), &[], &[]);
            }
            Deed::Unbind => invoke(Invocation::TcbUnbindNotification),
        }
    }

    /// Tells the story to its end. Returns how many points in time it had.
    fn tell(&self) -> Result<usize, String> {
        let (mut waits, mut waiting) = (0, false);
        let mut deeds = self.story.deeds.iter();
        loop {
            self.instant()?;
            if self.stage.m.current() == self.stage.owner {
                let again = self.stage.owner.context.next_pc.get() == self.stage.owner.context.fault_pc.get();
                if waiting && !again {
                    self.received()?;
                    waiting = false;
                    waits += 1;
                } else if waits == self.story.waits {
                    break;
                } else {
                    self.stage.owner.context.fault_pc.set(0x1000);
                    waiting = true;
                    self.wait();
                }
            } else if let Some(&deed) = deeds.next() {
                self.commit(deed);
            } else {
                let nothing_left = {
                    let mut device = self.device.borrow_mut();
                    let nothing_left = device.done == self.story.stores.len();
                    // Nothing else will happen before the next store.
                    if !nothing_left {
                        device.store();
                    }
                    nothing_left
                };
                if nothing_left {
                    self.instant()?;
                    if self.stage.m.current() != self.stage.owner {
                        break;
                    }
                }
            }
        }
        self.check_end(waiting)
    }

    fn check_end(&self, waiting: bool) -> Result<usize, String> {
        self.stage.m.check();
        let device = self.device.borrow();
        let Cap::Notification(cap) = self.stage.m.cap(self.stage.notification) else { panic!() };
        let waits_here = match self.stage.owner.state() {
            ThreadState::BlockedOnNotification(notification) => {
                self.stage.owner.bound_notification() == Some(notification)
            }
            ThreadState::BlockedOnReceive { .. } => self.stage.owner.bound_notification().is_some(),
            _ => false,
        };
        let kept = arch::peek_file_word(FILE) >> 1 | cap.notification.word();
        if kept != device.outstanding {
            return Err(format!("{:#x} was sent and not received, {kept:#x} is pending", device.outstanding));
        }
        if waits_here && (kept != 0 || arch::queue_is_pending(FILE)) {
            return Err(format!("the owner waits while {kept:#x} is pending"));
        }
        if waiting && !waits_here && self.stage.m.current() == self.stage.owner {
            return Err("the owner has not come back from its wait".into());
        }
        Ok(device.now)
    }
}

/// Tells the story in every way. Returns how many there are, or what went wrong in the first bad one.
fn explore(stage: &mut Stage, story: Story, machinery: Machinery) -> Result<usize, String> {
    let mut schedule = vec![0; story.stores.len()];
    let mut told = 0;
    loop {
        let points = stage
            .prepare(story, machinery, &schedule)
            .tell()
            .map_err(|wrong| format!("{wrong}; {story:?} on {machinery:?} with stores at {schedule:?}"))?;
        told += 1;
        // The last store that can come later does; those behind it follow at once.
        let Some(last) = schedule.iter().rposition(|&at| at < points) else { return Ok(told) };
        let later = schedule[last] + 1;
        schedule[last..].fill(later);
    }
}

/// Slowpath and fastpath.
const WAYS: [bool; 2] = [false, true];

fn explore_all(machinery: Machinery) -> Result<usize, String> {
    let mut stage = Stage::new();
    STORIES
        .iter()
        .filter(|story| ipc::IS_PRESENT || story.place == Place::Notification)
        .flat_map(|&story| [false, true].map(|silenced| Story { silenced, ..story }))
        .map(|story| explore(&mut stage, story, machinery))
        .sum()
}

#[test]
fn wherever_a_store_lands_the_owner_gets_it_and_does_not_sleep_on_it() {
    for fast in WAYS {
        let told = explore_all(Machinery { edges: false, fast, mistake: None }).unwrap();
        assert!(told > 1000, "{told}");
    }
}

#[test]
fn no_wake_up_depends_on_interrupts_being_levels() {
    for fast in WAYS {
        explore_all(Machinery { edges: true, fast, mistake: None }).unwrap();
    }
}

#[test]
fn the_model_finds_every_step_that_the_kernel_could_forget() {
    for step in [
        FileStep::LookAgain,
        FileStep::Take,
        FileStep::Unsilence,
        FileStep::Arm,
        FileStep::Disarm,
        FileStep::FindPending,
        FileStep::Open,
        FileStep::Close,
    ] {
        for fast in WAYS {
            let mistake = Some(Mistake::Forget(step));
            let found = explore_all(Machinery { edges: true, fast, mistake }).is_err();
            assert!(found, "{step:?} can be left out, fastpath: {fast}");
        }
    }
}

#[test]
fn the_model_finds_a_kernel_that_looks_before_it_arms() {
    for fast in WAYS {
        assert!(explore_all(Machinery { edges: true, fast, mistake: Some(Mistake::ArmLate) }).is_err());
    }
}
