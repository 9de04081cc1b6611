//! `doorward import`: accounts, password hashes as they are, sessions and tasks of another program.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::shown::{Bar, planned, reported};
use crate::app::App;
use crate::cli::operator::{OperatorArgs, by_operator, confirm};
use crate::cli::sources::SourceArgs;
use crate::cli::terminal::{note, warn};
use crate::cli::{Exit, Failure, failed, output, output_json};
use crate::transfer::{Import, ImportSource, Overrides, Profile, Reject};

/// Whose ids they are where nobody says: a name that no token has.
const NOBODY: &str = "import";

/// Takes over accounts and tasks.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(in crate::cli) struct ImportArgs {
    /// The program that created the source; `auto` detects it
    #[arg(value_enum)]
    profile: ProfileName,
    /// The database's URL, or a file
    #[arg(long, value_name = "URL|FILE")]
    from: String,
    /// The table of accounts
    #[arg(long, value_name = "TABLE")]
    users_table: Option<String>,
    /// The table of tasks
    #[arg(long, value_name = "TABLE", conflicts_with = "no_tasks")]
    tasks_table: Option<String>,
    /// Import accounts only
    #[arg(long)]
    no_tasks: bool,
    /// Do not import Better Auth's sessions: everybody signs in again
    #[arg(long)]
    no_sessions: bool,
    /// Map an account field to a column: email=mail_address; `password=` for none
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = pair)]
    map: Vec<(String, String)>,
    /// The same for tasks: owner=created_by
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = pair)]
    map_task: Vec<(String, String)>,
    /// Columns of accounts to keep in `user_metadata`: theme,plan
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    keep: Vec<String>,
    /// The issuer of the source's user ids: the `iss` of tokens that contain them, or `shared-secret`
    #[arg(long, value_name = "ISSUER")]
    issuer: Option<String>,
    /// Grant superusers of the source this role; without it they become regular users
    #[arg(long, value_name = "ROLE")]
    superusers_become: Option<String>,
    /// Grant staff of the source this role
    #[arg(long, value_name = "ROLE")]
    staff_become: Option<String>,
    /// Show what would be imported without changing anything
    #[arg(long)]
    dry_run: bool,
    /// Write a JSON line for each rejected row
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Skip the confirmation prompt
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    operator: OperatorArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ProfileName {
    /// Detect it by its tables or its file extension
    Auto,
    /// SQLModel, SQLAlchemy, or custom tables
    Sqlmodel,
    /// FastAPI Users
    FastapiUsers,
    /// full-stack-fastapi-template
    FastapiTemplate,
    /// Better Auth
    BetterAuth,
    /// Neon Auth, in the schema neon_auth
    NeonAuth,
    /// Supabase Auth
    Supabase,
    /// Django
    Django,
    /// PocketBase
    Pocketbase,
    /// JSON lines, such as those of `doorward export`
    Jsonl,
    /// CSV with a header line
    Csv,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Auto => Self::Auto,
            ProfileName::Sqlmodel => Self::Sqlmodel,
            ProfileName::FastapiUsers => Self::FastapiUsers,
            ProfileName::FastapiTemplate => Self::FastapiTemplate,
            ProfileName::BetterAuth => Self::BetterAuth,
            ProfileName::NeonAuth => Self::NeonAuth,
            ProfileName::Supabase => Self::Supabase,
            ProfileName::Django => Self::Django,
            ProfileName::Pocketbase => Self::Pocketbase,
            ProfileName::Jsonl => Self::Jsonl,
            ProfileName::Csv => Self::Csv,
        }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (field, column) = text.split_once('=').ok_or("write FIELD=COLUMN, such as email=mail")?;
    Ok((field.to_owned(), column.to_owned()))
}

