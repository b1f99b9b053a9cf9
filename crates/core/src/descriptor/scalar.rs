//! What a YAML scalar means, by the rules of js-yaml's default schema: the public validator reads files with them, so
//! they decide what counts as null, as a number and as text.
//!
//! YAML 1.2 core with underscores in numbers; `yes`, `no`, `on` and `off` are text. Dates count as text here.

/// A scalar by its meaning; numbers and booleans keep the text that stood there.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Null,
    Boolean { value: bool, written: String },
    Number { value: f64, written: String },
    Text(String),
}

impl Scalar {
    /// The text as it stood in the file; empty for null.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Null => "",
            Self::Boolean { written, .. } | Self::Number { written, .. } | Self::Text(written) => written,
        }
    }
}

/// The meaning of a plain (unquoted) scalar.
pub(super) fn plain(text: &str) -> Scalar {
    if is_null(text) {
        return Scalar::Null;
    }
    if let Some(value) = boolean(text) {
        return Scalar::Boolean { value, written: text.to_owned() };
    }
    match number(text) {
        Some(value) => Scalar::Number { value, written: text.to_owned() },
        None => Scalar::Text(text.to_owned()),
    }
}

/// The meaning of a scalar with a tag (`str`, `int` …); none when the tag is unknown or the text does not fit it.
pub(super) fn tagged(text: &str, tag: &str) -> Option<Scalar> {
    match tag {
        "!" | "str" | "timestamp" | "binary" => Some(Scalar::Text(text.to_owned())),
        "null" => is_null(text).then_some(Scalar::Null),
        "bool" => boolean(text).map(|value| Scalar::Boolean { value, written: text.to_owned() }),
        "int" => integer(text).map(|value| Scalar::Number { value, written: text.to_owned() }),
        "float" => number(text).map(|value| Scalar::Number { value, written: text.to_owned() }),
        _ => None,
    }
}

/// A text read as a number by JavaScript's `Number(…)`: decimal, `0x`, `0o`, `0b`, blanks ignored. None when it is none.
pub(super) fn javascript_number(text: &str) -> Option<f64> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let radix = |prefix: [&str; 2], radix: u32| {
        let digits = prefix.iter().find_map(|prefix| compact.strip_prefix(*prefix))?;
        from_digits(digits, radix)
    };
    let based = radix(["0x", "0X"], 16).or_else(|| radix(["0o", "0O"], 8)).or_else(|| radix(["0b", "0B"], 2));
    if based.is_some() {
        return based;
    }
    match compact.strip_prefix(['+', '-']).unwrap_or(&compact) {
        "Infinity" => Some(if compact.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        unsigned if is_decimal(unsigned) => compact.parse().ok(),
        _ => None,
    }
}

/// A number as JavaScript prints it, where that is shorter than or different from what stood in the file: `1.0` is `1`.
pub(super) fn javascript_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if (1e-6..1e21).contains(&magnitude) {
        value.to_string()
    } else {
        let text = format!("{value:e}");
        if magnitude >= 1.0 { text.replace('e', "e+") } else { text }
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Option<f64> {
    integer(text).or_else(|| float(text))
}

fn integer(text: &str) -> Option<f64> {
    if text.ends_with('_') {
        return None;
    }
    let (sign, unsigned) = signed(text);
    let compact = unsigned.replace('_', "");
    let value = if let Some(digits) = compact.strip_prefix("0b") {
        from_digits(digits, 2)
    } else if let Some(digits) = compact.strip_prefix("0x") {
        from_digits(digits, 16)
    } else if let Some(digits) = compact.strip_prefix("0o") {
        from_digits(digits, 8)
    } else if unsigned.starts_with('_') {
        None
    } else {
        from_digits(&compact, 10)
    };
    value.map(|value| sign * value)
}

fn float(text: &str) -> Option<f64> {
    if text.ends_with('_') {
        return None;
    }
    let (sign, unsigned) = signed(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if unsigned.len() == text.len() => return Some(f64::NAN),
        _ => {}
    }
    let begins_well = match unsigned.as_bytes() {
        [b'0'..=b'9', ..] => true,
        [b'.', b'0'..=b'9' | b'_', ..] => unsigned.len() == text.len(),
        _ => false,
    };
    let compact = unsigned.replace('_', "");
    if begins_well && is_decimal(&compact) { compact.parse::<f64>().ok().map(|value| sign * value) } else { None }
}

fn signed(text: &str) -> (f64, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn from_digits(digits: &str, radix: u32) -> Option<f64> {
    let mut value = 0.0;
    for c in digits.chars() {
        value = value * f64::from(radix) + f64::from(c.to_digit(radix)?);
    }
    (!digits.is_empty()).then_some(value)
}

/// Digits with at most one point and an exponent, without a sign: what both notations share.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && whole.len() + fraction.len() > 0
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars() {
        for text in ["", "~", "null", "NULL"] {
            assert_eq!(plain(text), Scalar::Null, "{text}");
        }
        for (text, expect) in [
            ("9090", 9090.0),
            ("9_090", 9090.0),
            ("0x2382", 9090.0),
            ("0o21602", 9090.0),
            ("09090", 9090.0),
            ("+1.5", 1.5),
            ("-.inf", f64::NEG_INFINITY),
            ("1e9", 1e9),
            (".5", 0.5),
            ("1.", 1.0),
        ] {
            let Scalar::Number { value, .. } = plain(text) else { panic!("{text}") };
            assert!((value - expect).abs() < 1e-9 || value == expect, "{text}: {value}");
        }
        for text in ["yes", "off", "nUll", "9090a", "_1", "1_", "1.0.0", "e5", ".", "-", "0x", "2024-01-01", "0b2"] {
            assert_eq!(plain(text), Scalar::Text(text.to_owned()));
        }
    }

    #[test]
    fn numbers_in_text() {
        for (text, expect) in
            [("9090", Some(9090.0)), (" 90 90 ", Some(9090.0)), ("0x10", Some(16.0)), ("1e3", Some(1000.0))]
        {
            assert_eq!(javascript_number(text), expect, "{text}");
        }
        for text in ["", "abc", "9090a", "1.2.3", "nan", "inf", "--1"] {
            assert_eq!(javascript_number(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_as_text() {
        for (value, expect) in [(1.0, "1"), (1.25, "1.25"), (1e21, "1e+21"), (1e9, "1000000000"), (1e-7, "1e-7")] {
            assert_eq!(javascript_text(value), expect);
        }
    }
}
