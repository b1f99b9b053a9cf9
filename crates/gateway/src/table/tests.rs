//! What a table answers before and after deltas.

use tieline_core::endpoint::EndpointType;
use tieline_core::id::{ApplicationId, ConnectionId};
use tieline_core::model::Scheme;
use tieline_core::randomness::FixedRandomness;
use tieline_core::route_table::{ApiKeyEntry, IssuerEntry, RevocationEntry, RouteEntry, SubscriptionEntry};

use super::*;

pub(crate) fn route(path: &str, protocol: EndpointType) -> RouteEntry {
    RouteEntry {
        path: path.to_owned(),
        organization: "acme".to_owned(),
        service: ServiceId(Uuid::from_u128(1)),
        reference: "service:/shop/orders/v1/api".to_owned(),
        environment: EnvironmentId(Uuid::from_u128(2)),
        environment_handle: "development".to_owned(),
        address: "http://127.0.0.1:8080".to_owned(),
        base_path: "/".to_owned(),
        protocol,
        internal: true,
        external: false,
        schemes: vec![Scheme::OAuth2],
        operations: Vec::new(),
        allowed: Vec::new(),
    }
}

fn subscription(client: &str) -> Entry {
    Entry::Subscription(SubscriptionEntry {
        client: client.to_owned(),
        service: ServiceId(Uuid::from_u128(1)),
        environment: EnvironmentId(Uuid::from_u128(2)),
        application: ApplicationId(Uuid::from_u128(3)),
        consumer: EnvironmentId(Uuid::from_u128(2)),
        connection: None,
        state: SubscriptionState::Live,
        plan: "bronze".to_owned(),
    })
}

fn api_key(key: &str) -> Entry {
    Entry::ApiKey(ApiKeyEntry {
        digest: Digest::of(key).to_string(),
        connection: ConnectionId(Uuid::from_u128(4)),
        application: None,
        consumer: EnvironmentId(Uuid::from_u128(2)),
        component: None,
        service: ServiceId(Uuid::from_u128(1)),
        environment: EnvironmentId(Uuid::from_u128(2)),
        state: SubscriptionState::Live,
        plan: "unlimited".to_owned(),
    })
}

fn delta(whole: bool, number: i64, put: Vec<Entry>, removed: &[&Entry]) -> Delta {
    let put = put.into_iter().map(|entry| (entry.key(), Some(entry)));
    let changes: BTreeMap<_, _> = put.chain(removed.iter().map(|entry| (entry.key(), None))).collect();
    Delta { whole, number, changes }
}

fn everything() -> Vec<Entry> {
    let issuer = |organization: Option<&str>| IssuerEntry {
        issuer: "https://tieline.example".to_owned(),
        organization: organization.map(str::to_owned),
        audience: None,
        keys: Vec::new(),
    };
    vec![
        Entry::Route(route("/acme/development/shop/orders/a%20b/v1", EndpointType::REST)),
        // A client id that somebody else's issuer chose.
        subscription("a/b"),
        api_key("k"),
        Entry::Revocation(RevocationEntry { id: "t/1".to_owned(), until: 100 }),
        Entry::Issuer(issuer(None)),
        Entry::Issuer(issuer(Some("acme"))),
        Entry::Installation(InstallationEntry { loopback: true, own: Vec::new() }),
    ]
}

/// Which of [`everything`] a table holds, in its order.
fn held(table: &Table) -> [bool; 7] {
    let place = Route::new(Key(0, 0), route("/", EndpointType::REST), None);
    let issuer = |organization| table.issuers().find("https://tieline.example", organization).is_some();
    [
        table.route("/acme/development/shop/orders/a%20b/v1/x").is_some(),
        table.subscription("a/b", &place).is_some(),
        table.api_key(&Digest::of("k")).is_some(),
        table.is_revoked("t/1"),
        issuer("other"),
        issuer("acme"),
        table.installation().entry.loopback,
    ]
}

