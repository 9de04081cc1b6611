//! The `doorward` binary: one TLS provider, one runtime, one command, one exit code.

use std::process::ExitCode;

use clap::Parser;
use doorward::cli::{Cli, Failure};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Two providers in one process panic at the first handshake: choose before anything connects.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::Failed(format!("Cannot start: {error}.")).report(),
    };
    let outcome = runtime.block_on(doorward::cli::run(cli));
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
