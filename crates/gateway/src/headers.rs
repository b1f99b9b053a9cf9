//! The headers of a call on both sides: what belongs to one connection is not passed on, nobody but the gateway says who
//! calls, and a credential ends where it was checked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::{Bytes, Frame};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use tieline_core::secret::API_KEY_PREFIX;

use crate::check::{API_KEY, CHOREO_API_KEY, Caller};
use crate::table::Route;

const ORGANIZATION: HeaderName = HeaderName::from_static("x-tieline-organization");
const ENVIRONMENT: HeaderName = HeaderName::from_static("x-tieline-environment");
const APPLICATION: HeaderName = HeaderName::from_static("x-tieline-application");
const CONNECTION: HeaderName = HeaderName::from_static("x-tieline-connection");
const COMPONENT: HeaderName = HeaderName::from_static("x-tieline-component");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// How a client reaches the gateway.
pub(crate) struct Visitor {
    /// Its address, as a header.
    pub(crate) address: HeaderValue,
    pub(crate) https: bool,
    pub(crate) behind_proxy: bool,
    /// How many calls were begun on its connection.
    pub(crate) calls: AtomicU64,
}

impl Visitor {
    /// Counts a call, which is under way as long as what is given back is kept.
    pub(crate) fn begin(self: &Arc<Self>) -> Arc<Self> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Arc::clone(self)
    }
}

/// Makes the headers of a request those that the endpoint gets; `token` says that it bears a token of a known issuer.
pub(crate) fn request(
    headers: &mut HeaderMap,
    host: &HeaderValue,
    asked: Option<HeaderValue>,
    visitor: &Visitor,
    route: &Route,
    caller: &Caller,
    token: bool,
) {
    let trailers = headers.get_all(header::TE).iter().any(|value| {
        value.to_str().is_ok_and(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case("trailers")))
    });
    without_connection(headers, |name| {
        of_request(name)
            || is_like(name, "x-tieline-")
            || (!visitor.behind_proxy && is_like(name, "x-forwarded-"))
            || (name.contains('_') && is_like(name, "x-forwarded-"))
    });
    if token {
        headers.remove(header::AUTHORIZATION);
    }
    remove_keys(headers, route);
    join_cookies(headers);
    headers.insert(header::HOST, host.clone());
    if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    forwarded(headers, asked, visitor);
    called_by(headers, route, caller);
}

/// Joins cookies that HTTP/2 may send one by one; in HTTP/1.1 there is one header of them (RFC 9113, section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let values: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if values.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&values.join(&b"; "[..]))
    {
        headers.insert(header::COOKIE, joined);
    }
}

/// Removes API keys, whether they were asked for or not. `API-Key` may be a header of the service's own where its route asks
/// for none: then it is passed on, unless it holds one of Tieline's.
fn remove_keys(headers: &mut HeaderMap, route: &Route) {
    headers.remove(CHOREO_API_KEY);
    let mut values = headers.get_all(API_KEY).iter();
    if route.api_key || values.any(|value| value.as_bytes().starts_with(API_KEY_PREFIX.as_bytes())) {
        headers.remove(API_KEY);
    }
}

/// Trailers of a request without what some endpoints would take for headers that the gateway sets or checks.
pub(crate) fn trailers(mut trailers: HeaderMap) -> Frame<Bytes> {
    let credential = |name: &HeaderName| [header::AUTHORIZATION, CHOREO_API_KEY, API_KEY].contains(name);
    without_connection(&mut trailers, |name| {
        of_request(name) || is_like(name, "x-tieline-") || is_like(name, "x-forwarded-")
    });
    let gone: Vec<HeaderName> = trailers.keys().filter(|name| credential(name)).cloned().collect();
    gone.iter().for_each(|name| drop(trailers.remove(name)));
    Frame::trailers(trailers)
}

/// Makes the headers of an answer those that the client gets.
pub(crate) fn answer(headers: &mut HeaderMap) {
    without_connection(headers, |name| name == "proxy-authenticate");
}

