//! Rejects secrets that can be guessed: too short, published in documentation, or a repeated piece. RFC 8725
//! §3.5: with a shared secret that can be guessed offline, anybody can issue tokens for any user, so the
//! server refuses to start with one.

/// Complete keys from documentation or defaults.
const PUBLISHED: &[&str] = &[
    // FastAPI's security tutorial.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    // Better Auth's built-in default.
    "better-auth-secret-12345678901234567890",
    // The Flask and Quart documentation.
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    // A widely copied FastAPI JWT tutorial.
    "deff1952d59f883ece260e8683fed21ab0ad9a53323eca4f",
    // PostgREST's tutorial.
    "reallyreallyreallyreallyverysafe",
    // Hasura's documentation.
    "3EK6FD+o0+c7tzBNVfjpMkNDi2yARAAKzQlk8O2IKoxQu4nF7EdAh8s3TwpHwrdWT6R",
    // RFC 7515, appendix A.1.
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcUuTwjAwr1Z9CAow",
];

/// Markers of placeholders, compared in lower case and without punctuation. They do not occur in random
/// secrets: the odds of the likeliest are below one in a million.
const PLACEHOLDERS: &[&str] = &[
    "yoursecret",
    "mysecret",
    "supersecret",
    "secretkey",
    "jwtsecret",
    "authsecret",
    "topsecret",
    "secretsecret",
    "stringsecret",
    "changeme",
    "changethis",
    "changeit",
    "replaceme",
    "replacethis",
    "replacewith",
    "updateme",
    "placeholder",
    "insecure",
    "donotuse",
    "notsecure",
    "password",
    "passphrase",
    "example",
    "atleast32",
    "32characters",
    "32chars",
    "keyboardcat",
    "opensslrand",
    "generatedwith",
    "generatearandom",
    "somerandom",
    "randomstring",
    "correcthorse",
    "loremipsum",
    "qwertyuiop",
    "abcdefghijkl",
    "0123456789",
    "1234567890",
];

const SHORTEST: usize = 32;
const FEWEST_DISTINCT: usize = 8;

/// What is wrong with a secret, as the end of a sentence that begins with its name; `None` if it is strong
/// enough. Never quotes it.
pub(in crate::config) fn weakness(secret: &str) -> Option<String> {
    let plain: String =
        secret.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    if PUBLISHED.contains(&secret.trim()) {
        return Some("is published in documentation, so anybody can sign tokens with it".into());
    }
    if PLACEHOLDERS.iter().any(|mark| plain.contains(mark)) {
        return Some("is a common placeholder, so anybody can guess it".into());
    }
    if secret.len() < SHORTEST {
        return Some(format!("has {} bytes, but at least {SHORTEST} are required", secret.len()));
    }
    if is_repetitive(secret.as_bytes()) {
        return Some("repeats a few characters, so it can be guessed".into());
    }
    None
}

fn is_repetitive(secret: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in secret {
        seen[usize::from(*byte)] = true;
    }
    let distinct = seen.iter().filter(|seen| **seen).count();
    let has_period = |period: usize| secret.iter().zip(&secret[period..]).all(|(a, b)| a == b);
    distinct < FEWEST_DISTINCT || (1..=secret.len() / 2).any(has_period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_secrets_are_weak() {
        for secret in PUBLISHED {
            assert!(weakness(secret).is_some(), "{secret}");
        }
        for secret in [
            "your-secret-key-that-is-long-enough-for-hs256",
            "super-secret-jwt-token-with-at-least-32-characters-long",
            "a-string-secret-at-least-256-bits-long",
            "django-insecure-9$k2x!f7q0z@w8e#r5t&y3u*i1o(p)",
            "CHANGE_ME_CHANGE_ME_CHANGE_ME_123",
            "please_please_update_me_please_now",
            "12345678901234567890123456789012",
        ] {
            assert!(weakness(secret).is_some(), "{secret}");
        }
    }

    #[test]
    fn short_or_repetitive_secrets_are_weak() {
        assert!(weakness("").is_some());
        assert!(weakness("Zk3vQ9wLr7TnXb2MdYc8FhJp5GsUa4").is_some());
        assert!(weakness(&"a".repeat(64)).is_some());
        assert!(weakness(&"Zk3vQ9wLr7TnXb2M".repeat(2)).is_some());
        assert!(weakness("abababcbcbcacacbabcbabcbabcabcbacbabc").is_some());
    }

    #[test]
    fn random_secrets_in_hex_and_base64_are_strong() {
        let random = crate::crypto::Random::seeded(1);
        for _ in 0..2000 {
            let bytes = random.bytes::<32>();
            let half = |at: usize| u128::from_be_bytes(bytes[at..at + 16].try_into().unwrap());
            let hex = format!("{:032x}{:032x}", half(0), half(16));
            assert_eq!(weakness(&hex), None, "{hex}");
            assert_eq!(weakness(&hex[..32]), None, "{hex}");
            let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
            assert_eq!(weakness(&base64), None, "{base64}");
        }
    }

    #[test]
    fn a_weakness_never_quotes_the_secret() {
        for secret in PUBLISHED {
            assert!(!weakness(secret).unwrap_or_default().contains(secret));
        }
    }
}
