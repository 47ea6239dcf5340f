//! Watching a machine until there is a reason to turn it off.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::interrupt::Interrupt;
use crate::clients::Visit;
use crate::platform::{Running, SelfEnd};
use crate::serial::{Event, Monitor};

/// How often the machine is looked at.
const POLL: Duration = Duration::from_millis(10);
/// How long a machine that gave up is left on, so that the rest of its last words arrives.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// A guest that writes more than this is out of control; the disk must not fill up with it.
pub const SERIAL_LIMIT_BYTES: usize = 64 << 20;

/// Why the machine was turned off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The workload said that it is done.
    End,
    /// A client was not served as it should be.
    ClientFailed,
    /// Kernel, loader or workload said that they cannot go on; the log says which and why.
    GaveUp,
    /// No record came within the boot limit.
    BootTimeout,
    /// Records came, but no end within the run limit.
    RunTimeout,
    /// Neither serial output nor progress within the stall limit.
    Stalled,
    /// The guest wrote more than [`SERIAL_LIMIT_BYTES`].
    Flood,
    /// The guest powered the machine off or reset it.
    PoweredOff,
    /// The emulator broke down.
    Died(String),
    /// The user asked for a stop.
    Interrupted,
}

/// How long to wait for what, in host time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From power-on to the first record.
    pub boot: Duration,
    /// From the first record to the end.
    pub run: Duration,
    /// Without serial output and without progress of the machine.
    pub stall: Duration,
}

/// The host's time, so that tests need not wait for it.
pub trait HostClock {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;
    /// Lets `duration` pass.
    fn sleep(&self, duration: Duration);
}

/// The real one.
#[derive(Debug)]
pub struct RealClock(Instant);

impl Default for RealClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl HostClock for RealClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        thread::sleep(duration);
    }
}

/// Follows the serial output of `machine` until it is done, gives up, takes too long, or the user has had enough; sends its clients to it when it is
/// there.
///
/// # Errors
/// The serial output or the state of the machine cannot be read.
pub fn watch(
    machine: &mut dyn Running,
    monitor: &mut Monitor,
    limits: Limits,
    clock: &dyn HostClock,
    interrupt: &Interrupt,
    visit: &mut Visit,
) -> io::Result<Ending> {
    let mut deadline = Deadline { at: clock.now() + limits.boot, ending: Ending::BootTimeout };
    let mut watchdog = Watchdog { limit: limits.stall, progress: 0, since: clock.now() };
    let mut received = 0;
    loop {
        // The state is asked for before the output is read: what a machine wrote before it ended is never missed.
        let self_end = machine.ended()?;
        let bytes = machine.read_serial()?;
        received += bytes.len();
        for event in monitor.push(&bytes) {
            match event {
                Event::End => return Ok(Ending::End),
                Event::FirstRecord if deadline.ending == Ending::BootTimeout => {
                    deadline = Deadline { at: clock.now() + limits.run, ending: Ending::RunTimeout };
                }
                Event::FirstRecord => {}
                Event::Listening => visit.begin(machine)?,
                Event::KernelPanic(_) | Event::LoaderPanic(_) | Event::UnhandledFault(_) => {
                    deadline.give_up(clock.now());
                }
                // The workload may go on and will say when it is done.
                Event::Failure(_) => {}
            }
        }
        match self_end {
            Some(_) if deadline.ending == Ending::GaveUp => return Ok(Ending::GaveUp),
            Some(SelfEnd::PoweredOff) => return Ok(Ending::PoweredOff),
            Some(SelfEnd::Died(how)) => return Ok(Ending::Died(how)),
            None => {}
        }
        if received > SERIAL_LIMIT_BYTES {
            return Ok(Ending::Flood);
        }
        // If that is because the guest fell, its last words tell how.
        if visit.has_failed() && deadline.ending == Ending::RunTimeout {
            deadline = Deadline { at: clock.now() + LAST_WORDS, ending: Ending::ClientFailed };
        }
        if interrupt.requested() {
            return Ok(Ending::Interrupted);
        }
        if clock.now() >= deadline.at {
            return Ok(deadline.ending);
        }
        if watchdog.barks(clock.now(), machine.progress()?, &bytes) {
            return Ok(Ending::Stalled);
        }
        clock.sleep(POLL);
    }
}

/// Waits for the clients of a machine that said that it is done. They have seen the end of their connections or are about to: any that is not
/// back after `limit` was not served to its end.
pub fn await_clients(visit: &Visit, limit: Duration, clock: &dyn HostClock, interrupt: &Interrupt) -> Ending {
    let deadline = clock.now() + limit;
    while !visit.is_over() {
        if interrupt.requested() {
            return Ending::Interrupted;
        }
        if clock.now() >= deadline {
            return Ending::ClientFailed;
        }
        clock.sleep(POLL);
    }
    Ending::End
}

/// When the machine will be turned off at the latest, and why then.
struct Deadline {
    at: Duration,
    ending: Ending,
}

