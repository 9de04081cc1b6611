//! The resolved settings, each with its documented default. Names and defaults are promises to users.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderName;
use doorward_verify::Algorithm;
use secrecy::{ExposeSecret, SecretString};

use super::{
    AccountDeletion, AllowedOrigins, AuthorityFile, BreachFile, Cidr, DatabaseUrl, EmailChange,
    LetterSettings, MailFrom, MfaPolicy, Notices, PasswordChange, Quota, RedisUrl, Registration,
    RpId, SmtpUrl, SqliteTuning, TokenProfile, TrustedIssuer, UnverifiedEmail, WordList,
};

/// Everything a running server needs to know.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Settings {
    /// `DATABASE_URL`.
    pub database: DatabaseUrl,
    /// `DATABASE_URL_UNPOOLED`: the direct host that migrations use.
    pub database_unpooled: Option<DatabaseUrl>,
    /// `SQLITE_…`: how SQLite works with its file.
    pub sqlite: SqliteTuning,
    /// `DATABASE_TENANT_ROLE`: the PostgreSQL role that owns the view `own_tasks`.
    pub tenant_role: String,
    /// `BETTER_AUTH_SECRET` and its other names: signs and verifies HS256 tokens.
    pub secret: Secret,
    /// `PREVIOUS_SECRETS`: still accepted after a rotation.
    pub previous_secrets: Vec<Secret>,
    /// `BETTER_AUTH_URL`: the Better Auth server whose tokens count; what they say in `iss` and `aud`.
    pub better_auth_url: Option<String>,
    /// `NEON_AUTH_URL`: the Neon Auth service whose tokens count.
    pub neon_auth_url: Option<String>,
    /// `ACCEPT_COOKIES`: whether that server's session cookie counts where no token is sent.
    pub accept_cookies: bool,
    /// `BETTER_AUTH_COOKIE_PREFIX`: what the names of its cookies begin with.
    pub better_auth_cookie_prefix: String,
    /// `[[issuers]]`: others whose tokens count by the keys they publish.
    pub trusted_issuers: Vec<TrustedIssuer>,
    /// `ACCEPT_SHARED_SECRET_TOKENS`: whether HS256 tokens that others make with the secret count.
    pub accept_shared_secret_tokens: bool,
    /// `SHARED_SECRET_ISSUER`: what those tokens say in `iss`.
    pub shared_secret_issuer: Option<String>,
    /// `SHARED_SECRET_AUDIENCE`: what they say in `aud`, if that is not `TOKEN_AUDIENCE`.
    pub shared_secret_audience: Option<String>,
    /// `LINK_VERIFIED_EMAILS`: other issuers' people get the local account of their verified address.
    pub link_verified_emails: bool,
    /// `ACCESS_TOKEN_TTL`.
    pub access_token_ttl: Duration,
    /// `SESSION_IDLE_TTL`.
    pub session_idle_ttl: Duration,
    /// `SESSION_MAX_TTL`.
    pub session_max_ttl: Duration,
    /// `REFRESH_GRACE`: how long a replay one step behind is answered like the first use.
    pub refresh_grace: Duration,
    /// `REFRESH_RETRY`: the same while the successor is unconfirmed.
    pub refresh_retry: Duration,
    /// `REFRESH_WITH_ACCESS_TOKEN`: a live session's access token alone gets another one.
    pub refresh_with_access_token: bool,
    /// `TOKEN_ALGORITHM`: how new access tokens are signed.
    pub token_algorithm: Algorithm,
    /// `TOKEN_PROFILE`: whom access tokens must suit besides.
    pub token_profile: TokenProfile,
    /// `TOKEN_ISSUER`, else `PUBLIC_URL`, else `doorward`.
    pub token_issuer: String,
    /// `TOKEN_AUDIENCE`.
    pub token_audience: Option<String>,
    /// `TOKEN_APP_METADATA`: the fields of `app_metadata` that access tokens carry.
    pub token_app_metadata: Vec<String>,
    /// `REGISTRATION`.
    pub registration: Registration,
    /// `REGISTRATION_SIGNS_IN`: registering answers with tokens.
    pub registration_signs_in: bool,
    /// `REQUIRE_VERIFIED_EMAIL`.
    pub unverified_email: UnverifiedEmail,
    /// `LOGIN_CODES`: people sign in by a code or a link in a mail too.
    pub login_codes: bool,
    /// `PASSWORD_RESET_TTL`: how long a link to set a new password works.
    pub password_reset_ttl: Duration,
    /// `INVITATION_TTL`: how long the link of an invitation works.
    pub invitation_ttl: Duration,
    /// `EMAIL_VERIFICATION_TTL`: how long a link to prove an address works.
    pub email_verification_ttl: Duration,
    /// `USERNAMES`: whether accounts may have a name to sign in with besides the address.
    pub usernames: bool,
    /// `EMAIL_CHANGE`: how people change the address of their account.
    pub email_change: EmailChange,
    /// `PASSWORD_CHANGE`: what changing the own password asks for.
    pub password_change: PasswordChange,
    /// `ACCOUNT_DELETION`: what deleting the own account asks for.
    pub account_deletion: AccountDeletion,
    /// `STEP_UP_AGE`: how long after proving who one is what is most dangerous is allowed.
    pub step_up_age: Duration,
    /// `MFA`: who needs a second factor.
    pub mfa: MfaPolicy,
    /// `MFA_ROLES`: the roles whose holders need one besides.
    pub mfa_roles: Vec<String>,
    /// How long a device that is to be remembered stands for the second step; none are trusted without.
    pub trusted_devices: Option<Duration>,
    /// `COMMON_PASSWORDS`: whether a common one may become a password.
    pub common_passwords: bool,
    /// `PASSWORD_HASH`.
    pub password_hash: HashScheme,
    /// `PASSWORD_KERNEL`: which code makes Argon2id hashes.
    pub password_kernel: PasswordKernel,
    /// `PASSWORD_MIN_LENGTH`, in characters.
    pub password_min_length: usize,
    /// `PASSWORD_WORD_LIST`: words that no password may be made of.
    pub password_word_list: Option<WordList>,
    /// `PASSWORD_BREACH_FILE`: passwords known from breaches.
    pub password_breach_file: Option<BreachFile>,
    /// `RATE_LIMIT_LOGIN`: sign-ins of one address.
    pub rate_limit_login: Option<Quota>,
    /// `RATE_LIMIT_REGISTER`: registrations of one address.
    pub rate_limit_register: Option<Quota>,
    /// `RATE_LIMIT_REFRESH`: refreshes of one address.
    pub rate_limit_refresh: Option<Quota>,
    /// `RATE_LIMIT_AUTH`: one address's other requests that change something below `AUTH_PATH`.
    pub rate_limit_auth: Option<Quota>,
    /// `RATE_LIMIT_API`: everything else of one address that needs a token.
    pub rate_limit_api: Option<Quota>,
    /// Questions about tokens per client address.
    pub rate_limit_introspect: Option<Quota>,
    /// `RATE_LIMIT_API_KEY`: requests by one API key.
    pub rate_limit_api_key: Option<Quota>,
    /// `REDIS_URL`: where several nodes share their rate limits.
    pub redis_url: Option<RedisUrl>,
    /// `LOGIN_MAX_FAILURES`: consecutive wrong passwords of one account before delays begin.
    pub login_max_failures: u32,
    /// `ALLOWED_ORIGINS`.
    pub allowed_origins: AllowedOrigins,
    /// Request headers that pages of those may send besides the usual ones.
    pub allowed_headers: Vec<HeaderName>,
    /// `HOST`.
    pub host: IpAddr,
    /// `PORT`.
    pub port: u16,
    /// `AUTH_PATH`.
    pub auth_path: String,
    /// `TASKS_PATH`; may hold `{user_id}`.
    pub tasks_path: String,
    /// `COMPAT`: the built-in dialects to speak.
    pub compat: Vec<String>,
    /// `[dialect]`: one of the operator's own, as JSON.
    pub dialect: Option<String>,
    /// `DIALECT_…`: how dialects decide what excludes each other.
    pub dialect_options: DialectOptions,
    /// `TASK_TITLE_MAX`: characters of a task's title at most.
    pub task_title_max: usize,
    /// `TRUSTED_PROXIES`: whose forwarding headers count.
    pub trusted_proxies: Vec<Cidr>,
    /// `AUDIT_RETENTION`: how long audit records are kept; for ever if absent.
    pub audit_retention: Option<Duration>,
    /// `PUBLIC_URL`: what links are built from.
    pub public_url: Option<String>,
    /// `RP_ID`: the domain that passkeys are made for.
    pub rp_id: Option<RpId>,
    /// `RP_ORIGINS`: the origins that may ask for them.
    pub rp_origins: Vec<String>,
    /// `SMTP_URL`: the mail server; without it no mail is sent.
    pub smtp_url: Option<SmtpUrl>,
    /// `MAIL_FROM`: the sender of mails.
    pub mail_from: Option<MailFrom>,
    /// `SMTP_CA_FILE`: authorities of one's own that sign the mail server's certificate.
    pub smtp_ca_file: Option<AuthorityFile>,
    /// `SMTP_TIMEOUT`: how long the mail server may take for a step.
    pub smtp_timeout: Duration,
    /// `SECURITY_NOTICES`: what people are told of that happens to their account.
    pub notices: Notices,
    /// Where mails are written to instead of being sent: `dev` only.
    pub mail_folder: Option<PathBuf>,
    /// Mails are asked for and none is ever written down or sent: a rehearsal only.
    pub rehearses_mail: bool,
    /// What mails say and where their links lead.
    pub letters: LetterSettings,
    /// The header that names the client, written by a trusted proxy.
    pub client_ip_header: HeaderName,
    /// `MAX_CONNECTIONS`; by default as many as the process may hold files open, at most 16 384.
    pub max_connections: Option<usize>,
    /// Connections open at once of one client network; `None`: a quarter of all.
    pub max_connections_per_client: Option<usize>,
    /// How long a connection may be idle between requests.
    pub keep_alive_timeout: Duration,
    /// `DRAIN_TIMEOUT`: how long accepted requests may finish once the server is told to stop.
    pub drain_timeout: Duration,
    /// `METRICS_LISTEN`: where metrics are served apart from everything else.
    pub metrics_listen: Option<SocketAddr>,
    /// `METRICS_TOKEN`: whoever shows it reads them on the main listener.
    pub metrics_token: Option<Secret>,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector that spans are sent to, by builds with `otlp`.
    pub otlp_endpoint: Option<String>,
    /// `RUST_LOG`: what is logged.
    pub log_filter: String,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
}

