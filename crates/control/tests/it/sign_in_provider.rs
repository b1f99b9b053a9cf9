//! Signing in by an identity provider: what an answer must be, what an ID token must say, and whose account it opens.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tieline_control::{
    Control, Error, InvitationLink, PageQuery, ProviderAnswer, SignInProvider, SignInWish, SignedIn,
};
use tieline_core::identity_provider::Fault;
use tieline_core::model::{Role, SigningAlgorithm};
use tieline_core::secret::{Digest, Secret};
use tieline_core::wire::access::AuditQuery;
use tieline_core::wire::tenancy::OrganizationCreate;
use tieline_core::wire::user::{InstallationUserUpdate, MemberState, OwnTokenCreate, UserInvite};
use tieline_store::user::User;
use tieline_vault::signing::SigningKey;

use crate::identity_provider::fake::ISSUER;
use crate::world::{ACME, World, refused};

const BACK: &str = "https://tieline.example/sign-in/callback";
const EMAIL: &str = "anna@acme.example";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// An installation whose people sign in by the provider of its world.
struct House {
    world: World,
    control: Control,
    key: SigningKey,
}

/// What a browser has while somebody is at the provider.
struct Asked {
    kept: Secret,
    question: HashMap<String, String>,
}

impl House {
    async fn of(world: World) -> Self {
        let (key, _) = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        let house = Self { control: world.server_with_sign_in(settings(ISSUER)).await, world, key };
        house.publish(&house.key);
        house
    }

    async fn all() -> Vec<Self> {
        let mut houses = Vec::new();
        for world in World::all().await {
            houses.push(Self::of(world).await);
        }
        houses
    }

    async fn sqlite() -> Self {
        Self::of(World::sqlite().await).await
    }

    fn publish(&self, key: &SigningKey) {
        let jwk: Value = serde_json::from_str(key.jwk()).unwrap();
        self.world.provider.state().keys = json!({ "keys": [jwk] });
    }

    async fn begin(&self) -> Asked {
        self.begin_with(None).await
    }

    async fn begin_with(&self, invitation: Option<&Secret>) -> Asked {
        let question = self.control.sign_in_begin(SignInWish { invitation, ..wish() }).await.unwrap();
        let (endpoint, query) = question.url.split_once('?').unwrap();
        assert_eq!(endpoint, format!("{ISSUER}/auth"));
        let question_of = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Asked { kept: question.attempt, question: question_of }
    }

    /// What the provider says of Anna in answer to a question.
    fn claims(&self, asked: &Asked) -> Value {
        let now = self.world.at().as_second();
        json!({
            "iss": ISSUER, "sub": "7", "aud": "tieline", "exp": now + 300, "iat": now, "nonce": asked.question["nonce"],
            "email": EMAIL, "email_verified": true,
        })
    }

    fn sign(&self, claims: &Value) -> String {
        self.key.sign(claims.to_string().as_bytes()).unwrap()
    }

    async fn complete(&self, asked: &Asked, token: String) -> Result<SignedIn, Error> {
        self.world.provider.state().tokens = json!({ "id_token": token, "access_token": "canary-access" });
        self.control.sign_in_complete(BACK, Some(&asked.kept), asked.answer(), ADDRESS).await
    }

    /// Signs in with what the provider says of Anna, but for this.
    async fn sign_in(&self, other: &Value) -> Result<SignedIn, Error> {
        let asked = self.begin().await;
        let mut claims = self.claims(&asked);
        for (name, value) in other.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let token = self.sign(&claims);
        self.complete(&asked, token).await
    }

    async fn invite(&self, name: &str) -> InvitationLink {
        let request = UserInvite { name: name.to_owned(), role: Role::Viewer, project: None };
        self.control.user_invite(&self.world.admin, ACME, request).await.unwrap()
    }

