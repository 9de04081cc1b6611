//! `doorward dev`: starts a working server from scratch, and prints three commands to try it. It ignores
//! `DATABASE_URL`, which may be the production database.

use std::net::IpAddr;

use clap::Args;

use super::listen;
use crate::app::{App, reserved};
use crate::cli::operator::by_operator;
use crate::cli::serve::dev_folder::DevFolder;
use crate::cli::sources;
use crate::cli::sources::SourceArgs;
use crate::cli::{Exit, failed, serve};
use crate::clock::Clock;
use crate::config::{AllowedOrigins, DatabaseUrl, Settings};
use crate::crypto::Random;
use crate::db::Database;

#[derive(Debug, Args)]
pub(in crate::cli) struct DevArgs {
    /// Listen on this address [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<IpAddr>,
    /// Listen on this port [default: 8000]
    #[arg(long)]
    port: Option<u16>,
    /// Use this database instead of .doorward/doorward.db
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

pub(in crate::cli) async fn run(args: DevArgs, from: &SourceArgs) -> Exit {
    let folder = DevFolder::open()?;
    let settings = settings(args, from, &folder)?;
    let listener = listen::bind(&settings).await?;
    serve::apply_migrations(&settings).await?;
    let db = Database::open(&settings.database).await.map_err(failed)?;
    make_missing_key(&settings, &db).await?;
    let announce = |settings: &Settings, url: &str| eprint!("{}", welcome(settings, url, &folder));
    serve::run_app(settings, db, listener, std::future::pending(), announce).await
}

/// If key pairs sign, dev creates the first one, as it does the secret.
async fn make_missing_key(settings: &Settings, db: &Database) -> Exit {
    let algorithm = settings.token_algorithm;
    if algorithm.is_symmetric() {
        return Ok(());
    }
    let app = App::new(settings.clone(), db.clone(), Clock::system(), Random::system());
    let keys = app.signing_keys();
    if keys.trouble().await.map_err(failed)?.is_some() {
        keys.create(&by_operator(), algorithm).await.map_err(failed)?;
    }
    Ok(())
}

fn settings(
    args: DevArgs,
    from: &SourceArgs,
    folder: &DevFolder,
) -> Result<Settings, crate::cli::Failure> {
    let mut gathered = from.gather();
    if args.database_url.is_none() && gathered.has("DATABASE_URL") {
        eprintln!(
            "DATABASE_URL is ignored: dev stores its data in .doorward/ unless you pass --database-url."
        );
    }
    if gathered.has("SMTP_URL") {
        eprintln!("SMTP_URL is ignored: dev writes mails to .doorward/mail/.");
    }
    gathered.ignore("SMTP_URL");
    gathered.fall_back("MAIL_FROM", "Doorward <doorward@dev.invalid>".into(), "dev");
    gathered.ignore("DATABASE_URL");
    gathered.ignore("DATABASE_URL_UNPOOLED");
    gathered.fall_back("DATABASE_URL", folder.database_url(), "dev");
    gathered.flag("DATABASE_URL", "--database-url", args.database_url);
    gathered.flag("HOST", "--host", args.host.map(|host| host.to_string()));
    gathered.flag("PORT", "--port", args.port.map(|port| port.to_string()));
    if !gathered.has("BETTER_AUTH_SECRET") {
        gathered.fall_back("BETTER_AUTH_SECRET", folder.secret()?, "dev");
    }
    if !gathered.has("PUBLIC_URL") && !gathered.has("RP_ORIGINS") {
        gathered.fall_back("RP_ID", "localhost".into(), "dev");
    }
    gathered.fall_back("RUST_LOG", "info,doorward::access=debug".into(), "dev");
    let any_local_origin = !gathered.has("ALLOWED_ORIGINS");
    let mut settings = sources::server_settings(gathered.resolve(&reserved()))?;
    settings.mail_folder = Some(folder.mails());
    if any_local_origin {
        settings.allowed_origins = AllowedOrigins::Localhost;
    }
    Ok(settings)
}

/// The first output. The three commands work when pasted in order, with only curl and sed; the address and
/// password suit these settings.
fn welcome(settings: &Settings, url: &str, folder: &DevFolder) -> String {
    let Settings { auth_path, tasks_path, .. } = settings;
    let width = settings.password_min_length;
    let account = format!(
        r#"{{"email":"ada@example.com","password":"{:.<width$}"}}"#,
        "violet kettle drum 41"
    );
    let json = "-H 'Content-Type: application/json'";
    let bearer = r#"-H "Authorization: Bearer $TOKEN""#;
    let field = |name: &str| format!(r#"sed 's/.*"{name}": *"\([^"]*\)".*/\1/'"#);
    let (token, id) = (field("access_token"), field("id"));
    let user_id = format!("$(curl -s {url}{auth_path}/me {bearer} | {id})");
    let tasks = tasks_path.replace("{user_id}", &user_id);
    let (version, data) = (env!("CARGO_PKG_VERSION"), &settings.database);
    let kept = folder.kept_secret().as_deref().map(str::as_bytes) == Some(settings.secret.bytes());
    let secret = if kept { ".doorward/secret" } else { "the one you set" };
    let farewell = match &settings.database {
        DatabaseUrl::Sqlite(path) if folder.holds(path) => {
            "Stop with Ctrl-C. Your data stays in .doorward/; delete that folder to start over."
        }
        _ => "Stop with Ctrl-C. Your data stays in that database.",
    };
    format!(
        "
Doorward {version} is running for development.

  API        {url}
  API docs   {url}/docs
  Health     {url}/health
  Data       {data}
  Mails      .doorward/mail/, their links here
  Secret     {secret}

Try it: paste these lines into another terminal, one after the other.

curl -s {url}{auth_path}/register {json} -d '{account}'

TOKEN=$(curl -s {url}{auth_path}/login {json} -d '{account}' | {token})

curl -s \"{url}{tasks}\" {bearer} {json} -d '{{\"title\":\"Try Doorward\"}}'

{farewell}

"
    )
}
