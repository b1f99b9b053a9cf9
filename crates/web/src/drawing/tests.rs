//! Drawings of random graphs: all of it is there once, nothing lies over anything else, and it is the same each time.

use proptest::prelude::*;
use roxmltree::{Document, Node as Element};

use super::*;

/// A drawing with boxes of these labels, and lines.
fn drawing(labels: &[String], lines: &[(usize, usize)]) -> Drawing {
    let node = |(index, label): (usize, &String)| Node {
        label: label.clone(),
        detail: "service".to_owned(),
        title: format!("node {index} {label}"),
        href: (index % 2 == 0).then(|| format!("/node?a={index}&b=\"<>")),
        class: "service".to_owned(),
    };
    let edge = |(index, &(from, to)): (usize, &(usize, usize))| Edge {
        from,
        to,
        title: format!("edge {index}"),
        href: Some(format!("/edge/{index}")),
        class: String::new(),
    };
    Drawing {
        title: "Who depends on \"whom\" & why".to_owned(),
        nodes: labels.iter().enumerate().map(node).collect(),
        edges: lines.iter().enumerate().map(edge).collect(),
    }
}

fn title<'d>(element: Element<'d, '_>) -> &'d str {
    let found = element.children().find(|child| child.has_tag_name("title"));
    found.and_then(|title| title.text()).unwrap_or_default()
}

fn of_class<'d, 'i>(document: &'d Document<'i>, class: &str) -> Vec<Element<'d, 'i>> {
    let has = |element: &Element<'_, '_>| {
        element.attribute("class").is_some_and(|classes| classes.split(' ').any(|found| found == class))
    };
    document.descendants().filter(has).collect()
}

fn number(element: Element<'_, '_>, name: &str) -> f64 {
    element.attribute(name).and_then(|value| value.parse().ok()).expect("a number")
}

/// Left, top, right and bottom of each box, in the order of the nodes.
fn boxes(document: &Document<'_>) -> Vec<[f64; 4]> {
    let side = |element: Element<'_, '_>| {
        let (x, y) = (number(element, "x"), number(element, "y"));
        [x, y, x + number(element, "width"), y + number(element, "height")]
    };
    of_class(document, "box").into_iter().map(side).collect()
}

/// The coordinates of a path that is written with absolute commands.
fn points(path: &str) -> Vec<(f64, f64)> {
    let spaced: String =
        path.chars().map(|c| if c.is_ascii_alphabetic() { format!(" {c} ") } else { c.to_string() }).collect();
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut words = spaced.split_whitespace();
    let next =
        |words: &mut std::str::SplitWhitespace<'_>| words.next().and_then(|word| word.parse().ok()).expect("a number");
    while let Some(command) = words.next() {
        match command {
            "M" => points.push((next(&mut words), next(&mut words))),
            "H" => points.push((next(&mut words), points.last().expect("a point").1)),
            "C" => {
                let all: Vec<f64> = (0..6).map(|_| next(&mut words)).collect();
                points.push((all[4], all[5]));
            }
            other => panic!("{other} in {path}"),
        }
    }
    points
}

fn check(labels: &[String], lines: &[(usize, usize)]) {
    let made = drawing(labels, lines);
    let text = svg(&made, Style::Page);
    assert_eq!(text, svg(&made, Style::Page), "the same again");
    let document = Document::parse(&text).expect("well-formed XML");
    assert!(!text.contains("style"), "no style of its own");

    let titles: Vec<&str> = of_class(&document, "node").into_iter().map(title).collect();
    assert_eq!(titles.len(), labels.len());
    for (index, title) in titles.iter().enumerate() {
        assert!(title.starts_with(&format!("node {index} ")), "{title}");
    }
    let edges = of_class(&document, "edge");
    let titles: Vec<&str> = edges.iter().copied().map(title).collect();
    assert_eq!(titles, (0..lines.len()).map(|index| format!("edge {index}")).collect::<Vec<_>>());

    let boxes = boxes(&document);
    let root = document.root_element();
    let (across, down) = (number(root, "width"), number(root, "height"));
    for (index, one) in boxes.iter().enumerate() {
        assert!(one[0] >= 0.0 && one[1] >= 0.0 && one[2] <= across && one[3] <= down, "{one:?} of {across}×{down}");
        for other in &boxes[..index] {
            let apart = one[2] <= other[0] || other[2] <= one[0] || one[3] <= other[1] || other[3] <= one[1];
            assert!(apart, "{one:?} over {other:?}");
        }
    }
    for (edge, &(from, to)) in edges.iter().zip(lines) {
        let line = edge.children().find(|child| child.attribute("class") == Some("line")).expect("a line");
        let points = points(line.attribute("d").expect("a path"));
        if from == to {
            continue;
        }
        let (first, last) = (points[0], points[points.len() - 1]);
        let forward = boxes[from][2] <= boxes[to][0];
        let (left, right) = if forward { (boxes[from], boxes[to]) } else { (boxes[to], boxes[from]) };
        let touches = |point: (f64, f64), x: f64, side: [f64; 4]| {
            (point.0 - x).abs() < 0.11 && point.1 > side[1] && point.1 < side[3]
        };
        assert!(touches(first, left[2], left) && touches(last, right[0], right), "{from} → {to}: {points:?}");
        // Where it is level it passes a column, and there no box.
        for pair in points.windows(2).filter(|pair| (pair[0].1 - pair[1].1).abs() < 0.05) {
            let under = |side: &[f64; 4]| {
                pair[0].0 < side[2] - 0.2 && pair[1].0 > side[0] + 0.2 && pair[0].1 > side[1] && pair[0].1 < side[3]
            };
            assert!(!boxes.iter().any(under), "{from} → {to} runs under a box: {points:?}");
        }
    }
}

