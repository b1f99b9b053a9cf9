//! Tells the tests whether the client libraries of others are at hand.
//!
//! `TIELINE_TEST_CLIENTS` names the folder into which `scripts/install-test-services` put them. Without it their tests are
//! reported as ignored, unless `TIELINE_REQUIRE_SERVICES=1` asks for all of them.

use std::env;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(clients)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=TIELINE_TEST_CLIENTS");
    println!("cargo::rerun-if-env-changed=TIELINE_REQUIRE_SERVICES");
    let named = env::var("TIELINE_TEST_CLIENTS").is_ok_and(|folder| !folder.is_empty());
    if named || env::var("TIELINE_REQUIRE_SERVICES").as_deref() == Ok("1") {
        println!("cargo::rustc-cfg=clients");
    }
}
