//! The examples of the contract, sent as they stand: what the page's *Execute* would do.

mod scene;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::both;
use crate::support::{Client, Engine, Reply, TestApp};
use scene::{Scene, link, scene, with_browser};

/// One request that the contract describes.
#[derive(Clone)]
struct Case {
    id: String,
    method: String,
    path: String,
    /// The content type and example of a body, if it takes one.
    body: Option<(String, Value)>,
    operation: Value,
}

/// Every operation, once for each kind of body that it takes, described or not.
fn cases(document: &Value) -> Vec<Case> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let json = operation["requestBody"]["content"].as_object().into_iter().flatten();
            let mut bodies = Vec::new();
            for (kind, content) in json {
                let example = &content["example"];
                assert!(example.is_object(), "{id}: no example as {kind}");
                let also = operation["x-also-takes"].as_array().into_iter().flatten();
                let also = also.map(|kind| kind.as_str().unwrap().to_owned());
                let kinds = also.chain([kind.clone()]);
                bodies.extend(kinds.map(|kind| Some((kind, example.clone()))));
            }
            if bodies.is_empty() {
                bodies.push(None);
            }
            all.extend(bodies.into_iter().map(|body| Case {
                id: id.into(),
                method: method.to_uppercase(),
                path: path.clone(),
                body,
                operation: operation.clone(),
            }));
        }
    }
    assert!(all.len() > 45, "{}", all.len());
    all
}

/// The example of a parameter, its own or its schema's.
fn example<'a>(parameter: &'a Value, document: &'a Value) -> Option<&'a Value> {
    let schema = &parameter["schema"];
    let schema = match schema["$ref"].as_str() {
        Some(to) => document.pointer(&to[1..]).unwrap(),
        None => schema,
    };
    parameter.get("example").or_else(|| schema["examples"].get(0))
}

/// An example as it stands in a URL or a form.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), Into::into)
}

impl Case {
    /// Path and query from the examples, with `id` for the id in the path; a second one follows a space.
    fn target(&self, document: &Value, id: Option<&str>) -> String {
        let mut path = self.path.clone();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for parameter in self.operation["parameters"].as_array().into_iter().flatten() {
            let (name, place) = (parameter["name"].as_str().unwrap(), &parameter["in"]);
            match (place.as_str(), name, example(parameter, document)) {
                (Some("header"), ..) | (Some("query"), "cursor", None) => {}
                (Some("query"), _, Some(value)) => {
                    query.append_pair(name, &text(value));
                }
                (Some("path"), _, Some(value)) => {
                    let place = ["id", "key_id"].iter().position(|known| *known == name);
                    let id = id.zip(place).and_then(|(id, place)| id.split(' ').nth(place));
                    let value = id.map_or(text(value), Into::into);
                    path = path.replace(&format!("{{{name}}}"), &value);
                }
                _ => panic!("{}: no example of {place} {name}", self.id),
            }
        }
        let query = query.finish();
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }

    fn takes_token(&self) -> bool {
        let body = self.body.as_ref().map(|(_, body)| body);
        body.is_some_and(|body| body["token"].is_string() || body["refresh_token"].is_string())
    }

    async fn send(
        &self,
        client: &Client,
        target: &str,
        token: Option<&str>,
        received: &Map<String, Value>,
    ) -> Reply {
        let Some((kind, body)) = &self.body else {
            return client.raw(&self.method, target, &[], "").await;
        };
        let mut fields: Map<String, Value> = body.as_object().unwrap().clone();
        for name in ["token", "refresh_token"] {
            if let (Some(token), Some(field)) = (token, fields.get_mut(name)) {
                *field = token.into();
            }
        }
        fields.extend(received.clone());
        let pairs = fields.iter().map(|(name, value)| (name, text(value)));
        let (kind, body) = match kind.as_str() {
            "application/x-www-form-urlencoded" => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                (kind.clone(), form.extend_pairs(pairs).finish())
            }
            "multipart/form-data" => {
                let part = |(name, value): (&String, String)| {
                    let head = format!("Content-Disposition: form-data; name=\"{name}\"");
                    format!("--edge\r\n{head}\r\n\r\n{value}\r\n")
                };
                let parts: String = pairs.map(part).collect();
                (format!("{kind}; boundary=edge"), format!("{parts}--edge--\r\n"))
            }
            _ => (kind.clone(), Value::Object(fields.clone()).to_string()),
        };
        client.raw(&self.method, target, &[("content-type", &kind)], body).await
    }
}

