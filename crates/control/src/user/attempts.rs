//! How often passwords may be tried, and how many are looked at at a time. What is tried for names that nobody has is counted
//! apart, and alike: so nobody learns which names there are, and nobody makes the counts of those that there are be forgotten.

use std::net::IpAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tieline_core::name::UserName;
use tokio::sync::Semaphore;

use crate::failures::network;
use crate::pace::Pace;

/// Wrong passwords for one name from one network: as many as somebody types who does not remember well, then one a minute.
const NAME_AND_NETWORK: (i32, SignedDuration) = (10, SignedDuration::from_mins(1));
/// Wrong passwords for one name from wherever: NIST SP 800-63B, 3.2.2 allows no more than 100 in a row; then one a minute. It
/// takes many networks to keep the owner out.
const NAME: (i32, SignedDuration) = (100, SignedDuration::from_mins(1));
/// Wrong passwords from one network, where a whole office may be.
const NETWORK: (i32, SignedDuration) = (50, SignedDuration::from_secs(2));
/// Hashes that are computed at a time: each takes 19 MiB.
const HASHES: usize = 4;

/// What was tried, and turns at trying.
pub(crate) struct Attempts {
    of_accounts: Names,
    of_nobody: Names,
    of_signed_in: Names,
    networks: Pace<IpAddr>,
    pub(super) hashes: Semaphore,
}

struct Names {
    with_network: Pace<(String, IpAddr)>,
    names: Pace<String>,
}

/// Whose password is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// That of an account.
    Account,
    /// That of a name which nobody has.
    Nobody,
    /// That of whoever is signed in, and tries it again: what others try does not keep them from changing it.
    SignedIn,
}

/// An attempt that counts as failed unless it is given back.
pub(super) struct PasswordAttempt {
    name: String,
    whose: Whose,
    network: IpAddr,
}

impl Attempts {
    pub(crate) fn new() -> Self {
        let names = || Names { with_network: Pace::new(NAME_AND_NETWORK), names: Pace::new(NAME) };
        Self {
            of_accounts: names(),
            of_nobody: names(),
            of_signed_in: names(),
            networks: Pace::new(NETWORK),
            hashes: Semaphore::new(HASHES),
        }
    }

    /// Counts an attempt, or says after which time it may come.
    pub(super) fn take(
        &self,
        name: &str,
        whose: Whose,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<PasswordAttempt, Duration> {
        // What is no name of an account is one of them here: names that are remembered are short.
        let name = UserName::parse(name).map_or_else(|_| String::new(), |name| name.as_str().to_owned());
        let network = network(address);
        let names = self.names(whose);
        self.networks.take(&network, now)?;
        names.with_network.take(&(name.clone(), network), now)?;
        names.names.take(&name, now)?;
        Ok(PasswordAttempt { name, whose, network })
    }

    /// The password was right.
    pub(super) fn give_back(&self, attempt: PasswordAttempt) {
        let PasswordAttempt { name, whose, network } = attempt;
        let names = self.names(whose);
        names.names.give_back(&name);
        names.with_network.give_back(&(name, network));
        self.networks.give_back(&network);
    }

    fn names(&self, whose: Whose) -> &Names {
        match whose {
            Whose::Account => &self.of_accounts,
            Whose::Nobody => &self.of_nobody,
            Whose::SignedIn => &self.of_signed_in,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    #[test]
    fn one_network_has_ten_tries_at_a_name_and_keeps_nobody_else_out() {
        for (whose, other) in
            [(Whose::Account, Whose::Nobody), (Whose::Nobody, Whose::SignedIn), (Whose::SignedIn, Whose::Account)]
        {
            let attempts = Attempts::new();
            let right = attempts.take("anna", whose, address(1), NOW).ok().unwrap();
            attempts.give_back(right);
            let passed = (0..20).filter(|_| attempts.take("Anna", whose, address(1), NOW).is_ok()).count();
            assert_eq!(passed, 10, "{whose:?}");
            assert!(attempts.take("anna", whose, address(2), NOW).is_ok(), "from elsewhere");
            assert!(attempts.take("bert", whose, address(1), NOW).is_ok(), "another name");
            assert!(attempts.take("anna", other, address(1), NOW).is_ok(), "counted apart");
            let later = NOW + SignedDuration::from_mins(1);
            assert!(attempts.take("anna", whose, address(1), later).is_ok());
        }
    }

    #[test]
    fn many_networks_together_have_a_hundred_tries_at_a_name() {
        let attempts = Attempts::new();
        let passed =
            (0..1000).filter(|network| attempts.take("anna", Whose::Account, address(*network), NOW).is_ok()).count();
        assert_eq!(passed, 100);
    }

    #[test]
    fn what_is_no_name_is_not_remembered() {
        let attempts = Attempts::new();
        let tried = |name: String| attempts.take(&name, Whose::Nobody, address(1), NOW).is_ok();
        let names = (0..20_usize).map(|length| "a".repeat(255 + length));
        assert_eq!(names.filter(|name| tried(name.clone())).count(), 10, "they are one");
        assert!(tried("a".repeat(254)), "this could be a name");
    }

    #[test]
    fn one_network_has_fifty_tries_at_all_names() {
        let attempts = Attempts::new();
        let whose = |name: u32| if name.is_multiple_of(2) { Whose::Account } else { Whose::Nobody };
        let tried = |name: u32| attempts.take(&name.to_string(), whose(name), address(1), NOW).is_ok();
        assert_eq!((0..1000).filter(|name| tried(*name)).count(), 50);
    }
}
