//! The server put together: routes, catchers, headers and limits.

use std::net::SocketAddr;
use std::sync::Arc;

use rocket::config::{Config, Ident, LogLevel, Shutdown, TlsConfig};
use rocket::data::{Limits, ToByteUnit};
use rocket::fairing::AdHoc;
use rocket::shield::Shield;
use rocket::{Build, Rocket};

use crate::assets::{self, Assets};
use crate::certificate::Pair;
use crate::headers::SecurityHeaders;
use crate::live::{self, Listeners};
use crate::node::{Cached, MAX_AGE, NodeSource};
use crate::{api, confirm, methods, notify, page};

/// Worker threads. Nothing here computes but TLS handshakes.
pub const WORKERS: usize = 2;

/// Settings of the server. Nothing is read from the environment or from files.
pub fn config(listen: SocketAddr, pair: &Pair) -> Config {
    // The longest body is a code.
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

/// All that is served, about the machine that `node` knows.
pub fn build(config: Config, node: Arc<dyn NodeSource>) -> Rocket<Build> {
    let mut rocket = rocket::custom(config)
        .manage(Cached::new(node, MAX_AGE))
        .manage(Listeners::new())
        .manage(confirm::Tries::default())
        .manage(Assets::new())
        .register("/", page::catchers())
        .register("/api", api::catchers())
        .attach(Shield::new())
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

/// What the tests of the routes share.
#[cfg(test)]
pub mod testing {
    use rocket::http::ContentType;
    use rocket::local::asynchronous::{Client, LocalResponse};

    use super::*;
    use crate::node::{FakeNode, example};

    /// A client of the whole server, and the node behind it.
    pub async fn client() -> (Client, Arc<FakeNode>) {
        let node = Arc::new(FakeNode::new(example()));
        (client_with(node.clone(), |rocket| rocket).await, node)
    }

    /// The same with something added to the server.
    pub async fn client_with(
        node: Arc<FakeNode>,
        more: impl FnOnce(Rocket<Build>) -> Rocket<Build>,
    ) -> Client {
        let pair = Pair {
            certificate: String::new(),
            key: String::new(),
            fingerprint: String::new(),
        };
        let listen = "127.0.0.1:0".parse().expect("an address");
        // The local client speaks no TLS, so the pair is never read; but with TLS configured Rocket adds the header
        // that must not be there.
        let rocket = more(build(config(listen, &pair), node));
        Client::untracked(rocket)
            .await
            .expect("the server can be put together")
    }

    /// Checks that a response is a whole problem document and that its detail contains `part`.
    pub async fn problem(response: LocalResponse<'_>, status: u16, part: &str) {
        assert_eq!(response.status().code, status);
        assert_eq!(
            response.content_type(),
            Some(ContentType::new("application", "problem+json"))
        );
        assert_eq!(response.headers().get_one("Cache-Control"), Some("no-store"));
        let title = response.status().reason_lossy();
        let text = response.into_string().await.expect("it has a body");
        let body: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(
            (&body["type"], &body["title"]),
            (&"about:blank".into(), &title.into())
        );
        assert_eq!(body["status"], status);
        assert!(
            body["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains(part)),
            "{body}"
        );
    }
}
