//! People with accounts: invited, joined, signed in by a password, and what they are shown; who is refused, and alike.

use fantoccini::Locator;
use serde_json::json;

use super::browser::{Browser, Look};
use super::graph::dependent;
use super::visit::{Answer, get, post, send, sign_in};
use crate::world::{TestServer, command};

/// A password that may be chosen, as a form encodes it too.
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// The invitation link of somebody, without the server's.
pub(crate) fn invited(server: &TestServer, name: &str, role: &str, scope: &[&str]) -> String {
    let made = server.json(&[&["user", "invite", name, "--role", role], scope].concat());
    assert_eq!(made["name"], name);
    local(server, made["url"].as_str().expect("a link"))
}

fn local(server: &TestServer, url: &str) -> String {
    url.strip_prefix(server.url()).expect("an address of this server").to_owned()
}

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().expect("a cookie").to_owned()
}

/// Opens the link that somebody was given, and chooses a password; the cookie of the session.
pub(crate) fn join(server: &TestServer, address: &str) -> String {
    let opened = get(server, address, "");
    assert_eq!((opened.status, opened.header("location")), (303, "/invitation"), "{opened:?}");
    let joined = post(server, "/invitation", &cookie(&opened), &format!("password={PASSWORD}&again={PASSWORD}"));
    assert_eq!(joined.status, 303, "{joined:?}");
    cookie(&joined)
}

/// Makes a token of one's own, under the cookie of a session.
pub(crate) fn own_token(server: &TestServer, cookie: &str) -> String {
    let token = get(server, "/account", cookie).form_token();
    let made = post(server, "/account/tokens", cookie, &format!("form_token={token}&name=laptop"));
    assert_eq!(made.status, 200, "{made:?}");
    let shown = made.body.split("TIELINE_TOKEN=").nth(1).expect("a token");
    shown.split('<').next().expect("its end").to_owned()
}

