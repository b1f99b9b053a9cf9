//! Inputs from inputs: random edits, with words that the readers know, and a memory of what reached new ground.

use std::collections::HashSet;

/// Most inputs kept.
const MOST_KEPT: usize = 4_000;

pub(crate) struct Mutator {
    state: u64,
    pool: Vec<Vec<u8>>,
    seen: HashSet<String>,
    last: Vec<u8>,
    words: &'static [&'static str],
}

impl Mutator {
    pub(crate) fn new(seed: u64, pool: Vec<Vec<u8>>, words: &'static [&'static str]) -> Self {
        Self { state: seed.max(1), pool, seen: HashSet::new(), last: Vec::new(), words }
    }

    pub(crate) fn next_input(&mut self) -> Vec<u8> {
        let index = self.below(self.pool.len());
        let mut input = self.pool[index].clone();
        for _ in 0..=self.below(6) {
            self.edit(&mut input);
        }
        if self.below(2_000) == 0 {
            input = input.repeat(1 + self.below(400));
        }
        input.truncate(400 * 1024);
        input
    }

    /// Keeps an input that reached what none did before.
    pub(crate) fn learn(&mut self, input: Vec<u8>, marks: Vec<String>) {
        let before = self.seen.len();
        if before < 200_000 {
            self.seen.extend(marks);
        }
        if self.seen.len() > before && self.pool.len() < MOST_KEPT && input.len() < 20_000 {
            self.pool.push(input.clone());
        }
        self.last = input;
    }

    pub(crate) fn last(&self) -> &[u8] {
        &self.last
    }

    pub(crate) fn kept(&self) -> usize {
        self.pool.len()
    }

    fn edit(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let length = self.below(20).min(input.len() - at);
        match self.below(9) {
            0 => {
                input.drain(at..at + length);
            }
            1 => input.insert(at, (self.random() & 0xff) as u8),
            2 if at < input.len() => input[at] ^= 1 << self.below(8),
            3 | 4 => {
                let word = self.words[self.below(self.words.len())];
                input.splice(at..at, word.bytes());
            }
            5 => {
                let piece = input[at..at + length].to_vec();
                let to = self.below(input.len() + 1);
                input.splice(to..to, piece);
            }
            6 => {
                let other = self.below(self.pool.len());
                let from = self.below(self.pool[other].len() + 1);
                let end = (from + self.below(200)).min(self.pool[other].len());
                let piece = self.pool[other][from..end].to_vec();
                input.splice(at..at, piece);
            }
            7 => self.edit_lines(input),
            _ => {
                let word = self.words[self.below(self.words.len())];
                input.splice(at..at + length, word.bytes());
            }
        }
    }

    /// Removes, doubles, moves or indents a whole line.
    fn edit_lines(&mut self, input: &mut Vec<u8>) {
        let mut lines: Vec<Vec<u8>> = input.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        if lines.is_empty() {
            return;
        }
        let at = self.below(lines.len());
        match self.below(4) {
            0 => {
                lines.remove(at);
            }
            1 => lines.insert(at, lines[at].clone()),
            2 => {
                let line = lines.remove(at);
                let to = self.below(lines.len() + 1);
                lines.insert(to, line);
            }
            _ => lines[at].splice(0..0, *b"  ").for_each(drop),
        }
        *input = lines.concat();
    }

    fn below(&mut self, end: usize) -> usize {
        (self.random() % (end.max(1) as u64)) as usize
    }

    /// The xorshift64* generator: the same seed, the same run.
    fn random(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}
