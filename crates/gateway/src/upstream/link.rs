//! One connection of HTTP/1.1 to an endpoint.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Instant;

use hyper::body::Incoming;
use hyper::client::conn::http1::{Connection, SendRequest};
use hyper::client::conn::{TrySendError, http1};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::body::Upload;

/// Most bytes of the head of an answer.
const HEAD: usize = 128 * 1024;

/// Bytes both ways, with or without TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What moves a connection on.
type Moving = Pin<Box<Connection<TokioIo<Box<dyn Stream>>, Upload>>>;

/// A connection with what moves it on.
pub(crate) struct Link {
    sender: SendRequest<Upload>,
    connection: Option<Moving>,
    /// The version of the installation's rules under which it was opened.
    pub(crate) rules: u64,
    /// Whether a call was made on it before.
    pub(crate) used: bool,
    /// Since when it is idle.
    pub(crate) rested: Instant,
}

impl Link {
    pub(crate) async fn open(stream: Box<dyn Stream>, rules: u64) -> hyper::Result<Self> {
        let (sender, connection) = http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await?;
        Ok(Self { sender, connection: Some(Box::pin(connection)), rules, used: false, rested: Instant::now() })
    }

    /// Makes a call, until the head of its answer.
    pub(crate) async fn call(
        &mut self,
        request: Request<Upload>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Upload>>> {
        self.used = true;
        let mut answer = pin!(self.sender.try_send_request(request));
        poll_fn(|context| {
            drive(&mut self.connection, context);
            answer.as_mut().poll(context)
        })
        .await
    }

    /// Moves the connection on: whoever waits for a body must.
    pub(crate) fn drive(&mut self, context: &mut Context<'_>) {
        drive(&mut self.connection, context);
    }

    /// Whether it is open and takes a call.
    pub(crate) fn is_ready(&mut self) -> bool {
        drive(&mut self.connection, &mut Context::from_waker(Waker::noop()));
        self.connection.is_some() && self.sender.is_ready()
    }

    /// The sender, and the connection for somebody else to move on, who may get the stream itself by an upgrade.
    pub(crate) fn into_parts(self) -> (SendRequest<Upload>, Option<impl Future<Output = ()> + Send>) {
        let connection = self.connection.map(|connection| {
            let connection = Pin::into_inner(connection).with_upgrades();
            async move {
                // Who reads the answer hears of the fault.
                let _ = connection.await;
            }
        });
        (self.sender, connection)
    }
}

fn drive(connection: &mut Option<Moving>, context: &mut Context<'_>) {
    if let Some(open) = connection
        && open.as_mut().poll(context).is_ready()
    {
        *connection = None;
    }
}
