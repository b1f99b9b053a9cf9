//! The addresses that connections inject: of an internal service behind a gateway, and of an endpoint itself.

use std::fmt::Write as _;

use crate::endpoint::EndpointType;

/// What a gateway knows an internal service by: the parts of its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'a> {
    /// Handle of the organization.
    pub organization: &'a str,
    /// Handle of the provider's environment.
    pub environment: &'a str,
    /// Handle of the provider's project.
    pub project: &'a str,
    /// Handle of the provider.
    pub component: &'a str,
    /// Name of the endpoint; none for the default one.
    pub endpoint: Option<&'a str>,
    /// Major version.
    pub major: i64,
}

impl Route<'_> {
    /// `/<organization>/<environment>/<project>/<component>[/<endpoint>]/v<major>`. Handles stand as they are; names of
    /// endpoints, which the older descriptors leave free, are percent-encoded (RFC 3986, section 2.1).
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        let segments = [self.organization, self.environment, self.project, self.component];
        for segment in segments.into_iter().chain(self.endpoint) {
            path.push('/');
            push_segment(&mut path, segment);
        }
        let _ = write!(path, "/v{}", self.major);
        path
    }
}

/// The address of a service behind a gateway, without base path and without a trailing slash.
#[must_use]
pub fn gateway_url(base: &str, route: &Route<'_>, kind: EndpointType) -> String {
    format!("{}{}", with_scheme(base.trim_end_matches('/'), kind), route.path())
}

/// The address of an endpoint itself: where it listens, with its base path; `/` adds nothing.
#[must_use]
pub fn direct_url(address: &str, base_path: &str, kind: EndpointType) -> String {
    let address = with_scheme(address.trim_end_matches('/'), kind);
    match kind {
        EndpointType::TCP | EndpointType::UDP => address,
        _ => address + base_path.trim_end_matches('/'),
    }
}

fn with_scheme(address: &str, kind: EndpointType) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let scheme = match (kind, scheme) {
        (EndpointType::WS, "http") => "ws",
        (EndpointType::WS, "https") => "wss",
        (EndpointType::TCP, _) => "tcp",
        (EndpointType::UDP, _) => "udp",
        (_, scheme) => scheme,
    };
    format!("{scheme}://{rest}")
}

fn push_segment(path: &mut String, segment: &str) {
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_gateway() {
        let route = |endpoint| Route {
            organization: "acme",
            environment: "production",
            project: "shop",
            component: "orders",
            endpoint,
            major: 2,
        };
        for (base, endpoint, kind, expect) in [
            ("http://gw:1", None, EndpointType::REST, "http://gw:1/acme/production/shop/orders/v2"),
            ("https://gw/", Some("admin"), EndpointType::GraphQL, "https://gw/acme/production/shop/orders/admin/v2"),
            ("https://gw", None, EndpointType::WS, "wss://gw/acme/production/shop/orders/v2"),
            ("http://gw", Some("a b/c"), EndpointType::WS, "ws://gw/acme/production/shop/orders/a%20b%2Fc/v2"),
        ] {
            assert_eq!(gateway_url(base, &route(endpoint), kind), expect);
        }
    }

    #[test]
    fn direct() {
        for (address, base_path, kind, expect) in [
            ("http://127.0.0.1:8080", "/", EndpointType::REST, "http://127.0.0.1:8080"),
            ("http://127.0.0.1:8080", "", EndpointType::REST, "http://127.0.0.1:8080"),
            ("http://orders:80/", "/api/v1", EndpointType::REST, "http://orders:80/api/v1"),
            ("https://orders", "/api/", EndpointType::WS, "wss://orders/api"),
            ("http://127.0.0.1:9000", "/", EndpointType::TCP, "tcp://127.0.0.1:9000"),
            ("udp://10.0.0.1:53", "/", EndpointType::UDP, "udp://10.0.0.1:53"),
            ("http://10.0.0.1:50051", "/", EndpointType::GRPC, "http://10.0.0.1:50051"),
        ] {
            assert_eq!(direct_url(address, base_path, kind), expect, "{address} {base_path}");
        }
    }
}
