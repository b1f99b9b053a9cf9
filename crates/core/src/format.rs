//! The text forms of a snapshot's variables: `dotenv` for files that many loaders read, `shell` for `eval`.
//!
//! Owns quoting and nothing else: names are taken to be variable names (see [`crate::name::is_variable_name`]) and
//! values to be free of NUL, which no environment can hold.
//!
//! # Which quoting, and why
//!
//! [`shell`] is exact: every POSIX shell reads every value back unchanged. There is no such form for dotenv files,
//! because loaders disagree about escapes. [`dotenv`] takes, for each value, the first of these forms that fits:
//!
//! | form | when | read alike by |
//! |---|---|---|
//! | `NAME=value` | not empty, only letters, digits and `_ . / : @ % + , = -` | all below, and `docker run --env-file`, which knows no quotes |
//! | `NAME='value'` | no `'`, no carriage return, no `\\` (two backslashes), no `\` at the end | Node's dotenv and `--env-file`, python-dotenv, Docker Compose, `sh` |
//! | `NAME="value"` | a `'`, but none of `"` `\` `$` `` ` `` and no carriage return | the same |
//! | `NAME="escaped"` | everything else: `\` before `"` `\` `$` `` ` ``, carriage return as `\r` | nobody reads all of them; see below |
//!
//! A line feed is always written as itself, inside quotes. In the escaped form `sh` is right unless there is a carriage
//! return, Docker Compose unless there is a `` ` ``, python-dotenv unless there is a `$` or a `` ` ``; Node's dotenv
//! undoes no escape but `\r`, and Node's `--env-file` not even that. python-dotenv replaces `${NAME}` in every form
//! unless it is told `interpolate=False`. [`reads_alike`] says whether a value is clear of all this. Whatever the
//! value, a file that is sourced by a shell never runs a part of it.
//!
//! Checked against dotenv 16, 17 and 18 (npm), Node 20 `--env-file`, python-dotenv 1.2, dash and bash; for Docker
//! Compose from its parser's source (compose-go 2).

/// The variables as a dotenv file, one `NAME=value` each, in the order given.
#[must_use]
pub fn dotenv(variables: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        text.push_str(name);
        text.push('=');
        match Quoting::of(value) {
            Quoting::None => text.push_str(value),
            Quoting::Single => push_all(&mut text, &["'", value, "'"]),
            Quoting::Double => push_all(&mut text, &["\"", value, "\""]),
            Quoting::Escaped => push_escaped(&mut text, value),
        }
        text.push('\n');
    }
    text
}

/// The variables as POSIX shell commands, one `export NAME='value'` each, in the order given: `eval "$(…)"`.
#[must_use]
pub fn shell(variables: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        push_all(&mut text, &["export ", name, "=", &shell_word(value), "\n"]);
    }
    text
}

/// A text as one word of a POSIX shell: between single quotes, each `'` written as `'\''`.
#[must_use]
pub fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text as one word of a command that people read and paste: as [`shell_word`], without quotes where none are needed.
#[must_use]
pub fn command_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { shell_word(text) }
}

/// Whether every reader of dotenv files named in this module reads the value back unchanged.
#[must_use]
pub fn reads_alike(value: &str) -> bool {
    Quoting::of(value) != Quoting::Escaped && !value.contains("${")
}

/// The forms of a value in a dotenv file, as the table above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    None,
    Single,
    Double,
    Escaped,
}

impl Quoting {
    fn of(value: &str) -> Self {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@%+,=-".contains(&byte);
        if !value.is_empty() && value.bytes().all(plain) {
            Self::None
        } else if !value.contains(['\'', '\r']) && !value.contains(r"\\") && !value.ends_with('\\') {
            Self::Single
        } else if !value.contains(['"', '\\', '$', '`', '\r']) {
            Self::Double
        } else {
            Self::Escaped
        }
    }
}

fn push_escaped(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' | '$' | '`' => text.extend(['\\', character]),
            '\r' => text.push_str("\\r"),
            _ => text.push(character),
        }
    }
    text.push('"');
}

fn push_all(text: &mut String, parts: &[&str]) {
    text.extend(parts.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotenv_takes_the_first_form_that_fits() {
        for (value, expect, alike) in [
            ("", "''", true),
            ("http://127.0.0.1:7071/acme/v1", "http://127.0.0.1:7071/acme/v1", true),
            ("c2VjcmV0==", "c2VjcmV0==", true),
            ("two words", "'two words'", true),
            ("a#b", "'a#b'", true),
            ("a&b", "'a&b'", true),
            ("~", "'~'", true),
            ("häß", "'häß'", true),
            ("$HOME `id` \"x\"", "'$HOME `id` \"x\"'", true),
            ("pa${ss}", "'pa${ss}'", false),
            (r"DOMAIN\name", r"'DOMAIN\name'", true),
            ("one\ntwo\n", "'one\ntwo\n'", true),
            ("it's #1", "\"it's #1\"", true),
            (r"\\host", r#""\\\\host""#, false),
            (r"C:\", r#""C:\\""#, false),
            (r#"{"it's": "$5 `x`"}"#, r#""{\"it's\": \"\$5 \`x\`\"}""#, false),
            ("a\r\nb", "\"a\\r\nb\"", false),
        ] {
            assert_eq!(dotenv(&[("NAME", value)]), format!("NAME={expect}\n"));
            assert_eq!(reads_alike(value), alike, "{value:?}");
        }
    }

    #[test]
    fn shell_keeps_all_but_the_quote_as_it_is() {
        for (value, expect) in
            [("", "''"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("$x\n`y`\\\r", "'$x\n`y`\\\r'"), ("'", r"''\'''")]
        {
            assert_eq!(shell(&[("NAME", value)]), format!("export NAME={expect}\n"));
        }
    }

    #[test]
    fn variables_keep_their_order() {
        assert_eq!(dotenv(&[("B", "1"), ("A", "2")]), "B=1\nA=2\n");
        assert_eq!(shell(&[("B", "1"), ("A", "2")]), "export B='1'\nexport A='2'\n");
    }
}
