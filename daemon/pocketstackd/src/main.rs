//! `pocketstackd`: the node controller, the root daemon of a PocketStack node. It opens no network port; its only
//! door is the D-Bus service `org.pocketstack.Node1`.
//!
//! ```text
//!   store ──► control ──wanted──► keep: networks, node ──► netlink, systemd-networkd, /etc
//!     ▲        ▲  │                       │ Board (kept)
//!     └────────┼──┘                       ▼
//!   answers ───┤     kvm, drbd, … ──► collect ──Facts──► node::Node ──► announce ──► bus (OverviewChanged), consoles
//!   bus ───────┤                                            ▲
//!   console ───┘                                            └── bus (Overview)
//! ```
//!
//! All of it is one thread; what blocks (programs, libvirt, consoles) runs beside it. Arrows are `watch` channels:
//! only the newest value counts, and a slow reader slows nobody down.

mod adapter;
mod announce;
mod answers;
mod args;
mod bus;
mod collect;
mod console;
mod control;
mod identity;
mod install;
mod keep;
mod node;
mod notify;
mod store;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use pocketstack_host::boot::{self, Dmsetup};
use pocketstack_host::clock::SystemClock;
use pocketstack_host::firewall::Nft;
use pocketstack_host::heartbeat;
use pocketstack_host::hypervisor::Libvirt;
use pocketstack_host::links::Rtnetlink;
use pocketstack_host::modules::Modprobe;
use pocketstack_host::mounts::mounts;
use pocketstack_host::networkd::DbusNetworkd;
use pocketstack_host::root::Root;
use pocketstack_host::settings::Etc;
use pocketstack_host::ssh::Keygen;
use pocketstack_host::systemd::DbusSystemd;
use pocketstack_host::volumes::Labelled;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use adapter::System;
use answers::{Following, Places};
use args::{Args, Command};
use collect::{Facts, Probes, Recent};
use console::News;
use control::Control;
use keep::Board;
use keep::access::Access;
use keep::networks::Networks;
use node::{Node, Status};
use notify::Notifier;
use store::Store;

fn main() -> ExitCode {
    let args = Args::parse();
    if matches!(args.command, Some(Command::FetchAnswers)) {
        // Its standard error is the reason itself, without anything of a log.
        return match answers::fetch(&args.root) {
            Ok(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error:#}");
                ExitCode::FAILURE
            }
        };
    }
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
    let (bus_in, bus) = watch::channel(None);
    let recent = Recent::default();
    let new_node = |status| {
        Arc::new(Node {
            root: root.clone(),
            links: links.clone(),
            facts: facts.clone(),
            recent: recent.clone(),
            trouble: trouble.clone(),
            status,
        })
    };

    if matches!(args.command, Some(Command::Overview)) {
        // What is kept belongs to the daemon that may run beside this: the store is not even opened.
        let node = new_node(Status::none());
        let connection = bus::connect(args.bus.as_deref()).await.ok();
        collect::once(&probes, connection.as_ref(), &facts_in).await;
        println!("{}", serde_json::to_string_pretty(&node.overview().await)?);
        return Ok(());
    }

    let systemd = DbusSystemd::over(bus.clone());
    let board = Board::default();
    let (store, loaded) = Store::open(args.state.join("config"));
    let machine = Arc::new(System::new(root.clone(), bus.clone()));
    let control = Control::new(store, loaded, machine, board.clone());
    let node = new_node(Status::of(&control));
    let notifier = Arc::new(Notifier::from_environment());
    identity::keep_machine_id(&args.root, &args.state);
    let (seen_in, seen) = watch::channel(None);
    let certificate = console::watch_certificate(args.certificate);
    let settings = Arc::new(Etc::new(root.clone()));

    let mut tasks = tokio::task::JoinSet::new();
    // The name is there before the first DHCP request is sent with it.
    let mut own = keep::node::Node::new(settings.clone(), systemd.clone(), board.clone());
    own.pass(&control.configuration().await.node).await;
    tasks.spawn(own.keep(control.wanted()));
    let clock = keep::clock::Watch::new(SystemClock::new(root.clone(), bus.clone()), board.clone());
    tasks.spawn(clock.keep(control.wanted()));
    tasks.spawn(recent.record(root.clone()));
    let host_key = Arc::new(Keygen::new(root.clone()));
    let access = Access::new(
        Arc::new(Nft),
        host_key,
        settings.clone(),
        systemd.clone(),
        board.clone(),
    );
    tasks.spawn(access.keep(control.wanted()));
    let networkd = DbusNetworkd::over(bus.clone());
    let networks = Networks::new(links.clone(), settings, networkd, board.clone());
    tasks.spawn(networks.keep(control.wanted(), bus.clone(), trouble_in, notifier.clone()));
    tasks.spawn(control.clone().take_back());
    let medium = boot::source(&root, &mounts(&root));
    tasks.spawn(keep::apart::watch(
        root.clone(),
        medium.clone(),
        control.installation(),
        board.clone(),
    ));
    let places = Places {
        medium,
        volumes: Arc::new(Labelled::new(root.clone(), root.path("/run/pocketstack/volume"))),
        systemd,
        root,
    };
    let following = Following {
        places,
        control: control.clone(),
        board,
    };
    tasks.spawn(following.follow());
    collect::ask_root(&probes, &facts_in).await;
    tasks.spawn(collect::collect(probes, bus.clone(), facts_in));
    tasks.spawn(bus::serve(args.bus, node.clone(), control.clone(), bus_in));
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
    let news = News {
        seen,
        certificate,
        setup_code: control.setup_code(),
    };
    for path in args.console {
        let actions = Arc::new(control.clone());
        tasks.spawn(console::run(path, news.clone(), actions));
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
