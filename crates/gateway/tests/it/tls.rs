//! TLS on both sides: given by whoever accepts, with the protocol agreed there; and to endpoints, whose certificates are
//! verified.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tieline_gateway::{Accept, Settings, Side};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::upstream::Upstream;
use crate::world::*;

/// A server's and a client's configuration that belong together.
fn pair() -> (Arc<ServerConfig>, ClientConfig) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut server =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    (Arc::new(server), ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// Accepts in a task of its own, since a handshake that was begun must not be dropped.
struct Tls(tokio::sync::mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>);

async fn handshakes(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    accepted: tokio::sync::mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    while let Ok((stream, address)) = listener.accept().await {
        let stream = acceptor.accept(stream).await.unwrap();
        accepted.send((stream, address)).await.unwrap();
    }
}

impl Accept for Tls {
    type Io = TlsStream<TcpStream>;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.0.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn is_https(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn http2_is_agreed_on_and_endpoints_hear_of_https() {
    let (world, upstream) = (World::new().await, Upstream::echo().await);
    world.put([open(&upstream.url())]);
    let (server, mut client) = pair();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (accepted, streams) = tokio::sync::mpsc::channel(1);
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(handshakes(listener, TlsAcceptor::from(server), accepted));
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let serving = world.gateway.serve(Tls(streams), Side::Internal, stopping);
    let asking = async {
        client.alpn_protocols = vec![b"h2".to_vec()];
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let io = TokioIo::new(stream);
        let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
        let calling = async {
            let request = Request::get(format!("https://localhost{PATH}")).body(Empty::<Bytes>::new()).unwrap();
            let answer = sender.send_request(request).await.unwrap();
            drop(sender);
            answer.into_body().collect().await.unwrap().to_bytes()
        };
        let (body, _) = tokio::join!(calling, connection);
        stop.send_replace(true);
        String::from_utf8(body.to_vec()).unwrap()
    };
    let (told, ()) = tokio::join!(asking, serving);
    assert!(told.contains("[\"x-forwarded-proto\",\"https\"]"), "{told}");
}

#[tokio::test]
async fn endpoints_prove_who_they_are() {
    let (server, trusting) = pair();
    let (_, distrusting) = pair();
    for (client, host, good) in
        [(&trusting, "localhost", true), (&trusting, "127.0.0.1", false), (&distrusting, "localhost", false)]
    {
        let acceptor = TlsAcceptor::from(Arc::clone(&server));
        let upstream = Upstream::each(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = hyper::service::service_fn(|_| async {
                    Ok::<_, Infallible>(hyper::Response::new("safe".to_owned()))
                });
                let http1 = hyper::server::conn::http1::Builder::new();
                let _ = http1.serve_connection(TokioIo::new(stream), service).await;
            }
        })
        .await;
        let world = World::with(Settings { tls: Some(Arc::new(client.clone())), ..Settings::default() }).await;
        world.put([open(&format!("https://{host}:{}", upstream.address.port()))]);
        let reply = world.call("GET", PATH, &[], "").await;
        assert_eq!(reply.status, if good { 200 } else { 502 }, "{host} {reply:?}");
        assert_eq!(reply.body == "safe", good);
    }
}
