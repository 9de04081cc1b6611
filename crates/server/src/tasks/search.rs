//! Case-insensitive substring search: both sides are folded here, so that the two databases agree and
//! letters beyond ASCII match too.

/// Folds case as Unicode's default caseless matching nearly does: upper then lower, letter by letter,
/// so that `ß` matches `SS` and both sigmas match. The Turkish dotted capital I matches a plain i.
pub(super) fn fold(text: &str) -> String {
    text.chars()
        .map(|letter| if letter == 'İ' { 'i' } else { letter })
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// The `LIKE … ESCAPE '!'` pattern of a substring: `%`, `_` and the escape stand for themselves.
pub(super) fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in fold(text).chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
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
    fn wildcards_stand_for_themselves() {
        assert_eq!(pattern(r"50%_!\A"), r"%50!%!_!!\a%");
    }
}
