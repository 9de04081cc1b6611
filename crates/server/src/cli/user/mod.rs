//! `doorward user`: manages accounts without the API, including the first one.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

mod devices;
mod edit;
mod enrol_totp;
mod export;
mod factors;
mod fields;
mod invite;
mod list;
mod receipt;
mod send_reset;

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::operator::{OperatorArgs, by_operator, confirm, find_user, send_notices};
use super::sources::SourceArgs;
use crate::accounts::Name;
use crate::app::App;
use crate::cli::{Exit, Failure, failed, output, output_json, terminal};
use crate::email::Email;
use crate::error::Error;
use crate::input::Field;
use crate::passwords::NewPassword;
use crate::username::{GivenUsername, Username};
use crate::users::NewUser;
use edit::{BanArgs, UpdateArgs};
use export::UserExportArgs;
use list::ListArgs;
use receipt::ReceiptCommand;

/// Administers accounts.
#[derive(Debug, Args)]
pub(in crate::cli) struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
    #[command(flatten)]
    operator: OperatorArgs,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Create an account; prompts for the password
    ///
    /// Make it an administrator with `doorward role grant EMAIL admin`.
    Create(CreateArgs),
    /// List accounts, oldest first
    List(ListArgs),
    /// Show one account
    Show {
        /// The account's id or e-mail address
        user: String,
    },
    /// Change an account's name, language or metadata, or whether its e-mail address is verified
    Update(UpdateArgs),
    /// Set an account's password and end its sessions; prompts for the password
    SetPassword {
        /// The account's id or e-mail address
        user: String,
        #[command(flatten)]
        source: PasswordSource,
    },
    /// Mail an account's owner a link to set a new password
    ///
    /// The same mail as from POST /auth/password/forgot. Requires SMTP_URL and the server's secret.
    SendReset {
        /// The account's id or e-mail address
        user: String,
    },
    /// Reactivate an account
    Activate {
        /// The account's id or e-mail address
        user: String,
    },
    /// Deactivate an account and end its sessions
    Deactivate {
        /// The account's id or e-mail address
        user: String,
    },
    /// Ban an account, temporarily or permanently, and end its sessions
    Ban(BanArgs),
    /// Lift a ban
    Unban {
        /// The account's id or e-mail address
        user: String,
    },
    /// Reset an account's count of wrong passwords
    ///
    /// Its owner can then sign in without waiting. The password and the sessions do not change.
    Unlock {
        /// The account's id or e-mail address
        user: String,
    },
    /// Create an account and mail its owner a link to choose a password
    ///
    /// The link works once and expires after INVITATION_TTL (7 days). If the account exists and has no password
    /// yet, the mail is sent again and the earlier link stops working.
    Invite(invite::InviteArgs),
    /// Show an account's second factors
    Factors {
        /// The account's id or e-mail address
        user: String,
    },
    /// Remove all of an account's second factors and trusted devices, and end its sessions
    ///
    /// For a user who lost their phone and their recovery codes. Verify their identity first: afterwards the
    /// password alone is enough to sign in, or to add a new factor if MFA requires one.
    ResetFactors {
        /// The account's id or e-mail address
        user: String,
        /// Skip the confirmation prompt
        #[arg(long)]
        yes: bool,
    },
    /// Add an authenticator app to an account with a QR code; it becomes active when a code confirms it
    ///
    /// For your own account, or for a user who is with you. At a terminal it prompts for the code; otherwise
    /// confirm it with the id: doorward user enrol-totp EMAIL --confirm ID. Requires the server's secret.
    EnrolTotp(enrol_totp::EnrolArgs),
    /// List sign-ins and failed attempts of an account, newest first
    SignIns {
        /// The account's id or e-mail address
        user: String,
        /// Maximum number of records
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// List an account's trusted devices
    Devices {
        /// The account's id or e-mail address
        user: String,
    },
    /// Remove one or all trusted devices of an account: the next sign-in requires the second step again
    ForgetDevices {
        /// The account's id or e-mail address
        user: String,
        /// Only this device
        #[arg(long, value_name = "ID")]
        device: Option<Uuid>,
    },
    /// Export all data stored about an account as one JSON document
    ///
    /// The same document as from GET /auth/me/export, for a request in writing.
    Export(UserExportArgs),
    /// Verify receipts of deleted accounts
    #[command(subcommand)]
    Receipt(ReceiptCommand),
    /// Delete an account with its sessions, roles and tasks, permanently
    ///
    /// Prints a receipt: what was removed, and what remains and why. If the server's secret is known, the
    /// receipt can be verified with `doorward user receipt verify`.
    Delete {
        /// The account's id or e-mail address
        user: String,
        /// Skip the confirmation prompt
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// The address to sign in with
    email: String,
    /// Display name
    #[arg(long)]
    name: Option<String>,
    /// User name to sign in with, if USERNAMES=on
    #[arg(long)]
    username: Option<String>,
    #[command(flatten)]
    source: PasswordSource,
    /// Mark the address as verified
    #[arg(long)]
    email_verified: bool,
    /// The user's language, such as pt-BR
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
    /// Fields that the account's owner may change too, as a JSON object
    #[arg(long, value_name = "JSON")]
    user_metadata: Option<String>,
    /// Fields that only administrators may change, as a JSON object
    #[arg(long, value_name = "JSON")]
    app_metadata: Option<String>,
}

#[derive(Debug, Args)]
struct PasswordSource {
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Read a password hash of another program from standard input
    ///
    /// See docs/password-hashes.md for the supported formats. The hash is replaced when the owner signs in.
    #[arg(long, conflicts_with = "password_stdin")]
    password_hash_stdin: bool,
}

/// Runs `doorward user`.
pub(in crate::cli) async fn run(args: UserArgs, sources: &SourceArgs) -> Exit {
    let json = args.operator.json;
    let command = match args.command {
        UserCommand::Invite(invited) => {
            // The outbox is encrypted with the secret.
            let app = OperatorArgs::open(args.operator.settings(sources)?).await?;
            return invite::invite(&app, invited, json).await;
        }
        UserCommand::Receipt(command) => {
            return receipt::run(&command, &args.operator.settings(sources)?, json);
        }
        UserCommand::SendReset { user } => {
            let app = OperatorArgs::open(args.operator.settings(sources)?).await?;
            return send_reset::send_reset(&app, &user, json).await;
        }
        UserCommand::Delete { user, yes } => {
            let (settings, knows_secret) = args.operator.settings_with_secret_if_known(sources)?;
            let app = OperatorArgs::open(settings).await?;
            return delete(&app, &user, yes, knows_secret, json).await;
        }
        UserCommand::EnrolTotp(enrolled) => {
            // Authenticator secrets are encrypted with the server's secret.
            let app = OperatorArgs::open(args.operator.settings(sources)?).await?;
            return enrol_totp::run(&app, enrolled, json).await;
        }
        UserCommand::SetPassword { user, source } => {
            let app = args.operator.app_that_notifies(sources).await?;
            return set_password(&app, &user, source, json).await;
        }
        UserCommand::ResetFactors { user, yes } => {
            let app = args.operator.app_that_notifies(sources).await?;
            return factors::reset(&app, &user, yes, json).await;
        }
        command => command,
    };
    let app = args.operator.app(sources).await?;
    match command {
        UserCommand::Create(args) => create(&app, args, json).await,
        UserCommand::List(args) => list::list(&app, args, json).await,
        UserCommand::Show { user } => list::show(&app, &user, json).await,
        UserCommand::Update(args) => edit::update(&app, args, json).await,
        UserCommand::SignIns { user, limit } => devices::sign_ins(&app, &user, limit, json).await,
        UserCommand::Devices { user } => devices::list(&app, &user, json).await,
        UserCommand::ForgetDevices { user, device } => {
            devices::forget(&app, &user, device, json).await
        }
        UserCommand::Activate { user } => edit::set_active(&app, &user, true, json).await,
        UserCommand::Deactivate { user } => edit::set_active(&app, &user, false, json).await,
        UserCommand::Ban(args) => edit::ban(&app, args, json).await,
        UserCommand::Unban { user } => edit::unban(&app, &user, json).await,
        UserCommand::Unlock { user } => unlock(&app, &user, json).await,
        UserCommand::Factors { user } => factors::show(&app, &user, json).await,
        UserCommand::Export(args) => export::export(&app, args).await,
        UserCommand::Invite(_)
        | UserCommand::EnrolTotp(_)
        | UserCommand::SetPassword { .. }
        | UserCommand::ResetFactors { .. }
        | UserCommand::Receipt(_)
        | UserCommand::SendReset { .. }
        | UserCommand::Delete { .. } => Err(Failure::Usage("This command was not run.".into())),
    }
}

/// Lists the service accounts.
pub(in crate::cli) async fn list_service_accounts(app: &App, as_json: bool) -> Exit {
    list::list(app, ListArgs::of_service_accounts(), as_json).await
}

async fn create(app: &App, args: CreateArgs, as_json: bool) -> Exit {
    let email = Email::parse(&args.email)
        .ok_or_else(|| Failure::Usage(format!("{} is not a valid e-mail address.", args.email)))?;
    let name = args.name.map(|name| read_name(&name)).transpose()?;
    let email_verified = Some(args.email_verified);
    let own = args.username.map(|username| read_username(app, &username)).transpose()?;
    let username = own.as_ref().map(|username| GivenUsername::new(username.as_str()));
    let new = NewUser {
        email,
        password: None,
        name,
        username,
        is_active: None,
        email_verified,
        invite: None,
        locale: args.locale.map(|tag| fields::read_locale(&tag)).transpose()?,
        user_metadata: fields::read_object("--user-metadata", args.user_metadata)?,
        app_metadata: fields::read_object("--app-metadata", args.app_metadata)?,
    };
    let made = if args.source.password_hash_stdin {
        app.users().create_ready(&by_operator(), new, &terminal::ready_hash()?).await
    } else {
        let (email, own) = (Some(&new.email), own.as_ref());
        let password = terminal::new_password(app, args.source.password_stdin, email, own).await?;
        let new = NewUser { password: Some(NewPassword(password)), ..new };
        app.users().create(&by_operator(), new).await
    };
    let made = made.map_err(|error| match error {
        Error::EmailTaken => {
            Failure::Failed(format!("There is already an account {}.", args.email))
        }
        Error::UsernameTaken => Failure::Failed("Another account has this user name.".into()),
        other => failed(other),
    })?;
    if as_json {
        return output_json(&json!(made));
    }
    output(&format!("Created {} with the id {}.\n", args.email, made.user.id))
}

pub(in crate::cli) fn read_name(text: &str) -> Result<Name, Failure> {
    Name::from_json(text.into()).map_err(|(why, _)| Failure::Usage(format!("The name {why}.")))
}

fn read_username(app: &App, text: &str) -> Result<Username, Failure> {
    if !app.settings.usernames {
        return Err(Failure::Usage(
            "User names are disabled: enable them with USERNAMES=on.".into(),
        ));
    }
    let read = Username::from_json(text.into());
    read.map_err(|(why, _)| Failure::Usage(format!("The user name {why}.")))
}

async fn set_password(app: &App, user: &str, source: PasswordSource, as_json: bool) -> Exit {
    let found = find_user(app, user).await?;
    let id = found.user.id;
    if source.password_hash_stdin {
        let hash = terminal::ready_hash()?;
        app.passwords.set_ready(&by_operator(), id, &hash).await.map_err(failed)?;
    } else {
        let email = found.user.email.as_deref().and_then(Email::parse);
        let own = found.user.username.as_deref().and_then(Username::parse);
        let (email, own) = (email.as_ref(), own.as_ref());
        let password = terminal::new_password(app, source.password_stdin, email, own).await?;
        app.passwords.set(&by_operator(), id, password).await.map_err(failed)?;
    }
    send_notices(app).await;
    if as_json {
        return output_json(&json!({"id": id, "password_set": true}));
    }
    output(&format!("Set the password of {user} and ended its sessions.\n"))
}

async fn unlock(app: &App, user: &str, as_json: bool) -> Exit {
    let id =
        app.passwords.guesses.unlock(&by_operator(), user).await.map_err(|error| match error {
            Error::NotFound => Failure::Failed(format!("There is no account {user}.")),
            other => failed(other),
        })?;
    if as_json {
        return output_json(&json!({"id": id, "unlocked": true}));
    }
    output(&format!("Unlocked {user}: wrong passwords are counted from zero again.\n"))
}

async fn delete(app: &App, user: &str, yes: bool, knows_secret: bool, as_json: bool) -> Exit {
    let id = find_user(app, user).await?.user.id;
    confirm(&format!("This permanently deletes {user} with all sessions and tasks."), yes)?;
    let receipt = app.users().delete(&by_operator(), id, true).await.map_err(failed)?;
    let receipt = receipt.map(|receipt| if knows_secret { receipt } else { receipt.unproven() });
    if as_json {
        return output_json(&json!({"id": id, "deleted": true, "receipt": receipt}));
    }
    output(&format!("Deleted {user}. The receipt:\n{}\n", terminal::pretty(&json!(receipt))))
}
