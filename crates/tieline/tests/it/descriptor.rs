//! `tieline descriptor` from the outside: which file is read, the JSON, the exit codes, and what is written.
#![expect(clippy::expect_used, reason = "a test ends at the first surprise")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

fn tieline(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tieline")).arg("descriptor").args(arguments).output().expect("the binary runs")
}

fn check(path: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let path = path.to_str().expect("a path in UTF-8");
    let output = tieline(&[&["check", path, "--output", "json"], more].concat());
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

#[test]
fn the_nearest_folder_and_the_newest_format_win() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    write(&root.join(".tieline/context.yaml"), "organization: acme\n");
    for (file, text, format) in [
        (".choreo/endpoints.yaml", "version: 0.1\nendpoints: []\n", "endpoints.yaml"),
        (".choreo/component-config.yaml", "apiVersion: x\n", "component-config.yaml"),
        (".choreo/component.yaml", "schemaVersion: 1.0\n", "component.yaml"),
        (".wso2/endpoints.yaml", "version: 0.1\nendpoints: []\n", "endpoints.yaml"),
        (".tieline/component-config.yaml", "kind: x\n", "component-config.yaml"),
    ] {
        write(&root.join(file), text);
        let (_, answer) = check(root, &[]);
        assert_eq!(answer["file"].as_str().map(Path::new), Some(root.join(file).as_path()));
        assert_eq!(answer["format"], format);
    }
    let (code, answer) = check(&root.join(".choreo"), &["--format", "endpoints.yaml"]);
    assert_eq!((code, &answer["format"]), (Some(0), &Value::from("endpoints.yaml")));
}

#[test]
fn any_readable_file_is_answered_in_json() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text, code, format) in [
        ("x__component.yaml", "schemaVersion: 1.2\n", 0, Value::from("component.yaml")),
        ("a", "version: 1\nendpoints: []\n", 0, Value::from("endpoints.yaml")),
        ("b", "", 1, Value::Null),
        ("c", "{[", 1, Value::Null),
        ("d", "\0\u{7f}", 1, Value::Null),
    ] {
        let path = folder.path().join(name);
        write(&path, text);
        let (status, answer) = check(&path, &[]);
        assert_eq!((status, &answer["format"]), (Some(code), &format), "{name}");
        assert_eq!(answer["valid"], code == 0);
        let keys: Vec<&str> = answer.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["file", "format", "schema_version", "valid", "problems", "findings", "warnings"]);
    }
}

#[test]
fn definitions_are_looked_for_in_the_component_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let text =
        "schemaVersion: 1.2\nendpoints: [{name: a, type: REST, service: {port: 9090}, schemaFilePath: api/a.yaml}]\n";
    write(&folder.path().join(".tieline/component.yaml"), text);
    assert_eq!(check(folder.path(), &[]).0, Some(1));
    assert_eq!(check(folder.path(), &["--assume-schema-files"]).0, Some(0));
    write(&folder.path().join("api/a.yaml"), "");
    assert_eq!(check(folder.path(), &[]).0, Some(0));
}

#[test]
fn refusals_have_a_code_and_a_hint() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path in UTF-8");
    for (arguments, code) in [
        (vec!["check", path], "descriptor_not_found"),
        (vec!["check", "no/such/file"], "descriptor_unreadable"),
        (vec!["migrate", path], "descriptor_not_found"),
    ] {
        let output = tieline(&[arguments.as_slice(), &["--output", "json"]].concat());
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        let failure: Value = serde_json::from_slice(&output.stderr).expect("JSON on stderr");
        assert_eq!(failure["code"], code);
    }
    for wrong in [vec!["check"], vec!["check", path, "--format", "x.yaml"], vec!["mend", path]] {
        assert_eq!(tieline(&wrong).status.code(), Some(2));
    }
}

#[test]
fn migrate_writes_beside_and_deletes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (folder.path().join("x__endpoints.yaml"), folder.path().join("x__component.yaml"));
    let text = "# mine\nversion: 0.1\nendpoints: []\n";
    write(&old, text);
    let path = old.to_str().expect("a path in UTF-8");
    let shown = tieline(&["migrate", path, "--dry-run"]);
    let diff = String::from_utf8(shown.stdout).expect("UTF-8");
    assert!(diff.contains("-version: 0.1\n+schemaVersion: 1.2\n"), "{diff}");
    assert!(shown.status.success() && !new.exists());
    assert!(tieline(&["migrate", path]).status.success());
    assert_eq!(fs::read_to_string(&old).expect("the old file"), text);
    assert_eq!(fs::read_to_string(&new).expect("the new file"), "# mine\nschemaVersion: 1.2\nendpoints: []\n");
    assert_eq!(tieline(&["migrate", path]).status.code(), Some(1), "an existing file is not overwritten");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
}

#[test]
fn a_remark_shows_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("component.yaml");
    write(&path, "schemaVersion: 1.2\nendpoints: x\n");
    let output = tieline(&["check", path.to_str().expect("a path in UTF-8")]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let expect = format!(
        "error[field_not_list]: endpoints must be a list\n  --> {0}:2:12 endpoints\n   |\n 2 | endpoints: x\n   |            ^\n\
         hint: begin each item on its own line with \"- \"\n\n{0}: not valid (1 problem)\n",
        path.display()
    );
    assert_eq!(text, expect);
}
