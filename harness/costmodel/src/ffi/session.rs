//! The models of the process, and how a callback reaches it.

use std::path::PathBuf;
use std::process::abort;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::thread::{self, ThreadId};
use std::{fs, ptr};

use super::symbols::{Cpu, Symbols};
use crate::heartbeat::Heartbeat;
use crate::memory_map::RAM_BASE;
use crate::models::{Models, Told};
use crate::options::Options;
use crate::preset::Preset;
use crate::schedule::Slice;

/// What the callbacks work with.
pub(super) struct Session {
    pub(super) models: Models,
    pub(super) options: Options,
    pub(super) presets: Told<Preset>,
    report: Option<PathBuf>,
    heartbeat: Option<Heartbeat>,
    symbols: Symbols,
    harts: Vec<Cpu>,
    /// The CPU that the models take for the running one.
    running: Cpu,
    vcpu_thread: Option<VcpuThread>,
    ram: Ram,
}

/// The thread that runs every hart.
struct VcpuThread {
    id: ThreadId,
    /// Its own variable with the CPU it runs.
    current_cpu: *const Cpu,
}

/// Where QEMU has the guest's RAM, by which host addresses become physical ones.
#[derive(Default)]
struct Ram {
    /// The host's address of the page that the machine resets to, which is not RAM.
    reset_page: Option<u64>,
    /// The host's address of the first byte of RAM.
    base: Option<u64>,
}

const HOST_PAGE_MASK: u64 = !0xfff;

impl Ram {
    /// The physical address of code that QEMU has at `host`, and that the guest has at `address`.
    fn physical(&mut self, host: u64, address: u64) -> u64 {
        let page = host & HOST_PAGE_MASK;
        if *self.reset_page.get_or_insert(page) == page {
            return address;
        }
        // After the reset code the firmware is next, whose virtual addresses are physical ones.
        let base = *self.base.get_or_insert(host.wrapping_sub(address.wrapping_sub(RAM_BASE)));
        host.wrapping_sub(base).wrapping_add(RAM_BASE)
    }
}

static SESSION: AtomicPtr<Session> = AtomicPtr::new(ptr::null_mut());

impl Session {
    pub(super) fn new(
        models: Models,
        options: Options,
        presets: Told<Preset>,
        heartbeat: Option<Heartbeat>,
        symbols: Symbols,
        harts: usize,
    ) -> Self {
        let report = options.report.clone();
        Self {
            models,
            options,
            presets,
            report,
            heartbeat,
            symbols,
            harts: vec![ptr::null(); harts],
            running: ptr::null(),
            vcpu_thread: None,
            ram: Ram::default(),
        }
    }

    /// Makes `self` the session of the process, until its end.
    pub(super) fn start(self) {
        SESSION.store(Box::into_raw(Box::new(self)), Ordering::Release);
    }

    /// The session, for a callback.
    ///
    /// # Safety
    ///
    /// 1. The session has started.
    /// 2. The caller is a callback of QEMU and lets go of the session before it returns, so that no two have it.
    #[inline]
    pub(super) unsafe fn of_callback<'a>() -> &'a mut Self {
        // SAFETY: a started session is never freed, and the caller is the only one that has it: callbacks of one thread
        // do not interrupt each other.
        unsafe { &mut *SESSION.load(Ordering::Relaxed) }
    }

    /// Makes sure that all harts run on one thread. Every block is translated before it runs, so this comes first.
    pub(super) fn check_thread(&mut self) {
        let id = thread::current().id();
        match &self.vcpu_thread {
            Some(known) if known.id == id => {}
            Some(_) => {
                fail("each hart runs on a thread of its own: start QEMU with `-icount shift=0,sleep=off`")
            }
            None => {
                let current_cpu = Symbols::current_cpu().unwrap_or_else(|error| fail(&error.to_string()));
                self.vcpu_thread = Some(VcpuThread { id, current_cpu });
                for (hart, cpu) in self.harts.iter_mut().enumerate() {
                    *cpu = self.symbols.cpu_of(hart);
                }
            }
        }
    }

    /// The models, told which hart runs.
    #[inline]
    pub(super) fn models(&mut self) -> &mut Models {
        let Some(thread) = &self.vcpu_thread else { fail("a block ran before any was translated") };
        // SAFETY: the variable lives as long as its thread, which is the one that runs this.
        let cpu = unsafe { *thread.current_cpu };
        if cpu != self.running {
            self.switch_to(cpu);
        }
        &mut self.models
    }

    #[cold]
    fn switch_to(&mut self, cpu: Cpu) {
        let Some(hart) = self.harts.iter().position(|&known| known == cpu) else {
            fail("a CPU runs that the machine did not have at its start");
        };
        self.running = cpu;
        self.models.switch_to(hart);
    }

    /// Does what the models answered.
    #[inline]
    pub(super) fn obey(&mut self, slice: Slice) {
        if slice == Slice::End {
            self.end_slice();
        }
    }

    #[inline(never)]
    fn end_slice(&mut self) {
        self.symbols.end_slice(self.running);
        if let Some(heartbeat) = &mut self.heartbeat
            && let Err(error) = heartbeat.progress(self.models.progress())
        {
            fail(&format!("cannot write the heartbeat: {error}"));
        }
    }

    /// The physical address of code that QEMU has at `host`, and that the guest has at `address`.
    pub(super) fn physical(&mut self, host: u64, address: u64) -> u64 {
        self.ram.physical(host, address)
    }

    /// Writes the report, once.
    pub(super) fn write_report(&mut self) {
        let Some(path) = self.report.take() else { return };
        let unfinished = path.with_extension("unfinished");
        let text = self.models.take_report().to_text();
        let written = fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, &path));
        if let Err(error) = written {
            fail(&format!("cannot write the report to {}: {error}", path.display()));
        }
    }
}

/// Ends the emulator: what it would measure from here on would be wrong.
#[cold]
pub(super) fn fail(problem: &str) -> ! {
    eprintln!("rel4-costmodel: {problem}");
    abort()
}
