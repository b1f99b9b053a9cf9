//! Which passwords may be chosen. Length is all that is asked for: rules about kinds of characters make passwords that are
//! guessed as easily and remembered less (NIST SP 800-63B, 3.1.1.2 and appendix A).

/// The fewest characters: beyond what can be tried at the pace at which signing in is answered, and what is tried first.
pub const SHORTEST: usize = 12;
/// The most characters: enough for any sentence (NIST asks for 64 at least), and bounded work for the hash.
const LONGEST: usize = 200;

/// Why a password may not be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PasswordError(pub String);

/// Checks a password that is chosen for the account of a name.
///
/// # Errors
/// Names the broken rule.
pub fn check(password: &str, name: &str) -> Result<(), PasswordError> {
    let wrong = |rule: String| Err(PasswordError(rule));
    let length = password.chars().count();
    if length < SHORTEST {
        return wrong(format!("a password has at least {SHORTEST} characters"));
    }
    if length > LONGEST {
        return wrong(format!("a password has at most {LONGEST} characters"));
    }
    if password.trim().eq_ignore_ascii_case(name) {
        return wrong("a password is another than the name".to_owned());
    }
    let mut characters = password.chars();
    let first = characters.next();
    if characters.all(|character| Some(character) == first) {
        return wrong("a password is more than one character again and again".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords() {
        for (password, expect) in [
            ("correct horse", true),
            ("twelve chars", true),
            ("eleven char", false),
            ("ααααααααααα", false),
            ("αβαβαβαβαβαβ", true),
            ("aaaaaaaaaaaaaaaa", false),
            ("anna@example.com", false),
            (" Anna@Example.com ", false),
            ("anna@example.com!", true),
        ] {
            assert_eq!(check(password, "anna@example.com").is_ok(), expect, "{password}");
        }
        assert_eq!((check(&"ab".repeat(100), "a"), check(&"ab".repeat(101), "a").is_ok()), (Ok(()), false));
    }
}
