//! What a copy of the database tells of the key pairs: nothing that signs.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use doorward::audit::Actor;
use doorward::crypto::{KeyPair, Seals};
use doorward_verify::Algorithm;
use serde_json::Value;

use super::pairs::{PAIRS, signing_with};
use crate::accounts::sql;
use crate::both;
use crate::support::{Engine, TestApp};

/// Long enough that chance finds none of them, and three bytes' multiple, as base64 counts.
const PIECE: usize = 12;

/// Every column of every key, bytes as hex, as the database's own shell would print them.
async fn rows(engine: Engine, app: &TestApp) -> String {
    let text = match engine {
        Engine::Postgres => "SELECT k::text FROM signing_keys AS k",
        Engine::Sqlite => {
            let names = "SELECT name FROM pragma_table_info('signing_keys')";
            let names: Vec<String> = sql(app, names).await;
            let columns: Vec<_> = names.iter().map(|name| format!("quote({name})")).collect();
            format!("SELECT {} FROM signing_keys", columns.join(" || ',' || ")).leak()
        }
    };
    let rows: Vec<String> = sql(app, text).await;
    rows.join("\n")
}

/// The bytes that the public members of a JWK stand for, one after another.
fn public(jwk: &str) -> Vec<u8> {
    let jwk: Value = serde_json::from_str(jwk).expect("a JWK");
    let texts = ["x", "y", "n", "e"].into_iter().filter_map(|name| jwk[name].as_str());
    texts.flat_map(|text| URL_SAFE_NO_PAD.decode(text).expect("base64url")).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Whether any piece of `private` that `public` does not have stands in the rows: as bytes, as hex, or as
/// either base64, in a column of text or of bytes.
fn tells(rows: &str, private: &[u8], public: &[u8]) -> bool {
    let folded = rows.to_lowercase();
    // Every fourth place meets each of the three ways in which base64 may cut the bytes.
    let pieces = private.windows(PIECE).step_by(4);
    let mut secret = pieces.filter(|piece| !public.windows(PIECE).any(|open| open == *piece));
    secret.any(|piece| {
        let written = [hex(piece), STANDARD_NO_PAD.encode(piece), URL_SAFE_NO_PAD.encode(piece)];
        folded.contains(&written[0])
            || written
                .iter()
                .any(|text| rows.contains(text) || folded.contains(&hex(text.as_bytes())))
    })
}

both! {
    async fn the_database_holds_no_private_part_in_the_clear(engine: Engine) {
        for algorithm in PAIRS {
            let app = signing_with(engine, algorithm).await;
            let key = app.app.signing_keys().list().await.expect("keys").remove(0).0;
            let private = Seals::new(&app.app.settings).unseal(&key.kid, &key.sealed);
            let private = private.expect("the server's own seal");
            assert!(KeyPair::from_pkcs8(algorithm, &private).is_some(), "{algorithm}");
            let public = public(&key.public_jwk);
            let rows = rows(engine, &app).await;
            for there in [&key.kid, &hex(&key.sealed)] {
                assert!(rows.to_lowercase().contains(&there.to_lowercase()), "all of the row: {rows}");
            }
            assert!(!tells(&rows, &private, &public), "{algorithm}");
            // The search finds what it looks for, however it is written.
            let base64 = URL_SAFE_NO_PAD.encode(&private);
            for clear in [hex(&private), hex(base64.as_bytes()), base64] {
                assert!(tells(&clear, &private, &public), "{algorithm}");
            }
            assert!(!format!("{key:?}").contains("sealed"));
        }
    }

    async fn every_pair_has_a_seal_of_its_own(engine: Engine) {
        let app = signing_with(engine, Algorithm::EdDsa).await;
        app.app.signing_keys().create(&Actor::operator(), Algorithm::EdDsa).await.expect("a key");
        let keys = app.app.signing_keys().list().await.expect("keys");
        let seals = Seals::new(&app.app.settings);
        let (one, two) = (&keys[0].0, &keys[1].0);
        assert!(seals.unseal(&one.kid, &one.sealed).is_some());
        assert!(seals.unseal(&one.kid, &two.sealed).is_none(), "one row in place of another");
    }
}
