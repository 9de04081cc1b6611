//! The result of a check: status, observation, and what to do.

use std::time::Duration;

use serde::Serialize;

/// The status of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli::doctor) enum Health {
    Ok,
    /// It works, but not well or not for long.
    Warning,
    Failed,
    /// It was not checked; the detail says why.
    Skipped,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::cli::doctor) struct Finding {
    pub(in crate::cli::doctor) check: &'static str,
    pub(in crate::cli::doctor) status: Health,
    pub(in crate::cli::doctor) detail: String,
    /// What to do; `None` if nothing.
    pub(in crate::cli::doctor) next: Option<String>,
}

/// The name of a check: the group, a dot, and the subject.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::doctor) struct CheckName(pub(in crate::cli::doctor) &'static str);

impl CheckName {
    pub(in crate::cli::doctor) fn ok(self, detail: impl Into<String>) -> Finding {
        self.finding(Health::Ok, detail.into(), None)
    }

    pub(in crate::cli::doctor) fn skipped(self, detail: impl Into<String>) -> Finding {
        self.finding(Health::Skipped, detail.into(), None)
    }

    pub(in crate::cli::doctor) fn warning(
        self,
        detail: impl Into<String>,
        next: impl Into<String>,
    ) -> Finding {
        self.finding(Health::Warning, detail.into(), Some(next.into()))
    }

    pub(in crate::cli::doctor) fn failed(
        self,
        detail: impl Into<String>,
        next: impl Into<String>,
    ) -> Finding {
        self.finding(Health::Failed, detail.into(), Some(next.into()))
    }

    /// Splits a sentence: the problem before the colon, what to do after it.
    pub(in crate::cli::doctor) fn of_sentence(self, status: Health, sentence: &str) -> Finding {
        let sentence = sentence.trim_end_matches('.');
        let (detail, next) = match sentence.rsplit_once(": ") {
            Some((detail, next)) => (detail, capital(next)),
            None => (sentence, "Correct it: `doorward config print` shows its source".into()),
        };
        self.finding(status, detail.to_owned(), Some(next))
    }

    fn finding(self, status: Health, detail: String, next: Option<String>) -> Finding {
        let whole = |text: String| {
            let text = text.trim_end();
            if text.ends_with(['.', '?', '!', ';']) { text.to_owned() } else { format!("{text}.") }
        };
        Finding { check: self.0, status, detail: whole(detail), next: next.map(whole) }
    }
}

impl Finding {
    pub(in crate::cli::doctor) fn is_ok(&self) -> bool {
        self.status == Health::Ok
    }

    /// `database` of `database.tls`.
    pub(in crate::cli::doctor) fn group(&self) -> &'static str {
        self.check.split_once('.').map_or(self.check, |(group, _)| group)
    }

    pub(in crate::cli::doctor) fn name(&self) -> &'static str {
        self.check.split_once('.').map_or(self.check, |(_, name)| name)
    }
}

fn capital(text: &str) -> String {
    let mut all = text.chars();
    all.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), all.as_str()))
}

/// `0.43 ms`, `12 ms`, `1.4 s`.
pub(in crate::cli::doctor) fn shown(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    match millis {
        ..1.0 => format!("{millis:.2} ms"),
        ..1000.0 => format!("{millis:.0} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_reported_in_two_parts() {
        let check = CheckName("settings.load");
        let finding =
            check.of_sentence(Health::Failed, "X is not set: make one with `openssl rand`.");
        assert_eq!(finding.detail, "X is not set.");
        assert_eq!(finding.next.as_deref(), Some("Make one with `openssl rand`."));
        assert!(check.of_sentence(Health::Failed, "X must be a number.").next.is_some());
        assert_eq!((finding.group(), finding.name()), ("settings", "load"));
    }

    #[test]
    fn times_are_as_short_as_people_say_them() {
        let of = |micros| shown(Duration::from_micros(micros));
        assert_eq!([of(430), of(12_400), of(1_420_000)], ["0.43 ms", "12 ms", "1.4 s"]);
    }
}
