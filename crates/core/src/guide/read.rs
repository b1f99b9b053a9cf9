//! How each language reads a variable: the lines before the code that uses it.

use std::collections::BTreeSet;

use crate::model::Parameter;

/// The languages of a guide.
pub const LANGUAGES: &[&str] = &["node", "python", "go", "java", "rust", "curl"];

/// Words that name nothing in at least one of the languages.
const RESERVED: &[&str] = &[
    "abstract",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "boolean",
    "break",
    "byte",
    "case",
    "catch",
    "chan",
    "char",
    "class",
    "const",
    "continue",
    "crate",
    "def",
    "default",
    "defer",
    "del",
    "do",
    "double",
    "elif",
    "else",
    "enum",
    "except",
    "export",
    "extends",
    "extern",
    "false",
    "final",
    "finally",
    "float",
    "fn",
    "for",
    "from",
    "func",
    "function",
    "global",
    "go",
    "goto",
    "if",
    "impl",
    "implements",
    "import",
    "in",
    "instanceof",
    "int",
    "interface",
    "is",
    "lambda",
    "let",
    "long",
    "loop",
    "map",
    "match",
    "mod",
    "move",
    "mut",
    "native",
    "new",
    "none",
    "nonlocal",
    "not",
    "null",
    "or",
    "package",
    "pass",
    "print",
    "private",
    "protected",
    "pub",
    "public",
    "raise",
    "range",
    "ref",
    "request",
    "response",
    "return",
    "select",
    "self",
    "short",
    "static",
    "struct",
    "super",
    "switch",
    "synchronized",
    "this",
    "throw",
    "throws",
    "trait",
    "transient",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "use",
    "var",
    "void",
    "volatile",
    "where",
    "while",
    "with",
    "yield",
];

/// The lines that read every parameter's variable.
pub(super) fn lines(language: &str, parameters: &[(Parameter, String)]) -> String {
    let mut taken = BTreeSet::new();
    let mut lines = Vec::new();
    if language == "python" {
        lines.push("import json, os, urllib.parse, urllib.request".to_owned());
    }
    for (parameter, variable) in parameters {
        let words = words(&parameter.key);
        let snake = matches!(language, "python" | "rust");
        let mut name = if snake { words.join("_") } else { camel(&words) };
        while RESERVED.contains(&name.as_str()) || !taken.insert(name.clone()) {
            name.push('_');
        }
        let optional = parameter.optional;
        lines.push(match language {
            "node" => format!("const {name} = process.env.{variable};"),
            "python" if optional => format!("{name} = os.environ.get(\"{variable}\")"),
            "python" => format!("{name} = os.environ[\"{variable}\"]"),
            "go" => format!("{name} := os.Getenv(\"{variable}\")"),
            "java" => format!("var {name} = System.getenv(\"{variable}\");"),
            "rust" if optional => format!("let {name} = std::env::var(\"{variable}\").ok();"),
            "rust" => format!("let {name} = std::env::var(\"{variable}\")?;"),
            _ if optional => format!("# {variable} is optional"),
            _ => format!(": \"${{{variable}:?is not set}}\""),
        });
    }
    lines.join("\n")
}

fn camel(words: &[String]) -> String {
    let capital = |(index, word): (usize, &String)| {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if index > 0 => first.to_ascii_uppercase().to_string() + letters.as_str(),
            _ => word.clone(),
        }
    };
    words.iter().enumerate().map(capital).collect()
}

/// The words of a key, in small letters: `ServiceURL` is service and url, `OPENAI_API_KEY` openai, api and key.
fn words(key: &str) -> Vec<String> {
    let letters: Vec<char> = key.chars().collect();
    let mut words = vec![String::new()];
    for (index, &letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let ends = letters.get(index + 1).is_some_and(char::is_ascii_lowercase);
        let begins = letter.is_ascii_uppercase() && before.is_some_and(|before| !before.is_ascii_uppercase() || ends);
        if !letter.is_ascii_alphanumeric() || begins {
            words.push(String::new());
        }
        if letter.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    if words.first().is_none_or(|word| word.starts_with(|c: char| c.is_ascii_digit())) {
        words.insert(0, "value".to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_split_into_words() {
        for (key, snake, camel_case) in [
            ("ServiceURL", "service_url", "serviceUrl"),
            ("ChoreoAPIKey", "choreo_api_key", "choreoApiKey"),
            ("CACertificate", "ca_certificate", "caCertificate"),
            ("AccessKeyID", "access_key_id", "accessKeyId"),
            ("HostName", "host_name", "hostName"),
            ("OPENAI_API_KEY", "openai_api_key", "openaiApiKey"),
            ("api-key.v2", "api_key_v2", "apiKeyV2"),
            ("2fa", "value_2fa", "value2fa"),
            ("-", "value", "value"),
        ] {
            assert_eq!((words(key).join("_").as_str(), camel(&words(key)).as_str()), (snake, camel_case), "{key}");
        }
    }

    #[test]
    fn names_are_legal_and_differ() {
        let parameter = |key: &str| {
            let parameter = Parameter {
                key: key.to_owned(),
                value_type: String::new(),
                description: String::new(),
                sensitive: false,
                optional: false,
            };
            (parameter, format!("V_{key}"))
        };
        let text = lines("node", &[parameter("class"), parameter("aB"), parameter("a_b")]);
        let expect =
            "const class_ = process.env.V_class;\nconst aB = process.env.V_aB;\nconst aB_ = process.env.V_a_b;";
        assert_eq!(text, expect);
    }
}
