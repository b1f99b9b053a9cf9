//! The cookies of the console. On https they carry the prefix `__Host-`, with which browsers take them from this host alone,
//! over TLS alone (RFC 6265bis, 4.1.3.2).

use axum::http::{HeaderMap, HeaderValue, header};

use crate::App;

/// The secret of the session.
pub(super) const SESSION: &str = "tieline-session";
/// The secret of a link that somebody opened and has not used yet.
pub(super) const INVITATION: &str = "tieline-invitation";
/// What an attempt to sign in by a sign-in provider needs when it comes back.
pub(super) const ATTEMPT: &str = "tieline-sign-in";
/// What the next page says once.
pub(super) const FLASH: &str = "tieline-flash";

fn secure(app: &App) -> bool {
    app.control.settings().public_url.starts_with("https://")
}

fn name(app: &App, name: &str) -> String {
    if secure(app) { format!("__Host-{name}") } else { name.to_owned() }
}

/// The value of a cookie of a request.
pub(super) fn read(app: &App, headers: &HeaderMap, wanted: &str) -> Option<String> {
    let wanted = name(app, wanted);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned())
}

/// Sets a cookie that ends with the browser. The value holds letters, digits, `_`, `-` and `.` alone.
pub(super) fn set(app: &App, wanted: &str, value: &str) -> Option<HeaderValue> {
    let secure = if secure(app) { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}", name(app, wanted))).ok()
}

/// Takes a cookie back.
pub(super) fn clear(app: &App, wanted: &str) -> Option<HeaderValue> {
    let secure = if secure(app) { "; Secure" } else { "" };
    let name = name(app, wanted);
    HeaderValue::from_str(&format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}")).ok()
}
