//! Goes wrong on purpose, for tests of whatever has to notice: fault handling in the kernel, reports to the root task,
//! and the host that reads the serial line.

use rel4_abi::CPtr;
use rel4_abi::sched::MAX_PRIORITY;
use rel4_runtime::arch;
use rel4_runtime::cap::Endpoint;
use rel4_runtime::process::{self, ProcessSpec, Start, Supervisor};

use crate::failure::{self, Failure};
use crate::parameters::Parameters;
use crate::root::Root;

/// The workload's name.
pub const NAME: &str = "misbehave";

const WHO: &str = "who";
const HOW: &str = "how";

/// Who goes wrong.
#[derive(Clone, Copy, Debug)]
enum Culprit {
    RootTask,
    Child,
}

const CULPRITS: &[(&str, Culprit)] = &[("root", Culprit::RootTask), ("child", Culprit::Child)];

/// How it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Misdeed {
    /// An illegal instruction.
    Exception,
    /// A system call with a capability address that does not resolve.
    Capability,
    /// A stack that grows until it leaves its pages.
    Stack,
    /// A Rust panic.
    Panic,
    /// Endless work without a word.
    Silence,
}

const MISDEEDS: &[(&str, Misdeed)] = &[
    ("exception", Misdeed::Exception),
    ("capability", Misdeed::Capability),
    ("stack", Misdeed::Stack),
    ("panic", Misdeed::Panic),
    ("silence", Misdeed::Silence),
];

/// Runs the workload.
///
/// # Errors
///
/// Always, unless it hangs as asked.
pub fn run(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    parameters.only(&[WHO, HOW])?;
    let culprit = parameters.choice(WHO, CULPRITS)?;
    let misdeed = parameters.choice(HOW, MISDEEDS)?;
    root.begin(NAME, parameters)?;
    match culprit {
        Culprit::RootTask => commit(misdeed),
        Culprit::Child => run_child(root, misdeed),
    }
}

fn run_child(root: &mut Root, misdeed: Misdeed) -> Result<(), Failure> {
    let supervisor = Supervisor::new(&mut root.resources)?;
    let child = ProcessSpec {
        main: child_main,
        arguments: [misdeed as u64, 0, 0, 0],
        priority: MAX_PRIORITY - 1,
        hart: 0,
        supervisor,
        badge: 1,
        grants: &[],
        shared: None,
    };
    process::create(&mut root.resources, root.info, &child)?.start()?;
    let (_, report) = supervisor.receive();
    failure::unless_finished("child", report).map(drop)
}

extern "C" fn child_main(start: &Start) -> ! {
    let [wanted, ..] = start.arguments;
    match MISDEEDS.iter().find(|&&(_, misdeed)| misdeed as u64 == wanted) {
        Some(&(_, misdeed)) => commit(misdeed),
        None => panic!("there is no misdeed number {wanted}"),
    }
}

fn commit(misdeed: Misdeed) -> ! {
    /// Its high bits differ from the guard of every `CSpace` here.
    const NOWHERE: CPtr = CPtr(1 << 63);
    match misdeed {
        Misdeed::Exception => arch::fault(),
        Misdeed::Capability => {
            Endpoint(NOWHERE).call(0, []);
        }
        Misdeed::Stack => {
            dig(0);
        }
        Misdeed::Panic => panic!("as asked"),
        Misdeed::Silence => loop {
            core::hint::spin_loop();
        },
    }
    panic!("the misdeed had no effect")
}

/// Uses up the stack.
#[expect(unconditional_recursion, reason = "the stack is to overflow")]
#[inline(never)]
fn dig(depth: u64) -> u64 {
    let hole = core::hint::black_box([depth; 64]);
    core::hint::black_box(dig(depth + 1)) + hole[63]
}
