//! Guest interrupt files of tests on the host, a few for each hart.
//!
//! Between any two accesses of the kernel a device may store: every access first calls the observer of the test, which can. A test can also
//! plant a [`Mistake`], as if the kernel made it, and ask for less of the hardware than the specification promises:
//! [`interrupt_on_edges`] makes an armed file interrupt only when something becomes pending, and never because it is pending already.

use core::cell::{Cell, RefCell};
use std::boxed::Box;
use std::thread_local;

use super::hart_index;
use crate::arch::PhysAddr;
use crate::config::MAX_HARTS;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;

const FILES: usize = 4;
/// The first file that threads get.
const FIRST_THREAD_FILE: usize = 2;
const SUPERVISOR_PAGE: PhysAddr = PhysAddr(0x2800_0000);
const PAGE_BYTES: u64 = 4096;
/// Identities 1 to 63, the notification word.
const WORD_IDENTITIES: u64 = !1;

/// An access of the kernel to a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileStep {
    /// Is anything pending?
    Look,
    /// The same, once the file is armed.
    LookAgain,
    /// Taking the notification word.
    Take,
    /// Undoing what the owner did to silence the file.
    Unsilence,
    /// Arming.
    Arm,
    /// Disarming.
    Disarm,
    /// Which armed files have something pending?
    FindPending,
    /// Emptying and opening.
    Open,
    /// Taking everything and silencing.
    Close,
}

/// A mistake that the kernel could make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// It leaves out all accesses of one kind.
    Forget(FileStep),
    /// It arms the file only after it has looked again.
    ArmLate,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) struct File {
    pending: [u64; 4],
    enabled: [u64; 4],
    delivers: bool,
    armed: bool,
    /// The kernel has asked for the file to be armed, and the mistake is that it is not yet.
    armed_late: bool,
    /// Something became pending while the file was armed.
    edge: bool,
}

impl File {
    const CLOSED: Self = Self {
        pending: [0; 4],
        enabled: [0; 4],
        delivers: false,
        armed: false,
        armed_late: false,
        edge: false,
    };

    fn is_pending(&self) -> bool {
        self.pending.iter().zip(self.enabled).any(|(pending, enabled)| pending & enabled != 0)
    }

    fn queue_pending(&self) -> u32 {
        self.pending
            .iter()
            .zip(self.enabled)
            .skip(1)
            .map(|(pending, enabled)| (pending & enabled).count_ones())
            .sum()
    }

    fn raise(&mut self, identity: u32) {
        let before = self.delivers && self.is_pending();
        self.pending[identity as usize / 64] |= 1 << (identity % 64);
        self.edge |= self.armed && self.delivers && self.is_pending() && !before;
    }
}

type Observer = Box<dyn FnMut(FileStep)>;

thread_local! {
    static STATE: RefCell<[[File; FILES]; MAX_HARTS]> = const { RefCell::new([[File::CLOSED; FILES]; MAX_HARTS]) };
    static OBSERVER: RefCell<Option<Observer>> = const { RefCell::new(None) };
    static MISTAKE: Cell<Option<Mistake>> = const { Cell::new(None) };
    static EDGES: Cell<bool> = const { Cell::new(false) };
}

/// A file of this hart.
fn with<R>(file: usize, work: impl FnOnce(&mut File) -> R) -> R {
    STATE.with_borrow_mut(|harts| work(&mut harts[hart_index()][file]))
}

/// An access of the kernel; `None` if it makes the mistake of leaving it out.
fn step<R>(step: FileStep, file: usize, work: impl FnOnce(&mut File) -> R) -> Option<R> {
    OBSERVER.with_borrow_mut(|observer| {
        if let Some(observer) = observer {
            observer(step);
        }
    });
    (MISTAKE.get() != Some(Mistake::Forget(step))).then(|| with(file, work))
}

/// Forgets the files and settings of an earlier test on this thread.
pub(super) fn reset_files() {
    STATE.set([[File::CLOSED; FILES]; MAX_HARTS]);
    OBSERVER.set(None);
    MISTAKE.set(None);
    EDGES.set(false);
    #[cfg(feature = "async-syscall")]
    THRESHOLDS.with(|all| all.iter().for_each(|threshold| threshold.set(0)));
}

/// The state of all files.
pub(super) type FilesView = [[File; FILES]; MAX_HARTS];

pub(super) fn view_files() -> FilesView {
    STATE.with_borrow(Clone::clone)
}

