//! Those who did not prove who they are, clients and people, counted per whom they said to be and address: each further answer
//! to a client is held back longer, and what was counted goes into the audit together. It is bounded, whoever tries whatever.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tieline_core::id::OrganizationId;

use crate::work::{self, Recorded};
use crate::{Control, Result};

/// Pairs of name and address that are told apart; beyond them all others count as one.
const PAIRS: usize = 10_000;
/// What the first failure waits for; each further one twice as long, up to the longest.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);
/// After such a time without a failure the wait begins anew.
const QUIET: SignedDuration = SignedDuration::from_mins(10);
/// Failures are recorded together once so much time has passed since the first of them.
const TOGETHER: SignedDuration = SignedDuration::from_mins(1);
/// Entries that one organization gets at a time; what is beyond them is one more.
const ENTRIES: usize = 100;

/// What was not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Failing {
    /// To be an OAuth2 client.
    Client,
    /// To be the person of an account.
    Person,
    /// To be somebody who may come in, for whom the identity provider signed in: the code of the refusal.
    AtProvider(&'static str),
}

impl Failing {
    /// Action and result in the audit.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Client => ("client_authenticate", "invalid_client"),
            Self::Person => ("sign_in", "sign_in_refused"),
            Self::AtProvider(code) => ("sign_in", code),
        }
    }
}

/// Who was not proven to be whom: the client or account, none for one that does not exist, or whom the provider named, and the
/// address.
type Pair = (Failing, Option<String>, IpAddr);

/// What failed, and was not recorded yet.
#[derive(Default)]
pub(crate) struct Failures {
    pairs: Mutex<HashMap<Pair, Count>>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    organization: Option<OrganizationId>,
    /// In a row, without a long pause.
    failed: u32,
    last: Timestamp,
    /// Not recorded yet, and since when.
    unrecorded: u64,
    since: Timestamp,
}

/// What was not proven of one client or account from one address.
#[derive(Debug, PartialEq, Eq)]
struct Failed {
    failing: Failing,
    named: Option<String>,
    address: IpAddr,
    organization: Option<OrganizationId>,
    times: u64,
    since: Timestamp,
}

impl Failures {
    /// Counts a failure, and says how long its answer is to be held back.
    pub(crate) fn note(
        &self,
        failing: Failing,
        named: Option<&str>,
        mut organization: Option<OrganizationId>,
        address: IpAddr,
        now: Timestamp,
    ) -> Duration {
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pair = (failing, named.map(str::to_owned), network(address));
        if pairs.len() >= PAIRS && !pairs.contains_key(&pair) {
            pairs.retain(|_, count| count.unrecorded > 0 || now.duration_since(count.last) < QUIET);
            if pairs.len() >= PAIRS {
                (pair, organization) = ((failing, None, IpAddr::V4(Ipv4Addr::UNSPECIFIED)), None);
            }
        }
        let fresh = Count { organization, failed: 0, last: now, unrecorded: 0, since: now };
        let count = pairs.entry(pair).or_insert(fresh);
        if now.duration_since(count.last) >= QUIET {
            count.failed = 0;
        }
        if count.unrecorded == 0 {
            count.since = now;
        }
        let delay = FIRST.saturating_mul(1 << count.failed.min(16)).min(LONGEST);
        (count.failed, count.unrecorded, count.last) = (count.failed.saturating_add(1), count.unrecorded + 1, now);
        delay
    }

    /// Takes what is to be recorded: what began before a time.
    fn take(&self, before: Timestamp) -> Vec<Failed> {
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        let due = pairs.iter_mut().filter(|(_, count)| count.unrecorded > 0 && count.since <= before);
        due.map(|((failing, named, address), count)| Failed {
            failing: *failing,
            named: named.clone(),
            address: *address,
            organization: count.organization,
            times: std::mem::take(&mut count.unrecorded),
            since: count.since,
        })
        .collect()
    }
}

