//! The `doorward` binary: one TLS provider, one runtime, one command, one exit code.

use std::process::ExitCode;

use clap::FromArgMatches;
use doorward::cli::{Cli, Failure};

/// glibc's allocator keeps the peak usage of each thread; mimalloc returns it, and is faster for the many
/// small allocations of a request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli =
        Cli::from_arg_matches(&Cli::program().get_matches()).unwrap_or_else(|error| error.exit());
    // With two providers in one process, the first handshake panics: choose one before anything connects.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = workers() {
        runtime.worker_threads(workers);
    }
    let runtime = match runtime.enable_all().build() {
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

/// Half of the cores, rounded up: hashing, SQLite and a local database have their own threads and processes,
/// and waking an extra worker costs more than it gains. `None` if `TOKIO_WORKER_THREADS` sets the number.
fn workers() -> Option<usize> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::env::var_os("TOKIO_WORKER_THREADS").is_none().then(|| cores.div_ceil(2))
}
