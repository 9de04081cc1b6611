//! `doorward mail preview`: writes all mails in all languages as files, with the active templates.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::{Exit, Failure, failed, output, output_json};
use crate::config::Settings;
use crate::mail::Kind;
use crate::mail::letter::{Language, LetterWriter, problems, sample};

#[derive(Debug, Args)]
pub(in crate::cli) struct PreviewArgs {
    /// The folder to write to; files of the same names are overwritten
    #[arg(long, value_name = "DIR", default_value = "mail-preview")]
    dir: PathBuf,
    /// Only this language, such as de or pt-BR
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
}

pub(in crate::cli) fn preview(args: &PreviewArgs, settings: &Settings, as_json: bool) -> Exit {
    let locales = match &args.locale {
        Some(tag) if Language::parse(tag).is_none() => {
            let all = Language::ALL.map(Language::tag).join(", ");
            return Err(Failure::Usage(format!(
                "There are no mails in {tag:?}: choose one of {all}."
            )));
        }
        Some(tag) => vec![tag.clone()],
        None => Language::ALL.map(|language| language.tag().to_owned()).to_vec(),
    };
    let dir = &args.dir;
    std::fs::create_dir_all(dir).map_err(|error| failed(format!("{}: {error}", dir.display())))?;
    let writer = LetterWriter::new(settings);
    let mut mails = Vec::new();
    let mut index =
        String::from("<!doctype html>\n<meta charset=\"utf-8\">\n<title>Mails</title>\n<ul>\n");
    for (kind, locale) in
        Kind::ALL.iter().flat_map(|kind| locales.iter().map(move |to| (*kind, to)))
    {
        let mut letter = sample(kind, Language::of(Some(locale)));
        letter.locale = Some(locale.clone());
        let written = writer.write(&letter).map_err(failed)?;
        let name = format!("{}.{locale}", kind.as_str());
        put(dir, &format!("{name}.subject.txt"), &format!("{}\n", written.subject))?;
        put(dir, &format!("{name}.txt"), &written.text)?;
        put(dir, &format!("{name}.html"), &written.html)?;
        let _ = writeln!(
            index,
            "<li><a href=\"{name}.html\">{name}</a> (<a href=\"{name}.txt\">text</a>)"
        );
        mails.push(
            json!({"mail": kind.as_str(), "locale": locale, "subject": written.subject, "files":
            [format!("{name}.subject.txt"), format!("{name}.txt"), format!("{name}.html")]}),
        );
    }
    put(dir, "index.html", &(index + "</ul>\n"))?;
    let broken = problems(settings);
    if as_json {
        output_json(
            &json!({"dir": dir.display().to_string(), "mails": mails, "problems": broken}),
        )?;
    } else {
        let (count, dir) = (mails.len(), dir.display());
        output(&format!("Wrote {count} mails to {dir}: open {dir}/index.html.\n"))?;
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "Broken templates were replaced by the built-in text:\n{}",
        broken.join("\n")
    )))
}

fn put(dir: &Path, name: &str, text: &str) -> Exit {
    let path = dir.join(name);
    std::fs::write(&path, text).map_err(|error| failed(format!("{}: {error}", path.display())))
}
