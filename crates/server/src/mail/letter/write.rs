//! Renders mails: the texts in the reader's language, in the layouts, or an operator's own templates. If a
//! template fails, the built-in one is used, so no mail is lost.

use std::collections::BTreeSet;
use std::error::Error as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, merge_maps};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, escape_formatter};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::bounded::render;
use super::device::device;
use super::overrides::{self, LetterPart, candidates};
use super::texts::{KindTexts, Texts, texts};
use super::{Kind, Language, Letter, Links, app_name, sample, shape};
use crate::config::Settings;
use crate::error::Error;

/// Maximum number of steps of a template: far more than a mail needs; stops endless ones.
const FUEL: u64 = 200_000;
/// Maximum length of a subject, name or address.
const ONE_LINE: usize = 200;
/// The built-in layouts, under the names by which an operator's templates can extend them.
const LAYOUTS: [(&str, &str); 2] = [
    ("doorward/layout.html", include_str!("layouts/layout.html")),
    ("doorward/layout.txt", include_str!("layouts/layout.txt")),
];

/// A rendered mail. `Debug` shows none of it, since it contains links and codes.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject: one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// The link in it.
    pub link: Option<String>,
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Rendered(…)")
    }
}

/// Renders mails.
#[derive(Debug)]
pub struct LetterWriter {
    templates: Environment<'static>,
    /// The names of the operator's templates.
    own: BTreeSet<String>,
    links: Links,
    app: String,
}

impl LetterWriter {
    /// A renderer with these settings. Problems with templates were reported with the settings.
    pub fn new(settings: &Settings) -> Self {
        Self::loaded(settings).0
    }

    /// The same, with what is wrong with the operator's templates, each tried with sample mails.
    pub(in crate::mail) fn checked(settings: &Settings) -> (Self, Vec<String>) {
        let (writer, mut problems) = Self::loaded(settings);
        problems.extend(writer.tried());
        (writer, problems)
    }

    fn loaded(settings: &Settings) -> (Self, Vec<String>) {
        let mut templates = environment();
        for (name, source) in LAYOUTS {
            // The tests of all kinds of mails show that they parse.
            let _ = templates.add_template(name, source);
            let _ = templates.add_template(name.trim_start_matches("doorward/"), source);
        }
        let folder = settings.letters.templates.as_deref();
        let (files, mut problems) = folder.map(overrides::read).unwrap_or_default();
        let mut own = BTreeSet::new();
        for file in files {
            match templates.add_template_owned(file.name.clone(), file.source) {
                Ok(()) => drop(own.insert(file.name)),
                Err(error) => problems.push(sentence(&error, &file.name)),
            }
        }
        let (links, app) = (Links::new(settings), app_name(settings));
        (Self { templates, own, links, app }, problems)
    }

    /// The number of the operator's templates.
    pub(in crate::mail) fn own_templates(&self) -> usize {
        self.own.len()
    }

    /// Renders the mail.
    pub fn write(&self, letter: &Letter) -> Result<Rendered, Error> {
        let link = self.link(letter);
        let values = self.values(letter, link.as_deref())?;
        let locale = letter.locale.as_deref().unwrap_or("en");
        let own = |part, values: &Value| self.own(letter.kind, locale, part, values);
        let subject = match own(LetterPart::Subject, &values) {
            Some(subject) => subject,
            None => values.get_attr("subject").map_err(|error| failed(&error))?.to_string(),
        };
        let subject = shape::one_line(&subject, ONE_LINE);
        let values = merge_maps([context! { subject => &subject }, values]);
        let text = own(LetterPart::Text, &values)
            .map_or_else(|| self.laid_out("layout.txt", &values), Ok)?;
        let html = own(LetterPart::Html, &values)
            .map_or_else(|| self.laid_out("layout.html", &values), Ok)?;
        Ok(Rendered { subject, text, html, link })
    }

