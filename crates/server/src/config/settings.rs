//! The resolved settings with their documented defaults. Names and defaults are part of the public interface.

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

/// Everything that a running server needs to know.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Settings {
    /// `DATABASE_URL`.
    pub database: DatabaseUrl,
    /// `DATABASE_URL_UNPOOLED`: the direct host that migrations use.
    pub database_unpooled: Option<DatabaseUrl>,
    /// `SQLITE_…`: options of SQLite.
    pub sqlite: SqliteTuning,
    /// `DATABASE_TENANT_ROLE`: the PostgreSQL role that owns the view `own_tasks`.
    pub tenant_role: String,
    /// `BETTER_AUTH_SECRET` and its other names: signs and verifies HS256 tokens.
    pub secret: Secret,
    /// `PREVIOUS_SECRETS`: still accepted after a rotation.
    pub previous_secrets: Vec<Secret>,
    /// `BETTER_AUTH_URL`: the Better Auth server whose tokens are accepted; their `iss` and `aud`.
    pub better_auth_url: Option<String>,
    /// `NEON_AUTH_URL`: the Neon Auth service whose tokens are accepted.
    pub neon_auth_url: Option<String>,
    /// `ACCEPT_COOKIES`: whether that server's session cookie is accepted without a token.
    pub accept_cookies: bool,
    /// `BETTER_AUTH_COOKIE_PREFIX`: the prefix of its cookie names.
    pub better_auth_cookie_prefix: String,
    /// `[[issuers]]`: other issuers whose tokens are accepted, with the keys they publish.
    pub trusted_issuers: Vec<TrustedIssuer>,
    /// `ACCEPT_SHARED_SECRET_TOKENS`: whether HS256 tokens of others with the shared secret are accepted.
    pub accept_shared_secret_tokens: bool,
    /// `SHARED_SECRET_ISSUER`: the `iss` of those tokens.
    pub shared_secret_issuer: Option<String>,
    /// `SHARED_SECRET_AUDIENCE`: their `aud`, if it is not `TOKEN_AUDIENCE`.
    pub shared_secret_audience: Option<String>,
    /// `LINK_VERIFIED_EMAILS`: users of other issuers are linked to the local account with their verified
    /// address.
    pub link_verified_emails: bool,
    /// `ACCESS_TOKEN_TTL`.
    pub access_token_ttl: Duration,
    /// `SESSION_IDLE_TTL`.
    pub session_idle_ttl: Duration,
    /// `SESSION_MAX_TTL`.
    pub session_max_ttl: Duration,
    /// `REFRESH_GRACE`: how long a token one step behind is accepted again.
    pub refresh_grace: Duration,
    /// `REFRESH_RETRY`: the same while the successor is unconfirmed.
    pub refresh_retry: Duration,
    /// `REFRESH_WITH_ACCESS_TOKEN`: an access token of a live session can be exchanged for a new one.
    pub refresh_with_access_token: bool,
    /// `TOKEN_ALGORITHM`: how new access tokens are signed.
    pub token_algorithm: Algorithm,
    /// `TOKEN_PROFILE`: another consumer that access tokens must be compatible with.
    pub token_profile: TokenProfile,
    /// `TOKEN_ISSUER`, otherwise `PUBLIC_URL`, otherwise `doorward`.
    pub token_issuer: String,
    /// `TOKEN_AUDIENCE`.
    pub token_audience: Option<String>,
    /// `TOKEN_APP_METADATA`: the fields of `app_metadata` in access tokens.
    pub token_app_metadata: Vec<String>,
    /// `REGISTRATION`.
    pub registration: Registration,
    /// `REGISTRATION_SIGNS_IN`: registration returns tokens.
    pub registration_signs_in: bool,
    /// `REQUIRE_VERIFIED_EMAIL`.
    pub unverified_email: UnverifiedEmail,
    /// `LOGIN_CODES`: sign-in by a code or a link in a mail.
    pub login_codes: bool,
    /// `PASSWORD_RESET_TTL`: lifetime of a link to set a new password.
    pub password_reset_ttl: Duration,
    /// `INVITATION_TTL`: lifetime of an invitation link.
    pub invitation_ttl: Duration,
    /// `EMAIL_VERIFICATION_TTL`: lifetime of a verification link.
    pub email_verification_ttl: Duration,
    /// `USERNAMES`: whether accounts may have a user name for signing in.
    pub usernames: bool,
    /// `EMAIL_CHANGE`: how users change the address of their account.
    pub email_change: EmailChange,
    /// `PASSWORD_CHANGE`: what changing one's own password requires.
    pub password_change: PasswordChange,
    /// `ACCOUNT_DELETION`: what deleting one's own account requires.
    pub account_deletion: AccountDeletion,
    /// `STEP_UP_AGE`: how recent authentication must be for sensitive operations.
    pub step_up_age: Duration,
    /// `MFA`: who needs a second factor.
    pub mfa: MfaPolicy,
    /// `MFA_ROLES`: the roles that also require one.
    pub mfa_roles: Vec<String>,
    /// `TRUSTED_DEVICES`: how long a trusted device replaces the second step; `None` if off.
    pub trusted_devices: Option<Duration>,
    /// `COMMON_PASSWORDS`: whether common passwords are allowed.
    pub common_passwords: bool,
    /// `PASSWORD_HASH`.
    pub password_hash: HashScheme,
    /// `PASSWORD_KERNEL`: the implementation of Argon2id.
    pub password_kernel: PasswordKernel,
    /// `PASSWORD_MIN_LENGTH`, in characters.
    pub password_min_length: usize,
    /// `PASSWORD_WORD_LIST`: words that passwords must not consist of.
    pub password_word_list: Option<WordList>,
    /// `PASSWORD_BREACH_FILE`: breached passwords.
    pub password_breach_file: Option<BreachFile>,
    /// `RATE_LIMIT_LOGIN`: sign-ins per address.
    pub rate_limit_login: Option<Quota>,
    /// `RATE_LIMIT_REGISTER`: registrations per address.
    pub rate_limit_register: Option<Quota>,
    /// `RATE_LIMIT_REFRESH`: refreshes per address.
    pub rate_limit_refresh: Option<Quota>,
    /// `RATE_LIMIT_AUTH`: other changing requests below `AUTH_PATH`, per address.
    pub rate_limit_auth: Option<Quota>,
    /// `RATE_LIMIT_API`: all other requests with a token, per address.
    pub rate_limit_api: Option<Quota>,
    /// `RATE_LIMIT_INTROSPECT`: introspection and revocation, per address.
    pub rate_limit_introspect: Option<Quota>,
    /// `RATE_LIMIT_API_KEY`: requests per API key.
    pub rate_limit_api_key: Option<Quota>,
    /// `REDIS_URL`: where several nodes share rate limits.
    pub redis_url: Option<RedisUrl>,
    /// `LOGIN_MAX_FAILURES`: consecutive wrong passwords per account before delays start.
    pub login_max_failures: u32,
    /// `ALLOWED_ORIGINS`.
    pub allowed_origins: AllowedOrigins,
    /// `ALLOWED_HEADERS`: additional request headers that such pages may send.
    pub allowed_headers: Vec<HeaderName>,
    /// `HOST`.
    pub host: IpAddr,
    /// `PORT`.
    pub port: u16,
    /// `AUTH_PATH`.
    pub auth_path: String,
    /// `TASKS_PATH`; may contain `{user_id}`.
    pub tasks_path: String,
    /// `COMPAT`: the built-in dialects.
    pub compat: Vec<String>,
    /// `[dialect]`: the operator's own dialect, as JSON.
    pub dialect: Option<String>,
    /// `DIALECT_…`: options of dialects.
    pub dialect_options: DialectOptions,
    /// `TASK_TITLE_MAX`: maximum length of a task's title.
    pub task_title_max: usize,
    /// `TRUSTED_PROXIES`: whose forwarding headers are trusted.
    pub trusted_proxies: Vec<Cidr>,
    /// `AUDIT_RETENTION`: how long audit records are kept; forever if absent.
    pub audit_retention: Option<Duration>,
    /// `PUBLIC_URL`: the base URL of links.
    pub public_url: Option<String>,
    /// `RP_ID`: the domain of passkeys.
    pub rp_id: Option<RpId>,
    /// `RP_ORIGINS`: the origins that may use them.
    pub rp_origins: Vec<String>,
    /// `SMTP_URL`: the mail server; without it no mail is sent.
    pub smtp_url: Option<SmtpUrl>,
    /// `MAIL_FROM`: the sender of mails.
    pub mail_from: Option<MailFrom>,
    /// `SMTP_CA_FILE`: additional CAs for the mail server's certificate.
    pub smtp_ca_file: Option<AuthorityFile>,
    /// `SMTP_TIMEOUT`: how long each step with the mail server may take.
    pub smtp_timeout: Duration,
    /// `SECURITY_NOTICES`: the account events that users are notified of.
    pub notices: Notices,
    /// Where mails are written instead of being sent: `dev` only.
    pub mail_folder: Option<PathBuf>,
    /// Mails can be requested, but none is stored or sent: for rehearsals.
    pub rehearses_mail: bool,
    /// The contents and links of mails.
    pub letters: LetterSettings,
    /// `CLIENT_IP_HEADER`: the header with the client's address, set by a trusted proxy.
    pub client_ip_header: HeaderName,
    /// `MAX_CONNECTIONS`; by default the process's limit of open files, at most 16 384.
    pub max_connections: Option<usize>,
    /// `MAX_CONNECTIONS_PER_CLIENT`: open connections per client network; `None`: a quarter of all.
    pub max_connections_per_client: Option<usize>,
    /// `KEEP_ALIVE_TIMEOUT`: how long a connection may be idle between requests.
    pub keep_alive_timeout: Duration,
    /// `DRAIN_TIMEOUT`: how long accepted requests may take to finish during a shutdown.
    pub drain_timeout: Duration,
    /// `METRICS_LISTEN`: the separate address for metrics.
    pub metrics_listen: Option<SocketAddr>,
    /// `METRICS_TOKEN`: the bearer token for metrics on the main listener.
    pub metrics_token: Option<Secret>,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector for spans, in builds with `otlp`.
    pub otlp_endpoint: Option<String>,
    /// `RUST_LOG`: the log filter.
    pub log_filter: String,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
}

