//! The verdicts of the public validator on real descriptors, on descriptors that differ from a good one in one place,
//! and on the strings of the reference grammar. Without `TIELINE_CONFORMANCE` these tests are ignored; `rules.rs`
//! covers the same rules with files of our own.
#![expect(clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::Value;
use tieline_core::{
    descriptor::{
        Checked, Options, check,
        model::{Format, Place},
    },
    name::ConnectionName,
    reference::{Reference, endpoint_id},
};

fn folder() -> PathBuf {
    PathBuf::from(option_env!("TIELINE_CONFORMANCE_FOLDER").unwrap_or_default())
}

fn json(file: &str) -> Value {
    serde_json::from_str(&read(file)).expect(file)
}

fn read(file: &str) -> String {
    fs::read_to_string(folder().join(file)).expect(file)
}

fn checked(text: &[u8], format: Option<Format>) -> Checked {
    check(text, &Options { format, place: Place::None, schema_file_exists: &|_| true })
}

/// Says how the outcome differs from the public one.
fn difference(checked: &Checked, expect: &Value) -> Option<String> {
    let strings = |list: &Value| -> BTreeSet<String> {
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let expected = strings(&expect["wrong_fields"]);
    let named = |path: &str| if path.is_empty() { "(file)".to_owned() } else { path.to_owned() };
    let found: BTreeSet<String> = checked.problems.iter().map(|problem| named(&problem.path)).collect();
    let same = Some(checked.is_valid()) == expect["valid"].as_bool() && expected == found;
    (!same).then(|| format!("expected {expected:?}, found {found:?}: {:?}", checked.problems))
}

fn assert_none(differences: &[String]) {
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
#[cfg_attr(not(conformance), ignore = "TIELINE_CONFORMANCE is not set")]
fn real_files() {
    let verdicts = json("verdicts.json");
    let mut differences = Vec::new();
    for (file, expect) in verdicts.as_object().expect("a mapping") {
        let outcome = checked(read(&format!("files/{file}")).as_bytes(), Format::from_file_name(file));
        differences.extend(difference(&outcome, expect).map(|text| format!("{file}: {text}")));
        if let Some(version) = expect["schemaVersion"].as_str() {
            assert_eq!(outcome.schema_version.as_deref(), Some(version), "{file}");
            assert_eq!(outcome.format.map(Format::file_name), expect["kind"].as_str(), "{file}");
        }
        let by_content = checked(read(&format!("files/{file}")).as_bytes(), None);
        if outcome.is_valid() {
            assert_eq!(by_content.format, outcome.format, "{file}");
        }
    }
    assert_none(&differences);
}

#[test]
#[cfg_attr(not(conformance), ignore = "TIELINE_CONFORMANCE is not set")]
fn one_change_each() {
    let mut differences = Vec::new();
    for line in read("cases.jsonl").lines() {
        let case: Value = serde_json::from_str(line).expect(line);
        let text = case["text"].as_str().expect("a text");
        let format = case["format"].as_str().and_then(Format::parse).expect("a format");
        let outcome = checked(text.as_bytes(), Some(format));
        differences
            .extend(difference(&outcome, &case).map(|difference| format!("{}: {difference}\n{text}", case["id"])));
    }
    assert_none(&differences);
}

#[test]
#[cfg_attr(not(conformance), ignore = "TIELINE_CONFORMANCE is not set")]
fn strings() {
    let grammar = json("grammar.json");
    let public = |read: Result<Reference, _>| read.is_ok_and(|reference| !reference.is_extension());
    let accepted = |group: &str, text: &str| match group {
        "resourceRef" => public(Reference::parse_resource_ref(text)),
        "serviceReferenceName" => public(Reference::parse_service_reference(text)),
        "connectionName" => ConnectionName::parse(text).is_ok(),
        "connectionConfig" => valid(&format!(
            "dependencies:\n  serviceReferences:\n  - {{name: 'database:a', connectionConfig: '{text}', env: []}}"
        )),
        "serviceRefEnvTo" => valid(&format!(
            "dependencies:\n  serviceReferences:\n  - name: database:a\n    \
             connectionConfig: 19d2648b-d29c-4452-afdd-1b9311e81412\n    env: [{{from: A, to: '{text}'}}]"
        )),
        "envName" => valid(&format!("configurations:\n  env:\n  - {{name: '{text}', value: x}}")),
        "env" => valid(environment(text)),
        "misc" => valid(
            "dependencies:\n  connectionReferences:\n  - {name: abc, resourceRef: c/v1}\n  serviceReferences:\n  \
             - {name: 'database:a', connectionConfig: 19d2648b-d29c-4452-afdd-1b9311e81412, env: []}",
        ),
        other => panic!("a group that this test does not know: {other}"),
    };
    let mut differences = Vec::new();
    for (group, strings) in grammar.as_object().expect("a mapping") {
        for (text, expect) in strings.as_object().expect("a mapping") {
            if Some(accepted(group, text)) != expect.as_bool() {
                differences.push(format!("{group} {text:?}: expected {expect}"));
            }
        }
    }
    assert_none(&differences);
}

#[test]
#[cfg_attr(not(conformance), ignore = "TIELINE_CONFORMANCE is not set")]
fn endpoint_ids() {
    for case in json("endpoint-ids.json").as_array().expect("a list") {
        let port = case["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
        let kind = case["type"].as_str().and_then(tieline_core::endpoint::EndpointType::parse).expect("a type");
        assert_eq!(
            Some(endpoint_id(port, kind, case["basePath"].as_str().expect("a path")).as_str()),
            case["id"].as_str()
        );
    }
}

fn valid(body: &str) -> bool {
    checked(format!("schemaVersion: 1.2\n{body}\n").as_bytes(), None).is_valid()
}

/// The variables that the group `env` of grammar.json names.
fn environment(case: &str) -> &'static str {
    match case {
        "value_and_from" => {
            "configurations: {env: [{name: A, value: x, valueFrom: {connectionRef: {name: abc, key: K}}}]}"
        }
        "dup" => "configurations: {env: [{name: A, value: x}, {name: A, value: y}]}",
        "dangling_ref" => "configurations: {env: [{name: A, valueFrom: {connectionRef: {name: abc, key: K}}}]}",
        "cg" => "configurations: {env: [{name: A, valueFrom: {configGroupRef: {name: abc, key: K}}}]}",
        "number_value" => "configurations: {env: [{name: A, value: 5}]}",
        "two_from" => {
            "configurations: {env: [{name: A, valueFrom: {connectionRef: {name: abc, key: K}, \
             configGroupRef: {name: abc, key: K}}}]}"
        }
        other => panic!("a case that this test does not know: {other}"),
    }
}
