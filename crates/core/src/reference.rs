//! References: how a descriptor, a command or a page names a service, in every spelling that is read, and the one that
//! is written.
//!
//! Nothing here knows what exists: a reference is only text that follows the grammar.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{
    endpoint::{EndpointType, Visibility},
    name::is_version_word,
};

/// Why a text is not a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a reference: {rule}")]
pub struct ReferenceError {
    /// The text that was read.
    pub text: String,
    /// The rule that it breaks.
    pub rule: String,
}

/// What a reference points at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// An endpoint of a component: an internal service.
    Service {
        /// Handle of the project; none means the project of whoever refers.
        project: Option<String>,
        /// Handle of the component.
        component: String,
        /// Major version; a number too large for 32 bits reads as [`u32::MAX`], which no service has.
        major: u32,
        /// What follows the major version, `2.3` in `v1.2.3`.
        minor: Option<String>,
        /// Name or Choreo id of the endpoint; none means the default endpoint.
        endpoint: Option<String>,
        /// The visibility to call through; none means the access mode of the connection.
        visibility: Option<Visibility>,
    },
    /// A registered third-party service.
    ThirdParty {
        /// Name as registered; surrounding blanks are trimmed.
        name: String,
        /// Major version.
        major: u32,
        /// What follows the major version.
        minor: Option<String>,
    },
    /// A registered resource.
    Resource {
        /// The word before the colon.
        scheme: ResourceScheme,
        /// The server that holds it, where the reference names one.
        server: Option<String>,
        /// Name of the resource.
        name: String,
    },
}

/// The families of resources, as references write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceScheme {
    /// `database:[server/]name`
    Database,
    /// `storage:name`
    Storage,
    /// `cache:[server/]name`, an extension of Tieline's.
    Cache,
    /// `broker:[server/]name`, an extension of Tieline's.
    Broker,
}

impl ResourceScheme {
    /// Every scheme.
    pub const ALL: [Self; 4] = [Self::Database, Self::Storage, Self::Cache, Self::Broker];

    /// The word before the colon.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Storage => "storage",
            Self::Cache => "cache",
            Self::Broker => "broker",
        }
    }
}

impl Reference {
    /// Reads the `resourceRef` of a connection reference (component.yaml 1.1 and later) and what people paste into
    /// commands.
    ///
    /// # Errors
    /// Names the broken rule.
    pub fn parse_resource_ref(text: &str) -> Result<Self, ReferenceError> {
        let wrong = |rule: &str| ReferenceError { text: text.to_owned(), rule: rule.to_owned() };
        match text.split_once(':') {
            None => service(text).map_err(wrong),
            Some(("service", rest)) => service(rest).map_err(wrong),
            Some((scheme, rest)) => not_a_service(scheme, rest).map_err(wrong),
        }
    }

    /// Reads the `name` of a service reference, the form of component.yaml 1.0 that later versions keep:
    /// `choreo:///<organization>/<project>/<component>/<endpoint>/v<major>[.<minor>]/<VISIBILITY>`, `thirdparty:…`,
    /// `database:…`. The organization is checked for form only: a reference never leaves its organization.
    ///
    /// # Errors
    /// Names the broken rule.
    pub fn parse_service_reference(text: &str) -> Result<Self, ReferenceError> {
        let wrong = |rule: &str| ReferenceError { text: text.to_owned(), rule: rule.to_owned() };
        match text.split_once(':') {
            Some(("choreo", rest)) => choreo_service(rest).map_err(wrong),
            Some(("service" | "storage", _)) | None => Err(wrong(
                "a service reference begins with choreo:///, thirdparty: or database:; the other forms belong into \
                 connectionReferences",
            )),
            Some((scheme, rest)) => not_a_service(scheme, rest).map_err(wrong),
        }
    }

    /// Whether only Tieline reads this reference: public tools refuse the schemes `cache:` and `broker:`.
    #[must_use]
    pub fn is_extension(&self) -> bool {
        matches!(self, Self::Resource { scheme: ResourceScheme::Cache | ResourceScheme::Broker, .. })
    }
}

impl fmt::Display for Reference {
    /// The canonical form, without minor version and visibility:
    /// `service:/<project>/<component>/v<major>/<endpoint>`, `thirdparty:<name>/v<major>`, `database:<server>/<name>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service { project, component, major, endpoint, .. } => {
                f.write_str("service:")?;
                if let Some(project) = project {
                    write!(f, "/{project}/")?;
                }
                write!(f, "{component}/v{major}")?;
                endpoint.as_ref().map_or(Ok(()), |endpoint| write!(f, "/{endpoint}"))
            }
            Self::ThirdParty { name, major, .. } => write!(f, "thirdparty:{name}/v{major}"),
            Self::Resource { scheme, server, name } => {
                write!(f, "{}:", scheme.as_str())?;
                if let Some(server) = server {
                    write!(f, "{server}/")?;
                }
                f.write_str(name)
            }
        }
    }
}

