//! Answers of HTTP/1.1 that say their length.

use anyhow::{Context, Result, ensure};

/// Where an answer that came whole has what.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Where its body begins.
    pub(super) body: usize,
}

impl Answer {
    /// Reads what came; none while it is not whole.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let text = std::str::from_utf8(&bytes[..head])?;
        let status: u16 = text.split(' ').nth(1).context("an answer without status")?.parse()?;
        let headers = text.lines().filter_map(|line| line.split_once(": "));
        let mut length = headers.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length: usize = match length.next() {
            Some((_, length)) => length.parse()?,
            None if status == 204 => 0,
            None => anyhow::bail!("an answer without length: {text}"),
        };
        let body = head + 4;
        Ok((bytes.len() >= body + length).then_some(Self { status, body }))
    }

    /// Refuses all but a success.
    pub(super) fn success(&self, bytes: &[u8]) -> Result<()> {
        ensure!((200..300).contains(&self.status), "{}", String::from_utf8_lossy(bytes));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        for (text, expect) in [
            ("HTTP/1.1 200 OK\r\ncontent-len", None),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", None),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", Some((200, 38))),
            ("HTTP/1.1 403 Forbidden\r\na: b\r\ncontent-length: 0\r\n\r\n", Some((403, 51))),
            ("HTTP/1.1 204 No Content\r\n\r\n", Some((204, 27))),
        ] {
            let read = Answer::read(text.as_bytes()).unwrap();
            assert_eq!(read.map(|answer| (answer.status, answer.body)), expect, "{text:?}");
        }
        assert!(Answer::read(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
