//! How the table is followed: by deltas after a number, in pieces, and from the beginning when what went is forgotten.

use jiff::SignedDuration;
use serde_json::json;
use tieline_control::TableCursor;

use super::mirror::Mirror;
use crate::deployment::build::{DEV, ORDERS, connect, deploy, orders, undeploy, uses, worlds};
use crate::world::ACME;

#[tokio::test]
async fn a_delta_holds_what_changed_since() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let mut mirror = Mirror::default();
        let deltas = mirror.follow(&world.control).await;
        assert!(deltas[0].whole && mirror.paths().len() == 1, "{deltas:?}");
        let nothing = mirror.follow(&world.control).await;
        assert_eq!((nothing.len(), nothing[0].changes.len(), nothing[0].whole), (1, 0, false));

        connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await;
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        let deltas = mirror.follow(&world.control).await;
        assert_eq!(deltas.iter().map(|delta| delta.changes.len()).sum::<usize>(), 2, "client and key: {deltas:?}");
        undeploy(&world, "orders", DEV).await;
        let deltas = mirror.follow(&world.control).await;
        assert_eq!(deltas[0].changes.values().filter(|entry| entry.is_none()).count(), 1, "{deltas:?}");
        assert_eq!(mirror.entries, Mirror::of(&world).await.entries, "{}", world.database);
        assert_eq!(deltas[0].number, *world.control.changes().borrow());
    }
}

#[tokio::test]
async fn what_changed_nothing_is_not_sent() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let mut mirror = Mirror::of(&world).await;
        orders().version("v1.1").done(&world).await;
        let deltas = mirror.follow(&world.control).await;
        assert_eq!(deltas[0].changes.len(), 0, "the same address serves the same: {deltas:?}");
    }
}

#[tokio::test]
async fn a_large_table_comes_in_pieces() {
    for world in worlds(&["orders"]).await {
        orders().done(&world).await;
        let mut transaction = world.store.write().await.unwrap();
        let number = transaction.change_insert("", "kind", "object", world.at()).await.unwrap();
        let text = r#"{"revocation":{"id":"x","until":7}}"#;
        for entry in 0..2500 {
            let key = format!("revocation/{entry:05}");
            transaction.table_save("", "test", &key, Some(text), number).await.unwrap();
        }
        transaction.commit().await.unwrap();
        let mut mirror = Mirror::default();
        let deltas = mirror.follow(&world.control).await;
        let own = ["installation", "issuer/"].iter().filter(|key| mirror.entries.contains_key(**key)).count();
        assert_eq!((deltas.len(), mirror.entries.len()), (3, 2501 + own), "{}", world.database);
        let whole: Vec<_> = deltas.iter().map(|delta| (delta.whole, delta.number)).collect();
        assert_eq!(whole, [(true, number - 1), (false, number - 1), (false, number)], "no number before all of it");
    }
}

#[tokio::test]
async fn who_was_away_too_long_or_elsewhere_gets_everything() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let mut mirror = Mirror::of(&world).await;
        let (generation, number) = (mirror.cursor.generation().to_owned(), *world.control.changes().borrow());
        undeploy(&world, "orders", DEV).await;
        world.pass(SignedDuration::from_hours(8 * 24));
        let later = serde_json::from_value(json!({ "handle": "later" })).unwrap();
        world.control.project_create(&world.admin, ACME, later).await.unwrap();
        world.control.purge().await.unwrap();
        let deltas = mirror.follow(&world.control).await;
        assert!(deltas[0].whole && mirror.paths().is_empty(), "{}: {deltas:?}", world.database);
        assert!(!mirror.follow(&world.control).await[0].whole);
        for (generation, number, whole) in [
            (generation.as_str(), number, true),
            (generation.as_str(), 1_000_000, true),
            ("another", *world.control.changes().borrow(), true),
            (generation.as_str(), *world.control.changes().borrow(), false),
        ] {
            let piece = world.control.table_after(&TableCursor::after(generation, number)).await.unwrap();
            assert_eq!((piece.delta.whole, piece.complete), (whole, true), "{generation} {number}");
        }
    }
}

#[tokio::test]
async fn a_use_case_waits_for_the_gateway_of_its_process() {
    for world in worlds(&["orders"]).await {
        orders().done(&world).await;
        let number = *world.control.changes().borrow();
        world.control.table_applied(number);
        let mut changes = world.control.changes();
        let follows = async {
            changes.changed().await.unwrap();
            let (again, _) = (Mirror::of(&world).await, world.control.table_applied(*changes.borrow()));
            again.paths().len()
        };
        let (_, routes) = tokio::join!(undeploy(&world, "orders", DEV), follows);
        assert_eq!(routes, 0, "told before it returned");
        world
            .control
            .project_create(&world.admin, ACME, serde_json::from_value(json!({ "handle": "p" })).unwrap())
            .await
            .unwrap();
    }
}
