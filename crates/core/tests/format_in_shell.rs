//! The text forms of variables, read back by the real `sh`.

#![expect(clippy::expect_used, reason = "a helper of tests fails the test")]

use std::process::Command;

use proptest::prelude::*;
use tieline_core::format::{dotenv, shell};

/// Has `sh` evaluate a text and returns what the variable A then holds.
fn evaluated(text: &str) -> String {
    let script = r#"eval "$1"; printf '%s|%s' "$A" "$B""#;
    let output = Command::new("sh").args(["-c", script, "sh", text]).env_remove("A").output().expect("sh runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let held = String::from_utf8(output.stdout).expect("UTF-8");
    held.strip_suffix("|end").expect("the variable that follows is read too").to_owned()
}

const VALUES: &[&str] = &[
    "",
    "plain",
    "a b\tc",
    "line one\nline two\n\n",
    "\n",
    "it's",
    "'",
    "''",
    "\"quoted\"",
    "$HOME ${HOME} $(id) `id`",
    "it's $HOME ${HOME} $(id) `id` \"and\" \\more\\",
    "back\\slash",
    "\\",
    "\\\\",
    "ends with \\",
    "\\n\\t\\'",
    "#comment",
    "a #b",
    "=x=",
    "~",
    "*?[a]",
    "!important",
    "žluťoučký 🐎 \u{a0}",
    "-----BEGIN KEY-----\nabc+/=\n-----END KEY-----\n",
];

#[test]
fn sh_reads_both_forms_back() {
    for value in VALUES {
        let variables = [("A", *value), ("B", "end")];
        assert_eq!(evaluated(&shell(&variables)), *value, "shell");
        assert_eq!(evaluated(&dotenv(&variables)), *value, "dotenv");
    }
}

#[test]
fn sh_reads_a_carriage_return_back_from_the_shell_form() {
    assert_eq!(evaluated(&shell(&[("A", "a\r\nb\r"), ("B", "end")])), "a\r\nb\r");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sh_reads_any_value_back(value in r#"['"\\$`(){}\n #a-c]{0,12}"#, any in "[^\0]{0,12}") {
        let variables = [("A", value.as_str()), ("B", "end")];
        prop_assert_eq!(evaluated(&dotenv(&variables)), value.clone());
        prop_assert_eq!(evaluated(&shell(&variables)), value);
        prop_assert_eq!(evaluated(&shell(&[("A", &any), ("B", "end")])), any);
    }
}
