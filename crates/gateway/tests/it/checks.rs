//! Each check by itself: what passes, what is refused, with which status, code and challenge.

use serde_json::{Value, json};
use tieline_core::model::Scheme;
use tieline_core::route_table::{Entry, IssuerEntry, RevocationEntry, RouteEntry, ScopedOperation, SubscriptionState};
use tieline_core::secret::Digest;
use uuid::Uuid;

use crate::tokens::Signer;
use crate::upstream::Upstream;
use crate::world::*;

async fn guarded() -> (World, Upstream) {
    let (world, upstream) = (World::new().await, Upstream::echo().await);
    world.put([Entry::Route(route(&upstream.url()))]);
    (world, upstream)
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

#[tokio::test]
async fn tokens_of_every_algorithm_open_the_route() {
    let (world, _upstream) = guarded().await;
    for signer in [Signer::es256(), Signer::eddsa(), Signer::rs256()] {
        let Entry::Issuer(mut issuer) = world.issuer() else { unreachable!() };
        issuer.keys = vec![signer.jwk("k1"), json!({"kty": "oct", "k": "AAAA", "kid": "k2"})];
        world.put([Entry::Issuer(issuer)]);
        // The second time from memory.
        for _ in 0..2 {
            assert_eq!(world.get(&signer.token(&claims())).await.status, 200, "{}", signer.algorithm());
        }
    }
}

#[tokio::test]
async fn wrong_tokens_are_refused_with_what_is_wrong() {
    let (world, _upstream) = guarded().await;
    let signer = &world.signer;
    let header = |typ: &str, kid: &str, alg: &str| json!({"alg": alg, "typ": typ, "kid": kid});
    let good = world.token();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let other = Signer::es256();
    let none = format!("{}.", message.replace(message.split_once('.').unwrap().0, "eyJhbGciOiJub25lIn0"));
    let mut flipped = signature.to_owned();
    flipped.replace_range(5..6, if &signature[5..6] == "A" { "B" } else { "A" });
    for (token, code) in [
        ("x".to_owned(), "access_token_invalid"),
        ("a.b.c".to_owned(), "access_token_invalid"),
        (format!("{message}.{flipped}"), "access_token_invalid"),
        (format!("{message}."), "access_token_invalid"),
        (none, "access_token_invalid"),
        (other.token(&claims()), "access_token_invalid"),
        (signer.sign(&header("JWT", "k1", "ES256"), &claims()), "access_token_invalid"),
        (signer.sign(&header("at+jwt", "k2", "ES256"), &claims()), "access_token_key_unknown"),
        (signer.sign(&header("at+jwt", "k1", "RS256"), &claims()), "access_token_key_unknown"),
        (signer.sign(&header("at+jwt", "k1", "HS256"), &claims()), "access_token_key_unknown"),
        (
            signer.sign(&json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1", "crit": ["exp"]}), &claims()),
            "access_token_invalid",
        ),
        (signer.token(&with("iss", json!("https://other.example"))), "access_token_issuer_unknown"),
        (signer.token(&with("exp", json!(NOW - 5))), "access_token_expired"),
        (signer.token(&with("exp", json!("never"))), "access_token_invalid"),
        (signer.token(&with("nbf", json!(NOW + 6))), "access_token_early"),
        (signer.token(&with("aud", json!("https://tieline.example/acme/production"))), "access_token_audience"),
        (signer.token(&with("aud", json!([]))), "access_token_audience"),
        (signer.token(&with("organization", json!("other"))), "access_token_audience"),
        (signer.token(&with("client_id", json!("unknown"))), "subscription_missing"),
    ] {
        let reply = world.get(&token).await;
        assert_eq!(reply.code(), code, "{token}: {reply:?}");
        let (status, error) = match code {
            "subscription_missing" => (403, "insufficient_scope"),
            _ => (401, "invalid_token"),
        };
        assert_eq!(reply.status, status, "{code}");
        assert!(reply.head.contains("content-type: application/problem+json"), "{}", reply.head);
        let challenge = format!("www-authenticate: bearer realm=\"tieline\", error=\"{error}\"");
        assert!(reply.head.contains(&challenge), "{code}: {}", reply.head);
    }
    for claims in [with("exp", json!(NOW - 4)), with("nbf", json!(NOW + 5)), with("exp", json!(NOW as f64 + 0.5))] {
        assert_eq!(world.get(&signer.token(&claims)).await.status, 200, "{claims}");
    }
}

#[tokio::test]
async fn a_remembered_token_ends_with_its_time() {
    let (world, _upstream) = guarded().await;
    let token = world.token();
    assert_eq!(world.get(&token).await.status, 200);
    world.clock.advance_seconds(904);
    assert_eq!(world.get(&token).await.status, 200);
    world.clock.advance_seconds(1);
    assert_eq!(world.get(&token).await.code(), "access_token_expired");
}

#[tokio::test]
async fn an_organization_may_have_an_issuer_of_its_own() {
    let (world, _upstream) = guarded().await;
    let signer = Signer::rs256();
    let issuing = |organization: &str, audience: Option<&str>| {
        Entry::Issuer(IssuerEntry {
            issuer: "https://id.acme.example".to_owned(),
            organization: Some(organization.to_owned()),
            audience: audience.map(str::to_owned),
            keys: vec![signer.jwk("k1")],
        })
    };
    let issuer = |organization: &str| issuing(organization, Some("gateway"));
    let claims = |audience: Value, client: &str| {
        json!({"iss": "https://id.acme.example", "aud": audience, client: "app", "exp": NOW + 60, "scope": ["a", "b"],
            "organization": "acme", "environment": "production", "component": Uuid::from_u128(9)})
    };
    let header = |typ: Option<&str>| json!({"alg": "RS256", "typ": typ, "kid": null});
    world.put([issuer("other")]);
    let good = signer.sign(&header(Some("JWT")), &claims(json!(["x", "gateway"]), "azp"));
    assert_eq!(world.get(&good).await.code(), "access_token_issuer_unknown");
    world.put([issuer("acme")]);
    let reply = world.get(&good).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    // It does not speak of Tieline's environments and components.
    assert_eq!(reply.got("x-tieline-organization"), ["acme"]);
    assert_eq!((reply.got("x-tieline-environment").len(), reply.got("x-tieline-component").len()), (0, 0));
    for (token, code) in [
        (signer.sign(&header(None), &claims(json!("gateway"), "client_id")), None),
        (signer.sign(&header(None), &claims(json!("gateway"), "sub")), Some("access_token_invalid")),
        (signer.sign(&header(Some("JWT")), &claims(json!("other"), "azp")), Some("access_token_audience")),
        (signer.sign(&header(Some("logout+jwt")), &claims(json!("gateway"), "azp")), Some("access_token_invalid")),
    ] {
        let reply = world.get(&token).await;
        assert_eq!((reply.status != 200).then(|| reply.code()).as_deref(), code, "{reply:?}");
    }
    // Without an audience the client decides alone.
    world.put([issuing("acme", None)]);
    for audience in [json!("other"), json!([])] {
        let token = signer.sign(&header(Some("at+jwt")), &claims(audience, "client_id"));
        assert_eq!(world.get(&token).await.status, 200);
    }
    let mut stranger = claims(json!("other"), "client_id");
    stranger["client_id"] = json!("stranger");
    let reply = world.get(&signer.sign(&header(None), &stranger)).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "subscription_missing"));
}

