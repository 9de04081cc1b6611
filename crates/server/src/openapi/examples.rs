//! The examples of requests: a body of each kind, and a value of each parameter. They are consistent, so that
//! *Execute* on the page works from registration on. A test sends all of them.

use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Components, Content, RefOr, Schema};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "violet kettle drum 41";
const NEW_PASSWORD: &str = "eleven quiet lanterns 7";
const NAME: &str = "Ada Lovelace";
const ROLE: &str = "support";
/// A user, task or session that does not exist: to be replaced.
pub(super) const ID: &str = "0199c1a4-5d2e-7b60-9f13-6a8e42d07c5b";
/// Invalid.
const REFRESH_TOKEN: &str = "dwr_put-in-the-one-you-received";

/// Invalid.
const LINK_TOKEN: &str = "dwo_put-in-what-the-link-in-the-mail-ends-with";

/// Invalid: to be replaced with the browser's result.
const CEREMONY: &str = "dwc_put-in-that-of-the-options";
const CREDENTIAL: &str = "AAAA-what-the-browser-gives";
const FROM_BROWSER: &str = "put-in-what-the-browser-gives";
/// Invalid.
const MFA_TOKEN: &str = "dwo_put-in-the-one-that-signing-in-answered-with";

/// Adds the example of a request body.
pub(super) fn complete_body(content: &mut Content, password_min_length: usize) {
    let example = content.schema.as_ref().and_then(schema_name);
    content.example = example.and_then(|name| body(name, password_min_length));
}

/// The referenced schema, also of an optional body.
pub(super) fn schema_name(schema: &RefOr<Schema>) -> Option<&str> {
    match schema {
        RefOr::Ref(to) => to.ref_location.rsplit('/').next(),
        RefOr::T(Schema::OneOf(one_of)) => one_of.items.iter().find_map(schema_name),
        RefOr::T(_) => None,
    }
}

fn body(schema: &str, password_min_length: usize) -> Option<Value> {
    let password = format!("{PASSWORD:.<password_min_length$}");
    let new_password = format!("{NEW_PASSWORD:.<password_min_length$}");
    Some(match schema {
        "RegisterRequest" => json!({
            "email": EMAIL, "password": password, "name": NAME, "locale": "en-GB",
        }),
        "LoginRequest" => json!({"email": EMAIL, "password": password}),
        "RefreshRequest" => json!({"refresh_token": REFRESH_TOKEN}),
        "TokenRequest" => json!({"token": REFRESH_TOKEN}),
        "UpdateRequest" => json!({"name": NAME, "user_metadata": {"theme": "dark"}}),
        "ChangeRequest" => json!({"current_password": password, "new_password": new_password}),
        "ForgotRequest" | "ResendRequest" | "LoginCodeRequest" => json!({"email": EMAIL}),
        "AcceptInvitationRequest" => json!({"token": LINK_TOKEN, "password": password}),
        "ResetRequest" => json!({"token": LINK_TOKEN, "new_password": new_password}),
        "VerifyEmailRequest" | "UndoEmailRequest" | "VerifyCodeRequest" => {
            json!({"token": LINK_TOKEN})
        }
        "ChangeEmailRequest" => json!({"email": "ada@example.org", "password": password}),
        "CreatePasskeyRequest" => json!({
            "ceremony": CEREMONY, "name": "Phone", "credential": {
                "id": CREDENTIAL, "rawId": CREDENTIAL, "type": "public-key",
                "clientExtensionResults": {"credProps": {"rk": true}},
                "response": {"clientDataJSON": FROM_BROWSER, "attestationObject": FROM_BROWSER,
                    "transports": ["internal"]},
            },
        }),
        "PasskeyLoginRequest" => json!({
            "ceremony": CEREMONY, "credential": {
                "id": CREDENTIAL, "rawId": CREDENTIAL, "type": "public-key", "clientExtensionResults": {},
                "response": {"clientDataJSON": FROM_BROWSER, "authenticatorData": FROM_BROWSER,
                    "signature": FROM_BROWSER, "userHandle": FROM_BROWSER},
            },
        }),
        "UpdatePasskeyRequest" => json!({"name": "Old phone"}),
        "EnrolRequest" => json!({"name": "Phone"}),
        "ConfirmRequest" => json!({"id": ID, "code": "123456"}),
        "VerifyRequest" => {
            json!({"mfa_token": MFA_TOKEN, "code": "123456", "remember_device": true})
        }
        "DeleteRequest" | "ReauthenticateRequest" => json!({"password": password}),
        "CreateUserRequest" => json!({
            "email": "grace@example.com", "password": new_password, "name": "Grace Hopper",
            "email_verified": true, "app_metadata": {"plan": "team"},
        }),
        "CreateServiceAccountRequest" => json!({
            "name": "nightly backup", "app_metadata": {"team": "storage"},
        }),
        "CreateApiKeyRequest" => json!({
            "name": "nightly backup", "scopes": ["tasks:read"],
            "expires_at": "2035-01-31T12:00:00Z", "networks": ["203.0.113.0/24"],
        }),
        "UpdateUserRequest" => json!({
            "name": NAME, "email_verified": true, "app_metadata": {"plan": "pro", "org": null},
        }),
        "CreateRoleRequest" => json!({
            "name": ROLE, "description": "Looks up accounts for support requests",
            "permissions": ["users:read"],
        }),
        "UpdateRoleRequest" => json!({"permissions": ["users:read", "sessions:write"]}),
        "NewTask" => json!({
            "title": "Buy milk", "description": "Two bottles", "priority": "high",
            "due_at": "2030-01-31T12:00:00Z", "tags": ["home"], "metadata": {"category": "food"},
        }),
        "TaskChanges" => json!({
            "title": "Buy oat milk", "priority": "low", "tags": ["home", "week"],
            "metadata": {"category": null, "shop": "corner"},
        }),
        "TaskCompletion" => json!({"completed": true}),
        _ => return None,
    })
}

