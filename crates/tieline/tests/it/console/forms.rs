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

#[test]
fn what_was_done_is_said_once_and_what_is_wrong_beside_its_field() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    let cookie = sign_in(&server, &server.admin_token());
    let token = get(&server, "/organizations/acme", &cookie).form_token();
    let make = |handle: &str| {
        post(&server, "/organizations/acme/projects", &cookie, &format!("form_token={token}&handle={handle}"))
    };
    let done = make("shop");
    assert_eq!((done.status, done.header("location")), (303, "/organizations/acme/projects/shop"));
    let said = done.header("set-cookie").split(';').next().expect("a cookie").to_owned();
    let page = |more: &str| get(&server, "/organizations/acme/projects/shop", &format!("{cookie}{more}"));
    let once = page(&format!("; {said}"));
    assert!(once.body.contains("Created the project shop."), "{once:?}");
    assert!(once.header("set-cookie").contains("tieline-flash=; ") && once.header("set-cookie").contains("Max-Age=0"));
    assert!(!page("; tieline-flash=SGFja2Vk.made-up").body.contains("Hacked"), "nobody else puts words there");
    for (handle, says) in [("shop", "there is a project"), ("a%20b%22", "value=\"a b&#34;\"")] {
        let wrong = make(handle);
        assert!(wrong.status == 422 && wrong.body.contains(says) && wrong.body.contains("aria-invalid"), "{wrong:?}");
    }
}

#[test]
fn a_page_offers_what_its_visitor_may_do_and_nobody_sees_what_is_hidden() {
    let server = TestServer::start();
    for organization in ["acme", "other"] {
        server.tieline(&["organization", "create", organization]).done();
        server.tieline(&["project", "create", "shop", "--organization", organization]).done();
    }
    server.tieline(&["project", "create", "mail", "--organization", "acme"]).done();
    let create = ["token", "create", "anna", "--role", "viewer", "--organization", "acme", "--project", "shop"];
    let token = server.json(&create)["token"].as_str().expect("a token").to_owned();
    let viewer = sign_in(&server, &token);
    for (path, status) in [
        ("/organizations/acme", 200),
        ("/organizations/acme/projects/shop", 200),
        ("/organizations/acme/projects/shop/connections", 200),
        ("/organizations/acme/projects/mail", 404),
        ("/organizations/acme/projects/mail/connections", 404),
        ("/organizations/other", 404),
        ("/organizations/other/projects/shop/connections", 404),
    ] {
        let answer = get(&server, path, &viewer);
        assert_eq!(answer.status, status, "{path}");
        assert!(!answer.body.contains("method=\"post\" action=\"/organizations"), "{path} offers nothing to do");
        assert!(status == 404 || !answer.body.contains("mail"), "{path}");
    }
    let form_token = get(&server, "/", &viewer).form_token();
    let body = format!("form_token={form_token}&handle=x");
    assert_eq!(post(&server, "/organizations/acme/projects", &viewer, &body).status, 403);
    assert_eq!(post(&server, "/organizations/other/projects", &viewer, &body).status, 404);
}
