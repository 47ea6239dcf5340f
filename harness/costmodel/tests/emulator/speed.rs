//! How fast the plugin is. To be read, not asserted: `cargo test --release -p rel4-costmodel --test emulator -- --ignored --nocapture`.
//!
//! Speed is per second of processor time, so that what else the host does matters little.

use std::fs;

use rel4_costmodel::options::{Detail, Order};
use rel4_costmodel::preset::Preset;

use crate::machine::{Run, emulator};

/// Instructions of `speed` on each hart.
const INSTRUCTIONS: f64 = 320e6;

#[test]
#[ignore = "measures the host, asserts nothing"]
fn speed() {
    let Some(emulator) = emulator() else { return };
    for harts in [1, 2] {
        let run = Run::new("speed", harts);
        // Builds the program.
        let mut bare = emulator.bare_command(&run);
        if harts == 1 {
            let start = seconds_of_children();
            bare.status().expect("the emulator starts");
            print(harts, "no plugin", start);
        }
        for detail in Detail::ALL {
            let start = seconds_of_children();
            emulator.run(&Run { detail, ..run });
            print(harts, detail.name(), start);
        }
        if harts > 1 {
            let start = seconds_of_children();
            emulator.run(&Run { order: Order::Cycles, order_preset: Some(Preset::unit), ..run });
            print(harts, "blocks, in the order of another preset", start);
        }
    }
}

fn print(harts: u32, what: &str, start: f64) {
    let seconds = seconds_of_children() - start;
    let speed = INSTRUCTIONS * f64::from(harts) / 1e6 / seconds;
    println!("{harts} harts, {what}: {speed:.0} million instructions a second");
}

/// Processor time of all processes that this one has started and waited for.
fn seconds_of_children() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").expect("there is one on Linux");
    let (_, fields) = stat.rsplit_once(')').expect("the name is in parentheses");
    let times = fields.split_ascii_whitespace().skip(13).take(2);
    times.map(|field| field.parse::<f64>().expect("a number")).sum::<f64>() / TICKS_PER_SECOND
}
