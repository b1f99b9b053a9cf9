//! Many at once: none fails for having met another, and the change feed is committed in the order of its numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use tieline_core::id::OrganizationId;
use tieline_store::backup::TABLES;
use tieline_store::organization::Organization;
use tokio::task::JoinSet;

use crate::database::Database;

const WRITERS: u128 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_of_many_read_then_write_transactions_fails() {
    for database in Database::all().await {
        let mut tasks = JoinSet::new();
        for number in 0..WRITERS {
            let store = database.store.clone();
            tasks.spawn(async move {
                let mut transaction = store.write().await?;
                let before = transaction.organization_count().await?;
                let organization = Organization {
                    id: OrganizationId(uuid::Uuid::from_u128(number + 1)),
                    handle: format!("o{number}"),
                    token_lifetime: 900,
                    variable_prefix: "CHOREO".to_owned(),
                    revision: 1,
                    created_at: Timestamp::UNIX_EPOCH,
                };
                transaction.organization_insert(&organization).await?;
                let at = Timestamp::UNIX_EPOCH;
                let change = transaction.change_insert("", "test", &before.to_string(), at).await?;
                transaction.commit().await?;
                Ok::<_, tieline_store::Error>(change)
            });
        }
        let mut numbers = Vec::new();
        while let Some(done) = tasks.join_next().await {
            numbers.push(done.expect("no panic").expect("no failure"));
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=i64::try_from(WRITERS).expect("small")).collect::<Vec<_>>());
        let count = database.store.read().await.expect("a read").organization_count().await.expect("a count");
        assert_eq!(u128::try_from(count).expect("a number"), WRITERS);
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_follows_the_feed_never_sees_a_gap_close() {
    for database in Database::all().await {
        let done = Arc::new(AtomicBool::new(false));
        let (store, ended) = (database.store.clone(), Arc::clone(&done));
        let follower = JoinSet::from_iter([async move {
            let feed = TABLES.iter().find(|table| table.name == "change").expect("the feed");
            let (mut seen, mut last) = (0, Vec::new());
            loop {
                let last_look = ended.load(Ordering::SeqCst);
                let mut transaction = store.read().await.expect("a read");
                let after = (seen > 0).then(|| last.clone());
                for change in transaction.backup_page(feed, after.as_deref()).await.expect("changes") {
                    assert_eq!(change[0], seen + 1, "a number that was skipped came later");
                    (seen, last) = (seen + 1, change);
                }
                assert!(transaction.change_number().await.expect("a number") >= seen);
                if last_look {
                    return seen;
                }
                tokio::task::yield_now().await;
            }
        }]);
        let mut writers = JoinSet::new();
        for _ in 0..100 {
            let store = database.store.clone();
            writers.spawn(async move {
                let mut transaction = store.write().await.expect("a write");
                transaction.change_insert("", "test", "x", Timestamp::UNIX_EPOCH).await.expect("a change");
                tokio::task::yield_now().await;
                transaction.commit().await.expect("a commit");
            });
        }
        writers.join_all().await;
        done.store(true, Ordering::SeqCst);
        assert_eq!(follower.join_all().await, [100]);
        database.drop().await;
    }
}