fn graphs() -> impl Strategy<Value = (Vec<String>, Vec<(usize, usize)>)> {
    (0..24_usize).prop_flat_map(|count| {
        let labels = prop::collection::vec("\\PC{0,60}", count);
        let most = if count == 0 { 0 } else { 48 };
        let lines = prop::collection::vec((0..count.max(1), 0..count.max(1)), 0..=most);
        (labels, lines)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_graph_is_drawn_whole((labels, lines) in graphs()) {
        check(&labels, &lines);
    }
}

#[test]
fn graphs_of_every_shape_are_drawn_whole() {
    let labels = |count: usize| (0..count).map(|index| format!("shop/component-{index}")).collect::<Vec<_>>();
    for (what, count, lines) in [
        ("nothing", 0, vec![]),
        ("one that uses itself, twice", 1, vec![(0, 0), (0, 0)]),
        ("two that use each other", 2, vec![(0, 1), (1, 0)]),
        ("two lines between the same", 2, vec![(0, 1), (0, 1), (0, 1)]),
        ("a line that passes two columns", 4, vec![(0, 1), (1, 2), (2, 3), (0, 3)]),
        ("a long chain", 300, (1..300).map(|index| (index - 1, index)).collect()),
        ("a hub", 200, (1..200).map(|index| (index, 0)).collect()),
        ("a circle", 50, (0..50).map(|index| (index, (index + 1) % 50)).collect()),
    ] {
        println!("{what}");
        check(&labels(count), &lines);
    }
}

#[test]
fn two_lines_between_the_same_boxes_are_apart() {
    let text = svg(&drawing(&["a".to_owned(), "b".to_owned()], &[(0, 1), (0, 1)]), Style::Page);
    let document = Document::parse(&text).unwrap();
    let paths: Vec<_> = of_class(&document, "line").into_iter().filter_map(|line| line.attribute("d")).collect();
    assert!(paths.len() == 2 && paths[0] != paths[1], "{paths:?}");
}

#[test]
fn what_names_hold_stays_text() {
    let hostile = "</text><script>alert(1)</script>\"'&\u{202e}\u{1}";
    let mut made = drawing(&[hostile.to_owned()], &[(0, 0)]);
    made.edges[0].title = hostile.to_owned();
    let text = svg(&made, Style::Own);
    let document = Document::parse(&text).expect("well-formed XML");
    assert!(!document.descendants().any(|element| element.has_tag_name("script")), "{text}");
    let node = of_class(&document, "node")[0];
    assert_eq!(node.attribute("href"), Some("/node?a=0&b=\"<>"));
    let edge = of_class(&document, "edge")[0];
    assert_eq!(edge.attribute("aria-label"), Some(title(edge)), "it has no text to be called by");
    assert!(title(node).contains("<script>alert(1)</script>\"'&\u{fffd}\u{fffd}"), "{text}");
    assert_eq!(of_class(&document, "style").len(), 0);
    assert!(document.descendants().any(|element| element.has_tag_name("style")), "it carries its style");
}

#[test]
fn a_line_to_a_box_that_is_not_there_is_left_out() {
    let text = svg(&drawing(&["a".to_owned()], &[(0, 7)]), Style::Page);
    assert!(!text.contains("edge"), "{text}");
}
