//! Input that means harm: every limit answers with a problem, and no input panics or grows large.

use proptest::prelude::*;
use tieline_core::descriptor::{
    CODES, Checked, MAX_BYTES, Options, check, migrate,
    model::{Format, Place},
    render,
};

fn checked(input: &[u8], format: Option<Format>) -> Checked {
    check(input, &Options { format, place: Place::Tieline, schema_file_exists: &|_| false })
}

#[track_caller]
fn assert_first(input: &[u8], code: &str) {
    let outcome = checked(input, None);
    assert_eq!(outcome.problems.first().map(|problem| problem.code.as_str()), Some(code));
}

/// What holds for every outcome, whatever the input.
fn assert_sound(input: &[u8], outcome: &Checked) {
    let source = String::from_utf8_lossy(input);
    let all = || outcome.problems.iter().chain(&outcome.findings).chain(&outcome.warnings);
    assert!(all().count() <= 1500, "the number of remarks is bounded");
    for remark in all() {
        assert!(CODES.iter().any(|(code, _)| *code == remark.code), "{}", remark.code);
        assert!(remark.message.len() < 2000 && remark.path.len() < 500 && remark.hint.len() < 500, "{remark:?}");
        let text = render(remark, "error", "x.yaml", &source);
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
    if let Ok(migrated) = migrate(outcome, input) {
        assert!(
            checked(migrated.text.as_bytes(), Some(Format::Component))
                .blocking()
                .all(|problem| problem.code != "yaml_syntax")
        );
    }
}

#[test]
fn too_large() {
    assert_first(&vec![b'a'; MAX_BYTES + 1], "file_too_large");
    let full = format!("schemaVersion: 1.2\n#{}", "x".repeat(MAX_BYTES - 20));
    assert_eq!(full.len(), MAX_BYTES);
    assert!(checked(full.as_bytes(), None).is_valid());
}

#[test]
fn not_text() {
    assert_first(b"schemaVersion: \xff\n", "file_not_utf8");
    assert_first(b"schemaVersion: 1.2\0\n", "file_unprintable");
    assert_first(b"\x1b[31m: 1\n", "file_unprintable");
    let utf16: Vec<u8> = "\u{feff}schemaVersion: 1.2".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_first(&utf16, "file_not_utf8");
}

#[test]
fn escapes_do_not_reach_the_terminal() {
    let input = b"schemaVersion: 1.2\nendpoints: [{name: \"\\e[2J\", type: \"\\e[31m\"}]\n\"\\e[0m\": 1\n";
    assert_sound(input, &checked(input, None));
}

#[test]
fn alias_bombs() {
    let mut text = String::from("schemaVersion: 1.2\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..=9 {
        let previous = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", vec![previous; 10].join(", "));
    }
    assert_first(text.as_bytes(), "file_too_complex");
    let long = format!("schemaVersion: 1.2\na: &a '{}'\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(900));
    assert_first(long.as_bytes(), "file_too_complex");
    assert_first(format!("schemaVersion: 1.2\na: &a x\nb: [{}]\n", "*a, ".repeat(1001)).as_bytes(), "file_too_complex");
    assert_first(b"schemaVersion: 1.2\nendpoints: &a [*a]\n", "file_too_complex");
    assert_first(b"schemaVersion: 1.2\nendpoints: *nowhere\n", "yaml_syntax");
}

#[test]
fn deep_nesting() {
    for opening in ["[", "{a: ", "- ", "? ", "{? [", "!!seq [", "&a ["] {
        let text = format!("schemaVersion: 1.2\na:\n  {}", opening.repeat(50_000));
        let outcome = checked(text.as_bytes(), None);
        assert!(!outcome.is_valid() && outcome.descriptor.is_none(), "{opening}");
    }
    let stairs: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth.min(200)))).collect();
    assert!(!checked(stairs.as_bytes(), None).is_valid());
}

#[test]
fn many_of_everything() {
    assert_first(format!("schemaVersion: 1.2\nendpoints: [{}]", "5,".repeat(30_000)).as_bytes(), "file_too_complex");
    let outcome = checked(format!("schemaVersion: 1.2\nendpoints: [{}]", "5,".repeat(7_000)).as_bytes(), None);
    assert_sound(b"", &outcome);
    let key = "k".repeat(100_000);
    let outcome = checked(format!("schemaVersion: 1.2\n'{key}': 1\nendpoints: [{{'{key}': 1}}]").as_bytes(), None);
    assert_sound(b"", &outcome);
    let comments = format!("schemaVersion: 1.2\n{}", "# x\n".repeat(50_000));
    assert!(checked(comments.as_bytes(), None).is_valid());
}

/// Fragments that lead deep into the readers when strung together.
fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "schemaVersion: 1.2\n",
        "schemaVersion: 1.1\n",
        "version: 0.1\n",
        "apiVersion: core.choreo.dev/v1beta1\n",
        "kind: ComponentConfig\n",
        "spec:\n",
        "  inbound:\n",
        "  outbound:\n",
        "endpoints:\n",
        "  - ",
        "- ",
        "name: a\n",
        "    name: \"Ä b\"\n",
        "    port: 9090\n",
        "    port: 1e400\n",
        "    type: REST\n",
        "    type: TCP\n",
        "    context: /a\n",
        "    service: {port: 9090, basePath: /}\n",
        "    networkVisibilities: [Project]\n",
        "    networkVisibility: Public\n",
        "    schemaFilePath: ../../a\n",
        "dependencies:\n",
        "  connectionReferences:\n",
        "  serviceReferences:\n",
        "    resourceRef: c/v1\n",
        "    resourceRef: thirdparty: a/v1\n",
        "    connectionConfig: 19d2648b-d29c-4452-afdd-1b9311e81412\n",
        "    env: []\n",
        "    env:\n",
        "    - {from: a, to: b}\n",
        "configurations:\n",
        "  env:\n",
        "    value: x\n",
        "    valueFrom: {connectionRef: {name: abc, key: K}}\n",
        "    valueFrom: {template: x}\n",
        "  file:\n",
        "proxy:\n",
        "# comment\n",
        " # beside\n",
        "\n",
        "  ",
        ": ",
        "&a ",
        "*a",
        "<<: *a\n",
        "!!str ",
        "|\n  text\n",
        "'",
        "\"",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "null\n",
        "~\n",
        "?",
        "\t",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "\u{85}",
        "\u{2028}",
        "\r",
        "\u{feff}",
        "😀",
    ]);
    prop::collection::vec(fragment, 0..40).prop_map(|parts| parts.concat())
}

fn formats() -> impl Strategy<Value = Option<Format>> {
    prop::sample::select(vec![None, Some(Format::Component), Some(Format::ComponentConfig), Some(Format::Endpoints)])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(input in prop::collection::vec(any::<u8>(), 0..400), format in formats()) {
        assert_sound(&input, &checked(&input, format));
    }

    #[test]
    fn any_text(input in any::<String>(), format in formats()) {
        assert_sound(input.as_bytes(), &checked(input.as_bytes(), format));
    }

    #[test]
    fn any_fragments(input in fragments(), format in formats()) {
        let outcome = checked(input.as_bytes(), format);
        assert_sound(input.as_bytes(), &outcome);
        prop_assert_eq!(&outcome, &checked(input.as_bytes(), format));
    }
}
