//! The OpenAPI 3.1 document. Features describe their own operations; what all operations share is added here,
//! so that annotations neither repeat nor omit it: the problem document of each error, the errors of
//! protected operations and of those with a body, their headers, the two ways to authorize, and the
//! `{user_id}` of a mount that names the user.

mod cookie;
mod errors;
mod examples;
mod register;
mod served_document;

use serde_json::Value;
use utoipa::PartialSchema;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, SchemaType};
use utoipa::openapi::security::{
    Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes, SecurityScheme,
};
use utoipa::openapi::{
    Components, Content, Header, Info, License, ObjectBuilder, OneOfBuilder, OpenApi, Ref, RefOr,
    Required, Response, Schema, SecurityRequirement, Server, Tag, Type,
};

pub use served_document::{ServedDocument, to_text};

use errors::Subject;

use crate::config::{EmailChange, PasswordChange, Settings};
use crate::error::Code;
use crate::gate::Permission;
use crate::http::USER_ID;
use crate::http::problem::{ProblemDocument, ProblemEntry};
use crate::sessions::Renewed;

/// Named in `security(("bearer" = []))`.
const BEARER: &str = "bearer";
/// Swagger UI's *Authorize* form.
const PASSWORD: &str = "password";
const PROBLEM_JSON: &str = "application/problem+json";

const DESCRIPTION: &str = "Registers users, signs them in, issues and verifies JWTs, and keeps each user's \
    tasks private to that user.\n\nEvery error is an RFC 9457 problem document \
    (`application/problem+json`): `detail` is a sentence for people, `code` is a stable identifier for programs. Every response has an `X-Request-Id`; send your own (1–64 of `A-Z a-z 0-9 . _ -`) to find a request in the log.\n\nSend tokens in the header `Authorization: Bearer …`.";

const TAGS: [(&str, &str); 10] = [
    ("accounts", "Registration and the caller's account."),
    ("sessions", "Sign in, refresh, sign out, and manage sessions."),
    ("factors", "Second factors: authenticator apps and recovery codes."),
    ("passwords", "Change a password, or reset a forgotten one by mail."),
    ("passkeys", "Sign in with a passkey of a device or a security key (WebAuthn)."),
    ("emails", "Verify an e-mail address, change it, and undo a change."),
    ("tasks", "The caller's own tasks. Tasks of other users are reported as not found."),
    (
        "admin",
        "All accounts, roles and sessions, and the audit log. Each operation requires a permission.",
    ),
    ("keys", "What other services need to verify tokens."),
    ("service", "Health probes."),
];

/// The complete document of these operations.
pub fn complete(mut document: OpenApi, settings: &Settings) -> OpenApi {
    document.info = Info::new("Doorward", env!("CARGO_PKG_VERSION"));
    document.info.description = Some(description());
    document.info.license = Some(License::new(env!("CARGO_PKG_LICENSE")));
    document.tags = Some(TAGS.map(|(name, text)| tag(name, text)).into());
    let prefix = settings.public_prefix();
    document.servers = (!prefix.is_empty()).then(|| vec![Server::new(prefix)]);
    let components = document.components.get_or_insert_default();
    add_schemas(components);
    open_objects(components);
    examples::complete_schemas(components, settings.password_min_length);
    errors::add_shared(components);
    set_password_length(components, settings.password_min_length);
    set_title_length(components, settings.task_title_max);
    hide_what_is_off(components, settings);
    add_security(components, &format!("{prefix}{}/login", settings.auth_path));
    for (path, item) in &mut document.paths.paths {
        if path.contains(USER_ID) {
            item.parameters.get_or_insert_default().push(user_id().into());
            operations(item).for_each(refuse_others);
        }
        for operation in operations(item) {
            if !settings.usernames && is(operation, "users.list") {
                let is_shown =
                    |it: &RefOr<Parameter>| !matches!(it, RefOr::T(it) if it.name == "username");
                operation.parameters.iter_mut().for_each(|all| all.retain(is_shown));
            }
            complete_operation(operation, components);
            add_request_examples(operation, settings.password_min_length);
            if is(operation, "accounts.register") {
                register::describe(operation, settings);
            }
            if settings.refresh_with_access_token && is(operation, "sessions.refresh") {
                answer_access_token(operation, components);
            }
        }
    }
    if let Some(name) = settings.session_cookie() {
        cookie::describe(&mut document, name);
    }
    document
}

