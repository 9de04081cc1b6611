//! Metrics: who may read them, and that each counts what it says.

mod more;
mod scrape;
mod values;
