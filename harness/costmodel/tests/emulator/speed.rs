//! How fast the plugin is. To be read, not asserted: `cargo test -p rel4-costmodel --test emulator -- --ignored --nocapture`.

use std::time::Instant;

use rel4_costmodel::options::Detail;

use crate::machine::{Run, emulator};

/// Instructions of `speed` on each hart.
const INSTRUCTIONS: f64 = 320e6;

#[test]
#[ignore = "measures the host, asserts nothing"]
fn speed() {
    let Some(emulator) = emulator() else { return };
    for harts in [1, 2] {
        let run = Run::new("speed", harts);
        if harts == 1 {
            let mut bare = emulator.bare_command(&run);
            let start = Instant::now();
            bare.status().expect("the emulator starts");
            print(harts, "no plugin", start);
        }
        for detail in Detail::ALL {
            let start = Instant::now();
            emulator.run(&Run { detail, ..run });
            print(harts, detail.name(), start);
        }
    }
}

fn print(harts: u32, what: &str, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    let speed = INSTRUCTIONS * f64::from(harts) / 1e6 / seconds;
    println!("{harts} harts, {what}: {speed:.0} million instructions a second");
}
