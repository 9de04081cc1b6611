//! Rendered mails, with hostile values and broken templates.

use super::{Kind, Language, LetterWriter, Rendered, sample};
use crate::config::{DatabaseUrl, Secret, Settings};

fn settings() -> Settings {
    let mut settings = Settings::new(DatabaseUrl::Sqlite("x.db".into()), Secret::new("x"));
    settings.public_url = Some("https://auth.example.com".into());
    settings.letters.app_name = Some("Example & Sons".into());
    settings
}

/// Settings with a folder of templates.
fn with(files: &[(&str, &str)]) -> (tempfile::TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    for (name, source) in files {
        std::fs::write(folder.path().join(name), source).unwrap();
    }
    let mut settings = settings();
    settings.letters.templates = Some(folder.path().to_owned());
    (folder, settings)
}

fn write(settings: &Settings, kind: Kind, locale: &str) -> Rendered {
    let writer = LetterWriter::new(settings);
    let language = Language::of(Some(locale));
    let mut letter = sample(kind, language);
    letter.locale = Some(locale.into());
    writer.write(&letter).unwrap()
}

fn problems(settings: &Settings) -> Vec<String> {
    LetterWriter::checked(settings).1
}

#[test]
fn every_kind_of_letter_is_written_in_every_language() {
    let settings = settings();
    for (kind, language) in
        Kind::ALL.iter().flat_map(|kind| Language::ALL.map(|language| (*kind, language)))
    {
        let written = write(&settings, kind, language.tag());
        for part in [&written.subject, &written.text, &written.html] {
            assert!(!part.is_empty() && !part.contains("{{"), "{kind:?}: {part}");
        }
        assert!(!written.text.contains("\n\n\n"), "{}", written.text);
        let long = |line: &&str| line.chars().count() > 72 && !line.contains("://");
        assert_eq!(written.text.lines().find(long), None, "{kind:?} in {language:?}");
        assert!(written.html.contains(&format!("<html lang=\"{}\">", language.tag())));
        if let Some(page) = kind.page() {
            let link = format!("https://auth.example.com/auth/pages/{}?token=", page.as_str());
            assert!(written.text.contains(&link), "{}", written.text);
            assert!(written.html.contains(&format!("href=\"{link}")), "{}", written.html);
        }
    }
    let german = write(&settings, Kind::ResetPassword, "de-AT");
    assert_eq!(german.subject, "Wählen Sie ein neues Passwort");
    assert!(german.text.contains("Gültigkeit: 1 Stunde."), "{}", german.text);
}

#[test]
fn what_people_typed_is_text_in_every_part() {
    let writer = LetterWriter::new(&settings());
    let mut letter = sample(Kind::NewDevice, Language::English);
    letter.name = Some("<script>{{ 7 * 7 }}\r\nBcc: x@evil.test".into());
    letter.user_agent = Some("<img src=x>\r\nX: y".into());
    let written = writer.write(&letter).unwrap();
    for part in ["&lt;script&gt;{{ 7 * 7 }} Bcc: x@evil.test", "&lt;img src=x&gt; X: y"] {
        assert!(written.html.contains(part), "{}", written.html);
    }
    for tag in ["<script", "<img"] {
        assert!(!written.html.contains(tag), "{}", written.html);
    }
    assert!(written.text.contains("<script>{{ 7 * 7 }} Bcc: x@evil.test"), "{}", written.text);
}

#[test]
fn a_subject_is_one_line_whatever_a_template_and_a_name_make_of_it() {
    let (_folder, settings) = with(&[("test.subject.txt", "a {{ name }}\r\nBcc: x@evil.test\n")]);
    let writer = LetterWriter::new(&settings);
    let mut letter = sample(Kind::Test, Language::English);
    letter.name = Some("Ada\r\nTo: y@evil.test".into());
    let subject = writer.write(&letter).unwrap().subject;
    assert_eq!(subject, "a Ada To: y@evil.test Bcc: x@evil.test");
}

