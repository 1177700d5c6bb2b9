//! The caller, from the claims that the gateway's Cognito authorizer found in the token.

use app::Caller;
use domain::{Role, VariantArray};
use serde_json::Value;

/// The caller of a request; none if the token is no ID token, or if its subject is no user id.
///
/// The authorizer has no scopes, so it takes ID tokens. Cognito's own API does not take them. An access token, which it
/// does take, is of no use here: nobody but the backend should have one.
pub(super) fn of_claims(claims: &Value) -> Option<Caller> {
    if claims.get("token_use")? != "id" {
        return None;
    }
    let user_id = claims.get("sub")?.as_str()?.parse().ok()?;
    let roles = claims.get("cognito:groups").map(roles).unwrap_or_default();
    Some(Caller {
        user_id,
        roles,
        request_id: None,
    })
}

/// The roles that a groups claim grants. The claim arrives as `"a,b"`, `"[a b]"`, `"[a, b]"`, a JSON list, or a JSON
/// list within a string. The form depends on the kind of API and on the emulator. A group that is no role grants
/// nothing.
fn roles(claim: &Value) -> Vec<Role> {
    let names = names(claim);
    Role::VARIANTS
        .iter()
        .copied()
        .filter(|role| names.iter().any(|name| name == role.group()))
        .collect()
}

fn names(claim: &Value) -> Vec<String> {
    match claim {
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        Value::String(text) => names_in(text.trim()),
        _ => Vec::new(),
    }
}

fn names_in(text: &str) -> Vec<String> {
    let inner = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if inner.is_some()
        && let Ok(list @ Value::Array(_)) = serde_json::from_str(text)
    {
        return names(&list);
    }
    inner
        .unwrap_or(text)
        .split([',', ' '])
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const SUB: &str = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11";

    fn granted(groups: Value) -> Vec<Role> {
        let claims = json!({"token_use": "id", "sub": SUB, "cognito:groups": groups});
        of_claims(&claims).unwrap().roles
    }

    #[test]
    fn every_shape_of_the_groups_claim_is_understood() {
        let both = [Role::Customer, Role::Agent];
        for groups in [
            json!(["agent", "customer"]),
            json!("agent,customer"),
            json!("agent, customer"),
            json!("[agent customer]"),
            json!("[agent, customer]"),
            json!(r#"["agent","customer"]"#),
            json!(r#" [ "agent", "customer" ] "#),
        ] {
            assert_eq!(granted(groups.clone()), both, "{groups}");
        }
        for groups in [
            json!("agent"),
            json!("[agent]"),
            json!(["agent"]),
            json!(r#"["agent"]"#),
        ] {
            assert_eq!(granted(groups.clone()), [Role::Agent], "{groups}");
        }
    }

    #[test]
    fn an_unknown_group_grants_nothing() {
        for groups in [
            json!(null),
            json!(""),
            json!("[]"),
            json!(7),
            json!({"agent": true}),
            json!("agents"),
            json!("Agent"),
            json!("admin,superagent"),
            json!("agent-dispatcher"),
            json!(["agent dispatcher"]),
            json!(["agent,dispatcher"]),
            json!(r#"["agent,dispatcher"]"#),
            json!([["agent"]]),
            json!(r#"[["agent"]]"#),
        ] {
            assert_eq!(granted(groups.clone()), [], "{groups}");
        }
        assert_eq!(
            granted(json!("eu-central-1_x_Google,customer")),
            [Role::Customer]
        );
    }

    #[test]
    fn without_claims_or_with_a_strange_subject_there_is_no_caller() {
        for claims in [
            json!(null),
            json!({}),
            json!({"token_use": "id", "cognito:groups": "dispatcher"}),
            json!({"token_use": "id", "sub": "", "cognito:groups": "dispatcher"}),
            json!({"token_use": "id", "sub": "me", "cognito:groups": "dispatcher"}),
            json!({"token_use": "id", "sub": 7}),
        ] {
            assert_eq!(of_claims(&claims), None, "{claims}");
        }
    }

    #[test]
    fn somebody_in_no_group_is_a_caller_without_roles() {
        let caller = of_claims(&json!({"token_use": "id", "sub": SUB})).unwrap();
        assert_eq!(
            (caller.user_id.to_string().as_str(), caller.roles.len()),
            (SUB, 0)
        );
    }

    #[test]
    fn only_an_id_token_names_a_caller() {
        for token_use in [
            json!("access"),
            json!("refresh"),
            json!("ID"),
            json!(null),
            json!(["id"]),
        ] {
            let claims =
                json!({"token_use": token_use, "sub": SUB, "cognito:groups": "dispatcher"});
            assert_eq!(of_claims(&claims), None, "{claims}");
        }
        assert_eq!(
            of_claims(&json!({"sub": SUB})),
            None,
            "a token that does not tell"
        );
    }

    proptest! {
        #[test]
        fn no_text_without_a_role_in_it_grants_one(text in "[\\[\\]\", a-z]{0,40}") {
            let roles = granted(json!(text));
            for role in roles {
                prop_assert!(text.contains(role.group()));
            }
        }

        #[test]
        fn the_shape_makes_no_difference(groups in proptest::collection::vec(
            prop_oneof![Just("customer"), Just("agent"), Just("dispatcher"), Just("staff")], 0..5)
        ) {
            let expected = granted(json!(groups));
            let in_text = serde_json::to_string(&groups).unwrap();
            for shape in [groups.join(","), format!("[{}]", groups.join(" ")), in_text] {
                prop_assert_eq!(granted(json!(shape)), expected.clone());
            }
        }
    }
}
