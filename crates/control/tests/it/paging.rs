//! Lists page by page: whoever follows `next` to the end is given everything that was there at the beginning, once, whatever
//! is added meanwhile.

use std::collections::BTreeMap;

use serde_json::json;
use tieline_control::{PageQuery, Scope};
use tieline_core::model::ComponentType;
use tieline_core::wire::access::AuditQuery;
use tieline_core::wire::service::ServiceQuery;

use crate::deployment::build::orders;
use crate::provider;
use crate::world::{ACME, SHOP, World, refused};

/// What was there at the beginning.
const MANY: usize = 7;

#[derive(Debug, Clone, Copy)]
enum List {
    Connections,
    Services,
    Tokens,
    Deployments,
    Audit,
    Applications,
}

const LISTS: [List; 6] =
    [List::Connections, List::Services, List::Deployments, List::Tokens, List::Audit, List::Applications];

/// Adds one thing of a list; names go over the whole alphabet, so that some come before what was read and some after.
async fn add(world: &World, list: List, number: usize) {
    let name = format!("{}-{list:?}-{number}", char::from(b"amzckxfqb"[number % 9]));
    let (control, admin) = (&world.control, &world.admin);
    match list {
        List::Connections => {
            let request =
                json!({ "name": format!("{name}-link"), "service": "thirdparty:Mail/v1", "level": "organization" });
            control.connection_create(admin, ACME, serde_json::from_value(request).unwrap()).await.unwrap();
        }
        List::Services => {
            let endpoint =
                json!({ "name": "live", "url": "https://x.example", "environments": ["development"], "values": {} });
            let request = json!({ "name": name, "version": "v1", "endpoints": [endpoint] });
            control.service_register(admin, ACME, serde_json::from_value(request).unwrap(), false, None).await.unwrap();
        }
        List::Applications => {
            let service = "service:/shop/orders/v1/api";
            let request = json!({ "name": format!("{name}-x"), "service": service, "level": "organization" });
            control.connection_create(admin, ACME, serde_json::from_value(request).unwrap()).await.unwrap();
        }
        List::Tokens | List::Audit => {
            let request = json!({ "name": name, "role": "viewer" });
            control.token_create(admin, ACME, serde_json::from_value(request).unwrap()).await.unwrap();
        }
        List::Deployments => {
            let source = json!({ "file": ".choreo/component.yaml", "text": "schemaVersion: 1.2\n" });
            let request = json!({ "environment": "development", "version": format!("v1.{number}"), "source": source });
            control.deploy(admin, ACME, SHOP, "web", serde_json::from_value(request).unwrap()).await.unwrap();
        }
    }
}

/// One page of two, and where the next one begins.
async fn page(
    world: &World,
    list: List,
    cursor: Option<String>,
) -> tieline_control::Result<(Vec<String>, Option<String>)> {
    let (control, admin) = (&world.control, &world.admin);
    let query = PageQuery { cursor: cursor.clone(), limit: Some(2) };
    Ok(match list {
        List::Connections => {
            let page = control.connection_list(admin, ACME, Scope::default(), &query).await?;
            (page.items.into_iter().map(|item| item.name).collect(), page.next)
        }
        List::Services => {
            let query = ServiceQuery { cursor, limit: Some(2), ..ServiceQuery::default() };
            let page = control.service_list(admin, ACME, &query).await?;
            (page.items.into_iter().map(|item| item.reference).collect(), page.next)
        }
        List::Tokens => {
            let page = control.token_list(admin, ACME, &query).await?;
            (page.items.into_iter().map(|item| item.name).collect(), page.next)
        }
        List::Deployments => {
            let page = control.deployment_list(admin, ACME, SHOP, "web", None, &query).await?;
            (page.items.into_iter().map(|item| item.version).collect(), page.next)
        }
        List::Applications => {
            let page = control.application_list(admin, ACME, &query).await?;
            (page.items.into_iter().filter_map(|item| item.connection).collect(), page.next)
        }
        List::Audit => {
            let query = AuditQuery { cursor, limit: Some(2), ..AuditQuery::default() };
            let page = control.audit_list(admin, ACME, &query).await?;
            (page.items.into_iter().map(|item| item.sequence.to_string()).collect(), page.next)
        }
    })
}

/// Everything that following `next` gives, how often; after each page something is added, if so wished.
async fn walk(world: &World, list: List, mut added: Option<usize>) -> BTreeMap<String, usize> {
    let (mut seen, mut cursor) = (BTreeMap::new(), None);
    loop {
        let (items, next) = page(world, list, cursor).await.unwrap();
        assert!(items.len() <= 2, "{list:?}");
        for item in items {
            *seen.entry(item).or_default() += 1;
        }
        let Some(next) = next else { return seen };
        assert!(next.parse::<i64>().is_err(), "{list:?}: a cursor says nothing to anybody: {next}");
        cursor = Some(next);
        if let Some(number) = added.as_mut().filter(|number| **number < 3 * MANY) {
            add(world, list, *number).await;
            *number += 1;
        }
    }
}

#[tokio::test]
async fn everything_is_given_once_while_more_is_added() {
    for world in World::all().await {
        provider::mail(&world, &[("live", &["development"])]).await;
        world.component("web", ComponentType::Service).await;
        world.component("orders", ComponentType::Service).await;
        orders().done(&world).await;
        for list in LISTS {
            for number in 0..MANY {
                add(&world, list, number).await;
            }
            let before = walk(&world, list, None).await;
            assert!(before.len() >= MANY && before.values().all(|times| *times == 1), "{list:?}: {before:?}");
            let after = walk(&world, list, Some(MANY)).await;
            assert!(after.values().all(|times| *times == 1), "{list:?} on {}: {after:?}", world.database);
            let missing: Vec<_> = before.keys().filter(|item| !after.contains_key(*item)).collect();
            assert!(missing.is_empty(), "{list:?} on {}: {missing:?}", world.database);
        }
    }
}

#[tokio::test]
async fn a_cursor_of_nothing_is_refused() {
    let world = World::sqlite().await;
    world.component("web", ComponentType::Service).await;
    for list in LISTS {
        for cursor in ["7", "%", "", "bm9uc2Vuc2U"] {
            let refusal = refused(page(&world, list, Some(cursor.to_owned())).await);
            assert_eq!(refusal.code, "cursor_invalid", "{list:?} {cursor:?}");
        }
    }
}