#[test]
fn templates_of_ones_own_replace_the_parts_and_languages_they_are_named_for() {
    let (_folder, settings) = with(&[
        ("reset-password.html", "<p>{{ heading }} {% include \"_sign.html\" %}</p>"),
        ("_sign.html", "<b>{{ app }}</b>"),
        ("reset-password.pt-BR.txt", "Oi {{ name }}: {{ link }}"),
        ("reset-password.de.subject.txt", "Neues Passwort bei {{ app }}"),
        (
            "layout.html",
            "{% extends \"doorward/layout.html\" %}{% block header %}LOGO{% endblock %}",
        ),
        ("README.md", "notes"),
    ]);
    assert_eq!(problems(&settings), Vec::<String>::new());
    let english = write(&settings, Kind::ResetPassword, "en");
    assert_eq!(english.html, "<p>Choose a new password <b>Example &amp; Sons</b></p>");
    assert_eq!(english.subject, "Choose a new password");
    assert_eq!(
        write(&settings, Kind::ResetPassword, "de").subject,
        "Neues Passwort bei Example & Sons"
    );
    assert!(
        write(&settings, Kind::ResetPassword, "pt-BR").text.starts_with("Oi Ada Lovelace: http")
    );
    assert!(write(&settings, Kind::ResetPassword, "pt-PT").text.starts_with("Olá, Ada"));
    let other = write(&settings, Kind::VerifyEmail, "en").html;
    assert!(other.contains("LOGO") && other.contains("Confirm address"), "{other}");
}

#[test]
fn a_template_that_fails_is_named_with_its_line_and_the_built_in_one_is_used() {
    let (_folder, settings) = with(&[
        ("reset-password.html", "<p>\n{{ lnk }}</p>"),
        (
            "verify-email.txt",
            "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}",
        ),
        ("login-code.html", "{% if code %}"),
        ("layout.txt", "{{ 1 / 0 }}"),
    ]);
    let found = problems(&settings).join("\n");
    for part in [
        "MAIL_TEMPLATES: reset-password.html, line 2: undefined value",
        "MAIL_TEMPLATES: verify-email.txt, line 1: ",
        "MAIL_TEMPLATES: login-code.html, line 1: syntax error",
        "MAIL_TEMPLATES: layout.txt, line 1: ",
    ] {
        assert!(found.contains(part), "{part}: {found}");
    }
    let written = write(&settings, Kind::ResetPassword, "en");
    assert!(written.html.contains("Choose a new password</a>"), "{}", written.html);
    assert!(written.text.contains("Choose a new password:\nhttps://"), "{}", written.text);
    assert!(write(&settings, Kind::VerifyEmail, "en").text.contains("Confirm address:"));
    assert!(write(&settings, Kind::LoginCode, "en").html.contains("482913"));
}

#[test]
fn a_template_that_grows_without_end_is_stopped_and_the_built_in_one_is_used() {
    let long = "x".repeat(10_000);
    let giant = format!("{{% for i in range(1000) %}}{long}{{% endfor %}}");
    let (_folder, settings) = with(&[
        ("test.txt", giant.as_str()),
        (
            "test.html",
            "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
        ),
        (
            "reset-password.txt",
            "{% for i in range(50) %}{% set x = (x | default('ab')) ~ (x | default('ab')) %}{{ x }}{% endfor %}",
        ),
        ("verify-email.html", "{% macro a() %}{{ a() }}{{ a() }}{% endmacro %}{{ a() }}"),
    ]);
    let began = std::time::Instant::now();
    let found = problems(&settings).join("\n");
    for part in ["test.txt", "writes more than 1 MiB", "test.html", "verify-email.html"] {
        assert!(found.contains(part), "{part}: {found}");
    }
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    assert!(write(&settings, Kind::Test, "en").text.contains("This is the test mail"));
    assert!(write(&settings, Kind::VerifyEmail, "en").html.contains("Confirm address</a>"));
    // Each iteration of a loop starts with the previous output.
    assert!(write(&settings, Kind::ResetPassword, "en").text.len() < 1000);
}

#[test]
fn files_that_are_no_templates_are_named() {
    let (folder, settings) =
        with(&[("reset-pasword.html", ""), ("logo.png", ""), ("test.d!.html", "")]);
    std::fs::write(folder.path().join("test.txt"), "x".repeat(1024 * 1024)).unwrap();
    let found = problems(&settings).join("\n");
    for part in [
        "MAIL_TEMPLATES: reset-pasword.html is not the name of a mail: did you mean reset-password?",
        "MAIL_TEMPLATES: logo.png is not a template",
        "MAIL_TEMPLATES: test.d!.html names the language \"d!\"",
        "MAIL_TEMPLATES: test.txt is larger than 256 KiB",
    ] {
        assert!(found.contains(part), "{part}: {found}");
    }
}
