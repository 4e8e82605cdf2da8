//! The pages and the REST API of a node, over HTTPS, as a user of its own without privileges.
//!
//! It knows the machine only through `org.pocketstack.Node1`, which `pocketstackd` serves on the system bus.
//!
//! ```text
//!                    ┌ node::DbusNode ─ task: keeps the bus connection, hears OverviewChanged
//! pocketstackd ─D-Bus┤       │ watch: count of changes
//!                    │       ├──────────────▶ live: /events, one stream per open page (at most 64)
//!                    └ node::Cached (≤ 1 s, one question at a time)
//!                            ├──▶ page: /, /setup, /sign-in, …   server-rendered HTML (templates/, locales/, static/)
//!                            └──▶ api:  /api/v1, /healthz
//! ```
//!
//! Before a page or the API answers, [`access`] has seen who asks.
//!
//! The certificate is made on first boot and kept in the state folder ([`certificate`]). systemd is told READY=1
//! once the server listens ([`notify`]).

mod access;
mod api;
mod assets;
mod certificate;
mod clock;
mod confirm;
mod files;
mod form;
mod headers;
mod live;
mod locale;
mod methods;
#[cfg(test)]
mod mutation;
mod node;
mod notify;
mod page;
mod secret;
mod server;
mod support;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use tokio::time::{Instant, sleep};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use certificate::{Pair, Subject};
use clock::Clock;
use node::{DbusNode, NodeSource};

/// The pages and the REST API of a PocketStack node, over HTTPS
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address and port to listen on; `[::]` means all addresses, of IPv4 too
    #[arg(long, default_value = "[::]:443")]
    listen: SocketAddr,
    /// Folder that keeps the certificate, the tokens and the record of what was done
    #[arg(long, default_value = "/var/lib/pocketstack/web")]
    state: PathBuf,
    /// Folder that keeps who is signed in, over a restart of this program
    #[arg(long, default_value = "/run/pocketstack-web")]
    runtime: PathBuf,
    /// D-Bus address of the bus the node controller is on, instead of the system bus
    #[arg(long, value_name = "ADDRESS")]
    bus: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log();
    match start(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Arguments) -> anyhow::Result<()> {
    // Rocket's own start-up reads environment and Rocket.toml for the number of threads; here all is in the code.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(server::WORKERS)
        .max_blocking_threads(4)
        .enable_all()
        .build()
        .context("cannot start the worker threads")?
        .block_on(run(arguments))
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let bus = arguments.bus;
    let node = Arc::new(DbusNode::start(move || node::connect(bus.clone())));
    let pair = pair(&arguments.state, &*node).await?;
    tracing::info!("SHA-256 fingerprint of the certificate: {}", pair.fingerprint);
    let listen = reachable(arguments.listen);
    let config = server::config(listen, &pair);
    let kept = server::Kept {
        state: arguments.state,
        runtime: usable(arguments.runtime),
        names: pair.names,
        clock: Clock::boot(),
    };
    server::build(config, node, kept)
        .launch()
        .await
        .map(drop)
        .map_err(|error| anyhow::anyhow!("{}", error.kind()))
        .with_context(|| format!("cannot serve on {listen}"))
}

/// The runtime folder, if it is there or can be made. systemd makes it; without one a restart signs everybody out.
fn usable(runtime: PathBuf) -> Option<PathBuf> {
    match files::make_folder(&runtime) {
        Ok(()) => Some(runtime),
        Err(error) => {
            tracing::warn!(
                "who is signed in is forgotten when this program is restarted: {error}: {}",
                error.source
            );
            None
        }
    }
}

/// The kept certificate, or a new one.
async fn pair(state: &Path, node: &dyn NodeSource) -> anyhow::Result<Pair> {
    if let Some(pair) = certificate::load(state)? {
        return Ok(pair);
    }
    let subject = subject(node).await;
    tracing::info!(
        "making a certificate for {} {:?}",
        subject.name,
        subject.addresses
    );
    Ok(certificate::create(state, &subject)?)
}

/// Name and addresses as the node controller knows them; when it does not come up, the name the kernel knows.
async fn subject(node: &dyn NodeSource) -> Subject {
    const PATIENCE: Duration = Duration::from_secs(10);
    const PAUSE: Duration = Duration::from_millis(500);
    let give_up = Instant::now() + PATIENCE;
    loop {
        let why = match node.overview().await {
            Ok(overview) => return Subject::of(&overview),
            Err(why) => why,
        };
        if Instant::now() >= give_up {
            tracing::warn!("{why} The certificate is made without the addresses of this machine.");
            let name = nix::unistd::gethostname()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            return Subject {
                name,
                addresses: Vec::new(),
            };
        }
        sleep(PAUSE).await;
    }
}

/// All addresses of IPv4 instead of all of IPv6, where the kernel was started without IPv6.
fn reachable(listen: SocketAddr) -> SocketAddr {
    if listen.ip() == Ipv6Addr::UNSPECIFIED && TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).is_err() {
        tracing::warn!("this machine has no IPv6; listening on IPv4 only");
        return SocketAddr::from((Ipv4Addr::UNSPECIFIED, listen.port()));
    }
    listen
}

/// Log lines go to standard error, for the journal, without colours and without the time it adds itself.
fn log() {
    // Rocket has several lines for each request, a warning for each client that does not trust the certificate, and
    // one about a header that is taken out again (see headers.rs).
    const USUAL: &str =
        "info,rocket=warn,rocket::launch=off,rocket::server=off,rocket::shield=off,rocket_http=error";
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(USUAL));
    // The code that Rocket makes for each route has a line for each request that is not signed in, and no name of its own.
    let named = filter_fn(|metadata| !metadata.target().ends_with("::_"));
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time();
    tracing_subscriber::registry()
        .with(filter)
        .with(lines.with_filter(named))
        .init();
}
