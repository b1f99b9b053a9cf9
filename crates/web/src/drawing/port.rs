//! Where on a box its lines begin and end: apart from each other, in the order in which they come, so that two lines
//! between the same boxes can be told apart and none crosses another at once.

/// The ends of a line.
pub(super) struct Ends {
    /// The box on its left.
    pub(super) left: usize,
    /// The box on its right.
    pub(super) right: usize,
    /// At which height it goes on from the left box.
    pub(super) leaves_to: f64,
    /// From which height it comes to the right box.
    pub(super) arrives_from: f64,
}

/// How far from the middle of its boxes each line leaves the left one and arrives at the right one.
pub(super) fn ports(boxes: usize, lines: &[Ends], height: f64) -> Vec<(f64, f64)> {
    let (mut leaving, mut arriving) = (vec![Vec::new(); boxes], vec![Vec::new(); boxes]);
    for (index, ends) in lines.iter().enumerate() {
        leaving[ends.left].push((ends.leaves_to, index));
        arriving[ends.right].push((ends.arrives_from, index));
    }
    let mut offsets = vec![(0.0, 0.0); lines.len()];
    for side in &mut leaving {
        spread(side, height, |index, offset| offsets[index].0 = offset);
    }
    for side in &mut arriving {
        spread(side, height, |index, offset| offsets[index].1 = offset);
    }
    offsets
}

fn spread(side: &mut [(f64, usize)], height: f64, mut set: impl FnMut(usize, f64)) {
    side.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    #[expect(clippy::cast_precision_loss, reason = "no box has 2^53 lines")]
    let gap = height / (side.len() + 1) as f64;
    let mut offset = -height / 2.0;
    for &mut (_, index) in side {
        offset += gap;
        set(index, offset);
    }
}
