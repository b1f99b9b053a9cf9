//! The cache on a real disk, with a sealer that only checks key and context.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;

use super::*;

/// Seals by putting its name and the context before the bytes, and turning the bytes over.
struct Toy(&'static str);

impl Sealer for Toy {
    fn seal(&self, context: &[u8], plaintext: &[u8]) -> io::Result<Vec<u8>> {
        let turned: Vec<u8> = plaintext.iter().map(|byte| !byte).collect();
        Ok([self.0.as_bytes(), context, &turned].concat())
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let turned = sealed.strip_prefix(self.0.as_bytes())?.strip_prefix(context)?;
        Some(turned.iter().map(|byte| !byte).collect())
    }
}

fn key(component: &str) -> CacheKey {
    CacheKey {
        server: "https://tieline.example:7070/".to_owned(),
        organization: "Acme".to_owned(),
        project: "shop".to_owned(),
        component: component.to_owned(),
        environment: "production".to_owned(),
        major: Some(1),
    }
}

fn snapshot(id: &str, value: &str) -> CachedSnapshot {
    let variables = BTreeMap::from([("A".to_owned(), value.to_owned())]);
    CachedSnapshot { snapshot_id: id.to_owned(), variables: Variables::new(variables).expect("a variable") }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("it exists").permissions().mode() & 0o777
}

#[test]
fn the_last_snapshot_is_kept_for_its_key_and_token_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = SnapshotCache::new(folder.path().join("deep/snapshots"));
    let token = Toy("token");
    assert_eq!(cache.load(&key("web"), &token).expect("readable"), None);

    cache.save(&key("web"), &snapshot("one", "canary\n1"), &token).expect("kept");
    cache.save(&key("web"), &snapshot("two", "canary\n2"), &token).expect("kept");
    assert_eq!(cache.load(&key("web"), &token).expect("readable"), Some(snapshot("two", "canary\n2")));
    assert_eq!(cache.load(&key("WEB"), &token).expect("readable"), Some(snapshot("two", "canary\n2")));
    assert_eq!(cache.load(&key("api"), &token).expect("readable"), None);
    assert_eq!(cache.load(&CacheKey { major: None, ..key("web") }, &token).expect("readable"), None);
    assert_eq!(cache.load(&key("web"), &Toy("other")).expect("readable"), None);

    let path = cache.path(&key("web"));
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().expect("a folder")), 0o700);
    assert_eq!(mode(&folder.path().join("deep/snapshots")), 0o700);
    let files = std::fs::read_dir(path.parent().expect("a folder")).expect("readable").count();
    assert_eq!(files, 1, "nothing is left beside it");
}

#[test]
fn a_snapshot_moved_to_another_key_is_not_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = SnapshotCache::new(folder.path().to_owned());
    cache.save(&key("web"), &snapshot("one", "x"), &Toy("token")).expect("kept");
    cache.save(&key("api"), &snapshot("one", "y"), &Toy("token")).expect("kept");
    std::fs::copy(cache.path(&key("web")), cache.path(&key("api"))).expect("copied");
    assert_eq!(cache.load(&key("api"), &Toy("token")).expect("readable"), None);
}

#[test]
fn the_same_snapshot_is_not_written_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = SnapshotCache::new(folder.path().to_owned());
    cache.save(&key("web"), &snapshot("one", "x"), &Toy("token")).expect("kept");
    let inode = |path: PathBuf| std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(path).expect("it exists"));
    let before = inode(cache.path(&key("web")));
    cache.save(&key("web"), &snapshot("one", "x"), &Toy("token")).expect("kept");
    assert_eq!(inode(cache.path(&key("web"))), before);
}

#[test]
fn what_a_killed_writer_left_is_no_obstacle() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = SnapshotCache::new(folder.path().to_owned());
    let path = cache.path(&key("web"));
    let parent = path.parent().expect("a folder");
    std::fs::create_dir_all(parent).expect("made");
    std::fs::write(parent.join(format!("%new-{}", std::process::id())), "half").expect("written");
    std::fs::write(&path, "not sealed").expect("written");
    cache.save(&key("web"), &snapshot("one", "x"), &Toy("token")).expect("kept");
    assert_eq!(cache.load(&key("web"), &Toy("token")).expect("readable"), Some(snapshot("one", "x")));
}

#[test]
fn names_cannot_leave_the_folder() {
    for (part, expect) in [
        ("https://h.example:7070/a", "https%3a%2f%2fh.example%3a7070%2fa"),
        ("..", "%2e."),
        ("", "%"),
        ("a\0b", "a%00b"),
    ] {
        assert_eq!(file_name(part), expect);
    }
}

#[test]
fn the_users_folder_follows_xdg() {
    for (state, home, expect) in [
        (Some("/s"), Some("/h"), Some("/s/tieline/snapshots")),
        (Some("relative"), Some("/h"), Some("/h/.local/state/tieline/snapshots")),
        (None, Some("/h"), Some("/h/.local/state/tieline/snapshots")),
        (None, None, None),
    ] {
        let variable = |name: &str| if name == "HOME" { home } else { state }.map(OsString::from);
        assert_eq!(SnapshotCache::of_user(variable).map(|cache| cache.folder), expect.map(PathBuf::from));
    }
}
