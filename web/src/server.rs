//! The server put together: routes, catchers, headers and limits.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rocket::config::{Config, Ident, LogLevel, Shutdown, TlsConfig};
use rocket::data::{Limits, ToByteUnit};
use rocket::fairing::AdHoc;
use rocket::shield::Shield;
use rocket::{Build, Rocket};

use crate::access::{Access, KnownHosts, misdirected};
use crate::assets::{self, Assets};
use crate::certificate::{Folder, Pair};
use crate::clock::Clock;
use crate::headers::SecurityHeaders;
use crate::live::{self, Listeners};
use crate::node::{Cached, MAX_AGE, NodeSource};
use crate::page::setup::Wizard;
use crate::{api, confirm, locale, methods, notify, page};

/// Worker threads. Nothing here computes but TLS handshakes.
pub const WORKERS: usize = 2;

/// Settings of the server. Nothing is read from the environment or from files.
pub fn config(listen: SocketAddr, pair: &Pair) -> Config {
    // The longest JSON body is a password; forms are read by `form`.
    let limits = ["bytes", "data-form", "file", "form", "json", "string"]
        .into_iter()
        .fold(Limits::new(), |limits, name| limits.limit(name, 4.kibibytes()));
    Config {
        address: listen.ip(),
        port: listen.port(),
        workers: WORKERS,
        max_blocking: 4,
        // No Server header: what runs here and in which version is nobody's business before signing in.
        ident: Ident::none(),
        // There is no proxy in front whose word on the client's address could be taken.
        ip_header: None,
        limits,
        tls: Some(TlsConfig::from_bytes(
            pair.certificate.as_bytes(),
            pair.key.as_bytes(),
        )),
        // Event streams end by themselves on shutdown; who still hangs after two seconds is cut off.
        shutdown: Shutdown {
            grace: 1,
            mercy: 1,
            ..Shutdown::default()
        },
        log_level: LogLevel::Normal,
        cli_colors: false,
        ..Config::release_default()
    }
}

/// Where things are kept, and what is known of them.
pub struct Kept {
    /// Folder that outlasts a restart of the machine.
    pub state: PathBuf,
    /// Folder that outlasts a restart of this program, if there is one.
    pub runtime: Option<PathBuf>,
    /// Names in the certificate.
    pub names: Vec<String>,
    /// Time that only goes forward.
    pub clock: Clock,
}

/// All that is served, about the machine that `node` knows.
pub fn build(config: Config, node: Arc<dyn NodeSource>, kept: Kept) -> Rocket<Build> {
    let mut rocket = rocket::custom(config)
        .manage(Folder(kept.state.clone()))
        .manage(Access::load(kept.state, kept.runtime.clone(), &kept.clock))
        .manage(Wizard::load(kept.runtime))
        .manage(Cached::new(node, MAX_AGE))
        .manage(Listeners::new())
        .manage(confirm::Tries::default())
        .manage(confirm::Made::default())
        .manage(Assets::new())
        .register("/", page::catchers())
        .register("/api", api::catchers())
        .attach(Shield::new())
        .attach(KnownHosts::new(kept.names))
        .attach(methods::allow_header())
        .attach(AdHoc::on_liftoff("systemd", |rocket| {
            let (address, port) = (rocket.config().address, rocket.config().port);
            Box::pin(async move {
                tracing::info!("listening on https://{}/", SocketAddr::new(address, port));
                if let Err(error) = notify::notify("READY=1") {
                    tracing::warn!("systemd cannot be told that the server is ready: {error}");
                }
            })
        }))
        .attach(SecurityHeaders);
    let groups = [
        ("/", page::routes()),
        ("/", live::routes()),
        ("/", locale::routes()),
        ("/", misdirected()),
        ("/", api::health_routes()),
        ("/static", assets::routes()),
        ("/api/v1", api::routes()),
    ];
    for (base, routes) in groups {
        rocket = rocket
            .mount(base, methods::not_allowed(&routes))
            .mount(base, routes);
    }
    rocket
}

#[cfg(test)]
mod mutated;
#[cfg(test)]
pub mod testing;
