//! How commands print: text for people, readable without colour, or exactly one JSON value. The only place that writes
//! to stdout and stderr.

use std::io::{IsTerminal as _, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON value on stdout.
    Json,
}

/// Prints a line on stdout. A reader that went away (`| head`) is no error.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints text that ends its own lines.
pub(crate) fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints what somebody wrote, exactly for a file or another program, and harmlessly on a terminal.
pub(crate) fn verbatim(text: &str) {
    if std::io::stdout().is_terminal() { line(&printable(text.trim_end())) } else { print(text) }
}

/// Prints a value as JSON.
pub(crate) fn print_json(value: &impl serde::Serialize) {
    // Every printed type is made of strings, numbers and lists, which always become JSON.
    line(&serde_json::to_string(value).unwrap_or_default());
}

/// Prints a line on stderr.
pub(crate) fn error_line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(text));
}

/// Prints a question on stderr, which its answer follows on the same line.
pub(crate) fn prompt(text: &str) {
    let _ = write!(std::io::stderr(), "{}", printable(text));
}

/// Prints a value: as JSON, or as the text that a command makes of it.
pub(crate) fn value(format: OutputFormat, value: &Value, text: impl FnOnce(&Value) -> String) {
    match format {
        OutputFormat::Json => line(&value.to_string()),
        OutputFormat::Text => line(&printable(text(value).trim_end())),
    }
}

/// Text as a terminal may show it: what others wrote into summaries and descriptions does not act there, nor turn the
/// direction of a line around.
fn printable(text: &str) -> String {
    let acts = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// A table of the named fields of objects, one row each; what is missing or null is a dash.
pub(crate) fn table(rows: &[Value], columns: &[(&str, &str)]) -> String {
    if rows.is_empty() {
        return "(none)".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|(title, _)| *title));
    for row in rows {
        table.add_row(columns.iter().map(|(_, field)| cell(&row[*field])));
    }
    // The table pads every cell on both sides; lines of text begin at the margin.
    table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned() + "\n").collect()
}

/// How one value reads in a table.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_acts_on_the_terminal() {
        for (text, shown) in [
            ("two\nlines\tand ä", "two\nlines\tand ä"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\rb\u{7}\u{9b}", "a\\u{d}b\\u{7}\\u{9b}"),
            ("safe\u{202e}lmth", "safe\\u{202e}lmth"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }
}