    /// Invites somebody into another organization.
    async fn invite_to(&self, organization: &str, name: &str) -> InvitationLink {
        let request = OrganizationCreate { handle: organization.to_owned() };
        self.world.control.organization_create(&self.world.admin, request).await.unwrap();
        let admin = self.world.admin_again().await;
        let request = UserInvite { name: name.to_owned(), role: Role::Viewer, project: None };
        self.control.user_invite(&admin, organization, request).await.unwrap()
    }

    async fn account(&self, name: &str) -> User {
        self.world.store.read().await.unwrap().user_by_name(name).await.unwrap().unwrap()
    }

    /// How often the provider was asked for anything by what happens.
    async fn asks<T>(&self, what: impl Future<Output = T>) -> (usize, T) {
        let before = self.world.provider.state().asked;
        let done = what.await;
        (self.world.provider.state().asked - before, done)
    }
}

impl Asked {
    fn answer(&self) -> ProviderAnswer {
        ProviderAnswer {
            code: Some(Secret::new("canary-code")),
            state: Some(Secret::new(&*self.question["state"])),
            ..ProviderAnswer::default()
        }
    }
}

fn wish() -> SignInWish<'static> {
    SignInWish { redirect_uri: BACK, next: "/organizations/acme", ..SignInWish::default() }
}

fn settings(issuer: &str) -> SignInProvider {
    SignInProvider {
        issuer: issuer.to_owned(),
        client_id: "tieline".to_owned(),
        client_secret: Secret::new("s: +"),
        name: "Acme".to_owned(),
    }
}

#[tokio::test]
async fn whoever_was_invited_signs_in_and_stays_who_they_are() {
    for house in House::all().await {
        let database = house.world.database;
        house.invite("Anna@acme.example").await;
        let done = house.sign_in(&json!({ "email": "ANNA@acme.example" })).await.unwrap();
        assert_eq!(done.next, "/organizations/acme", "{database}");
        let anna = house.control.session_visit(&done.session).await.unwrap();
        assert_eq!(anna.label(), "user:anna@acme.example", "{database}");
        let organizations = house.control.organization_list(&anna).await.unwrap();
        assert_eq!(organizations.len(), 1, "the invitation is accepted, on {database}");
        // Nor can anybody get into the account by a password from then on.
        let reset = house.control.user_reset(&house.world.admin, ACME, EMAIL).await;
        assert_eq!(refused(reset).code, "user_of_provider", "{database}");
        let reset = house.control.installation_user_reset(&house.world.admin, EMAIL).await;
        assert_eq!(refused(reset).code, "user_of_provider", "{database}");
        let accounts = house.control.installation_user_list(&house.world.admin, &PageQuery::default()).await.unwrap();
        let account = accounts.items.iter().find(|account| account.name == EMAIL).unwrap();
        assert_eq!(account.issuer.as_deref(), Some(ISSUER), "{database}");
        // The address is looked at once: from then on it is the subject that counts.
        let other = json!({ "email": "somebody@acme.example", "email_verified": false });
        let done = house.sign_in(&other).await.unwrap();
        let again = house.control.session_visit(&done.session).await.unwrap();
        assert_eq!(again.label(), anna.label(), "{database}");
        // Whoever is given the address later is somebody else, until an administrator says that they are the same.
        let refusal = refused(house.sign_in(&json!({ "sub": "8" })).await);
        assert_eq!(refusal.code, "sign_in_account_taken", "{database}");
        let unlink = InstallationUserUpdate { unlink: true, ..Default::default() };
        let admin = &house.world.admin;
        let view = house.control.installation_user_update(admin, EMAIL, unlink).await.unwrap();
        assert_eq!((view.issuer, view.state), (None, MemberState::Invited), "{database}");
        let ended = house.control.session_visit(&done.session).await;
        assert_eq!(refused(ended).code, "unauthenticated", "{database}");
        house.sign_in(&json!({ "sub": "8" })).await.unwrap();
        let refusal = refused(house.sign_in(&json!({})).await);
        assert_eq!(refusal.code, "sign_in_account_taken", "{database}");
    }
}

