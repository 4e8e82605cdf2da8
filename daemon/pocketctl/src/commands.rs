//! What each command does.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory;
use pocketstack_model::node::Overview;
use serde_json::{Value, json};

use crate::args::{
    AccessCommand, AnswersCommand, Args, Command, ConfigurationCommand, How, NetworkCommand, TokensCommand,
    UnitWord,
};
use crate::client::{Client, segment};
use crate::contexts::{Contexts, place};
use crate::show::{cell, moment, size, table};
use crate::{answers, documents, login, logs, show, terminal};

/// Results, as they were asked for.
pub struct Results<'a> {
    /// Where they go.
    pub out: &'a mut dyn Write,
    /// For programs.
    pub json: bool,
}

/// What could not be printed.
pub const PRINT: &str = "cannot print the result";

/// Does what the command line says. Whether all is well.
///
/// # Errors
/// In words, what was not done and why.
pub fn run(args: Args, out: &mut dyn Write) -> Result<bool> {
    let Args { global, command } = args;
    let mut results = Results {
        out,
        json: global.json,
    };
    let client = || Contexts::load(&place()?)?.client(&global);
    match command {
        Command::Answers(AnswersCommand::Check { file }) => {
            return answers::check(&file, global.json, results.out, &mut io::stderr().lock());
        }
        Command::Completion { shell } => {
            // Into memory first: the generator panics where it cannot write.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "pocketctl", &mut script);
            results.out.write_all(&script).context(PRINT)?;
        }
        Command::Login { address, name, days } => {
            let url = login::login(&global, &address, name, days)?;
            results.done(&format!("Logged in at {url} for {days} days."))?;
        }
        Command::Logout => {
            let (url, left) = login::logout(&global)?;
            results.done(&format!("Logged out of {url}."))?;
            if let Some(why) = left {
                anyhow::bail!("the token was not revoked and stays valid until it ends: {why}");
            }
        }
        Command::Node => {
            let told = client()?.get("node")?;
            results.print(&told, |out, told| {
                let overview: Overview = serde_json::from_value(told.clone())
                    .context("the node is of another version; --json shows what it says")?;
                Ok(show::overview(out, &overview)?)
            })?;
        }
        Command::Network(command) => network(&mut results, &client()?, command)?,
        Command::Configuration(ConfigurationCommand::Show) => {
            let told = client()?.get("configuration")?;
            results.print(&told, in_toml)?;
        }
        Command::Configuration(ConfigurationCommand::Set { file }) => {
            let document = documents::load(&file)?;
            configure(&mut results, &client()?, &document)?;
        }
        Command::Disks => disks(&mut results, &client()?)?,
        Command::Units => units(&mut results, &client()?)?,
        Command::Unit { action, name } => {
            let (word, words) = match action {
                UnitWord::Start => ("start", "was started"),
                UnitWord::Stop => ("stop", "was stopped"),
                UnitWord::Restart => ("restart", "was restarted"),
            };
            client()?.post(&format!("units/{}/{word}", segment(&name)), &Value::Null)?;
            results.done(&format!("{name} {words}."))?;
        }
        Command::Logs(wanted) => logs::logs(&mut results, &client()?, &wanted)?,
        Command::Power { how, name } => {
            let (path, document, words) = match how {
                How::Restart => ("power", json!({ "how": "restart" }), "The machine restarts."),
                How::Off => (
                    "power",
                    json!({ "how": "off" }),
                    "The machine is being switched off.",
                ),
                How::FactoryReset => (
                    "factory-reset",
                    json!({ "name": name }),
                    "The machine restarts and forgets its settings; its console shows the setup code.",
                ),
            };
            client()?.post(path, &document)?;
            results.done(words)?;
        }
        Command::Tokens(command) => tokens(&mut results, &client()?, command)?,
        Command::Audit { limit } => audit(&mut results, &client()?, limit)?,
        Command::Support { file } => {
            support(&client()?, &file)?;
            results.done(&format!("{} is written.", file.display()))?;
        }
        Command::Access(AccessCommand::Password) => {
            let client = client()?;
            let current = terminal::password("Present password of admin: ")?;
            let new = terminal::new_password("New password: ")?;
            client.put("access/password", &json!({ "current": current, "new": new }))?;
            results.done("The password is changed; browsers are signed out.")?;
        }
        Command::Access(AccessCommand::Keys { set: None }) => {
            let told = client()?.get("access/ssh-keys")?;
            results.print(&told, |out, told| {
                let mut lines = told.as_array().into_iter().flatten().filter_map(Value::as_str);
                Ok(lines.try_for_each(|line| writeln!(out, "{}", show::harmless(line)))?)
            })?;
        }
        Command::Access(AccessCommand::Keys { set: Some(file) }) => {
            let keys = keys(&file)?;
            client()?.put("access/ssh-keys", &json!(keys))?;
            results.done(&format!("{} SSH keys are let in.", keys.len()))?;
        }
    }
    Ok(true)
}

impl Results<'_> {
    /// A document: as it is for programs, or as `show` puts it for people.
    pub fn print(
        &mut self,
        document: &Value,
        show: impl FnOnce(&mut dyn Write, &Value) -> Result<()>,
    ) -> Result<()> {
        if self.json {
            writeln!(self.out, "{document:#}").context(PRINT)
        } else {
            show(self.out, document).context(PRINT)
        }
    }

    /// That something was done, which has no document.
    fn done(&mut self, words: &str) -> Result<()> {
        self.print(&json!({ "done": true }), |out, _| Ok(writeln!(out, "{words}")?))
    }

    /// A list, one row for each.
    fn rows(&mut self, list: &Value, titles: &[&str], row: impl Fn(&Value) -> Vec<String>) -> Result<()> {
        self.print(list, |out, list| {
            let rows: Vec<Vec<String>> = list.as_array().into_iter().flatten().map(row).collect();
            Ok(table(out, titles, &rows)?)
        })
    }
}

