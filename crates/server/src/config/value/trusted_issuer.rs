//! An entry of `[[issuers]]` in `doorward.toml`: another server whose tokens are accepted, verified with the
//! keys it publishes. An audience is required, because tokens for another service must not be accepted here.

use serde::Deserialize;

use crate::config::entry::parse::Parsed;

/// An issuer of tokens other than Better Auth.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedIssuer {
    /// The exact `iss` of its tokens.
    pub issuer: String,
    /// The required `aud`.
    pub audience: String,
    /// The URL of its keys; by default `.well-known/jwks.json` below the issuer.
    #[serde(default)]
    jwks_url: Option<String>,
}

impl TrustedIssuer {
    /// The URL of its keys.
    pub fn keys(&self) -> String {
        self.jwks_url.clone().unwrap_or_else(|| {
            format!("{}/.well-known/jwks.json", self.issuer.trim_end_matches('/'))
        })
    }
}

/// Parses the list, from TOML or JSON.
pub(in crate::config) fn issuers(text: &str) -> Parsed<Vec<TrustedIssuer>> {
    let all: Vec<TrustedIssuer> = serde_json::from_str(text).map_err(|error| {
        format!("must be a list of issuer, audience and optionally jwks_url: {error}")
    })?;
    for one in &all {
        // Names that are URLs cannot be confused with `shared-secret`.
        if let Some(wrong) = [&one.issuer, &one.keys()].into_iter().find(|url| !is_address(url)) {
            return Err(format!(
                "must name addresses such as https://id.example.com, not {wrong:?}"
            ));
        }
        if one.audience.is_empty() {
            return Err(format!("must have an audience for {}", one.issuer));
        }
        if all.iter().filter(|other| other.issuer == one.issuer).count() > 1 {
            return Err(format!("names {} twice: keep one", one.issuer));
        }
    }
    Ok(all)
}

fn is_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::issuers;

    #[test]
    fn keys_are_at_the_usual_place_unless_told_otherwise() {
        let all = r#"[{"issuer": "https://id.example/", "audience": "tasks"},
            {"issuer": "https://b.example", "audience": "t", "jwks_url": "https://b.example/k"}]"#;
        let keys: Vec<_> = issuers(all).unwrap().iter().map(super::TrustedIssuer::keys).collect();
        assert_eq!(keys, ["https://id.example/.well-known/jwks.json", "https://b.example/k"]);
    }

    #[test]
    fn a_list_with_a_mistake_is_refused_whole() {
        for wrong in [
            r#"[{"issuer": "https://id.example"}]"#,
            r#"[{"issuer": "https://id.example", "audience": ""}]"#,
            r#"[{"issuer": "shared-secret", "audience": "t"}]"#,
            r#"[{"issuer": "https://id.example", "audience": "t", "jwks_url": "file:///etc/keys"}]"#,
            r#"[{"issuer": "https://id.example", "audience": "t", "secret": "x"}]"#,
            r#"[{"issuer": "https://a.example", "audience": "t"}, {"issuer": "https://a.example", "audience": "u"}]"#,
            "https://id.example",
        ] {
            assert!(issuers(wrong).is_err(), "{wrong}");
        }
    }
}
