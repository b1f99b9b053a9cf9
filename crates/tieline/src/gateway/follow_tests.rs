//! What a follower does while its file cannot be written.

use tieline_core::randomness::FixedRandomness;
use tieline_core::route_table::{Entry, RevocationEntry};
use tieline_core::secret::Secret;

use super::*;

fn changes(id: &str) -> FeedLine {
    let entry = Entry::Revocation(RevocationEntry { id: id.to_owned(), until: 9 });
    FeedLine::Changes(BTreeMap::from([(entry.key(), Some(entry))]))
}

fn whole() -> FeedLine {
    FeedLine::Begin { generation: "1-a".to_owned(), whole: true }
}

fn on(folder: &std::path::Path) -> Follower {
    let table = Arc::new(Table::new(&FixedRandomness::seeded(1)));
    Follower::new(Client::new("http://127.0.0.1:9", Secret::new("token")), folder, table).unwrap()
}

/// The ids in a folder's file, and up to which number it holds everything.
fn kept(folder: &std::path::Path) -> (Vec<String>, i64) {
    let mut ids = Vec::new();
    let file = TableFile::open(folder, |line| {
        if let FeedLine::Changes(changes) = line {
            ids.extend(changes.into_keys());
        }
    });
    (ids, file.unwrap().position().number)
}

#[test]
fn what_the_disk_does_not_take_is_applied_all_the_same_and_kept_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut follower = on(folder.path());
    for line in [whole(), changes("a"), FeedLine::Reached(3)] {
        follower.take(line);
    }
    follower.file.hold_writing();
    for line in [changes("b"), FeedLine::Reached(4), changes("c"), FeedLine::Reached(5)] {
        follower.take(line);
    }
    assert_eq!(*follower.table.number().borrow(), Some(5));
    assert_eq!((follower.reached.number, follower.heard.lock().unwrap().number), (5, 5));
    assert_eq!(follower.file.position().number, 0, "the file is not gone on with");
    assert!(follower.unwritten.is_some(), "nor written for a while");

    follower.unwritten = None;
    for line in [whole(), changes("a"), changes("b"), changes("c"), FeedLine::Reached(6)] {
        follower.take(line);
    }
    drop(follower);
    let (ids, number) = kept(folder.path());
    assert_eq!((ids.len(), number), (3, 6));
}

#[test]
fn a_whole_table_without_a_file_is_a_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let mut follower = on(folder.path());
    follower.unwritten = Some(Instant::now());
    for line in [whole(), changes("a"), FeedLine::Reached(3), changes("b"), FeedLine::Reached(4)] {
        follower.take(line);
    }
    assert_eq!(follower.reached, Position { generation: "1-a".to_owned(), number: 4 });
    drop(follower);
    assert_eq!(kept(folder.path()), (Vec::new(), 0));
}
