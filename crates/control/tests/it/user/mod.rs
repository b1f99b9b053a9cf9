//! People: who may invite whom, how they join and sign in, what ends their sessions, and what nobody gets by it.

mod invite;
mod own_token;
mod password;
mod rights;

use std::net::IpAddr;

use tieline_control::{Actor, InvitationLink};
use tieline_core::model::Role;
use tieline_core::secret::Secret;
use tieline_core::wire::user::UserInvite;

use crate::world::{World, refused};

const PASSWORD: &str = "correct horse battery";

fn password() -> Secret {
    Secret::new(PASSWORD)
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn asked(name: &str, role: Role, project: Option<&str>) -> UserInvite {
    UserInvite { name: name.to_owned(), role, project: project.map(str::to_owned) }
}

async fn invite(
    world: &World,
    by: &Actor,
    organization: &str,
    name: &str,
    role: Role,
    project: Option<&str>,
) -> InvitationLink {
    world.control.user_invite(by, organization, asked(name, role, project)).await.unwrap()
}

/// Joins by an address for whom nobody chose a password yet; the answer is the session.
async fn join(world: &World, link: &InvitationLink) -> Secret {
    world.control.invitation_accept(&link.secret, None, Some(&password())).await.unwrap().unwrap()
}

/// A member, and their session.
async fn member(world: &World, organization: &str, name: &str, role: Role, project: Option<&str>) -> Secret {
    let admin = world.admin_again().await;
    join(world, &invite(world, &admin, organization, name, role, project).await).await
}

async fn visit(world: &World, session: &Secret) -> Actor {
    world.control.session_visit(session).await.unwrap()
}

/// The code that a session is refused with.
async fn ended(control: &tieline_control::Control, session: &Secret) -> bool {
    match control.session_visit(session).await {
        Ok(_) => false,
        Err(error) => refused::<()>(Err(error)).code == "unauthenticated",
    }
}
