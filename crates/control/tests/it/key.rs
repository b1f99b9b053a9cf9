//! Rotation of the master key: whole, and cut short after each of its steps.

use std::path::PathBuf;
use std::sync::Arc;
use tieline_core::wire::access::KeyRotate;

use jiff::Timestamp;
use tieline_control::{Actor, Control, Error, Settings, StartError};
use tieline_core::id::SealedVersionId;
use tieline_core::model::SigningAlgorithm;
use tieline_core::secret::{Sealed, Secret};
use tieline_core::wire::tenancy::OrganizationCreate;
use tieline_store::key::SealedVersion;
use tieline_store::{Location, Store};
use tieline_vault::keyring::Keyring;
use tieline_vault::seal::Sealer;
use tieline_vault::system::{SystemClock, SystemRandomness};
use uuid::Uuid;

use crate::identity_provider::fake::FakeProvider;
use crate::world::{ACME, World};

/// More than two batches of a rotation.
const VALUES: u128 = 450;

/// How a start fails here.
#[derive(Debug)]
struct Failed(#[expect(dead_code, reason = "printed when a test fails")] StartError);

impl From<StartError> for Failed {
    fn from(error: StartError) -> Self {
        Self(error)
    }
}

/// An installation with a key file and [`VALUES`] sealed values.
struct Installation {
    folder: tempfile::TempDir,
    store: Store,
    admin: Actor,
    control: Control,
}

impl Installation {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Location::Sqlite(folder.path().join("tieline.db"))).await.unwrap();
        let file = folder.path().join("master.key");
        Keyring::generate(&SystemRandomness).create(&file, &SystemRandomness).unwrap();
        let mut kept = None;
        let control = open(&store, file.clone(), |token| kept = Some(token.clone())).await;
        let admin = control.authenticate(&kept.unwrap()).await.unwrap();
        control.organization_create(&admin, OrganizationCreate { handle: ACME.to_owned() }).await.unwrap();
        let sealer = Sealer::new(Keyring::read(&file).unwrap(), Arc::new(SystemRandomness));
        let mut transaction = store.write().await.unwrap();
        let organization_id = transaction.organization_by_handle(ACME).await.unwrap().unwrap().id;
        for number in 0..VALUES {
            let (id, context) = (SealedVersionId(Uuid::from_u128(number + 1)), format!("test/{number}"));
            let version = SealedVersion {
                id,
                organization_id,
                sealed: sealer
                    .seal(format!("{organization_id}/{id}/{context}").as_bytes(), &Secret::new(number.to_string()))
                    .unwrap()
                    .into_bytes(),
                context,
                created_at: Timestamp::UNIX_EPOCH,
                revoked_at: None,
            };
            transaction.sealed_insert(&version).await.unwrap();
        }
        transaction.commit().await.unwrap();
        Self { folder, store, admin, control }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("master.key")
    }

    /// Every value opens with the one key in the file, which is the database's.
    async fn is_whole(&self) {
        let keyring = Keyring::read(&self.file()).unwrap();
        assert_eq!(keyring.keys().count(), 1);
        let mut transaction = self.store.read().await.unwrap();
        let installation = transaction.installation().await.unwrap().unwrap();
        assert_eq!(installation.key_fingerprint, keyring.current().fingerprint().to_string());
        let sealer = Sealer::new(keyring, Arc::new(SystemRandomness));
        for number in 0..VALUES {
            let id = SealedVersionId(Uuid::from_u128(number + 1));
            let version = transaction.sealed_by_id(id).await.unwrap().unwrap();
            let opened = sealer.open(&bound(&version), &Sealed::from_bytes(version.sealed)).unwrap();
            assert_eq!(opened.expose(), number.to_string());
        }
    }
}

