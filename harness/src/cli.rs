//! The command line.

use std::ffi::OsString;
use std::panic;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands;
use crate::dev;
use crate::exit::Exit;

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 a measured failure or regression; 2 inconclusive; 3 the tooling or its environment failed.
They are explained in docs/exit-codes.md.";

/// Builds ReL4 kernels, measures them on emulators, and turns what they print into results and a verdict.
#[derive(Debug, Parser)]
#[command(name = "harness", version, after_help = EXIT_CODES, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(BuildArgs),
    Run(RunArgs),
    Parse(ParseArgs),
    Figures(FiguresArgs),
    Report(ReportArgs),
    Reproduce(ReproduceArgs),
    Gate(GateArgs),
    Compare(CompareArgs),
    Validate(ValidateArgs),
    List(ListArgs),
    /// What the script `x` hands over to.
    #[command(hide = true, disable_help_flag = true)]
    X {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

/// Build the boot images of a matrix.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harness build                                     every kernel of configs/quick.toml
  harness build --matrix configs/eval.toml --kernel sel4
  harness build --dry-run                           print the commands only

An image is one ELF file with loader, kernel and root task; boot it with QEMU's -kernel. The same sources give the
same bytes in every folder.")]
pub struct BuildArgs {
    /// The matrix whose kernels are built
    #[arg(long, value_name = "FILE", default_value = "configs/quick.toml")]
    pub matrix: PathBuf,
    /// Build this kernel only; may be given several times
    #[arg(long = "kernel", value_name = "NAME")]
    pub kernels: Vec<String>,
    /// Print what would be done and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Run the cells of a matrix and keep everything they give.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harness run --matrix configs/quick.toml           some minutes; results in results/<date>-quick
  harness run --matrix configs/eval.toml --dry-run  the cells and their exact commands
  harness run --matrix configs/eval.toml --filter 'ipc.sel4.*.words-0.*'
  harness run --matrix configs/quick.toml --out results/mine
  harness run --matrix configs/sel4test.toml --param tests=IPC0001 --param rounds=10
  harness run --matrix configs/quick.toml --gate results/reference

Ctrl-C stops after the cell under way is turned off. What is finished is kept; the same command with
`--out DIRECTORY` takes an unfinished run up again where it stopped. A finished cell is never run twice.")]
pub struct RunArgs {
    /// What to run
    #[arg(long, value_name = "FILE")]
    pub matrix: PathBuf,
    /// Run only cells whose id matches this glob; may be given several times
    #[arg(long = "filter", value_name = "GLOB")]
    pub filters: Vec<String>,
    /// Give a parameter this value wherever the matrix has it, also where it sweeps; may be given several times
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// The run directory [default: results/<date>-<matrix>]
    #[arg(long, value_name = "DIRECTORY")]
    pub out: Option<PathBuf>,
    /// Print the plan and its commands and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Judge the run by this one when it is done, as `harness gate` does
    #[arg(long, value_name = "REFERENCE_RUN")]
    pub gate: Option<PathBuf>,
}

impl RunArgs {
    /// All of `matrix`.
    pub(crate) fn of_matrix(matrix: PathBuf) -> Self {
        Self { matrix, filters: Vec::new(), parameters: Vec::new(), out: None, dry_run: false, gate: None }
    }
}

/// Read a serial log, or derive a run's results from its logs again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harness parse results/latest                      rewrite samples.csv, summary.csv and junit.xml from the logs
  harness parse results/latest/serial/CELL.log      say what a log proves, and what is wrong with it

The answer is also the exit code: 0 the log is complete, 1 it shows a failure, 2 it is damaged and proves nothing.")]
pub struct ParseArgs {
    /// A serial log or a run directory
    #[arg(value_name = "LOG|RUN_DIRECTORY")]
    pub path: PathBuf,
}

/// Draw the figures of a run again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harness figures results/latest                         into results/latest/figures
  harness figures results/reference --out paper-figures

A figure is an SVG and the same picture as PNG. What it shows is said in paper-figures/*.toml; figures of experiments
that the run does not have are left out.")]
pub struct FiguresArgs {
    /// The run directory
    #[arg(value_name = "RUN_DIRECTORY")]
    pub run: PathBuf,
    /// Where the figures go [default: figures/ in the run directory]
    #[arg(long, value_name = "DIRECTORY")]
    pub out: Option<PathBuf>,
    /// The folder of figure specifications [default: paper-figures/ of the checkout]
    #[arg(long, value_name = "DIRECTORY")]
    pub specifications: Option<PathBuf>,
}

/// Write the page of a run again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harness report                                         results/latest/report.html
  harness report results/reference --out reference.html

The page is one file that loads nothing: outcome of every cell, figures, stages, tests, comparison with upstream, validation of
the cost model, measurements, provenance. `harness run` writes it at its end.")]
pub struct ReportArgs {
    /// The run [default: results/latest]
    #[arg(value_name = "RUN_DIRECTORY")]
    pub run: Option<PathBuf>,
    /// Where the page goes [default: report.html in the run directory]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Run the whole evaluation, draw every figure, and hold the paper's claims against what was measured.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harness reproduce --quick                  a fair sample, in minutes; everything into results/<date>-quick
  harness reproduce                          configs/eval.toml, in hours; figures and claims into paper-figures/
  harness reproduce --run results/mine       take an unfinished run up again, or judge a finished one

The claims are data: paper-figures/claims/*.toml. What was not measured says why, what fails which stage costs the most. The table is
claims.md and claims.csv, and in the run's report.html.

The answer is also the exit code: 0 every claim is met, 1 one fails, 2 some were not measured, 3 cells are missing.")]
pub struct ReproduceArgs {
    /// Run configs/quick.toml instead of configs/eval.toml
    #[arg(long)]
    pub quick: bool,
    /// The run directory [default: results/<date>-<matrix>]
    #[arg(long, value_name = "RUN_DIRECTORY")]
    pub run: Option<PathBuf>,
    /// Where figures and claims go [default: paper-figures/ of the checkout; with --quick, paper-figures/ of the run]
    #[arg(long, value_name = "DIRECTORY")]
    pub out: Option<PathBuf>,
}

/// Judge a run by a reference: pass, regression or inconclusive.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harness gate --reference results/reference              the last run
  harness gate --reference results/reference results/mine
  harness gate --reference results/reference --remember   and learn from it if it passes

Instruction counts of one hart may not rise by one. Modelled cycles and what several harts do may rise by a few per cent, or by as much
as the runs of the history spread; host time is judged only with a history. What costs more is run again, with the run's own
images, before it is called a regression. docs/gate.md says more.

The answer is also the exit code: 0 pass; 1 regression; 2 inconclusive: the runs are not alike (other emulator, compiler or
parameters), or a suspicion was not confirmed; 3 one of them cannot be read.")]
pub struct GateArgs {
    /// The run to compare with
    #[arg(long, value_name = "RUN_DIRECTORY")]
    pub reference: PathBuf,
    /// The run to judge [default: results/latest]
    #[arg(value_name = "RUN_DIRECTORY")]
    pub run: Option<PathBuf>,
    /// Earlier runs to learn from [default: results/history]
    #[arg(long, value_name = "DIRECTORY")]
    pub history: Option<PathBuf>,
    /// Add the run to the history if it passes
    #[arg(long)]
    pub remember: bool,
}

/// Compare two runs, two kernels of a run, or a run with upstream seL4's own numbers.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harness compare results/before results/after                 two runs, cell by cell
  harness compare results/mine --between sel4 rel4-compat      two kernels of a run, with the costs of a test suite's tests
  harness compare                                              the last run with upstream's instruction counts
  harness compare results/mine --kernel sel4                   the same for one kernel

Two runs or kernels: the ratio of medians, second to first, with its 95 % bootstrap interval. Runs that are not alike (compiler, firmware,
emulator, machine, preset, plugin, kernel settings) are refused unless --force is given. Kernels of one run were booted in turned order
(A B B A); two runs are two sessions, between which host time must not be compared.

Upstream: a table for each kernel, and upstream-instructions.csv in the run directory. Upstream's numbers are in results/upstream.

The exit code: 0 compared, and against upstream no operation costs more; 1 one costs more than upstream's; 2 there is nothing to compare,
or the two are not alike.")]
pub struct CompareArgs {
    /// One run [default: results/latest], or two to compare with each other
    #[arg(value_name = "RUN_DIRECTORY", num_args = 0..=2)]
    pub runs: Vec<PathBuf>,
    /// Compare these two kernels of the run with each other
    #[arg(long, value_names = ["KERNEL", "KERNEL"], num_args = 2)]
    pub between: Vec<String>,
    /// Compare this kernel only with upstream; may be given several times
    #[arg(long = "kernel", value_name = "NAME", conflicts_with = "between")]
    pub kernels: Vec<String>,
    /// Write the pairs of two runs or kernels to this file
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Compare also what is not alike
    #[arg(long)]
    pub force: bool,
}

/// Judge the cost model's cycles by those of a board, operation by operation.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harness run --matrix configs/bench.toml && harness validate
  harness validate results/mine --platform virt-u54

Prints a table for each kernel and platform and writes upstream-cycles.csv into the run directory. The board's numbers are in
results/upstream. With a kernel of ours the errors are provisional: docs/bench.md says why.

The answer is also the exit code: 0 the errors are within their limits (median 15 %, none above 40 %), 1 they are not, 2 there
is nothing to judge.")]
pub struct ValidateArgs {
    /// The run [default: results/latest]
    #[arg(value_name = "RUN_DIRECTORY")]
    pub run: Option<PathBuf>,
    /// Judge this platform only; may be given several times
    #[arg(long = "platform", value_name = "NAME")]
    pub platforms: Vec<String>,
}

/// Show what a matrix defines, or which runs there are.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harness list
  harness list kernels
  harness list experiments --matrix configs/eval.toml
  harness list runs")]
pub struct ListArgs {
    /// What to show [default: everything that the matrix defines]
    #[arg(value_enum)]
    pub what: Option<Listing>,
    /// The matrix to look into
    #[arg(long, value_name = "FILE", default_value = "configs/quick.toml")]
    pub matrix: PathBuf,
}

/// What `list` can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Listing {
    /// Kernels of the matrix
    Kernels,
    /// Platforms of the matrix
    Platforms,
    /// Workloads of the matrix and their parameters
    Workloads,
    /// Experiments of the matrix
    Experiments,
    /// Runs in the results folder
    Runs,
}

/// Reads the command line of this process and carries it out.
#[must_use]
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Printing help cannot be helped if it fails.
            let _ = error.print();
            return if error.use_stderr() { Exit::Tooling } else { Exit::Done };
        }
    };
    // A panic is a mistake in the harness: it proves nothing about what is measured, and unwinding turns machines off.
    match panic::catch_unwind(|| carry_out(&cli.command)) {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            eprintln!("harness: {error:#}");
            Exit::Tooling
        }
        Err(_) => {
            eprintln!(
                "harness: this is a mistake in the harness itself; please report it with the message above"
            );
            Exit::Tooling
        }
    }
}

/// Whether the command line knows `arguments`.
#[cfg(test)]
pub(crate) fn check(arguments: &[OsString]) -> Result<(), clap::Error> {
    Cli::try_parse_from(std::iter::once(OsString::from("harness")).chain(arguments.iter().cloned())).map(drop)
}

fn carry_out(command: &Command) -> anyhow::Result<Exit> {
    match command {
        Command::Build(args) => commands::build::build(args),
        Command::Run(args) => commands::run::run(args),
        Command::Parse(args) => commands::parse::parse(args),
        Command::Figures(args) => commands::figures::figures(args),
        Command::Report(args) => commands::report::report(args),
        Command::Reproduce(args) => commands::reproduce::reproduce(args),
        Command::Gate(args) => commands::gate::gate(args),
        Command::Compare(args) => commands::compare::compare(args),
        Command::Validate(args) => commands::validate::validate(args),
        Command::List(args) => commands::list::list(args),
        Command::X { arguments } => dev::run(arguments),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
