//! Reading email addresses and passwords as people send them.

#![allow(clippy::unwrap_used)]

use domain::NewAccount;
use intake::{Faults, Fields, read_email, read_new_account, read_password};
use serde_json::{Value, json};

fn account(email: &str, password: &str) -> Result<NewAccount, Vec<String>> {
    let body = json!({"email": email, "password": password, "name": " Ana ", "role": "customer"});
    read_new_account(&body).map_err(|faults| {
        let faults = faults.into_vec().into_iter();
        faults.map(|fault| fault.pointer).collect()
    })
}

#[test]
fn an_address_is_trimmed_and_in_lower_case() {
    let read = account(" Ana@Example.com\n", "Parcel-2030").unwrap();
    assert_eq!(
        (read.email.as_str(), read.name.as_str()),
        ("ana@example.com", "Ana")
    );
}

#[test]
fn what_is_more_or_less_than_an_address_is_refused() {
    for email in [
        "Ana <ana@example.com>",
        "<ana@example.com>",
        "\"Ana\" <ana@example.com>",
        "ana@localhost",
        "ana@example",
        "ana@[192.0.2.1]",
        "ana@[IPv6:2001:db8::1]",
        "mailto:ana@example.com",
        "ana@192.0.2.1",
        "\"ana maria\"@example.com",
        "ana@example.com, ben@example.com",
        "ana",
    ] {
        let found = account(email, "Parcel-2030").err();
        assert_eq!(found, Some(vec!["#/email".to_owned()]), "{email}");
    }
}

#[test]
fn a_password_is_the_same_however_a_keyboard_writes_it() {
    let composed = account("ana@example.com", "Càrrega-2030").unwrap().password;
    for written in ["Ca\u{300}rrega-2030", "Càrrega-２０３０"] {
        assert_eq!(
            account("ana@example.com", written).unwrap().password,
            composed
        );
        let body: Value = json!({"email": "ana@example.com", "password": written});
        let faults = Faults::new();
        let fields = Fields::of_body(&body, &faults);
        assert_eq!(read_password(&fields), Some(composed.clone()));
        assert!(read_email(&fields).is_some() && faults.is_empty());
    }
    // The spaces around a password are no mistake that is mended silently. U+FDFA is 18 characters in NFKC.
    for refused in [
        " Parcel-2030",
        "Parcel-2030\u{a0}",
        &format!("Parcel-2030{}", "\u{fdfa}".repeat(20)),
    ] {
        assert_eq!(
            account("ana@example.com", refused).err(),
            Some(vec!["#/password".to_owned()])
        );
    }
}

#[test]
fn a_name_that_nobody_sees_is_refused() {
    let body = json!({
        "email": "ana@example.com", "password": "Parcel-2030", "name": "\u{200b}\u{2060}", "role": "customer",
    });
    let faults = read_new_account(&body).err().unwrap().into_vec();
    assert_eq!(faults[0].pointer, "#/name");
    assert!(faults[0].detail.contains("seen"), "{}", faults[0].detail);
}
