//! [`RecordRef`]: the kernel's access to a fault record.
//!
//! The record is user memory, which others may read and write at any moment. The kernel only writes it.
#![allow(unsafe_code, reason = "writes user memory through the kernel's own window")]

use core::sync::atomic::{Ordering, fence};

use rel4_abi::fault_record::{FaultRecord, RECORD_BYTES};

use crate::arch;
use crate::cap::FrameCap;
use crate::fault::capacity;

/// A fault record in the kernel's window onto physical memory.
#[derive(Clone, Copy)]
pub struct RecordRef(*mut u64);

impl RecordRef {
    /// Record number `index` of a frame, if the frame has one that the kernel may write.
    pub fn in_frame(frame: &FrameCap, index: u64) -> Option<Self> {
        let is_inside = index < capacity(frame)?;
        is_inside.then(|| Self(arch::phys_to_virt(frame.base.offset(index * RECORD_BYTES)).cast()))
    }

    /// Writes the record, its sequence number last.
    pub fn write(self, record: &FaultRecord) {
        let [sequence, content @ ..] = record.to_words();
        for (index, &word) in content.iter().enumerate() {
            self.write_word(1 + index, word);
        }
        fence(Ordering::Release);
        self.write_word(0, sequence);
    }

    fn write_word(self, index: usize, value: u64) {
        debug_assert!(index < FaultRecord::WORDS);
        // SAFETY: `in_frame` made a pointer to an aligned record inside a frame of RAM, which the kernel's window maps and which backs no
        // kernel object as long as there is a capability to it; volatile, since user code may use it meanwhile.
        unsafe { self.0.wrapping_add(index).write_volatile(value) };
    }
}