impl Deadline {
    fn give_up(&mut self, now: Duration) {
        if self.ending != Ending::GaveUp {
            *self = Self { at: now + LAST_WORDS, ending: Ending::GaveUp };
        }
    }
}

/// Notices a machine that stands still.
struct Watchdog {
    limit: Duration,
    /// What the machine said last.
    progress: u64,
    /// Since when nothing has happened.
    since: Duration,
}

impl Watchdog {
    /// Whether nothing has happened for too long, `now` that the machine says `progress` and has written `bytes`.
    fn barks(&mut self, now: Duration, progress: u64, bytes: &[u8]) -> bool {
        if progress != self.progress || !bytes.is_empty() {
            (self.progress, self.since) = (progress, now);
        }
        now - self.since >= self.limit
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::{Ipv4Addr, SocketAddr, TcpListener};
    use std::rc::Rc;

    use rel4_records::{Kind, RecordWriter, RunId, Status};

    use super::*;
    use crate::clients::{Assignment, Work};

    const RUN: &str = "0123abcd";
    const LIMITS: Limits =
        Limits { boot: Duration::from_secs(5), run: Duration::from_secs(60), stall: Duration::from_secs(2) };

    #[derive(Clone, Default)]
    struct MockClock(Rc<Cell<Duration>>);

    impl HostClock for MockClock {
        fn now(&self) -> Duration {
            self.0.get()
        }
        fn sleep(&self, duration: Duration) {
            self.0.set(self.0.get() + duration);
        }
    }

    /// Says its lines at their times (in milliseconds), then ends by itself or stays silent for ever. It computes until it
    /// stands still.
    struct MockMachine {
        clock: MockClock,
        lines: Vec<(u64, String)>,
        end: Option<(u64, SelfEnd)>,
        stands_still: Option<u64>,
        server: Option<SocketAddr>,
    }

    impl MockMachine {
        fn silent(clock: &MockClock) -> Self {
            Self { clock: clock.clone(), lines: Vec::new(), end: None, stands_still: None, server: None }
        }
    }

    impl Running for MockMachine {
        fn read_serial(&mut self) -> io::Result<Vec<u8>> {
            let now = self.clock.now();
            let due = self.lines.iter().take_while(|(at, _)| Duration::from_millis(*at) <= now).count();
            Ok(self.lines.drain(..due).flat_map(|(_, line)| line.into_bytes()).collect())
        }
        fn ended(&mut self) -> io::Result<Option<SelfEnd>> {
            let now = self.clock.now();
            Ok(self.end.clone().filter(|(at, _)| Duration::from_millis(*at) <= now).map(|(_, end)| end))
        }
        fn progress(&mut self) -> io::Result<u64> {
            let now = u64::try_from(self.clock.now().as_millis()).expect("short");
            Ok(self.stands_still.map_or(now, |since| now.min(since)))
        }
        fn server(&mut self) -> io::Result<Option<SocketAddr>> {
            Ok(self.server)
        }
        fn stop(&mut self) {}
    }

    fn ending(lines: &[(u64, &str)], end: Option<(u64, SelfEnd)>) -> (Ending, u64) {
        ending_of(lines, end, None)
    }

    fn ending_of(
        lines: &[(u64, &str)],
        end: Option<(u64, SelfEnd)>,
        stands_still: Option<u64>,
    ) -> (Ending, u64) {
        let clock = MockClock::default();
        let lines = lines.iter().map(|(at, line)| (*at, (*line).to_owned())).collect();
        let mut machine = MockMachine { lines, end, stands_still, ..MockMachine::silent(&clock) };
        let mut monitor = Monitor::new(RUN);
        let ending =
            watch(&mut machine, &mut monitor, LIMITS, &clock, &Interrupt::default(), &mut Visit::default())
                .expect("no i/o error");
        (ending, u64::try_from(clock.now().as_millis()).expect("short"))
    }

    /// The first and the last record of a good run.
    fn records() -> (String, String) {
        let mut writer = RecordWriter::new(String::new(), RunId::new(RUN).expect("legal"));
        writer.record(Kind::Begin).field("workload", "w").field("abi", "sel4-up").finish().expect("fits");
        writer.end(Status::Ok).expect("fits");
        let text = writer.into_sink();
        let (begin, end) = text.split_once('\n').expect("two lines");
        (format!("{begin}\n"), end.to_owned())
    }

    #[test]
    fn the_end_record_ends_the_run_at_once() {
        let (begin, end) = records();
        assert_eq!(ending(&[(100, &begin), (200, &end)], None), (Ending::End, 200));
    }

    #[test]
    fn silence_before_the_first_record_is_a_boot_timeout_and_after_it_a_run_timeout() {
        let (begin, _) = records();
        assert_eq!(ending(&[(100, "OpenSBI\n")], None), (Ending::BootTimeout, 5_000));
        assert_eq!(ending(&[(100, &begin)], None), (Ending::RunTimeout, 60_100));
    }

    #[test]
    fn a_machine_that_stands_still_is_stopped_before_its_time_is_up() {
        let (begin, _) = records();
        assert_eq!(ending_of(&[(100, &begin)], None, Some(1_000)), (Ending::Stalled, 3_000));
        assert_eq!(ending_of(&[], None, Some(0)), (Ending::Stalled, 2_000));
    }

    #[test]
    fn a_machine_that_writes_does_not_stand_still() {
        let (begin, end) = records();
        let lines = [(100, &*begin), (2_000, "x\n"), (3_900, "x\n"), (5_800, &end)];
        assert_eq!(ending_of(&lines, None, Some(0)), (Ending::End, 5_800));
    }

    #[test]
    fn a_panic_ends_the_run_after_its_last_words() {
        assert_eq!(ending(&[(100, "@kernel-panic hart=0 x\n")], None), (Ending::GaveUp, 600));
        assert_eq!(ending(&[(100, "@loader-panic x\n")], None), (Ending::GaveUp, 600));
        assert_eq!(ending(&[(100, "@unhandled-fault x\n")], None), (Ending::GaveUp, 600));
        let off = Some((200, SelfEnd::PoweredOff));
        assert_eq!(ending(&[(100, "@kernel-panic hart=0 x\n")], off), (Ending::GaveUp, 200));
    }

    #[test]
    fn clients_come_when_the_server_is_there_and_need_a_way_in() {
        let clock = MockClock::default();
        let mut writer = RecordWriter::new(String::new(), RunId::new(RUN).expect("legal"));
        writer.record(Kind::Begin).field("workload", "w").field("abi", "sel4-up").finish().expect("fits");
        writer.record(Kind::Note).field("listening", 7).finish().expect("fits");
        let lines = vec![(100, writer.into_sink())];
        let mut machine = MockMachine { lines, ..MockMachine::silent(&clock) };
        let work = Work::Churn { sessions: 1 };
        let patience = Duration::from_secs(1);
        let mut visit = Visit::of(Some(Assignment { clients: 1, bytes: 1, work, patience }));
        let mut monitor = Monitor::new(RUN);
        let ending = watch(&mut machine, &mut monitor, LIMITS, &clock, &Interrupt::default(), &mut visit);
        let message = ending.expect_err("nothing leads into it").to_string();
        assert!(message.contains("give its platform `forward = 0`"), "{message}");
    }

    #[test]
    fn clients_that_are_still_at_work_when_the_machine_is_done_are_waited_for_a_while_and_not_against_the_users_will()
     {
        // It takes connections, and never says anything.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        let clock = MockClock::default();
        let mut machine = MockMachine {
            server: Some(listener.local_addr().expect("it has an address")),
            ..MockMachine::silent(&clock)
        };
        let work = Work::Load { messages: 1 };
        let patience = Duration::from_secs(60);
        let mut visit = Visit::of(Some(Assignment { clients: 1, bytes: 1, work, patience }));
        assert!(visit.is_over(), "nobody went yet");
        visit.begin(&mut machine).expect("there is a way in");
        let interrupt = Interrupt::default();
        assert_eq!(await_clients(&visit, LIMITS.stall, &clock, &interrupt), Ending::ClientFailed);
        assert_eq!(clock.now(), LIMITS.stall);
        interrupt.request();
        assert_eq!(await_clients(&visit, LIMITS.stall, &clock, &interrupt), Ending::Interrupted);
        drop(listener);
        visit.call_off().expect_err("the client was not served");
    }

    #[test]
    fn a_machine_that_ends_by_itself_is_noticed_but_its_last_record_counts() {
        let (begin, end) = records();
        let died = SelfEnd::Died("killed by SIGSEGV".to_owned());
        assert_eq!(ending(&[(100, &begin)], Some((200, SelfEnd::PoweredOff))), (Ending::PoweredOff, 200));
        assert_eq!(ending(&[], Some((50, died.clone()))), (Ending::Died("killed by SIGSEGV".to_owned()), 50));
        assert_eq!(ending(&[(50, &begin), (50, &end)], Some((50, died))).0, Ending::End);
    }

    #[test]
    fn a_guest_that_never_stops_writing_is_stopped() {
        let garbage = "x".repeat(SERIAL_LIMIT_BYTES + 1);
        assert_eq!(ending(&[(0, &garbage)], None).0, Ending::Flood);
    }

    #[test]
    fn an_interrupt_is_heard() {
        let clock = MockClock::default();
        let mut machine = MockMachine::silent(&clock);
        let interrupt = Interrupt::default();
        interrupt.request();
        let ending =
            watch(&mut machine, &mut Monitor::new(RUN), LIMITS, &clock, &interrupt, &mut Visit::default());
        assert_eq!(ending.expect("no i/o error"), Ending::Interrupted);
    }
}
