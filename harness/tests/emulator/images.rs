//! Images do not depend on where they are built.

use std::fs;

use crate::bench::{assert_done, copy_of_workspace, harness, possible, workspace};

#[test]
fn images_have_the_same_bytes_when_built_in_another_folder() {
    if !possible() {
        return;
    }
    let parent = tempfile::tempdir().expect("temporary directory");
    let copy = copy_of_workspace(&parent.path().join("another place"));
    let images = [workspace(), copy.as_path()].map(|folder| {
        assert_done(&harness(folder, &["build", "--kernel", "sel4"]));
        fs::read(folder.join("target/guest/sel4/image.elf")).expect("there is an image")
    });
    assert!(images[0] == images[1], "the images differ");
}
