//! Tells the tests whether the client libraries of others, and a browser, are at hand.
//!
//! `TIELINE_TEST_CLIENTS` and `TIELINE_TEST_BROWSER` name the folders into which `scripts/install-test-services` put
//! libraries and what goes with the browser. Without them their tests are reported as ignored, unless
//! `TIELINE_REQUIRE_SERVICES=1` asks for all of them.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=TIELINE_REQUIRE_SERVICES");
    let required = env::var("TIELINE_REQUIRE_SERVICES").as_deref() == Ok("1");
    for (condition, variable) in [("clients", "TIELINE_TEST_CLIENTS"), ("browser", "TIELINE_TEST_BROWSER")] {
        println!("cargo::rustc-check-cfg=cfg({condition})");
        println!("cargo::rerun-if-env-changed={variable}");
        if required || env::var(variable).is_ok_and(|folder| !folder.is_empty()) {
            println!("cargo::rustc-cfg={condition}");
        }
    }
}
