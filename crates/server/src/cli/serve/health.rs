//! `doorward health`: checks the server on this machine, for health checks in containers without other tools.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::asker::Asker;
use super::listen::reachable;
use crate::cli::sources::SourceArgs;
use crate::cli::{Exit, failed, output, output_json};

/// Arguments of `health`.
#[derive(Debug, Args)]
pub(in crate::cli) struct HealthArgs {
    /// The address it listens on [default: the setting HOST]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<IpAddr>,
    /// The port it listens on [default: the setting PORT]
    #[arg(long)]
    port: Option<u16>,
    /// Check readiness: also whether migrations are current and the database accepts writes
    #[arg(long)]
    ready: bool,
    /// How long to wait for the response
    #[arg(long, value_name = "SECONDS", default_value_t = 3,
          value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
    /// Print the response as JSON
    #[arg(long)]
    json: bool,
}

/// Runs `doorward health`.
pub(in crate::cli) async fn run(args: HealthArgs, from: &SourceArgs) -> Exit {
    let settings = from.of_server()?;
    let host = args.host.unwrap_or(settings.host);
    let at = reachable(SocketAddr::new(host, args.port.unwrap_or(settings.port)));
    let path = if args.ready { "/readyz" } else { "/health" };
    let mut probe = Asker::of(at);
    let patience = Duration::from_secs(args.timeout);
    let (status, body) = match timeout(patience, probe.get(path)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(why)) => {
            return Err(failed(format!("No response from http://{at}{path}: {why}.")));
        }
        Err(_) => {
            let seconds = args.timeout;
            return Err(failed(format!(
                "http://{at}{path} did not respond within {seconds} s: the server hangs, or another program \
                    listens there."
            )));
        }
    };
    let said: Value = serde_json::from_str(&body).unwrap_or_default();
    let Some(word) = said["status"].as_str() else {
        return Err(failed(format!(
            "http://{at}{path} responded with {status} and is not Doorward: check HOST and PORT."
        )));
    };
    if args.json {
        output_json(&json!({"url": format!("http://{at}{path}"), "status": status, "body": said}))?;
    }
    if status == 200 {
        return if args.json { Ok(()) } else { output(&format!("{word}\n")) };
    }
    let details = ["database", "migrations", "action"];
    let details = details.iter().filter_map(|key| Some(format!("{key}: {}", said[key].as_str()?)));
    let details: Vec<_> = details.collect();
    Err(failed(format!("The server at {at} is {word} ({}).", details.join(", "))))
}
