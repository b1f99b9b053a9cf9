//! How values are written for people.

use jiff::Timestamp;
use tieline_core::kind::Kind;
use tieline_core::model::{Scheme, ServiceType};
use tieline_core::password::SHORTEST;
use tieline_core::wire::plan::{Change, VariableChange, VariableView};

/// A time to the minute, in UTC, since those who read it sit in many places.
pub(super) fn minute(at: &Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// What is said of a password that is chosen.
pub(super) fn password_hint() -> String {
    format!("At least {SHORTEST} characters: a few unrelated words work well")
}

/// What people call a type of services.
pub(super) fn service_type(found: &ServiceType) -> &'static str {
    match found {
        ServiceType::Internal => "Internal",
        ServiceType::ThirdParty => "Third-party",
        ServiceType::Database => "Database",
        ServiceType::Cache => "Cache",
        ServiceType::Broker => "Broker",
        ServiceType::Storage => "Storage",
    }
}

/// What people call a kind of resource.
pub(super) fn kind(name: &str) -> &str {
    Kind::find(name).map_or(name, |kind| kind.title)
}

/// What people call an authentication scheme.
pub(super) fn scheme(found: &Scheme) -> &'static str {
    match found {
        Scheme::OAuth2 => "OAuth2",
        Scheme::ApiKey => "API Key",
        Scheme::None => "None",
    }
}

/// What the mapping of a connection to a service is called, by the reference.
pub(super) fn mapping(service: &str) -> &'static str {
    match service.split_once(':') {
        Some(("service", _)) => "Environment Mapping",
        Some(("thirdparty", _)) => "Environment to Endpoint Mapping",
        _ => "Environment to Credential Mapping",
    }
}

/// The value of a variable; that of a secret masked.
pub(super) fn value(variable: &VariableView) -> &str {
    if variable.sensitive { "********" } else { variable.value.as_deref().unwrap_or_default() }
}

/// What happened to a variable, if anything did.
pub(super) fn change(changes: &[VariableChange], name: &str) -> Option<Change> {
    changes.iter().find(|change| change.name == name).map(|change| change.change)
}

/// The pieces of a sentence, and whether each is code: what stands between backticks.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = (bool, &str)> {
    text.split('`').enumerate().map(|(at, piece)| (at % 2 == 1, piece)).filter(|(_, piece)| !piece.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let at: Timestamp = "2026-11-21T06:07:08.9Z".parse().unwrap();
        assert_eq!(minute(&at), "2026-11-21 06:07 UTC");
    }

    #[test]
    fn sentences_with_code() {
        let text = "not there; deploy it: `tieline deploy`";
        assert_eq!(pieces(text).collect::<Vec<_>>(), [(false, "not there; deploy it: "), (true, "tieline deploy")]);
        assert_eq!(pieces("plain").collect::<Vec<_>>(), [(false, "plain")]);
    }
}
