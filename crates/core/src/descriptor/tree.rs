//! YAML text to a tree in which every key and value knows its place, within limits that hold for any input.
//!
//! Built on the events of granit-parser (the parser below serde-saphyr) rather than on serde: a check must tell null
//! from missing, `5` from `"5"`, and name the place of repeated keys and of every fault, which deserialisation into
//! types loses. An alias shares the node it names, so expansion costs nothing; its expanded size still counts.

use std::{collections::HashMap, collections::HashSet, rc::Rc};

use granit_parser::{Event, Marker, Parser, Placement, ScalarStyle, Span, Tag};

use super::scalar::{self, Scalar};
use crate::code;

/// Longest descriptor, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// Most keys and values, aliases counted as what they stand for. A descriptor has some twenty per endpoint.
const MAX_NODES: usize = 10_000;
/// So many bytes of text count as one value more, so that aliases of long texts are bounded as well.
const BYTES_PER_NODE: usize = 32;
/// Deepest nesting. The deepest descriptor known (a form inside a file) has 12 levels.
const MAX_DEPTH: usize = 64;
/// Most aliases.
const MAX_ALIASES: usize = 1_000;

/// A place in the text; line and column count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Spot {
    pub line: u32,
    pub column: u32,
    /// Offset in bytes, from 0.
    pub byte: usize,
}

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node {
    pub value: Value,
    pub start: Spot,
    /// Offset behind the last byte; meaningful for scalars.
    pub end_byte: usize,
    /// Number of values in it, itself included, as [`MAX_NODES`] counts.
    size: usize,
}

#[derive(Debug)]
pub(super) enum Value {
    Scalar(Scalar),
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

/// A key of a mapping with its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: String,
    pub key_start: Spot,
    pub node: Rc<Node>,
}

/// What is wrong with the text as YAML.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub code: &'static str,
    pub message: String,
    pub hint: &'static str,
    pub spot: Spot,
}

/// A comment of the source.
#[derive(Debug, Clone)]
pub(super) struct Comment {
    /// With its `#`.
    pub text: String,
    pub line: u32,
    /// Whether something else stands before it on its line.
    pub trailing: bool,
}

/// The one document of a text. Without a root when the text is empty or too broken to go on.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub root: Option<Rc<Node>>,
    pub comments: Vec<Comment>,
    pub faults: Vec<Fault>,
}

/// Reads a text. Faults that leave the structure intact (a repeated key, an unknown tag) do not stop it.
pub(super) fn parse(text: &str) -> Tree {
    read(text, false)
}

/// Reads a text with its comments, which most readers have no use for.
pub(super) fn parse_with_comments(text: &str) -> Tree {
    read(text, true)
}

fn read(text: &str, comments: bool) -> Tree {
    let mut options = granit_parser::Options::default();
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    options.set_emit_comments(comments);
    options.max_buffered_comment_events = MAX_BYTES;
    let mut builder = Builder {
        parser: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        nodes: 0,
        aliases: 0,
        tree: Tree::default(),
    };
    if let Err(fault) = builder.document() {
        builder.tree.root = None;
        builder.tree.faults.push(fault);
    }
    builder.tree
}

