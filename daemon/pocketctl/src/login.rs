//! `pocketctl login` and `logout`.

use std::io::{self, Write};

use anyhow::{Context, Result, bail};
use pocketstack_pinned::{Fingerprint, look};
use serde_json::{Value, json};
use ureq::http::StatusCode;

use crate::args::Global;
use crate::client::{Client, Refused, segment, url};
use crate::contexts::{Contexts, Login, place};
use crate::terminal;

/// Makes a token for the password, and keeps it. The URL of the node.
pub fn login(global: &Global, address: &str, name: Option<String>, days: u16) -> Result<String> {
    let url = url(address)?;
    let file = place()?;
    let mut contexts = Contexts::load(&file)?;
    let fingerprint = match global.fingerprint {
        Some(given) => given,
        None => compared(&url)?,
    };
    let name = name.unwrap_or_else(|| format!("pocketctl on {}", here()));
    let password = terminal::password("Password of admin: ")?;
    let client = Client::new(&url, fingerprint, None)?;
    let make = || token(&client, &password, &name, days);
    let made = match (make(), contexts.nodes.get(&url)) {
        // The token of the login before: the password was right, so it may be replaced.
        (Err(error), Some(old)) if old.token_name == name && is_taken(&error) => {
            Client::new(&url, fingerprint, Some(old.token.clone()))?
                .delete(&format!("tokens/{}", segment(&name)))
                .map_err(|_| error)?;
            make()
        }
        (made, _) => made,
    };
    contexts
        .nodes
        .insert(url.clone(), Login::new(fingerprint, name, made?));
    contexts.current = Some(url.clone());
    contexts.store(&file)?;
    Ok(url)
}

/// Makes a token for the password.
pub fn token(client: &Client, password: &str, name: &str, days: u16) -> Result<String> {
    let document = json!({ "password": password, "name": name, "expires_in_days": days });
    let made = client.post("tokens", &document)?;
    let token = made.get("token").and_then(Value::as_str);
    Ok(token.context("the node has answered without a token")?.to_owned())
}

/// Revokes the token and forgets the login. The URL of the node, and why the token was not revoked.
pub fn logout(global: &Global) -> Result<(String, Option<String>)> {
    let file = place()?;
    let mut contexts = Contexts::load(&file)?;
    let (url, login) = contexts.meant(global)?;
    let Some(login) = login.cloned() else {
        bail!("there is no login at {url}");
    };
    let fingerprint = match global.fingerprint {
        Some(given) => given,
        None => login.fingerprint.parse()?,
    };
    let revoked = Client::new(&url, fingerprint, Some(login.token))?
        .delete(&format!("tokens/{}", segment(&login.token_name)));
    contexts.nodes.remove(&url);
    if contexts.current.as_ref() == Some(&url) {
        contexts.current = None;
    }
    contexts.store(&file)?;
    Ok((url, revoked.err().map(|error| format!("{error:#}"))))
}

/// The fingerprint that the server shows, once a person has compared it.
fn compared(url: &str) -> Result<Fingerprint> {
    if !terminal::is_there() {
        bail!(
            "nobody is there to compare the certificate of {url}: give its --fingerprint, which the console shows"
        );
    }
    let seen = look(url)?;
    let shown = writeln!(
        io::stderr(),
        "The certificate of {url} has the SHA-256 fingerprint\n\n  {}\n\nThe console of the machine shows it too.",
        seen.in_pairs()
    );
    shown.context("the fingerprint cannot be shown")?;
    if !terminal::agrees("Is it the same (yes/no)? ")? {
        bail!("nothing was sent; a different fingerprint is that of another machine");
    }
    Ok(seen)
}

fn is_taken(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Refused>()
        .is_some_and(|refused| refused.status == StatusCode::CONFLICT)
}

/// Name of this computer.
fn here() -> String {
    let name = nix::unistd::gethostname().unwrap_or_default();
    match name.to_string_lossy().into_owned() {
        empty if empty.is_empty() => "a computer".to_owned(),
        name => name,
    }
}
