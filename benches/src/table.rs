//! A table of figures, printed as Markdown, so that it reads on a terminal and in a document.

use std::io::Write;
use std::time::Duration;

/// A table.
pub(crate) struct Table {
    title: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with its headings.
    pub(crate) fn new(title: impl Into<String>, headings: &[&str]) -> Self {
        Self { title: title.into(), rows: vec![headings.iter().map(|&heading| heading.to_owned()).collect()] }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Prints it.
    pub(crate) fn print(&self) -> std::io::Result<()> {
        let columns = self.rows[0].len();
        let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
        let width = |column| self.rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut output = std::io::stdout().lock();
        writeln!(output, "\n### {}\n", self.title)?;
        for (index, row) in self.rows.iter().enumerate() {
            let cells = widths.iter().enumerate().map(|(column, &width)| format!("{:width$}", cell(row, column)));
            writeln!(output, "| {} |", cells.collect::<Vec<_>>().join(" | "))?;
            if index == 0 {
                writeln!(output, "|{}", widths.iter().map(|width| "-".repeat(width + 2) + "|").collect::<String>())?;
            }
        }
        Ok(())
    }
}

/// Says what is under way, on stderr.
pub(crate) fn progress(text: &str) {
    // Nobody listening is no reason to stop measuring.
    let _ = writeln!(std::io::stderr(), "… {text}");
}

/// Milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}

/// How many times as much one figure is as another.
pub(crate) fn ratio(figure: f64, other: f64) -> String {
    format!("{:.2} ×", figure / other)
}

/// The middle one.
pub(crate) fn median<T: PartialOrd + Copy>(values: &[T]) -> T {
    quantile(values, 0.5)
}

/// The value below which this share lies. Without values it is the caller's mistake, and panics as indexing does.
pub(crate) fn quantile<T: PartialOrd + Copy>(values: &[T], share: f64) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let last = sorted.len().saturating_sub(1);
    sorted[((last as f64) * share).round() as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        for (values, share, expect) in [(&[3, 1, 2][..], 0.5, 2), (&[5], 0.99, 5), (&[1, 2, 3, 4, 5], 1.0, 5)] {
            assert_eq!(quantile(values, share), expect, "{values:?} {share}");
        }
    }
}
