//! Every invalid value gives one sentence that begins with the setting's name and ends with what to write
//! instead, contains no secret, and is short however long the value was. Tests all settings.

use super::entry::entries::ENTRIES;
use super::entry::table::{Secrecy, Setting};
use super::source::Gathered;
use super::{Reserved, Resolved};

/// Values that are invalid for nearly all settings, each recognizable in a sentence.
const NONSENSE: [&str; 7] = [
    "nonsense://hunter2:hunter2@@hunter2",
    "hunter2 hunter2",
    "-17hunter2",
    "/nowhere/hunter2",
    "*hunter2*,{hunter2}",
    "hunter2\u{1b}[31m\nhunter2",
    "[[\"hunter2\"",
];

/// Values checked by the dialects, which depend on the settings: tested in `tests/cli/configuration.rs`.
const ELSEWHERE: [&str; 4] = ["DIALECT", "DIALECT_LIST", "DIALECT_ITEM", "DIALECT_DELETE"];

/// The beginnings of the ends of such sentences: what to do.
const NEXT: [&str; 19] = [
    "must ",
    "make one with",
    "write ",
    "set ",
    "remove it",
    "needs ",
    "take ",
    "use ",
    "correct ",
    "choose ",
    "create ",
    "such as ",
    "did you mean",
    "give ",
    "name ",
    "keep one",
    "lower ",
    "put ",
    "install ",
];

fn refused(setting: &'static Setting, text: &str) -> Vec<String> {
    let mut gathered = Gathered::default();
    let secret = "BETTER_AUTH_SECRET";
    gathered.fall_back(secret, "Zk3vQ9wLr7TnXb2MdYc8FhJp5GsUa4eW".into(), "random");
    gathered.force(setting.name, text.to_owned(), "environment");
    let resolved: Resolved = gathered.strict().resolve(&Reserved::default());
    resolved.problems()
}

/// What is wrong with the sentence.
fn fault(setting: &Setting, sentence: &str) -> Option<&'static str> {
    let whole = sentence.ends_with(['.', '?']) && !sentence.contains(char::is_control);
    let next = NEXT.iter().any(|next| sentence.contains(next));
    let repeats = setting.secrecy != Secrecy::Plain && sentence.contains("hunter2");
    let faults = [
        (!sentence.contains(setting.name), "names another setting"),
        (!whole, "is no sentence"),
        (sentence.chars().count() > 400, "is endless"),
        (!next, "does not say what to do"),
        (repeats, "repeats a secret"),
    ];
    faults.into_iter().find_map(|(is_so, what)| is_so.then_some(what))
}

#[test]
fn every_setting_refuses_nonsense_in_one_sentence_that_says_what_to_write() {
    let long = "hunter2 ".repeat(10_000);
    let (mut silent, mut faults) = (Vec::new(), Vec::new());
    for setting in ENTRIES.iter().filter(|setting| setting.set.is_some()) {
        let values = NONSENSE.iter().copied().chain([long.as_str()]);
        let mut taken = true;
        for text in values {
            let sentences = refused(setting, text);
            taken &= sentences.is_empty();
            assert!(sentences.len() <= 1, "{} says it twice: {sentences:?}", setting.name);
            for sentence in sentences {
                if let Some(what) = fault(setting, &sentence) {
                    faults.push(format!("{what}: {sentence}"));
                }
            }
        }
        if taken {
            silent.push(setting.name);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(silent, ELSEWHERE, "take every nonsense");
}
