//! The command line: one file per command, each calling the same use cases as HTTP. Messages and logs go to
//! stderr, data to stdout. Passwords are never arguments. Exit codes are stable: 0 success, 1 failure, 2
//! usage error, 3 migrations pending (`db status --exit-code`), 78 invalid configuration.

mod api_key;
mod audit;
mod config;
mod db;
mod dialect;
mod doctor;
mod examples;
mod key;
mod log;
mod mail;
mod manual;
mod openapi;
mod operator;
mod role;
mod serve;
mod session;
mod shadow;
mod sources;
mod terminal;
mod token;
mod transfer;
mod user;

pub use log::JsonLine;
pub use terminal::{Exit, Failure};

use clap::{Parser, Subcommand};

use terminal::{failed, output, output_json};

/// The authentication backend you run beside your app.
///
/// Registers users, signs them in, issues and verifies JWTs, and keeps each user's tasks private to that user.
/// Start with `doorward dev`.
#[derive(Debug, Parser)]
#[command(name = "doorward", version, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 success, 1 failure, 2 usage error, 3 migrations pending (db status \
        --exit-code), 78 configuration error."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    sources: sources::SourceArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a development server with SQLite, a generated secret and all tables
    Dev(serve::dev::DevArgs),
    /// Run the production server
    Serve(serve::ServeArgs),
    /// Check the health of the server on this machine
    ///
    /// Exits with 0 if it is healthy and with 1 if not, for container health checks.
    Health(serve::health::HealthArgs),
    /// Create, update and check the database tables
    Db(db::DbArgs),
    /// Create, list, change and delete accounts
    User(user::UserArgs),
    /// Create roles and grant them
    Role(role::RoleArgs),
    /// List and end sessions
    Session(session::SessionArgs),
    /// Read the audit log
    Audit(audit::AuditArgs),
    /// Create, list and revoke API keys
    ApiKey(api_key::ApiKeyArgs),
    /// Create, list and revoke service accounts
    ServiceAccount(api_key::service_account::ServiceAccountArgs),
    /// Create, list, rotate and retire the key pairs that sign access tokens
    Key(key::KeyArgs),
    /// List, retry and discard mails that are not sent, and test the mail server
    Mail(mail::MailArgs),
    /// Decode a token and explain why it is or is not valid
    Token(token::TokenArgs),
    /// Import accounts, password hashes and tasks from another program or a file
    Import(transfer::import::ImportArgs),
    /// Export accounts, roles and tasks as JSON lines
    Export(transfer::export::ExportArgs),
    /// Show and check the configuration
    Config(config::ConfigArgs),
    /// Check the whole setup (database, keys, proxies, mail, this machine) and suggest a fix for each problem
    Doctor(doctor::DoctorArgs),
    /// Show the dialects: request and response formats of other backends
    Dialect(dialect::DialectArgs),
    /// Rehearse a migration: proxy the old backend, send copies to Doorward and compare the responses
    Shadow(shadow::ShadowArgs),
    /// Print the OpenAPI document
    Openapi(openapi::OpenapiArgs),
    /// Print a completion script for your shell
    Completions(manual::CompletionsArgs),
    /// Print the manual page
    Man(manual::ManArgs),
}

/// Runs the command.
pub async fn run(cli: Cli) -> Exit {
    let sources = &cli.sources;
    let outcome = match cli.command {
        Command::Dev(args) => serve::dev::run(args, sources).await,
        Command::Serve(args) => serve::run(args, sources).await,
        Command::Health(args) => serve::health::run(args, sources).await,
        Command::Db(args) => db::run(args, sources).await,
        Command::User(args) => user::run(args, sources).await,
        Command::Role(args) => role::run(args, sources).await,
        Command::Session(args) => session::run(args, sources).await,
        Command::Audit(args) => audit::run(args, sources).await,
        Command::ApiKey(args) => api_key::run(args, sources).await,
        Command::ServiceAccount(args) => api_key::service_account::run(args, sources).await,
        Command::Key(args) => key::run(args, sources).await,
        Command::Mail(args) => mail::run(args, sources).await,
        Command::Token(args) => token::run(args, sources).await,
        Command::Import(args) => transfer::import::run(args, sources).await,
        Command::Export(args) => transfer::export::run(args, sources).await,
        Command::Config(args) => config::run(&args, sources).await,
        Command::Doctor(args) => doctor::run(args, sources).await,
        Command::Dialect(args) => dialect::run(&args, sources),
        Command::Shadow(args) => shadow::run(args, sources).await,
        Command::Openapi(args) => openapi::run(args, sources).await,
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::man(&args),
    };
    log::flush();
    outcome
}