fn description() -> String {
    let table = Permission::table();
    format!(
        "{DESCRIPTION}\n\nOperations under `/admin` name the permission they require. Roles have permissions \
            and users have roles. A change takes effect with the next request:\n\n{table}\n\
         The role `admin` has all of them."
    )
}

fn tag(name: &str, description: &str) -> Tag {
    let mut tag = Tag::new(name);
    tag.description = Some(description.into());
    tag
}

fn add_schemas(components: &mut Components) {
    components.schemas.insert("Problem".into(), ProblemDocument::schema());
    components.schemas.insert("ProblemEntry".into(), ProblemEntry::schema());
    components.schemas.insert("Code".into(), Code::schema());
}

fn add_security(components: &mut Components, login: &str) {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("An access token from a sign-in."))
        .build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    let form = OAuth2::with_description(
        [Flow::Password(Password::new(login, Scopes::new()))],
        "The first-party login form; leave the client id and secret empty.",
    );
    components.add_security_scheme(PASSWORD, SecurityScheme::OAuth2(form));
}

fn user_id() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    let mut parameter = Parameter::new("user_id");
    parameter.parameter_in = ParameterIn::Path;
    parameter.required = Required::True;
    parameter.description = Some("The caller's own id; any other id gets 403.".into());
    parameter.schema = Some(schema.into());
    examples::complete_parameter(&mut parameter);
    parameter
}

fn refuse_others(operation: &mut Operation) {
    let response = Response::new("The path names another user");
    operation.responses.responses.insert("403".into(), RefOr::T(response));
}

/// `*` or a list of quoted tags (RFC 9110 §13.1.1).
fn entity_tags() -> ObjectBuilder {
    let tag = r#"(W/)?"[!\x23-\x7e]*""#;
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(format!(r"^(\*|{tag}(, ?{tag})*)$")))
}

/// An object without declared fields accepts any; generators would take it for an empty one.
fn open_objects(components: &mut Components) {
    for schema in components.schemas.values_mut() {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        for field in object.properties.values_mut() {
            if let RefOr::T(Schema::Object(field)) = field
                && field.schema_type == SchemaType::Type(Type::Object)
                && field.properties.is_empty()
                && field.additional_properties.is_none()
            {
                field.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(true)));
            }
        }
    }
}

/// The minimum password length of this configuration.
fn set_password_length(components: &mut Components, min: usize) {
    for schema in components.schemas.values_mut() {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        for name in ["password", "new_password"] {
            if let Some(RefOr::T(Schema::Object(password))) = object.properties.get_mut(name)
                && password.min_length.is_some()
            {
                password.min_length = Some(min);
            }
        }
    }
}

/// Removes what the settings do not allow: user names, and fields of `PATCH /auth/me`.
fn hide_what_is_off(components: &mut Components, settings: &Settings) {
    if !settings.usernames {
        // A form that signs in keeps its `username`: OAuth's name for what may be an address.
        for name in ["RegisterRequest", "UpdateRequest", "CreateUserRequest", "User"] {
            if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) {
                object.properties.remove("username");
            }
        }
    }
    let Some(RefOr::T(Schema::Object(update))) = components.schemas.get_mut("UpdateRequest") else {
        return;
    };
    if settings.email_change == EmailChange::Confirmed {
        update.properties.remove("email");
    }
    if settings.password_change == PasswordChange::Current {
        update.properties.remove("password");
    }
}

