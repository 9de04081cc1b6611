//! Guesses the operation of an old backend's route from its method, its path and its requests.

use serde_json::{Value, json};

use crate::shadow::places::TASKS;

/// The target of a route: an operation, possibly with fixed parts of its request.
pub(super) fn guess(method: &str, template: &str, sent: Option<&Value>) -> Option<(String, Value)> {
    let segments: Vec<String> = template
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let words: Vec<&str> = segments.iter().map(String::as_str).collect();
    let has = |name: &str| sent.is_some_and(|sent| sent.get(name).is_some());
    let plain = |operation: &str| Some((operation.to_owned(), json!(operation)));
    if let Some(at) = words.iter().position(|word| TASKS.contains(word)) {
        return of_task(method, &words[at + 1..], sent);
    }
    let last = words.iter().rev().find(|word| !word.starts_with('{')).copied()?;
    let path = words.join("/");
    let any = |all: &[&str]| all.iter().any(|word| path.contains(word));
    let has_password = sent.is_some_and(|sent| {
        sent.as_object()
            .is_some_and(|sent| sent.keys().any(|name| name.to_lowercase().contains("password")))
    });
    if method == "POST" {
        let is_new = any(&["register", "signup", "sign-up", "sign_up"]);
        if has_password && (is_new || matches!(last, "users" | "user" | "accounts")) {
            return plain("accounts.register");
        }
        if any(&["refresh"]) {
            return plain("sessions.refresh");
        }
    }
    if any(&["logout", "signout", "sign-out", "sign_out", "log-out"]) {
        return plain("sessions.logout");
    }
    if any(&["forgot", "password-recovery", "recover"]) {
        return plain("passwords.forgot");
    }
    if any(&["reset"]) && any(&["password"]) {
        return plain("passwords.reset");
    }
    if any(&["password"]) && has_password && matches!(method, "POST" | "PUT" | "PATCH") {
        return plain("passwords.change");
    }
    let signs_in = any(&["login", "signin", "sign-in", "sign_in", "token", "session", "auth"]);
    if method == "POST"
        && has_password
        && signs_in
        && (has("email") || has("username") || has("password"))
    {
        return plain("sessions.login");
    }
    let own = matches!(
        last,
        "me" | "profile" | "user" | "whoami" | "current" | "current-user" | "account" | "session"
    );
    if own && !words.iter().any(|word| word.starts_with('{')) {
        return match method {
            "GET" => plain("accounts.me"),
            "PUT" | "PATCH" => plain("accounts.update"),
            "DELETE" => plain("accounts.delete"),
            _ => None,
        };
    }
    if last == "users" {
        let one = words.last().is_some_and(|word| word.starts_with('{'));
        return match (method, one) {
            ("GET", false) => plain("users.list"),
            ("GET", true) => plain("users.show"),
            ("PATCH" | "PUT", true) => plain("users.update"),
            ("DELETE", true) => plain("users.delete"),
            _ => None,
        };
    }
    None
}

fn of_task(method: &str, rest: &[&str], sent: Option<&Value>) -> Option<(String, Value)> {
    let plain = |operation: &str| Some((operation.to_owned(), json!(operation)));
    let fixed = |operation: &str, more: Value| {
        let mut target = json!({ "operation": operation });
        if let (Some(target), Value::Object(more)) = (target.as_object_mut(), more) {
            target.extend(more);
        }
        Some((operation.to_owned(), target))
    };
    match (method, rest) {
        ("GET", []) => plain("tasks.list"),
        ("POST", []) => plain("tasks.create"),
        ("GET", ["stats" | "statistics" | "summary"]) => plain("tasks.stats"),
        ("GET", ["completed" | "done"]) => {
            fixed("tasks.list", json!({"query": {"completed": "true"}}))
        }
        ("GET", ["pending" | "active" | "open"]) => {
            fixed("tasks.list", json!({"query": {"completed": "false"}}))
        }
        ("GET", ["overdue"]) => {
            fixed("tasks.list", json!({"query": {"due_before": "{now}", "completed": "false"}}))
        }
        ("GET", ["today"]) => fixed(
            "tasks.list",
            json!({"query": {"due_after": "{today}", "due_before": "{tomorrow}"}}),
        ),
        ("GET", [one]) if one.starts_with('{') => plain("tasks.show"),
        ("PUT" | "PATCH", [one]) if one.starts_with('{') => plain("tasks.update"),
        ("DELETE", [one]) if one.starts_with('{') => plain("tasks.delete"),
        ("POST" | "PUT" | "PATCH", [one, word]) if one.starts_with('{') => {
            let says = sent.and_then(|sent| sent.get("completed")).is_some_and(Value::is_boolean);
            match *word {
                "status" | "update" => plain("tasks.update"),
                _ if word.contains("toggle") => fixed("tasks.complete", json!({"body": "none"})),
                "complete" | "completed" | "completion" if says => plain("tasks.complete"),
                "complete" | "completion" => plain("tasks.complete"),
                "completed" | "done" | "finish" | "close" => {
                    fixed("tasks.complete", json!({"body": {"completed": true}}))
                }
                "uncomplete" | "incomplete" | "undo" | "reopen" | "open" => {
                    fixed("tasks.complete", json!({"body": {"completed": false}}))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::guess;

    #[test]
    fn a_route_is_known_by_its_method_its_path_and_what_is_sent() {
        let signing = json!({"email": "a", "password": "b"});
        let of = |method, path| guess(method, path, Some(&signing)).map(|(name, _)| name);
        assert_eq!(of("POST", "/api/auth/signup").as_deref(), Some("accounts.register"));
        assert_eq!(of("POST", "/v1/session").as_deref(), Some("sessions.login"));
        let of = |method, path| guess(method, path, None).map(|(name, _)| name);
        assert_eq!(of("GET", "/api/{user_id}/todos/{id}").as_deref(), Some("tasks.show"));
        assert_eq!(of("PATCH", "/todos/{id}/toggle").as_deref(), Some("tasks.complete"));
        assert_eq!(of("GET", "/users/me").as_deref(), Some("accounts.me"));
        assert_eq!(of("GET", "/api/categories"), None);
    }
}