/// Choreo's id of an endpoint, which its references may hold in place of the name: the first five hex digits of
/// sha256(`<port>|<type>|<basePath>`). Not documented by Choreo but observed in its references: read it, never write it.
#[must_use]
pub fn endpoint_id(port: u16, kind: EndpointType, base_path: &str) -> String {
    let base_path = if base_path.is_empty() { "/" } else { base_path };
    let digest = Sha256::digest(format!("{port}|{}|{base_path}", kind.as_str()));
    let [first, second, third, ..] = <[u8; 32]>::from(digest);
    format!("{first:02x}{second:02x}{:x}", third >> 4)
}

/// Whether a name cannot stand as a segment of a reference, because it would be read as a version or a visibility.
#[must_use]
pub fn is_reserved_segment(text: &str) -> bool {
    is_version_word(text) || Visibility::ALL.iter().any(|v| v.reference_word().eq_ignore_ascii_case(text))
}

const SERVICE_FORM: &str =
    "a service is written service:/<project>/<component>/v<major>[/<endpoint>][/PUBLIC|PROJECT|ORGANIZATION]";

fn service(rest: &str) -> Result<Reference, &'static str> {
    let (project, rest) = match rest.strip_prefix('/') {
        Some(absolute) => {
            let (project, rest) = absolute.split_once('/').ok_or(SERVICE_FORM)?;
            (Some(segment(project).ok_or(SERVICE_FORM)?), rest)
        }
        None => (None, rest),
    };
    let mut segments = rest.split('/');
    let component = segments.next().and_then(segment).ok_or(SERVICE_FORM)?;
    let version_text = segments.next().ok_or(SERVICE_FORM)?;
    let (major, minor) = version(version_text.strip_prefix(['v', 'V']).unwrap_or(version_text))
        .ok_or("the version after the component is v<major>, v<major>.<minor> …")?;
    let tail: Vec<&str> = segments.collect();
    let (endpoint, visibility) = match tail.as_slice() {
        [] => (None, None),
        [last] => match visibility_word(last) {
            Some(visibility) => (None, Some(visibility)),
            None => (Some(segment(last).ok_or(SERVICE_FORM)?), None),
        },
        [endpoint, last] => {
            let visibility =
                visibility_word(last).ok_or("after the endpoint comes PUBLIC, PROJECT or ORGANIZATION, in capitals")?;
            (Some(segment(endpoint).ok_or(SERVICE_FORM)?), Some(visibility))
        }
        _ => return Err(SERVICE_FORM),
    };
    Ok(Reference::Service { project, component, major, minor, endpoint, visibility })
}

fn choreo_service(rest: &str) -> Result<Reference, &'static str> {
    const FORM: &str = "it is written choreo:///<organization>/<project>/<component>/<endpoint>/v<major>[.<minor>]/\
                        PUBLIC|PROJECT|ORGANIZATION";
    let segments: Vec<&str> = rest.strip_prefix("///").ok_or(FORM)?.split('/').collect();
    let [organization, project, component, endpoint, version_text, last] = segments.as_slice() else {
        return Err(FORM);
    };
    segment(organization).ok_or(FORM)?;
    let (major, minor) = version_text.strip_prefix('v').and_then(version).ok_or(FORM)?;
    if minor.as_ref().is_some_and(|minor| minor.contains('.')) {
        return Err("its version is v<major> or v<major>.<minor>");
    }
    Ok(Reference::Service {
        project: Some(segment(project).ok_or(FORM)?),
        component: segment(component).ok_or(FORM)?,
        major,
        minor,
        endpoint: Some(segment(endpoint).ok_or(FORM)?),
        visibility: Some(visibility_word(last).ok_or(FORM)?),
    })
}

fn not_a_service(scheme: &str, rest: &str) -> Result<Reference, &'static str> {
    match scheme {
        "thirdparty" => third_party(rest),
        "storage" => {
            let name =
                free_name(rest).ok_or("a storage is written storage:<name>: letters, digits, _ . - and blanks")?;
            Ok(Reference::Resource { scheme: ResourceScheme::Storage, server: None, name })
        }
        "database" => resource(ResourceScheme::Database, rest),
        "cache" => resource(ResourceScheme::Cache, rest),
        "broker" => resource(ResourceScheme::Broker, rest),
        _ => Err("it begins with service:, thirdparty:, database:, storage:, cache: or broker:, in small letters"),
    }
}