impl Value {
    fn name(&self) -> &'static str {
        match self {
            Self::Scalar(_) => "a scalar",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

struct Builder<'t> {
    parser: Parser<'t, granit_parser::StrInput<'t>>,
    anchors: HashMap<usize, Rc<Node>>,
    nodes: usize,
    aliases: usize,
    tree: Tree,
}

impl<'t> Builder<'t> {
    fn document(&mut self) -> Result<(), Fault> {
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if self.tree.root.is_none() => {
                    let (event, span) = self.next()?;
                    self.tree.root = Some(self.node(event, span)?);
                }
                Event::DocumentStart(..) => {
                    return Err(Fault {
                        code: code!("yaml_several_documents"),
                        message: "a second document begins here".to_owned(),
                        hint: "keep one document in the file: remove this --- and what follows it",
                        spot: spot(span.start),
                    });
                }
                _ => return Ok(()),
            }
        }
    }

    /// The next event that is not a comment; comments are kept aside.
    fn next(&mut self) -> Result<(Event<'t>, Span), Fault> {
        loop {
            match self.parser.next_event() {
                Some(Ok((Event::Comment(text, placement), span))) => self.tree.comments.push(Comment {
                    text: format!("#{text}"),
                    line: spot(span.start).line,
                    trailing: matches!(placement, Placement::Right),
                }),
                Some(Ok((event, span))) => return Ok((event, span)),
                Some(Err(error)) => {
                    return Err(Fault {
                        code: code!("yaml_syntax"),
                        message: format!("not YAML: {}", error.info()),
                        hint: "check the indentation, colons and quotes of this line and the one before it",
                        spot: spot(*error.marker()),
                    });
                }
                None => return Ok((Event::StreamEnd, Span::empty(Marker::new(0, 0, 0)))),
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<Rc<Node>, Fault> {
        self.count(1, span)?;
        if let Event::Scalar(text, ..) = &event {
            self.count(text.len() / BYTES_PER_NODE, span)?;
        }
        let start = spot(span.start);
        let (value, anchor, end_byte) = match event {
            Event::Alias(anchor) => return self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                (self.scalar(&text, style, tag.as_deref(), span), anchor, spot(span.end).byte)
            }
            Event::SequenceStart(_, anchor, tag) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, end) => {
                            self.collection_tag(tag.as_deref(), "seq", span);
                            break (Value::List(items), anchor, spot(end.end).byte);
                        }
                        (event, span) => items.push(self.node(event, span)?),
                    }
                }
            }
            Event::MappingStart(_, anchor, tag) => {
                let (entries, end) = self.entries()?;
                self.collection_tag(tag.as_deref(), "map", span);
                (Value::Map(entries), anchor, spot(end.end).byte)
            }
            _ => return Err(too_complex("the structure ends early", span)),
        };
        let inside: usize = match &value {
            Value::Scalar(scalar) => scalar.text().len() / BYTES_PER_NODE,
            Value::List(items) => items.iter().map(|item| item.size).sum(),
            Value::Map(entries) => entries.iter().map(|entry| entry.node.size).sum(),
        };
        let node = Rc::new(Node { value, start, end_byte, size: inside + 1 });
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        Ok(node)
    }

    fn entries(&mut self) -> Result<(Vec<Entry>, Span), Fault> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged: Vec<Rc<Node>> = Vec::new();
        let mut seen = HashSet::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                for entry in merged.iter().flat_map(|node| merge_sources(node)) {
                    if seen.insert(entry.key.clone()) {
                        entries.push(entry.clone());
                    }
                }
                return Ok((entries, span));
            }
            let plain = matches!(event, Event::Scalar(_, ScalarStyle::Plain, ..));
            let key_node = self.node(event, span)?;
            let key = match &key_node.value {
                Value::Scalar(scalar) => scalar.text().to_owned(),
                other => other.name().to_owned(),
            };
            let (event, value_span) = self.next()?;
            let node = self.node(event, value_span)?;
            if plain && key == "<<" {
                merged.push(node);
            } else if seen.insert(key.clone()) {
                entries.push(Entry { key, key_start: key_node.start, node });
            } else {
                self.tree.faults.push(Fault {
                    code: code!("yaml_duplicate_key"),
                    message: format!("the key {key:?} occurs twice in one mapping"),
                    hint: "remove one of them: which one counts differs between tools",
                    spot: key_node.start,
                });
            }
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Rc<Node>, Fault> {
        self.aliases += 1;
        if self.aliases > MAX_ALIASES {
            return Err(too_complex(&format!("more than {MAX_ALIASES} aliases"), span));
        }
        let Some(node) = self.anchors.get(&anchor).map(Rc::clone) else {
            return Err(too_complex("an alias inside the value that it names", span));
        };
        self.count(node.size, span)?;
        Ok(node)
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err(too_complex(&format!("more than {MAX_NODES} values, aliases counted"), span));
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Value {
        let plain = style == ScalarStyle::Plain;
        let read = match tag {
            None if plain => Some(scalar::plain(text)),
            None => Some(Scalar::Text(text.to_owned())),
            Some(tag) => scalar::tagged(text, &tag_name(tag)),
        };
        Value::Scalar(read.unwrap_or_else(|| {
            self.tag_fault(tag, span);
            Scalar::Text(text.to_owned())
        }))
    }

    fn collection_tag(&mut self, tag: Option<&Tag>, expected: &str, span: Span) {
        if tag.is_some_and(|tag| ![expected, "!"].contains(&tag_name(tag).as_str())) {
            self.tag_fault(tag, span);
        }
    }

    fn tag_fault(&mut self, tag: Option<&Tag>, span: Span) {
        self.tree.faults.push(Fault {
            code: code!("yaml_tag"),
            message: format!("the tag {} does not fit here", tag.map(Tag::original).unwrap_or_default()),
            hint: "remove the tag: descriptors need none",
            spot: spot(span.tag_start.unwrap_or(span.start)),
        });
    }
}

/// What `<<: *a` or `<<: [*a, *b]` brings in.
fn merge_sources(node: &Rc<Node>) -> Vec<&Entry> {
    match &node.value {
        Value::Map(entries) => entries.iter().collect(),
        Value::List(items) => items
            .iter()
            .filter_map(|item| match &item.value {
                Value::Map(entries) => Some(entries),
                _ => None,
            })
            .flatten()
            .collect(),
        Value::Scalar(_) => Vec::new(),
    }
}

fn tag_name(tag: &Tag) -> String {
    match tag.suffix_in_namespace("tag:yaml.org,2002:") {
        Some(name) => name.into_owned(),
        None => tag.original(),
    }
}

fn too_complex(what: &str, span: Span) -> Fault {
    Fault {
        code: code!("file_too_complex"),
        message: format!("beyond the limits of a descriptor: {what}"),
        hint: "write the descriptor plainly, without deep nesting and many aliases",
        spot: spot(span.start),
    }
}

fn spot(marker: Marker) -> Spot {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Spot {
        line: number(marker.line()),
        column: number(marker.col()).saturating_add(1),
        byte: marker.byte_offset().unwrap_or_default(),
    }
}
