//! Where boxes and lines lie. The order within the columns, which keeps lines from crossing, and the heights come from
//! `rust-sugiyama`; the columns are ours, and so are the bends of lines that pass columns, which it does not tell.

use std::collections::BTreeMap;
use std::thread;

use rust_sugiyama::configure::{Config, CrossingMinimization, RankingType};
use rust_sugiyama::from_vertices_and_edges;

use super::column::{Columns, columns};
use super::port::{Ends, ports};

/// Height of a box, in pixels.
pub(super) const HEIGHT: f64 = 44.0;
/// Between boxes of a column: room for the lines of a box to itself.
const GAP: f64 = 28.0;
/// Between columns: room for lines to change their height.
const CHANNEL: f64 = 96.0;
/// Around everything.
const MARGIN: f64 = 24.0;
/// How much height a line takes where it passes a column.
const PASSAGE: f64 = 6.0;
/// At most so many passages; lines beyond them are drawn straight through.
const PASSAGES: usize = 2000;
/// Up to so many places, neighbours are also exchanged one by one, which takes quadratic time.
const THOROUGH: usize = 300;
/// The layout calls itself along the longest way and the longest column.
const STACK: usize = 256 * 1024 * 1024;

/// Where everything lies, in pixels.
pub(super) struct Places {
    /// Left upper corner and width of each box.
    pub(super) boxes: Vec<(f64, f64, f64)>,
    /// The points of each line, from left to right; two for each column that it passes. None for one from a box to itself.
    pub(super) routes: Vec<Vec<(f64, f64)>>,
    /// Whether each line is drawn from right to left.
    pub(super) against: Vec<bool>,
    /// The size of everything.
    pub(super) size: (f64, f64),
}

/// Lays out boxes of these widths with lines between them.
pub(super) fn places(widths: &[f64], lines: &[(usize, usize)]) -> Places {
    let proper: Vec<usize> = (0..lines.len()).filter(|&index| lines[index].0 != lines[index].1).collect();
    let ends: Vec<(usize, usize)> = proper.iter().map(|&index| lines[index]).collect();
    let Columns { of: column, against } = columns(widths.len(), &ends);
    let mut stand = Standing { column, height: vec![HEIGHT; widths.len()], leads: Vec::new() };
    let mut passages = Vec::with_capacity(ends.len());
    for (&(from, to), &against) in ends.iter().zip(&against) {
        let (left, right) = if against { (to, from) } else { (from, to) };
        passages.push(stand.pass(left, right));
    }
    let heights = stand.heights(widths.len());
    let (left, total) = lefts(widths, &stand.column[..widths.len()]);
    let boxes: Vec<(f64, f64, f64)> = widths
        .iter()
        .enumerate()
        .map(|(index, &width)| (left[stand.column[index]].0, heights[index] - HEIGHT / 2.0, width))
        .collect();
    let oriented: Vec<Ends> = ends
        .iter()
        .zip(&against)
        .zip(&passages)
        .map(|((&(from, to), &against), passages)| {
            let (left, right) = if against { (to, from) } else { (from, to) };
            let next = passages.first().copied().unwrap_or(right);
            let last = passages.last().copied().unwrap_or(left);
            Ends { left, right, leaves_to: heights[next], arrives_from: heights[last] }
        })
        .collect();
    let offsets = ports(widths.len(), &oriented, HEIGHT);
    let mut routes = vec![Vec::new(); lines.len()];
    let mut reversed = vec![false; lines.len()];
    for (position, &index) in proper.iter().enumerate() {
        let (ends, (leave, arrive)) = (&oriented[position], offsets[position]);
        let (begin, end) = (boxes[ends.left], boxes[ends.right]);
        let height = heights[ends.left] + leave;
        let mut route = vec![(begin.0 + begin.2, height)];
        // Level out of the column first, whose other boxes may be wider.
        let (x, width) = left[stand.column[ends.left]];
        if x + width > begin.0 + begin.2 {
            route.push((x + width, height));
        }
        for &passage in &passages[position] {
            let (x, width) = left[stand.column[passage]];
            route.extend([(x, heights[passage]), (x + width, heights[passage])]);
        }
        route.push((end.0, heights[ends.right] + arrive));
        routes[index] = route;
        reversed[index] = against[position];
    }
    let bottom = heights.iter().zip(&stand.height).map(|(middle, height)| middle + height / 2.0).fold(0.0, f64::max);
    Places { boxes, routes, against: reversed, size: (total, bottom + MARGIN) }
}

/// What stands in columns: boxes, then the passages of lines.
struct Standing {
    column: Vec<usize>,
    height: Vec<f64>,
    /// From a column to the next.
    leads: Vec<(usize, usize)>,
}