fn in_toml(out: &mut dyn Write, document: &Value) -> Result<()> {
    Ok(write!(out, "{}", documents::toml(document.clone())?)?)
}

fn network(results: &mut Results<'_>, client: &Client, command: NetworkCommand) -> Result<()> {
    match command {
        NetworkCommand::Show => {
            let told = client.get("configuration")?;
            results.print(&told["network"], in_toml)
        }
        NetworkCommand::Set { file } => {
            let network = documents::load(&file)?;
            let mut document = client.get("configuration")?;
            document["network"] = network;
            configure(results, client, &document)
        }
        NetworkCommand::Confirm { code } => {
            client.post("network/confirm", &json!({ "code": code }))?;
            results.done("The change of the networks is kept.")
        }
    }
}

fn configure(results: &mut Results<'_>, client: &Client, document: &Value) -> Result<()> {
    let changed = client.put("configuration", document)?;
    results.print(&changed, |out, changed| {
        writeln!(out, "The configuration is in use.")?;
        if let Some(code) = changed["confirm_code"].as_str() {
            writeln!(
                out,
                "The networks change now, and back again in 60 seconds unless you keep them:\n  \
                 pocketctl network confirm {code}\nIf the node has a new address, give it with --node and --fingerprint."
            )?;
        }
        Ok(())
    })
}

fn disks(results: &mut Results<'_>, client: &Client) -> Result<()> {
    let told = client.get("disks")?;
    let titles = [
        "NAME",
        "SIZE",
        "MODEL",
        "SERIAL",
        "CONTENT",
        "NOT OFFERED BECAUSE",
    ];
    results.rows(&told, &titles, |disk| {
        let content = &disk["content"];
        let content = match content["what"].as_str() {
            Some(what) => what.to_owned(),
            None => cell(content, "kind").replace('_', " "),
        };
        vec![
            cell(disk, "name"),
            size(disk, "size"),
            cell(disk, "model"),
            cell(disk, "serial"),
            content,
            cell(disk, "refused"),
        ]
    })
}

fn units(results: &mut Results<'_>, client: &Client) -> Result<()> {
    let told = client.get("units")?;
    let titles = [
        "NAME",
        "STATE",
        "IN DETAIL",
        "SINCE",
        "WITH THE MACHINE",
        "WHAT IT IS",
    ];
    results.rows(&told, &titles, |unit| {
        vec![
            cell(unit, "name"),
            cell(unit, "active"),
            cell(unit, "sub"),
            moment(unit, "since"),
            cell(unit, "at_start").replace('_', " "),
            cell(unit, "description"),
        ]
    })
}

fn tokens(results: &mut Results<'_>, client: &Client, command: TokensCommand) -> Result<()> {
    match command {
        TokensCommand::List => {
            let told = client.get("tokens")?;
            results.rows(&told, &["NAME", "MADE", "ENDS", "LAST USED"], |token| {
                vec![
                    cell(token, "name"),
                    moment(token, "created"),
                    moment(token, "expires"),
                    moment(token, "last_used"),
                ]
            })
        }
        TokensCommand::Create { name, days } => {
            let password = terminal::password("Password of admin: ")?;
            let token = login::token(client, &password, &name, days)?;
            results.print(&json!({ "token": token }), |out, _| Ok(writeln!(out, "{token}")?))
        }
        TokensCommand::Revoke { name } => {
            client.delete(&format!("tokens/{}", segment(&name)))?;
            results.done("The token is revoked.")
        }
    }
}

fn audit(results: &mut Results<'_>, client: &Client, limit: u16) -> Result<()> {
    let told = client.get(&format!("audit?limit={limit}"))?;
    let titles = ["AT (UTC)", "WHO", "FROM", "WHAT", "ON", "RESULT"];
    results.rows(&told, &titles, |entry| {
        let result = match entry["why"].as_str() {
            Some(why) => format!("refused: {why}"),
            None => cell(entry, "result"),
        };
        vec![
            moment(entry, "at"),
            cell(entry, "who"),
            cell(entry, "from"),
            cell(entry, "action"),
            cell(entry, "detail"),
            result,
        ]
    })
}

/// Writes the bundle into a new file that only its owner can read; of one that broke off nothing is left.
fn support(client: &Client, file: &Path) -> Result<()> {
    let cannot = || format!("cannot write {}", file.display());
    let mut options = OpenOptions::new();
    let mut to = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .with_context(cannot)?;
    let fetched = client
        .download("support", &mut to)
        .and_then(|()| to.sync_all().with_context(cannot));
    if fetched.is_err()
        && let Err(error) = fs::remove_file(file)
    {
        return fetched.with_context(|| format!("{} is left half written: {error}", file.display()));
    }
    fetched
}

/// The keys of a file like `authorized_keys`: a line each, without comments and empty lines.
fn keys(file: &Path) -> Result<Vec<String>> {
    let text = documents::text(file)?;
    let lines = text.lines().map(str::trim);
    let keys = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(keys.map(str::to_owned).collect())
}
