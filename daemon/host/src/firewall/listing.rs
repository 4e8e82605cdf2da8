//! What nft lists (libnftables-json(5)).

use pocketstack_model::firewall::Seen;
use serde::Deserialize;

use super::TABLE;

#[derive(Deserialize)]
struct Listing {
    nftables: Vec<Object>,
}

/// One of many kinds; what else there is in a table is of no interest, as only these chains see packets of ours.
#[derive(Deserialize)]
struct Object {
    chain: Option<Chain>,
    rule: Option<Rule>,
}

#[derive(Deserialize)]
struct Chain {
    family: String,
    table: String,
    name: String,
    hook: Option<String>,
    policy: Option<String>,
}

#[derive(Deserialize)]
struct Rule {
    family: String,
    table: String,
    chain: String,
    #[serde(default)]
    comment: String,
}

/// What of the listing is ours.
pub(super) fn read(json: &[u8]) -> Result<Seen, serde_json::Error> {
    let listing: Listing = serde_json::from_slice(json)?;
    let ours = |family: &str, table: &str| family == "inet" && table == TABLE;
    let (mut input, mut forward) = (false, false);
    let (mut rules, mut passed_on) = (Vec::new(), false);
    for object in listing.nftables {
        match object {
            Object {
                chain: Some(chain), ..
            } if ours(&chain.family, &chain.table) => {
                let drops =
                    |hook| chain.hook.as_deref() == Some(hook) && chain.policy.as_deref() == Some("drop");
                input |= chain.name == "input" && drops("input");
                forward |= chain.name == "forward" && drops("forward");
            }
            Object { rule: Some(rule), .. } if ours(&rule.family, &rule.table) => match rule.chain.as_str() {
                "input" => rules.push(rule.comment),
                // We have none there, so this one is somebody else's.
                "forward" => passed_on = true,
                _ => {}
            },
            _ => {}
        }
    }
    Ok(Seen {
        closed: input && forward && !passed_on,
        rules,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As nft 1.1.3 prints it, shortened.
    const LISTED: &str = r#"{"nftables": [
        {"metainfo": {"version": "1.1.3", "release_name": "Commodore Bullmoose #4", "json_schema_version": 1}},
        {"table": {"family": "inet", "name": "pocketstack", "handle": 2}},
        {"chain": {"family": "inet", "table": "pocketstack", "name": "input", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
        {"chain": {"family": "inet", "table": "pocketstack", "name": "forward", "handle": 2, "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}},
        {"rule": {"family": "inet", "table": "pocketstack", "chain": "input", "handle": 3, "comment": "the machine itself", "expr": [{"accept": null}]}},
        {"rule": {"family": "inet", "table": "pocketstack", "chain": "input", "handle": 4, "expr": [{"accept": null}]}},
        {"rule": {"family": "inet", "table": "other", "chain": "input", "handle": 9, "comment": "theirs", "expr": []}}
    ]}"#;

    fn seen(json: &str) -> Seen {
        read(json.as_bytes()).expect("as documented")
    }

    #[test]
    fn our_rules_are_read_with_those_that_somebody_added() {
        let read = seen(LISTED);
        assert_eq!(read.rules, ["the machine itself", ""]);
        assert!(read.closed);
    }

    #[test]
    fn a_table_that_lets_anything_by_is_open() {
        assert_eq!(seen(r#"{"nftables": []}"#), Seen::default());
        for (from, to) in [
            (
                r#""hook": "input", "prio": 0, "policy": "drop""#,
                r#""hook": "input", "prio": 0, "policy": "accept""#,
            ),
            (r#""name": "forward""#, r#""name": "backward""#),
            (
                r#""chain": "input", "handle": 4"#,
                r#""chain": "forward", "handle": 4"#,
            ),
            (
                r#""table": "pocketstack", "name": "input""#,
                r#""table": "other", "name": "input""#,
            ),
        ] {
            assert!(LISTED.contains(from));
            assert!(!seen(&LISTED.replace(from, to)).closed, "{to}");
        }
        assert!(read(b"nothing of the kind").is_err());
    }
}
