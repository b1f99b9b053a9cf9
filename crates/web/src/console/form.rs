//! What a form sent, after proof that it came from a page of this session: by the token that each form carries, and by what
//! the browser says of where the request comes from.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, header};
use tieline_control::Refusal;
use tieline_core::code;

use super::fault::Fault;
use super::visitor::Visitor;
use crate::{ApiError, App};

/// The field that ties a form to its session.
const TOKEN: &str = "form_token";

/// A form that a visitor sent.
pub(super) struct Form {
    /// Who sent it.
    pub(super) visitor: Visitor,
    /// What it holds.
    pub(super) fields: Fields,
}

/// The fields of a form, in their order. A field may stand there several times.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

/// What stands in a field that is shown again, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entered {
    /// What was entered.
    pub(super) text: String,
    /// What is wrong with it, and what to do.
    pub(super) wrong: Option<String>,
}

impl Entered {
    /// A field that was refused.
    pub(super) fn refused(text: &str, refusal: Refusal) -> Self {
        Self { text: text.to_owned(), wrong: Some(format!("{}: {}", refusal.message, refusal.hint)) }
    }
}

impl Fields {
    /// A field without blanks around it; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.trim())
    }

    /// As [`Fields::text`], none when it is empty.
    pub(super) fn optional(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Whether a box is ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    /// Every value of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.trim())
    }

    /// The fields whose names begin with a prefix, by the rest of the name: `mapping.production` for `mapping.`.
    pub(super) fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.trim())))
    }
}

impl FromRequest<App> for Form {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &App) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, app).await?;
        if !from_here(&parts.headers, &app.control.settings().public_url) {
            return Err(Fault::expired());
        }
        let fields = Fields::read(Request::from_parts(parts, body), app).await?;
        if !visitor.gave(fields.text(TOKEN)) {
            return Err(Fault::expired());
        }
        Ok(Self { visitor, fields })
    }
}

impl Fields {
    async fn read(request: Request, app: &App) -> Result<Self, Fault> {
        let bytes = axum::body::Bytes::from_request(request, app).await.map_err(|error| {
            let hint = "a form holds at most 16 MiB";
            ApiError::bad_request(code!("body_invalid"), error.to_string(), hint)
        })?;
        let fields = Self(form_urlencoded::parse(&bytes).into_owned().collect());
        if fields.0.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            let hint = "take it out; encode binary values, for example in base64";
            let title = "the form holds a NUL character, which no text here can hold".to_owned();
            return Err(ApiError::bad_request(code!("text_invalid"), title, hint).into());
        }
        Ok(fields)
    }
}

/// Whether the browser says that a request comes from a page of this console. One that says nothing is old, or no browser:
/// the token decides alone.
fn from_here(headers: &HeaderMap, public_url: &str) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = header("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = header(header::ORIGIN.as_str()) else { return true };
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    origin == public_url || header(header::HOST.as_str()) == Some(host)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_form_comes_from_a_page_of_the_same_host() {
        for (site, origin, expect) in [
            (Some("same-origin"), None, true),
            (Some("same-origin"), Some("null"), true),
            (Some("same-site"), Some("https://console.example"), false),
            (Some("cross-site"), None, false),
            (Some("none"), None, false),
            (None, None, true),
            (None, Some("https://console.example"), true),
            (None, Some("http://127.0.0.1:7070"), true),
            (None, Some("https://evil.example"), false),
            (None, Some("null"), false),
            (None, Some(""), false),
        ] {
            let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("127.0.0.1:7070"))]);
            for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
                if let Some(value) = value {
                    headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
                }
            }
            assert_eq!(from_here(&headers, "https://console.example"), expect, "{site:?} {origin:?}");
        }
    }

    #[test]
    fn fields() {
        let pairs =
            [("name", " mail "), ("label", "a"), ("label", "b"), ("mapping.production", "live"), ("empty", " ")];
        let fields = Fields(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
        assert_eq!((fields.text("name"), fields.text("other"), fields.optional("empty")), ("mail", "", None));
        assert_eq!(fields.all("label").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(fields.below("mapping.").collect::<Vec<_>>(), [("production", "live")]);
        assert!(fields.ticked("empty") && !fields.ticked("other"));
    }
}
