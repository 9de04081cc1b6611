//! Case-insensitive substring search. Both sides are normalized here, so that both databases agree, non-ASCII
//! letters match too, and so do canonically equivalent spellings, composed (`é`) and decomposed (`e` and an
//! accent). On both databases the time depends only on the length of the text: PostgreSQL uses its
//! regular-expression automaton with a literal pattern, SQLite a function of the same name.

use unicode_normalization::UnicodeNormalization;

use crate::db::LITERAL;

/// The normalized text stored for searches: nearly Unicode's default caseless matching, in normalization form
/// C.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    fold_case(text.nfc()).nfc().collect()
}

/// Upper then lower case, letter by letter, so that `ß` matches `SS` and both sigmas match. The Turkish
/// dotted capital I matches a plain i.
fn fold_case(text: impl Iterator<Item = char>) -> String {
    text.map(|letter| if letter == 'İ' { 'i' } else { letter })
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// The patterns of a search.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::tasks) struct Patterns {
    /// The pattern for normalized texts.
    pub(in crate::tasks) composed: String,
    /// The pattern for texts stored before [`fold`] composed letters, if it differs.
    pub(in crate::tasks) decomposed: Option<String>,
}

impl Patterns {
    pub(in crate::tasks) fn of(text: &str) -> Self {
        let (composed, decomposed) = (fold(text), fold_case(text.nfd()));
        let literal = |text: &str| format!("{LITERAL}{text}");
        let differs = decomposed != composed;
        Self { composed: literal(&composed), decomposed: differs.then(|| literal(&decomposed)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_match_whatever_their_case() {
        for (one, other) in [
            ("Straße", "STRASSE"),
            ("ÉCOLE", "école"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
            ("İstanbul", "istanbul"),
            ("ПРИВЕТ", "привет"),
            ("ﬁn", "FIN"),
        ] {
            assert_eq!(fold(one), fold(other));
        }
    }

    #[test]
    fn texts_without_composed_letters_are_searched_for_once() {
        let once = Patterns { composed: "***=a.*\\".into(), decomposed: None };
        assert_eq!(Patterns::of("A.*\\"), once);
        let accent = Patterns::of("É");
        assert_eq!(accent.composed, "***=é");
        assert_eq!(accent.decomposed.as_deref(), Some("***=e\u{301}"));
    }

    proptest::proptest! {
        #[test]
        fn canonically_equivalent_texts_fold_alike(text in "\\PC{0,20}[\u{300}-\u{345}]{0,3}") {
            let (composed, decomposed): (String, String) = (text.nfc().collect(), text.nfd().collect());
            proptest::prop_assert_eq!(fold(&composed), fold(&decomposed));
            proptest::prop_assert_eq!(fold(&text), fold(&composed));
        }
    }
}
