//! Requests that two parsers might read differently: whatever comes, an endpoint sees at most one request for each that
//! passed the checks, and the body that was meant.

use crate::upstream::Upstream;
use crate::world::*;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What an endpoint saw of some bytes, and what came back.
async fn seen(bytes: &[u8]) -> (String, String) {
    let world = World::new().await;
    let (upstream, seen) = Upstream::witness(OK).await;
    world.put([open(&upstream.url())]);
    let text = String::from_utf8_lossy(bytes).replace("PATH", PATH);
    let bytes = if bytes.iter().all(u8::is_ascii) { text.as_bytes() } else { bytes };
    let answer = raw(world.internal, bytes).await;
    let seen = String::from_utf8_lossy(&seen.lock().unwrap().clone()).into_owned();
    (seen, answer)
}

fn requests(seen: &str) -> usize {
    seen.matches(" HTTP/1.").count()
}

/// Requests that are refused: the endpoint sees nothing.
#[tokio::test]
async fn ambiguous_requests_are_refused() {
    for bytes in [
        "POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 4\r\n\r\nabcd",
        "POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
        "POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc",
        "POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
        "POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
        "POST PATH HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "POST PATH HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "POST PATH HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "POST PATH HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{b}chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "POST PATH HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "GET PATH HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n",
        "GET PATH HTTP/1.1\r\nHost: a\r\n\tX: a\r\n\r\n",
        "GET PATH HTTP/1.1\r\nHost: a\r\nX y: a\r\n\r\n",
        "GET PATH HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        "GET PATH HTTP/1.1\r\nHost: a\r\nX\0: a\r\n\r\n",
        "GET PATH HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n",
        "GET PATH HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET PATH HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET PATH\r\n\r\n",
        "GET PATH HTTP/1.1\r\n: a\r\nHost: a\r\n\r\n",
        "GET PATH HTTP/3.0\r\nHost: a\r\n\r\n",
        "GET PATH HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET\tPATH\tHTTP/1.1\r\nHost: a\r\n\r\n",
        "GET PATH\0 HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT PATH HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1:80\r\nConnection: close\r\n\r\n",
        "TRACE PATH HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET 127.0.0.1:80 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\nGET PATH HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let closing = bytes.replacen("Host: a\r\n", "Host: a\r\nConnection: close\r\n", 1);
        let (seen, answer) = seen(closing.as_bytes()).await;
        assert_eq!(seen, "", "{bytes:?}");
        assert!(!answer.contains(" 200 "), "{bytes:?}: {answer}");
    }
}

/// Requests with bodies that are broken: what the endpoint may see is one unfinished request, never a whole one.
#[tokio::test]
async fn broken_bodies_never_end_for_the_endpoint() {
    let long = format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(32 * 1024));
    for body in [
        "zz\r\nabc\r\n0\r\n\r\n",
        "-1\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcX0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3 \rX\nabc\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "10000000000000000\r\nabc\r\n0\r\n\r\n",
        "\r\n3\r\nabc\r\n0\r\n\r\n",
        "3;a\nb\r\nabc\r\n0\r\n\r\n",
        &long,
    ] {
        let request = format!("POST PATH HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let smuggled = "GET PATH/smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let (seen, _) = seen(format!("{request}{smuggled}").as_bytes()).await;
        assert!(requests(&seen) <= 1, "{body:?}: {seen}");
        assert!(!seen.contains("smuggled") && !seen.contains("\r\n0\r\n\r\n"), "{body:?}: {seen}");
    }
}

/// Requests that can be read in one way: the endpoint gets exactly that, framed anew.
#[tokio::test]
async fn framing_is_made_anew() {
    for (bytes, body) in [
        // RFC 9112, section 6.3: the coding wins over the length, and the connection ends.
        (
            "POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
             GET PATH/smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
        ),
        (
            "POST PATH HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
             GET PATH/smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
        ),
        (
            "POST PATH HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
            "abc",
        ),
        ("POST PATH HTTP/1.1\r\nHost: a\r\nConnection: close, Content-Length\r\nContent-Length: 3\r\n\r\nabc", "abc"),
        (
            "POST PATH HTTP/1.1\r\nHost: a\r\nConnection: close, Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n\
             3;x=y\r\nabc\r\n0\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
        ),
        ("GET PATH HTTP/1.1\nHost: a\nConnection: close\n\n", ""),
        ("GET PATH HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", "abc"),
        (
            "GET PATH HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
        ),
        (
            "HEAD PATH HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
        ),
    ] {
        let (seen, answer) = seen(bytes.as_bytes()).await;
        assert_eq!(requests(&seen), 1, "{bytes:?}: {seen}");
        assert!(!seen.contains("smuggled"), "{bytes:?}: {seen}");
        let (head, got) = seen.split_once("\r\n\r\n").unwrap();
        assert_eq!(got, body, "{bytes:?}: {seen}");
        let (length, coding) = (head.contains("content-length"), head.contains("transfer-encoding"));
        assert_eq!((length, coding), (body == "abc", body.starts_with('3')), "{bytes:?}: {seen}");
        assert!(answer.starts_with("HTTP/1.1 200"), "{bytes:?}: {answer}");
    }
}

#[tokio::test]
async fn targets_are_taken_by_their_path_alone() {
    for (target, status) in [
        (format!("http://evil.example{PATH}/x"), "200"),
        (format!("http://127.0.0.1:1{PATH}"), "200"),
        (format!("//evil.example{PATH}"), "404"),
        (format!("http://evil.example/..{PATH}"), "404"),
    ] {
        let bytes = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let (seen, answer) = seen(bytes.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{target}: {answer}");
        assert!(
            !seen.lines().filter(|line| !line.starts_with("x-forwarded")).any(|line| line.contains("evil")),
            "{seen}"
        );
    }
}

#[tokio::test]
async fn trailers_forge_no_headers() {
    let (seen, _) = seen(
        b"POST PATH HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\
          Trailer: x-sum, x-tieline-organization, x_tieline_component, x-forwarded-for, authorization\r\n\r\n\
          3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Tieline-Organization: evil\r\nX_Tieline_Component: evil\r\n\
          X-Forwarded-For: evil\r\nAuthorization: evil\r\n\r\n",
    )
    .await;
    assert!(seen.ends_with("3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n") && !seen.contains("evil"), "{seen}");
}

/// Bytes that follow a request are the next request, which is checked like any other: also after one that asks for an
/// upgrade, when the endpoint does not agree.
#[tokio::test]
async fn what_follows_is_checked() {
    let secret = "GET /acme/development/shop/secret/v1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let upgrade = "Connection: close, upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let stays = upgrade.replace("close, ", "");
    for head in [
        "GET PATH HTTP/1.1\r\nHost: a\r\n".to_owned(),
        format!("GET PATH HTTP/1.1\r\nHost: a\r\n{stays}"),
        "GET PATH HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n".to_owned(),
        format!("POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n{stays}"),
    ] {
        let (seen, answer) = seen(format!("{head}\r\n{secret}").as_bytes()).await;
        assert_eq!(requests(&seen), 1, "{head}: {seen}");
        assert!(!seen.contains("secret"), "{head}: {seen}");
        assert!(answer.contains(" 404 "), "{head}: {answer}");
    }
    let body = format!("GET PATH HTTP/1.1\r\nHost: a\r\n{upgrade}Content-Length: {}\r\n\r\n{secret}", secret.len());
    let (seen, answer) = seen(body.as_bytes()).await;
    assert_eq!((seen.as_str(), answer.contains(" 400 ")), ("", true), "{answer}");
}
