//! What is remembered between requests: answers that hold until anything changes. Each is kept with the number of the
//! change that it was read after, and is forgotten as soon as there is a later one.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Beyond so many answers some are forgotten: a bound on the memory that they take, and no tuning knob, since one that is
/// missing is read again.
const LIMIT: usize = 10_000;

/// Answers of one kind.
pub(crate) struct Memory<K, V> {
    answers: Mutex<HashMap<K, (i64, V)>>,
}

impl<K: Eq + Hash, V: Clone> Memory<K, V> {
    pub(crate) fn new() -> Self {
        Self { answers: Mutex::new(HashMap::new()) }
    }

    /// The answer to a question, if nothing has changed since it was given.
    pub(crate) fn recall(&self, question: &K, change: i64) -> Option<V> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(question).filter(|(number, _)| *number == change).map(|(_, answer)| answer.clone())
    }

    /// Remembers an answer that was read after the change of this number.
    pub(crate) fn keep(&self, question: K, change: i64, answer: V) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= LIMIT {
            answers.retain(|_, (number, _)| *number == change);
            // When most still hold, every other one goes, whichever it is.
            let crowded = answers.len() > LIMIT / 2;
            let mut stays = false;
            answers.retain(|_, _| {
                stays = !stays;
                stays || !crowded
            });
        }
        answers.insert(question, (change, answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_until_something_changes() {
        let memory = Memory::new();
        memory.keep("a", 7, 1);
        for (question, change, expect) in [("a", 7, Some(1)), ("a", 8, None), ("a", 6, None), ("b", 7, None)] {
            assert_eq!(memory.recall(&question, change), expect, "{question} {change}");
        }
    }

    #[test]
    fn memory_is_bounded_and_outdated_answers_go_first() {
        let memory = Memory::new();
        for question in 0..LIMIT {
            memory.keep(question, if question % 4 == 0 { 8 } else { 7 }, ());
        }
        memory.keep(LIMIT, 8, ());
        assert_eq!(memory.answers.lock().unwrap().len(), LIMIT / 4 + 1, "those that still hold stay");
        for question in 0..3 * LIMIT {
            memory.keep(question, 8, ());
            assert!(memory.answers.lock().unwrap().len() <= LIMIT);
        }
        assert_eq!(memory.recall(&(3 * LIMIT - 1), 8), Some(()));
    }
}
