//! How interrupt controllers are wired to the harts, as the device tree says.

/// Supervisor external interrupt, as interrupt controllers name it in the device tree.
pub(super) const SUPERVISOR_EXTERNAL: usize = 9;

/// The interrupt lines that a controller drives, as (phandle of a hart's controller, number there) pairs.
pub(super) fn driven_lines<'a>(
    controller: &fdt::node::FdtNode<'_, 'a>,
) -> impl Iterator<Item = (usize, usize)> + use<'a> {
    let cells = |bytes: &[u8]| bytes.iter().fold(0, |word, &byte| word << 8 | usize::from(byte));
    let pairs = controller.property("interrupts-extended").map_or(&[][..], |property| property.value);
    pairs.chunks_exact(8).map(move |pair| (cells(&pair[..4]), cells(&pair[4..])))
}

/// The IMSIC that raises the supervisor external interrupt; the other one is the firmware's.
pub(super) fn supervisor_imsic<'b, 'a>(tree: &'b fdt::Fdt<'a>) -> Option<fdt::node::FdtNode<'b, 'a>> {
    tree.all_nodes().find(|node| {
        node.compatible().is_some_and(|names| names.all().any(|name| name == "riscv,imsics"))
            && driven_lines(node).any(|(_, line)| line == SUPERVISOR_EXTERNAL)
    })
}
