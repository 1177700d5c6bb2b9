//! Skills: what an order requires, and what an agent or a vehicle has.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// An order requires at most this many skills.
pub const MOST_REQUIRED: usize = 8;
/// An agent has at most this many skills.
pub const MOST_SKILLS: usize = 20;
/// The longest skill, in characters.
pub const LONGEST_SKILL: usize = 30;

/// The name of a skill, such as `cold` or `cargo-bike`: lower-case letters and digits, with single hyphens between
/// them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Skill(String);

/// Skills, each once, in alphabetical order.
pub type Skills = BTreeSet<Skill>;

impl Skill {
    /// The skill with this name. The case of the letters does not matter. `None` if the text is no name of a skill.
    pub fn named(text: &str) -> Option<Self> {
        let name = text.trim().to_ascii_lowercase();
        let is_word = |word: &str| {
            let mut bytes = word.bytes();
            !word.is_empty() && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        let fits = name.len() <= LONGEST_SKILL && name.split('-').all(is_word);
        fits.then_some(Self(name))
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Skill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_of_a_skill_does_not_matter() {
        for (text, name) in [
            ("cold", "cold"),
            (" Cargo-Bike ", "cargo-bike"),
            ("adr3", "adr3"),
            ("a-1-b", "a-1-b"),
        ] {
            assert_eq!(Skill::named(text).unwrap().name(), name);
        }
    }

    #[test]
    fn other_texts_are_no_skills() {
        let long = "x".repeat(LONGEST_SKILL + 1);
        for text in ["", "-", "cold-", "a--b", "two words", "kühl", "a_b", &long] {
            assert_eq!(Skill::named(text), None, "{text}");
        }
    }
}
