//! `MAIL_TEMPLATES`: an operator's own templates, one file each: `reset-password.html` for all languages,
//! `reset-password.de.html` for one, `.txt` and `.subject.txt` likewise, `layout.html` and `layout.txt` for
//! all mails, and files starting with `_` for inclusion. Any other file is reported as a mistake.

use std::path::Path;

use super::Kind;

/// Mail programs truncate what is longer than about a hundred kilobytes.
const MAX_BYTES: u64 = 256 * 1024;
/// Maximum number of files.
const MAX_FILES: usize = 500;

/// A file in the folder.
#[derive(Clone, Debug)]
pub(super) struct TemplateFile {
    pub(super) name: String,
    pub(super) source: String,
}

/// A part of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LetterPart {
    Subject,
    Text,
    Html,
}

impl LetterPart {
    const fn ending(self) -> &'static str {
        match self {
            Self::Subject => "subject.txt",
            Self::Text => "txt",
            Self::Html => "html",
        }
    }

    /// The part in the ending of a file name, and the name before it.
    fn of(name: &str) -> Option<(&str, Self)> {
        [Self::Subject, Self::Text, Self::Html].into_iter().find_map(|part| {
            let rest = name.strip_suffix(part.ending())?.strip_suffix('.')?;
            Some((rest, part))
        })
    }
}

/// The names of templates for this part of this kind, the most specific language first.
pub(super) fn candidates(kind: Kind, locale: &str, part: LetterPart) -> Vec<String> {
    let (kind, ending) = (kind.as_str(), part.ending());
    let locale = locale.to_lowercase().replace('_', "-");
    let first = locale.split('-').next().unwrap_or_default();
    vec![
        format!("{kind}.{locale}.{ending}"),
        format!("{kind}.{first}.{ending}"),
        format!("{kind}.{ending}"),
    ]
}

/// All templates in the folder, and what is wrong with the others, a sentence each.
pub(super) fn read(folder: &Path) -> (Vec<TemplateFile>, Vec<String>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let folder = folder.display();
            return (files, vec![format!("MAIL_TEMPLATES: {folder} cannot be read: {error}.")]);
        }
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let ignored = name.starts_with('.') || name.starts_with("README") || name.ends_with('~');
        if ignored || path.is_dir() {
            continue;
        }
        match file(&path, &name.to_lowercase()) {
            Ok(file) if files.len() < MAX_FILES => files.push(file),
            Ok(_) => {
                problems.push(format!("MAIL_TEMPLATES has more than {MAX_FILES} templates."));
                break;
            }
            Err(why) => problems.push(format!("MAIL_TEMPLATES: {name} {why}.")),
        }
    }
    (files, problems)
}

/// The error is the end of a sentence that begins with the file's name.
fn file(path: &Path, name: &str) -> Result<TemplateFile, String> {
    is_a_template(name)?;
    let size = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if size > MAX_BYTES {
        return Err("is larger than 256 KiB; mail programs truncate mails at 100".into());
    }
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let source = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
    Ok(TemplateFile { name: name.to_owned(), source })
}

fn is_a_template(name: &str) -> Result<(), String> {
    let Some((rest, _)) = LetterPart::of(name) else {
        return Err("is not a template: templates end in .html, .txt or .subject.txt".into());
    };
    if name.starts_with('_') || name == "layout.html" || name == "layout.txt" {
        return Ok(());
    }
    let (kind, tag) = rest.split_once('.').unwrap_or((rest, "en"));
    let tag_fits = tag.len() >= 2 && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !tag_fits {
        return Err(format!("names the language {tag:?}: write it as in {kind}.de.html"));
    }
    if Kind::parse(kind).is_some() {
        return Ok(());
    }
    let distance = |known: &&Kind| strsim::damerau_levenshtein(known.as_str(), kind);
    let nearest = Kind::ALL.iter().min_by_key(distance).map_or("test", |kind| kind.as_str());
    Err(format!(
        "is not the name of a mail: did you mean {nearest}? Names of included parts start with _"
    ))
}