/// Runs `doorward import`.
pub(in crate::cli) async fn run(args: ImportArgs, sources: &SourceArgs) -> Exit {
    let app = args.operator.app(sources).await?;
    let overrides = Overrides {
        users_table: args.users_table.clone(),
        tasks_table: args.tasks_table.clone(),
        no_tasks: args.no_tasks,
        no_sessions: args.no_sessions,
        users: args.map.clone(),
        tasks: args.map_task.clone(),
        keep: args.keep.clone(),
    };
    let opened = ImportSource::open(&args.from, args.profile.into(), &overrides).await;
    let source = opened.map_err(Failure::Failed)?;
    let issuer = issuer(&args, &source, &app)?;
    ask(&args, &source, &app)?;
    let import = Import {
        issuer,
        superuser_role: args.superusers_become.clone(),
        staff_role: args.staff_become.clone(),
        is_rehearsal: args.dry_run,
    };
    let mut rejects = args.rejects.as_ref().map(made).transpose()?;
    let mut on_reject = |reject: &Reject| match &mut rejects {
        None => Ok(()),
        Some(file) => {
            let Reject { kind, id, reason } = reject;
            let line = json!({"type": kind, "id": id, "reason": reason});
            writeln!(file, "{line}").map_err(|error| format!("the file of rejects: {error}"))
        }
    };
    let mut bar = Bar::new("Importing");
    let plan = source.plan().cloned();
    let done = app
        .transfer()
        .import(&by_operator(), source, &import, &mut on_reject, &mut |progress| bar.show(progress))
        .await;
    bar.clear();
    if let Some(file) = &mut rejects {
        file.flush().map_err(failed)?;
    }
    app.audit.flush().await;
    app.db.close().await;
    let report = done.map_err(|why| {
        let why = why.trim_end_matches('.');
        Failure::Failed(format!(
            "{why}. The rows imported so far are kept; run the import again to continue."
        ))
    })?;
    if args.operator.json {
        return output_json(&json!({"dry_run": args.dry_run, "plan": plan, "report": report}));
    }
    output(&reported(&report, args.dry_run, args.rejects.as_deref()))
}

fn issuer(args: &ImportArgs, source: &ImportSource, app: &App) -> Result<String, Failure> {
    let known = args.issuer.clone().or_else(|| {
        if source.is_neon_auth() {
            app.settings.neon_auth_issuer()
        } else {
            app.settings.better_auth_url.clone().filter(|_| source.needs_issuer())
        }
    });
    match known {
        Some(issuer) if issuer.is_empty() || issuer.len() > 255 => {
            Err(Failure::Usage("--issuer must have 1 to 255 bytes.".into()))
        }
        Some(issuer) => Ok(issuer),
        None if source.is_neon_auth() => Err(Failure::Usage(
            "The address of the Neon Auth service is needed so that its tokens match the accounts: set \
                NEON_AUTH_URL, or pass its origin with --issuer."
                .into(),
        )),
        None if source.needs_issuer() => Err(Failure::Usage(
            "The address of the Better Auth server is needed so that its tokens match the accounts: pass \
                --issuer URL, or set BETTER_AUTH_URL."
                .into(),
        )),
        None => Ok(NOBODY.into()),
    }
}

/// Shows what will be read as what, and asks.
fn ask(args: &ImportArgs, source: &ImportSource, app: &App) -> Result<(), Failure> {
    for (whom, role) in [("superusers", &args.superusers_become), ("staff", &args.staff_become)] {
        if let Some(role) = role {
            warn(&format!("all {whom} of the source are granted the role {role}."));
        }
    }
    if let Some(plan) = source.plan()
        && !args.operator.json
    {
        note(&planned(plan));
    }
    if args.dry_run || (args.yes || source.plan().is_none()) {
        return Ok(());
    }
    confirm(&format!("This imports into {}.", app.settings.database), false)
}

fn made(path: &PathBuf) -> Result<BufWriter<File>, Failure> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path);
    file.map(BufWriter::new).map_err(|error| failed(format!("{}: {error}", path.display())))
}
