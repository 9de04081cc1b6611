//! `doorward key`: creates, lists, rotates and retires the key pairs that sign access tokens. Running servers
//! follow without a restart. No command shows a private key.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use clap::{Args, Subcommand, ValueEnum};
use doorward_verify::Algorithm;
use serde_json::{Value, json};

use super::operator::{OperatorArgs, by_operator};
use super::sources::SourceArgs;
use super::terminal::{note, table};
use super::{Exit, Failure, failed, output, output_json};
use crate::app::App;
use crate::keys::{NotRetired, SigningKey, Stage};
use crate::timestamp::to_the_second;

/// Administers the key pairs that sign access tokens where TOKEN_ALGORITHM is not HS256.
#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
    #[command(flatten)]
    operator: OperatorArgs,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Create a key pair and publish it
    ///
    /// It starts signing after five minutes, when every verifier has fetched it; at once if no other
    /// key of its algorithm can sign.
    Create {
        /// Signature algorithm
        #[arg(long)]
        algorithm: PairAlgorithm,
    },
    /// List key pairs, oldest first
    List,
    /// Create a key pair that replaces the current ones of its algorithm
    ///
    /// The old ones sign until the new one starts, and verify until their last token has expired.
    Rotate {
        /// Signature algorithm [default: TOKEN_ALGORITHM]
        #[arg(long)]
        algorithm: Option<PairAlgorithm>,
    },
    /// Stop a key pair from signing
    ///
    /// It still verifies until its last token has expired.
    Retire {
        /// The key's id, from `doorward key list`
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// Stop it from verifying too: this server rejects its tokens immediately, other services after they
        /// next fetch the keys
        #[arg(long)]
        now: bool,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PairAlgorithm {
    #[value(name = "EdDSA", alias = "Ed25519")]
    EdDsa,
    #[value(name = "ES256")]
    Es256,
    #[value(name = "RS256")]
    Rs256,
}

impl From<PairAlgorithm> for Algorithm {
    fn from(named: PairAlgorithm) -> Self {
        match named {
            PairAlgorithm::EdDsa => Self::EdDsa,
            PairAlgorithm::Es256 => Self::Es256,
            PairAlgorithm::Rs256 => Self::Rs256,
        }
    }
}

/// Runs `doorward key`.
pub(super) async fn run(args: KeyArgs, from: &SourceArgs) -> Exit {
    let seals = matches!(args.command, KeyCommand::Create { .. } | KeyCommand::Rotate { .. });
    let operator = args.operator;
    let settings = if seals { operator.settings(from)? } else { operator.without_secret(from)? };
    let by_default = settings.token_algorithm;
    if by_default.is_symmetric() && matches!(args.command, KeyCommand::Rotate { algorithm: None }) {
        return Err(Failure::Usage(
            "TOKEN_ALGORITHM is HS256, which has no key pairs: choose one with --algorithm, or change the \
                secret and add the old one to PREVIOUS_SECRETS."
                .into(),
        ));
    }
    let app = OperatorArgs::open(settings).await?;
    match args.command {
        KeyCommand::List => list(&app, operator.json).await,
        KeyCommand::Create { algorithm } => {
            let key = app.signing_keys().create(&by_operator(), algorithm.into()).await;
            made(&app, &key.map_err(failed)?, operator.json).await
        }
        KeyCommand::Rotate { algorithm } => {
            let algorithm = algorithm.map_or(by_default, Into::into);
            let key = app.signing_keys().rotate(&by_operator(), algorithm).await;
            made(&app, &key.map_err(failed)?, operator.json).await
        }
        KeyCommand::Retire { kid, now } => retire(&app, &kid, now, operator.json).await,
    }
}

async fn list(app: &App, as_json: bool) -> Exit {
    let keys = app.signing_keys().list().await.map_err(failed)?;
    if as_json {
        let keys: Vec<_> =
            keys.iter().map(|(key, stage, signs)| document(key, *stage, *signs)).collect();
        return output_json(&Value::Array(keys));
    }
    if keys.is_empty() {
        return output("There are no key pairs: tokens are signed with the shared secret.\n");
    }
    let rows = keys.iter().map(|(key, stage, signs)| {
        let stage = if *signs { "signing" } else { stage.as_str() };
        let until = key.remove_at.map_or_else(String::new, to_the_second);
        vec![
            key.kid.clone(),
            key.algorithm.clone(),
            stage.into(),
            to_the_second(key.active_at),
            until,
        ]
    });
    if app.settings.token_algorithm.is_symmetric() {
        note(
            "TOKEN_ALGORITHM is HS256 here: a server with that setting signs with its secret instead.",
        );
    }
    let headings = ["KEY", "ALGORITHM", "STAGE", "SIGNS FROM", "VERIFIES UNTIL"];
    output(&table(&headings, rows))
}

async fn made(app: &App, key: &SigningKey, as_json: bool) -> Exit {
    let keys = app.signing_keys().list().await.map_err(failed)?;
    let signs = keys.iter().any(|(other, _, signs)| *signs && other.kid == key.kid);
    if as_json {
        return output_json(&document(key, Stage::Waiting, signs));
    }
    let when = if signs {
        "signs immediately, because there is no other key of its algorithm".into()
    } else {
        format!("signs from {}", to_the_second(key.active_at))
    };
    output(&format!("Created {} key {}.\nIt is published and {when}.\n", key.algorithm, key.kid))
}

async fn retire(app: &App, kid: &str, at_once: bool, as_json: bool) -> Exit {
    let retired = app.signing_keys().retire(&by_operator(), kid, at_once).await;
    let until = match retired.map_err(failed)? {
        Ok(until) => until,
        Err(NotRetired::Unknown) => {
            return Err(Failure::Failed(format!(
                "There is no key {kid}: see `doorward key list`."
            )));
        }
        Err(NotRetired::Needed) => {
            return Err(Failure::Failed(format!(
                "{kid} is the only key that can sign tokens: run `doorward key rotate` first."
            )));
        }
    };
    if as_json {
        return output_json(&json!({"kid": kid, "remove_at": to_the_second(until)}));
    }
    output(&format!("Retired {kid}; it verifies until {}.\n", to_the_second(until)))
}

/// A key without its private part.
fn document(key: &SigningKey, stage: Stage, signs: bool) -> Value {
    json!({
        "kid": key.kid,
        "algorithm": key.algorithm,
        "stage": stage.as_str(),
        "signs": signs,
        "created_at": to_the_second(key.created_at),
        "active_at": to_the_second(key.active_at),
        "retired_at": key.retired_at.map(to_the_second),
        "remove_at": key.remove_at.map(to_the_second),
        "public_jwk": serde_json::from_str::<Value>(&key.public_jwk).unwrap_or_default(),
    })
}
