//! All metrics as OpenMetrics text. `prometheus-client` handles the format; the values are read from the
//! counters on each scrape.

use std::fmt;
use std::sync::PoisonError;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::registry::Registry;
use time::OffsetDateTime;

use super::cell::{CounterRow, Grid, Histogram};
use super::labels::LaneLabel;
use super::meters::{LaneMeters, Meters};
use super::process::Process;
use super::{Metrics, family};
use family::Family;

/// All metrics as text.
pub(super) fn write(metrics: &Metrics, now: OffsetDateTime) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Page { metrics: metrics.clone(), now }));
    let mut text = String::with_capacity(32 * 1024);
    if let Err(error) = encode(&mut text, &registry) {
        tracing::error!(%error, "the metrics could not be written");
    }
    text
}

#[derive(Debug)]
struct Page {
    metrics: Metrics,
    now: OffsetDateTime,
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(meters) = self.metrics.on() else { return Ok(()) };
        let mut writer = Writer(encoder);
        writer.build(meters)?;
        writer.requests(meters)?;
        writer.hashing(meters)?;
        writer.database(meters)?;
        writer.abuse(meters)?;
        writer.sign_ins(meters)?;
        writer.mail(meters, self.now)?;
        writer.process(meters)
    }
}

struct Writer<'a>(DescriptorEncoder<'a>);

type Label<'a> = (&'static str, &'a str);