#[tokio::test]
async fn the_question_and_the_exchange_are_as_the_specifications_say() {
    let house = House::sqlite().await;
    house.invite(EMAIL).await;
    let asked = house.begin().await;
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "tieline"),
        ("redirect_uri", BACK),
        ("scope", "openid email profile"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(asked.question[name], value);
    }
    assert!(!asked.question.contains_key("prompt"));
    let anew = house.control.sign_in_begin(SignInWish { anew: true, ..wish() }).await.unwrap();
    assert!(anew.url.ends_with("&prompt=login"), "{}", anew.url);
    let derived = ["state", "nonce", "code_challenge"].map(|name| &asked.question[name]);
    assert!(derived.iter().all(|text| text.len() == 43 && !asked.kept.expose().contains(text.as_str())));
    let token = house.sign(&house.claims(&asked));
    house.complete(&asked, token).await.unwrap();
    let mut document = house.world.provider.state().metadata.clone();
    document["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    document["authorization_endpoint"] = json!(format!("{ISSUER}/auth?tenant=a"));
    house.world.provider.state().metadata = document;
    house.world.pass(SECOND * 3600);
    let asked = house.begin().await;
    assert_eq!(asked.question["tenant"], "a");
    let token = house.sign(&house.claims(&asked));
    house.complete(&asked, token).await.unwrap();

    let exchanged = house.world.provider.state().exchanged.clone();
    let fields =
        |at: usize| -> HashMap<_, _> { form_urlencoded::parse(exchanged[at].1.as_bytes()).into_owned().collect() };
    // tieline:s%3A+%2B
    assert_eq!(exchanged[0].0.as_deref(), Some("Basic dGllbGluZTpzJTNBKyUyQg=="));
    assert!(!exchanged[0].1.contains("client_secret"));
    assert_eq!((&exchanged[1].0, fields(1)["client_secret"].as_str()), (&None, "s: +"));
    let form = fields(1);
    for (name, value) in [("grant_type", "authorization_code"), ("code", "canary-code"), ("redirect_uri", BACK)] {
        assert_eq!(form[name], value);
    }
    assert_eq!(Digest::of(&form["code_verifier"]).to_string(), asked.question["code_challenge"]);
}

#[tokio::test]
async fn a_token_that_is_not_the_answer_lets_nobody_in() {
    let house = House::sqlite().await;
    house.invite(EMAIL).await;
    let now = house.world.at().as_second();
    for other in [
        json!({ "nonce": "another" }),
        json!({ "aud": "another" }),
        json!({ "iss": "https://evil.example" }),
        json!({ "exp": now - 60 }),
        json!({ "iat": now + 61 }),
    ] {
        assert_eq!(refused(house.sign_in(&other).await).code, "sign_in_unconfirmed", "{other}");
    }
    let asked = house.begin().await;
    let claims = house.claims(&asked);
    let none = URL_SAFE_NO_PAD.encode(json!({ "alg": "none", "kid": house.key.kid() }).to_string());
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let (forger, _) = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let forged = forger.sign(house.claims(&asked).to_string().as_bytes()).unwrap();
    let (_, signature) = forged.rsplit_once('.').unwrap();
    let good = house.sign(&house.claims(&asked));
    let (message, _) = good.rsplit_once('.').unwrap();
    for token in [format!("{none}.{claims}."), format!("{message}.{signature}"), forged.clone(), String::new()] {
        assert_eq!(refused(house.complete(&asked, token.clone()).await).code, "sign_in_unconfirmed", "{token}");
    }
    assert!(house.complete(&asked, good.clone()).await.is_ok(), "the same, signed by the provider");
}

