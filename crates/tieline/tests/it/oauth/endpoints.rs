//! Requests as clients send them, well and badly made, and the answers that RFC 6749, 7009, 7662 and 8414 ask for.

use std::io::{ErrorKind, Write as _};
use std::net::TcpStream;

use super::{Provider, basic, send};

#[test]
fn a_token_is_issued_to_whoever_has_a_secret_however_it_is_sent() {
    let provider = Provider::open(&[]);
    let (client, secret) = &provider.client;
    let body = format!("&client_id={client}&client_secret={secret}");
    let lower = provider.basic().replace("Basic", "basic");
    let encoded = basic(client, &secret.replace('_', "%5F"));
    for (authorization, more) in [
        (Some(provider.basic()), String::new()),
        (Some(lower), String::new()),
        (Some(encoded), String::new()),
        (Some(provider.basic().trim_end_matches('=').to_owned()), String::new()),
        (Some(provider.basic()), format!("&client_id={client}")),
        (None, body.clone()),
        (None, format!("{body}&scope=&unknown=1")),
        (None, format!("{body}&scope=write+read")),
    ] {
        let form = format!("grant_type=client_credentials{more}");
        let answer = provider.form("/oauth2/token", authorization.as_deref(), &form);
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{form}: {answer:?}");
        assert_eq!(
            (answer.header("pragma"), answer.header("content-type")),
            (Some("no-cache"), Some("application/json"))
        );
        assert_eq!(answer.body["token_type"], "Bearer");
        assert_eq!((&answer.body["expires_in"], &answer.body["scope"]), (&900.into(), &"read write".into()));
        assert_eq!(answer.body["access_token"].as_str().map(|token| token.split('.').count()), Some(3));
    }
    let figures = provider.server.ask("GET", "/metrics", None, None).body;
    let figures = figures.as_str().expect("text");
    let counted = "tieline_requests_total{operation=\"access_token_issue\",status=\"200\"} 8";
    assert!(figures.contains(counted) && !figures.contains(client.as_str()), "{figures}");
}

