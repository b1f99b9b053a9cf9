//! Which column each box stands in: every line leads from a column to a later one. Where lines lead around in a circle,
//! some of them are drawn against the direction.

/// The lines of a drawing, as the columns see them.
pub(super) struct Columns {
    /// The column of each box.
    pub(super) of: Vec<usize>,
    /// Whether each line is drawn against the direction.
    pub(super) against: Vec<bool>,
}

/// The columns for so many boxes. No line leads from a box to itself.
pub(super) fn columns(boxes: usize, lines: &[(usize, usize)]) -> Columns {
    let against = against(boxes, lines);
    let forward: Vec<(usize, usize)> = lines
        .iter()
        .zip(&against)
        .map(|(&(from, to), against)| if *against { (to, from) } else { (from, to) })
        .collect();
    let mut leads = vec![Vec::new(); boxes];
    let mut waits = vec![0_usize; boxes];
    for &(from, to) in &forward {
        leads[from].push(to);
        waits[to] += 1;
    }
    let mut of = vec![0; boxes];
    let mut ready: Vec<usize> = (0..boxes).filter(|&place| waits[place] == 0).collect();
    while let Some(place) = ready.pop() {
        for &next in &leads[place] {
            of[next] = of[next].max(of[place] + 1);
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(next);
            }
        }
    }
    Columns { of, against }
}

/// The lines that lead back to where a walk along the lines came from; without them there is no circle.
fn against(boxes: usize, lines: &[(usize, usize)]) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Visit {
        Never,
        Open,
        Done,
    }
    let mut leads = vec![Vec::new(); boxes];
    let mut entered = vec![false; boxes];
    for (index, &(from, to)) in lines.iter().enumerate() {
        leads[from].push(index);
        entered[to] = true;
    }
    let mut against = vec![false; lines.len()];
    let mut visits = vec![Visit::Never; boxes];
    // Walks begin where no line ends, so that the first consumers stand in the first column.
    let begins = (0..boxes).filter(|&place| !entered[place]).chain(0..boxes);
    for begin in begins {
        if visits[begin] != Visit::Never {
            continue;
        }
        visits[begin] = Visit::Open;
        let mut path = vec![(begin, 0)];
        while let Some((place, tried)) = path.last_mut() {
            let Some(&index) = leads[*place].get(*tried) else {
                visits[*place] = Visit::Done;
                path.pop();
                continue;
            };
            *tried += 1;
            let next = lines[index].1;
            match visits[next] {
                Visit::Open => against[index] = true,
                Visit::Never => {
                    visits[next] = Visit::Open;
                    path.push((next, 0));
                }
                Visit::Done => {}
            }
        }
    }
    against
}
