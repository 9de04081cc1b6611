//! Misspellings of known names. Unknown fields are ignored, because clients send what another backend knew or
//! what this one returned; but `compleeted` is a typo, and ignoring it would lose what was meant.

use strsim::osa_distance;

/// Known fields that are not read everywhere. Clients send back what they received, and these two are as
/// close to `completed` as a typo would be.
const ANSWERED: [&str; 2] = ["completed_at", "completedAt"];
/// Longer names are not compared.
const LONGEST: usize = 40;

/// The known name that an unknown one must be a misspelling of: different case, an underscore more or less,
/// or a few letters missing, added, wrong or swapped: one in a name of five or more letters, two in one of
/// eight or more. Shorter names are often close to others (`tag`, `tags`; `name`, `names`), and people seldom
/// get the first letter wrong, so neither counts.
pub fn meant<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if given.len() > LONGEST || ANSWERED.contains(&given) {
        return None;
    }
    let given = letters(given);
    let distance = |name: &'a str| {
        let name_letters = letters(name);
        let shorter = given.len().min(name_letters.len());
        let most = match (shorter, name_letters.len()) {
            (8.., _) => 2,
            (4.., 5..) => 1,
            _ => 0,
        };
        let differs = given.len().max(name_letters.len()) - shorter > most
            || given.as_bytes().first() != name_letters.as_bytes().first();
        let distance = if differs { usize::MAX } else { osa_distance(&given, &name_letters) };
        (distance <= most).then_some((distance, name))
    };
    known
        .into_iter()
        .filter_map(distance)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A name without the differences between people's and generators' spelling.
fn letters(name: &str) -> String {
    let letters = name.chars().filter(|letter| !matches!(letter, '_' | '-'));
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: [&str; 7] =
        ["title", "description", "completed", "priority", "due_at", "tags", "metadata"];
    const LIST: [&str; 11] = [
        "completed",
        "priority",
        "due_before",
        "due_after",
        "q",
        "tag",
        "sort",
        "limit",
        "cursor",
        "offset",
        "total",
    ];
    const ACCOUNT: [&str; 4] = ["email", "username", "password", "name"];

    #[test]
    fn a_slip_names_what_was_meant() {
        for (slip, name) in [
            ("compleeted", "completed"),
            ("complete", "completed"),
            ("Completed", "completed"),
            ("titel", "title"),
            ("titles", "title"),
            ("titl", "title"),
            ("desciption", "description"),
            ("discription", "description"),
            ("priorty", "priority"),
            ("dueAt", "due_at"),
            ("due-at", "due_at"),
            ("meta_data", "metadata"),
        ] {
            assert_eq!(meant(slip, TASK), Some(name), "{slip}");
        }
        for (slip, name) in [
            ("complete", "completed"),
            ("limits", "limit"),
            ("limt", "limit"),
            ("due_befor", "due_before"),
        ] {
            assert_eq!(meant(slip, LIST), Some(name), "{slip}");
        }
        for (slip, name) in [("emial", "email"), ("pasword", "password"), ("userName", "username")]
        {
            assert_eq!(meant(slip, ACCOUNT), Some(name), "{slip}");
        }
    }

    #[test]
    fn what_clients_of_other_backends_send_is_no_slip() {
        // Names in the requests of public front ends, and in Doorward's responses.
        for name in [
            "id",
            "user_id",
            "userId",
            "owner_id",
            "task_id",
            "created_at",
            "createdAt",
            "updated_at",
            "completed_at",
            "completedAt",
            "version",
            "status",
            "state",
            "done",
            "is_completed",
            "isCompleted",
            "due_date",
            "dueDate",
            "due",
            "deadline",
            "reminder_at",
            "tag",
            "tags",
            "tag_ids",
            "label",
            "category",
            "project_id",
            "notes",
            "recurrence_pattern",
            "repeat",
            "archived",
            "order",
            "position",
            "sort_by",
            "sortBy",
            "sort_order",
            "page",
            "page_size",
            "per_page",
            "size",
            "skip",
            "search",
            "query",
            "all",
            "filter",
            "date",
            "pending",
            "count",
            "data",
            "type",
            "token",
            "refresh_token",
            "is_active",
            "is_superuser",
            "is_verified",
            "roles",
            "names",
            "full_name",
            "first_name",
            "last_name",
            "confirm_password",
            "current_password",
            "new_password",
            "newPassword",
            "remember_me",
            "captcha_token",
            "user_metadata",
            "app_metadata",
            "grant_type",
            "client_id",
            "client_secret",
            "scope",
            "callbackURL",
            "profile",
            "loc",
            "msg",
            "form",
            "json",
            "",
        ] {
            for known in [&TASK[..], &LIST, &ACCOUNT] {
                if !known.contains(&name) {
                    assert_eq!(meant(name, known.iter().copied()), None, "{name}");
                }
            }
        }
        assert_eq!(meant(&"completed".repeat(9_000), TASK), None);
    }
}