#[tokio::test]
async fn keys_are_asked_for_again_when_one_is_unknown_and_not_too_often() {
    let mut house = House::sqlite().await;
    house.invite(EMAIL).await;
    house.sign_in(&json!({})).await.unwrap();
    (house.key, _) = SigningKey::generate(SigningAlgorithm::Rs256).unwrap();
    let (asked, refusal) = house.asks(house.sign_in(&json!({}))).await;
    assert_eq!(
        (asked, refused(refusal).code),
        (1, "sign_in_unconfirmed"),
        "the code is exchanged, and nothing else asked"
    );
    house.world.pass(SECOND * 10);
    house.publish(&house.key);
    let (asked, done) = house.asks(house.sign_in(&json!({}))).await;
    assert_eq!((asked, done.is_ok()), (3, true), "metadata and keys are asked for once more");
    assert_eq!(house.asks(house.sign_in(&json!({}))).await.0, 1, "and are known from then on");
}

#[tokio::test]
async fn an_answer_is_to_the_question_of_its_browser() {
    let house = House::sqlite().await;
    house.invite(EMAIL).await;
    let (mine, other) = (house.begin().await, house.begin().await);
    let complete = async |kept: Option<&Secret>, answer: ProviderAnswer| {
        let token = house.sign(&house.claims(&mine));
        house.world.provider.state().tokens = json!({ "id_token": token });
        house.control.sign_in_complete(BACK, kept, answer, ADDRESS).await
    };
    let mut cut = mine.kept.expose().to_owned();
    cut.pop();
    let stranger = house.world.server_with_sign_in(settings("https://id.example/other")).await;
    let named = |issuer: &str| ProviderAnswer { iss: Some(issuer.to_owned()), ..mine.answer() };
    for (kept, answer) in [
        (None, mine.answer()),
        (Some(&other.kept), mine.answer()),
        (Some(&mine.kept), other.answer()),
        (Some(&mine.kept), ProviderAnswer { state: None, ..mine.answer() }),
        (Some(&Secret::new(cut)), mine.answer()),
        (Some(&Secret::new("")), mine.answer()),
        (Some(&mine.kept), named("https://evil.example")),
    ] {
        assert_eq!(refused(complete(kept, answer).await).code, "sign_in_attempt_invalid");
    }
    let refusal = refused(stranger.sign_in_complete(BACK, Some(&mine.kept), mine.answer(), ADDRESS).await);
    assert_eq!(refusal.code, "sign_in_attempt_invalid", "an attempt at one provider is none at another");
    let said_no = ProviderAnswer {
        code: None,
        error: Some("access_denied".to_owned()),
        error_description: Some("not `today`\n".to_owned()),
        ..mine.answer()
    };
    let refusal = refused(complete(Some(&mine.kept), said_no).await);
    assert_eq!(refusal.message, "Acme did not sign you in: access_denied: not today");
    assert!(complete(Some(&mine.kept), named(ISSUER)).await.is_ok());

    house.world.pass(SECOND * 599);
    assert!(complete(Some(&mine.kept), mine.answer()).await.is_ok());
    house.world.pass(SECOND);
    assert_eq!(refused(complete(Some(&mine.kept), mine.answer()).await).code, "sign_in_attempt_invalid");

    let names_itself = json!(true);
    house.world.provider.state().metadata["authorization_response_iss_parameter_supported"] = names_itself;
    house.world.pass(SECOND * 3600);
    let asked = house.begin().await;
    let token = house.sign(&house.claims(&asked));
    let refusal = refused(house.complete(&asked, token).await);
    assert_eq!(refusal.code, "sign_in_attempt_invalid", "it says who it is in each answer, and did not in this");
}

