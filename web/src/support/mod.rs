//! The support bundle: what somebody who helps wants to see of a machine, in one archive and without secrets.
//!
//! ```text
//! node, audit, certificate ──► document ──► Scrubber ──► tar ──► gzip ──► the browser, source by source
//! ```
//!
//! A source that cannot be read is named in `missing.txt`: a machine that needs help is often not whole.

mod scrub;

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use pocketstack_model::config::Configuration;
use pocketstack_model::journal::{Journal, JournalFilter};
use rocket::Responder;
use rocket::futures::Stream;
use rocket::http::{ContentType, Header};
use rocket::response::stream::{ByteStream, stream};
use serde::Serialize;
use serde_json::{Value, json};
use tar::{Builder, EntryType};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::access::Access;
use crate::certificate::{self, authority};
use crate::node::Cached;
use scrub::Scrubber;

/// Entries of the journal.
const LINES: u32 = JournalFilter::MOST;
/// Entries of the record of actions.
const ACTIONS: usize = 1000;

/// An archive that is made while it is sent.
#[derive(Responder)]
pub struct Download<S> {
    content: ByteStream<S>,
    kind: ContentType,
    name: Header<'static>,
    cache: Header<'static>,
}

/// The bundle of this machine.
pub fn bundle<'a>(
    node: &'a Cached,
    access: &'a Access,
    state: &'a Path,
) -> Download<impl Stream<Item = Vec<u8>> + Send + use<'a>> {
    let folder = format!(
        "pocketstack-support-{}",
        OffsetDateTime::now_utc().unix_timestamp()
    );
    let name = format!("attachment; filename=\"{folder}.tar.gz\"");
    Download {
        content: ByteStream(parts(node, access, state, folder.into())),
        kind: ContentType::new("application", "gzip"),
        name: Header::new("Content-Disposition", name),
        cache: Header::new("Cache-Control", "no-store"),
    }
}

fn parts<'a>(
    node: &'a Cached,
    access: &'a Access,
    state: &'a Path,
    folder: PathBuf,
) -> impl Stream<Item = Vec<u8>> + Send + use<'a> {
    stream! {
        let mut archive = Archive::new(folder);
        archive.document("about.json", Ok::<_, &str>(json!({
            "made_at": OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default(),
            "pages": env!("CARGO_PKG_VERSION"),
        })));
        yield archive.take();
        let overview = node.overview().await;
        if let Ok(overview) = &overview {
            archive.document("versions.json", Ok::<_, &str>(json!({
                "pocketstack": overview.version,
                "kernel": overview.boot.kernel,
                "components": overview.components,
            })));
        }
        archive.document("overview.json", overview.as_deref());
        yield archive.take();
        archive.document("configuration.json", node.configuration().await.map(shown));
        archive.document("disks.json", node.disks().await);
        archive.document("units.json", node.units().await);
        archive.document("metrics.json", node.metrics().await);
        yield archive.take();
        // Of earlier starts too: what went wrong may have ended in a restart.
        let filter = JournalFilter {
            unit: None,
            priority: None,
            text: None,
            since: Some(OffsetDateTime::UNIX_EPOCH),
            after: None,
            lines: LINES,
        };
        match node.journal(&filter).await {
            Ok(journal) => archive.text("journal.txt", &lines(&journal)),
            Err(why) => archive.missing("journal.txt", &why),
        }
        yield archive.take();
        archive.document("audit.json", Ok::<_, &str>(access.audit.last(ACTIONS)));
        archive.document("tokens.json", Ok::<_, &str>(access.tokens.list().len()));
        archive.document("certificate.json", certificates(state));
        yield archive.end();
    }
}

/// The configuration without the hash of the password and without keys.
fn shown(of: Configuration) -> Value {
    json!({
        "version": of.version,
        "node": of.node,
        "network": of.network,
        "access": {
            "password_set": of.access.password.is_some(),
            "ssh_keys": of.access.ssh_keys.len(),
        },
    })
}

/// What is public of the certificate and of its authority.
fn certificates(state: &Path) -> Result<Value, certificate::Error> {
    let facts = certificate::facts(state)?;
    let root = authority::root(state)?;
    Ok(json!({
        "in_use": facts.map(|facts| json!({
            "names": facts.names,
            "addresses": facts.addresses,
            "issuer": facts.issuer,
            "from": facts.from.format(&Rfc3339).unwrap_or_default(),
            "until": facts.until.format(&Rfc3339).unwrap_or_default(),
            "sha256": spaced(&facts.fingerprint),
        })),
        "authority": root.map(|root| json!({ "name": root.name, "sha256": spaced(&root.fingerprint) })),
    }))
}

fn spaced(fingerprint: &str) -> String {
    fingerprint.replace(':', " ")
}

fn lines(journal: &Journal) -> String {
    let lines = journal.entries.iter().map(|entry| {
        let at = entry.at.format(&Rfc3339).unwrap_or_default();
        let unit = entry.unit.as_deref().unwrap_or("-");
        // An entry is one line, or several of which only the first has a time.
        format!("{at} <{}> {unit}: {}\n", entry.priority.number(), entry.text)
    });
    lines.collect()
}

/// The archive, as far as it is made.
struct Archive {
    tar: Builder<GzEncoder<Vec<u8>>>,
    folder: PathBuf,
    at: u64,
    missing: String,
}

impl Archive {
    fn new(folder: PathBuf) -> Self {
        let at = OffsetDateTime::now_utc().unix_timestamp();
        Self {
            tar: Builder::new(GzEncoder::new(Vec::new(), Compression::default())),
            folder,
            at: at.try_into().unwrap_or_default(),
            missing: String::new(),
        }
    }

    /// Adds a document, or why there is none.
    fn document<T: Serialize, E: std::fmt::Display>(&mut self, name: &str, content: Result<T, E>) {
        let value = match content {
            Ok(content) => serde_json::to_value(content).map_err(|error| error.to_string()),
            Err(why) => Err(why.to_string()),
        };
        match value {
            Ok(mut value) => {
                Scrubber::default().value(&mut value);
                self.append(name, &format!("{value:#}\n"));
            }
            Err(why) => self.missing(name, &why),
        }
    }

    /// Adds a text.
    fn text(&mut self, name: &str, text: &str) {
        self.append(name, &Scrubber::default().text(text));
    }

    /// Notes why a file is not there.
    fn missing(&mut self, name: &str, why: &impl std::fmt::Display) {
        self.missing += &format!("{name}: {}\n", Scrubber::default().text(&why.to_string()));
    }

    fn append(&mut self, name: &str, text: &str) {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(self.at);
        let path = self.folder.join(name);
        // Into memory nothing fails but a path that is too long, and these are short.
        if let Err(error) = self.tar.append_data(&mut header, path, text.as_bytes()) {
            tracing::error!("{name} is missing in a support bundle: {error}");
        }
    }

    /// What has come since the last time.
    fn take(&mut self) -> Vec<u8> {
        let gzip = self.tar.get_mut();
        if let Err(error) = gzip.flush() {
            tracing::error!("a support bundle cannot be packed: {error}");
        }
        std::mem::take(gzip.get_mut())
    }

    /// The rest.
    fn end(mut self) -> Vec<u8> {
        if !self.missing.is_empty() {
            let missing = std::mem::take(&mut self.missing);
            self.append("missing.txt", &missing);
        }
        let packed = self.tar.into_inner().and_then(GzEncoder::finish);
        packed.unwrap_or_else(|error| {
            tracing::error!("a support bundle cannot be packed: {error}");
            Vec::new()
        })
    }
}

#[cfg(test)]
mod tests;
