//! The comments of a text, each tied to the line of the item that it precedes or trails.

use std::collections::{BTreeMap, BTreeSet};

use crate::descriptor::tree::{Node, Tree, Value};

/// Comments not yet given out, by the line of the item they belong to.
#[derive(Debug, Default)]
pub(super) struct Comments {
    /// Comments and blank lines above a line.
    above: BTreeMap<u32, Vec<String>>,
    /// Comments at the end of a line.
    beside: BTreeMap<u32, String>,
}

impl Comments {
    /// Ties every comment of the text to an item; those behind the last item belong to no line.
    pub(super) fn of(text: &str, tree: &Tree) -> Self {
        let mut owners = BTreeSet::new();
        if let Some(root) = &tree.root {
            collect_lines(root, &mut owners);
        }
        let mut comments = Self::default();
        for comment in tree.comments.iter().filter(|comment| comment.trailing && owners.contains(&comment.line)) {
            comments.beside.insert(comment.line, comment.text.clone());
        }
        for run in runs(text, tree, &owners) {
            let owner = owners.range(run.first..).next().copied().unwrap_or(u32::MAX);
            let follows_directly = owner == run.first + u32::try_from(run.lines.len()).unwrap_or(u32::MAX);
            if follows_directly || run.lines.iter().any(|line| !line.is_empty()) {
                comments.above.entry(owner).or_default().extend(run.lines);
            }
        }
        comments
    }

    /// The comments above an item, each once.
    pub(super) fn above(&mut self, line: u32) -> Vec<String> {
        self.above.remove(&line).unwrap_or_default()
    }

    /// The comment at the end of an item's line, once.
    pub(super) fn beside(&mut self, line: u32) -> Option<String> {
        self.beside.remove(&line)
    }

    /// Everything that was not asked for, in the order of the text.
    pub(super) fn rest(&mut self) -> Vec<String> {
        let mut by_line: BTreeMap<u32, Vec<String>> = std::mem::take(&mut self.above);
        for (line, comment) in std::mem::take(&mut self.beside) {
            by_line.entry(line).or_default().push(comment);
        }
        by_line.into_values().flatten().collect()
    }
}

/// Consecutive lines that hold comments or nothing.
struct Run {
    first: u32,
    lines: Vec<String>,
}

fn runs(text: &str, tree: &Tree, owners: &BTreeSet<u32>) -> Vec<Run> {
    let comments: BTreeMap<u32, &str> = tree
        .comments
        .iter()
        .filter(|comment| !comment.trailing || !owners.contains(&comment.line))
        .map(|comment| (comment.line, comment.text.as_str()))
        .collect();
    let mut runs: Vec<Run> = Vec::new();
    for (number, line) in (1_u32..).zip(text.lines()) {
        let content = match comments.get(&number) {
            Some(comment) => (*comment).to_owned(),
            None if line.trim().is_empty() => String::new(),
            None => continue,
        };
        match runs.last_mut() {
            Some(run) if number as usize == run.first as usize + run.lines.len() => run.lines.push(content),
            _ => runs.push(Run { first: number, lines: vec![content] }),
        }
    }
    runs
}

fn collect_lines(node: &Node, lines: &mut BTreeSet<u32>) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::List(items) => {
            for item in items {
                lines.insert(item.start.line);
                collect_lines(item, lines);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                lines.insert(entry.key_start.line);
                collect_lines(&entry.node, lines);
            }
        }
    }
}
