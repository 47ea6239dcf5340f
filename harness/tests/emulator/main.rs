//! The command line on the real emulator. Skipped by name where there is no emulator or no compiler for the guests,
//! except in CI, where both must be there.
//!
//! | module | what it shows |
//! |---|---|
//! | `main_job` | `configs/quick.toml` is measured, repeats exactly, and holds the committed reference |
//! | `configurations` | every configuration of the kernel boots and answers |
//! | `hostile` | hostile user threads are confined |
//! | `misbehave` | guests that go wrong are told apart |
//! | `asynchronous` | no asynchronous call is lost, planted faults are found, user interrupts bypass the kernel |
//! | `modelled` | cells under the cost model repeat to the cycle; an emulator that stands still is noticed |
//! | `call_stages` | the stages of whole calls, synchronous and asynchronous, add up |
//! | `microbenchmarks` | every operation is measured on every configuration, and counter and cost model agree |
//! | `determinism` | the same run again gives the same rows, also on a busy host |
//! | `elsewhere` | kernels built elsewhere run, absent ones are skipped by name |
//! | `gate` | a planted slow-down is caught and named, unchanged runs pass |
//! | `images` | images are the same bytes wherever they are built |
//! | `suite` | seL4's test suite passes, ours and one built elsewhere |
//! | `syscalls` | asynchronous system calls of every kind do what they should, and enter the kernel on no hart that has a helper |
//! | `network` | the TCP server serves clients from outside the machine |
//! | `tcp` | the TCP server loses no byte, and survives clients that come and go in every way |
//! | `bench` | a folder with a matrix and a run, for all of these |

mod asynchronous;
mod bench;
mod call_stages;
mod configurations;
mod determinism;
mod elsewhere;
mod gate;
mod hostile;
mod images;
#[path = "../../costmodel/tests/emulator/load.rs"]
mod load;
mod main_job;
mod microbenchmarks;
mod misbehave;
mod modelled;
mod network;
mod notification;
mod stages;
mod suite;
mod syscalls;
mod tcp;
