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
  harness run --matrix configs/quick.toml           about a minute; results in results/<date>-quick
  harness run --matrix configs/eval.toml --dry-run  the cells and their exact commands
  harness run --matrix configs/eval.toml --filter 'ipc.sel4.*.words-0.*'
  harness run --matrix configs/quick.toml --out results/mine
  harness run --matrix configs/sel4test.toml --param tests=IPC0001 --param rounds=10

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

/// Compare the instruction counts of a run with those of a reference, exactly.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harness gate --reference results/reference              the last run
  harness gate --reference results/reference results/mine

The answer is also the exit code: 0 no count is above the reference's, 1 one is, 2 the runs are not alike enough to be
compared (other emulator, compiler or parameters), 3 one of them cannot be read.")]
pub struct GateArgs {
    /// The run to compare with
    #[arg(long, value_name = "RUN_DIRECTORY")]
    pub reference: PathBuf,
    /// The run to judge [default: results/latest]
    #[arg(value_name = "RUN_DIRECTORY")]
    pub run: Option<PathBuf>,
}

/// Compare the instruction counts of single operations with upstream seL4's own.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harness run --matrix configs/bench.toml && harness compare
  harness compare results/mine --kernel sel4

Prints a table for each kernel and writes upstream-instructions.csv into the run directory. Upstream's numbers are in
results/upstream.

The answer is also the exit code: 0 no operation costs more than upstream's, 1 one does, 2 there is nothing to compare.")]
pub struct CompareArgs {
    /// The run [default: results/latest]
    #[arg(value_name = "RUN_DIRECTORY")]
    pub run: Option<PathBuf>,
    /// Compare this kernel only; may be given several times
    #[arg(long = "kernel", value_name = "NAME")]
    pub kernels: Vec<String>,
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

fn carry_out(command: &Command) -> anyhow::Result<Exit> {
    match command {
        Command::Build(args) => commands::build::build(args),
        Command::Run(args) => commands::run::run(args),
        Command::Parse(args) => commands::parse::parse(args),
        Command::Figures(args) => commands::figures::figures(args),
        Command::Report(args) => commands::report::report(args),
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
