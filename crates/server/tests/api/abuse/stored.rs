//! Whoever reads the whole database signs in as nobody. Every byte of every table is
//! searched, since what leaks does so where nobody thought of.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::config::HashScheme;
use serde_json::json;

use crate::both;
use crate::sessions::rotate;
use crate::support::app::SECRET;
use crate::support::client::PASSWORD;
use crate::support::{TestApp, postgres};

/// Everything in the database: SQLite's files as they are, PostgreSQL's rows as text (bytes in hex).
async fn everything(app: &TestApp) -> Vec<u8> {
    let Some(path) = app.url.strip_prefix("sqlite:") else {
        let name = app.url.rsplit('/').next().expect("a name");
        let superuser = postgres::shared().connect(name).await;
        let tables = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'";
        let mut all = String::new();
        for table in superuser.query(tables, &[]).await.expect("tables") {
            let table: String = table.get(0);
            let rows = format!("SELECT x::text FROM {table} x");
            for row in superuser.query(&rows, &[]).await.expect("rows") {
                all.push_str(row.get(0));
            }
        }
        return all.into_bytes();
    };
    let mut all = Vec::new();
    for end in ["", "-wal"] {
        all.extend(std::fs::read(format!("{path}{end}")).unwrap_or_default());
    }
    all
}

fn holds(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

both! {
    async fn the_database_holds_no_token_and_no_password(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.password_hash = HashScheme::Argon2id { m: 64, t: 1, p: 1 };
        })
        .await;
        let ada = app.sign_up("ada").await;
        let first = ada.refresh_token.clone().expect("a token");
        let (second, access) = rotate(&ada, &first).await;
        ada.with_token(&access).get("/auth/me").await.expect(200);
        // A password where an address belongs, and a wrong one: neither is kept anywhere.
        for (email, password) in [(PASSWORD, "x"), ("ada@example.com", "a wrong secret guess")] {
            let body = json!({"email": email, "password": password});
            app.anonymous().post("/auth/login", body).await.expect(401);
        }
        app.app.audit.flush().await;
        let all = everything(&app).await;
        // The search does find what is there.
        let known = ada.id();
        assert!(holds(&all, known.to_string().as_bytes()) && holds(&all, b"ada@example.com"));
        assert!(holds(&all, b"$argon2id$v=19$m=64,t=1,p=1$"));
        for secret in [PASSWORD, "a wrong secret guess", SECRET] {
            assert!(!holds(&all, secret.as_bytes()), "{secret}");
        }
        for token in [ada.token.as_ref().expect("a token"), &access] {
            for part in token.split('.') {
                assert!(!holds(&all, part.as_bytes()), "{part}");
            }
        }
        for token in [&first, &second] {
            assert!(!holds(&all, &token.as_bytes()[4..]), "{token}");
            let bytes = URL_SAFE_NO_PAD.decode(&token[4..]).expect("base64url");
            // Session, counter and secret's name, then the 256 bits that count.
            let (_, mac) = bytes.split_at(28);
            assert_eq!(mac.len(), 32);
            for part in mac.chunks(8) {
                assert!(!holds(&all, part) && !holds(&all, hex(part).as_bytes()), "{token}");
            }
        }
    }
}
