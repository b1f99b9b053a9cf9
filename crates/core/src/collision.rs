//! Whether the variables of two connections meet, for any component that could see both.
//!
//! Whole variable names are compared, never connection names alone: `abc` with `D_E` and `abc-d` with `E` meet.

use std::collections::BTreeMap;

use crate::kind::{API_KEY, CHOREO_API_KEY, same_key};
use crate::name::{variable_name, variable_part};

/// The prefix of variables that a descriptor under `.tieline/` asks for.
pub const TIELINE_PREFIX: &str = "TIELINE";

/// A connection as far as its variables go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<'a> {
    /// Its name.
    pub name: &'a str,
    /// The keys of its parameters.
    pub keys: Vec<&'a str>,
}

/// A meeting of a new connection with another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// Which of the others it meets, by position.
    pub with: usize,
    /// The variable of both, or, where only the names are the same after normalisation, what all of theirs begin with.
    pub variable: String,
}

/// Where a connection's variables meet those of others: at most one meeting with each.
///
/// The organization's prefix and Tieline's own both count, and so do both keys of the API key, because a component's
/// descriptor decides later which of them are emitted. Names that are the same after normalisation meet even without a
/// common key: a reference by name could not tell them apart.
#[must_use]
pub fn collisions(prefix: &str, new: &Named<'_>, others: &[Named<'_>]) -> Vec<Collision> {
    let mine = variables(prefix, new);
    let meeting = |(with, other): (usize, &Named<'_>)| {
        let shared = variables(prefix, other).into_keys().find(|variable| mine.contains_key(variable));
        let same_name = variable_part(new.name) == variable_part(other.name);
        let name = || same_name.then(|| format!("{prefix}_{}_…", variable_part(new.name)));
        shared.or_else(name).map(|variable| Collision { with, variable })
    };
    others.iter().enumerate().filter_map(meeting).collect()
}

/// Every variable that a connection could become, each with its key.
#[must_use]
pub fn variables<'a>(prefix: &str, connection: &Named<'a>) -> BTreeMap<String, &'a str> {
    let mut names = BTreeMap::new();
    for key in &connection.keys {
        let aliases = [CHOREO_API_KEY, API_KEY].into_iter().filter(|alias| same_key(alias, key) && alias != key);
        for spelling in std::iter::once(*key).chain(aliases) {
            for prefix in [prefix, TIELINE_PREFIX] {
                names.insert(variable_name(prefix, connection.name, spelling), *key);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meet(new: (&str, &[&str]), other: (&str, &[&str])) -> Option<String> {
        let (new, other) =
            (Named { name: new.0, keys: new.1.to_vec() }, Named { name: other.0, keys: other.1.to_vec() });
        collisions("CHOREO", &new, &[other]).into_iter().next().map(|collision| collision.variable)
    }

    #[test]
    fn whole_names_are_compared() {
        const URL: &[&str] = &["ServiceURL"];
        for (new, other, expect) in [
            (("a-b", URL), ("a_b", URL), Some("CHOREO_A_B_SERVICEURL")),
            (("a-b", URL), ("a.b", URL), Some("CHOREO_A_B_SERVICEURL")),
            (("a-b", URL), ("A B", URL), Some("CHOREO_A_B_SERVICEURL")),
            (("abc", &["D_E"]), ("abc-d", &["E"]), Some("CHOREO_ABC_D_E")),
            (("abc", &["d.e"]), ("abc-d", &["e"]), Some("CHOREO_ABC_D_E")),
            (("abc", URL), ("abd", URL), None),
            (("abc", URL), ("abc-d", URL), None),
            (("abc", &["HostName"]), ("ABC", URL), Some("CHOREO_ABC_…")),
            (("abc", &["ChoreoAPIKey"]), ("abc-d", URL), None),
            (("abc", &["ChoreoAPIKey"]), ("abc", &["APIKey"]), Some("CHOREO_ABC_APIKEY")),
            (("abc-x", &["ChoreoAPIKey"]), ("abc", &["X_APIKey"]), Some("CHOREO_ABC_X_APIKEY")),
        ] {
            assert_eq!(meet(new, other).as_deref(), expect, "{new:?} {other:?}");
            assert_eq!(meet(other, new).as_deref(), expect, "{other:?} {new:?}");
        }
    }

    #[test]
    fn each_other_connection_is_named_once() {
        let named = |name| Named { name, keys: vec!["ServiceURL", "TokenURL"] };
        let found = collisions("CHOREO", &named("orders"), &[named("stock"), named("Orders"), named("ORDERS")]);
        assert_eq!(found.iter().map(|collision| collision.with).collect::<Vec<_>>(), [1, 2]);
    }
}