/// Adds the example of a parameter. The page fills in that of a path; that of an optional filter is only
/// shown, since filters would hide results.
pub(super) fn complete_parameter(parameter: &mut Parameter) {
    match parameter.parameter_in {
        ParameterIn::Path => {
            let example = if parameter.name == "role" { ROLE } else { ID };
            let described = ParameterBuilder::from(std::mem::take(parameter));
            *parameter = described.example(Some(example.into())).build();
        }
        ParameterIn::Query => {
            if let (Some(RefOr::T(Schema::Object(object))), Some(example)) =
                (&mut parameter.schema, filter(&parameter.name))
            {
                object.examples = vec![example];
            }
        }
        _ => {}
    }
}

/// A value for a query parameter. Cursors only come from a previous page.
fn filter(name: &str) -> Option<Value> {
    Some(match name {
        "completed" => false.into(),
        "is_active" | "is_service" | "total" => true.into(),
        "due_after" | "since" => "2025-01-31T12:00:00Z".into(),
        "due_before" | "until" => "2031-01-31T12:00:00Z".into(),
        "q" => "milk".into(),
        "tag" => "home".into(),
        "sort" => "-due_at".into(),
        "limit" => 20.into(),
        "offset" => 40.into(),
        "email" => EMAIL.into(),
        "role" => "user".into(),
        "event" => "login".into(),
        "outcome" => "success".into(),
        "actor" | "user" | "request_id" => ID.into(),
        "ip" => "203.0.113.7".into(),
        "scope" => "others".into(),
        _ => return None,
    })
}

/// Adds examples to the schemas of parameters, and to each field of a body, from which the page fills in a
/// form.
pub(super) fn complete_schemas(components: &mut Components, password_min_length: usize) {
    for (name, schema) in &mut components.schemas {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        if name == "Priority" {
            object.examples = vec!["high".into()];
        }
        let Some(Value::Object(fields)) = body(name, password_min_length) else { continue };
        for (field, value) in fields {
            if let Some(RefOr::T(Schema::Object(field))) = object.properties.get_mut(&field) {
                field.examples = vec![value];
            }
        }
    }
}