#[tokio::test]
async fn a_provider_that_is_away_is_asked_again_after_a_while() {
    let house = House::sqlite().await;
    house.world.provider.state().fault = Some(Fault::Away("canary-cause".to_owned()));
    for asks in [1, 0] {
        let (asked, question) = house.asks(house.control.sign_in_begin(wish())).await;
        let refusal = refused(question);
        assert_eq!((asked, refusal.code), (asks, "sign_in_provider_unavailable"));
        assert!(!refusal.message.contains("canary"), "why is for the log: {refusal:?}");
    }
    house.world.provider.state().fault = None;
    house.world.pass(SECOND * 10);
    assert!(house.control.sign_in_begin(wish()).await.is_ok());
    assert_eq!(house.asks(house.control.sign_in_begin(wish())).await.0, 0);
    for (name, value) in [("issuer", json!("https://evil.example")), ("jwks_uri", Value::Null)] {
        let good = house.world.provider.state().metadata.clone();
        house.world.provider.state().metadata[name] = value;
        house.world.pass(SECOND * 3600);
        let refusal = refused(house.control.sign_in_begin(wish()).await);
        assert_eq!(refusal.code, "sign_in_provider_unavailable", "{name}");
        house.world.provider.state().metadata = good;
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_takes_no_more_than_its_share() {
    let house = House::sqlite().await;
    let (held, release) = (std::sync::mpsc::channel(), std::sync::mpsc::channel::<()>());
    let provider = house.world.provider.clone();
    let silent = std::thread::spawn(move || {
        let _nobody_is_answered = provider.state();
        held.0.send(()).unwrap();
        release.1.recv().unwrap();
    });
    held.1.recv().unwrap();
    let waiting = futures_util::future::join_all((0..32).map(|_| house.control.sign_in_begin(wish())));
    let mut waiting = std::pin::pin!(waiting);
    let refusal = tokio::select! {
        biased;
        _ = &mut waiting => panic!("the provider did not answer yet"),
        question = house.control.sign_in_begin(wish()) => refused(question),
    };
    assert_eq!(refusal.code, "sign_in_busy");
    release.0.send(()).unwrap();
    silent.join().unwrap();
    assert!(waiting.await.iter().all(Result::is_ok), "who waited is sent there");
    assert!(house.control.sign_in_begin(wish()).await.is_ok());
}

#[tokio::test]
async fn a_network_asks_the_provider_at_a_pace() {
    let house = House::sqlite().await;
    let asked = house.begin().await;
    let from = async |address: IpAddr| {
        refused(house.control.sign_in_complete(BACK, Some(&asked.kept), asked.answer(), address).await).code
    };
    for _ in 0..50 {
        assert_eq!(from(ADDRESS).await, "sign_in_unconfirmed");
    }
    assert_eq!(from(ADDRESS).await, "sign_in_busy");
    assert_eq!(from("2001:db8::1".parse().unwrap()).await, "sign_in_unconfirmed", "others are not held back");
}

#[tokio::test]
async fn only_whom_somebody_invited_and_the_provider_vouches_for_is_let_in() {
    for house in House::all().await {
        let database = house.world.database;
        let says = async |email: Value, verified: Value| {
            refused(house.sign_in(&json!({ "email": email, "email_verified": verified })).await).code
        };
        assert_eq!(says(json!(EMAIL), json!(true)).await, "sign_in_uninvited", "{database}");
        assert_eq!(says(json!(EMAIL), json!(false)).await, "sign_in_email_unverified", "{database}");
        house.invite(EMAIL).await;
        house.invite("anna").await;
        for (email, verified, expect) in [
            (json!(EMAIL), json!(false), "sign_in_email_unverified"),
            (json!(EMAIL), json!("true"), "sign_in_email_unverified"),
            (json!(EMAIL), Value::Null, "sign_in_email_unverified"),
            (json!("anna"), json!(true), "sign_in_uninvited"),
            (json!("other@acme.example"), json!(true), "sign_in_uninvited"),
            (Value::Null, json!(true), "sign_in_uninvited"),
        ] {
            assert_eq!(says(email.clone(), verified.clone()).await, expect, "{email} {verified} on {database}");
        }
        assert!(house.account(EMAIL).await.identity.is_none(), "{database}");

        // What the ID token leaves out is asked for, and believed of the same person alone.
        for (person, good) in [
            (json!({ "sub": "8", "email": EMAIL, "email_verified": true }), false),
            (json!({ "sub": "7", "email": EMAIL, "email_verified": true }), true),
        ] {
            house.world.provider.state().person = person;
            assert_eq!(house.sign_in(&json!({ "email": null })).await.is_ok(), good, "{database}");
        }
        let (asked, _) = house.asks(house.sign_in(&json!({ "email": null }))).await;
        assert_eq!(asked, 1, "whoever is known is not asked about, on {database}");
        house.invite_to("other", EMAIL).await;
        let done = house.sign_in(&json!({ "email": null })).await.unwrap();
        let visitor = house.control.session_visit(&done.session).await.unwrap();
        let organizations = house.control.organization_list(&visitor).await.unwrap().len();
        assert_eq!(organizations, 2, "unless they are invited to more, on {database}");
    }
}

#[tokio::test]
async fn whoever_had_the_account_of_an_address_before_is_left_with_nothing() {
    for house in House::all().await {
        let (database, control) = (house.world.database, &house.control);
        let password = Secret::new("correct horse battery");
        // Somebody who was given the address joins under a name that is not theirs.
        let link = house.invite(EMAIL).await;
        let theirs = control.invitation_accept(&link.secret, None, Some(&password)).await.unwrap().unwrap();
        let reset = control.user_reset(&house.world.admin, ACME, EMAIL).await.unwrap();
        let visitor = control.session_visit(&theirs).await.unwrap();
        let request = OwnTokenCreate { name: "kept".to_owned(), expires_in_seconds: None };
        let (_, token) = control.own_token_create(&visitor, request).await.unwrap();
        assert!(control.authenticate(&token).await.is_ok());
        house.invite_to("other", EMAIL).await;
        let anna = house.sign_in(&json!({})).await.unwrap();
        let organizations = async |session: &Secret| {
            let visitor = control.session_visit(session).await?;
            control.organization_list(&visitor).await.map(|list| list.len())
        };
        assert_eq!(organizations(&anna.session).await.unwrap(), 2, "{database}");
        assert_eq!(refused(organizations(&theirs).await).code, "unauthenticated", "{database}");
        assert_eq!(refused(control.authenticate(&token).await).code, "unauthenticated", "{database}");
        let address = "192.0.2.1".parse().unwrap();
        let again = control.sign_in_with_password(EMAIL, &password, address).await;
        assert_eq!(refused(again).code, "sign_in_refused", "{database}");
        let again = control.invitation_accept(&reset.secret, None, Some(&password)).await;
        assert_eq!(refused(again).code, "invitation_invalid", "{database}");
    }
}

#[tokio::test]
async fn invitations_are_accepted_with_each_sign_in_while_they_count() {
    for house in House::all().await {
        let (database, control) = (house.world.database, &house.control);
        let admin = &house.world.admin;
        let request = || UserInvite { name: EMAIL.to_owned(), role: Role::InstallationAdmin, project: None };
        control.installation_user_invite(admin, request()).await.unwrap();
        let may = async |house: &House| {
            let session = house.sign_in(&json!({})).await.unwrap().session;
            let visitor = control.session_visit(&session).await.unwrap();
            let list = control.organization_list(&visitor).await.unwrap().len();
            (control.installation_user_list(&visitor, &PageQuery::default()).await.is_ok(), list)
        };
        assert_eq!(may(&house).await, (true, 0), "{database}");
        house.invite(EMAIL).await;
        assert_eq!(may(&house).await, (true, 1), "{database}");
        let link = house.invite_to("other", EMAIL).await;
        house.world.pass(SECOND * 7 * 24 * 3600);
        assert_eq!(may(&house).await, (true, 1), "its time has passed, on {database}");
        assert_eq!(refused(control.invitation_view(&link.secret, None).await).code, "invitation_invalid", "{database}");

        let out = InstallationUserUpdate { disabled: Some(true), ..Default::default() };
        control.installation_user_update(admin, EMAIL, out).await.unwrap();
        assert_eq!(refused(house.sign_in(&json!({})).await).code, "sign_in_account_disabled", "{database}");
    }
}

#[tokio::test]
async fn whom_the_provider_signed_in_and_who_is_not_let_in_is_in_the_audit() {
    for house in House::all().await {
        let (database, control, admin) = (house.world.database, &house.control, &house.world.admin);
        let gone = "gone@acme.example";
        for name in [EMAIL, gone] {
            house.invite(name).await;
        }
        house.sign_in(&json!({})).await.unwrap();
        let out = InstallationUserUpdate { disabled: Some(true), ..Default::default() };
        control.installation_user_update(admin, gone, out).await.unwrap();
        for other in [
            json!({ "sub": "8" }),
            json!({ "sub": "9", "email": gone }),
            json!({ "sub": "10", "email": "new@acme.example" }),
            json!({ "sub": "10", "email": "new@acme.example" }),
            json!({ "sub": "11", "email_verified": false }),
        ] {
            refused(house.sign_in(&other).await);
        }
        let asked = house.begin().await;
        refused(house.complete(&asked, "no token".to_owned()).await);
        control.failures_record(true).await.unwrap();
        let query = AuditQuery { action: Some("sign_in".to_owned()), ..AuditQuery::default() };
        let page = control.installation_audit_list(admin, &query).await.unwrap();
        let failed = page.items.iter().filter(|entry| entry.actor == "address:192.0.2.1");
        let mut failed: Vec<_> = failed
            .map(|entry| (entry.result.as_str(), entry.object.as_str(), entry.detail["times"].as_u64().unwrap()))
            .collect();
        failed.sort_unstable();
        let expect = [
            ("sign_in_account_disabled", gone, 1),
            ("sign_in_account_taken", EMAIL, 1),
            ("sign_in_email_unverified", EMAIL, 1),
            ("sign_in_uninvited", "new@acme.example", 2),
        ];
        assert_eq!(failed, expect, "{database}");
    }
}

#[tokio::test]
async fn whoever_joins_by_an_address_needs_no_verified_one() {
    for house in House::all().await {
        let (database, control) = (house.world.database, &house.control);
        let join = async |link: &InvitationLink, other: Value| {
            let asked = house.begin_with(Some(&link.secret)).await;
            let mut claims = house.claims(&asked);
            for (name, value) in other.as_object().unwrap() {
                claims[name] = value.clone();
            }
            let token = house.sign(&claims);
            house.complete(&asked, token).await
        };
        let unverified = |subject: &str| json!({ "sub": subject, "email_verified": null });
        let link = house.invite("anna").await;
        // Whom the provider vouches for is that person, whoever the address was made for.
        assert_eq!(refused(join(&link, json!({})).await).code, "sign_in_uninvited", "{database}");
        let done = join(&link, unverified("7")).await.unwrap();
        let anna = control.session_visit(&done.session).await.unwrap();
        assert_eq!(anna.label(), "user:anna", "{database}");
        assert_eq!(control.organization_list(&anna).await.unwrap().len(), 1, "{database}");
        assert!(house.sign_in(&unverified("7")).await.is_ok(), "and signs in without it, on {database}");
        assert_eq!(refused(join(&link, unverified("8")).await).code, "invitation_invalid", "once, on {database}");
        // An account that somebody can sign in to is nobody else's, whatever address they were given for it.
        let link = house.invite_to("other", "anna").await;
        assert_eq!(refused(join(&link, unverified("8")).await).code, "invitation_sign_in_first", "{database}");
        // Nor does the one who can get by it what another organization means for somebody of that name, but by its own address.
        let organizations = async |done: SignedIn| {
            let visitor = control.session_visit(&done.session).await.unwrap();
            control.organization_list(&visitor).await.unwrap().len()
        };
        assert_eq!(organizations(house.sign_in(&unverified("7")).await.unwrap()).await, 1, "{database}");
        assert_eq!(organizations(join(&link, unverified("7")).await.unwrap()).await, 2, "{database}");
        let link = house.invite("bert").await;
        let password = Secret::new("correct horse battery");
        control.invitation_accept(&link.secret, None, Some(&password)).await.unwrap();
        let reset = control.user_reset(&house.world.admin, ACME, "bert").await.unwrap();
        assert_eq!(refused(join(&reset, unverified("8")).await).code, "invitation_sign_in_first", "{database}");
    }
}
