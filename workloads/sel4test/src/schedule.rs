//! The domain schedule of a kernel with several domains.

use rel4_runtime::error::Error;

use crate::cspace;

/// A domain and the ticks that it has the processor for.
pub type Turn = (u64, u64);

/// What the kernel starts with: domain 0 for as long as the kernel can count.
pub const INITIAL: &[Turn] = &[(0, (1 << 56) - 1)];

/// Makes the domains take `turns`, again and again, from now on.
///
/// # Errors
///
/// The kernel's.
pub fn set(turns: &[Turn]) -> Result<(), Error> {
    const END: Turn = (0, 0);
    for (index, &(domain, ticks)) in (0..).zip(turns.iter().chain([&END])) {
        cspace::DOMAIN.configure_schedule(index, domain, ticks)?;
    }
    cspace::DOMAIN.set_schedule_start(0)
}
