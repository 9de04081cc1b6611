//! Routes of a program that trusts Doorward's tokens. `DOORWARD_URL` names the server, whose published
//! keys it fetches; with HS256 set `DOORWARD_SECRET` instead.
//!
//! `DOORWARD_URL=http://127.0.0.1:8000 cargo run -p doorward-verify --example protected_routes`

use axum::routing::get;
use axum::{Json, Router};
use doorward_verify::{Auth, Issuer, KeySet, Principal, RemoteKeys, Require, Requirement};
use serde_json::{Value, json};

/// Callers with the role `admin`.
struct Admin;

impl Requirement for Admin {
    const NAME: &'static str = "the role admin";

    fn is_met_by(principal: &Principal) -> bool {
        principal.has_role("admin")
    }
}

async fn whoami(who: Principal) -> Json<Value> {
    Json(json!({"subject": who.subject, "roles": who.roles}))
}

async fn admin(who: Require<Admin>) -> String {
    format!("Welcome, administrator {}.", who.subject)
}

/// Every route, each asking for as much as it needs.
pub fn router(auth: &Auth) -> Router {
    let guarded = Router::new().route("/reports", get("figures")).layer(auth.required());
    Router::new()
        .route("/", get("Anybody may read this."))
        .route("/whoami", get(whoami))
        .route("/admin", get(admin))
        .layer(auth.layer())
        .merge(guarded)
}

/// The issuer that the environment names.
fn issuer() -> Result<Issuer, Box<dyn std::error::Error>> {
    let name = std::env::var("DOORWARD_ISSUER").unwrap_or_else(|_| "doorward".into());
    // Set but empty is a mistake of whoever set it, and refused.
    if let Ok(secret) = std::env::var("DOORWARD_SECRET") {
        return Ok(Issuer::doorward(&name, KeySet::of_secrets([secret])?));
    }
    let url = std::env::var("DOORWARD_URL").unwrap_or("http://127.0.0.1:8000".into());
    Ok(Issuer::doorward_at(&name, RemoteKeys::at(format!("{url}/.well-known/jwks.json"))?))
}

#[tokio::main]
#[allow(dead_code, reason = "the test brings its own listener")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let auth = Auth::new([issuer()?]);
    if let Err(why) = auth.prefetch().await {
        println!("{why}; trying on");
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8001").await?;
    println!("Listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router(&auth)).await?)
}