impl Writer<'_> {
    fn family(&mut self, family: &Family) -> Result<MetricEncoder<'_>, fmt::Error> {
        self.0.encode_descriptor(family.name, family.help, None, family.kind)
    }

    fn counter(&mut self, family: &Family, count: u64) -> fmt::Result {
        self.family(family)?.encode_counter::<NoLabelSet, _, f64>(&count, None)
    }

    fn gauge(&mut self, family: &Family, value: i64) -> fmt::Result {
        self.family(family)?.encode_gauge(&value)
    }

    fn gauge_if_known(&mut self, family: &Family, value: Option<u64>) -> fmt::Result {
        let mut encoder = self.family(family)?;
        value
            .map_or(Ok(()), |value| encoder.encode_gauge(&i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn histogram(&mut self, family: &Family, histogram: &Histogram) -> fmt::Result {
        observed(&mut self.family(family)?, histogram)
    }

    fn row(&mut self, family: &Family, row: &CounterRow) -> fmt::Result {
        let &[label] = family.labels else { return Err(fmt::Error) };
        let mut encoder = self.family(family)?;
        row.read().try_for_each(|(value, count)| counted(&mut encoder, &[(label, value)], count))
    }

    fn grid(&mut self, family: &Family, grid: &Grid, with_zeros: bool) -> fmt::Result {
        let &[first, second] = family.labels else { return Err(fmt::Error) };
        let mut encoder = self.family(family)?;
        for (row, column, count) in grid.read() {
            if with_zeros || count > 0 {
                counted(&mut encoder, &[(first, row), (second, column)], count)?;
            }
        }
        Ok(())
    }

    fn lanes(
        &mut self,
        family: &Family,
        meters: &Meters,
        of: fn(&LaneMeters) -> i64,
    ) -> fmt::Result {
        let mut encoder = self.family(family)?;
        for (lane, meters) in LaneLabel::ALL.iter().zip(&meters.database) {
            let labels: &[Label<'_>] = &[("lane", lane)];
            encoder.encode_family(&labels)?.encode_gauge(&of(meters))?;
        }
        Ok(())
    }

    fn build(&mut self, meters: &Meters) -> fmt::Result {
        let labels: &[Label<'_>] = &[("version", meters.version), ("engine", meters.engine)];
        self.family(&family::BUILD)?.encode_info(&labels)
    }

    fn requests(&mut self, meters: &Meters) -> fmt::Result {
        let routes = meters.routes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let routes: Vec<_> = routes.values().chain([&meters.unmatched]).collect();
        let mut encoder = self.family(&family::HTTP_REQUESTS)?;
        for route in &routes {
            for (method, meter) in route.read() {
                for (status, count) in meter.read() {
                    let labels =
                        [("route", route.path.as_str()), ("method", method), ("status", status)];
                    counted(&mut encoder, &labels, count)?;
                }
            }
        }
        let mut encoder = self.family(&family::HTTP_SECONDS)?;
        for route in &routes {
            for (method, meter) in route.read() {
                let labels: &[Label<'_>] = &[("route", &route.path), ("method", method)];
                observed(&mut encoder.encode_family(&labels)?, &meter.seconds)?;
            }
        }
        self.gauge(&family::HTTP_IN_FLIGHT, meters.in_flight.get())
    }

    fn hashing(&mut self, meters: &Meters) -> fmt::Result {
        let hashing = &meters.hashing;
        self.gauge(&family::HASH_QUEUE, hashing.queue.get())?;
        self.gauge(&family::HASH_RUNNING, hashing.running.get())?;
        self.histogram(&family::HASH_WAIT, &hashing.wait)?;
        self.histogram(&family::HASH_WORK, &hashing.work)?;
        self.counter(&family::HASH_REFUSED, hashing.refused.get())
    }

    fn database(&mut self, meters: &Meters) -> fmt::Result {
        let mut encoder = self.family(&family::DB_CALLS)?;
        for (lane, meters) in LaneLabel::ALL.iter().zip(&meters.database) {
            let labels: &[Label<'_>] = &[("lane", lane)];
            observed(&mut encoder.encode_family(&labels)?, &meters.seconds)?;
        }
        self.lanes(&family::DB_ACTIVE, meters, |lane| lane.calls.get())?;
        self.lanes(&family::DB_WAITING, meters, |lane| lane.waiting.get())?;
        self.grid(&family::DB_FAILURES, &meters.database_failures, true)?;
        self.lanes(&family::DB_CONNECTIONS, meters, |lane| lane.connections.get())?;
        self.grid(&family::DB_CONNECTING, &meters.connecting, true)?;
        self.counter(&family::DB_WAKES, meters.wakes.get())?;
        self.histogram(&family::SQLITE_GROUP, &meters.sqlite.group)?;
        self.gauge(&family::SQLITE_LOG, meters.sqlite.log_bytes.get())
    }

    fn abuse(&mut self, meters: &Meters) -> fmt::Result {
        self.grid(&family::LIMITER, &meters.limiter, true)?;
        self.counter(&family::LIMITER_FALLBACKS, meters.limiter_fallbacks.get())?;
        self.row(&family::GUESSES, &meters.guesses)
    }

    fn sign_ins(&mut self, meters: &Meters) -> fmt::Result {
        self.row(&family::REFRESHES, &meters.refreshes)?;
        self.grid(&family::SIGN_INS, &meters.sign_ins, true)?;
        self.counter(&family::SESSIONS_BEGUN, meters.sessions_begun.get())?;
        self.row(&family::SESSIONS_ENDED, &meters.sessions_ended)?;
        // Most servers see only a few of the many pairs.
        self.grid(&family::EVENTS, &meters.events, false)
    }

    fn mail(&mut self, meters: &Meters, now: OffsetDateTime) -> fmt::Result {
        self.row(&family::MAIL_OUTCOMES, &meters.mail.outcomes)?;
        self.gauge(&family::MAIL_WAITING, meters.mail.waiting.get())?;
        self.gauge(&family::MAIL_AGE, meters.mail.age(now))?;
        self.counter(&family::KEY_CHANGES, meters.key_changes.get())
    }

    fn process(&mut self, meters: &Meters) -> fmt::Result {
        let process = Process::read();
        self.gauge_if_known(&family::RESIDENT, process.resident_bytes)?;
        let mut cpu = self.family(&family::CPU)?;
        if let Some(seconds) = process.cpu_seconds {
            cpu.encode_counter::<NoLabelSet, _, f64>(&seconds, None)?;
        }
        self.gauge_if_known(&family::OPEN_FILES, process.open_files)?;
        self.gauge_if_known(&family::MOST_FILES, process.most_files)?;
        self.gauge_if_known(&family::THREADS, process.threads)?;
        self.gauge(&family::STARTED, meters.started_at.unix_timestamp())
    }
}

fn counted(encoder: &mut MetricEncoder<'_>, labels: &[Label<'_>], count: u64) -> fmt::Result {
    encoder.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&count, None)
}

fn observed(encoder: &mut MetricEncoder<'_>, histogram: &Histogram) -> fmt::Result {
    let (sum, count, buckets) = histogram.read();
    encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
}
