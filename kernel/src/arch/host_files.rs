//! Guest interrupt files of tests on the host: four words of pending and of enabled identities each, and the `hgeie` mask.

use core::cell::{Cell, RefCell};
use std::thread_local;

use super::{PhysAddr, Pte};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;

const FILES: usize = 4;
const SUPERVISOR_PAGE: PhysAddr = PhysAddr(0x2800_0000);
const PAGE_BYTES: u64 = 4096;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct File {
    pending: [u64; 4],
    enabled: [u64; 4],
    delivers: bool,
}

impl File {
    fn is_pending(&self) -> bool {
        self.pending.iter().zip(self.enabled).any(|(pending, enabled)| pending & enabled != 0)
    }
}

thread_local! {
    static FILE_STATE: RefCell<[File; FILES]> = const {
        RefCell::new([File { pending: [0; 4], enabled: [0; 4], delivers: false }; FILES])
    };
    static ARMED: Cell<usize> = const { Cell::new(0) };
}

fn with<R>(file: usize, work: impl FnOnce(&mut File) -> R) -> R {
    FILE_STATE.with_borrow_mut(|files| work(&mut files[file]))
}

/// Forgets the files of an earlier test on this thread.
pub fn reset_files() {
    FILE_STATE.set([File::default(); FILES]);
    ARMED.set(0);
}

/// The state of all files.
#[derive(Clone, PartialEq, Eq)]
pub struct FilesView {
    files: [File; FILES],
    armed: usize,
}

/// Looks at all files.
pub fn view_files() -> FilesView {
    FilesView { files: FILE_STATE.with_borrow(Clone::clone), armed: ARMED.get() }
}

/// Makes the files what they were when they were looked at.
pub fn restore_files(view: &FilesView) {
    FILE_STATE.set(view.files);
    ARMED.set(view.armed);
}

/// What the owner of a file can do on its own: silence it.
pub fn silence_file(file: usize) {
    with(file, |file| file.delivers = false);
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
pub fn file_page(_k: &Kernel, _hart: usize, file: usize) -> PhysAddr {
    SUPERVISOR_PAGE.offset(file as u64 * PAGE_BYTES)
}

/// Whether an entry maps the page of a guest file.
pub fn is_file_page(k: &Kernel, entry: Pte) -> bool {
    (1..FILES).any(|file| entry.is_leaf_to(file_page(k, 0, file)))
}

/// Raises an identity in the file with this page; identity 0 and those beyond the file's are ignored, as by the hardware.
pub fn raise_identity(page: PhysAddr, identity: u32) {
    let file = ((page.0 - SUPERVISOR_PAGE.0) / PAGE_BYTES) as usize;
    if (1..=rel4_abi::uintr::MAX_IDENTITY).contains(&identity) {
        with(file, |file| file.pending[identity as usize / 64] |= 1 << (identity % 64));
    }
}

/// Empties a file and lets the identities of the notification word through.
pub fn open_file(file: usize) {
    with(file, |file| *file = File { pending: [0; 4], enabled: [!1, 0, 0, 0], delivers: true });
}

/// Silences a file.
pub fn close_file(file: usize) {
    disarm_file(file);
    with(file, |file| *file = File::default());
}

/// Whether an enabled identity is pending in the file.
pub fn file_is_pending(file: usize) -> bool {
    with(file, |file| file.is_pending())
}

/// Takes the pending and enabled identities 1 to 63 out of the file, as a word with a bit for each.
pub fn take_file_word(file: usize) -> u64 {
    with(file, |file| {
        let taken = file.pending[0] & file.enabled[0];
        file.pending[0] &= !taken;
        taken
    })
}

/// Makes the file interrupt the kernel when an identity is pending, whatever its owner did to silence it.
pub fn arm_file(file: usize) {
    with(file, |file| file.delivers = true);
    ARMED.set(ARMED.get() | 1 << file);
}

/// Leaves the file to its owner again.
pub fn disarm_file(file: usize) {
    ARMED.set(ARMED.get() & !(1 << file));
}

/// The armed files with something pending: bit *f* is file *f*.
pub fn armed_and_pending_files() -> usize {
    let pending = |file: &usize| with(*file, |file| file.delivers && file.is_pending());
    (1..FILES).filter(pending).map(|file| 1 << file).sum::<usize>() & ARMED.get()
}
