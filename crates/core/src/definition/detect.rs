//! Which language a text is written in: by its first characters and lines, then by the name of its file.

/// A language that has a parser here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// GraphQL's schema language.
    GraphQl,
    /// Protocol buffers.
    Protobuf,
    /// XML.
    Xml,
}

/// The language of a text, if anything gives it away.
pub(super) fn language(text: &str, file_name: Option<&str>) -> Option<Language> {
    match text.trim_start().as_bytes().first()? {
        b'{' => return Some(Language::Json),
        b'<' => return Some(Language::Xml),
        _ => {}
    }
    text.lines().find_map(by_line).or_else(|| by_file_name(file_name?))
}

/// A line that stands in one of the languages only. Indented lines say nothing: they may be inside a description.
fn by_line(line: &str) -> Option<Language> {
    let begins_with =
        |word: &str| line.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '\t', '{', '=', '@']));
    let key = line.split_once(':').map(|(key, _)| key.trim_end().trim_matches(['"', '\'']));
    if matches!(key, Some("openapi" | "swagger" | "asyncapi" | "paths")) {
        Some(Language::Yaml)
    } else if ["syntax", "edition", "package", "message", "service"].into_iter().any(begins_with)
        && line.contains([';', '{', '='])
    {
        Some(Language::Protobuf)
    } else if ["type", "schema", "extend", "interface", "input", "union", "scalar", "directive"]
        .into_iter()
        .any(begins_with)
        && key.is_none_or(|key| key.contains(['{', '@', '(']))
    {
        Some(Language::GraphQl)
    } else {
        None
    }
}

fn by_file_name(file_name: &str) -> Option<Language> {
    let (_, extension) = file_name.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "json" => Some(Language::Json),
        "yaml" | "yml" => Some(Language::Yaml),
        "graphql" | "graphqls" | "gql" => Some(Language::GraphQl),
        "proto" => Some(Language::Protobuf),
        "wsdl" | "xml" => Some(Language::Xml),
        _ => None,
    }
}