#[tokio::test]
async fn revocation_counts_at_once() {
    let (world, _upstream) = guarded().await;
    let token = world.token();
    for id in ["t1", "s1"] {
        assert_eq!(world.get(&token).await.status, 200);
        let entry = Entry::Revocation(RevocationEntry { id: id.to_owned(), until: NOW + 900 });
        world.put([entry.clone()]);
        assert_eq!(world.get(&token).await.code(), "access_token_revoked", "{id}");
        world.remove(&entry);
    }
    assert_eq!(world.get(&token).await.status, 200);
    let Entry::Issuer(mut issuer) = world.issuer() else { unreachable!() };
    issuer.keys = vec![Signer::es256().jwk("k1")];
    world.put([Entry::Issuer(issuer)]);
    assert_eq!(world.get(&token).await.code(), "access_token_key_unknown");
    world.put([world.issuer()]);
    assert_eq!(world.get(&token).await.status, 200);
    world.remove(&world.issuer());
    assert_eq!(world.get(&token).await.code(), "access_token_issuer_unknown");
}

#[tokio::test]
async fn subscriptions_open_and_close_the_route() {
    let (world, _upstream) = guarded().await;
    let token = world.token();
    for (state, code) in [
        (SubscriptionState::Pending, "subscription_pending"),
        (SubscriptionState::Refused, "subscription_refused"),
        (SubscriptionState::Blocked, "subscription_blocked"),
    ] {
        world.put([subscribed("app", state, "unlimited")]);
        let reply = world.get(&token).await;
        assert_eq!((reply.status, reply.code().as_str()), (403, code));
    }
    world.put([subscription("app")]);
    assert_eq!(world.get(&token).await.status, 200);
    // The same service in another environment is another subscription.
    let production = RouteEntry {
        path: PATH.replace("development", "production"),
        environment: tieline_core::id::EnvironmentId(Uuid::from_u128(7)),
        environment_handle: "production".to_owned(),
        ..route("http://127.0.0.1:1")
    };
    let path = production.path.clone();
    world.put([Entry::Route(production)]);
    let reply = world.call("GET", &path, &[&format!("Authorization: Bearer {token}")], "").await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "subscription_missing"));
    assert!(reply.json()["hint"].as_str().unwrap().contains("tieline connection create"), "{reply:?}");
}

