//! `pocketstackd`: the node controller, the root daemon of a PocketStack node. It opens no network port; its only
//! door is the D-Bus service `org.pocketstack.Node1`.
//!
//! ```text
//!   netlink ──ticks──► network::reconcile ──trouble──┐
//!                                                    ▼
//!   kvm, drbd, libvirt, systemd ──► collect ──Facts──► node::Node ──► bus (Overview, OverviewChanged)
//!                                                    │    ▲             ▲
//!                                       announce ◄───┘    └─── asks ────┘
//!                                          │ what a person would notice
//!                                          ▼
//!                  certificate ──────► console::draw, one task per console
//! ```
//!
//! All of it is one thread; what blocks (programs, libvirt, consoles) runs beside it. Arrows are `watch` channels:
//! only the newest value counts, and a slow reader slows nobody down.

mod announce;
mod args;
mod bus;
mod collect;
mod console;
mod identity;
mod network;
mod node;
mod notify;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use pocketstack_host::boot::Dmsetup;
use pocketstack_host::heartbeat;
use pocketstack_host::hypervisor::Libvirt;
use pocketstack_host::links::Rtnetlink;
use pocketstack_host::modules::Modprobe;
use pocketstack_host::root::Root;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use args::{Args, Command};
use collect::{Facts, Probes};
use node::Node;
use notify::Notifier;

fn main() -> ExitCode {
    let args = Args::parse();
    start_log();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(8)
        // A thread costs memory, and most of these are needed once in a minute.
        .thread_keep_alive(Duration::from_secs(2))
        .build();
    let result = runtime.context("cannot start the runtime").and_then(|runtime| {
        let result = runtime.block_on(run(args));
        // A console that takes no more characters must not keep the daemon from ending.
        runtime.shutdown_timeout(Duration::from_secs(1));
        result
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// To standard error, which systemd gives to the journal; the journal adds the time itself.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,zbus=warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    if std::env::var_os("JOURNAL_STREAM").is_some() {
        log.without_time().init();
    } else {
        log.init();
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    let root = Root::at(&args.root);
    let links = Arc::new(Rtnetlink::open(root.clone())?);
    let probes = Probes {
        root: root.clone(),
        modules: Arc::new(Modprobe),
        mapper: Arc::new(Dmsetup),
        hypervisor: Arc::new(Libvirt::at(&args.libvirt)),
        drbdadm: "drbdadm".to_owned(),
        heartbeat: heartbeat::PROGRAM.to_owned(),
    };
    let (facts_in, facts) = watch::channel(Facts::default());
    let (trouble_in, trouble) = watch::channel(None);
    let node = Arc::new(Node {
        root,
        links: links.clone(),
        facts: facts.clone(),
        trouble: trouble.clone(),
    });
    let (bus_in, bus) = watch::channel(None);

    if matches!(args.command, Some(Command::Overview)) {
        let connection = bus::connect(args.bus.as_deref()).await.ok();
        collect::once(&probes, connection.as_ref(), &facts_in).await;
        println!("{}", serde_json::to_string_pretty(&node.overview().await)?);
        return Ok(());
    }

    let notifier = Arc::new(Notifier::from_environment());
    identity::keep_machine_id(&args.root, &args.state);
    let (seen_in, seen) = watch::channel(None);
    let certificate = console::watch_certificate(args.certificate);

    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(network::reconcile(links.clone(), trouble_in, notifier.clone()));
    collect::ask_root(&probes, &facts_in).await;
    tasks.spawn(collect::collect(probes, bus.clone(), facts_in));
    tasks.spawn(bus::serve(args.bus, node.clone(), bus_in));
    tasks.spawn(announce::announce(
        node,
        links,
        facts,
        trouble,
        bus,
        seen_in,
        notifier.clone(),
    ));
    tasks.spawn(async move { notifier.feed_watchdog().await });
    for path in args.console {
        tasks.spawn(console::draw(path, seen.clone(), certificate.clone()));
    }

    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            ended = tasks.join_next() => match ended {
                // A console that is not there, or no watchdog: the rest goes on without.
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => return Err(error),
                Some(Err(panic)) => return Err(panic).context("a task of the daemon broke"),
                None => return Ok(()),
            },
        }
    }
}
