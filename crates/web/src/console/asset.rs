//! Style, script and pictures, in the binary, under names that hold the hash of their content: a browser keeps them for ever
//! and asks for another name when they change.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use crate::App;

/// The folder of assets.
#[derive(RustEmbed)]
#[folder = "assets/"]
struct Folder;

struct Asset {
    kind: &'static str,
    content: std::borrow::Cow<'static, [u8]>,
}

/// Assets by the name with the hash, and these names by the plain ones.
struct Assets {
    content: BTreeMap<String, Asset>,
    names: BTreeMap<String, String>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let mut assets = Assets { content: BTreeMap::new(), names: BTreeMap::new() };
    for name in Folder::iter() {
        let Some(file) = Folder::get(&name) else { continue };
        let hash = file.metadata.sha256_hash().iter().take(6).map(|byte| format!("{byte:02x}")).collect::<String>();
        let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
        let hashed = format!("{stem}.{hash}.{ending}");
        assets.names.insert(name.to_string(), format!("/assets/{hashed}"));
        assets.content.insert(hashed, Asset { kind: kind(ending), content: file.data });
    }
    assets
});

/// The address of an asset, for templates.
pub(super) fn address(name: &str) -> &'static str {
    ASSETS.names.get(name).map_or("", String::as_str)
}

pub(super) fn router() -> Router<App> {
    Router::new().route("/assets/{name}", get(asset))
}

async fn asset(Path(name): Path<String>) -> Response {
    let Some(asset) = ASSETS.content.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, asset.content.clone()).into_response()
}

fn kind(ending: &str) -> &'static str {
    match ending {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_has_an_address_that_leads_to_it() {
        for name in ["console.css", "console.js", "icon.svg"] {
            let address = address(name);
            let found = &ASSETS.content[address.strip_prefix("/assets/").unwrap()];
            assert_ne!(found.kind, "application/octet-stream", "{name}");
            assert!(!found.content.is_empty());
        }
        assert_eq!(address("nothing"), "");
    }
}