#[tokio::test]
async fn api_keys_open_the_route() {
    let (world, upstream) = guarded().await;
    world.put([
        Entry::ApiKey(api_key("key-1")),
        Entry::ApiKey(tieline_core::route_table::ApiKeyEntry {
            digest: Digest::of("key-2").to_string(),
            service: tieline_core::id::ServiceId(Uuid::from_u128(9)),
            ..api_key("key-2")
        }),
    ]);
    // The scheme is not offered.
    let reply = world.call("GET", PATH, &["Choreo-API-Key: key-1"], "").await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "credential_missing"));
    let token = world.token();
    let (bearer, foreign) = (format!("Authorization: Bearer {token}"), "Authorization: Bearer opaque".to_owned());
    let foreign_key = format!("Authorization: Bearer {}", Signer::es256().token(&claims()));
    for schemes in [vec![Scheme::ApiKey], vec![Scheme::OAuth2, Scheme::ApiKey]] {
        let both = schemes.len() == 2;
        world.put([Entry::Route(RouteEntry { schemes, ..route(&upstream.url()) })]);
        for (headers, status, code) in [
            (vec!["Choreo-API-Key: key-1"], 200, ""),
            (vec!["API-Key: key-1"], 200, ""),
            (vec!["api-key: key-1", "Authorization: Basic YTpi"], 200, ""),
            (vec!["API-Key: key-1", &foreign], 200, ""),
            (vec!["API-Key: key-2"], 403, "subscription_missing"),
            (vec!["API-Key: key-3"], 401, "api_key_unknown"),
            (vec!["API-Key: key-1", "API-Key: key-1"], 400, "call_malformed"),
            (vec![], 401, "credential_missing"),
            (vec![&bearer], if both { 200 } else { 401 }, "credential_missing"),
            // A token that says it is of a known issuer must be one, whatever else comes with it.
            (vec!["API-Key: key-1", &foreign_key], if both { 401 } else { 200 }, "access_token_invalid"),
        ] {
            let reply = world.call("GET", PATH, &headers, "").await;
            assert_eq!(reply.status, status, "{headers:?} {reply:?}");
            if status == 200 {
                let own = headers.iter().any(|header| header.contains("Basic") || *header == foreign);
                assert_eq!(reply.got("authorization").len(), usize::from(own));
                assert!(reply.got("choreo-api-key").is_empty() && reply.got("api-key").is_empty(), "{reply:?}");
            } else {
                assert_eq!(reply.code(), code, "{headers:?}");
                assert_eq!(reply.head.contains("www-authenticate"), status != 400, "{}", reply.head);
            }
        }
    }
    let reply = world.call("GET", PATH, &["API-Key: key-1"], "").await;
    assert_eq!(reply.got("x-tieline-component"), [COMPONENT.to_string()]);
    assert_eq!(reply.got("x-tieline-connection"), [CONNECTION.to_string()]);
    assert_eq!(reply.got("x-tieline-organization"), ["acme"]);
}

