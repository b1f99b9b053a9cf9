//! The reference pages say what the code says.

use std::path::Path;
use std::process::Command;

#[test]
fn no_page_of_the_reference_is_stale() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = Command::new(env!("CARGO_BIN_EXE_tieline")).arg("reference").arg(folder.path()).status();
    assert!(done.expect("the binary runs").success());
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    for page in ["commands.md", "errors.md", "openapi.json"] {
        let now = std::fs::read_to_string(folder.path().join(page)).expect("a written page");
        let then = std::fs::read_to_string(kept.join(page)).unwrap_or_default();
        assert!(now == then, "docs/reference/{page} is stale: run `cargo run --bin tieline -- reference`");
    }
}
