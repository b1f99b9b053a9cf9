//! The console without a browser: single requests, as a browser sends them, and what is answered.

use ureq::http::{HeaderMap, Request};

use crate::world::TestServer;

/// What a page answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: String,
    headers: HeaderMap,
}

impl Answer {
    /// A header; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// What the forms of the page carry.
    pub(crate) fn form_token(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"form_token\" value=\"").expect("a form");
        rest.split('"').next().expect("its token").to_owned()
    }
}

/// Sends a request, and follows nothing.
pub(crate) fn send(server: &TestServer, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("{}{path}", server.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let mut answer = agent.run(request.body(body.to_owned()).expect("a request")).expect("an answer");
    let body = answer.body_mut().read_to_string().expect("UTF-8");
    Answer { status: answer.status().as_u16(), body, headers: answer.headers().clone() }
}

/// A page, as it is shown to who brings a cookie.
pub(crate) fn get(server: &TestServer, path: &str, cookie: &str) -> Answer {
    send(server, "GET", path, &[("accept", "text/html"), ("cookie", cookie)], "")
}

/// A form that is sent from its page.
pub(crate) fn post(server: &TestServer, path: &str, cookie: &str, body: &str) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    send(server, "POST", path, &[kind, ("cookie", cookie), ("sec-fetch-site", "same-origin")], body)
}

/// The path and query of a sign-in link for the holder of a token.
pub(crate) fn link(server: &TestServer, token: &str) -> String {
    let made = server.ask("POST", "/login-links", Some(token), None);
    let url = made.body["url"].as_str().unwrap_or_else(|| panic!("{made:?}"));
    url.strip_prefix(server.url()).expect("an address of this server").to_owned()
}

/// Signs in; the cookie to bring from then on.
pub(crate) fn sign_in(server: &TestServer, token: &str) -> String {
    let answer = get(server, &link(server, token), "");
    assert_eq!((answer.status, answer.header("location")), (303, "/"), "{answer:?}");
    answer.header("set-cookie").split(';').next().expect("a cookie").to_owned()
}
