//! The user pool must enforce the rules that a refusal names.

#![allow(clippy::unwrap_used)]

use domain::password::RULES;

#[test]
fn the_rules_are_those_of_the_user_pool() {
    let template = include_str!("../../../template.yaml");
    let (_, policy) = template.split_once("PasswordPolicy:").unwrap();
    let value_of = |name: &str| {
        let (_, value) = policy.split_once(&format!("{name}: ")).unwrap();
        let end = value.find([',', '}', '\n']).unwrap();
        value[..end].trim()
    };
    assert_eq!(value_of("MinimumLength"), RULES.minimum_length.to_string());
    assert_eq!(value_of("RequireLowercase"), RULES.lowercase.to_string());
    assert_eq!(value_of("RequireUppercase"), RULES.uppercase.to_string());
    assert_eq!(value_of("RequireNumbers"), RULES.numbers.to_string());
    assert_eq!(value_of("RequireSymbols"), RULES.symbols.to_string());
}