/// Signs in with a name and a password.
pub(crate) fn try_in(server: &TestServer, name: &str, password: &str) -> Answer {
    post(server, "/sign-in", "", &format!("name={name}&password={password}&next=/account"))
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn from_an_invitation_to_what_the_role_may() {
    let shop = dependent();
    let server = &shop.server;
    server.tieline(&["project", "create", "mail", "--organization", "acme"]).done();
    for (look, name) in [(Look::USUAL, "anna@example.com"), (Look::PLAIN, "bert")] {
        let admin = Browser::signed_in(server, look, None).await;
        admin.visit("/organizations/acme").await;
        admin.follow("Settings").await;
        admin.follow("Members").await;
        admin.fill("Name", "no name").await;
        admin.press("Invite").await;
        admin.find(Locator::Css("#name[aria-invalid]")).await;
        admin.visit("/organizations/acme/settings/members").await;
        admin.fill("Name", name).await;
        admin.choose("Role", "developer").await;
        admin.choose("Project", "shop").await;
        admin.press("Invite").await;
        let url = admin.find(Locator::Id("link")).await.text().await.expect("a link");
        admin.visit("/organizations/acme/settings/members").await;
        assert!(!admin.text().await.contains(&url), "it is shown once");
        admin.find(Locator::XPath(&format!("//tr[contains(., '{name}') and contains(., 'invited')]"))).await;

        let fresh = Browser::open(server, look).await;
        fresh.visit(&local(server, &url)).await;
        assert_eq!(fresh.path().await, "/invitation", "the secret is gone from the address");
        if look.scripts {
            fresh.assert_accessible("the invitation").await;
        }
        fresh.fill("Password", "too short").await;
        fresh.fill("Repeat the password", "too short").await;
        fresh.press("Join").await;
        fresh.find(Locator::Css("#password[aria-invalid]")).await;
        fresh.fill("Password", PASSWORD).await;
        fresh.fill("Repeat the password", "another one here").await;
        fresh.press("Join").await;
        fresh.find(Locator::Css("#again[aria-invalid]")).await;
        fresh.fill("Password", PASSWORD).await;
        fresh.fill("Repeat the password", PASSWORD).await;
        fresh.press("Join").await;
        fresh.find(Locator::XPath("//h1[.='acme']")).await;
        assert_eq!(fresh.path().await, "/organizations/acme");
        fresh.press("Sign out").await;
        fresh.find(Locator::Css("#password")).await;

        fresh.visit("/organizations/acme/projects/shop").await;
        fresh.fill("Name", name).await;
        fresh.fill("Password", "not the password").await;
        fresh.press("Sign in").await;
        fresh.find(Locator::XPath("//*[@role='alert' and contains(., 'the name or the password is wrong')]")).await;
        fresh.fill("Password", PASSWORD).await;
        fresh.press("Sign in").await;
        fresh.find(Locator::XPath("//h1[.='shop']")).await;
        assert_eq!(fresh.path().await, "/organizations/acme/projects/shop", "where they wanted to go");
        fresh.visit("/organizations/acme").await;
        let text = fresh.text().await;
        assert!(!text.contains("Audit") && !text.contains("Members") && !text.contains("mail"), "{text}");
        fresh.follow(name).await;
        fresh
            .find(Locator::XPath("//tr[contains(., 'acme') and contains(., 'shop') and contains(., 'developer')]"))
            .await;
        fresh.close().await;

        admin.visit("/organizations/acme/settings/members").await;
        let change = format!("//tr[contains(., '{name}')]//summary");
        admin.find(Locator::XPath(&change)).await.click().await.expect("it opens");
        admin.press(&format!("Remove {name}")).await;
        admin.find(Locator::XPath("//*[@role='status' and contains(., 'has no role there any more')]")).await;
        admin.close().await;
    }
}

#[test]
fn who_cannot_sign_in_is_told_the_same_whatever_the_reason() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    let acme = ["--organization", "acme"];
    for name in ["anna", "gone"] {
        join(&server, &invited(&server, name, "viewer", &acme));
    }
    server.tieline(&["user", "disable", "gone"]).done();
    let right = try_in(&server, "ANNA", PASSWORD);
    assert_eq!((right.status, right.header("location")), (303, "/account"), "{right:?}");
    let shown = |answer: &Answer, name: &str| answer.body.replace(&format!("value=\"{name}\""), "");
    let wrong = try_in(&server, "anna", "wrong-wrong-wrong");
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, ""), "{wrong:?}");
    for (name, password) in [("nobody", PASSWORD), ("gone", PASSWORD), ("gone", "wrong-wrong-wrong")] {
        let answer = try_in(&server, name, password);
        assert_eq!((answer.status, shown(&answer, name)), (401, shown(&wrong, "anna")), "{name}");
    }
    let held = (0..20).map(|_| try_in(&server, "bert", "wrong-wrong-wrong")).find(|answer| answer.status == 429);
    assert!(held.expect("one that waits").body.contains("too many wrong passwords"));
    assert_eq!(try_in(&server, "anna", PASSWORD).status, 303, "another name goes on");
    let long = "a".repeat(255);
    assert!(!try_in(&server, &long, "wrong-wrong-wrong").body.contains(&long), "what is no name is not sent back");
    let elsewhere = "https://evil.example";
    for next in [elsewhere, "//evil.example"] {
        let form = format!("name=anna&password={PASSWORD}&next={next}");
        assert_eq!(post(&server, "/sign-in", "", &form).header("location"), "/", "{next}");
    }
}

