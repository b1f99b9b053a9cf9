//! The gateway as a client and an endpoint see it: real sockets on both sides, tokens signed here.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a world that cannot be made is a failed test")]

mod checks;
mod forwarding;
mod hot;
mod limits;
mod observed;
mod smuggling;
mod streaming;
mod tls;
mod tokens;
mod upstream;
mod websocket;
mod world;