#[test]
fn each_kind_comes_and_goes_by_its_key() {
    let all = everything();
    for (index, entry) in all.iter().enumerate() {
        let table = Table::new(&FixedRandomness::seeded(1));
        table.apply(delta(false, 1, vec![entry.clone()], &[]));
        let mut expect = [false; 7];
        expect[index] = true;
        // Tieline's own issuer serves every organization.
        expect[5] |= index == 4;
        assert_eq!(held(&table), expect, "{entry:?}");
        table.apply(delta(false, 2, Vec::new(), &[entry]));
        assert_eq!(held(&table), [false; 7], "{entry:?}");
    }
}

#[test]
fn a_whole_delta_removes_what_it_does_not_name() {
    let table = Table::new(&FixedRandomness::seeded(1));
    let number = table.number();
    assert!(!table.is_filled());
    table.apply(delta(true, 5, everything(), &[]));
    assert_eq!((held(&table), *number.borrow()), ([true; 7], Some(5)));
    table.apply(delta(true, 6, vec![subscription("a/b"), subscription("c")], &[]));
    assert_eq!(held(&table), [false, true, false, false, false, false, false]);
    assert_eq!((table.size(), *number.borrow()), ((0, 2, 0), Some(6)));
}

#[test]
fn a_table_in_parts_takes_anothers_place_at_its_end() {
    let part = |entries: Vec<Entry>| entries.into_iter().map(|entry| (entry.key(), Some(entry))).collect();
    let table = Table::new(&FixedRandomness::seeded(1));
    let mut first = table.replace();
    table.replace_part(&mut first, part(everything()));
    assert!(!table.is_filled(), "it is not whole");
    table.replaced(first, 5);
    assert_eq!((held(&table), *table.number().borrow()), ([true; 7], Some(5)));
    let mut second = table.replace();
    table.replace_part(&mut second, part(vec![subscription("a/b"), subscription("c")]));
    table.replace_part(&mut second, part(vec![api_key("k"), subscription("d")]));
    // It goes while the table comes.
    table.replace_part(&mut second, [(subscription("d").key(), None)].into());
    let place = Route::new(Key(0, 0), route("/", EndpointType::REST), None);
    assert!(table.subscription("d", &place).is_none());
    assert_eq!((held(&table), *table.number().borrow()), ([true; 7], Some(5)), "what there was serves on");
    table.replaced(second, 6);
    assert_eq!(held(&table), [false, true, true, false, false, false, false]);
    assert_eq!((table.size(), *table.number().borrow()), ((0, 2, 1), Some(6)));
}

#[test]
fn a_route_is_found_by_any_spelling_of_its_path() {
    let table = Table::new(&FixedRandomness::seeded(1));
    table.apply(delta(false, 1, everything(), &[]));
    for (path, found) in [
        ("/acme/development/shop/orders/a%20b/v1", true),
        ("/%61cme/development/shop/orders/a%20b/v1/", true),
        ("/acme/development/shop/orders/a%20b/v2", false),
        ("/acme/development/shop/orders/v1", false),
    ] {
        assert_eq!(table.route(path).is_some(), found, "{path}");
    }
}

#[test]
fn what_replaces_a_route_keeps_its_connections_only_while_the_address_is_the_same() {
    let table = Table::new(&FixedRandomness::seeded(1));
    let path = "/acme/development/shop/orders/v1";
    let put = |change: &dyn Fn(&mut RouteEntry)| {
        let mut entry = route(path, EndpointType::REST);
        change(&mut entry);
        table.apply(delta(false, 1, vec![Entry::Route(entry)], &[]));
        Arc::clone(&table.route(path).unwrap().0.target)
    };
    let first = put(&|_| {});
    assert!(Arc::ptr_eq(&first, &put(&|entry| entry.schemes.clear())));
    assert!(!Arc::ptr_eq(&first, &put(&|entry| entry.allowed.push("127.0.0.0/8".to_owned()))));
    assert!(!Arc::ptr_eq(&first, &put(&|entry| entry.address = "http://127.0.0.1:8081".to_owned())));
}

#[test]
fn a_changed_subscription_keeps_its_count() {
    let table = Table::new(&FixedRandomness::seeded(1));
    let place = Route::new(Key(0, 0), route("/", EndpointType::REST), None);
    let used = || {
        let entry = table.subscription("c", &place).unwrap();
        entry.grant.take(1_000_000_000).is_err()
    };
    table.apply(delta(false, 1, vec![subscription("c")], &[]));
    while !used() {}
    table.apply(delta(false, 2, vec![subscription("c")], &[]));
    assert!(used());
}

