//! What somebody else wrote, in a source or in a request, does no more than it may.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::json;

use crate::world::TestServer;

/// Requests that a server has under way at a time.
const AT_ONCE: usize = 256;

#[test]
fn a_source_does_not_decide_who_is_sent_the_token() {
    let server = TestServer::start();
    let stranger = TcpListener::bind("127.0.0.1:0").expect("a port");
    stranger.set_nonblocking(true).expect("a listener");
    let address = format!("http://{}", stranger.local_addr().expect("its address"));
    let source = server.folder().join("source");
    let strange = json!({ "url": address, "gateway_internal": "", "gateway_external": "", "pid": 1 });
    for (context, folder) in [(format!("url: {address}\n"), ".tieline"), ("data: there\n".to_owned(), "there")] {
        std::fs::create_dir_all(source.join(".tieline")).expect("a folder");
        std::fs::create_dir_all(source.join(folder)).expect("a folder");
        std::fs::write(source.join(".tieline/context.yaml"), &context).expect("a file");
        std::fs::write(source.join(folder).join("server.json"), strange.to_string()).expect("a file");
        for token in [None, Some("tl_api_somebodys")] {
            let mut command = crate::world::command(&["organization", "list"]);
            // The user's own data folder is where it is by default.
            command.current_dir(&source).env("XDG_DATA_HOME", server.folder().join("home"));
            std::fs::create_dir_all(server.folder().join("home")).expect("a folder");
            let _ = std::os::unix::fs::symlink(server.data(), server.folder().join("home/tieline"));
            token.map(|token| command.env("TIELINE_TOKEN", token));
            let output = command.output().expect("the binary runs");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(stranger.accept().is_err(), "{context:?} sent something to a stranger");
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.starts_with("error[context_invalid]"), "{said}");
        }
    }
}

#[test]
fn a_source_does_not_publish_files_of_the_machine() {
    let server = TestServer::start();
    let scope = ["--organization", "acme", "--project", "shop"];
    server.tieline(&["organization", "create", "acme"]).done();
    server.tieline(&["project", "create", "shop", "--organization", "acme"]).done();
    server.tieline(&[&["component", "create", "orders", "--type", "service"][..], &scope].concat()).done();
    let source = server.folder().join("source");
    std::fs::create_dir_all(source.join(".choreo")).expect("a folder");
    let definition = "openapi: 3.0.0\ninfo: { title: Orders, version: '1' }\npaths: {}\n";
    std::fs::write(server.folder().join("outside.yaml"), definition).expect("a file");
    std::fs::write(source.join("inside.yaml"), definition).expect("a file");
    std::os::unix::fs::symlink("../outside.yaml", source.join("out.yaml")).expect("a link");
    std::os::unix::fs::symlink("inside.yaml", source.join("in.yaml")).expect("a link");
    for (file, code) in [("out.yaml", 1), ("in.yaml", 0), ("inside.yaml", 0)] {
        let text = format!(
            "schemaVersion: 1.2\nendpoints: [{{ name: api, type: REST, service: {{ port: 9090 }}, schemaFilePath: {file} }}]\n"
        );
        std::fs::write(source.join(".choreo/component.yaml"), text).expect("a descriptor");
        let deploy = ["deploy", source.to_str().expect("UTF-8"), "--component", "orders", "--env", "development"];
        let answer = server.tieline(&[&deploy[..], &["--version", "v1.0"], &scope].concat());
        assert_eq!(answer.code, Some(code), "{file}: {answer:?}");
    }
}

#[test]
fn a_nul_is_refused_before_any_database_sees_it() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    let admin = server.admin_token();
    for path in ["/organizations/%00", "/organizations/acme/audit?actor=%00", "/organizations/acme/connections/a%00b"] {
        let reply = server.ask("GET", path, Some(&admin), None);
        assert_eq!((reply.status, reply.code()), (400, "text_invalid"), "{path}");
    }
    let reply = server.ask("POST", "/organizations", Some(&admin), Some(&json!({ "handle": "a\0" })));
    assert_eq!((reply.status, reply.code()), (400, "text_invalid"));
}

#[test]
fn forms_that_never_come_keep_nobody_out() {
    let server = TestServer::start();
    let host = server.url().strip_prefix("http://").expect("an address").to_owned();
    let stalled = |path: &str| {
        let mut stream = TcpStream::connect(&host).expect("the server");
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nExpect: 100-continue\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("a head");
        // The server says so when it begins to read the form.
        let mut said = [0; 12];
        stream.read_exact(&mut said).expect("an answer");
        assert_eq!(&said, b"HTTP/1.1 100");
        stream.write_all(b"name=a").expect("a part");
        stream
    };
    for path in ["/sign-in", "/invitation"] {
        let streams: Vec<_> = (0..AT_ONCE).map(|_| stalled(path)).collect();
        let reply = server.ask("GET", "/organizations", Some(&server.admin_token()), None);
        assert_eq!(reply.status, 200, "{path} {reply:?}");
        drop(streams);
    }
}