both! {
    async fn every_example_of_the_contract_is_accepted(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| {
            settings.login_codes = true;
            settings.trusted_devices = Some(std::time::Duration::from_hours(30 * 24));
        }).await;
        let document = app.anonymous().get("/openapi.json").await.expect(200).json();
        for (turn, case) in cases(&document).iter().enumerate() {
            let Scene { caller, id, received } = scene(&app, case, turn, &document).await;
            let case = &with_browser(case, &caller).await;
            let Case { id: name, method, .. } = case;
            let token = link(&app, case, &caller).await.or(caller.refresh_token.clone());
            let token = token.as_deref();
            let as_it_stands = case.target(&document, None);
            let named = case.target(&document, id.as_deref());
            // An id or a token of the contract is of nothing: the answer says so, or that it is worth nothing.
            if as_it_stands != named || case.takes_token() {
                let reply = case.send(&caller, &as_it_stands, None, &Map::new()).await;
                let said = reply.text();
                assert!([200, 400, 401, 404].contains(&reply.status), "{name}: {said}");
                if reply.status > 200 {
                    let known = &case.operation["responses"][reply.status.to_string()]["content"]
                        ["application/problem+json"]["examples"];
                    let code = reply.json()["code"].as_str().unwrap().to_owned();
                    assert!(known.get(&code).is_some(), "{name}: {code} has no example");
                }
            }
            let reply = case.send(&caller, &named, token, &received).await;
            let kind = case.body.as_ref().map(|(kind, _)| kind);
            let said = reply.text();
            assert!((200..300).contains(&reply.status), "{method} {named} {kind:?}: {said}");
            let documented = case.operation["responses"].get(reply.status.to_string());
            assert!(documented.is_some(), "{name}: {} is not documented", reply.status);
        }
    }
}

#[tokio::test]
async fn every_error_of_the_contract_has_examples_that_are_such_documents() {
    let app = TestApp::start(Engine::Sqlite).await;
    let document = app.anonymous().get("/openapi.json").await.expect(200).json();
    let mut codes = BTreeSet::new();
    for case in cases(&document) {
        for (status, response) in case.operation["responses"].as_object().unwrap() {
            let content = &response["content"]["application/problem+json"];
            if status.as_str() < "400" || content.is_null() {
                continue;
            }
            let examples = content["examples"].as_object();
            let examples = examples.unwrap_or_else(|| panic!("{} {status}: none", case.id));
            for (code, example) in examples {
                let example = match example["$ref"].as_str() {
                    Some(to) => document.pointer(&to[1..]).expect("it leads somewhere"),
                    None => example,
                };
                let value = &example["value"];
                assert_eq!(value["status"].to_string(), *status, "{}: {value}", case.id);
                assert_eq!(value["code"], **code, "{}: {value}", case.id);
                codes.insert(code.clone());
            }
            assert!(!examples.is_empty(), "{} {status}: none", case.id);
        }
    }
    let known: BTreeSet<String> =
        doorward::error::Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    let elsewhere: Vec<_> = known.difference(&codes).map(String::as_str).collect();
    // The first one is there where `ACCEPT_COOKIES` is on, the last one where `USERNAMES` is.
    let of_keys = ["network_not_allowed", "service_account"];
    let elsewhere: Vec<_> = elsewhere.into_iter().filter(|code| !of_keys.contains(code)).collect();
    assert_eq!(elsewhere, ["cross_site", "internal", "method_not_allowed", "username_taken"]);
}

#[tokio::test]
async fn the_example_of_a_password_is_as_long_as_the_settings_ask() {
    let app = TestApp::with(Engine::Sqlite, |settings| settings.password_min_length = 40).await;
    let client = app.anonymous();
    let document = client.get("/openapi.json").await.expect(200).json();
    let register = &document["paths"]["/auth/register"]["post"]["requestBody"]["content"];
    client
        .post("/auth/register", register["application/json"]["example"].clone())
        .await
        .expect(201);
}

/// A refusal of each kind that names a field or a permission is answered as its example says.
#[tokio::test]
async fn the_example_of_a_refusal_reads_as_the_refusal_does() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ada = app.sign_up("ada").await;
    let document = ada.get("/openapi.json").await.expect(200).json();
    let shown = |path: &str, method: &str, status: &str, code: &str| {
        let content = &document["paths"][path][method]["responses"][status]["content"];
        let example = &content["application/problem+json"]["examples"][code];
        let example =
            example["$ref"].as_str().map_or(example, |to| document.pointer(&to[1..]).unwrap());
        example["value"].clone()
    };
    let same = |reply: Reply, mut example: Value| {
        example["request_id"] = json!(reply.header("x-request-id"));
        assert_eq!(reply.json(), example);
    };
    let title = ada.post("/api/tasks", json!({})).await;
    same(title, shown("/api/tasks", "post", "422", "validation"));
    let locale = ada.patch("/auth/me", json!({"locale": 1})).await;
    same(locale, shown("/auth/me", "patch", "422", "validation"));
    let task = ada.patch(&format!("/api/tasks/{}", ada.id()), json!({"description": 1})).await;
    same(task, shown("/api/tasks/{id}", "patch", "422", "validation"));
    let limit = ada.get("/api/tasks?limit=many").await;
    same(limit, shown("/api/tasks", "get", "422", "validation"));
    let id = ada.get("/api/tasks/7").await;
    same(id, shown("/api/tasks/{id}", "get", "422", "validation"));
    let scope = ada.post_empty("/auth/logout?scope=mine").await;
    same(scope, shown("/auth/logout", "post", "422", "validation"));
    let permission = ada.get("/admin/users").await;
    same(permission, shown("/admin/users", "get", "403", "insufficient_scope"));
    let form = ada.raw("POST", "/auth/login", &[("content-type", "text/plain")], "a").await;
    same(form, shown("/auth/login", "post", "415", "unsupported_media_type"));
}
