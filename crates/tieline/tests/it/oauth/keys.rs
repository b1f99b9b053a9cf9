//! Keys that sign tokens, over starts, rotations, algorithms and backups.

use super::Provider;

#[test]
fn another_algorithm_takes_over_with_overlap() {
    let provider = Provider::open(&["--signing-algorithm", "eddsa"]);
    let token = provider.token();
    let first = provider.published();
    let data = provider.server.data().to_owned();
    let public = provider.server.url().to_owned();
    let mut server = provider.server;
    server.kill();
    let flags = ["--signing-algorithm", "rs256", "--public-url", &public];
    let provider = Provider { server: server.beside(&data, &flags), client: provider.client };
    let both = provider.published();
    assert!(first.len() == 1 && both.len() == 2 && both.contains(&first[0]), "{both:?}");
    let keys = provider.server.ask("GET", "/oauth2/jwks", None, None).body;
    let algorithms: Vec<_> = keys["keys"].as_array().expect("keys").iter().map(|key| key["alg"].clone()).collect();
    assert_eq!(algorithms, ["EdDSA", "RS256"]);
    assert!(provider.active(&token) && provider.active(&provider.token()));
    let now = provider.server.json(&["key", "rotate", "--signing", "--now"]);
    assert_eq!((now.as_array().map(Vec::len), &now[0]["algorithm"]), (Some(1), &"rs256".into()));
    assert!(!provider.active(&token) && provider.active(&provider.token()));
}

#[test]
fn a_rotation_keeps_tokens_and_survives_another_master_key_and_a_restore() {
    let provider = Provider::open(&["--public-url", "http://tieline.example"]);
    let token = provider.token();
    let rotated = provider.server.json(&["key", "rotate", "--signing"]);
    assert_eq!(rotated.as_array().map(Vec::len), Some(2), "{rotated}");
    assert!(rotated[0]["retires_at"].is_string() && rotated[1]["retires_at"].is_null());
    assert!(provider.active(&token));
    provider.server.json(&["key", "rotate"]);
    let provider = Provider { server: provider.server.restart(), ..provider };
    assert!(provider.active(&token) && provider.active(&provider.token()));

    let (folder, data) = (provider.server.folder().to_owned(), provider.server.folder().join("restored"));
    let (backup, key) = (folder.join("backup.ndjson"), provider.server.data().join("master.key"));
    let text = |path: &std::path::Path| path.to_str().expect("UTF-8").to_owned();
    provider.server.tieline(&["backup", &text(&backup)]).done();
    crate::world::tieline(&["restore", &text(&backup), "--data", &text(&data), "--master-key", &text(&key)]).done();
    let flags = ["--master-key", &text(&key), "--public-url", "http://tieline.example"];
    let restored = Provider { server: provider.server.beside(&data, &flags), client: provider.client.clone() };
    assert_eq!(restored.published(), provider.published());
    assert!(restored.active(&token) && restored.active(&restored.token()));
}
