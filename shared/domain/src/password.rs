//! What a password must be. The user pool holds everybody to the same rules; having them here too tells a
//! person all of them at once, and before anybody has looked whether there is such an account.

use crate::fields::Fields;
use crate::user::LONGEST_PASSWORD;

/// The user pool's rules, as `UserPool` in `template.yaml` has them. A test compares the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordRules {
    /// Characters at least.
    pub minimum_length: usize,
    /// At least one of a to z.
    pub lowercase: bool,
    /// At least one of A to Z.
    pub uppercase: bool,
    /// At least one of 0 to 9.
    pub numbers: bool,
    /// At least one of the punctuation marks that Cognito counts.
    pub symbols: bool,
}

/// The rules of this backend's user pool.
pub const RULES: PasswordRules = PasswordRules {
    minimum_length: 10,
    lowercase: true,
    uppercase: true,
    numbers: true,
    symbols: false,
};

/// What a refusal says: every rule, whichever of them was broken.
pub const ALL_RULES: &str = "must have at least 10 characters, with upper case (A to Z), lower case (a to z) and digits, \
     and neither begin nor end with a space";

impl PasswordRules {
    /// Whether a password keeps all of them.
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

/// Reads a required new password, and notes all rules as the one fault where it breaks any.
pub fn read_new_password(fields: &Fields<'_>, name: &'static str) -> Option<String> {
    let password = fields.required_text(name, LONGEST_PASSWORD)?;
    if RULES.allow(password) {
        return Some(password.to_owned());
    }
    fields.fault(name, ALL_RULES);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_keeps_every_rule_or_is_refused() {
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
    fn the_rules_are_those_of_the_user_pool_in_the_template() {
        let template = include_str!("../../../template.yaml");
        let (_, policy) = template.split_once("PasswordPolicy:\n").unwrap();
        let said = |name: &str| {
            let line = policy.lines().take(6).find(|line| line.contains(name));
            line.unwrap().split_once(": ").unwrap().1.trim()
        };
        assert_eq!(said("MinimumLength"), RULES.minimum_length.to_string());
        assert_eq!(said("RequireLowercase"), RULES.lowercase.to_string());
        assert_eq!(said("RequireUppercase"), RULES.uppercase.to_string());
        assert_eq!(said("RequireNumbers"), RULES.numbers.to_string());
        assert_eq!(said("RequireSymbols"), RULES.symbols.to_string());
    }

    #[test]
    fn the_words_name_every_rule() {
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