fn third_party(rest: &str) -> Result<Reference, &'static str> {
    const FORM: &str = "a third-party service is written thirdparty:<name>/v<major>";
    let (name, last) = rest.split_once('/').ok_or(FORM)?;
    let name = free_name(name).ok_or(FORM)?;
    let (major, minor) = last.strip_prefix(['v', 'V']).and_then(version).ok_or(FORM)?;
    Ok(Reference::ThirdParty { name: name.trim().to_owned(), major, minor })
}

fn resource(scheme: ResourceScheme, rest: &str) -> Result<Reference, &'static str> {
    const FORM: &str = "a resource is written <scheme>:[<server>/]<name>: letters, digits, _ and -";
    let (server, name) = match rest.split_once('/') {
        Some((server, name)) => (Some(segment(server).ok_or(FORM)?), name),
        None => (None, rest),
    };
    Ok(Reference::Resource { scheme, server, name: segment(name).ok_or(FORM)? })
}

fn segment(text: &str) -> Option<String> {
    let good = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    good.then(|| text.to_owned())
}

fn free_name(text: &str) -> Option<String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b' ');
    (!text.is_empty() && text.bytes().all(allowed)).then(|| text.to_owned())
}

/// Splits `1.2.3` into its major version and the rest.
fn version(text: &str) -> Option<(u32, Option<String>)> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !text.split('.').all(digits) {
        return None;
    }
    let (major, minor) = match text.split_once('.') {
        Some((major, minor)) => (major, Some(minor.to_owned())),
        None => (text, None),
    };
    Some((major.parse().unwrap_or(u32::MAX), minor))
}

fn visibility_word(text: &str) -> Option<Visibility> {
    Visibility::ALL.into_iter().find(|visibility| visibility.reference_word() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms() {
        for (text, expect) in [
            ("service:/p/c/v1/ad088/PUBLIC", "service:/p/c/v1/ad088"),
            ("/p/c/2.7", "service:/p/c/v2"),
            ("c/V3.0/main", "service:c/v3/main"),
            ("thirdparty: Mail Gate/v1.2", "thirdparty:Mail Gate/v1"),
            ("database:shop/main", "database:shop/main"),
            ("database:main", "database:main"),
            ("storage:my files", "storage:my files"),
            ("cache:redis", "cache:redis"),
            ("broker:k/t", "broker:k/t"),
        ] {
            let reference = Reference::parse_resource_ref(text).unwrap();
            assert_eq!(reference.to_string(), expect);
            assert_eq!(Reference::parse_resource_ref(expect).map(|r| r.to_string()).as_deref(), Ok(expect));
        }
    }

    #[test]
    fn the_last_segment_is_a_visibility_only_in_capitals() {
        for (text, endpoint, visibility) in [
            ("c/v1", None, None),
            ("c/v1/PUBLIC", None, Some(Visibility::Public)),
            ("c/v1/public", Some("public"), None),
            ("c/v1/PUBLIC/PROJECT", Some("PUBLIC"), Some(Visibility::Project)),
        ] {
            let Ok(Reference::Service { endpoint: e, visibility: v, .. }) = Reference::parse_resource_ref(text) else {
                panic!("{text}");
            };
            assert_eq!((e.as_deref(), v), (endpoint, visibility), "{text}");
        }
    }

    #[test]
    fn refused() {
        for text in
            ["", " ", "c", "c/", "c/v", "c/v1.", "/c/v1", "c/v1/", "c/v1/a/b", "c/v1/a/PUBLIC/", "service:", "x:y"]
        {
            assert!(Reference::parse_resource_ref(text).is_err(), "{text}");
        }
        for text in
            ["c/v1", "service:/p/c/v1", "storage:x", "choreo:///o/p/c/e/v1.0.0/PUBLIC", "choreo:///o/p/c/v1/e/PUBLIC"]
        {
            assert!(Reference::parse_service_reference(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_service_reference_has_its_endpoint_before_its_version() {
        assert_eq!(
            Reference::parse_service_reference("choreo:///o/p/c/ad088/v1.2/ORGANIZATION"),
            Ok(Reference::Service {
                project: Some("p".into()),
                component: "c".into(),
                major: 1,
                minor: Some("2".into()),
                endpoint: Some("ad088".into()),
                visibility: Some(Visibility::Organization),
            })
        );
    }

    #[test]
    fn endpoint_ids() {
        assert_eq!(endpoint_id(8080, EndpointType::REST, "/"), "5c69c");
        assert_eq!(endpoint_id(8090, EndpointType::REST, "/"), "8b1c3");
        assert_eq!(endpoint_id(8080, EndpointType::REST, ""), "5c69c");
    }
}
