//! How commands end: the exit codes of the contract, and errors as text and as one JSON object.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::world::{Answer, TestServer, command, launch, tieline};

#[test]
fn exit_codes_and_error_objects() {
    let server = TestServer::start();
    let nowhere = "http://127.0.0.1:1";
    for (arguments, exit, code) in [
        (vec!["organization", "list", "--url", nowhere, "--token", "x"], 3, "server_unreachable"),
        (vec!["organization", "list", "--data", "no/such/folder"], 3, "server_unreachable"),
        (vec!["organization", "create"], 2, "usage"),
        (vec!["no-such-command"], 2, "usage"),
        (vec!["project", "list", "--url", nowhere, "--token", "x"], 2, "scope_missing"),
        (vec!["organization", "list", "--url", server.url(), "--token", "tl_admin_x"], 1, "unauthenticated"),
        (vec!["explain", "no_such_code"], 1, "code_unknown"),
    ] {
        let json = tieline(&[&arguments[..], &["--output", "json"]].concat());
        assert_eq!((json.code, json.stdout.as_str()), (Some(exit), ""), "{arguments:?} {json:?}");
        let error = json.error();
        let keys: Vec<_> = error.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        assert_eq!((error["code"].as_str(), keys), (Some(code), vec!["code", "message", "hint"]), "{arguments:?}");
        let text = tieline(&arguments);
        assert_eq!((text.code, text.stdout.as_str()), (Some(exit), ""), "{arguments:?} {text:?}");
        if code != "usage" {
            assert!(text.stderr.starts_with(&format!("error[{code}]: ")), "{text:?}");
            assert!(text.stderr.contains("\nhint: "), "{text:?}");
        }
    }
}

#[test]
fn a_gateway_does_not_ask_its_server_in_clear() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let data = data.to_str().expect("UTF-8");
    let gateway = ["gateway", "--token-file", "no/such/file", "--data", data, "--listen-internal", "127.0.0.1:0"];
    for (server, insecure, code) in [
        ("http://192.0.2.1:7070", false, "server_insecure"),
        ("http://tieline.example", false, "server_insecure"),
        ("HTTP://localhost.example", false, "server_insecure"),
        // The token is read next.
        ("http://tieline.example", true, "file_unreadable"),
        ("https://tieline.example", false, "file_unreadable"),
        ("http://127.0.0.1:7070", false, "file_unreadable"),
        ("http://[::1]:7070", false, "file_unreadable"),
        ("http://localhost:7070", false, "file_unreadable"),
    ] {
        let flag = insecure.then_some("--insecure-server");
        let more = ["--server", server, "--output", "json"].into_iter().chain(flag);
        let answer = tieline(&gateway.into_iter().chain(more).collect::<Vec<_>>());
        assert_eq!(answer.error()["code"].as_str(), Some(code), "{server} {answer:?}");
    }
}

#[test]
fn a_refusal_keeps_the_code_of_the_server() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    for scope in [["--level", "component"], ["--component", "cart"]] {
        let connect = ["connection", "create", "mail", "--service", "thirdparty:Mail/v1", "--organization", "acme"];
        let homeless = server.tieline(&[&connect[..], &scope, &["--output", "json"]].concat());
        assert_eq!(
            (homeless.code, homeless.error()["code"].as_str()),
            (Some(2), Some("scope_missing")),
            "{homeless:?}"
        );
    }
    let again = server.tieline(&["organization", "create", "ACME", "--output", "json"]);
    assert_eq!((again.code, again.error()["code"].as_str()), (Some(1), Some("organization_exists")));
    let page = tieline(&["explain", "organization_exists"]).done();
    assert!(page.stdout.contains("Choose another handle"));
}