    /// The result of the operator's template, if there is one and it works.
    fn own(&self, kind: Kind, locale: &str, part: LetterPart, values: &Value) -> Option<String> {
        let names = candidates(kind, locale, part).into_iter();
        names
            .filter(|name| self.own.contains(name))
            .find_map(|name| self.rendered(&name, values).ok())
    }

    fn laid_out(&self, name: &str, values: &Value) -> Result<String, Error> {
        if self.own.contains(name)
            && let Ok(written) = self.rendered(name, values)
        {
            return Ok(written);
        }
        let template = self.templates.get_template(&format!("doorward/{name}"));
        template.and_then(|template| render(&template, values)).map_err(|error| failed(&error))
    }

    /// Renders an operator's template; errors are logged too.
    fn rendered(&self, name: &str, values: &Value) -> Result<String, String> {
        let template = self.templates.get_template(name);
        template.and_then(|template| render(&template, values)).map_err(|error| {
            let why = sentence(&error, name);
            tracing::warn!(target: "mail", why, "the built-in template is used instead");
            why
        })
    }

    /// Tries all of the operator's templates with mails of each kind that uses them.
    fn tried(&self) -> BTreeSet<String> {
        let mut problems = BTreeSet::new();
        let tags = self.own.iter().filter_map(|name| name.split('.').nth(1));
        let mut locales: BTreeSet<&str> = Language::ALL.iter().map(|one| one.tag()).collect();
        locales.extend(tags);
        for (kind, locale) in
            Kind::ALL.iter().flat_map(|kind| locales.iter().map(move |to| (*kind, *to)))
        {
            let language = Language::of(Some(locale));
            let full = sample(kind, language);
            let bare = Letter { token: full.token.clone(), ..Letter::new(kind, full.to.clone()) };
            for letter in [full, bare] {
                let link = self.link(&letter);
                let Ok(values) = self.values(&letter, link.as_deref()) else { continue };
                let mut names = vec!["layout.txt".into(), "layout.html".into()];
                for part in [LetterPart::Subject, LetterPart::Text, LetterPart::Html] {
                    names.extend(candidates(kind, locale, part));
                }
                names.retain(|name| self.own.contains(name));
                for name in names {
                    let template = self.templates.get_template(&name);
                    if let Err(error) = template.and_then(|template| render(&template, &values)) {
                        problems.insert(sentence(&error, &name));
                    }
                }
            }
        }
        problems
    }

    /// The link with its secret, or for notices the page where the reader can act.
    fn link(&self, letter: &Letter) -> Option<String> {
        match letter.kind.page() {
            Some(page) => Some(self.links.to(page, letter.token.as_ref()?.expose_secret())),
            None => self.links.without_secret(letter.kind.helpful_page()).0,
        }
    }

    /// The text on the button: the purpose of its page.
    fn button<'a>(&self, letter: &Letter, kind: &'a KindTexts, texts: &'a Texts) -> &'a str {
        let is_plain = letter.kind.page().is_none();
        let to_new_password = is_plain && self.links.without_secret(letter.kind.helpful_page()).1;
        let reset = texts.kinds.get(Kind::ResetPassword.as_str());
        reset.filter(|_| to_new_password).map_or(&kind.button, |reset| &reset.button)
    }

    /// The variables for all templates.
    fn values(&self, letter: &Letter, link: Option<&str>) -> Result<Value, Error> {
        let language = Language::of(letter.locale.as_deref());
        let texts = texts(language);
        let kind = texts.kinds.get(letter.kind.as_str());
        let kind = kind.ok_or_else(|| Error::Internal("a mail without texts".into()))?;
        let shown = |text: &Option<String>| {
            text.as_deref()
                .map(|text| shape::one_line(text, ONE_LINE))
                .filter(|text| !text.is_empty())
        };
        let values = context! {
            kind => letter.kind.as_str(),
            language => language.tag(),
            app => &self.app,
            app_url => self.links.app(),
            to => shape::one_line(&letter.to, 254),
            name => shown(&letter.name),
            link,
            code => letter.code.as_ref().map(ExposeSecret::expose_secret),
            valid_for => letter.valid_for.map(|time| shape::length(texts, time)),
            other_address => shown(&letter.other_address),
            when => letter.at.map(shape::instant),
            ip => letter.ip.map(|ip| ip.to_string()),
            device => letter.user_agent.as_deref().map(device),
        };
        let button = self.button(letter, kind, texts);
        let said = self.said(kind, texts, button, &values).map_err(|error| failed(&error))?;
        Ok(merge_maps([values, Value::from(Serde(said))]))
    }