#[test]
fn what_proves_one_subscriber_is_counted_together() {
    const NOW: i64 = 1_800_000_000;
    let id = |number: u128| Uuid::from_u128(number);
    // Subscriber, consumer's environment, service, provider's environment.
    type Place = (Option<u128>, u128, u128, u128, u128);
    let key = |name: &str, (application, connection, consumer, service, environment): Place| {
        Entry::ApiKey(ApiKeyEntry {
            digest: Digest::of(name).to_string(),
            connection: ConnectionId(id(connection)),
            application: application.map(|application| ApplicationId(id(application))),
            consumer: EnvironmentId(id(consumer)),
            component: None,
            service: ServiceId(id(service)),
            environment: EnvironmentId(id(environment)),
            state: SubscriptionState::Live,
            plan: "bronze".to_owned(),
        })
    };
    let one: Place = (Some(3), 4, 2, 1, 2);
    for (name, other, together) in [
        ("another key of the connection", one, true),
        ("another connection of the application", (Some(3), 9, 2, 1, 2), true),
        ("another application", (Some(8), 4, 2, 1, 2), false),
        ("another environment of the consumer", (Some(3), 4, 7, 1, 2), false),
        ("another service", (Some(3), 4, 2, 6, 2), false),
        ("another environment of the provider", (Some(3), 4, 2, 1, 5), false),
    ] {
        let table = Table::new(&FixedRandomness::seeded(1));
        // The token's client is of the application 3, in 2, for 1 in 2.
        table.apply(delta(false, 1, vec![subscription("c"), key("one", one), key("other", other)], &[]));
        let now = u64::try_from(NOW).unwrap() * 1_000_000;
        let take = |name: &str| table.api_key(&Digest::of(name)).unwrap().grant.take(now);
        while take("other").is_ok() {}
        let place = Route::new(Key(0, 0), route("/", EndpointType::REST), None);
        let by_token = table.subscription("c", &place).unwrap().grant.take(now);
        assert_eq!((take("one").is_err(), by_token.is_err()), (together, together), "{name}");
    }
    // Without an application, the keys of a connection.
    let table = Table::new(&FixedRandomness::seeded(1));
    let place: Place = (None, 4, 2, 1, 2);
    table.apply(delta(false, 1, vec![key("one", place), key("other", place), key("else", (None, 5, 2, 1, 2))], &[]));
    let take = |name: &str| table.api_key(&Digest::of(name)).unwrap().grant.take(1_000_000_000);
    while take("one").is_ok() {}
    assert_eq!((take("other").is_err(), take("else").is_err()), (true, false));
}

#[test]
fn counts_are_forgotten_when_they_say_nothing() {
    const NOW: i64 = 1_800_000_000;
    let table = Table::new(&FixedRandomness::seeded(1));
    let forget = |now| (0..256).for_each(|_| table.forget(now));
    let place = Route::new(Key(0, 0), route("/", EndpointType::REST), None);
    let used = || {
        let entry = table.subscription("c", &place).unwrap();
        entry.grant.take(u64::try_from(NOW).unwrap() * 1_000_000).is_err()
    };
    table.apply(delta(false, 1, vec![subscription("c")], &[]));
    while !used() {}
    table.apply(delta(false, 2, Vec::new(), &[&subscription("c")]));
    forget(NOW);
    table.apply(delta(false, 3, vec![subscription("c")], &[]));
    assert!(used(), "who comes back goes on where it was");
    forget(NOW + 61);
    assert_eq!(table.buckets.len(), 1, "it is in use");
    table.apply(delta(false, 4, Vec::new(), &[&subscription("c")]));
    forget(NOW + 61);
    assert_eq!(table.buckets.len(), 0);
}

#[test]
fn revocations_are_forgotten_when_their_tokens_have_expired() {
    let table = Table::new(&FixedRandomness::seeded(1));
    table.apply(delta(false, 1, everything(), &[]));
    let trust = table.trust();
    table.forget(100);
    assert!(table.is_revoked("t/1"));
    table.forget(200);
    assert!(!table.is_revoked("t/1"));
    table.apply(delta(false, 2, everything(), &[]));
    assert!(table.trust() > trust);
}
