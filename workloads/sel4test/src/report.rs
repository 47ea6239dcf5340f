//! Checks, and what becomes of one that does not hold: a line on the console, in the words of seL4's own suite.
//!
//! Only the driver has the console. A test process sends the line to it, and so does a helper process; each knows by
//! [`send_to`] where. A test has failed if it printed such a line.

use core::fmt;
use core::panic::{Location, PanicInfo};
use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::CPtr;
use rel4_runtime::arch;
use rel4_runtime::cap::Endpoint;
use rel4_runtime::error::Error;
use rel4_runtime::ipc::Message;
use rel4_runtime::resources::ResourceError;
use rel4_workloads::last_resort;

use crate::driver::console;
use crate::message;
use crate::text::Text;

/// Label of a message by which a test process says how its test went: word 0 is a [`Verdict`].
pub const RESULT: u64 = 0;
/// Label of a message with a line about a check that does not hold. It is answered once the line is printed.
pub const COMPLAINT: u64 = 0x100;

/// Label of a message with what the test has measured: word 0. It is answered once that is noted.
pub const MEASURED: u64 = 0x101;

/// How a test went, in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Verdict {
    /// It came to its end.
    Finished = 0,
    /// It ended early; what did not hold has been printed.
    GaveUp = 1,
    /// A panic.
    Aborted = 2,
}

/// The reason why a test ended early has been printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp;

/// What tests and helpers end with.
pub type Outcome<T = ()> = Result<T, GivenUp>;

impl From<Error> for GivenUp {
    #[track_caller]
    fn from(error: Error) -> Self {
        give_up(format_args!("{error}"), Location::caller())
    }
}

impl From<ResourceError> for GivenUp {
    #[track_caller]
    fn from(error: ResourceError) -> Self {
        give_up(format_args!("{error}"), Location::caller())
    }
}

/// The driver's endpoint, in this process; 0 in the driver itself, and in a process that is not yet set up.
static SUPERVISOR: AtomicU64 = AtomicU64::new(0);

/// Makes complaints of this process go to `supervisor`.
pub fn send_to(supervisor: Endpoint) {
    SUPERVISOR.store(supervisor.0.word(), Ordering::Relaxed);
}

/// Says that a check does not hold; the test goes on.
#[cold]
pub fn complain(what: fmt::Arguments<'_>, location: &Location<'_>) {
    say("Error", what, location);
}

/// Says why the test cannot go on.
#[cold]
pub fn give_up(what: fmt::Arguments<'_>, location: &Location<'_>) -> GivenUp {
    say("Failure", what, location);
    GivenUp
}

fn say(kind: &str, what: fmt::Arguments<'_>, location: &Location<'_>) {
    let (file, line) = (location.file(), location.line());
    let text = Text::new(format_args!("\t{kind}: {what} at line {line} of file {file}"));
    match CPtr(SUPERVISOR.load(Ordering::Relaxed)) {
        CPtr::NULL => console::complaint(&text),
        supervisor => send(supervisor, &text),
    }
}

fn send(supervisor: CPtr, text: &Text) {
    let mut words = text.words();
    let (info, registers) = message::prepare(COMPLAINT, words.len(), |_| words.next().unwrap_or_default());
    arch::call(supervisor, info, registers);
}

/// Tells the driver what a basic test has measured, once: the unit is the test's.
pub fn measured(value: u64) {
    Endpoint(CPtr(SUPERVISOR.load(Ordering::Relaxed))).call(MEASURED, [value]);
}

/// The line in a [`COMPLAINT`].
#[must_use]
pub fn complaint_in(message: &Message) -> Text {
    Text::from_words((0..message.info.length()).map(|index| message::word(message, index)))
}

/// What a panic becomes: in the driver the end of the run, elsewhere the end of the test.
pub fn panicked(info: &PanicInfo<'_>) -> ! {
    let supervisor = CPtr(SUPERVISOR.load(Ordering::Relaxed));
    if supervisor == CPtr::NULL {
        last_resort::panicked(info)
    }
    give_up(format_args!("{}", info.message()), info.location().unwrap_or(Location::caller()));
    // The driver never answers: it destroys the process.
    Endpoint(supervisor).call(RESULT, [Verdict::Aborted as u64]);
    arch::fault()
}

/// Prints an error if the condition does not hold, and goes on.
macro_rules! check {
    ($condition:expr $(,)?) => {
        if !$condition {
            $crate::report::complain(
                format_args!("{}", stringify!($condition)),
                core::panic::Location::caller(),
            );
        }
    };
}

/// Prints an error with both values if they differ, and goes on.
macro_rules! check_eq {
    ($left:expr, $right:expr $(,)?) => {
        match (&$left, &$right) {
            (left, right) => {
                if !(*left == *right) {
                    $crate::report::complain(
                        format_args!(
                            "{} == {} ({left:?} and {right:?})",
                            stringify!($left),
                            stringify!($right)
                        ),
                        core::panic::Location::caller(),
                    );
                }
            }
        }
    };
}

/// Ends the test with a failure if the condition does not hold.
macro_rules! require {
    ($condition:expr $(,)?) => {
        if !$condition {
            return Err($crate::report::give_up(
                format_args!("{}", stringify!($condition)),
                core::panic::Location::caller(),
            ));
        }
    };
}

/// Ends the test with a failure, and both values, if they differ.
macro_rules! require_eq {
    ($left:expr, $right:expr $(,)?) => {
        match (&$left, &$right) {
            (left, right) => {
                if !(*left == *right) {
                    return Err($crate::report::give_up(
                        format_args!(
                            "{} == {} ({left:?} and {right:?})",
                            stringify!($left),
                            stringify!($right)
                        ),
                        core::panic::Location::caller(),
                    ));
                }
            }
        }
    };
}