#[test]
fn no_other_site_signs_anybody_in_or_joins_for_them() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    let address = invited(&server, "anna", "viewer", &["--organization", "acme"]);
    let opened = cookie(&get(&server, &address, ""));
    let kind = ("content-type", "application/x-www-form-urlencoded");
    for from in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[],
    ] {
        let headers = [&[kind, ("cookie", opened.as_str())], from].concat();
        for (path, form) in [
            ("/invitation", format!("password={PASSWORD}&again={PASSWORD}")),
            ("/sign-in", format!("name=anna&password={PASSWORD}")),
        ] {
            let answer = send(&server, "POST", path, &headers, &form);
            assert_eq!((answer.status, answer.header("set-cookie")), (403, ""), "{path} {from:?}");
        }
    }
    let headers = [kind, ("cookie", opened.as_str()), ("origin", server.url())];
    let form = format!("password={PASSWORD}&again={PASSWORD}");
    assert_eq!(send(&server, "POST", "/invitation", &headers, &form).status, 303, "an older browser says less");
}

#[test]
fn whoever_has_an_account_signs_in_and_accepts() {
    let server = TestServer::start();
    for organization in ["acme", "other"] {
        server.tieline(&["organization", "create", organization]).done();
    }
    let session = join(&server, &invited(&server, "anna", "viewer", &["--organization", "acme"]));
    let address = invited(&server, "anna", "developer", &["--organization", "other"]);
    let opened = cookie(&get(&server, &address, ""));
    let page = get(&server, "/invitation", &opened);
    assert!(page.body.contains("Sign in with it to accept") && !page.body.contains("type=\"password\""), "{page:?}");
    let form = format!("password={PASSWORD}&again={PASSWORD}");
    let refused = post(&server, "/invitation", &opened, &form);
    assert_eq!((refused.status, refused.header("set-cookie")), (200, ""), "{refused:?}");
    assert_eq!(get(&server, "/organizations/other", &session).status, 404);
    let both = format!("{opened}; {session}");
    assert!(get(&server, "/invitation", &both).body.contains(">Accept<"));
    let accepted = post(&server, "/invitation", &both, "");
    assert_eq!((accepted.status, accepted.header("location")), (303, "/organizations/other"), "{accepted:?}");
    assert_eq!(get(&server, "/organizations/other", &session).status, 200);
    let strange = get(&server, "/invitation?secret=a%3B%20Domain%3Devil.example", "");
    assert!(strange.status == 303 && !strange.header("set-cookie").contains("evil"), "{strange:?}");
    let used = get(&server, "/invitation", &opened);
    assert!(used.status == 401 && used.header("set-cookie").contains("Max-Age=0"), "{used:?}");
    // The secrets are nowhere but in what was printed and brought.
    let secret = address.split_once("secret=").expect("a secret").1;
    let audit = server.json(&["audit", "list", "--organization", "other"]).to_string()
        + &server.json(&["audit", "list", "--installation"]).to_string();
    for hidden in [secret, PASSWORD] {
        assert!(!audit.contains(hidden) && !server.log().contains(hidden), "{hidden} was written down");
    }
}

#[test]
fn an_account_is_looked_after_by_its_owner() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    let first = join(&server, &invited(&server, "anna", "viewer", &["--organization", "acme"]));
    let other = cookie(&try_in(&server, "anna", PASSWORD));
    let page = get(&server, "/account", &first);
    assert!(page.body.contains("user:anna") && page.body.contains("viewer"), "{page:?}");
    let token = page.form_token();
    let change = |current: &str, chosen: &str, again: &str| {
        let form = format!("form_token={token}&current={current}&password={chosen}&again={again}");
        post(&server, "/account/password", &first, &form)
    };
    for (current, chosen, again, field) in [
        ("wrong", "another-good-one", "another-good-one", "current"),
        (PASSWORD, "short", "short", "password"),
        (PASSWORD, "another-good-one", "another-good-two", "again"),
    ] {
        let answer = change(current, chosen, again);
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(answer.body.contains(&format!("id=\"{field}-error\"")), "{field}: {}", answer.body);
    }
    let changed = change(PASSWORD, "another-good-one", "another-good-one");
    assert_eq!(changed.status, 303, "{changed:?}");
    for former in [&first, &other] {
        assert_eq!(get(&server, "/account", former).status, 303, "it has ended");
    }
    let session = cookie(&try_in(&server, "anna", "another-good-one"));
    let token = get(&server, "/account", &session).form_token();
    let left = post(&server, "/account/sign-out", &session, &format!("form_token={token}"));
    assert_eq!((left.status, get(&server, "/account", &session).status), (303, 303));

    let session = cookie(&try_in(&server, "anna", "another-good-one"));
    server.tieline(&["user", "disable", "anna"]).done();
    assert_eq!(get(&server, "/account", &session).header("location"), "/sign-in?next=/account", "disabled at once");
}

