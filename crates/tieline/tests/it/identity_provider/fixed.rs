//! A provider of fixed answers: metadata and keys, and nothing that registers anybody.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use serde_json::{Value, json};

/// Starts one, which ends with the test; `more` says what its metadata says otherwise. Answers its issuer.
pub(crate) fn provider(more: &Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("its address"));
    let mut metadata = json!({
        "issuer": issuer, "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks"),
        "registration_endpoint": format!("{issuer}/reg"),
    });
    for (name, value) in more.as_object().expect("an object") {
        metadata[name] = value.clone();
    }
    let keys = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "x" }] });
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let lines = BufReader::new(stream.try_clone().expect("the stream")).lines();
            let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
            let (status, body) = match path {
                "/.well-known/oauth-authorization-server" => ("200 OK", metadata.to_string()),
                "/jwks" => ("200 OK", keys.to_string()),
                _ => ("404 Not Found", String::new()),
            };
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    issuer
}
