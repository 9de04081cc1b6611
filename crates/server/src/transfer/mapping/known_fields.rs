//! The names of columns and keys: the fields of an account and of a task, each with the names that
//! applications use. Case, underscores and hyphens are ignored, so `emailVerified` matches `email_verified`.

/// The fields of one kind of row: (the name in `--map`, its other names; the likeliest first).
pub(in crate::transfer) type KnownFields = &'static [(&'static str, &'static [&'static str])];

/// Those of an account.
pub(in crate::transfer) const USER_FIELDS: KnownFields = &[
    ("id", &["id", "userid", "uuid", "uid", "pk"]),
    ("email", &["email", "emailaddress", "mail", "mailaddress"]),
    (
        "password",
        &[
            "hashedpassword",
            "passwordhash",
            "encryptedpassword",
            "pwdhash",
            "pwhash",
            "hashedpw",
            "passwordhashed",
            "password",
            "passwd",
        ],
    ),
    ("name", &["name", "fullname", "displayname"]),
    ("first_name", &["firstname", "givenname"]),
    ("last_name", &["lastname", "surname", "familyname"]),
    ("username", &["username", "nickname", "login"]),
    (
        "verified",
        &[
            "isverified",
            "emailverified",
            "verified",
            "emailconfirmedat",
            "emailverifiedat",
            "isemailverified",
            "emailconfirmed",
            "confirmed",
            "confirmedat",
        ],
    ),
    ("active", &["isactive", "active", "enabled", "isenabled"]),
    ("disabled", &["disabled", "isdisabled", "inactive"]),
    ("superuser", &["issuperuser", "superuser", "isadmin", "admin"]),
    ("staff", &["isstaff", "staff"]),
    ("role", &["role", "userrole"]),
    ("banned", &["banned", "isbanned"]),
    ("banned_until", &["banneduntil", "banexpires"]),
    ("ban_reason", &["banreason"]),
    (
        "created_at",
        &["createdat", "datejoined", "created", "registeredat", "joinedat", "signupdate"],
    ),
    ("updated_at", &["updatedat", "updated", "modifiedat"]),
    ("deleted_at", &["deletedat"]),
    ("user_metadata", &["rawusermetadata", "usermetadata"]),
    ("app_metadata", &["rawappmetadata", "appmetadata"]),
    ("subject", &[]),
];

/// Those of a task.
pub(in crate::transfer) const TASK_FIELDS: KnownFields = &[
    ("id", &["id", "taskid", "todoid", "itemid", "uuid", "pk"]),
    ("owner", &["userid", "ownerid", "user", "owner", "authorid", "createdby", "createdbyid"]),
    ("title", &["title", "name", "task", "text", "content", "summary"]),
    ("description", &["description", "details", "notes", "note", "body"]),
    ("completed", &["completed", "iscompleted", "done", "isdone", "complete", "finished"]),
    ("status", &["status", "state"]),
    ("completed_at", &["completedat", "doneat", "finishedat"]),
    ("priority", &["priority", "importance", "urgency"]),
    ("due_at", &["dueat", "duedate", "due", "deadline", "dueon"]),
    ("tags", &["tags", "labels"]),
    ("created_at", &["createdat", "created", "datecreated"]),
    ("updated_at", &["updatedat", "updated", "modifiedat", "lastmodified"]),
];

/// Those of a link to another provider (Google, GitHub).
pub(in crate::transfer) const LINK_FIELDS: KnownFields = &[
    ("owner", &["userid"]),
    ("provider", &["provider", "providerid"]),
    ("subject", &["accountid", "providerid", "id"]),
    ("created_at", &["createdat"]),
];

/// A session of Better Auth.
pub(in crate::transfer) const SESSION_FIELDS: KnownFields = &[
    ("id", &["id"]),
    ("owner", &["userid"]),
    ("token", &["token"]),
    ("expires_at", &["expiresat"]),
    ("created_at", &["createdat"]),
    ("updated_at", &["updatedat"]),
    ("ip", &["ipaddress"]),
    ("user_agent", &["useragent"]),
    ("impersonated_by", &["impersonatedby"]),
];

/// A name without the ignored differences.
pub(in crate::transfer) fn folded(name: &str) -> String {
    name.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Matches names to fields: (field, index of the name). A field takes the likeliest of its names; names that
/// are mapped by hand are skipped.
pub(in crate::transfer) fn matched(
    known: KnownFields,
    names: &[&str],
    mapped: &[(String, String)],
) -> Result<Vec<(&'static str, usize)>, String> {
    let mut found = Vec::new();
    for (field, name) in mapped {
        let Some((field, _)) = known.iter().find(|(known, _)| known == field) else {
            let all: Vec<_> = known.iter().map(|(field, _)| *field).collect();
            return Err(format!("{field} is not a field: choose one of {}.", all.join(", ")));
        };
        if name.is_empty() {
            continue;
        }
        let Some(place) = names.iter().position(|own| own == name) else {
            return Err(format!(
                "There is no column {name}. The columns are {}.",
                names.join(", ")
            ));
        };
        found.push((*field, place));
    }
    let by_hand = |field: &str| mapped.iter().any(|(own, _)| own == field);
    for (field, aliases) in known.iter().filter(|(field, _)| !by_hand(field)) {
        let free = |place: &usize| found.iter().all(|(_, taken)| taken != place);
        let place = aliases
            .iter()
            .find_map(|alias| names.iter().position(|name| folded(name) == *alias).filter(free));
        found.extend(place.map(|place| (*field, place)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(names: &[&str], mapped: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let mapped: Vec<_> =
            mapped.iter().map(|(field, name)| ((*field).to_owned(), (*name).to_owned())).collect();
        let found = matched(USER_FIELDS, names, &mapped)?;
        Ok(found.into_iter().map(|(field, place)| format!("{field}={}", names[place])).collect())
    }

    #[test]
    fn columns_are_known_by_any_spelling_of_their_names() {
        let found = fields(&["id", "emailVerified", "hashed_password", "E-Mail"], &[]).unwrap();
        assert_eq!(
            found,
            ["id=id", "email=E-Mail", "password=hashed_password", "verified=emailVerified"]
        );
    }

    #[test]
    fn what_is_mapped_by_hand_goes_before_what_is_guessed() {
        let names = ["id", "email", "contact", "password"];
        let found = fields(&names, &[("email", "contact"), ("password", "")]).unwrap();
        assert_eq!(found, ["email=contact", "id=id"]);
    }

    #[test]
    fn an_unknown_field_and_an_unknown_column_are_refused_by_name() {
        let refused = fields(&["id"], &[("mail", "id")]).unwrap_err();
        assert!(refused.starts_with("mail is not a field: choose one of id, email"), "{refused}");
        let refused = fields(&["id"], &[("email", "mail")]).unwrap_err();
        assert_eq!(refused, "There is no column mail. The columns are id.");
    }
}
