//! The left navigation, as a table: adding a page adds its entry. An entry appears only where its page is.

use tieline_control::Allowed;

use super::place::{Level, Place};

/// One entry.
struct Entry {
    /// What it says.
    words: &'static str,
    /// The page that it leads to, below the place.
    page: &'static str,
    /// Where there is such a page.
    levels: &'static [Level],
    /// What stands below it, always in sight.
    below: &'static [Entry],
}

const EVERYWHERE: &[Level] = &[Level::Organization, Level::Project, Level::Component];

/// The entries, from top to bottom.
const ENTRIES: &[Entry] = &[
    Entry { words: "Overview", page: "", levels: EVERYWHERE, below: &[] },
    Entry { words: "Deployments", page: "deployments", levels: &[Level::Component], below: &[] },
    Entry {
        words: "Dependencies",
        page: "connections",
        levels: EVERYWHERE,
        below: &[
            Entry { words: "Connections", page: "connections", levels: EVERYWHERE, below: &[] },
            Entry {
                words: "Third-Party Services",
                page: "third-party-services",
                levels: &[Level::Organization, Level::Project],
                below: &[],
            },
            Entry { words: "Databases", page: "databases", levels: &[Level::Organization], below: &[] },
            Entry { words: "Other Resources", page: "other-resources", levels: &[Level::Organization], below: &[] },
        ],
    },
    Entry { words: "Marketplace", page: "marketplace", levels: EVERYWHERE, below: &[] },
    Entry { words: "Graph", page: "graph", levels: EVERYWHERE, below: &[] },
    Entry { words: "Audit", page: "audit", levels: &[Level::Organization], below: &[] },
    Entry {
        words: "Settings",
        page: "settings/environments",
        levels: &[Level::Organization],
        below: &[
            Entry { words: "Environments", page: "settings/environments", levels: &[Level::Organization], below: &[] },
            Entry { words: "Members", page: "settings/members", levels: &[Level::Organization], below: &[] },
            Entry { words: "Tokens", page: "settings/tokens", levels: &[Level::Organization], below: &[] },
            Entry {
                words: "OAuth applications",
                page: "settings/applications",
                levels: &[Level::Organization],
                below: &[],
            },
            Entry { words: "Approvals", page: "settings/approvals", levels: &[Level::Organization], below: &[] },
            Entry {
                words: "Identity provider",
                page: "settings/identity-provider",
                levels: &[Level::Organization],
                below: &[],
            },
        ],
    },
];

/// A link of the navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What it says.
    pub(super) words: &'static str,
    /// Where it leads.
    pub(super) path: String,
    /// Whether the page is the one that is shown, or belongs to it.
    pub(super) current: bool,
    /// What stands below it.
    pub(super) below: Vec<Item>,
}

/// The links of a place, of which one leads to the page that is shown.
pub(super) fn items(place: &Place, page: &str) -> Vec<Item> {
    below(ENTRIES, place, page)
}

/// Takes out the entries whose pages would refuse who may do no more than this.
pub(super) fn keep_allowed(items: &mut Vec<Item>, allowed: &Allowed) {
    let refused = |item: &Item| match item.words {
        "Audit" => !allowed.administer_organization,
        "Members" | "Tokens" => !allowed.hand_out_roles,
        _ => false,
    };
    items.retain(|item| !refused(item));
    for item in items {
        item.below.retain(|below| !refused(below));
    }
}

/// The same page of another place, if it is there; else the overview.
pub(super) fn same_page(place: &Place, page: &str) -> String {
    let entries = ENTRIES.iter().flat_map(|entry| std::iter::once(entry).chain(entry.below));
    let there = entries.into_iter().any(|entry| entry.page == page && entry.levels.contains(&place.level()));
    place.path(if there { page } else { "" })
}

fn below(entries: &[Entry], place: &Place, page: &str) -> Vec<Item> {
    let here = entries.iter().filter(|entry| entry.levels.contains(&place.level()));
    here.map(|entry| Item {
        words: entry.words,
        path: place.path(entry.page),
        // A heading that leads to the first page below it leaves the mark to that page.
        current: entry.page == page && entry.below.is_empty(),
        below: below(entry.below, place, page),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_stay_in_sight_below_dependencies() {
        for page in ["", "connections"] {
            let items = items(&Place::organization("acme"), page);
            let dependencies = items.iter().find(|item| item.words == "Dependencies").unwrap();
            assert_eq!(dependencies.below[0].words, "Connections");
            assert_eq!(dependencies.below[0].path, "/organizations/acme/connections");
            let marked = items.iter().flat_map(|item| std::iter::once(item).chain(&item.below));
            assert_eq!(marked.filter(|item| item.current).count(), 1, "{page}");
        }
    }

    #[test]
    fn another_place_is_entered_on_the_same_page() {
        let shop = Place::organization("acme").with_project("shop");
        assert_eq!(same_page(&shop, "connections"), "/organizations/acme/projects/shop/connections");
        assert_eq!(same_page(&shop, "no-such-page"), "/organizations/acme/projects/shop");
    }
}
