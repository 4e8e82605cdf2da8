//! What a page has loaded, and how many bytes of it came over the wire.

use serde_json::Value;

use super::cdp::Event;

/// What a request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The page itself, or one in a frame.
    Document,
    /// A style sheet.
    Style,
    /// A script.
    Script,
    /// A picture.
    Image,
    /// A font.
    Font,
    /// Asked for by a script.
    Fetch,
    /// A stream of events.
    Events,
    /// Anything else.
    Other,
}

impl Kind {
    /// From the protocol's `Network.ResourceType`.
    fn of(name: &str) -> Self {
        match name {
            "Document" => Self::Document,
            "Stylesheet" => Self::Style,
            "Script" => Self::Script,
            "Image" => Self::Image,
            "Font" => Self::Font,
            "Fetch" | "XHR" => Self::Fetch,
            "EventSource" => Self::Events,
            _ => Self::Other,
        }
    }
}

/// One request of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where it went in the end.
    pub url: String,
    /// What it was for.
    pub kind: Kind,
    /// HTTP status, once there is an answer.
    pub status: Option<u16>,
    /// Bytes received so far, headers included, compressed as they were sent; those of redirects count too.
    pub bytes: u64,
    id: String,
    /// The document that asked.
    document: String,
    /// Bytes of the redirects on the way.
    redirects: u64,
}

/// All requests of a page, in order.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    requests: Vec<Request>,
}

impl Traffic {
    /// The requests.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// Bytes received for everything.
    pub fn bytes(&self) -> u64 {
        self.requests.iter().map(|request| request.bytes).sum()
    }

    /// Bytes received for requests of one kind.
    pub fn bytes_of(&self, kind: Kind) -> u64 {
        let of_kind = self.requests.iter().filter(|request| request.kind == kind);
        of_kind.map(|request| request.bytes).sum()
    }

    /// What one document has loaded, itself included.
    pub(super) fn of_document(&self, document: &str) -> Self {
        let own = self
            .requests
            .iter()
            .filter(|request| request.document == document);
        Self {
            requests: own.cloned().collect(),
        }
    }

    /// HTTP status of a document, if it came over HTTP.
    pub(super) fn document_status(&self, document: &str) -> Option<u16> {
        // The protocol gives the request for a document the document's own id.
        let requests = self.requests.iter();
        requests.rev().find(|request| request.id == document)?.status
    }

    /// Whether this was the request for a document.
    pub(super) fn is_document(&self, id: &str) -> bool {
        self.requests
            .iter()
            .any(|request| request.id == id && request.kind == Kind::Document)
    }

    /// Takes in an event of the domain `Network`.
    pub(super) fn note(&mut self, event: &Event) {
        let params = &event.params;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let id = text(&params["requestId"]);
        if event.method == "Network.requestWillBeSent" {
            let redirect = received(&params["redirectResponse"]["encodedDataLength"]);
            let redirects = redirect + self.find(&id).map_or(0, |request| request.redirects);
            self.requests.retain(|request| request.id != id);
            self.requests.push(Request {
                url: text(&params["request"]["url"]),
                kind: Kind::of(params["type"].as_str().unwrap_or_default()),
                status: None,
                bytes: redirects,
                id,
                document: text(&params["loaderId"]),
                redirects,
            });
            return;
        }
        let Some(request) = self.find(&id) else { return };
        match event.method.as_str() {
            "Network.responseReceived" => {
                let status = params["response"]["status"].as_u64();
                request.status = status.and_then(|status| status.try_into().ok());
                request.bytes += received(&params["response"]["encodedDataLength"]);
            }
            "Network.dataReceived" => request.bytes += received(&params["encodedDataLength"]),
            // The whole of it: what came in between may have been told as zero.
            "Network.loadingFinished" => {
                request.bytes = request.redirects + received(&params["encodedDataLength"]);
            }
            _ => {}
        }
    }

    fn find(&mut self, id: &str) -> Option<&mut Request> {
        self.requests.iter_mut().find(|request| request.id == id)
    }
}

/// A count of bytes; the protocol has all numbers as floating point, and some as -1 for unknown.
fn received(value: &Value) -> u64 {
    value
        .as_u64()
        .or_else(|| {
            value
                .as_f64()
                .filter(|count| *count > 0.0)
                .map(|count| count as u64)
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(events: &[(&str, Value)]) -> Traffic {
        let mut traffic = Traffic::default();
        for (method, params) in events {
            traffic.note(&Event {
                method: format!("Network.{method}"),
                params: params.clone(),
            });
        }
        traffic
    }

    fn sent(id: &str, document: &str, kind: &str) -> (&'static str, Value) {
        let params = json!({ "requestId": id, "loaderId": document, "type": kind,
            "request": { "url": format!("https://node/{id}") } });
        ("requestWillBeSent", params)
    }

    fn answered(id: &str, status: u16, head: u64) -> (&'static str, Value) {
        let params = json!({ "requestId": id, "response": { "status": status, "encodedDataLength": head } });
        ("responseReceived", params)
    }

    fn data(id: &str, bytes: f64) -> (&'static str, Value) {
        let params = json!({ "requestId": id, "dataLength": 9999, "encodedDataLength": bytes });
        ("dataReceived", params)
    }

    #[test]
    fn bytes_are_those_on_the_wire_and_belong_to_their_document() {
        let traffic = told(&[
            sent("A", "A", "Document"),
            answered("A", 200, 100),
            data("A", 400.0),
            sent("A.1", "A", "Script"),
            answered("A.1", 200, 50),
            data("A.1", 30.0),
            data("A.1", 20.0),
            sent("B", "B", "Document"),
            answered("B", 404, 70),
        ]);
        let first = traffic.of_document("A");
        assert_eq!(first.bytes(), 600);
        assert_eq!(first.bytes_of(Kind::Script), 100);
        assert_eq!(first.requests().len(), 2);
        assert_eq!(traffic.document_status("B"), Some(404));
        assert_eq!(traffic.document_status("C"), None);
        assert!(traffic.is_document("A") && !traffic.is_document("A.1"));
    }

    #[test]
    fn a_redirect_counts_and_the_last_address_stays() {
        let (method, mut again) = sent("A", "A", "Document");
        again["redirectResponse"] = json!({ "status": 303, "encodedDataLength": 120 });
        again["request"]["url"] = json!("https://node/end");
        let traffic = told(&[
            sent("A", "A", "Document"),
            (method, again),
            answered("A", 200, 10),
        ]);
        assert_eq!(traffic.requests().len(), 1);
        assert_eq!(traffic.requests()[0].url, "https://node/end");
        assert_eq!(traffic.bytes(), 130);
    }

    #[test]
    fn the_end_of_a_response_says_how_much_it_was() {
        let finished = json!({ "requestId": "A", "encodedDataLength": 512.0 });
        let traffic = told(&[
            sent("A", "A", "Script"),
            answered("A", 200, 90),
            data("A", 0.0),
            ("loadingFinished", finished),
        ]);
        assert_eq!(traffic.bytes_of(Kind::Script), 512);
    }

    #[test]
    fn a_stream_counts_while_it_goes_on() {
        let traffic = told(&[
            sent("S", "A", "EventSource"),
            answered("S", 200, 90),
            data("S", 10.0),
        ]);
        assert_eq!(traffic.bytes_of(Kind::Events), 100);
        let cached = told(&[
            sent("C", "A", "Stylesheet"),
            answered("C", 200, 0),
            data("C", -1.0),
        ]);
        assert_eq!(cached.bytes(), 0);
    }
}