#[tokio::test]
async fn who_calls_cannot_be_forged() {
    let (world, upstream) = guarded().await;
    let mut claims = claims();
    claims["component"] = json!(COMPONENT);
    let bearer = format!("Authorization: Bearer {}", world.signer.token(&claims));
    let forged = [
        "X-Tieline-Organization: evil",
        "x_tieline_organization: evil",
        "X-TIELINE_Component: evil",
        "X-Tieline-Anything: evil",
        "X-Forwarded-For: 6.6.6.6",
        "X_Forwarded_For: 6.6.6.6",
        "Forwarded: for=6.6.6.6",
        "X-Forwarded-Host: evil",
        "X-Forwarded-Proto: https",
        "X-Own: kept",
    ];
    let headers = [&forged[..], &[bearer.as_str(), "Connection: X-Tieline-Organization, authorization, host"]].concat();
    let reply = world.call("GET", PATH, &headers, "").await;
    assert!(!reply.body.contains("evil") && !reply.body.contains("6.6.6.6"), "{reply:?}");
    for (name, expect) in [
        ("x-tieline-organization", vec!["acme".to_owned()]),
        ("x-tieline-environment", vec!["development".to_owned()]),
        ("x-tieline-application", vec![APPLICATION.to_string()]),
        ("x-tieline-connection", vec![CONNECTION.to_string()]),
        ("x-tieline-component", vec![COMPONENT.to_string()]),
        ("x-forwarded-for", vec!["127.0.0.1".to_owned()]),
        ("x-forwarded-host", vec!["gateway.example".to_owned()]),
        ("x-forwarded-proto", vec!["http".to_owned()]),
        ("host", vec![upstream.address.to_string()]),
        ("x-own", vec!["kept".to_owned()]),
        ("authorization", vec![]),
        ("connection", vec![]),
    ] {
        assert_eq!(reply.got(name), expect, "{name}");
    }
    world.put([open(&upstream.url())]);
    let reply = world.call("GET", PATH, &headers[..headers.len() - 1], "").await;
    assert!(!reply.body.contains("evil"), "{reply:?}");
    // Nobody was asked, and yet the token is not the service's.
    assert!(reply.got("authorization").is_empty());
    assert!(reply.got("x-tieline-organization").is_empty());
}

#[tokio::test]
async fn an_open_service_gets_no_credential_and_knows_who_shows_one() {
    let (world, upstream) = guarded().await;
    let schemes = vec![Scheme::OAuth2, Scheme::ApiKey, Scheme::None];
    world.put([Entry::Route(RouteEntry { schemes, ..route(&upstream.url()) }), Entry::ApiKey(api_key("tl_apikey_1"))]);
    let bearer = format!("Authorization: Bearer {}", world.token());
    let expired = format!("Authorization: Bearer {}", world.signer.token(&with("exp", json!(NOW - 5))));
    let foreign = world.signer.token(&with("iss", json!("https://other.example")));
    let foreign = format!("Authorization: Bearer {foreign}");
    for (headers, known, own) in [
        (vec![&*bearer], true, false),
        (vec!["API-Key: tl_apikey_1"], true, false),
        (vec!["Choreo-API-Key: tl_apikey_2"], false, false),
        (vec![&expired], false, false),
        (vec![&expired, "Choreo-API-Key: tl_apikey_1"], true, false),
        (vec![&foreign], false, true),
        (vec!["Authorization: Basic YTpi"], false, true),
        (vec![], false, false),
    ] {
        let reply = world.call("GET", PATH, &headers, "").await;
        assert_eq!((reply.status, reply.got("x-tieline-connection").len()), (200, usize::from(known)), "{headers:?}");
        assert_eq!(reply.got("authorization").len(), usize::from(own), "{headers:?}");
        assert!(reply.got("choreo-api-key").is_empty() && reply.got("api-key").is_empty(), "{headers:?}");
    }
    world.put([subscribed("app", SubscriptionState::Blocked, "unlimited")]);
    assert_eq!(world.call("GET", PATH, &[&bearer], "").await.code(), "subscription_blocked");
    assert_eq!(world.call("GET", PATH, &[], "").await.status, 200);
    // Where no key is asked for, the header is the service's own, but a key of Tieline's is not.
    world.put([open(&upstream.url())]);
    for (header, own) in [("API-Key: mine", 1), ("API-Key: tl_apikey_1", 0)] {
        let reply = world.call("GET", PATH, &[header, &bearer], "").await;
        assert_eq!((reply.got("api-key").len(), reply.got("authorization").len()), (own, 0));
    }
}

