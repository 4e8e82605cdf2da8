//! `/events`: tells pages that the overview has changed, as server-sent events (HTML standard, section 9.2).
//!
//! Only so many streams are open at a time, and none for long: a client that sleeps or reads nothing gives its
//! place back, and pages are served no matter how many listen.

use std::sync::Arc;
use std::time::Duration;

use rocket::http::Status;
use rocket::response::stream::{Event, EventStream, stream};
use rocket::{Route, Shutdown, State, get, routes};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use crate::access::Admin;
use crate::api::Problem;
use crate::node::Cached;

/// Name of the only event.
const CHANGED: &str = "overview-changed";
/// How long a stream lives; the browser then connects again by itself.
const LIFE: Duration = Duration::from_secs(600);
/// When the browser shall try again after a stream has ended.
const RETRY: Duration = Duration::from_secs(3);
/// How often something is sent on a quiet stream, so that nothing in between takes it for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How many seconds a client may well wait when all places are taken.
const RETRY_AFTER: u32 = 30;

/// Places for listeners.
pub struct Listeners(Arc<Semaphore>);

impl Listeners {
    /// Most streams open at a time. A node has a few people looking at it; each stream costs a TLS connection,
    /// some 40 kB.
    pub const MOST: usize = 64;

    /// All places free.
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(Self::MOST)))
    }
}

/// Routes, for `/`.
pub fn routes() -> Vec<Route> {
    routes![events]
}

#[get("/events")]
fn events(
    _admin: Admin,
    node: &State<Cached>,
    listeners: &State<Listeners>,
    mut shutdown: Shutdown,
) -> Result<EventStream<impl rocket::futures::Stream<Item = Event> + use<>>, Problem> {
    let Ok(place) = listeners.0.clone().try_acquire_owned() else {
        let detail = format!(
            "{} clients already listen for changes, more are not served. Pages work without; ask again later, or \
             fetch the page now and then.",
            Listeners::MOST
        );
        return Err(Problem::new(Status::ServiceUnavailable, detail).retry_after(RETRY_AFTER));
    };
    let mut changes = node.changes();
    let end = Instant::now() + LIFE;
    let stream = stream! {
        let _place = place;
        // At once, so that a client that lost its stream fetches what it may have missed.
        changes.borrow_and_update();
        yield Event::data("now").event(CHANGED).with_retry(RETRY);
        loop {
            tokio::select! {
                changed = changes.changed() => match changed {
                    Ok(()) => yield Event::data("now").event(CHANGED),
                    // Nobody is left who could announce a change.
                    Err(_) => break,
                },
                () = sleep_until(end) => break,
                () = &mut shutdown => break,
            }
        }
    };
    Ok(EventStream::from(stream).heartbeat(HEARTBEAT))
}

#[cfg(test)]
mod tests {
    use rocket::local::asynchronous::LocalResponse;
    use tokio::io::{AsyncBufReadExt, BufReader};
    use tokio::time::timeout;

    use super::*;
    use crate::server::testing;

    /// Waits for the next announcement; a failure is a failure and not a hang.
    async fn announced(lines: &mut tokio::io::Lines<BufReader<LocalResponse<'_>>>) {
        let found = timeout(Duration::from_secs(10), async {
            while let Some(line) = lines.next_line().await.expect("the stream can be read") {
                if line == format!("event:{CHANGED}") {
                    return true;
                }
            }
            false
        });
        assert!(
            found.await.expect("an event within ten seconds"),
            "the stream has ended"
        );
    }

    #[tokio::test]
    async fn a_listener_hears_at_once_and_of_each_change() {
        let (client, node) = testing::client().await;
        let response = client.get("/events").dispatch().await;
        assert_eq!(
            response.content_type(),
            Some(rocket::http::ContentType::EventStream)
        );
        let mut lines = BufReader::new(response).lines();
        announced(&mut lines).await;
        node.change(|overview| overview.name = "renamed".to_owned());
        announced(&mut lines).await;
        node.leave(crate::node::Unavailable::NotRunning);
        announced(&mut lines).await;
    }

    #[tokio::test]
    async fn places_are_limited_and_given_back_and_pages_are_served_all_the_same() {
        let (client, _node) = testing::client().await;
        let mut open = Vec::new();
        for _ in 0..Listeners::MOST {
            let response = client.get("/events").dispatch().await;
            assert_eq!(response.status(), Status::Ok);
            open.push(response);
        }
        let refused = client.get("/events").dispatch().await;
        assert_eq!(refused.status(), Status::ServiceUnavailable);
        assert_eq!(refused.headers().get_one("Retry-After"), Some("30"));
        testing::problem(refused, 503, "already listen").await;
        assert_eq!(client.get("/").dispatch().await.status(), Status::Ok);

        open.pop();
        assert_eq!(client.get("/events").dispatch().await.status(), Status::Ok);
    }
}
