//! The network driver: a process of its own, which moves frames between a virtio network card and the stack's wire.

mod card;
mod dma;
mod probe;

use rel4_runtime::arch;
use rel4_runtime::cap::IrqHandler;
use rel4_runtime::dispatch::{self, Source};
use rel4_runtime::frames::{End, Frame, Port};
use rel4_runtime::process::{self, Start};
use rel4_runtime::uintr::Sender;

use self::card::Card;
pub use self::dma::{PAGES as DMA_PAGES, VADDR as DMA_VADDR};
pub use self::probe::{REGISTERS, find};
use crate::bells::{self, CARD, FIRST_PEER};
use crate::layout::{NetworkWire, Parts, WIRE_CAPACITY};
use crate::settings::Told;

/// Arguments of the driver, from those of all processes: where the device finds the memory that both use, and where in their page the
/// card's registers are.
#[must_use]
pub const fn arguments_of([packed, ..]: [u64; 4], dma_paddr: u64, registers_offset: u64) -> [u64; 4] {
    [packed, 0, dma_paddr, registers_offset]
}

/// Runs the driver, for ever.
pub extern "C" fn main(start: &Start) -> ! {
    let [.., dma_paddr, registers_offset] = start.arguments;
    let told = Told::from_arguments(start.arguments);
    let (_, wire) = start.shared.split_at(Parts::of_run(&told).results);
    let wire = NetworkWire::new(wire).expect("the root task shares enough");
    let port = wire.port(End::Far, bells::sender(told.ipc, FIRST_PEER));
    let receiver = bells::receiver(told.ipc);
    let interrupt = IrqHandler(process::granted(CARD));
    let driver = Driver { card: Card::new(dma_paddr, registers_offset), port: &port };
    let mut frame = Frame::new();
    loop {
        driver.card.take_interrupt_back();
        driver.bring_in(&mut frame);
        driver.send_out(&mut frame);
        port.flush();
        // From now on the card may interrupt again; what came before is found by the look below.
        interrupt.ack().expect("the capability is there");
        while !dispatch::look(&driver, &receiver, |_| {}) && dispatch::sleep(&driver, &receiver, |_| {}) {}
    }
}

struct Driver<'p, 'm> {
    card: Card,
    port: &'p Port<'m, Sender, WIRE_CAPACITY>,
}

impl Driver<'_, '_> {
    fn bring_in(&self, frame: &mut Frame) {
        while self.port.has_room()
            && let Some(length) = self.card.receive(frame)
        {
            // There is room, and nobody else sends.
            let _ = self.port.send(frame, length);
        }
    }

    fn send_out(&self, frame: &mut Frame) {
        while self.card.has_room()
            && let Some(length) = self.port.receive(frame)
        {
            self.card.send(frame, length);
        }
        if !self.port.has_room() {
            // The stack makes room without a word, so the driver comes back by itself.
            self.port.flush();
            arch::yield_now();
        }
    }
}

impl Source for Driver<'_, '_> {
    fn look(&self) -> bool {
        (self.port.look() && self.card.has_room()) | self.card.has_frames()
    }

    fn flush(&self) {
        self.port.flush();
    }

    fn announce_asleep(&self) {
        self.port.announce_asleep();
    }

    fn announce_awake(&self) {
        self.port.announce_awake();
    }
}
