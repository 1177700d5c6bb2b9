//! The rules for passwords. The user pool enforces the same rules, but it names one broken rule at a time. A refusal
//! from here names all rules, and it does not depend on whether the account exists.

/// The longest password, in characters. This is Cognito's limit.
pub const LONGEST_PASSWORD: usize = 256;

/// Rules such as those of a user pool in Cognito.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordRules {
    /// The smallest number of characters.
    pub minimum_length: usize,
    /// At least one of a to z.
    pub lowercase: bool,
    /// At least one of A to Z.
    pub uppercase: bool,
    /// At least one of 0 to 9.
    pub numbers: bool,
    /// At least one of the punctuation marks that Cognito counts as symbols.
    pub symbols: bool,
}

/// The rules of this backend's user pool. A test compares them with the pool's definition.
pub const RULES: PasswordRules = PasswordRules {
    minimum_length: 10,
    lowercase: true,
    uppercase: true,
    numbers: true,
    symbols: false,
};

/// The text of a refusal. It names every rule.
pub const ALL_RULES: &str = "must have at least 10 characters, with upper case (A to Z), lower case (a to z) and \
     digits, and neither begin nor end with a space";

impl PasswordRules {
    /// Whether a password meets all rules. Cognito does not allow white space at its ends.
    pub fn allow(self, password: &str) -> bool {
        let any =
            |wanted: bool, kind: fn(&u8) -> bool| !wanted || password.bytes().any(|b| kind(&b));
        password.chars().count() >= self.minimum_length
            && any(self.lowercase, u8::is_ascii_lowercase)
            && any(self.uppercase, u8::is_ascii_uppercase)
            && any(self.numbers, u8::is_ascii_digit)
            && any(self.symbols, u8::is_ascii_punctuation)
            && !password.starts_with(char::is_whitespace)
            && !password.ends_with(char::is_whitespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_meets_every_rule_or_is_refused() {
        for good in [
            "Parcel2030",
            "Correct-horse-42",
            "Ünterwegs-2030 Ja",
            "aB3       x",
        ] {
            assert!(RULES.allow(good), "{good}");
        }
        for bad in [
            "",
            "Parcel203",
            "parcel-2030",
            "PARCEL-2030",
            "Parcel-Parcel",
            "ÜÄÖ-unterwegs-1",
            " Parcel-2030",
            "Parcel-2030 ",
        ] {
            assert!(!RULES.allow(bad), "{bad}");
        }
    }

    #[test]
    fn a_refusal_names_every_rule() {
        assert!(ALL_RULES.contains(&format!("at least {} characters", RULES.minimum_length)));
        for (wanted, word) in [
            (RULES.lowercase, "lower case"),
            (RULES.uppercase, "upper case"),
            (RULES.numbers, "digits"),
            (RULES.symbols, "symbols"),
        ] {
            assert_eq!(ALL_RULES.contains(word), wanted, "{word}");
        }
    }
}
