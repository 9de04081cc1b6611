//! Finds the text of every setting in `doorward.toml`, `.env`, the environment and the flags; a later source
//! takes precedence, and within a source the first name. Each text keeps its origin. Names that are not
//! Doorward's are ignored, except in `doorward.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{dotenv, text_file};
use crate::config::entry::table::{Named, Secrecy, Setting, lookup, nearest};

/// The sources.
#[derive(Debug, Default)]
pub struct Sources {
    /// Replaces `doorward.toml`; must exist.
    pub toml: Option<PathBuf>,
    /// Replaces `.env`; must exist.
    pub dotenv: Option<PathBuf>,
    /// The process environment.
    pub environment: Vec<(OsString, OsString)>,
}

impl Sources {
    /// The two files in the current directory and this process's environment.
    pub fn of_process() -> Self {
        Self { environment: std::env::vars_os().collect(), ..Self::default() }
    }
}

/// The text of one setting.
#[derive(Clone, Debug)]
pub(in crate::config) struct Found {
    pub(in crate::config) text: String,
    /// The index of the name that was used.
    pub(in crate::config) rank: usize,
    /// `PORT in .env`, `--port`: the beginning of a sentence about it.
    pub(in crate::config) label: String,
    /// `.env`, `environment PORT`, `flag --port`: its origin.
    pub(in crate::config) origin: String,
}

/// A problem, and its setting.
#[derive(Clone, Debug)]
pub(in crate::config) struct SettingProblem {
    pub(in crate::config) setting: Option<&'static str>,
    pub(in crate::config) sentence: String,
}

/// All texts that were found.
#[derive(Debug, Default)]
pub struct Gathered {
    pub(in crate::config) found: BTreeMap<&'static str, Found>,
    pub(in crate::config) problems: Vec<SettingProblem>,
    pub(in crate::config) warnings: Vec<String>,
    /// Lines that other readers of a shared file may understand: reported, and rejected only in strict mode.
    pub(in crate::config) broken: Vec<String>,
    pub(in crate::config) strict: bool,
    /// The files that contain a secret.
    pub(in crate::config) secret_files: BTreeSet<PathBuf>,
}

/// A source of settings.
struct SettingSource {
    texts: Vec<(Named, Found)>,
}

/// Reads all sources.
pub fn gather(sources: &Sources) -> Gathered {
    let mut gathered = Gathered::default();
    let toml = sources.toml.as_deref().unwrap_or(Path::new("doorward.toml"));
    if let Some(text) = gathered.read(toml, sources.toml.is_some()) {
        gathered.toml(&text, &toml.display().to_string());
    }
    let dotenv = sources.dotenv.as_deref().unwrap_or(Path::new(".env"));
    if let Some(text) = gathered.read(dotenv, sources.dotenv.is_some()) {
        gathered.dotenv(&text, &dotenv.display().to_string(), &sources.environment);
    }
    gathered.environment(&sources.environment);
    gathered
}

impl Gathered {
    /// True if it is set, under any of its names.
    pub fn has(&self, name: &str) -> bool {
        self.found.contains_key(name)
    }

    /// Sets it unless it is set.
    pub fn fall_back(&mut self, name: &'static str, text: String, origin: &str) {
        if !self.has(name) {
            self.force(name, text, origin);
        }
    }

    /// Sets it, overriding other sources.
    pub fn force(&mut self, name: &'static str, text: String, origin: &str) {
        let (label, origin) = (name.to_owned(), origin.to_owned());
        self.found.insert(name, Found { text, rank: 0, label, origin });
    }

    /// Sets it from a flag, if given.
    pub fn flag(&mut self, name: &'static str, flag: &str, text: Option<String>) {
        if let Some(text) = text {
            let (label, origin) = (flag.to_owned(), format!("flag {flag}"));
            self.found.insert(name, Found { text, rank: 0, label, origin });
        }
    }

    /// Removes it and all problems with it.
    pub fn ignore(&mut self, name: &str) {
        self.found.remove(name);
        self.problems.retain(|problem| problem.setting != Some(name));
    }

