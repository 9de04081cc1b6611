//! Lists the migrations, so that a new one is two files and nothing else. No macro can do it: only a build
//! script makes cargo look again when a file is added to a folder.

use std::fmt::Write as _;
use std::io::{Error, Result};
use std::path::Path;

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=migrations");
    let mut names = Vec::new();
    for entry in std::fs::read_dir("migrations")? {
        let name = entry?.file_name().into_string().map_err(|name| {
            Error::other(format!("the name of a migration is not UTF-8: {}", name.display()))
        })?;
        names.extend(name.strip_suffix(".up.sql").map(str::to_owned));
    }
    names.sort();
    let mut list = String::from("&[\n");
    for name in names {
        let Some((version, title)) = name.split_once('_') else {
            return Err(Error::other(format!("a migration is called NNNN_name, not {name}")));
        };
        let version: i64 = version.parse().map_err(Error::other)?;
        let text = |end| {
            format!(
                "include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/migrations/{name}.{end}.sql\"))"
            )
        };
        let (up, down) = (text("up"), text("down"));
        writeln!(
            list,
            "    Migration {{ version: {version}, name: {title:?}, up: {up}, down: {down} }},"
        )
        .map_err(Error::other)?;
    }
    list.push_str("]\n");
    let out = std::env::var("OUT_DIR").map_err(Error::other)?;
    std::fs::write(Path::new(&out).join("migrations.rs"), list)
}
