//! Drawings of graphs as SVG: boxes in columns from left to right, lines between them, and everything a link that has an
//! address. The same input gives the same bytes.
//!
//! It knows no page and no address: whoever draws gives the links. There is no inline style, which a strict content
//! security policy forbids: a page brings its own for the classes `box`, `line`, `head`, `label` and `detail`, and a drawing
//! that stands alone carries [`Style::Own`].

mod column;
mod place;
mod port;
mod svg;
#[cfg(test)]
mod tests;
mod text;
mod view;

pub use svg::svg;
pub use view::{Links, of_view};

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drawing {
    /// What it shows, for those who do not see it.
    pub title: String,
    /// The boxes.
    pub nodes: Vec<Node>,
    /// The lines between them.
    pub edges: Vec<Edge>,
}

/// A box.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Node {
    /// What it is called; shortened where it is too long.
    pub label: String,
    /// What it is, in smaller letters below.
    pub detail: String,
    /// What is said of it to those who point at it, and to those who do not see it.
    pub title: String,
    /// Where it leads.
    pub href: Option<String>,
    /// More classes than `node`, separated by blanks.
    pub class: String,
}

/// A line with an arrow head at its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edge {
    /// The box where it begins, by its place in [`Drawing::nodes`]. A line from or to a box that is not there is left out.
    pub from: usize,
    /// The box where it ends.
    pub to: usize,
    /// What is said of it.
    pub title: String,
    /// Where it leads.
    pub href: Option<String>,
    /// More classes than `edge`, separated by blanks.
    pub class: String,
}

/// Where the style comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// From the page in which the drawing stands.
    Page,
    /// From the drawing itself, which stands alone.
    Own,
}
