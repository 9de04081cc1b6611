//! Limits the output of a template: an endless one fails like an invalid one.

use std::io::{self, Write};

use minijinja::{Error, ErrorKind, Template, Value};

/// Maximum size of a part of a mail: ten times what mail programs show.
const MOST: usize = 1024 * 1024;

/// Renders the template; an error if the result exceeds 1 MiB.
pub(super) fn render(template: &Template<'_, '_>, values: &Value) -> Result<String, Error> {
    let mut out = Bounded(Vec::new());
    match template.render_captured_to(values, &mut out) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::WriteFailure => {
            return Err(Error::new(ErrorKind::InvalidOperation, "it writes more than 1 MiB"));
        }
        Err(error) => return Err(error),
    }
    String::from_utf8(out.0).map_err(|_| Error::new(ErrorKind::InvalidOperation, "not UTF-8"))
}

struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
