//! A client's connection, given up when a client is silent from the start, takes nothing of what it asked for, or asks for
//! nothing any more: no other limit sees these. It is of the gateway's listeners and of every other that serves by hyper.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};

/// A client that has not begun a request by then is dropped.
const BEGIN: Duration = Duration::from_secs(30);
/// The length of what begins a connection of HTTP/2, from which the version is told.
const PREFACE: usize = 24;

/// A client's connection.
pub struct Guarded<Io> {
    stream: Io,
    beginning: Option<(Pin<Box<Sleep>>, usize)>,
    patience: Option<Duration>,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<Io> Guarded<Io> {
    /// With patience for a client that does not take its answer, if it has an end.
    pub fn new(stream: Io, patience: Option<Duration>) -> Self {
        Self { stream, beginning: Some((Box::pin(sleep(BEGIN)), PREFACE)), patience, stalled: None }
    }

    fn written<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        // Who is answered has begun, however short the request was.
        self.beginning = None;
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let Some(patience) = self.patience else { return written };
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
        stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Guarded<Io> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let Some((sleep, missing)) = &mut this.beginning else { return read };
        *missing = missing.saturating_sub(buffer.filled().len() - before);
        if *missing == 0 {
            this.beginning = None;
        } else if read.is_pending() && sleep.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Guarded<Io> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.written(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, parts);
        this.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// Ends when nothing was under way on a connection for so long as a client of HTTP/1.1 may be silent: of HTTP/2, hyper asks
/// only whether somebody is still there. `shared` is held by the connection, by its service, and by what is under way; `begun`
/// counts what began.
pub async fn idle<T>(shared: &Arc<T>, begun: impl Fn(&T) -> u64, silence: Duration) {
    let mut before = u64::MAX;
    loop {
        let begun = begun(shared);
        let busy = Arc::strong_count(shared) > 2;
        if begun == before && !busy {
            return;
        }
        before = if busy { u64::MAX } else { begun };
        sleep(silence).await;
    }
}

/// Ends when the listener is to stop.
pub async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the server itself is gone, which is a stop as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}
