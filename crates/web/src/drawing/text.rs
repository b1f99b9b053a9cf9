//! Text in a drawing: how wide it is, what is left of it where it is too long, and how it is written in XML.

/// Widths of the characters from blank to tilde in thousandths of the size of the letters: the advance widths of DejaVu
/// Sans, which is wider than the other fonts that a page or a system would choose, so that text in those fits too.
const WIDTHS: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
];

/// The width of every other character: the widest of most scripts.
const OTHER: u16 = 1000;

/// How wide text is, in pixels, in letters of a size in pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let of = |c: char| {
        let place = u32::from(c).checked_sub(u32::from(' ')).and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| WIDTHS.get(place)).copied().unwrap_or(OTHER)
    };
    let thousandths: u64 = text.chars().map(|c| u64::from(of(c))).sum();
    // Exact: no text is long enough to leave the whole numbers of an f64.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let width = thousandths as f64;
    width * size / 1000.0
}

/// As much of a text as fits, with an ellipsis for what does not.
pub(super) fn shortened(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = width("…", size);
    for c in text.chars() {
        used += width(c.encode_utf8(&mut [0; 4]), size);
        if used > room {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

/// Text as XML takes it, in an element or an attribute. What XML cannot hold, and what would turn the direction of the text
/// beside it around, becomes a replacement character.
pub(super) fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\'' => written.push_str("&#39;"),
            '\n' => written.push('\n'),
            c if c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}') =>
            {
                written.push('\u{fffd}');
            }
            c => written.push(c),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_measured_cut_and_escaped() {
        assert!((width("iii", 10.0) - 8.34).abs() < 0.01);
        assert!((width("日", 10.0) - 10.0).abs() < 0.01);
        assert_eq!(shortened("orders", 13.0, 200.0), "orders");
        let cut = shortened(&"m".repeat(80), 13.0, 200.0);
        assert!(cut.ends_with("m…") && width(&cut, 13.0) <= 200.0 && width(&cut, 13.0) > 180.0, "{cut}");
        assert_eq!(
            escaped("<a b=\"c\" d='e'>&\u{1b}\u{202e}"),
            "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\u{fffd}\u{fffd}"
        );
    }
}
