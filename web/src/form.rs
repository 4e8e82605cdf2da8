//! What a form sends: names and texts, kept as they were typed.

use std::io;

use rocket::data::{Data, FromData, Outcome, ToByteUnit};
use rocket::http::{RawStr, Status};
use rocket::request::Request;

/// Longest form; the longest that makes sense holds a few SSH keys.
const LONGEST_KIB: u64 = 32;
/// Most fields; a page has some thirty.
const MOST: usize = 256;

/// The fields of a form (`application/x-www-form-urlencoded`), in the order they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

/// Why a body is no form.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// Of another type.
    #[error("it is not application/x-www-form-urlencoded")]
    OtherType,
    /// More than is taken.
    #[error("it is longer than {LONGEST_KIB} KiB or has more than {MOST} fields")]
    TooLong,
    /// Not UTF-8, before or after decoding.
    #[error("it is no text in UTF-8")]
    NoText,
    /// The connection broke.
    #[error("it could not be read")]
    Broken,
}

impl FieldsError {
    fn status(&self) -> Status {
        match self {
            Self::OtherType => Status::UnsupportedMediaType,
            Self::TooLong => Status::PayloadTooLarge,
            Self::NoText | Self::Broken => Status::BadRequest,
        }
    }
}

impl Fields {
    /// Reads the body of a form.
    ///
    /// # Errors
    /// [`FieldsError::TooLong`] and [`FieldsError::NoText`].
    pub fn parse(body: &str) -> Result<Self, FieldsError> {
        let decode = |text: &str| {
            let text = RawStr::new(text).url_decode().map_err(|_| FieldsError::NoText)?;
            Ok(text.into_owned())
        };
        let mut fields = Vec::new();
        for field in body.split('&').filter(|field| !field.is_empty()) {
            if fields.len() == MOST {
                return Err(FieldsError::TooLong);
            }
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            fields.push((decode(name)?, decode(value)?));
        }
        Ok(Self(fields))
    }

    /// Made of what is known already.
    pub fn of<N: Into<String>, V: Into<String>>(fields: impl IntoIterator<Item = (N, V)>) -> Self {
        let text = |(name, value): (N, V)| (name.into(), value.into());
        Self(fields.into_iter().map(text).collect())
    }

    /// The first value of a field without spaces around it, "" if it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The same as it was sent: a space at the end of a password belongs to it.
    pub fn raw(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// All values of a field.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.iter()
            .filter(move |(each, _)| *each == name)
            .map(|(_, value)| value)
    }

    /// Whether a box was ticked: it is sent at all.
    pub fn ticked(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Without passwords, private keys, and what belongs to one session: what may be kept, or shown again.
    pub fn lasting(&self) -> Self {
        let lasting = |(name, _): &&(String, String)| {
            !name.starts_with("password") && name != "private_key" && name != "csrf"
        };
        Self(self.0.iter().filter(lasting).cloned().collect())
    }

    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`FieldsError`].
    pub async fn read(request: &Request<'_>, data: Data<'_>) -> Result<Self, FieldsError> {
        if !request.content_type().is_some_and(|kind| kind.is_form()) {
            return Err(FieldsError::OtherType);
        }
        match data.open(LONGEST_KIB.kibibytes()).into_string().await {
            Ok(body) if !body.is_complete() => Err(FieldsError::TooLong),
            Ok(body) => Self::parse(&body),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(FieldsError::NoText),
            Err(_) => Err(FieldsError::Broken),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for Fields {
    type Error = FieldsError;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        match Self::read(request, data).await {
            Ok(fields) => Outcome::Success(fields),
            Err(error) => Outcome::Error((error.status(), error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_kept_as_they_were_typed() {
        let fields = Fields::parse("name=+lab-1+&card=enp1s0&card=enp2s0&empty=&flag&x=a%26b%3Dc%C3%A3o")
            .expect("a form");
        assert_eq!((fields.get("name"), fields.raw("name")), ("lab-1", " lab-1 "));
        assert_eq!(fields.all("card").collect::<Vec<_>>(), ["enp1s0", "enp2s0"]);
        assert_eq!(fields.get("x"), "a&b=cão");
        assert!(fields.ticked("flag") && fields.ticked("empty") && !fields.ticked("other"));
        assert_eq!(fields.get("other"), "");
    }

    #[test]
    fn what_is_hostile_is_refused() {
        assert_eq!(Fields::parse("a=%ff"), Err(FieldsError::NoText));
        assert_eq!(Fields::parse(&"a=b&".repeat(MOST + 1)), Err(FieldsError::TooLong));
        assert_eq!(Fields::parse("&&==&%"), Ok(Fields::of([("", "="), ("%", "")])));
    }

    #[test]
    fn passwords_are_not_kept() {
        let fields = Fields::of([
            ("password", "a"),
            ("password_again", "a"),
            ("private_key", "a"),
            ("csrf", "x"),
            ("name", "lab-1"),
        ]);
        assert_eq!(fields.lasting(), Fields::of([("name", "lab-1")]));
    }
}