pub(super) fn restore_files(view: &FilesView) {
    STATE.set(*view);
}

/// Whether a test observes the kernel's accesses, which it then counts on to be made once.
pub fn files_are_observed() -> bool {
    OBSERVER.with_borrow(Option::is_some)
}

/// Calls `observer` before every access of the kernel to a file.
pub fn observe_files(observer: Option<Observer>) {
    OBSERVER.set(observer);
}

/// Makes the kernel make a mistake.
pub fn plant(mistake: Option<Mistake>) {
    MISTAKE.set(mistake);
}

/// Makes armed files interrupt only when something becomes pending.
pub fn interrupt_on_edges(edges: bool) {
    EDGES.set(edges);
}

/// What the owner of a file can do on its own: silence it.
pub fn silence_file(file: usize) {
    with(file, |file| file.delivers = false);
}

/// What the owner of a file can do on its own: let the identities of its ready queue through.
pub fn enable_queue_identities(file: usize) {
    with(file, |file| file.enabled = [WORD_IDENTITIES, !0, !0, !0]);
}

/// What the owner of a file can do on its own: claim the pending identities of its ready queue. Returns how many there were.
pub fn claim_queue_identities(file: usize) -> u32 {
    with(file, |file| {
        let claimed = file.queue_pending();
        file.pending[1..].fill(0);
        claimed
    })
}

/// Whether an identity of the owner's ready queue is pending.
pub fn queue_is_pending(file: usize) -> bool {
    with(file, |file| file.queue_pending() != 0)
}

/// The pending and enabled identities of the notification word, as a thread that looks at its own file sees them.
pub fn peek_file_word(file: usize) -> u64 {
    with(file, |file| file.pending[0] & file.enabled[0])
}

/// Whether the file is armed.
pub fn is_armed(file: usize) -> bool {
    with(file, |file| file.armed)
}

/// Processor state of a thread beyond its registers: its file and where it takes interrupts.
pub struct ModeState {
    file: Cell<u64>,
    entry: Cell<u64>,
}

impl ModeState {
    /// The state of a new thread.
    pub(crate) fn reset(&self) {
        self.file.set(0);
        self.entry.set(0);
    }

    /// The thread's interrupt file; 0 is none.
    pub fn file(&self) -> usize {
        self.file.get() as usize
    }

    /// Gives the thread an interrupt file, and has its interrupts taken at `entry`.
    pub fn take_file(&self, file: usize, entry: u64) {
        self.file.set(file as u64);
        self.entry.set(entry);
    }

    /// Takes the file away.
    pub fn drop_file(&self) {
        self.file.set(0);
    }

    /// The thread runs: it hears of its interrupts itself.
    pub(super) fn load(&self) {
        if self.file() != 0 {
            disarm_file(self.file());
        }
    }
}

/// Changes the processor state of a thread.
pub fn change_mode_state(_k: &Kernel, thread: Obj<Tcb>, change: impl FnOnce(&ModeState)) {
    change(&thread.mode_state);
}

/// The highest file number of a hart.
pub fn interrupt_files(_k: &Kernel) -> usize {
    FILES - 1
}

/// The page of a file.
pub fn file_page(_k: &Kernel, hart: usize, file: usize) -> PhysAddr {
    SUPERVISOR_PAGE.offset((hart * FILES + file) as u64 * PAGE_BYTES)
}

/// Raises an identity in the file with this page; identity 0 and those beyond the file's are ignored, as by the hardware.
pub fn raise_identity(page: PhysAddr, identity: u32) {
    let index = ((page.0 - SUPERVISOR_PAGE.0) / PAGE_BYTES) as usize;
    if (1..=rel4_abi::uintr::MAX_IDENTITY).contains(&identity) {
        STATE.with_borrow_mut(|harts| harts[index / FILES][index % FILES].raise(identity));
    }
}

/// Empties a file and lets the identities of the notification word through.
pub fn open_file(file: usize) {
    step(FileStep::Open, file, |file| {
        *file = File { enabled: [WORD_IDENTITIES, 0, 0, 0], delivers: true, ..File::CLOSED };
    });
}

/// Silences and empties a file. Returns what was pending and enabled in it: the identities of the notification word, and bit 0 for any
/// identity at all.
pub fn close_file(file: usize) -> u64 {
    step(FileStep::Close, file, |file| {
        let word = file.pending[0] & file.enabled[0];
        let pending = word | u64::from(file.is_pending());
        *file = File::CLOSED;
        pending
    })
    .unwrap_or(0)
}

