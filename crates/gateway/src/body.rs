//! Bodies on their way, both ways: passed on as they come, counted, and given up when nothing moves.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::headers;
use crate::observed::Record;
use crate::upstream::Link;

/// The body of a request, on its way to the endpoint.
pub(crate) enum Upload {
    /// There is none.
    Empty,
    /// It comes from the client.
    Client(Box<FromClient>),
}

pub(crate) struct FromClient {
    incoming: Incoming,
    left: u64,
    idle: Idle,
    progress: Arc<Progress>,
}

/// How far a request's body is.
#[derive(Default)]
pub(crate) struct Progress {
    /// Bytes that came.
    pub(crate) bytes: AtomicU64,
    /// Whether all of it came.
    pub(crate) ended: AtomicBool,
    /// Whether it is larger than allowed.
    pub(crate) too_large: AtomicBool,
    /// Whether it broke off: the client went, sent no valid body, or nothing for too long.
    pub(crate) broken: AtomicBool,
}

impl Upload {
    /// A body of at most so many bytes, and its progress.
    pub(crate) fn new(incoming: Incoming, most: u64, patience: Duration) -> (Self, Option<Arc<Progress>>) {
        if incoming.is_end_stream() {
            return (Self::Empty, None);
        }
        let progress = Arc::new(Progress::default());
        let from = FromClient { incoming, left: most, idle: Idle::new(patience), progress: Arc::clone(&progress) };
        (Self::Client(Box::new(from)), Some(progress))
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Self::Client(from) = self.get_mut() else { return Poll::Ready(None) };
        let Poll::Ready(frame) = Pin::new(&mut from.incoming).poll_frame(context) else {
            return from.idle.poll(context).map(|()| {
                from.progress.broken.store(true, Ordering::Relaxed);
                Some(Err(io::ErrorKind::TimedOut.into()))
            });
        };
        from.idle.moved();
        match frame {
            Some(Ok(frame)) => {
                let length = length(&frame);
                from.progress.bytes.fetch_add(length, Ordering::Relaxed);
                let Some(left) = from.left.checked_sub(length) else {
                    from.progress.too_large.store(true, Ordering::Relaxed);
                    return Poll::Ready(Some(Err(io::ErrorKind::FileTooLarge.into())));
                };
                from.left = left;
                Poll::Ready(Some(Ok(frame.into_trailers().map_or_else(|data| data, headers::trailers))))
            }
            Some(Err(error)) => {
                from.progress.broken.store(true, Ordering::Relaxed);
                Poll::Ready(Some(Err(io::Error::other(error))))
            }
            None => {
                from.progress.ended.store(true, Ordering::Relaxed);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Client(from) => from.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Client(from) => from.incoming.size_hint(),
        }
    }
}

/// The body of an answer.
pub(crate) enum Answer {
    /// The gateway's own, or none.
    Own(Option<Bytes>),
    /// The endpoint's.
    Endpoint(Box<FromEndpoint>),
}

pub(crate) struct FromEndpoint {
    incoming: Incoming,
    link: Option<Link>,
    idle: Idle,
    record: Record,
}

impl Answer {
    pub(crate) fn full(body: Vec<u8>) -> Self {
        Self::Own(Some(body.into()))
    }

    /// What comes from an endpoint over a connection, which rests when all came; none for a connection that somebody else
    /// moves on.
    pub(crate) fn relayed(incoming: Incoming, link: Option<Link>, patience: Duration, mut record: Record) -> Self {
        if incoming.is_end_stream() {
            record.complete();
            link.into_iter().for_each(|link| record.rest(link));
            return Self::Own(None);
        }
        Self::Endpoint(Box::new(FromEndpoint { incoming, link, idle: Idle::new(patience), record }))
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let from = match self.get_mut() {
            Self::Own(bytes) => return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Endpoint(from) => from,
        };
        if let Some(link) = &mut from.link {
            link.drive(context);
        }
        let Poll::Ready(frame) = Pin::new(&mut from.incoming).poll_frame(context) else {
            return from.idle.poll(context).map(|()| {
                from.record.break_off();
                Some(Err(io::ErrorKind::TimedOut.into()))
            });
        };
        from.idle.moved();
        match frame {
            Some(Ok(frame)) => {
                from.record.sent(length(&frame));
                if from.incoming.is_end_stream() {
                    from.rest();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                from.record.break_off();
                Poll::Ready(Some(Err(io::Error::other(error))))
            }
            None => {
                from.rest();
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(bytes) => bytes.is_none(),
            Self::Endpoint(from) => from.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Endpoint(from) => from.incoming.size_hint(),
        }
    }
}

impl FromEndpoint {
    fn rest(&mut self) {
        self.record.complete();
        if let Some(link) = self.link.take() {
            self.record.rest(link);
        }
    }
}

/// Measures how long nothing moved. A timer is made when there is something to wait for, and set anew when it fires, not
/// at each movement.
struct Idle {
    patience: Duration,
    waiting: Option<(Pin<Box<Sleep>>, Instant)>,
}

impl Idle {
    fn new(patience: Duration) -> Self {
        Self { patience, waiting: None }
    }

    fn moved(&mut self) {
        if let Some((_, last)) = &mut self.waiting {
            *last = Instant::now();
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let patience = self.patience;
        let (sleep, last) = self.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (Box::pin(sleep_until(now + patience)), now)
        });
        while sleep.as_mut().poll(context).is_ready() {
            let until = *last + patience;
            if Instant::now() >= until {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(until);
        }
        Poll::Pending
    }
}

fn length(frame: &Frame<Bytes>) -> u64 {
    frame.data_ref().map_or(0, |data| data.len() as u64)
}
