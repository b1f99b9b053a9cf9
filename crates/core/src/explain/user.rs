//! Pages of people: inviting, joining, signing in.

/// Codes and pages, sorted by code.
pub(super) const PAGES: &[(&str, &str)] = &[
    (
        "invitation_invalid",
        "Somebody opened an invitation link or a password link that was used already, was withdrawn or replaced by a \
         later one, is older than seven days, or whose account is disabled. Ask whoever gave it for another: `tieline user \
         invite` or `tieline user reset` makes one.",
    ),
    (
        "invitation_sign_in_first",
        "The invitation link was made for a name that has an account already, so a role is accepted by who can sign in with it, and \
         nobody chooses a password for it by being invited. Sign in, and open the link again. Whoever cannot sign in although \
         the account should be theirs asks an administrator of the installation.",
    ),
    (
        "member_exists",
        "The person has a role in this place already, or somebody with more rights invited them to one. `tieline user update` \
         gives another role; a role in one project is another place than the whole organization.",
    ),
    (
        "member_invited",
        "The person has not accepted the role yet. The invitation link that they were given must not come to be worth more than when it \
         was given: invite them anew with the other role, which replaces the link.",
    ),
    (
        "member_last",
        "Nobody else, neither a person nor a live token, administers the organization, and nobody could give anybody a role any \
         more. Give somebody else the role organization-admin first, and wait until they have accepted it.",
    ),
    (
        "member_not_found",
        "Nobody of this name has a role there that you administer. `tieline user list` shows those whom you administer; name the \
         project with --project where the role is limited to one.",
    ),
    (
        "own_token_refused",
        "A token of one's own acts as a person with an account, and whoever asked holds a token of an organization or the installation. \
         Sign in to the console with your name, and make your first own token there; with it, `tieline token create NAME --own` \
         makes others.",
    ),
    (
        "password_invalid",
        "A password has 12 to 200 characters, and is neither the name nor one character again and again. There are no other rules: \
         a few unrelated words work well.",
    ),
    (
        "password_none",
        "Who is signed in has no password to change: the holder of a token, or a person who signs in by a sign-in provider, where \
         their password is changed. An account belongs to its password or to the provider, not to both.",
    ),
    (
        "password_wrong",
        "Whoever changes a password enters the current one, so that nobody does it in a browser that was left open.",
    ),
    (
        "passwords_unreadable",
        "`tieline user password` asks for the current password and twice for the new one on a terminal, and shows none of them. \
         Where there is no terminal it reads two lines from the standard input: the current password, and the new one.",
    ),
    (
        "sign_in_busy",
        "Passwords are looked at a few at a time, because each takes 19 MiB of memory by intention; by a sign-in provider 32 people \
         sign in at a time, because each waits for it. Try again in a few seconds.",
    ),
    (
        "sign_in_refused",
        "The name or the password is wrong, or the account is disabled; which of them is not said to somebody who may be guessing. \
         Whoever forgot their password asks an administrator for a password link: `tieline user reset`.",
    ),
    (
        "sign_in_too_often",
        "Too many wrong passwords were tried for this name, or from this network: from one network ten for a name at once and one \
         in a minute then, and fifty for all names. Others are not held back. Wait, or ask an administrator for a password link.",
    ),
    (
        "user_name_invalid",
        "The name of an account is an e-mail address or a handle: 1 to 254 letters, digits, and . _ + @ -, beginning with a letter \
         or digit. Capitals and small letters are the same.",
    ),
    (
        "user_not_found",
        "The installation has no account of this name. `tieline user list --installation` shows every one.",
    ),
    (
        "user_of_provider",
        "The account belongs to a person at a sign-in provider, and has no password, so that whoever is locked out there has no \
         other way in. Whoever cannot sign in is helped at the provider.",
    ),
    (
        "user_rights_elsewhere",
        "Whoever sets the password of an account can sign in with it. An organization's administrator may do that for members who \
         have no rights in another organization or in the installation; for others an administrator of the installation does: \
         `tieline user reset NAME --installation`.",
    ),
    (
        "user_role_invalid",
        "People are viewer, developer or project-admin of an organization or of one project, organization-admin of an \
         organization, or installation-admin. runner and gateway are roles of tokens. The role installation-admin is given by \
         inviting, because it has to be accepted.",
    ),
];