impl Settings {
    /// The path of `PUBLIC_URL`, such as `/backend`, which the proxy in front strips; empty if it has none.
    pub fn public_prefix(&self) -> &str {
        let rest = self.public_url.as_deref().and_then(|url| url.split_once("://"));
        let path = rest.and_then(|(_, rest)| rest.find('/').map(|slash| &rest[slash..]));
        path.unwrap_or_default().trim_end_matches('/')
    }

    /// The documented defaults, with this database and secret.
    pub fn new(database: DatabaseUrl, secret: Secret) -> Self {
        const DAY: Duration = Duration::from_hours(24);
        Self {
            database,
            database_unpooled: None,
            sqlite: SqliteTuning::default(),
            tenant_role: crate::config::TENANT_ROLE.into(),
            secret,
            previous_secrets: Vec::new(),
            better_auth_url: None,
            neon_auth_url: None,
            accept_cookies: false,
            better_auth_cookie_prefix: "better-auth".into(),
            trusted_issuers: Vec::new(),
            accept_shared_secret_tokens: false,
            shared_secret_issuer: None,
            shared_secret_audience: None,
            link_verified_emails: false,
            access_token_ttl: DAY,
            session_idle_ttl: DAY * 30,
            session_max_ttl: DAY * 180,
            refresh_grace: Duration::from_secs(10),
            refresh_retry: Duration::from_hours(1),
            refresh_with_access_token: false,
            token_algorithm: Algorithm::Hs256,
            token_profile: TokenProfile::Doorward,
            token_issuer: "doorward".into(),
            token_audience: None,
            token_app_metadata: Vec::new(),
            registration: Registration::Open,
            registration_signs_in: false,
            unverified_email: UnverifiedEmail::Allowed,
            password_reset_ttl: Duration::from_hours(1),
            invitation_ttl: Duration::from_hours(7 * 24),
            email_verification_ttl: DAY,
            usernames: false,
            login_codes: false,
            email_change: EmailChange::Confirmed,
            password_change: PasswordChange::Current,
            account_deletion: AccountDeletion::Password,
            step_up_age: Duration::from_mins(10),
            mfa: MfaPolicy::Optional,
            mfa_roles: Vec::new(),
            trusted_devices: None,
            common_passwords: false,
            password_hash: HashScheme::default(),
            password_kernel: PasswordKernel::Auto,
            password_min_length: 8,
            password_word_list: None,
            password_breach_file: None,
            rate_limit_login: Some(Quota::per_minute(60)),
            rate_limit_register: Some(Quota::per_minute(20)),
            rate_limit_refresh: Some(Quota::per_minute(300)),
            rate_limit_auth: Some(Quota::per_minute(120)),
            rate_limit_api: None,
            rate_limit_introspect: Some(Quota::per_minute(6000)),
            rate_limit_api_key: Some(Quota::per_minute(6000)),
            redis_url: None,
            login_max_failures: 10,
            allowed_origins: AllowedOrigins::List(Vec::new()),
            allowed_headers: Vec::new(),
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8000,
            auth_path: "/auth".into(),
            tasks_path: "/api/tasks".into(),
            compat: Vec::new(),
            dialect: None,
            dialect_options: DialectOptions::default(),
            task_title_max: 200,
            trusted_proxies: Vec::new(),
            audit_retention: Some(DAY * 365),
            public_url: None,
            rp_id: None,
            rp_origins: Vec::new(),
            smtp_url: None,
            mail_from: None,
            smtp_ca_file: None,
            smtp_timeout: Duration::from_secs(30),
            notices: Notices::default(),
            mail_folder: None,
            rehearses_mail: false,
            letters: LetterSettings::default(),
            client_ip_header: HeaderName::from_static("x-forwarded-for"),
            max_connections: None,
            max_connections_per_client: None,
            keep_alive_timeout: Duration::from_mins(3),
            drain_timeout: Duration::from_secs(25),
            metrics_listen: None,
            metrics_token: None,
            otlp_endpoint: None,
            log_filter: "info".into(),
            log_format: LogFormat::Text,
        }
    }
}