impl Standing {
    /// Leads a line from a box to one in a later column, by a passage in each column between them.
    fn pass(&mut self, left: usize, right: usize) -> Vec<usize> {
        let between = self.column[left] + 1..self.column[right];
        let mut passages = Vec::new();
        if self.height.len() + between.len() > self.boxes() + PASSAGES {
            return passages;
        }
        let mut last = left;
        for column in between {
            let passage = self.column.len();
            self.column.push(column);
            self.height.push(PASSAGE);
            self.leads.push((last, passage));
            passages.push(passage);
            last = passage;
        }
        self.leads.push((last, right));
        passages
    }

    fn boxes(&self) -> usize {
        self.height.iter().take_while(|height| **height > PASSAGE).count()
    }

    /// The height of the middle of each. What hangs together stands together, below what came before it; a box without
    /// lines stands in the first column.
    fn heights(&self, boxes: usize) -> Vec<f64> {
        let mut groups = self.arranged().unwrap_or_else(|| {
            // Without an arrangement the order is that in which they were given.
            vec![(0..self.column.len()).map(|index| (index, 0.0)).collect()]
        });
        for group in &mut groups {
            group.sort_by_key(|(index, _)| *index);
        }
        // What is largest first; boxes without lines last.
        groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), group.first().map_or(boxes, |first| first.0)));
        let mut heights = vec![MARGIN + HEIGHT / 2.0; self.column.len()];
        let mut below = MARGIN;
        for group in groups {
            below = self.stack(&group, below, &mut heights) + GAP;
        }
        heights
    }

    /// Puts a group below a height, and nothing over anything else. Returns where it ends.
    fn stack(&self, group: &[(usize, f64)], below: f64, heights: &mut [f64]) -> f64 {
        let mut columns: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
        for &(index, height) in group {
            columns.entry(self.column[index]).or_default().push((index, height));
        }
        let top = |(index, height): &(usize, f64)| height - self.height[*index] / 2.0;
        let highest = group.iter().map(top).fold(f64::INFINITY, f64::min);
        let mut end = below;
        for column in columns.values_mut() {
            column.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
            let mut free = below;
            for &(index, height) in column.iter() {
                let half = self.height[index] / 2.0;
                let middle = (height - highest + below).max(free + half);
                heights[index] = middle;
                free = middle + half + if half * 2.0 > PASSAGE { GAP } else { GAP / 2.0 };
                end = end.max(middle + half);
            }
        }
        end
    }

    /// The groups of what hangs together, each with the heights that let the fewest lines cross; none when the layout
    /// gives up. It runs in a thread of its own, whose stack is long enough for it, and which may fail alone.
    fn arranged(&self) -> Option<Vec<Vec<(usize, f64)>>> {
        let number = |index: usize| u32::try_from(index).ok();
        let mut sizes = Vec::with_capacity(self.height.len());
        for (index, height) in self.height.iter().enumerate() {
            // Its columns are rows, so a height is a width to it.
            sizes.push((number(index)?, (*height, HEIGHT)));
        }
        let mut leads = Vec::with_capacity(self.leads.len());
        let mut known = std::collections::BTreeSet::new();
        for &(from, to) in &self.leads {
            if known.insert((from, to)) {
                leads.push((number(from)?, number(to)?));
            }
        }
        let config = Config {
            minimum_length: 1,
            vertex_spacing: GAP,
            dummy_vertices: true,
            ranking_type: RankingType::Up,
            c_minimization: CrossingMinimization::Barycenter,
            transpose: sizes.len() <= THOROUGH,
            dummy_size: 1.0,
        };
        let groups = thread::scope(|scope| {
            let layout = || from_vertices_and_edges(&sizes, &leads, &config);
            thread::Builder::new().stack_size(STACK).spawn_scoped(scope, layout).ok()?.join().ok()
        })?;
        let heights =
            |places: Vec<(usize, (f64, f64))>| places.into_iter().map(|(index, (height, _))| (index, height)).collect();
        Some(groups.into_iter().map(|(places, _, _)| heights(places)).collect())
    }
}

/// Left edge and width of each column, and the width of all.
fn lefts(widths: &[f64], column: &[usize]) -> (Vec<(f64, f64)>, f64) {
    let mut widest = vec![0.0_f64; column.iter().max().map_or(0, |last| last + 1)];
    for (width, &column) in widths.iter().zip(column) {
        widest[column] = widest[column].max(*width);
    }
    let mut left = MARGIN;
    let mut columns = Vec::with_capacity(widest.len());
    for width in widest {
        columns.push((left, width));
        left += width + CHANNEL;
    }
    (columns, if widths.is_empty() { MARGIN * 2.0 } else { left - CHANNEL + MARGIN })
}
