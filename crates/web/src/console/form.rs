//! What a form sent, after proof that it came from a page of this session: by the token that each form carries, and by what
//! the browser says of where the request comes from.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Multipart, Request};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use tieline_control::Refusal;
use tieline_core::code;
use tieline_core::secret::Secret;

use super::fault::Fault;
use super::visitor::Visitor;
use super::{invitation, sign_in};
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

/// Fields of a form: more than the largest registration has. What looks each of them up is done before anybody waits.
const MOST: usize = 4096;

/// Where forms come from people who need not be signed in.
const OPEN: [&str; 2] = [sign_in::PATH, invitation::PATH];
/// Largest of these forms: a name, a password, and where to go then.
const OPEN_MOST: usize = 16 * 1024;
/// After this such a form that has not come is given up.
const OPEN_PATIENCE: Duration = Duration::from_secs(5);

/// Reads forms of people who need not be signed in before the request takes a place of those that are under way: whoever sends
/// them slowly, or never, keeps nobody else out.
pub(super) async fn read_open(request: Request, next: Next) -> Result<Response, Fault> {
    if !OPEN.contains(&request.uri().path()) {
        return Ok(next.run(request).await);
    }
    let (head, body) = request.into_parts();
    let refused = |title: String| {
        ApiError::bad_request(code!("body_invalid"), title, "load the page again, and send it from there")
    };
    let bytes = match tokio::time::timeout(OPEN_PATIENCE, to_bytes(body, OPEN_MOST)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Err(refused(format!("the form was cut, or is larger than {OPEN_MOST} bytes")).into()),
        Err(_) => return Err(refused(format!("the form did not come within {} s", OPEN_PATIENCE.as_secs())).into()),
    };
    Ok(next.run(Request::from_parts(head, Body::from(bytes))).await)
}

/// A form that somebody sent who need not be signed in, as [`read_open`] left it. There is no session that could tie it to its page: a browser that does not
/// say that it comes from here is refused, so that no other site signs anybody in as somebody else.
pub(super) struct OpenForm(pub(super) Fields);

/// The fields of a form, in their order. A field may stand there several times.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    texts: Vec<(String, String)>,
    /// What was uploaded, by field.
    files: Vec<(String, Bytes)>,
}

/// What stands in a field that is shown again, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entered {
    /// What was entered.
    pub(super) text: String,
    /// What is wrong with it, and what to do.
    pub(super) wrong: Option<String>,
}

impl Entered {
    /// A field that nothing is wrong with.
    pub(super) fn of(text: &str) -> Self {
        Self { text: text.to_owned(), wrong: None }
    }

    /// A field that was refused.
    pub(super) fn refused(text: &str, refusal: Refusal) -> Self {
        Self { text: text.to_owned(), wrong: Some(format!("{}: {}", refusal.message, refusal.hint)) }
    }

    /// A repetition of a password that is another one.
    pub(super) fn not_repeated() -> Self {
        let wrong = "this is another password than the one above: enter the same twice".to_owned();
        Self { text: String::new(), wrong: Some(wrong) }
    }
}

impl Fields {
    /// A field without blanks around it; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.exact(name).trim()
    }

    /// A field as it was entered: blanks may be part of a secret.
    pub(super) fn exact(&self, name: &str) -> &str {
        self.texts.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// As [`Fields::exact`], with the line ends that were there before a browser sent them (HTML, "constructing the entry
    /// list": each becomes CRLF).
    pub(super) fn lines(&self, name: &str) -> String {
        self.exact(name).replace("\r\n", "\n")
    }

    /// The file that was chosen for a field.
    pub(super) fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.iter().find(|(found, _)| found == name).map(|(_, bytes)| bytes.as_ref())
    }

    /// A secret as it was entered, with the blanks that may belong to it.
    pub(super) fn secret(&self, name: &str) -> Secret {
        Secret::new(self.exact(name))
    }

    /// Whether an option of a field was chosen.
    pub(super) fn chose(&self, name: &str, option: &str) -> bool {
        self.text(name) == option
    }

    /// As [`Fields::text`], none when it is empty.
    pub(super) fn optional(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Fields as a test has them.
    #[cfg(test)]
    pub(super) fn of(pairs: &[(&str, &str)]) -> Self {
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { texts: pairs.iter().map(text).collect(), files: Vec::new() }
    }

    /// Whether a box is ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        self.texts.iter().any(|(found, _)| found == name)
    }

    /// Every value of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.texts.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.trim())
    }

    /// The fields whose names begin with a prefix, by the rest of the name: `mapping.production` for `mapping.`.
    pub(super) fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.trim())))
    }
}

impl FromRequest<App> for Form {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &App) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, app).await?;
        if from_here(&parts.headers, &app.control.settings().public_url) == Some(false) {
            return Err(Fault::expired());
        }
        let fields = Fields::read(Request::from_parts(parts, body), app).await?;
        if !visitor.gave(fields.text(TOKEN)) {
            return Err(Fault::expired());
        }
        Ok(Self { visitor, fields })
    }
}