impl Control {
    /// Records what was not proven: one entry per client or account, address and minute, in the chain of the client's
    /// organization, or of the installation; what was tried for names that nobody has in one entry of the installation. `all`
    /// also records what began just now.
    ///
    /// # Errors
    /// When the database fails; what was counted is lost then, and the log says so.
    pub async fn failures_record(&self, all: bool) -> Result<()> {
        let now = self.now();
        let before = if all { now } else { now.checked_sub(TOGETHER).unwrap_or(now) };
        let mut together: HashMap<_, Vec<Failed>> = HashMap::new();
        for failed in self.failures.take(before) {
            together.entry((failed.failing, failed.organization)).or_default().push(failed);
        }
        for ((failing, organization), failed) in together {
            let (mut failed, mut rest): (Vec<_>, Vec<_>) = failed.into_iter().partition(|one| one.named.is_some());
            failed.sort_by_key(|failed| std::cmp::Reverse(failed.times));
            rest.extend(failed.drain(failed.len().min(ENTRIES)..));
            let mut transaction = self.store.write().await?;
            match organization {
                Some(id) => _ = transaction.organization_lock(id).await?,
                None => transaction.installation_lock().await?,
            }
            let chain = organization.map(|id| id.to_string()).unwrap_or_default();
            for one in &failed {
                let detail = json!({ "times": one.times, "since": one.since }).to_string();
                let actor = format!("address:{}", one.address);
                let named = one.named.as_deref().unwrap_or_default();
                work::record(&mut transaction, &refused(failing, &chain, &actor, named, &detail), now).await?;
            }
            if !rest.is_empty() {
                let times: u64 = rest.iter().map(|failed| failed.times).sum();
                let (action, _) = failing.words();
                tracing::warn!(times, pairs = rest.len(), organization = chain, action, "not proven");
                let detail = json!({ "times": times, "pairs": rest.len() }).to_string();
                work::record(&mut transaction, &refused(failing, &chain, "address:many", "", &detail), now).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }
}

fn refused<'a>(
    failing: Failing,
    organization: &'a str,
    actor: &'a str,
    object: &'a str,
    detail: &'a str,
) -> Recorded<'a> {
    let (action, result) = failing.words();
    Recorded { organization, actor, action, object, result, detail }
}

/// Who has one address of IPv6 has all of its network's: a /56, which is what a household is given (RFC 6177).
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 72 << 72)),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(number))
    }

    #[test]
    fn answers_wait_longer_each_time_and_for_nobody_else() {
        let failures = Failures::default();
        for milliseconds in [250, 500, 1000, 2000, 4000, 8000, 8000] {
            assert_eq!(
                failures.note(Failing::Client, None, None, address(1), at(0)),
                Duration::from_millis(milliseconds)
            );
        }
        assert_eq!(failures.note(Failing::Client, None, None, address(2), at(0)), FIRST);
        assert_eq!(failures.note(Failing::Client, None, None, address(1), at(599)), LONGEST);
        assert_eq!(
            failures.note(Failing::Client, None, None, address(1), at(599 + 600)),
            FIRST,
            "after a pause it begins anew"
        );
    }

    #[test]
    fn what_failed_is_taken_once_and_together() {
        let failures = Failures::default();
        for second in [0, 1, 59] {
            failures.note(Failing::Client, None, None, address(1), at(second));
        }
        failures.note(Failing::Client, None, None, address(2), at(30));
        assert_eq!(failures.take(at(-1)), []);
        let taken = failures.take(at(0));
        assert_eq!(taken.iter().map(|failed| (failed.address, failed.times)).collect::<Vec<_>>(), [(address(1), 3)]);
        assert_eq!(failures.take(at(100)).len(), 1);
        assert_eq!(failures.take(at(100)), []);
    }

    #[test]
    fn memory_is_bounded() {
        let failures = Failures::default();
        for number in 1..=u32::try_from(PAIRS).unwrap() + 500 {
            failures.note(Failing::Client, None, None, address(number), at(0));
        }
        let taken = failures.take(at(0));
        assert_eq!(taken.len(), PAIRS + 1);
        assert_eq!(taken.iter().map(|failed| failed.times).sum::<u64>(), PAIRS as u64 + 500);
        failures.note(Failing::Client, None, None, address(0xffff_0000), at(601));
        assert_eq!(failures.pairs.lock().unwrap().len(), 1, "what is recorded and quiet is forgotten");
    }

    #[test]
    fn a_network_is_one_address() {
        for (text, expect) in
            [("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("2001:db8:1:203:4:5:6:7", "2001:db8:1:200::")]
        {
            assert_eq!(network(text.parse().unwrap()).to_string(), expect);
        }
    }
}
