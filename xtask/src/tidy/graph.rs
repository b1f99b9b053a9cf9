//! The dependency graph of the workspace, as `cargo metadata` resolves it for all targets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use anyhow::Context;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Package names to the names they depend on.
pub(crate) type Edges = BTreeMap<String, BTreeSet<String>>;

/// Who depends on whom.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Folder of the repository.
    pub(crate) root: PathBuf,
    /// Workspace packages and the folder name each lives in.
    pub(crate) members: BTreeMap<String, String>,
    /// What every package links or builds with (normal and build dependencies), workspace or not.
    pub(crate) links: Edges,
    /// What the tests of workspace packages use beyond that.
    pub(crate) tests: Edges,
}

impl Graph {
    /// Asks cargo.
    ///
    /// # Errors
    /// When cargo cannot resolve the workspace.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let metadata = MetadataCommand::new().exec().context("cargo metadata")?;
        Self::from_metadata(&metadata)
    }

    /// The manifest of a workspace package, relative to the repository.
    pub(crate) fn manifest(&self, package: &str) -> String {
        match self.members.get(package).map(String::as_str) {
            Some("xtask") => "xtask/Cargo.toml".to_owned(),
            Some(folder) => format!("crates/{folder}/Cargo.toml"),
            None => "Cargo.toml".to_owned(),
        }
    }

    /// The shortest way by links from one package to another, both included.
    pub(crate) fn way(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = VecDeque::from([from]);
        while let Some(package) = queue.pop_front() {
            for next in self.links.get(package).into_iter().flatten() {
                if next == from || came_from.contains_key(next.as_str()) {
                    continue;
                }
                came_from.insert(next, package);
                if next == to {
                    let mut way = vec![to.to_owned()];
                    let mut at = to;
                    while let Some(&before) = came_from.get(at) {
                        way.push(before.to_owned());
                        at = before;
                    }
                    way.reverse();
                    return Some(way);
                }
                queue.push_back(next);
            }
        }
        None
    }

    fn from_metadata(metadata: &Metadata) -> anyhow::Result<Self> {
        let names: BTreeMap<_, _> = metadata.packages.iter().map(|p| (&p.id, p.name.to_string())).collect();
        let mut graph = Self { root: metadata.workspace_root.clone().into(), ..Self::default() };
        for package in metadata.workspace_packages() {
            let folder = package.manifest_path.parent().and_then(|path| path.file_name()).context("no folder")?;
            graph.members.insert(package.name.to_string(), folder.to_owned());
        }
        let resolve = metadata.resolve.as_ref().context("cargo metadata resolved nothing")?;
        for node in &resolve.nodes {
            let Some(name) = names.get(&node.id) else { continue };
            for dependency in &node.deps {
                let Some(target) = names.get(&dependency.pkg) else { continue };
                let only_tests = dependency.dep_kinds.iter().all(|kind| kind.kind == DependencyKind::Development);
                let edges = if only_tests { &mut graph.tests } else { &mut graph.links };
                edges.entry(name.clone()).or_default().insert(target.clone());
            }
        }
        Ok(graph)
    }
}

#[cfg(test)]
impl Graph {
    /// A graph as a test writes it: workspace packages `tieline-<folder>` and links `from → to`.
    pub(crate) fn example(folders: &[&str], links: &[(&str, &str)]) -> Self {
        let mut graph = Self::default();
        for folder in folders {
            graph.members.insert(format!("tieline-{folder}"), (*folder).to_owned());
        }
        for (from, to) in links {
            graph.links.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_the_shortest_and_survives_cycles() {
        let graph = Graph::example(&[], &[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("a", "c")]);
        assert_eq!(graph.way("a", "d"), Some(["a", "c", "d"].map(str::to_owned).to_vec()));
        assert_eq!(graph.way("d", "a"), None);
    }
}