impl FromRequest<App> for OpenForm {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &App) -> Result<Self, Fault> {
        if from_here(request.headers(), &app.control.settings().public_url) != Some(true) {
            return Err(Fault::expired());
        }
        Fields::read(request, app).await.map(Self)
    }
}

impl Fields {
    async fn read(request: Request, app: &App) -> Result<Self, Fault> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let fields = if kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
            Self::read_parts(request, app).await?
        } else {
            let bytes = Bytes::from_request(request, app).await.map_err(unreadable)?;
            Self { texts: form_urlencoded::parse(&bytes).into_owned().take(MOST + 1).collect(), files: Vec::new() }
        };
        if fields.texts.len() > MOST {
            let title = format!("the form has more than {MOST} fields");
            let hint = "send less at a time, or use the command line";
            return Err(ApiError::bad_request(code!("body_invalid"), title, hint).into());
        }
        if fields.texts.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            let hint = "take it out; encode binary values, for example in base64";
            let title = "the form holds a NUL character, which no text here can hold".to_owned();
            return Err(ApiError::bad_request(code!("text_invalid"), title, hint).into());
        }
        Ok(fields)
    }

    /// The parts of a form that may hold files (RFC 7578). A field for a file is sent without one when none was chosen.
    async fn read_parts(request: Request, app: &App) -> Result<Self, Fault> {
        let mut parts = Multipart::from_request(request, app).await.map_err(unreadable)?;
        let mut fields = Self::default();
        while let Some(part) = parts.next_field().await.map_err(unreadable)? {
            let name = part.name().unwrap_or_default().to_owned();
            let file = part.file_name().is_some();
            let bytes = part.bytes().await.map_err(unreadable)?;
            if !file {
                fields.texts.push((name, String::from_utf8_lossy(&bytes).into_owned()));
            } else if !bytes.is_empty() {
                fields.files.push((name, bytes));
            }
            if fields.texts.len() > MOST {
                break;
            }
        }
        Ok(fields)
    }
}

fn unreadable(error: impl std::fmt::Display) -> ApiError {
    ApiError::bad_request(code!("body_invalid"), error.to_string(), "a form holds at most 16 MiB")
}

/// Whether the browser says that a request comes from a page of this console; none when it says nothing: it is old, or no
/// browser, and the token decides alone.
fn from_here(headers: &HeaderMap, public_url: &str) -> Option<bool> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = header("sec-fetch-site") {
        return Some(site == "same-origin");
    }
    let origin = header(header::ORIGIN.as_str())?;
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    Some(origin == public_url || header(header::HOST.as_str()) == Some(host))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::{HeaderName, HeaderValue, StatusCode};
    use tower::ServiceExt;

    use super::*;

    #[test]
    fn a_form_comes_from_a_page_of_the_same_host() {
        for (site, origin, expect) in [
            (Some("same-origin"), None, Some(true)),
            (Some("same-origin"), Some("null"), Some(true)),
            (Some("same-site"), Some("https://console.example"), Some(false)),
            (Some("cross-site"), None, Some(false)),
            (Some("none"), None, Some(false)),
            (None, None, None),
            (None, Some("https://console.example"), Some(true)),
            (None, Some("http://127.0.0.1:7070"), Some(true)),
            (None, Some("https://evil.example"), Some(false)),
            (None, Some("null"), Some(false)),
            (None, Some(""), Some(false)),
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

    #[tokio::test(start_paused = true)]
    async fn open_forms_are_whole_before_anything_else_is_done() {
        let router = Router::new().fallback(|| async { "taken" }).layer(axum::middleware::from_fn(read_open));
        let stalled = || Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        let sized = |length: usize| Body::from(vec![b'a'; length]);
        for (path, body, status) in [
            (sign_in::PATH, sized(OPEN_MOST), StatusCode::OK),
            (sign_in::PATH, sized(OPEN_MOST + 1), StatusCode::BAD_REQUEST),
            (sign_in::PATH, stalled(), StatusCode::BAD_REQUEST),
            (invitation::PATH, stalled(), StatusCode::BAD_REQUEST),
            ("/organizations", stalled(), StatusCode::OK),
        ] {
            let request = Request::post(path).body(body).unwrap();
            assert_eq!(router.clone().oneshot(request).await.unwrap().status(), status, "{path}");
        }
    }

    #[test]
    fn fields() {
        let pairs = [
            ("name", " mail "),
            ("label", "a"),
            ("label", "b"),
            ("mapping.production", "live"),
            ("empty", " "),
            ("lines", "a\r\nb"),
        ];
        let fields = Fields::of(&pairs);
        assert_eq!((fields.exact("name"), fields.lines("lines").as_str()), (" mail ", "a\nb"));
        assert_eq!((fields.text("name"), fields.text("other"), fields.optional("empty")), ("mail", "", None));
        assert_eq!(fields.all("label").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(fields.below("mapping.").collect::<Vec<_>>(), [("production", "live")]);
        assert!(fields.ticked("empty") && !fields.ticked("other"));
        assert_eq!((fields.secret("name").expose(), fields.secret("other").expose()), (" mail ", ""));
    }
}