async fn open(store: &Store, file: PathBuf, keep: impl FnOnce(&Secret)) -> Control {
    let settings = Settings {
        public_url: "http://127.0.0.1:7070".to_owned(),
        gateway_internal_url: "http://127.0.0.1:7071".to_owned(),
        gateway_external_url: "http://127.0.0.1:7072".to_owned(),
        allow_loopback: false,
        listeners: vec![],
        key_file: Some(file.clone()),
        signing_algorithm: SigningAlgorithm::Es256,
        sign_in_provider: None,
    };
    let keyring = Keyring::read(&file).unwrap();
    let keep = |token: &Secret| {
        keep(token);
        Ok::<(), Failed>(())
    };
    let (clock, randomness) = (Arc::new(SystemClock), Arc::new(SystemRandomness));
    let provider = Arc::new(FakeProvider::default());
    Control::open(store.clone(), keyring, clock, randomness, provider, settings, keep).await.unwrap()
}

#[tokio::test]
async fn a_rotation_wraps_everything_anew_and_keeps_the_former_key_apart() {
    let installation = Installation::begin().await;
    let former = std::fs::read_to_string(installation.file()).unwrap();
    for _ in 0..2 {
        let rotated = installation.control.key_rotate(&installation.admin, KeyRotate::default()).await.unwrap();
        assert_eq!(u128::try_from(rotated.resealed).unwrap(), VALUES);
        installation.is_whole().await;
    }
    let fingerprint = former.split(' ').nth(1).unwrap();
    let kept = installation.folder.path().join(format!("master-{fingerprint}.key"));
    assert_eq!(std::fs::read_to_string(kept).unwrap(), former);
}

#[tokio::test]
async fn a_rotation_that_was_cut_short_is_ended_by_the_next_start() {
    for (wrapped_anew, recorded) in [(0, false), (VALUES / 2, false), (VALUES, false), (VALUES, true)] {
        let installation = Installation::begin().await;
        let keyring = Keyring::read(&installation.file()).unwrap().rotate(&SystemRandomness);
        keyring.replace(&installation.file(), &SystemRandomness).unwrap();
        let fingerprint = keyring.current().fingerprint().to_string();
        let sealer = Sealer::new(keyring, Arc::new(SystemRandomness));
        let mut transaction = installation.store.write().await.unwrap();
        for number in 0..wrapped_anew {
            let id = SealedVersionId(Uuid::from_u128(number + 1));
            let version = transaction.sealed_by_id(id).await.unwrap().unwrap();
            let sealed = sealer.reseal(&bound(&version), &Sealed::from_bytes(version.sealed)).unwrap();
            transaction.sealed_rewrap(id, sealed.as_bytes()).await.unwrap();
        }
        if recorded {
            let mut row = transaction.installation().await.unwrap().unwrap();
            row.key_fingerprint = fingerprint;
            transaction.installation_save(&row).await.unwrap();
        }
        transaction.commit().await.unwrap();

        let control = open(&installation.store, installation.file(), |_| panic!("this is no first start")).await;
        control.finish_rotation().await.unwrap();
        if recorded {
            // Nothing needs the former key any more; whoever put it into the file keeps it until the next rotation.
            control.key_rotate(&installation.admin, KeyRotate::default()).await.unwrap();
        }
        installation.is_whole().await;
    }
}

#[tokio::test]
async fn the_keys_that_sign_tokens_are_wrapped_anew() {
    let installation = Installation::begin().await;
    installation.control.signing_key_begin().await.unwrap();
    let published = installation.control.signing_key_list().await.unwrap();
    let rotated = installation.control.key_rotate(&installation.admin, KeyRotate::default()).await.unwrap();
    assert_eq!(u128::try_from(rotated.resealed).unwrap(), VALUES + 1);
    let again = open(&installation.store, installation.file(), |_| panic!("this is no first start")).await;
    assert_eq!(again.signing_key_list().await.unwrap(), published);
}

#[tokio::test]
async fn a_key_from_the_environment_is_not_rotated() {
    let world = World::sqlite().await;
    match world.control.key_rotate(&world.admin, KeyRotate::default()).await {
        Err(Error::Refused(refusal)) => assert_eq!(refusal.code, "key_not_in_file"),
        other => panic!("{other:?}"),
    }
}

/// What a version is authenticated against.
fn bound(version: &SealedVersion) -> Vec<u8> {
    format!("{}/{}/{}", version.organization_id, version.id, version.context).into_bytes()
}
