//! The description of this API, for programs that make clients out of it.

use rocket::get;
use rocket::response::content::RawJson;

use super::{Fresh, fresh};
use crate::access::Admin;

/// OpenAPI 3.1.
const DOCUMENT: &str = include_str!("openapi.json");

/// The document.
#[get("/openapi.json")]
pub fn document(_admin: Admin) -> Fresh<RawJson<&'static str>> {
    fresh(RawJson(DOCUMENT))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::server::testing::{client, problem, stranger, text};

    fn parsed() -> Value {
        serde_json::from_str(DOCUMENT).expect("it is JSON")
    }

    fn operations(document: &Value) -> Vec<(String, String, &Value)> {
        let paths = document["paths"].as_object().expect("paths");
        paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().expect("methods").iter();
                methods.map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
            })
            .collect()
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let document = parsed();
        let described: BTreeSet<(String, String)> = operations(&document)
            .into_iter()
            .map(|(method, path, _)| (method, path))
            .collect();
        let mounted: BTreeSet<(String, String)> = super::super::routes()
            .iter()
            .map(|route| {
                let path = route.uri.unmounted_origin.path().as_str();
                let path = path.replace('<', "{").replace('>', "}");
                (route.method.as_str().to_owned(), path)
            })
            .collect();
        assert_eq!(described, mounted);
    }

    #[test]
    fn every_operation_is_whole_and_every_reference_leads_somewhere() {
        let document = parsed();
        let mut names = BTreeSet::new();
        for (method, path, operation) in operations(&document) {
            let name = operation["operationId"].as_str().unwrap_or_default();
            assert!(names.insert(name), "{method} {path}: {name:?} twice or missing");
            assert!(operation["summary"].is_string(), "{method} {path}");
            let answers = operation["responses"].as_object().expect("answers");
            assert!(answers.contains_key("default"), "{method} {path}: problems");
            assert!(
                answers.keys().any(|status| status.starts_with('2')),
                "{method} {path}"
            );
            // What there is to be done with a unit is in its address.
            let takes = method == "PUT" || (method == "POST" && !path.contains('{'));
            assert_eq!(operation["requestBody"].is_object(), takes, "{method} {path}");
            let parameters = operation["parameters"].as_array().map_or(0, |list| {
                list.iter().filter(|parameter| parameter["in"] == "path").count()
            });
            assert_eq!(parameters, path.matches('{').count(), "{method} {path}");
        }
        let mut left = vec![&document];
        while let Some(value) = left.pop() {
            if let Some(to) = value.get("$ref").and_then(Value::as_str) {
                let at = to.strip_prefix('#').expect("inside the document");
                assert!(document.pointer(at).is_some(), "{to}");
            }
            match value {
                Value::Object(members) => left.extend(members.values()),
                Value::Array(items) => left.extend(items),
                _ => {}
            }
        }
    }

    #[tokio::test]
    async fn it_is_for_who_is_signed_in() {
        let (strange, _node) = stranger().await;
        problem(
            strange.get("/api/v1/openapi.json").dispatch().await,
            401,
            "needs a token",
        )
        .await;
        let (client, _node) = client().await;
        let response = client.get("/api/v1/openapi.json").dispatch().await;
        assert_eq!(response.content_type(), Some(rocket::http::ContentType::JSON));
        assert_eq!(text(response).await, DOCUMENT);
    }
}
