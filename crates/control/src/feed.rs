//! How far this server knows the change feed: which change was the last of each organization, so that what is remembered
//! of one outlives the changes of another. It is told of changes, and reads none itself.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tieline_core::id::OrganizationId;
use tieline_store::record::LastChange;
use tokio::sync::watch;

/// What this server knows of the feed.
pub(crate) struct Feed {
    /// The number of the last change of all: a nudge for whoever waits.
    last: watch::Sender<i64>,
    known: Mutex<Known>,
}

struct Known {
    /// Up to this number every change was read from the database, also those of other servers.
    read: i64,
    /// The number of the last change of each organization since the start.
    organizations: HashMap<String, i64>,
    /// The number of the last change of the installation, which concerns every organization.
    installation: i64,
}

impl Feed {
    /// A feed that begins after a change.
    pub(crate) fn new(number: i64) -> Self {
        let known = Known { read: number, organizations: HashMap::new(), installation: 0 };
        Self { last: watch::channel(number).0, known: Mutex::new(known) }
    }

    /// Whoever waits for changes.
    pub(crate) fn subscribe(&self) -> watch::Receiver<i64> {
        self.last.subscribe()
    }

    /// What is read from now on was read after the change of this number, and after all before it: numbers commit in
    /// order.
    pub(crate) fn number(&self) -> i64 {
        *self.last.borrow()
    }

    /// Whether an answer still holds that was read after the change of a number and concerns one organization, or
    /// everything.
    pub(crate) fn holds(&self, number: i64, organization: Option<OrganizationId>) -> bool {
        let Some(organization) = organization else { return number == self.number() };
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let own = known.organizations.get(&organization.to_string()).copied().unwrap_or_default();
        number >= own.max(known.installation)
    }

    /// Whether what was read of the installation after the change of a number still holds, whatever changed in organizations.
    pub(crate) fn holds_for_installation(&self, number: i64) -> bool {
        number >= 0 && number >= self.known.lock().unwrap_or_else(PoisonError::into_inner).installation
    }

    /// Tells of a change that is committed: of an organization, or of the installation when it is empty. Numbers may
    /// arrive out of order; the last counts.
    pub(crate) fn announce(&self, organization: &str, number: i64) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).note(organization, number);
        self.nudge(number);
    }

    /// Up to which number every change was read.
    pub(crate) fn read(&self) -> i64 {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).read
    }

    /// Tells of everything that was committed after the change of the number `after`.
    pub(crate) fn follow(&self, after: i64, changes: &[LastChange]) {
        let (Some(first), Some(last)) =
            (changes.iter().map(|change| change.first).min(), changes.iter().map(|change| change.last).max())
        else {
            return;
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            known.note(&change.organization, change.last);
        }
        if first > after + 1 {
            // What lay between is forgotten: it may have been anybody's.
            known.note("", last);
        }
        known.read = known.read.max(last);
        drop(known);
        self.nudge(last);
    }

    fn nudge(&self, number: i64) {
        self.last.send_if_modified(|last| {
            let later = number > *last;
            *last = (*last).max(number);
            later
        });
    }
}

impl Known {
    fn note(&mut self, organization: &str, number: i64) {
        let last = match organization {
            "" => &mut self.installation,
            organization => self.organizations.entry(organization.to_owned()).or_default(),
        };
        *last = (*last).max(number);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const HERE: OrganizationId = OrganizationId(Uuid::from_u128(1));
    const THERE: OrganizationId = OrganizationId(Uuid::from_u128(2));

    /// A server that started after change 5 and was told of changes; what was read after change `number` is asked for.
    fn check(told: impl FnOnce(&Feed), number: i64, expect: [bool; 3]) {
        let feed = Feed::new(5);
        told(&feed);
        let holds = [Some(HERE), Some(THERE), None].map(|organization| feed.holds(number, organization));
        assert_eq!(holds, expect);
    }

    fn changes(rows: &[(&str, i64, i64)]) -> Vec<LastChange> {
        let row = |(organization, first, last): &(&str, i64, i64)| LastChange {
            organization: (*organization).to_owned(),
            first: *first,
            last: *last,
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn an_answer_holds_until_its_own_organization_changes() {
        let here = HERE.to_string();
        check(|_| {}, 5, [true, true, true]);
        check(|feed| feed.announce(&here, 6), 5, [false, true, false]);
        check(|feed| feed.announce(&here, 6), 6, [true, true, true]);
        check(|feed| feed.announce("", 6), 5, [false, false, false]);
        check(|feed| feed.follow(5, &changes(&[(&here, 6, 7)])), 6, [false, true, false]);
        // Out of order: what was read after 7 was read after 6 as well.
        let late = |feed: &Feed| {
            feed.announce(&THERE.to_string(), 7);
            feed.announce(&here, 6);
        };
        check(late, 7, [true, true, true]);
        check(late, 6, [true, false, false]);
    }

    #[test]
    fn a_change_of_another_server_is_noticed_behind_an_own_one() {
        let feed = Feed::new(5);
        feed.announce(&HERE.to_string(), 7);
        assert_eq!(feed.read(), 5);
        feed.follow(5, &changes(&[(&THERE.to_string(), 6, 6), (&HERE.to_string(), 7, 7)]));
        assert!(!feed.holds(5, Some(THERE)) && feed.holds(6, Some(THERE)));
        assert_eq!((feed.read(), feed.number()), (7, 7));
    }

    #[test]
    fn after_a_gap_nothing_holds() {
        let feed = Feed::new(5);
        feed.follow(5, &changes(&[(&HERE.to_string(), 9, 9)]));
        assert!(!feed.holds(8, Some(THERE)) && feed.holds(9, Some(THERE)));
    }

    #[test]
    fn who_waits_is_woken_after_the_change_is_known() {
        let feed = Feed::new(5);
        let mut waiting = feed.subscribe();
        waiting.mark_unchanged();
        feed.announce(&HERE.to_string(), 5);
        assert!(!waiting.has_changed().unwrap());
        feed.announce(&HERE.to_string(), 6);
        assert!(waiting.has_changed().unwrap());
    }
}