/// Who asked whom by what. A proxy in front is believed; what a client says itself is not.
fn forwarded(headers: &mut HeaderMap, asked: Option<HeaderValue>, visitor: &Visitor) {
    if visitor.behind_proxy {
        headers.append(FORWARDED_FOR, visitor.address.clone());
    } else {
        headers.insert(FORWARDED_FOR, visitor.address.clone());
    }
    if !visitor.behind_proxy || !headers.contains_key(FORWARDED_PROTO) {
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static(if visitor.https { "https" } else { "http" }));
    }
    if let Some(asked) = asked
        && (!visitor.behind_proxy || !headers.contains_key(FORWARDED_HOST))
    {
        headers.insert(FORWARDED_HOST, asked);
    }
}

fn called_by(headers: &mut HeaderMap, route: &Route, caller: &Caller) {
    let Some(grant) = caller.grant() else { return };
    let mut insert = |name, value: Option<HeaderValue>| {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    };
    let id = |id: uuid::Uuid| HeaderValue::from_str(id.hyphenated().encode_lower(&mut [0; 36])).ok();
    let component = match caller {
        Caller::Client(verified, _) => {
            insert(ORGANIZATION, Some(verified.identity.organization.clone()));
            insert(ENVIRONMENT, verified.identity.environment.clone());
            verified.identity.component
        }
        Caller::Key(key) => {
            insert(ORGANIZATION, HeaderValue::from_str(&route.organization).ok());
            key.component
        }
        Caller::Anyone => None,
    };
    insert(APPLICATION, grant.application.and_then(|application| id(application.0)));
    insert(CONNECTION, grant.connection.and_then(|connection| id(connection.0)));
    insert(COMPONENT, component.and_then(|component| id(component.0)));
}

/// Removes what concerns one connection only (RFC 9110, section 7.6.1), what `Connection` names, and more.
fn without_connection(headers: &mut HeaderMap, more: impl Fn(&str) -> bool) {
    let mut gone: Vec<HeaderName> = Vec::new();
    for value in headers.get_all(header::CONNECTION) {
        let names = value.to_str().unwrap_or_default().split(',').map(str::trim);
        gone.extend(names.filter_map(|name| HeaderName::try_from(name).ok()));
    }
    let with_connection = |name: &str| {
        matches!(
            name,
            "connection"
                | "keep-alive"
                | "proxy-connection"
                | "te"
                | "transfer-encoding"
                | "upgrade"
                | "http2-settings"
        )
    };
    gone.extend(headers.keys().filter(|name| with_connection(name.as_str()) || more(name.as_str())).cloned());
    for name in gone {
        // Without its length a body would be sent in chunks, which endpoints of HTTP/1.0 do not read.
        if name != header::CONTENT_LENGTH {
            headers.remove(name);
        }
    }
}

/// What a client says to the gateway alone.
fn of_request(name: &str) -> bool {
    matches!(name, "host" | "expect" | "forwarded" | "proxy-authorization")
}

/// Whether a name begins so for an endpoint that takes `_` for `-`, as CGI and WSGI do (RFC 3875, section 4.1.18).
fn is_like(name: &str, prefix: &str) -> bool {
    let same = |(a, b): (u8, u8)| a == b || (a == b'_' && b == b'-');
    name.len() >= prefix.len() && name.bytes().zip(prefix.bytes()).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_connection_stays_there() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Own"),
            ("connection", "content-length"),
            ("x-own", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("content-length", "3"),
            ("x-kept", "1"),
            ("trailer", "x-sum"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        answer(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["content-length", "trailer", "x-kept"]);
    }

    #[test]
    fn cookies_are_one_header() {
        for (sent, expect) in
            [(&[][..], None), (&["a=b"], Some("a=b")), (&["a=b", "c=d; e", "f"], Some("a=b; c=d; e; f"))]
        {
            let mut headers = HeaderMap::new();
            for cookie in sent {
                headers.append("cookie", HeaderValue::from_static(cookie));
            }
            join_cookies(&mut headers);
            let mut values = headers.get_all("cookie").iter();
            assert_eq!((values.next().map(|value| value.to_str().unwrap()), values.next()), (expect, None));
        }
    }

    #[test]
    fn names_are_alike_with_underscores() {
        for (name, alike) in [
            ("x-tieline-organization", true),
            ("x_tieline_organization", true),
            ("x-tieline_", true),
            ("x-tieline", false),
            ("x-tielinea", false),
            ("y-tieline-a", false),
        ] {
            assert_eq!(is_like(name, "x-tieline-"), alike, "{name}");
        }
    }
}