#[test]
fn a_missing_or_wrong_master_key_refuses_to_start() {
    let mut server = TestServer::start();
    server.kill();
    let (key, kept) = (server.data().join("master.key"), server.folder().join("kept.key"));
    let refused = |code: &str| {
        let ended = launch(server.data(), &[]).wait_with_output().expect("its end");
        let log = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{log}");
        assert!(log.contains(&format!("error[{code}]: ")), "{log}");
    };
    std::fs::rename(&key, &kept).expect("the key moves away");
    refused("master_key_missing");

    let other = TestServer::start();
    std::fs::copy(other.data().join("master.key"), &key).expect("another key");
    refused("master_key_wrong");

    std::fs::write(&key, "tieline-master-key-v1 nonsense\n").expect("a damaged key");
    refused("master_key_invalid");

    std::fs::rename(&kept, &key).expect("the key comes back");
    server.restart().tieline(&["organization", "list"]).done();
}

#[test]
fn a_first_start_makes_the_key_where_it_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("elsewhere.key");
    let server = TestServer::start_with(&["--master-key", key.to_str().expect("UTF-8")]);
    assert!(key.is_file() && !server.data().join("master.key").exists());
    std::fs::rename(&key, folder.path().join("away.key")).expect("the key moves away");
    let ended = launch(server.data(), &["--master-key".to_owned(), key.display().to_string()]).wait_with_output();
    let log = String::from_utf8_lossy(&ended.expect("its end").stderr).into_owned();
    assert!(log.contains("error[master_key_missing]: "), "only the first start makes one: {log}");
}

#[test]
fn a_data_folder_is_its_owners_alone() {
    let mode = |folder: &Path| std::fs::metadata(folder).expect("a folder").permissions().mode() & 0o777;
    let open =
        |folder: &Path| std::fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("a folder of ours");
    let mut server = TestServer::start();
    assert_eq!(mode(server.data()), 0o700);
    let empty = server.folder().join("empty");
    std::fs::create_dir(&empty).expect("a folder");
    open(&empty);
    let beside = server.beside(&empty, &[]);
    assert_eq!(mode(&empty), 0o700);
    assert!(beside.log().contains("was open to others"), "{}", beside.log());

    server.kill();
    open(server.data());
    let ended = launch(server.data(), &[]).wait_with_output().expect("its end");
    let log = String::from_utf8_lossy(&ended.stderr);
    assert!(log.contains("error[data_folder_open]: "), "{log}");
    let hint = log.split('`').nth(1).expect("a command").to_owned();
    assert!(std::process::Command::new("sh").args(["-c", &hint]).status().expect("it runs").success(), "{hint}");
    server.restart().tieline(&["organization", "list"]).done();
}

#[test]
fn the_command_line_reaches_a_server_over_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("the certificate's file");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("the key's file");
    let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let server = TestServer::start_with(&["--tls-cert", &path(&certificate), "--tls-key", &path(&key)]);
    assert!(server.url().starts_with("https://127.0.0.1:"), "{}", server.url());
    let ask = |trusted: Option<&Path>| -> Answer {
        let mut command = command(&["organization", "list", "--output", "json"]);
        command.env("TIELINE_DATA", server.data());
        if let Some(file) = trusted {
            command.env("SSL_CERT_FILE", file);
        }
        command.output().expect("the binary runs").into()
    };
    let refused = ask(None);
    assert_eq!((refused.code, refused.error()["code"].as_str()), (Some(3), Some("server_unreachable")), "{refused:?}");
    assert_eq!(ask(Some(&certificate)).done().json(), serde_json::json!([]));
}

#[test]
fn the_demo_makes_all_its_calls() {
    let demo = tieline(&["demo", "--once"]).done();
    for call in
        ["store/checkout → inventory", "store/checkout → mail", "store/catalog → stock", "office/newsletter → mail"]
    {
        assert!(demo.stdout.contains(&format!("{call}: 200 ")), "{}", demo.stdout);
    }
    assert!(demo.stdout.contains("export TIELINE_DATA="), "the commands to look around need the server");
}
