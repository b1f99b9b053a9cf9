//! A remark as people read it in a terminal, without colour.

use std::fmt::Write;

use crate::diagnostic::Diagnostic;

/// Longest part of a source line that is shown, in characters.
const WIDTH: usize = 160;

/// One remark with its place, the source line, a caret and the hint:
///
/// ```text
/// error[endpoint_port_invalid]: 80 is not a port that an endpoint may have
///   --> component.yaml:6:11 endpoints[0].service.port
///    |
///  6 |     port: 80
///    |           ^
/// hint: choose a port from 1001 to 65534
/// ```
#[must_use]
pub fn render(diagnostic: &Diagnostic, severity: &str, file_name: &str, source: &str) -> String {
    let Diagnostic { code, path, line, column, message, hint } = diagnostic;
    let mut text = format!("{severity}[{code}]: {}\n  --> {}", printable(message), printable(file_name));
    if *line > 0 {
        let _ = write!(text, ":{line}:{column}");
    }
    if !path.is_empty() {
        let _ = write!(text, " {}", printable(path));
    }
    text.push('\n');
    if let Some((shown, caret)) = source_line(source, *line, *column) {
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        let _ = write!(text, " {margin} |\n {number} | {shown}\n {margin} | {caret}^\n");
    }
    if !hint.is_empty() {
        let _ = writeln!(text, "hint: {}", printable(hint));
    }
    text
}

/// The line with control characters replaced, and the blanks before the caret. A long line is cut around the place.
fn source_line(source: &str, line: u32, column: u32) -> Option<(String, String)> {
    let index = usize::try_from(line.checked_sub(1)?).ok()?;
    let before = usize::try_from(column.checked_sub(1)?).ok()?;
    let start = if before < WIDTH { 0 } else { before - WIDTH / 2 };
    let text = source.strip_prefix('\u{feff}').unwrap_or(source).lines().nth(index)?;
    let shown: String = text.chars().skip(start).take(WIDTH).collect();
    let shown = printable(&shown);
    Some((shown, " ".repeat(before - start)))
}

/// A text that cannot steer a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_place_and_the_hint() {
        let diagnostic = Diagnostic {
            code: "some_code".into(),
            path: "a.b".into(),
            line: 2,
            column: 6,
            message: "it is wrong".into(),
            hint: "mend it".into(),
        };
        let expect =
            "error[some_code]: it is wrong\n  --> x.yaml:2:6 a.b\n   |\n 2 |   b: 1\n   |      ^\nhint: mend it\n";
        assert_eq!(render(&diagnostic, "error", "x.yaml", "a:\n  b: 1\n"), expect);
    }

    #[test]
    fn a_place_outside_of_the_source_shows_no_line() {
        let mut diagnostic = Diagnostic {
            code: "c".into(),
            path: String::new(),
            line: 0,
            column: 0,
            message: "m".into(),
            hint: String::new(),
        };
        assert_eq!(render(&diagnostic, "error", "x", ""), "error[c]: m\n  --> x\n");
        (diagnostic.line, diagnostic.column) = (9, 9);
        assert_eq!(render(&diagnostic, "error", "x", "a"), "error[c]: m\n  --> x:9:9\n");
        (diagnostic.line, diagnostic.column) = (1, 900);
        let long = "a".repeat(1000);
        assert!(render(&diagnostic, "error", "x", &long).lines().all(|line| line.len() < WIDTH + 10));
    }
}
