//! Bytes to text: the limits and the characters that a descriptor may have, before anything is parsed.

use super::tree::{Fault, MAX_BYTES, Spot};
use crate::code;

/// The text of a descriptor, without a byte order mark.
pub(super) fn text(input: &[u8]) -> Result<&str, Fault> {
    if input.len() > MAX_BYTES {
        return Err(Fault {
            code: code!("file_too_large"),
            message: format!("the file is larger than {} KiB", MAX_BYTES / 1024),
            hint: "a descriptor is a short text: is this the right file?",
            spot: Spot::default(),
        });
    }
    let text = std::str::from_utf8(input).map_err(|error| {
        let good = input.get(..error.valid_up_to()).unwrap_or_default();
        Fault {
            code: code!("file_not_utf8"),
            message: "the file is not UTF-8 text".to_owned(),
            hint: "save it as UTF-8",
            spot: spot_after(std::str::from_utf8(good).unwrap_or_default()),
        }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.char_indices().find(|(_, c)| is_unprintable(*c)) {
        Some((index, c)) => Err(Fault {
            code: code!("file_unprintable"),
            message: format!("the character U+{:04X} may not stand in YAML", u32::from(c)),
            hint: "remove it, or write it as an escape in double quotes",
            spot: spot_after(text.get(..index).unwrap_or_default()),
        }),
        None => Ok(text),
    }
}

/// What YAML 1.2 excludes (5.1, character set).
fn is_unprintable(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}')
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}

fn spot_after(text: &str) -> Spot {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let lines = text.matches('\n').count();
    let last = text.rsplit('\n').next().unwrap_or_default();
    Spot { line: number(lines + 1), column: number(last.chars().count() + 1), byte: text.len() }
}