#[test]
fn a_member_uses_the_command_line_as_themselves() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    let session = join(&server, &invited(&server, "anna", "viewer", &["--organization", "acme"]));
    let own = own_token(&server, &session);
    let anna = |arguments: &[&str]| server.tieline(&[arguments, &["--token", &own]].concat());
    let who = anna(&["whoami", "--output", "json"]).done().json();
    assert_eq!((&who["label"], &who["roles"][0]["role"]), (&json!("user:anna"), &json!("viewer")));
    assert_eq!(
        anna(&["project", "create", "shop", "--organization", "acme", "--output", "json"]).error()["code"],
        "forbidden"
    );
    let other = anna(&["token", "create", "ci", "--own", "--expires", "1d"]).done().stdout.trim().to_owned();
    let names = |token: &str| {
        let list = server.tieline(&["token", "list", "--own", "--output", "json", "--token", token]).done().json();
        list.as_array().expect("tokens").iter().map(|token| token["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&other), ["laptop", "ci"]);
    let page = get(&server, "/account", &session);
    assert!(page.body.contains(">ci<") && !page.body.contains(&own), "it is shown once");
    anna(&["token", "revoke", "--own", "ci"]).done();
    assert_eq!(names(&own), ["laptop"]);
    assert_eq!(server.ask("GET", "/account", Some(&other), None).status, 401);
    anna(&["user", "sign-out"]).done();
    assert_eq!(get(&server, "/account", &session).status, 303, "signed out");
    let change = |lines: &str| {
        let file = server.folder().join("passwords");
        std::fs::write(&file, lines).expect("a file");
        let mut command = command(&["user", "password", "--url", server.url(), "--token", &own]);
        command.stdin(std::fs::File::open(file).expect("a file")).output().expect("it runs").status.code()
    };
    for (lines, code) in [(format!("{PASSWORD}\n"), 2), (format!("wrong\n{PASSWORD} more\n"), 1)] {
        assert_eq!(change(&lines), Some(code), "{lines:?}");
    }
    assert_eq!(change(&format!("{PASSWORD}\n{PASSWORD} more\n")), Some(0));
    assert_eq!(try_in(&server, "anna", PASSWORD).status, 401);
    assert_eq!(try_in(&server, "anna", &format!("{PASSWORD} more")).status, 303);
    assert!(!server.log().contains(&own) && !server.log().contains(PASSWORD));
}

#[test]
fn the_first_administrator_makes_an_account() {
    let server = TestServer::start();
    let cookie = sign_in(&server, &server.admin_token());
    let home = get(&server, "/", &cookie);
    assert!(home.body.contains("Nobody has an account yet"), "{}", home.body);
    let token = get(&server, "/users", &cookie).form_token();
    let send = |path: &str, fields: &str| post(&server, path, &cookie, &format!("form_token={token}&{fields}"));
    let refused = send("/users", "name=a%20b");
    assert!(refused.status == 422 && refused.body.contains("id=\"name-error\""), "{refused:?}");
    let made = send("/users", "name=root");
    let url = made.body.split("id=\"link\">").nth(1).expect("a link").split('<').next().expect("its end");
    let root = join(&server, &local(&server, url));
    assert!(!get(&server, "/", &root).body.contains("Nobody has an account yet"));
    assert!(get(&server, "/users", &root).body.contains("root"));
    assert_eq!(send("/users/reset", "name=root").status, 200);
    assert_eq!(send("/users/update", "name=root&change=disable").status, 303);
    assert_eq!(get(&server, "/users", &root).status, 303, "signed out");
    assert_eq!(send("/users/update", "name=root&change=enable").status, 303);
    let list = server.json(&["user", "list", "--installation"]);
    assert_eq!((&list[0]["name"], &list[0]["state"]), (&json!("root"), &json!("active")));
}

#[test]
fn administrators_of_a_project_reach_whom_they_administer() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    let acme = ["--organization", "acme"];
    for project in ["shop", "mail"] {
        server.tieline(&[&["project", "create", project], &acme[..]].concat()).done();
    }
    let shop = ["--organization", "acme", "--project", "shop"];
    let lead = join(&server, &invited(&server, "lead", "project-admin", &shop));
    join(&server, &invited(&server, "anna", "developer", &shop));
    join(&server, &invited(&server, "otto", "developer", &["--organization", "acme", "--project", "mail"]));
    let path = "/organizations/acme/settings/members";
    let overview = get(&server, "/organizations/acme", &lead);
    assert!(overview.body.contains(path), "{}", overview.body);
    let page = get(&server, path, &lead);
    assert!(page.body.contains("anna") && !page.body.contains("otto") && !page.body.contains("organization-admin"));
    let token = page.form_token();
    let send = |path: &str, fields: &str| post(&server, path, &lead, &format!("form_token={token}&{fields}"));
    let refused = send(path, "name=evil&role=organization-admin");
    assert!(refused.status == 422 && refused.body.contains("role=\"alert\""), "{refused:?}");
    assert_eq!(send(path, "name=ben&role=viewer&project=shop").status, 200);
    let update = send(&format!("{path}/update"), "member=anna&project=shop&role=viewer");
    assert_eq!(update.status, 303, "{update:?}");
    assert_eq!(send(&format!("{path}/remove"), "member=otto&project=mail").status, 422);
    assert_eq!(send(&format!("{path}/remove"), "member=anna&project=shop").status, 303);
    let viewer = join(&server, &invited(&server, "vera", "viewer", &acme));
    assert_eq!(get(&server, path, &viewer).status, 403);
    assert!(!get(&server, "/organizations/acme", &viewer).body.contains(path));
}

#[test]
fn a_page_of_members_is_bounded_however_many_roles_they_have() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    let organization = ["--organization", "acme"];
    let admin = server.admin_token();
    let name = |number: usize| format!("somebody.with.a.long.name.{number}@department.of.a.long.name.example.com");
    let projects: Vec<_> = (0..10).map(|number| format!("project-of-a-long-name-{number}")).collect();
    for project in &projects {
        server.tieline(&[&["project", "create", project.as_str()], &organization[..]].concat()).done();
    }
    join(&server, &invited(&server, &name(0), "organization-admin", &organization));
    for project in &projects {
        for number in [0, 1, 2] {
            let body = json!({ "name": name(number), "role": "developer", "project": project });
            let invited = server.ask("POST", "/organizations/acme/users", Some(&admin), Some(&body));
            assert_eq!(invited.status, 201, "{invited:?}");
        }
    }
    let visitor = sign_in(&server, &admin);
    let mut path = "/organizations/acme/settings/members".to_owned();
    let mut rows = 0;
    loop {
        let page = get(&server, &path, &visitor);
        assert!(page.status == 200 && page.body.len() < 50_000, "{}", page.body.len());
        rows += page.body.matches("<details class=\"act\">").count();
        let Some((_, next)) = page.body.split_once("/settings/members?cursor=") else { break };
        let cursor = next.split('"').next().expect("a cursor");
        path = format!("/organizations/acme/settings/members?cursor={cursor}");
    }
    assert_eq!(rows, 31, "every role is on one page");
}