#[test]
fn what_is_wrong_is_said_in_the_words_of_the_rfc() {
    let provider = Provider::open(&[]);
    let (client, secret) = &provider.client;
    let good = provider.basic();
    let grant = "grant_type=client_credentials";
    let body = format!("{grant}&client_id={client}&client_secret={secret}");
    let long = format!("{grant}&scope={}", "a".repeat(40_000));
    for (authorization, form, status, error) in [
        (Some(good.as_str()), "", 400, "invalid_request"),
        (Some(&good), "grant_type=", 400, "invalid_request"),
        (Some(&good), "grant_type=password", 400, "unsupported_grant_type"),
        (Some(&good), "grant_type=client_credentials&grant_type=client_credentials", 400, "invalid_request"),
        (Some(&good), "grant_type=client_credentials&scope=admin", 400, "invalid_scope"),
        (Some(&good), "grant_type=client_credentials&scope=%22%0A", 400, "invalid_scope"),
        (Some(&good), &body, 400, "invalid_request"),
        (Some(&good), "grant_type=client_credentials&client_id=another", 400, "invalid_request"),
        (Some(&good), &long, 400, "invalid_request"),
        (None, grant, 401, "invalid_client"),
        (None, "grant_type=client_credentials&client_id=x", 401, "invalid_client"),
        (None, "grant_type=client_credentials&client_id=x&client_secret=y", 401, "invalid_client"),
        (Some("Basic"), grant, 401, "invalid_client"),
        (Some("Basic !!"), grant, 401, "invalid_client"),
        (Some("Bearer x"), grant, 401, "invalid_client"),
        (Some(&basic(client, "wrong")), grant, 401, "invalid_client"),
        (Some(&basic(secret, client)), grant, 401, "invalid_client"),
    ] {
        let answer = provider.form("/oauth2/token", authorization, form);
        let found = (answer.status, answer.body["error"].as_str().unwrap_or_default());
        assert_eq!(found, (status, error), "{authorization:?} {form}: {answer:?}");
        let description = answer.body["error_description"].as_str().expect("a description");
        assert!(description.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\'));
        assert!(!description.contains(secret.as_str()));
        let challenged = answer.header("www-authenticate").is_some_and(|value| value.starts_with("Basic "));
        assert_eq!((challenged, answer.header("cache-control")), (status == 401, Some("no-store")), "{answer:?}");
    }
    let url = provider.server.url();
    let json = [("authorization", good.as_str()), ("content-type", "application/json")];
    for (method, path, headers, status) in [
        ("POST", "/oauth2/token", &json[..], 400),
        ("POST", "/oauth2/token", &json[..1], 400),
        ("GET", "/oauth2/token?grant_type=client_credentials", &json[..1], 405),
        ("PUT", "/oauth2/introspect", &[], 405),
        ("DELETE", "/oauth2/revoke", &[], 405),
        ("POST", "/oauth2/jwks", &[], 405),
    ] {
        let answer = send(url, method, path, headers, "");
        assert_eq!((answer.status, &answer.body["error"]), (status, &"invalid_request".into()), "{method} {path}");
    }
    let twice = [
        ("authorization", good.as_str()),
        ("authorization", &good),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let answer = send(url, "POST", "/oauth2/token", &twice, grant);
    assert_eq!((answer.status, &answer.body["error"]), (400, &"invalid_request".into()), "{answer:?}");
    let figures = provider.server.ask("GET", "/metrics", None, None).body;
    let figures = figures.as_str().expect("text");
    assert!(figures.contains("tieline_oauth_refusals_total{error=\"invalid_client\"} 8"), "{figures}");
}

#[test]
fn a_token_is_asked_about_and_revoked() {
    let provider = Provider::open(&[]);
    let good = provider.basic();
    let (token, admin) = (provider.token(), provider.server.admin_token());
    let form = format!("token={token}&token_type_hint=refresh_token");
    for authorization in [good.clone(), format!("Bearer {admin}")] {
        let answer = provider.form("/oauth2/introspect", Some(&authorization), &form);
        assert_eq!((answer.status, &answer.body["active"]), (200, &true.into()), "{answer:?}");
        for (claim, value) in [
            ("client_id", provider.client.0.as_str()),
            ("scope", "read write"),
            ("organization", "acme"),
            ("environment", "development"),
            ("iss", provider.server.url()),
            ("aud", &format!("{}/acme/development", provider.server.url())),
            ("token_type", "Bearer"),
        ] {
            assert_eq!(answer.body[claim], value, "{claim}");
        }
    }
    for (authorization, status) in [(None, 401), (Some("Bearer wrong"), 401), (Some(&basic("x", "y")[..]), 401)] {
        for path in ["/oauth2/introspect", "/oauth2/revoke"] {
            let answer = provider.form(path, authorization, &form);
            assert_eq!((answer.status, &answer.body["error"]), (status, &"invalid_client".into()), "{answer:?}");
        }
    }
    for path in ["/oauth2/introspect", "/oauth2/revoke"] {
        assert_eq!(provider.form(path, Some(&good), "x=y").body["error"], "invalid_request");
    }
    assert!(provider.active(&token));
    for form in ["token=unknown", &form, &form] {
        let answer = provider.form("/oauth2/revoke", Some(&good), form);
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{answer:?}");
    }
    assert!(!provider.active(&token) && provider.active(&provider.token()));
    let list = ["audit", "list", "--organization", "acme", "--action", "access_token_revoke"];
    assert_eq!(provider.server.json(&list).as_array().map(Vec::len), Some(1));
}

#[test]
fn the_service_describes_itself() {
    let provider = Provider::open(&["--public-url", "https://tieline.example/"]);
    let answer = provider.server.ask("GET", "/.well-known/oauth-authorization-server", None, None);
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("public, max-age=300")));
    for (member, value) in [
        ("issuer", "https://tieline.example"),
        ("token_endpoint", "https://tieline.example/oauth2/token"),
        ("jwks_uri", "https://tieline.example/oauth2/jwks"),
        ("introspection_endpoint", "https://tieline.example/oauth2/introspect"),
        ("revocation_endpoint", "https://tieline.example/oauth2/revoke"),
    ] {
        assert_eq!(answer.body[member], value, "{member}");
    }
    assert_eq!(answer.body["grant_types_supported"], serde_json::json!(["client_credentials"]));
    let keys = provider.server.ask("GET", "/oauth2/jwks", None, None);
    assert_eq!(keys.header("content-type"), Some("application/jwk-set+json"));
    let key = &keys.body["keys"][0];
    assert_eq!(
        (&key["kty"], &key["alg"], &key["use"], &key["d"]),
        (&"EC".into(), &"ES256".into(), &"sig".into(), &serde_json::Value::Null)
    );
}

#[test]
fn a_right_secret_waits_for_nobody() {
    const ATTEMPTS: usize = 40;
    let provider = Provider::open(&[]);
    let (wrong, body) = (basic(&provider.client.0, "wrong"), "grant_type=client_credentials");
    let request = format!(
        "POST /oauth2/token HTTP/1.1\r\nhost: tieline\r\nauthorization: {wrong}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let address = provider.server.url().trim_start_matches("http://");
    let attempt = || {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(request.as_bytes()).expect("it is sent");
        stream.set_nonblocking(true).expect("it is set");
        stream
    };
    let attempts: Vec<TcpStream> = std::iter::repeat_with(attempt).take(ATTEMPTS).collect();
    let refused = format!("tieline_oauth_refusals_total{{error=\"invalid_client\"}} {ATTEMPTS}");
    let all_refused = |()| {
        provider.server.ask("GET", "/metrics", None, None).body.as_str().is_some_and(|text| text.contains(&refused))
    };
    assert!(std::iter::repeat_n((), 20_000).any(all_refused));
    provider.token();
    let held = |stream: &&TcpStream| stream.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
    let waiting = attempts.iter().filter(held).count();
    assert!(waiting > ATTEMPTS / 2, "most of the others wait still: {waiting}");
    provider.token();
}
