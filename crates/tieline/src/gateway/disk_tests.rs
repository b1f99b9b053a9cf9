//! What a table on disk survives.

use tieline_core::route_table::RevocationEntry;

use super::*;

fn entry(id: &str, until: i64) -> (String, Option<Entry>) {
    let entry = Entry::Revocation(RevocationEntry { id: id.to_owned(), until });
    (entry.key(), Some(entry))
}

fn gone(id: &str) -> (String, Option<Entry>) {
    (format!("revocation/{id}"), None)
}

fn changes<const N: usize>(entries: [(String, Option<Entry>); N]) -> Line {
    Line::of(&FeedLine::Changes(BTreeMap::from(entries))).unwrap()
}

fn reached(number: i64) -> Line {
    Line::of(&FeedLine::Reached(number)).unwrap()
}

/// What is known after everything in a folder was read.
fn known(folder: &Path) -> (BTreeMap<String, i64>, Position) {
    let mut known = BTreeMap::new();
    let file = TableFile::open(folder, |line| {
        if let FeedLine::Changes(changes) = line {
            for (key, entry) in changes {
                match entry {
                    Some(Entry::Revocation(entry)) => known.insert(key, entry.until),
                    _ => known.remove(&key),
                };
            }
        }
    });
    (known, file.unwrap().position().clone())
}

fn begun(folder: &Path) -> TableFile {
    let mut file = TableFile::open(folder, |_| {}).unwrap();
    let mut next = file.replace("1-a").unwrap();
    next.append(&changes([entry("a", 1), entry("b", 1)])).unwrap();
    file.put(next, 7).unwrap();
    file
}

#[test]
fn a_gateway_starts_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = begun(folder.path());
    file.append(&changes([entry("a", 2), gone("b"), entry("c", 3)])).unwrap();
    file.append(&reached(9)).unwrap();
    let locked = TableFile::open(folder.path(), |_| {});
    assert!(locked.is_err(), "one gateway at a time");
    drop(file);
    let (entries, position) = known(folder.path());
    let expect = BTreeMap::from([("revocation/a".to_owned(), 2), ("revocation/c".to_owned(), 3)]);
    assert_eq!((entries, position), (expect, Position { generation: "1-a".to_owned(), number: 9 }));
}

#[test]
fn what_is_torn_or_changed_is_dropped_with_all_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table");
    let mut file = begun(folder.path());
    let whole = std::fs::metadata(&path).unwrap().len();
    file.append(&changes([gone("a")])).unwrap();
    file.append(&reached(8)).unwrap();
    drop(file);
    let bytes = std::fs::read(&path).unwrap();
    for (cut, number) in [(bytes.len(), 8), (bytes.len() - 1, 7), (usize::try_from(whole).unwrap() + 3, 7), (5, 0)] {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        assert_eq!(known(folder.path()).1.number, number, "cut at {cut}");
    }
    let mut changed = bytes.clone();
    let at = usize::try_from(whole).unwrap() + 20;
    changed[at] ^= 1;
    std::fs::write(&path, &changed).unwrap();
    let (entries, position) = known(folder.path());
    assert_eq!((entries.len(), position.number), (2, 7));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), whole, "so that what follows is read again");
}

#[test]
fn a_whole_table_takes_the_place_of_another_or_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = begun(folder.path());
    let mut broken = file.replace("1-b").unwrap();
    broken.append(&changes([entry("x", 1)])).unwrap();
    drop(broken);
    let mut next = file.replace("1-b").unwrap();
    next.append(&changes([entry("b", 5)])).unwrap();
    next.append(&changes([entry("d", 5)])).unwrap();
    file.put(next, 3).unwrap();
    file.append(&changes([entry("e", 6)])).unwrap();
    file.append(&reached(4)).unwrap();
    drop(file);
    let (entries, position) = known(folder.path());
    assert_eq!(entries.into_keys().collect::<Vec<_>>(), ["revocation/b", "revocation/d", "revocation/e"]);
    assert_eq!(position, Position { generation: "1-b".to_owned(), number: 4 });
}

#[test]
fn what_is_superseded_is_written_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = begun(folder.path());
    for until in 0..500 {
        file.append(&changes([entry("a", until), entry("c", until), gone("b")])).unwrap();
        file.append(&reached(10 + until)).unwrap();
    }
    file.append(&changes([gone("c")])).unwrap();
    let before = file.size;
    file.compact().unwrap();
    assert!(file.size < before / 100, "{before} {}", file.size);
    file.append(&changes([entry("f", 1)])).unwrap();
    file.append(&reached(600)).unwrap();
    drop(file);
    let (entries, position) = known(folder.path());
    let expect = BTreeMap::from([("revocation/a".to_owned(), 499), ("revocation/f".to_owned(), 1)]);
    assert_eq!((entries, position.number), (expect, 600));
}

#[test]
fn a_line_that_is_not_written_whole_hides_none_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = begun(folder.path());
    // As a full disk leaves it.
    let line = changes([gone("a")]);
    file.file.write_all(&line.text.as_bytes()[..9]).unwrap();
    file.mend();
    assert_eq!(file.position().number, 7);
    file.append(&changes([entry("c", 1)])).unwrap();
    file.append(&reached(8)).unwrap();
    drop(file);
    let (entries, position) = known(folder.path());
    assert_eq!((entries.len(), position.number), (3, 8));
}

#[test]
fn what_cannot_be_mended_is_asked_for_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = begun(folder.path());
    file.hold_writing();
    assert!(file.append(&changes([gone("a")])).is_err());
    assert_eq!(file.position(), &Position::default());
}

#[test]
fn a_damaged_file_is_not_made_compact() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = begun(folder.path());
    file.append(&changes([gone("a")])).unwrap();
    file.append(&reached(8)).unwrap();
    let path = folder.path().join("table");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.len() - 40;
    bytes[at] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(file.compact().unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert_eq!(file.position(), &Position::default(), "everything is asked for anew");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

impl TableFile {
    /// Makes it fail from now on, whatever is written.
    pub(crate) fn hold_writing(&mut self) {
        self.file = File::open(&self.path).unwrap();
    }
}