    fn said(
        &self,
        kind: &KindTexts,
        texts: &Texts,
        button: &str,
        values: &Value,
    ) -> Result<Said, minijinja::Error> {
        let say = |text: &str| self.templates.render_str(text, values);
        let all = |texts: &[String]| texts.iter().map(|text| say(text)).collect::<Result<_, _>>();
        let shared = |name: &str| say(texts.shared.get(name).map_or("", String::as_str));
        let has_name = values.get_attr("name").is_ok_and(|name| name.is_true());
        let facts = [
            ("new_address", "other_address"),
            ("when", "when"),
            ("ip", "ip"),
            ("device", "device"),
        ];
        let mut listed = Vec::new();
        for (label, value) in facts {
            if let Some(value) = values.get_attr(value)?.as_str() {
                listed.push(Fact { label: shared(label)?, value: value.to_owned() });
            }
        }
        Ok(Said {
            subject: say(&kind.subject)?,
            heading: say(&kind.heading)?,
            greeting: shared(if has_name { "greeting_name" } else { "greeting" })?,
            body: all(&kind.body)?,
            button: say(button)?,
            after: all(&kind.after)?,
            link_instead: shared("link_instead")?,
            code_label: shared("code")?,
            footer: shared("footer")?,
            facts: listed,
        })
    }
}

/// The texts of a mail with its values filled in.
#[derive(Debug, Serialize)]
struct Said {
    subject: String,
    heading: String,
    greeting: String,
    body: Vec<String>,
    button: String,
    after: Vec<String>,
    link_instead: String,
    code_label: String,
    footer: String,
    facts: Vec<Fact>,
}

#[derive(Debug, Serialize)]
struct Fact {
    label: String,
    value: String,
}

/// Templates by file name: HTML is escaped, an unknown name is an error, an absent value is empty, and
/// execution is bounded.
fn environment() -> Environment<'static> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_fuel(Some(FUEL));
    // With it, a loop could build an ever longer text that it never writes.
    templates.remove_global("namespace");
    templates.set_auto_escape_callback(|name| {
        if name.rsplit('.').next() == Some("html") { AutoEscape::Html } else { AutoEscape::None }
    });
    templates.set_formatter(|out, state, value| match value.as_str() {
        _ if value.is_none() => Ok(()),
        // The built-in escaping also changes slashes, and links should stay readable in the source.
        Some(text) if *state.auto_escape() == AutoEscape::Html && !value.is_safe() => {
            out.write_str(&shape::escaped(text)).map_err(minijinja::Error::from)
        }
        _ => escape_formatter(out, state, value),
    });
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        templates.set_syntax(syntax);
    }
    templates.add_filter("wrap", |text: String| shape::wrapped(&text));
    templates
}

/// What is wrong with a template and where, found at the end of the chain of includes.
fn sentence(error: &minijinja::Error, name: &str) -> String {
    let mut error = error;
    while let Some(inner) = error.source().and_then(|source| source.downcast_ref()) {
        error = inner;
    }
    let name = error.name().unwrap_or(name);
    let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
    let kind = error.kind();
    let why = error.detail().map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}"));
    format!("MAIL_TEMPLATES: {name}{line}: {why}.")
}

fn failed(error: &minijinja::Error) -> Error {
    Error::Internal(format!("a mail cannot be rendered: {error:#}"))
}
