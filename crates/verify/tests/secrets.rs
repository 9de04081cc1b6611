//! Shared secrets: what is taken for one, and that every way to give one refuses the same.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use doorward_verify::{Key, KeyError, KeySet, key_id};

const SECRET: &str = "a test secret of more than thirty-two bytes";

#[test]
fn a_secret_of_fewer_than_32_bytes_is_refused_however_it_is_given() {
    for length in [0, 1, 16, 31] {
        let short = "x".repeat(length);
        let expected = Some(KeyError::ShortSecret { bytes: length });
        assert_eq!(KeySet::of_secrets([&short]).err(), expected);
        assert_eq!(KeySet::of_secrets([SECRET, &short]).err(), expected, "beside a good one");
        assert_eq!(Key::shared_secret(&short).err(), expected);
        assert_eq!(Key::named_secret("k", &short).err(), expected);
        assert_eq!(
            KeySet::of_secrets([format!("{short}\n")]).err(),
            expected,
            "a line end is none"
        );
        assert_eq!(KeySet::of_secrets([format!("{short}\r\n")]).err(), expected);
    }
    assert!(KeySet::of_secrets(["x".repeat(32)]).is_ok());
    assert_eq!(KeySet::of_secrets::<&str>([]).err(), Some(KeyError::Empty));
}

#[test]
fn the_refusal_says_what_is_wrong_and_how_to_get_it_right() {
    let message = |secret: &str| KeySet::of_secrets([secret]).unwrap_err().to_string();
    let wanted = "HS256 needs at least 32. It must be Doorward's BETTER_AUTH_SECRET, made with \
                  `openssl rand -hex 32`";
    assert_eq!(message(""), format!("the shared secret is empty; {wanted}"));
    assert_eq!(message("hunter2"), format!("the shared secret has 7 bytes; {wanted}"));
}

#[test]
fn text_and_bytes_give_the_same_key_and_one_line_end_is_no_part_of_it() {
    let kid = |set: Result<KeySet, KeyError>| set.unwrap().keys()[0].kid().to_owned();
    let expected = key_id(SECRET.as_bytes());
    assert_eq!(kid(KeySet::of_secrets([SECRET])), expected);
    assert_eq!(kid(KeySet::of_secrets([SECRET.to_owned()])), expected);
    assert_eq!(kid(KeySet::of_secrets([SECRET.as_bytes()])), expected);
    assert_eq!(kid(KeySet::of_secrets([&SECRET.to_owned()])), expected);
    assert_eq!(kid(KeySet::of_secrets([format!("{SECRET}\n")])), expected);
    assert_eq!(kid(KeySet::of_secrets([format!("{SECRET}\r\n")])), expected);
    for other in [format!("{SECRET}\n\n"), format!("{SECRET} "), format!("\n{SECRET}")] {
        assert_ne!(kid(KeySet::of_secrets([&other])), expected, "{other:?}");
    }
    let twice = KeySet::of_secrets([SECRET, &format!("{SECRET}\n")]).unwrap();
    assert_eq!(twice.keys().len(), 1);
}
