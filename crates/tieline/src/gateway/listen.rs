//! The listeners of a gateway, with TLS or without.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::serve::Listener;
use tieline_gateway::{Accept, Gateway, Side};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::server::TlsStream;

use crate::failure::Failure;
use crate::server::{TlsFiles, TlsListener};

impl Accept for TlsListener {
    type Io = TlsStream<TcpStream>;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        Listener::accept(self).await
    }

    fn is_https(&self) -> bool {
        true
    }
}

/// Serves one side until the process stops.
pub(crate) fn serve(
    tasks: &mut JoinSet<()>,
    gateway: &Arc<Gateway>,
    (listener, side): (TcpListener, Side),
    tls: Option<&TlsFiles>,
    stopping: &watch::Receiver<bool>,
) -> Result<(), Failure> {
    let (gateway, stopping) = (Arc::clone(gateway), stopping.clone());
    match tls {
        Some(files) => {
            let listener = TlsListener::new(listener, files)?;
            tasks.spawn(async move { gateway.serve(listener, side, stopping).await })
        }
        None => tasks.spawn(async move { gateway.serve(listener, side, stopping).await }),
    };
    Ok(())
}
