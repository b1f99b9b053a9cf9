//! Tells the tests whether a folder of public conformance files is at hand.
//!
//! `TIELINE_CONFORMANCE` names the folder, relative to the workspace root. Without it the conformance tests are
//! reported as ignored.

use std::{env, path::Path};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(conformance)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=TIELINE_CONFORMANCE");
    let folder = env::var("TIELINE_CONFORMANCE").unwrap_or_default();
    let workspace = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    if !folder.is_empty() {
        let absolute = Path::new(&workspace).join("../..").join(folder);
        println!("cargo::rustc-cfg=conformance");
        println!("cargo::rustc-env=TIELINE_CONFORMANCE_FOLDER={}", absolute.display());
    }
}
