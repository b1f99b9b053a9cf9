//! What the next page says once, after a redirect: carried by the browser, bound to its session, so that nobody else can
//! put words there.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tieline_core::secret::{Digest, Secret};

use super::cookie;
use crate::App;

/// Longest text, in bytes: what is said in one sentence or two, well below what a cookie holds.
const LONGEST: usize = 1000;

/// Puts a text on a redirect.
pub(super) fn put(app: &App, session: &Secret, text: &str, response: &mut Response) {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = URL_SAFE_NO_PAD.encode(&text[..end]);
    if let Some(cookie) = cookie::set(app, cookie::FLASH, &format!("{text}.{}", seal(session, &text))) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// The text that a page says, if this session put it there.
pub(super) fn take(app: &App, headers: &HeaderMap, session: &Secret) -> Option<String> {
    open(session, &cookie::read(app, headers, cookie::FLASH)?)
}

/// Takes the cookie back with the page that said it.
pub(super) async fn forget(State(app): State<App>, request: Request, next: Next) -> Response {
    let carried = request.method() == Method::GET && cookie::read(&app, request.headers(), cookie::FLASH).is_some();
    let mut response = next.run(request).await;
    if carried
        && response.status().is_success()
        && let Some(cookie) = cookie::clear(&app, cookie::FLASH)
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn open(session: &Secret, value: &str) -> Option<String> {
    let (text, found) = value.split_once('.')?;
    if Secret::new(found) != Secret::new(seal(session, text).to_string()) {
        return None;
    }
    String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// Hashed twice with the key in front, as HMAC does (RFC 2104), so that a seal cannot be extended to a longer text.
fn seal(session: &Secret, text: &str) -> Digest {
    let inner = Digest::of(&format!("flash\n{}\n{text}", session.expose()));
    Digest::of(&format!("flash\n{}\n{inner}", session.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_from_its_session_alone() {
        let (own, other) = (Secret::new("own"), Secret::new("other"));
        let text = URL_SAFE_NO_PAD.encode("Created the connection “ä”.");
        let value = format!("{text}.{}", seal(&own, &text));
        assert_eq!(open(&own, &value).as_deref(), Some("Created the connection “ä”."));
        assert_eq!(open(&other, &value), None);
        assert_eq!(open(&own, &format!("{}.{}", URL_SAFE_NO_PAD.encode("x"), seal(&own, &text))), None);
        assert_eq!(open(&own, "no seal"), None);
    }
}
