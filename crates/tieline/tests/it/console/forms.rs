//! Forms are carried out only when a page of the same session sent them.

use super::visit::{get, post, send, sign_in};
use crate::world::TestServer;

#[test]
fn a_form_of_another_session_or_site_changes_nothing() {
    let server = TestServer::start();
    let admin = server.admin_token();
    let (cookie, other) = (sign_in(&server, &admin), sign_in(&server, &admin));
    let token = get(&server, "/", &cookie).form_token();
    let foreign = get(&server, "/", &other).form_token();
    assert_ne!(token, foreign);
    let body = format!("form_token={token}");
    for wrong in [String::new(), "form_token=".to_owned(), format!("form_token={foreign}"), format!("{body}x")] {
        let answer = post(&server, "/sign-out", &cookie, &wrong);
        assert!(answer.status == 403 && answer.body.contains("form_expired"), "{answer:?}");
    }
    for (header, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let headers = [("cookie", cookie.as_str()), (header, value)];
        assert_eq!(send(&server, "POST", "/sign-out", &headers, &body).status, 403, "{header}: {value}");
    }
    assert_eq!(get(&server, "/", &cookie).status, 200, "the session goes on");
    assert_eq!(send(&server, "POST", "/sign-out", &[("cookie", &cookie)], &body).status, 303);
}
