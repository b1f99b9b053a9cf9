//! A token service that does what none can leave out: it reads a request, compares the digest of a secret, signs, and
//! answers. What Tieline's is measured beside; keys, clients and scopes it has none.

use std::convert::Infallible;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The client id and secret that it knows, as they are joined.
pub(crate) const CLIENT: &str = "abcdefghijklmnopqrstuvwxyz23:tl_secret_0123456789012345678901234567890123456789012";

/// A key pair of an algorithm.
enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

struct Service {
    pair: Pair,
    header: String,
    digest: [u8; 32],
    begin: Instant,
    tokens: AtomicU64,
}

/// Serves until it is killed; prints its address.
pub(crate) fn serve(algorithm: &str) -> Result<()> {
    let refused = |_| anyhow!("the cryptographic library refused");
    let pair = match algorithm {
        "es256" => Pair::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(refused)?),
        "eddsa" => Pair::EdDsa(Ed25519KeyPair::generate().map_err(refused)?),
        _ => Pair::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).map_err(refused)?),
    };
    let header =
        URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"{}"}}"#, "k".repeat(43)));
    let digest = Sha256::digest(CLIENT.split_once(':').context("a pair")?.1).into();
    let service = Service { pair, header, digest, begin: Instant::now(), tokens: AtomicU64::new(0) };
    let service: &'static Service = Box::leak(Box::new(service));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            connections.spawn(async move {
                let answer = service_fn(move |request| answer(service, request));
                let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                // A client that goes away is no failure.
                let _ = served.await;
            });
        }
    })
}

async fn answer(service: &Service, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let header = head.headers.get("authorization").and_then(|value| value.to_str().ok());
    let pair = header.and_then(|value| value.strip_prefix("Basic ")).and_then(|text| STANDARD.decode(text).ok());
    let known = pair.is_some_and(|pair| {
        let at = pair.iter().position(|byte| *byte == b':').unwrap_or_default();
        <[u8; 32]>::from(Sha256::digest(&pair[at + 1..])) == service.digest
    });
    let token = (known && body.starts_with(b"grant_type=client_credentials")).then(|| service.token()).flatten();
    let Some(token) = token else {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        return Ok(response);
    };
    let body = serde_json::json!({ "access_token": token, "token_type": "Bearer", "expires_in": 900 }).to_string();
    let mut response = Response::new(Full::from(body));
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert("content-type", json);
    Ok(response)
}

impl Service {
    fn token(&self) -> Option<String> {
        let (iat, number) = (self.begin.elapsed().as_secs(), self.tokens.fetch_add(1, Ordering::Relaxed));
        let claims = serde_json::json!({
            "iss": "http://127.0.0.1:7070", "sub": "abcdefghijklmnopqrstuvwxyz23", "client_id": "abcdefghijklmnopqrstuvwxyz23",
            "aud": "http://127.0.0.1:7070/bench/development", "exp": iat + 900, "iat": iat, "jti": format!("{number:036}"),
            "organization": "bench", "environment": "development", "secret": "01234567-0123-0123-0123-0123456789ab",
        });
        let mut token = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = match &self.pair {
            Pair::Es256(pair) => URL_SAFE_NO_PAD.encode(pair.sign(&SystemRandom::new(), token.as_bytes()).ok()?),
            Pair::EdDsa(pair) => URL_SAFE_NO_PAD.encode(pair.sign(token.as_bytes())),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature).ok()?;
                URL_SAFE_NO_PAD.encode(signature)
            }
        };
        token.push('.');
        token.push_str(&signature);
        Some(token)
    }
}
