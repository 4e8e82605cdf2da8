//! What has happened in a page, told by events: documents that came and went, requests, complaints.

use serde_json::Value;

use super::cdp::Event;
use super::traffic::Traffic;

/// Kept for each page.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// How many documents the page has held.
    pub documents: u64,
    /// Chromium's id of the one it holds now.
    pub document: String,
    /// Whether that one has loaded all it names (the event `load`).
    pub loaded: bool,
    /// Whether the page has crashed.
    pub crashed: bool,
    /// All requests of all documents.
    pub traffic: Traffic,
    /// Errors on the console, uncaught exceptions, what the content security policy stopped, dialogs.
    pub complaints: Vec<String>,
}

impl Journal {
    /// Takes in an event.
    pub fn note(&mut self, event: &Event) {
        let params = &event.params;
        match event.method.as_str() {
            // Frames within the page have a parent.
            "Page.frameNavigated" if params["frame"]["parentId"].is_null() => {
                self.documents += 1;
                self.document = text(&params["frame"]["loaderId"]);
                // A document from the back/forward cache is as it was left, and is not loaded again.
                self.loaded = params["type"] == "BackForwardCacheRestore";
            }
            "Page.lifecycleEvent"
                if params["name"] == "load" && params["loaderId"] == self.document.as_str() =>
            {
                self.loaded = true;
            }
            "Inspector.targetCrashed" => self.crashed = true,
            method if method.starts_with("Network.") => self.traffic.note(event),
            _ => {
                let complaint = self.complaint(event);
                self.complaints.extend(complaint);
            }
        }
    }

    fn complaint(&self, event: &Event) -> Option<String> {
        let params = &event.params;
        match event.method.as_str() {
            "Runtime.consoleAPICalled" if params["type"] == "error" || params["type"] == "assert" => {
                let args = params["args"].as_array()?;
                let words: Vec<String> = args.iter().map(argument).collect();
                Some(format!("console: {}", words.join(" ")))
            }
            "Runtime.exceptionThrown" => {
                Some(format!("exception: {}", exception(&params["exceptionDetails"])))
            }
            "Page.javascriptDialogOpening" => Some(format!("dialog: {}", text(&params["message"]))),
            "Log.entryAdded" if params["entry"]["level"] == "error" => {
                let entry = &params["entry"];
                // That a page answers 403 is the page's status, which the case knows.
                let document = entry["networkRequestId"]
                    .as_str()
                    .is_some_and(|id| self.traffic.is_document(id));
                let from = text(&entry["url"]);
                (!document).then(|| format!("{}: {} ({from})", text(&entry["source"]), text(&entry["text"])))
            }
            _ => None,
        }
    }
}

/// What an `exceptionDetails` of the protocol says, in one line or the lines of its stack.
pub(super) fn exception(details: &Value) -> String {
    let description = details["exception"]["description"].as_str();
    description.map_or_else(|| text(&details["text"]), str::to_owned)
}

fn argument(remote: &Value) -> String {
    match (&remote["value"], &remote["description"]) {
        (Value::String(text), _) | (Value::Null, Value::String(text)) => text.clone(),
        (value, _) => value.to_string(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn journal(events: &[(&str, Value)]) -> Journal {
        let mut journal = Journal::default();
        for (method, params) in events {
            journal.note(&Event {
                method: (*method).to_owned(),
                params: params.clone(),
            });
        }
        journal
    }

    fn navigated(document: &str, how: &str) -> (&'static str, Value) {
        let params = json!({ "frame": { "id": "F", "loaderId": document }, "type": how });
        ("Page.frameNavigated", params)
    }

    fn life(document: &str, name: &str) -> (&'static str, Value) {
        let params = json!({ "frameId": "F", "loaderId": document, "name": name });
        ("Page.lifecycleEvent", params)
    }

    #[test]
    fn a_page_is_loaded_when_its_own_document_is() {
        let ready = journal(&[navigated("A", "Navigation"), life("A", "load")]);
        assert!(ready.loaded && ready.documents == 1);
        let next = journal(&[
            navigated("A", "Navigation"),
            navigated("B", "Navigation"),
            life("A", "load"),
            life("B", "DOMContentLoaded"),
        ]);
        assert!(!next.loaded && next.documents == 2);
        let back = journal(&[
            navigated("B", "Navigation"),
            navigated("A", "BackForwardCacheRestore"),
        ]);
        assert!(back.loaded);
        let frame = json!({ "frame": { "id": "G", "parentId": "F", "loaderId": "C" }, "type": "Navigation" });
        let framed = journal(&[navigated("A", "Navigation"), ("Page.frameNavigated", frame)]);
        assert_eq!((framed.documents, framed.document.as_str()), (1, "A"));
    }

    #[test]
    fn complaints_are_told_in_words() {
        let said = journal(&[
            (
                "Runtime.consoleAPICalled",
                json!({ "type": "error", "args": [{ "value": "no" }, { "value": 3 }, { "description": "Error: x" }] }),
            ),
            (
                "Runtime.consoleAPICalled",
                json!({ "type": "log", "args": [{ "value": "fine" }] }),
            ),
            (
                "Runtime.exceptionThrown",
                json!({ "exceptionDetails": { "text": "Uncaught", "exception": { "description": "TypeError: y" } } }),
            ),
            ("Page.javascriptDialogOpening", json!({ "message": "sure?" })),
            (
                "Log.entryAdded",
                json!({ "entry": { "source": "security", "level": "error", "text": "blocked", "url": "u" } }),
            ),
            (
                "Log.entryAdded",
                json!({ "entry": { "source": "other", "level": "warning", "text": "old-fashioned", "url": "u" } }),
            ),
        ]);
        assert_eq!(
            said.complaints,
            [
                "console: no 3 Error: x",
                "exception: TypeError: y",
                "dialog: sure?",
                "security: blocked (u)"
            ]
        );
    }

    #[test]
    fn the_status_of_the_page_itself_is_no_complaint() {
        let sent = |id: &str, kind: &str| {
            let params = json!({ "requestId": id, "loaderId": "A", "type": kind, "request": { "url": "u" } });
            ("Network.requestWillBeSent", params)
        };
        let failed = |id: &str| {
            let entry = json!({ "source": "network", "level": "error", "text": "status of 404", "url": "u",
                "networkRequestId": id });
            ("Log.entryAdded", json!({ "entry": entry }))
        };
        let said = journal(&[
            sent("A", "Document"),
            failed("A"),
            sent("A.1", "Script"),
            failed("A.1"),
        ]);
        assert_eq!(said.complaints, ["network: status of 404 (u)"]);
    }
}
