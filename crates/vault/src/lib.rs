//! Keys and plaintext secrets: sealing against a context, signing, opaque tokens, hashes of passwords, the encrypted cache,
//! files only their owner reads.
//!
//! The vault knows no tables and no HTTP: it is handed bytes, contexts and paths, and gives back bytes and secrets.

mod aead;
pub mod cache;
pub mod key;
pub mod keyring;
pub mod password;
pub mod private_file;
pub mod public_key;
pub mod seal;
pub mod signing;
pub mod system;
pub mod token;
