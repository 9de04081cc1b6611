//! The valid targets in `RUST_LOG`. Other programs use the variable too, so a server ignores unknown targets;
//! configuration checks report them, since a misspelt one logs nothing.

/// The crates that log, and our own targets with other names.
const TARGETS: [&str; 13] = [
    "audit",
    "crypto_glue",
    "doorward",
    "doorward_verify",
    "h2",
    "hyper",
    "hyper_util",
    "mail",
    "tower",
    "webauthn_attestation_ca",
    "webauthn_rs",
    "webauthn_rs_core",
    "webauthn_rs_proto",
];
/// The modules that log below `doorward::`.
const ROOMS: &[&str] = &[
    "accept",
    "access",
    "accounts",
    "api_keys",
    "app",
    "audit",
    "cli",
    "clock",
    "codes",
    "config",
    "context",
    "crypto",
    "db",
    "devices",
    "dialect",
    "email",
    "emails",
    "error",
    "exports",
    "factors",
    "gate",
    "guesses",
    "http",
    "identities",
    "input",
    "keys",
    "letters",
    "limiter",
    "mail",
    "metadata",
    "metrics",
    "openapi",
    "pages",
    "passkeys",
    "passwords",
    "patience",
    "recent",
    "roles",
    "schema",
    "sessions",
    "shadow",
    "single_use",
    "sql",
    "tasks",
    "transfer",
    "user",
    "users",
];

/// The sentence about the first unknown target in the filter.
pub(super) fn unknown(filter: &str) -> Option<String> {
    let named = filter.split(',').filter(|word| !word.contains('[')).filter_map(|word| {
        let target = word.split_once('=').map_or(word, |(target, _)| target).trim();
        (word.contains(['=', ':']) && !target.is_empty()).then_some(target)
    });
    let target = named.into_iter().find(|target| !is_known(target))?;
    let (crates, below) = target.split_once("::").unwrap_or((target, ""));
    let like = |all: &[&'static str], word: &str| {
        let near = all.iter().map(|own| (strsim::damerau_levenshtein(own, word), *own));
        near.filter(|(distance, own)| *distance <= own.len().div_ceil(3)).min().map(|(_, own)| own)
    };
    let nearest = match like(&TARGETS, crates) {
        Some("doorward") if !below.is_empty() => {
            let room = below.split("::").next().unwrap_or_default();
            like(ROOMS, room).map(|room| format!("doorward::{room}"))
        }
        own => own.map(str::to_owned),
    };
    let shown: String = target.chars().take(60).collect();
    let next = nearest.map_or_else(
        || "remove it, or use doorward or a module of it, such as doorward::access".to_owned(),
        |own| format!("did you mean {own}?"),
    );
    let end = if next.ends_with('?') { "" } else { "." };
    Some(format!("names the unknown target {shown:?}: {next}{end}"))
}

fn is_known(target: &str) -> bool {
    let mut parts = target.split("::");
    let first = parts.next().unwrap_or_default();
    let below = parts.next();
    TARGETS.contains(&first) && (first != "doorward" || below.is_none_or(|it| ROOMS.contains(&it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_nothing_logs_under_is_named_with_the_nearest() {
        for text in
            ["info", "off,doorward=debug", "info,doorward::access=debug,hyper=off,mail=info"]
        {
            assert_eq!(unknown(text), None, "{text}");
        }
        for (text, nearest) in [
            ("dorward=debug,info", "did you mean doorward?"),
            ("info,doorward::acces=debug", "did you mean doorward::access?"),
            ("sqlalchemy.engine=info", "remove it"),
        ] {
            assert!(unknown(text).is_some_and(|said| said.contains(nearest)), "{text}");
        }
    }

    #[test]
    fn the_lists_are_those_of_the_sources() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let lock = std::fs::read_to_string(root.join("../../Cargo.lock")).unwrap();
        for name in TARGETS.iter().filter(|name| !["audit", "mail"].contains(name)) {
            let package = format!("name = \"{}\"", name.replace('_', "-"));
            assert!(lock.contains(&package), "{name}");
        }
        let lib = std::fs::read_to_string(root.join("src/lib.rs")).unwrap();
        for room in ROOMS.iter().filter(|room| **room != "access") {
            assert!(lib.contains(&format!("pub mod {room};")), "{room}");
        }
        let silent = ["timestamp", "username"];
        for room in lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        {
            assert!(ROOMS.contains(&room) || silent.contains(&room), "{room} is not in the list");
        }
    }
}
