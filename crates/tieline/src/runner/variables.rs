//! The variables that a command is started with, checked where they come in, never printed.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A snapshot's variables in the clear. Debug output shows names only.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub(crate) struct Variables(BTreeMap<String, String>);

/// Why a map is not a set of environment variables.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VariableError {
    /// The name would not reach the process, or would reach it as another one.
    #[error("{0:?} cannot name an environment variable")]
    Name(String),
    /// The value of this variable holds a NUL character, at which the environment would cut it off.
    #[error("the value of {0} holds a NUL character, which no environment variable can")]
    Nul(String),
}

impl Variables {
    /// Takes variables whose names and values an environment can hold.
    ///
    /// # Errors
    /// The first variable that cannot be one.
    pub(crate) fn new(variables: BTreeMap<String, String>) -> Result<Self, VariableError> {
        for (name, value) in &variables {
            if !tieline_core::name::is_variable_name(name) {
                return Err(VariableError::Name(name.clone()));
            }
            if value.contains('\0') {
                return Err(VariableError::Nul(name.clone()));
            }
        }
        Ok(Self(variables))
    }

    /// Names and values, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl TryFrom<BTreeMap<String, String>> for Variables {
    type Error = VariableError;
    fn try_from(variables: BTreeMap<String, String>) -> Result<Self, VariableError> {
        Self::new(variables)
    }
}

impl From<Variables> for BTreeMap<String, String> {
    fn from(variables: Variables) -> Self {
        variables.0
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> Result<Variables, VariableError> {
        Variables::new(BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn names_and_values_are_checked() {
        assert!(one("A_1", "any\nvalue").is_ok());
        for name in ["", "1A", "A=B", "A B", "Ä", "A\0"] {
            assert_eq!(one(name, ""), Err(VariableError::Name(name.to_owned())));
        }
        assert_eq!(one("A", "canary\0"), Err(VariableError::Nul("A".to_owned())));
    }

    #[test]
    fn values_are_not_printed() {
        let variables = one("A", "canary").expect("a variable");
        assert_eq!(format!("{variables:?}"), "{\"A\"}");
    }
}
