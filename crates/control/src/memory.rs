//! What is remembered between requests: answers that hold until what they concern changes. Each is kept with the number of
//! the change that it was read after, and the feed says whether it still holds.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use tieline_core::id::OrganizationId;

use crate::feed::Feed;

/// Beyond so many answers some are forgotten: a bound on the memory that they take, and no tuning knob, since one that is
/// missing is read again.
const LIMIT: usize = 10_000;

/// Answers of one kind.
pub(crate) struct Memory<K, V> {
    answers: Mutex<HashMap<K, Kept<V>>>,
}

struct Kept<V> {
    number: i64,
    organization: Option<OrganizationId>,
    answer: V,
}

impl<V> Kept<V> {
    fn holds(&self, feed: &Feed) -> bool {
        feed.holds(self.number, self.organization)
    }
}

impl<K: Eq + Hash, V: Clone> Memory<K, V> {
    pub(crate) fn new() -> Self {
        Self { answers: Mutex::new(HashMap::new()) }
    }

    /// The answer to a question, if it still holds.
    pub(crate) fn recall(&self, question: &K, feed: &Feed) -> Option<V> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(question).filter(|kept| kept.holds(feed)).map(|kept| kept.answer.clone())
    }

    /// Remembers an answer that was read after the change of this number, and concerns one organization, or everything.
    pub(crate) fn keep(&self, question: K, feed: &Feed, number: i64, organization: Option<OrganizationId>, answer: V) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= LIMIT {
            answers.retain(|_, kept| kept.holds(feed));
            // When most still hold, every other one goes, whichever it is.
            let crowded = answers.len() > LIMIT / 2;
            let mut stays = false;
            answers.retain(|_, _| {
                stays = !stays;
                stays || !crowded
            });
        }
        answers.insert(question, Kept { number, organization, answer });
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const HERE: OrganizationId = OrganizationId(Uuid::from_u128(1));

    #[test]
    fn an_answer_holds_until_what_it_concerns_changes() {
        let (feed, memory) = (Feed::new(7), Memory::new());
        memory.keep("of here", &feed, 7, Some(HERE), 1);
        memory.keep("of everything", &feed, 7, None, 2);
        let recalled = || ["of here", "of everything", "never asked"].map(|question| memory.recall(&question, &feed));
        assert_eq!(recalled(), [Some(1), Some(2), None]);
        feed.announce(&Uuid::from_u128(2).to_string(), 8);
        assert_eq!(recalled(), [Some(1), None, None]);
        feed.announce(&HERE.to_string(), 9);
        assert_eq!(recalled(), [None, None, None]);
    }

    #[test]
    fn memory_is_bounded_and_outdated_answers_go_first() {
        let (feed, memory) = (Feed::new(8), Memory::new());
        for question in 0..LIMIT {
            memory.keep(question, &feed, if question % 4 == 0 { 8 } else { 7 }, None, ());
        }
        memory.keep(LIMIT, &feed, 8, None, ());
        assert_eq!(memory.answers.lock().unwrap().len(), LIMIT / 4 + 1, "those that still hold stay");
        for question in 0..3 * LIMIT {
            memory.keep(question, &feed, 8, None, ());
            assert!(memory.answers.lock().unwrap().len() <= LIMIT);
        }
        assert_eq!(memory.recall(&(3 * LIMIT - 1), &feed), Some(()));
    }
}
