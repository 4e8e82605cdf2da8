//! Documents that are larger than Rocket's limit for JSON, or whose mistakes are worth telling.

use rocket::data::{Data, ToByteUnit};
use rocket::http::Status;
use serde::de::DeserializeOwned;

use super::Problem;

/// Largest document: a configuration with as many SSH keys as there can be.
const LARGEST_KIB: u64 = 96;

/// Reads a document, and says what is wrong with it.
pub async fn read<T: DeserializeOwned>(data: Data<'_>) -> Result<T, Problem> {
    let text = data.open(LARGEST_KIB.kibibytes()).into_string().await;
    let text = text.map_err(|_| {
        Problem::new(
            Status::BadRequest,
            "The document could not be read; send JSON in UTF-8.",
        )
    })?;
    if !text.is_complete() {
        let detail = format!("The document is larger than {LARGEST_KIB} KiB.");
        return Err(Problem::new(Status::PayloadTooLarge, detail));
    }
    serde_json::from_str(&text).map_err(|error| {
        let status = match error.classify() {
            serde_json::error::Category::Data => Status::UnprocessableEntity,
            _ => Status::BadRequest,
        };
        Problem::new(status, format!("The document is not what is asked for: {error}."))
    })
}
