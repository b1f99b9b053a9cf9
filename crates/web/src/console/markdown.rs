//! Texts that people wrote in Markdown, as HTML that can do nothing: no HTML of their own, no picture from elsewhere, no
//! address but those of pages and of mail.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// The HTML of a text below a page's title: its headings begin one level down.
pub(super) fn html(text: &str) -> String {
    let mut links = Vec::new();
    let events = Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let events = events.filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Image { .. } | Tag::HtmlBlock) | Event::End(TagEnd::Image | TagEnd::HtmlBlock) => None,
        Event::Start(Tag::Heading { level, .. }) => {
            Some(Event::Start(Tag::Heading { level: down(level), id: None, classes: Vec::new(), attrs: Vec::new() }))
        }
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(down(level)))),
        // How a column is aligned would be written as a style, which the page's policy forbids.
        Event::Start(Tag::Table(columns)) => {
            Some(Event::Start(Tag::Table(vec![pulldown_cmark::Alignment::None; columns.len()])))
        }
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let kept = is_address(dest_url);
            links.push(kept);
            kept.then_some(event)
        }
        Event::End(TagEnd::Link) => links.pop().unwrap_or(false).then_some(event),
        other => Some(other),
    });
    let mut written = String::new();
    html::push_html(&mut written, events);
    written
}

fn is_address(address: &str) -> bool {
    ["https://", "http://", "mailto:"].iter().any(|start| address.to_lowercase().starts_with(start))
}

fn down(level: HeadingLevel) -> HeadingLevel {
    HeadingLevel::try_from(level as usize + 1).unwrap_or(HeadingLevel::H6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_do_anything() {
        for (text, holds) in [
            ("# Title\n\ntext", "<h2>Title</h2>\n<p>text</p>"),
            ("###### Deep", "<h6>Deep</h6>"),
            ("<script>alert(1)</script>", "&lt;script&gt;"),
            ("a <b onclick=x>b</b>", "&lt;b onclick=x&gt;b&lt;/b&gt;"),
            ("![a picture](https://evil.example/x.png)", "<p>a picture</p>"),
            ("[x](javascript:alert(1))", "<p>x</p>"),
            ("[x](JavaScript:alert(1))", "<p>x</p>"),
            ("[x](https://docs.example/a)", "<a href=\"https://docs.example/a\">x</a>"),
            ("| a |\n|:-:|\n| b |", "<th>a</th>"),
            ("`code`", "<code>code</code>"),
        ] {
            let written = html(text);
            assert!(written.contains(holds), "{text}: {written}");
            for never in ["<script", "<img", "<b ", "javascript:", "style="] {
                assert!(!written.to_lowercase().contains(never), "{text}: {written}");
            }
        }
    }
}