/// Whether an enabled identity is pending in the file.
pub fn file_is_pending(file: usize) -> bool {
    let armed_late = with(file, |file| core::mem::take(&mut file.armed_late));
    let again = armed_late || is_armed(file);
    let kind = if again { FileStep::LookAgain } else { FileStep::Look };
    let is_pending = step(kind, file, |file| file.is_pending()).unwrap_or(false);
    if armed_late {
        step(FileStep::Arm, file, |file| file.armed = true);
    }
    is_pending
}

/// Takes the pending and enabled identities 1 to 63 out of the file, as a word with a bit for each.
pub fn take_file_word(file: usize) -> u64 {
    step(FileStep::Take, file, |file| {
        let taken = file.pending[0] & file.enabled[0];
        file.pending[0] &= !taken;
        taken
    })
    .unwrap_or(0)
}

/// As [`take_file_word`], where the file is the running thread's.
pub fn take_selected_word(file: usize) -> u64 {
    take_file_word(file)
}

/// Makes the file interrupt the kernel when an identity is pending, whatever its owner did to silence it.
pub fn arm_file(file: usize) {
    step(FileStep::Unsilence, file, |file| file.delivers = true);
    if MISTAKE.get() == Some(Mistake::ArmLate) {
        with(file, |file| file.armed_late = true);
    } else {
        step(FileStep::Arm, file, |file| file.armed = true);
    }
}

/// Leaves the file to its owner again.
pub fn disarm_file(file: usize) {
    step(FileStep::Disarm, file, |file| {
        file.armed = false;
        file.edge = false;
    });
}

/// Whether the file interrupts the kernel.
fn interrupts(file: &File) -> bool {
    file.armed && if EDGES.get() { file.edge } else { file.delivers && file.is_pending() }
}

/// Whether a file of this hart interrupts the kernel.
pub fn guest_interrupt_waits() -> bool {
    STATE.with_borrow(|harts| harts[hart_index()].iter().any(interrupts))
}

/// The armed files of this hart with something pending: bit *f* is file *f*.
pub fn armed_and_pending_files() -> usize {
    step(FileStep::FindPending, 0, |_| ()).map_or(0, |()| {
        (FIRST_THREAD_FILE..FILES)
            .filter(|&file| with(file, |file| interrupts(file)))
            .map(|file| 1 << file)
            .sum()
    })
}

/// The kernel's own file of each hart.
#[cfg(feature = "async-syscall")]
pub const DOORBELL_FILE: usize = 1;

#[cfg(feature = "async-syscall")]
thread_local! {
    static THRESHOLDS: [Cell<u32>; MAX_HARTS] = const { [const { Cell::new(0) }; MAX_HARTS] };
}

/// Lets these identities of this hart's doorbell through, a bit each, and no others.
#[cfg(feature = "async-syscall")]
pub fn enable_doorbell(identities: [u64; 4]) {
    with(DOORBELL_FILE, |file| file.enabled = identities);
}

/// Keeps the identities of this hart's doorbell from `threshold` on back; 0 keeps none back.
#[cfg(feature = "async-syscall")]
pub fn set_doorbell_threshold(threshold: u32) {
    THRESHOLDS.with(|all| all[hart_index()].set(threshold));
}

/// The identity that goes first in this hart's doorbell; 0 if none is let through.
#[cfg(feature = "async-syscall")]
fn first_rung() -> u32 {
    let threshold = THRESHOLDS.with(|all| all[hart_index()].get());
    let rung = |identity: &u32| {
        let (word, bit) = (*identity as usize / 64, 1 << (identity % 64));
        with(DOORBELL_FILE, |file| file.pending[word] & file.enabled[word] & bit != 0)
    };
    (1..=rel4_abi::uintr::MAX_IDENTITY)
        .filter(|&identity| threshold == 0 || identity < threshold)
        .find(rung)
        .unwrap_or(0)
}

/// Whether this hart's doorbell interrupts.
#[cfg(feature = "async-syscall")]
pub fn doorbell_rings() -> bool {
    first_rung() != 0
}

/// Takes the identity that goes first in this hart's doorbell; 0 if none is let through.
#[cfg(feature = "async-syscall")]
pub fn claim_doorbell() -> u32 {
    let identity = first_rung();
    with(DOORBELL_FILE, |file| file.pending[identity as usize / 64] &= !(1 << (identity % 64)));
    identity
}