/// A shared secret: at least 32 bytes, zeroed when dropped, never printed.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps the text as it was given; strength is judged where settings are read.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The UTF-8 bytes, which are the HS256 key itself.
    pub fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

/// Options of dialects, each as it was written.
#[derive(Clone, Debug, Default)]
pub struct DialectOptions {
    /// How the list of tasks is wrapped.
    pub list: Option<String>,
    /// How a single task is wrapped.
    pub item: Option<String>,
    /// The word for a task that is not done.
    pub open_status: Option<String>,
    /// What deleting a task answers with.
    pub delete: Option<String>,
}

/// How new passwords are hashed; both schemes always verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashScheme {
    /// Argon2id with memory in KiB, passes and lanes (RFC 9106).
    Argon2id {
        /// Memory in KiB.
        m: u32,
        /// Passes.
        t: u32,
        /// Lanes.
        p: u32,
    },
    /// bcrypt `$2b$` with this cost.
    Bcrypt {
        /// log2 of the rounds.
        cost: u32,
    },
}

impl HashScheme {
    /// The most memory one Argon2 hash may take, in KiB, whoever made it.
    pub const MAX_MEMORY: u32 = 256 * 1024;
    /// The most memory × passes, in KiB: about a second of one core.
    pub const MAX_WORK: u64 = 1024 * 1024;
}

impl Default for HashScheme {
    /// OWASP's first choice.
    fn default() -> Self {
        Self::Argon2id { m: 19_456, t: 2, p: 1 }
    }
}

/// Which code makes Argon2id hashes. All of them make the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordKernel {
    /// Our own for AVX-512 or AVX2 if the processor has one of them, else `Reference`.
    Auto,
    /// Our own without instructions of a certain processor.
    Portable,
    /// The crate `argon2` alone.
    Reference,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One line a person reads.
    Text,
    /// One JSON object a line.
    Json,
}
