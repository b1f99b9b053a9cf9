//! Signing in by a sign-in link, and the end of sessions.

use serde_json::json;

use super::visit::{get, link, post, send, sign_in};
use crate::world::TestServer;

#[test]
fn a_sign_in_link_signs_in_once_and_the_session_ends_with_its_token() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    let made = server.json(&["token", "create", "anna", "--role", "viewer", "--organization", "acme"]);
    let token = made["token"].as_str().expect("a token");

    let address = link(&server, token);
    let answer = get(&server, &address, "");
    assert_eq!((answer.status, answer.header("location")), (303, "/"));
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let cookie = answer.header("set-cookie").to_owned();
    for attribute in ["tieline-session=", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let cookie = cookie.split(';').next().expect("a cookie");
    assert_eq!(get(&server, &address, "").status, 401, "it is used up");
    let home = get(&server, "/", cookie);
    assert!(home.status == 200 && home.body.contains("acme") && home.body.contains("anna"), "{home:?}");

    let secret = address.split_once("link=").expect("a secret").1;
    let session = cookie.split_once('=').expect("a value").1;
    let audit = server.json(&["audit", "list", "--organization", "acme"]).to_string();
    for action in ["login_link_create", "sign_in"] {
        assert!(audit.contains(&format!("\"{action}\"")), "{audit}");
    }
    for hidden in [secret, session] {
        assert!(!audit.contains(hidden) && !server.log().contains(hidden), "{hidden} was written down");
    }

    server.tieline(&["token", "revoke", "anna", "--organization", "acme"]).done();
    assert_eq!(get(&server, "/", cookie).header("location"), "/sign-in", "its token is not accepted any more");
}

#[test]
fn signing_out_ends_the_session_everywhere() {
    let server = TestServer::start();
    let admin = server.admin_token();
    let (cookie, other) = (sign_in(&server, &admin), sign_in(&server, &admin));
    let token = get(&server, "/", &cookie).form_token();
    let answer = post(&server, "/sign-out", &cookie, &format!("form_token={token}"));
    assert_eq!((answer.status, answer.header("location")), (303, "/sign-in"));
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{answer:?}");
    assert_eq!(get(&server, "/", &cookie).status, 303);
    assert_eq!(get(&server, "/", &other).status, 200, "another session goes on");
    let audit = server.json(&["audit", "list", "--installation"]);
    assert_eq!(audit[0]["action"], "sign_out");
}

#[test]
fn signing_in_again_ends_the_former_session_of_the_browser() {
    let server = TestServer::start();
    let admin = server.admin_token();
    let former = sign_in(&server, &admin);
    let answer = get(&server, &link(&server, &admin), &former);
    assert_eq!(answer.status, 303);
    assert_eq!(get(&server, "/", &former).status, 303);
}

#[test]
fn whoever_is_not_signed_in_is_asked_to_and_comes_back() {
    let server = TestServer::start();
    let wanted = "/organizations/acme/connections?cursor=x";
    let answer = get(&server, wanted, "tieline-session=tl_session_made-up");
    assert_eq!(answer.header("location"), "/sign-in?next=/organizations/acme/connections%3Fcursor%3Dx");
    let asked = get(&server, "/sign-in", "");
    assert!(asked.status == 200 && asked.body.contains("tieline login-link"), "{asked:?}");
    for (next, expect) in [
        ("/organizations/acme/connections%3Fcursor%3Dx", wanted),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
    ] {
        let address = format!("{}&next={next}", link(&server, &server.admin_token()));
        assert_eq!(get(&server, &address, "").header("location"), expect, "{next}");
    }
    // A form that was sent without a session is not carried out later.
    assert_eq!(post(&server, "/sign-out", "", "").header("location"), "/sign-in");
}

#[test]
fn another_site_signs_nobody_in() {
    let server = TestServer::start();
    let address = link(&server, &server.admin_token());
    let asked = send(&server, "GET", &address, &[("sec-fetch-site", "cross-site")], "");
    assert_eq!((asked.status, asked.header("set-cookie")), (200, ""), "{asked:?}");
    let onward = asked.body.split('"').find(|part| part.starts_with("/sign-in?link=")).expect("the way on");
    let answer = get(&server, &onward.replace("&#38;", "&"), "");
    assert_eq!((answer.status, answer.header("location")), (303, "/"), "the address was not used up");
}

#[test]
fn behind_https_cookies_belong_to_this_host_alone() {
    let server = TestServer::start_with(&["--public-url", "https://console.example", "--behind-proxy"]);
    let made = server.ask("POST", "/login-links", Some(&server.admin_token()), None);
    let path = made.body["url"].as_str().expect("an address").strip_prefix("https://console.example");
    let answer = get(&server, path.expect("the public address"), "");
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-tieline-session=") && cookie.ends_with("; Secure"), "{cookie}");
    let session = cookie.split(';').next().expect("a cookie");
    assert_eq!(get(&server, "/", session).status, 200);
    assert_eq!(get(&server, "/", session.trim_start_matches("__Host-")).status, 303, "set without the prefix");
}

#[test]
fn pages_are_protected_and_the_api_takes_no_session() {
    let server = TestServer::start();
    let cookie = sign_in(&server, &server.admin_token());
    let pages = [("/", 200), ("/organizations/nowhere", 404), ("/nowhere", 404), ("/sign-in", 200)];
    for (path, status) in pages {
        let answer = get(&server, path, &cookie);
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let found = ["x-content-type-options", "cache-control", "referrer-policy"].map(|name| answer.header(name));
        assert_eq!(found, ["nosniff", "no-store", "no-referrer"], "{path}");
        for inline in ["<style", " style=", "<script>", " onclick=", "http://", "https://"] {
            assert!(!answer.body.contains(inline), "{path}: {inline}");
        }
    }
    let style = get(&server, "/", &cookie).body;
    let style = style.split('"').find(|part| part.ends_with(".css")).expect("a style").to_owned();
    assert!(get(&server, &style, "").header("cache-control").contains("immutable"));
    let api = send(&server, "GET", "/api/v1/organizations", &[("cookie", &cookie)], "");
    assert_eq!(api.status, 401, "a session is for pages alone");
    let unknown = send(&server, "GET", "/nowhere", &[("accept", "application/json")], "");
    assert_eq!(unknown.header("content-type"), "application/problem+json");
    assert_eq!(server.ask("POST", "/login-links", Some("tl_api_made-up"), Some(&json!({}))).status, 401);
}