    /// Adds a warning, to be printed before the command runs.
    pub fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Turns a server's warnings into errors: invalid lines in `.env`, unknown targets in `RUST_LOG`.
    #[must_use]
    pub fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    fn problem(&mut self, setting: Option<&'static str>, sentence: String) {
        self.problems.push(SettingProblem { setting, sentence });
    }

    /// The text of a settings file; `None` if absent or unreadable.
    fn read(&mut self, path: &Path, required: bool) -> Option<String> {
        match text_file::read(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound && !required => None,
            Err(error) => {
                let next = "correct the path, or let this user read the file";
                let path = path.display();
                self.problem(None, format!("{path} cannot be read: {error}; {next}."));
                None
            }
        }
    }

    fn toml(&mut self, text: &str, file: &str) {
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, span.start));
                let what = error.message().lines().next().unwrap_or("it is not TOML").to_owned();
                return self.problem(
                    None,
                    format!("{file} line {line} cannot be read: {what}; correct that line."),
                );
            }
        };
        let mut place = SettingSource { texts: Vec::new() };
        for (key, value) in &table {
            let named = lookup(&key.to_uppercase()).filter(|_| *key == key.to_lowercase());
            let Some(named) = named else {
                self.problem(None, unknown_key(key, value, file));
                continue;
            };
            let label = format!("{key} in {file}");
            // The only setting that is a section.
            let section = (named.setting.name == "DIALECT" && value.is_table())
                .then(|| serde_json::to_string(value).ok())
                .flatten();
            match section.or_else(|| toml_text(value)) {
                Some(text) => place.add(named, text, label, file.to_owned()),
                None => self.problem(
                    Some(named.setting.name),
                    format!(
                        "{label} must be text, a number or a list of texts: write one of those."
                    ),
                ),
            }
        }
        self.take(place, Some(Path::new(file)));
    }

    fn dotenv(&mut self, text: &str, file: &str, environment: &[(OsString, OsString)]) {
        let variable = |name: &str| {
            let found = environment.iter().find(|(key, _)| key.to_str() == Some(name));
            found.and_then(|(_, value)| value.to_str().map(str::to_owned))
        };
        let mut place = SettingSource { texts: Vec::new() };
        let text = text.replace("\r\n", "\n");
        let (entries, broken) = dotenv::read(&text, variable);
        for (line, text) in broken {
            self.broken_line(file, line, text);
        }
        for entry in entries {
            let Some(named) = lookup(&entry.name) else {
                if entry.value.is_none() {
                    let line = entry.line;
                    let what = "has an unclosed quote: close or remove it";
                    self.broken.push(format!("{file} line {line} {what}."));
                }
                if let Some(own) = typo(&entry.name) {
                    let name = &entry.name;
                    self.warnings.push(format!("{name} in {file} is ignored; did you mean {own}?"));
                }
                continue;
            };
            let label = format!("{} in {file}", entry.name);
            match entry.value {
                Some(value) => {
                    // The last of several lines takes precedence, as in other readers of the file.
                    place.texts.retain(|(other, _)| {
                        !(other.setting.name == named.setting.name
                            && other.rank == named.rank
                            && other.is_file == named.is_file)
                    });
                    place.add(named, value, label, file.to_owned());
                }
                None => self.problem(
                    Some(named.setting.name),
                    format!(
                        "{label} line {} has an unclosed quote: close or remove it.",
                        entry.line
                    ),
                ),
            }
        }
        self.take(place, Some(Path::new(file)));
    }

    /// A line of `.env` that is not `NAME=value`: an error if it was meant for Doorward. Other applications'
    /// lines are ignored, since the file is shared.
    fn broken_line(&mut self, file: &str, line: usize, text: &str) {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let bare = text.trim().trim_start_matches("export ").trim_start();
        let name = bare.split(|c: char| !is_word(c)).next().unwrap_or_default();
        match lookup(&name.to_uppercase()).or_else(|| lookup(&bare_name(bare))) {
            Some(named) => self.problem(
                Some(named.setting.name),
                format!("{file} line {line} sets nothing: write {}=value.", named.setting.name),
            ),
            None => self.broken.push(format!(
                "{file} line {line} is ignored: it is not a NAME=value line; write one, or start it with #."
            )),
        }
    }

    fn environment(&mut self, environment: &[(OsString, OsString)]) {
        let mut place = SettingSource { texts: Vec::new() };
        for (name, value) in environment {
            let Some((name, named)) = name.to_str().and_then(|n| Some((n, lookup(n)?))) else {
                continue;
            };
            if let Some(text) = value.to_str() {
                place.add(named, text.into(), name.into(), format!("environment {name}"));
            } else {
                let sentence = format!("{name} is not UTF-8: set it again.");
                self.problem(Some(named.setting.name), sentence);
            }
        }
        self.take(place, None);
    }

    /// Of each setting's names in this source, the first takes precedence; an empty value counts as absent.
    fn take(&mut self, mut place: SettingSource, file: Option<&Path>) {
        place.texts.retain(|(_, found)| !found.text.trim().is_empty());
        place.texts.sort_by_key(|(named, _)| (named.rank, named.is_file));
        let mut winners: BTreeMap<&'static str, (Named, Found)> = BTreeMap::new();
        for (named, found) in place.texts {
            let Some((winner, won)) = winners.get(named.setting.name) else {
                winners.insert(named.setting.name, (named, found));
                continue;
            };
            if winner.rank == named.rank {
                let both = format!("{} and {} are both set: keep one.", won.label, found.label);
                self.problem(Some(named.setting.name), both);
            } else if won.text != found.text {
                let (ignored, winner) = (&found.label, &won.label);
                self.warnings.push(format!("{ignored} is ignored, because {winner} is set."));
            }
        }
        for (name, (named, found)) in winners {
            if let Some(file) = file
                && !named.is_file
                && is_secret(named.setting.secrecy, &found.text)
            {
                self.secret_files.insert(file.to_owned());
            }
            match if named.is_file { self.content(named.setting, found) } else { Some(found) } {
                Some(found) => self.found.insert(name, found),
                None => self.found.remove(name),
            };
        }
    }

    /// Replaces a path by the file's content without its last line break.
    fn content(&mut self, setting: &'static Setting, found: Found) -> Option<Found> {
        let path = found.text.trim();
        match text_file::read(Path::new(path)) {
            Ok(text) => {
                self.secret_files.insert(PathBuf::from(path));
                let text = text.strip_suffix('\n').unwrap_or(&text);
                let text = text.strip_suffix('\r').unwrap_or(text).to_owned();
                Some(Found { text, ..found })
            }
            Err(error) => {
                let label = &found.label;
                let next = "correct the path, or let this user read the file";
                let sentence =
                    format!("{label} names {path:?}, which cannot be read: {error}; {next}.");
                self.problem(Some(setting.name), sentence);
                None
            }
        }
    }
}