impl Settings {
    /// The path of `PUBLIC_URL`, such as `/backend`, which the reverse proxy strips; may be empty.
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
    /// Wraps the text as given; its strength is checked with the settings.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The UTF-8 bytes, which are the HS256 key itself.
    pub fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

/// Options of dialects, as written.
#[derive(Clone, Debug, Default)]
pub struct DialectOptions {
    /// The envelope of the list of tasks.
    pub list: Option<String>,
    /// The envelope of a single task.
    pub item: Option<String>,
    /// The status of an incomplete task.
    pub open_status: Option<String>,
    /// The response to deleting a task.
    pub delete: Option<String>,
}

/// How new passwords are hashed; both schemes are always verified.
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
    /// Maximum memory of an Argon2 hash in KiB, whoever created it.
    pub const MAX_MEMORY: u32 = 256 * 1024;
    /// Maximum memory × passes, in KiB: about a second on one core.
    pub const MAX_WORK: u64 = 1024 * 1024;
}

impl Default for HashScheme {
    /// OWASP's first recommendation.
    fn default() -> Self {
        Self::Argon2id { m: 19_456, t: 2, p: 1 }
    }
}

/// The implementations of Argon2id, which all compute the same hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordKernel {
    /// Our own for AVX-512 or AVX2 if available, otherwise `Reference`.
    Auto,
    /// Our own portable one.
    Portable,
    /// The crate `argon2`.
    Reference,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object per line.
    Json,
}
