//! One keep-alive connection with one request under way at a time.

use anyhow::{Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Request;
use super::answer::Answer;

/// A connection, with the answer that came last.
pub(super) struct Caller {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Caller {
    pub(super) async fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and reads the whole answer, which must be a success. Returns its body.
    pub(super) async fn call(&mut self, request: &Request) -> Result<&[u8]> {
        let answer = self.exchange(request).await?;
        answer.success(&self.buffer)?;
        Ok(&self.buffer[answer.body..])
    }

    /// Sends a request and reads the whole answer. Returns its status.
    pub(super) async fn status(&mut self, request: &Request) -> Result<u16> {
        Ok(self.exchange(request).await?.status)
    }

    async fn exchange(&mut self, request: &Request) -> Result<Answer> {
        self.stream.write_all(&request.0).await?;
        self.buffer.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server closed the connection");
            if let Some(answer) = Answer::read(&self.buffer)? {
                return Ok(answer);
            }
        }
    }
}
