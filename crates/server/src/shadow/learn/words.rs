//! Apps' terms and the contract's: field names, statuses, priorities.

use serde_json::{Value, json};

/// The contract's name for an app's field.
pub(super) fn native(kind: &str, name: &str) -> Option<&'static str> {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let table: &[(&str, &[&str])] = match kind {
        "task" => &[
            ("title", &["text", "name", "task", "todo", "summary", "subject", "heading"]),
            ("description", &["content", "body", "details", "note", "desc"]),
            ("due_at", &["duedate", "due", "deadline", "dueat", "duetime", "duedatetime"]),
            ("completed", &["iscompleted", "done", "isdone", "complete", "iscomplete", "finished"]),
            ("completed_at", &["completedat", "doneat", "finishedat"]),
            ("priority", &["importance", "prio", "urgency", "prioritylevel"]),
            ("tags", &["labels", "taglist", "tagnames"]),
            ("user_id", &["userid", "ownerid", "owner", "createdby", "authorid"]),
            ("created_at", &["createdat", "created", "createdon", "datecreated"]),
            ("updated_at", &["updatedat", "updated", "modifiedat", "modified", "lastmodified"]),
            ("id", &["taskid", "todoid", "uuid"]),
        ],
        "user" => &[
            ("id", &["userid", "uid", "uuid"]),
            ("email", &["mail", "emailaddress"]),
            ("name", &["fullname", "displayname", "username"]),
            ("email_verified", &["isverified", "verified", "emailverified", "isemailverified"]),
            ("is_active", &["isactive", "active", "enabled"]),
            ("created_at", &["createdat", "created", "joinedat", "datejoined", "registeredat"]),
        ],
        "tokens" => &[
            ("access_token", &["token", "accesstoken", "jwt", "authtoken", "access"]),
            ("refresh_token", &["refreshtoken", "refresh"]),
            ("expires_in", &["expiresin"]),
            ("token_type", &["tokentype", "type"]),
        ],
        "login" => &[("email", &["mail", "emailaddress", "login", "identifier"])],
        "refresh" => &[("refresh_token", &["refreshtoken", "token", "refresh"])],
        "password" => &[
            ("new_password", &["newpassword", "password", "passwordnew"]),
            (
                "current_password",
                &["currentpassword", "oldpassword", "passwordold", "passwordcurrent"],
            ),
        ],
        "deletion" => &[("password", &["currentpassword"])],
        _ => return None,
    };
    table.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(own, _)| *own)
}

/// The contract's name for an app's list parameter.
pub(super) fn parameter(name: &str) -> Option<&'static str> {
    Some(match name {
        "skip" => "offset",
        "search" | "query" | "s" | "keyword" => "q",
        "due_date_before" | "dueBefore" => "due_before",
        "due_date_after" | "dueAfter" => "due_after",
        "label" => "tag",
        _ => return None,
    })
}

const OPEN: [&str; 10] = [
    "pending",
    "todo",
    "open",
    "active",
    "incomplete",
    "not_started",
    "in_progress",
    "in-progress",
    "new",
    "to_do",
];
const DONE: [&str; 5] = ["completed", "complete", "done", "finished", "closed"];

/// Whether a status means that a task is completed.
pub(super) fn is_done(word: &str) -> Option<bool> {
    let word = word.to_lowercase();
    if DONE.contains(&word.as_str()) {
        return Some(true);
    }
    OPEN.contains(&word.as_str()).then_some(false)
}

/// All known statuses and their meanings.
pub(super) fn statuses() -> Value {
    let open = OPEN.iter().map(|word| ((*word).to_owned(), json!(false)));
    let done = DONE.iter().map(|word| ((*word).to_owned(), json!(true)));
    Value::Object(open.chain(done).collect())
}

/// The same for a filter, whose values are texts.
pub(super) fn status_filter() -> Value {
    let open = OPEN.iter().map(|word| ((*word).to_owned(), json!("false")));
    let done = DONE.iter().map(|word| ((*word).to_owned(), json!("true")));
    Value::Object(open.chain(done).collect())
}

/// The contract's priority for a name or number.
pub(super) fn priority(sent: &str) -> Option<&'static str> {
    Some(match sent.to_lowercase().as_str() {
        "none" | "0" | "" => "none",
        "low" | "1" | "minor" => "low",
        "medium" | "normal" | "2" | "moderate" => "medium",
        "high" | "3" | "important" | "major" => "high",
        "urgent" | "4" | "critical" => "urgent",
        _ => return None,
    })
}

/// A message in our own words: the old backend's texts are not stored.
pub(super) fn sentence(operation: &str) -> &'static str {
    match operation {
        "tasks.delete" => "Task deleted",
        "sessions.logout" => "Signed out",
        "passwords.change" => "Password changed",
        "accounts.delete" | "accounts.delete_by_post" => "Account deleted",
        "accounts.register" => "Registered",
        "sessions.login" => "Signed in",
        _ => "Done",
    }
}
