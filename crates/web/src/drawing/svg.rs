//! A drawing as SVG.

use std::fmt::Write as _;

use super::place::{HEIGHT, places};
use super::text::{escaped, shortened, width};
use super::{Drawing, Edge, Node, Style};

/// Size of the letters of a label, and of what is below it, in pixels.
const LETTERS: (f64, f64) = (13.0, 11.0);
/// Between the text and the edge of its box.
const PADDING: f64 = 14.0;
/// The least and the greatest width of a box.
const WIDTH: (f64, f64) = (96.0, 260.0);
/// How far a line from a box to itself stands off.
const LOOP: f64 = 14.0;

/// The style of a drawing that stands alone: light, or dark where that is wished for.
const STYLE: &str = "\
svg{background:#fff;color:#1d2733;font-family:'DejaVu Sans',Verdana,system-ui,sans-serif}\
.box{fill:#f4f6f9;stroke:#5b6b7d}.label{font-size:13px;fill:#1d2733}.detail{font-size:11px;fill:#4a5868}\
.line{fill:none;stroke:#5b6b7d;stroke-width:1.5}.head{fill:#5b6b7d}\
.registered .box{fill:#eef4ea;stroke:#4d7a3a}\
.pending .line{stroke-dasharray:2 4}.degraded .line{stroke:#b3261e;stroke-dasharray:7 4}.degraded .head{fill:#b3261e}\
.taken .box{fill:#fbe5e3;stroke:#b3261e;stroke-width:2.5}.broken .box{fill:#fdf3dc;stroke:#8a6100}\
@media(prefers-color-scheme:dark){svg{background:#14191f;color:#e6ebf1}.box{fill:#202832;stroke:#93a3b5}\
.label{fill:#e6ebf1}.detail{fill:#b4c0cd}.line{stroke:#93a3b5}.head{fill:#93a3b5}\
.registered .box{fill:#1d2a1b;stroke:#8fbf7c}.degraded .line{stroke:#ff9d94}.degraded .head{fill:#ff9d94}\
.taken .box{fill:#3b1d1b;stroke:#ff9d94}.broken .box{fill:#332a14;stroke:#e3bd62}}";

/// Writes a drawing.
#[must_use]
pub fn svg(drawing: &Drawing, style: Style) -> String {
    let widths: Vec<f64> = drawing.nodes.iter().map(box_width).collect();
    let there = |edge: &&Edge| edge.from < widths.len() && edge.to < widths.len();
    let edges: Vec<&Edge> = drawing.edges.iter().filter(there).collect();
    let lines: Vec<(usize, usize)> = edges.iter().map(|edge| (edge.from, edge.to)).collect();
    let places = places(&widths, &lines);
    let (across, down) = (number(places.size.0), number(places.size.1));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"graph\" role=\"group\" aria-label=\"{}\" width=\"{across}\" \
         height=\"{down}\" viewBox=\"0 0 {across} {down}\">\n",
        escaped(&drawing.title)
    );
    if style == Style::Own {
        out += &format!("<title>{}</title>\n<style>{STYLE}</style>\n", escaped(&drawing.title));
    }
    let mut loops = vec![0_u32; widths.len()];
    for (index, edge) in edges.iter().enumerate() {
        let (route, head) = if edge.from == edge.to {
            let count = &mut loops[edge.from];
            *count += 1;
            around(places.boxes[edge.from], *count)
        } else {
            let against = places.against[index];
            let route = &places.routes[index];
            let tip = if against { route.first() } else { route.last() };
            (path(route), head(tip.copied().unwrap_or_default(), if against { -1.0 } else { 1.0 }))
        };
        let shape = format!("<path class=\"line\" d=\"{route}\"/><path class=\"head\" d=\"{head}\"/>");
        out += &linked("edge", &edge.class, &edge.title, edge.href.as_deref(), &shape);
    }
    for (node, &(x, y, width)) in drawing.nodes.iter().zip(&places.boxes) {
        let room = width - PADDING * 2.0 + 0.01;
        let shape = format!(
            "<rect class=\"box\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\
             <text class=\"label\" x=\"{tx}\" y=\"{}\">{}</text> <text class=\"detail\" x=\"{tx}\" y=\"{}\">{}</text>",
            number(x),
            number(y),
            number(width),
            number(HEIGHT),
            number(y + 19.0),
            escaped(&shortened(&node.label, LETTERS.0, room)),
            number(y + 35.0),
            escaped(&shortened(&node.detail, LETTERS.1, room)),
            tx = number(x + PADDING),
        );
        out += &linked("node", &node.class, &node.title, node.href.as_deref(), &shape);
    }
    out + "</svg>\n"
}

/// A group with its title, as a link where it has an address. The name stands on a link without text too: not every reader
/// of a screen looks for the title inside. What has text is called by it, as whoever says what they see expects (WCAG 2.2,
/// 2.5.3).
fn linked(class: &str, more: &str, title: &str, href: Option<&str>, shape: &str) -> String {
    let (title, more) = (escaped(title), escaped(more));
    let class = if more.is_empty() { class.to_owned() } else { format!("{class} {more}") };
    match href {
        Some(href) => {
            let name = if shape.contains("<text") { String::new() } else { format!(" aria-label=\"{title}\"") };
            format!("<a class=\"{class}\" href=\"{}\"{name}><title>{title}</title>{shape}</a>\n", escaped(href))
        }
        None => format!("<g class=\"{class}\"><title>{title}</title>{shape}</g>\n"),
    }
}

fn box_width(node: &Node) -> f64 {
    let text = width(&node.label, LETTERS.0).max(width(&node.detail, LETTERS.1));
    (text + PADDING * 2.0).clamp(WIDTH.0, WIDTH.1).ceil()
}

/// A line from left to right: level where it passes a column, and bent between columns.
fn path(route: &[(f64, f64)]) -> String {
    let mut path = String::new();
    let mut last: Option<(f64, f64)> = None;
    for &(x, y) in route {
        // Writing to a string does not fail.
        let _ = match last {
            None => write!(path, "M{} {}", number(x), number(y)),
            Some((_, before)) if (before - y).abs() < 0.05 => write!(path, "H{}", number(x)),
            Some((from, before)) => {
                let middle = number((from + x) / 2.0);
                write!(path, "C{middle} {} {middle} {} {} {}", number(before), number(y), number(x), number(y))
            }
        };
        last = Some((x, y));
    }
    path
}

/// An arrow head whose tip is here and points right (1) or left (-1).
fn head((x, y): (f64, f64), direction: f64) -> String {
    let back = number(x - 9.0 * direction);
    format!("M{} {}L{back} {}V{}Z", number(x), number(y), number(y - 4.5), number(y + 4.5))
}

/// The line from a box to itself that is its `count`th: out at its right upper corner and back into its top.
fn around((x, y, width): (f64, f64, f64), count: u32) -> (String, String) {
    let inset = 10.0 * f64::from(count.min(6));
    let (right, tip) = (x + width, x + width - 10.0 - inset);
    let line = format!(
        "M{} {}C{} {} {} {} {} {}",
        number(right),
        number(y + 8.0),
        number(right + LOOP + inset / 2.0),
        number(y - LOOP),
        number(tip),
        number(y - LOOP - 8.0),
        number(tip),
        number(y)
    );
    (line, format!("M{} {}L{} {}H{}Z", number(tip), number(y), number(tip - 4.5), number(y - 9.0), number(tip + 4.5)))
}

/// A number with at most one decimal.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    let short = text.strip_suffix(".0").unwrap_or(&text);
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}