/// Titles of tasks are as long as this configuration allows.
fn set_title_length(components: &mut Components, max: usize) {
    for name in ["Task", "NewTask", "TaskChanges"] {
        if let Some(RefOr::T(Schema::Object(task))) = components.schemas.get_mut(name)
            && let Some(RefOr::T(Schema::Object(title))) = task.properties.get_mut("title")
        {
            title.max_length = Some(max);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch]
        .into_iter()
        .flatten()
}

fn is(operation: &Operation, id: &str) -> bool {
    id_of(operation) == id
}

/// The name of an operation, without the number that its other paths have in dialects.
fn id_of(operation: &Operation) -> &str {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    id.split_once(".alias").map_or(id, |(id, _)| id)
}

/// A refresh needs no body where `REFRESH_WITH_ACCESS_TOKEN` says so.
fn answer_access_token(operation: &mut Operation, components: &mut Components) {
    components.schemas.insert("Renewed".into(), Renewed::schema());
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.required = Some(Required::False);
    }
    let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") else { return };
    response.description =
        "The session's next tokens; without a body another access token for the one in Authorization"
            .into();
    let either = OneOfBuilder::new()
        .item(Ref::from_schema_name("Tokens"))
        .item(Ref::from_schema_name("Renewed"));
    let content = Content::new(Some(RefOr::T(Schema::OneOf(either.build()))));
    response.content.insert("application/json".into(), content.into());
}

/// What a body may be besides the JSON that is described. It is left out of the description proper,
/// since generators of clients fail on a body of two kinds, or send none.
fn also_takes(operation: &Operation) -> impl Iterator<Item = &str> {
    let extension = operation.extensions.as_ref().and_then(|all| all.get("x-also-takes"));
    extension.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn add_request_examples(operation: &mut Operation, password_min_length: usize) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            examples::complete_parameter(parameter);
        }
    }
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for content in body.content.values_mut() {
        if let RefOr::T(content) = content {
            examples::complete_body(content, password_min_length);
        }
    }
}

fn complete_operation(operation: &mut Operation, components: &Components) {
    let security = operation.security.get_or_insert_default();
    let protected = !security.is_empty();
    if protected {
        security.push(SecurityRequirement::new(PASSWORD, <[&str; 0]>::default()));
    }
    let takes_body = operation.request_body.is_some();
    let probe = operation.tags.as_ref().is_some_and(|tags| tags.iter().any(|it| it == "service"));
    let shared = [
        (protected, "401", "No token, or one that is invalid, expired or whose session has ended"),
        (takes_body, "400", "The body cannot be read"),
        (takes_body, "413", "The body is too large"),
        (takes_body, "415", "The content type of the body is not supported"),
        (takes_body, "422", "Invalid values; all of them are reported"),
        (!probe, "429", "Too many requests from this address"),
        (
            !probe,
            "503",
            "The database is unavailable or the server is overloaded; nothing was changed",
        ),
    ];
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && ["If-Match", "If-None-Match"].contains(&parameter.name.as_str())
        {
            parameter.schema = Some(entity_tags().into());
        }
    }
    let subject = Subject::of(operation, components);
    let responses = &mut operation.responses.responses;
    for (applies, status, description) in shared {
        if applies && !responses.contains_key(status) {
            responses.insert(status.into(), RefOr::T(Response::new(description)));
        }
    }
    for (status, response) in responses {
        if let RefOr::T(response) = response
            && status.as_str() >= "400"
        {
            complete_error(status, response, &subject);
        }
    }
}

fn complete_error(status: &str, response: &mut Response, subject: &Subject) {
    if response.content.is_empty() {
        let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
        subject.complete(status, &mut content);
        response.content.insert(PROBLEM_JSON.into(), content.into());
    }
    let headers: &[(&str, &str)] = match status {
        "401" => &[("WWW-Authenticate", "RFC 6750: `Bearer`, with an error if a token was sent")],
        "429" => &[
            ("Retry-After", "Seconds to wait"),
            ("RateLimit", "The remaining quota"),
            ("RateLimit-Policy", "The limit"),
        ],
        "503" => &[("Retry-After", "Seconds to wait")],
        _ => &[],
    };
    for (name, description) in headers {
        let kind = if *name == "Retry-After" { Type::Integer } else { Type::String };
        let mut header =
            Header::new(Schema::Object(ObjectBuilder::new().schema_type(kind).build()));
        header.description = Some((*description).into());
        response.headers.entry((*name).into()).or_insert(RefOr::T(header));
    }
}