#[tokio::test]
async fn scopes_are_asked_for_per_operation() {
    let (world, upstream) = guarded().await;
    world.put([Entry::ApiKey(api_key("key-1"))]);
    let operation = |method: &str, path: &str, scopes: &[&[&str]]| ScopedOperation {
        method: method.to_owned(),
        path: path.to_owned(),
        scopes: scopes.iter().map(|all| all.iter().map(|scope| (*scope).to_owned()).collect()).collect(),
    };
    world.put([Entry::Route(RouteEntry {
        schemes: vec![Scheme::OAuth2, Scheme::ApiKey],
        operations: vec![
            operation("GET", "/orders/{id}", &[&["orders:admin"], &["orders:read", "orders:write"]]),
            operation("DELETE", "/orders/{id}", &[&["orders:admin"]]),
            operation("GET", "/admin", &[&["admin"]]),
            operation("GET", "/admin/users", &[&["admin"]]),
            operation("POST", "/orders/{id}", &[]),
            operation("GET", "/files/{name}", &[]),
            operation("GET", "/files/keys", &[&["admin"]]),
        ],
        ..route(&upstream.url())
    })]);
    let bearer = format!("Authorization: Bearer {}", world.token());
    for (method, path, good) in [
        ("GET", "/orders/1", true),
        ("POST", "/orders/1", true),
        ("DELETE", "/orders/1", false),
        ("DELETE", "//orders//1/", false),
        ("DELETE", "/%6frders/1", false),
        ("DELETE", "/orders%2F1", false),
        ("DELETE", "/ORDERS/1;a=b", false),
        ("GET", "/admin", false),
        ("HEAD", "/admin", false),
        ("GET", "/admin?x=/orders/1", false),
        ("GET", "/files/a.txt", true),
        ("GET", "/files/a%2Fb", true),
        ("GET", "/files/Keys", false),
        ("GET", "/files/keys%20", false),
        ("delete", "/orders/1", false),
        ("Delete", "/orders/1", false),
        ("GET", "/admin\\users", false),
        ("GET", "/admin%5Cusers", false),
        ("GET", "/admin%5cUsers/", false),
    ] {
        let reply = world.call(method, &format!("{PATH}{path}"), &[&bearer], "").await;
        assert_eq!(reply.status, if good { 200 } else { 403 }, "{method} {path} {reply:?}");
        if !good && method != "HEAD" {
            assert_eq!(reply.code(), "scope_insufficient");
            assert!(reply.head.contains("error=\"insufficient_scope\""), "{}", reply.head);
            assert!(reply.head.contains("scope=\""), "{}", reply.head);
        }
    }
    // What is not declared is not carried.
    for (method, path) in [
        ("GET", "/administer"),
        ("GET", "/admin/users.json"),
        ("GET", "/admin/%2575sers"),
        ("PUT", "/orders/1"),
        ("PURGE", "/orders/1"),
        ("GET", ""),
    ] {
        let reply = world.call(method, &format!("{PATH}{path}"), &[&bearer], "").await;
        assert_eq!((reply.status, reply.code().as_str()), (403, "operation_undeclared"), "{method} {path} {reply:?}");
    }
    let reply = world.call("GET", &format!("{PATH}/admin"), &["API-Key: key-1"], "").await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "scope_insufficient"));
}

#[tokio::test]
async fn a_plan_limits_the_calls_of_a_minute() {
    let (world, _upstream) = guarded().await;
    world.put([subscribed("app", SubscriptionState::Live, "bronze"), subscription("free")]);
    let token = world.token();
    for call in 0..1_000 {
        assert_eq!(world.get(&token).await.status, 200, "{call}");
    }
    let reply = world.get(&token).await;
    assert_eq!((reply.status, reply.code().as_str()), (429, "rate_limited"));
    assert!(reply.head.contains("retry-after: 1"), "{}", reply.head);
    assert_eq!(world.get(&world.signer.token(&with("client_id", json!("free")))).await.status, 200);
    world.clock.advance_seconds(1);
    assert_eq!(world.get(&token).await.status, 200);
}

#[tokio::test]
async fn a_service_without_a_scheme_lets_nobody_through() {
    let (world, upstream) = guarded().await;
    world.put([Entry::Route(RouteEntry { schemes: Vec::new(), ..route(&upstream.url()) })]);
    let reply = world.get(&world.token()).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "scheme_missing"));
}

#[tokio::test]
async fn what_a_side_does_not_carry_is_not_there() {
    let (world, upstream) = guarded().await;
    let bearer = format!("Authorization: Bearer {}", world.token());
    let mut bodies = Vec::new();
    for path in [PATH, "/acme/development/shop/nothing/v1", "/", "/acme"] {
        let reply = call(world.external, "GET", path, &[&bearer], "").await;
        assert_eq!((reply.status, reply.code().as_str()), (404, "route_not_found"), "{path}");
        bodies.push(reply.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    world.put([Entry::Route(RouteEntry { external: true, internal: false, ..route(&upstream.url()) })]);
    assert_eq!(call(world.external, "GET", PATH, &[&bearer], "").await.status, 200);
    assert_eq!(world.get(&world.token()).await.status, 404);
}