impl SettingSource {
    fn add(&mut self, named: Named, text: String, label: String, origin: String) {
        self.texts.push((named, Found { text, rank: named.rank, label, origin }));
    }
}

/// Whether it is a secret, or a URL with a login.
fn is_secret(secrecy: Secrecy, text: &str) -> bool {
    secrecy == Secrecy::Secret || secrecy != Secrecy::Plain && text.contains('@')
}

/// `DATABASE-URL = x` was meant as `DATABASE_URL`.
fn bare_name(text: &str) -> String {
    let name = text.split(['=', ':', ' ']).next().unwrap_or_default();
    name.replace(['-', '.'], "_").to_uppercase()
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn toml_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(items) if items.iter().any(toml::Value::is_table) => {
            serde_json::to_string(items).ok()
        }
        toml::Value::Array(items) => {
            let items: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            serde_json::to_string(&items?).ok()
        }
        _ => None,
    }
}

fn unknown_key(key: &str, value: &toml::Value, file: &str) -> String {
    if value.is_table() {
        return format!(
            "{file} has a section [{key}], but all settings belong at the top level: move its lines there."
        );
    }
    match nearest(key) {
        Some(own) => {
            format!("{file} has an unknown key {key}: did you mean {}?", own.to_lowercase())
        }
        None => format!("{file} has an unknown key {key}: `doorward config print` lists them all."),
    }
}

/// The setting that a name in `.env` misspells: one letter off, in a name that is long enough.
fn typo(name: &str) -> Option<&'static str> {
    let own = nearest(name)?;
    let close = own.len() >= 8 && strsim::damerau_levenshtein(own, name) == 1;
    close.then_some(own)
}
