//! Images do not depend on where they are built.

use std::fs;
use std::path::Path;

use crate::bench::{assert_done, harness, possible, workspace};

#[test]
fn images_have_the_same_bytes_when_built_in_another_folder() {
    if !possible() {
        return;
    }
    let parent = tempfile::tempdir().expect("temporary directory");
    let copy = parent.path().join("another place");
    for name in ["Cargo.toml", "Cargo.lock", "kernel", "runtime", "workloads", "harness", "configs"] {
        copy_tree(&workspace().join(name), &copy.join(name));
    }
    let images = [workspace(), &copy].map(|folder| {
        assert_done(&harness(folder, &["build", "--kernel", "sel4"]));
        fs::read(folder.join("target/guest/sel4/image.elf")).expect("there is an image")
    });
    assert!(images[0] == images[1], "the images differ");
}

fn copy_tree(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("writable");
        for entry in fs::read_dir(from).expect("readable") {
            let entry = entry.expect("readable");
            copy_tree(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().expect("it is in the copy")).expect("writable");
        fs::copy(from, to).expect("it can be copied");
    }
}
