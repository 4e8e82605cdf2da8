//! How addresses are written in files: a word, or a table.

use std::fmt::Display;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::names::{Cidr, ValueError};
use super::network::{Ipv4Settings, Ipv6Settings};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written<A> {
    Word(String),
    Table(Table<A>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table<A> {
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<A>,
}

fn table<A: Copy>(cidr: &Cidr<A>, gateway: Option<A>) -> Written<A>
where
    Cidr<A>: Display,
{
    Written::Table(Table {
        address: cidr.to_string(),
        gateway,
    })
}

fn cidr<A, E: serde::de::Error>(text: &str) -> Result<Cidr<A>, E>
where
    Cidr<A>: FromStr<Err = ValueError>,
{
    text.parse().map_err(E::custom)
}

impl Serialize for Ipv4Settings {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Dhcp => Written::<Ipv4Addr>::Word("dhcp".to_owned()),
            Self::Off => Written::Word("off".to_owned()),
            Self::Static { address, gateway } => table(address, *gateway),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Ipv4Settings {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Written::<Ipv4Addr>::deserialize(from).map_err(|_| {
            D::Error::custom(
                "ipv4 is \"dhcp\", \"off\", or a table such as { address = \"192.168.1.10/24\", gateway = \"192.168.1.1\" }",
            )
        })? {
            Written::Word(word) if word == "dhcp" => Ok(Self::Dhcp),
            Written::Word(word) if word == "off" => Ok(Self::Off),
            Written::Word(word) => Err(D::Error::custom(format!(
                "ipv4 is \"dhcp\", \"off\", or a table with address and gateway, not {word:?}"
            ))),
            Written::Table(table) => Ok(Self::Static {
                address: cidr(&table.address)?,
                gateway: table.gateway,
            }),
        }
    }
}

impl Serialize for Ipv6Settings {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => Written::<Ipv6Addr>::Word("auto".to_owned()),
            Self::Off => Written::Word("off".to_owned()),
            Self::Static { address, gateway } => table(address, *gateway),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Ipv6Settings {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Written::<Ipv6Addr>::deserialize(from).map_err(|_| {
            D::Error::custom(
                "ipv6 is \"auto\", \"off\", or a table such as { address = \"2001:db8::10/64\", gateway = \"fe80::1\" }",
            )
        })? {
            Written::Word(word) if word == "auto" => Ok(Self::Auto),
            Written::Word(word) if word == "off" => Ok(Self::Off),
            Written::Word(word) => Err(D::Error::custom(format!(
                "ipv6 is \"auto\", \"off\", or a table with address and gateway, not {word:?}"
            ))),
            Written::Table(table) => Ok(Self::Static {
                address: cidr(&table.address)?,
                gateway: table.gateway,
            }),
        }
    }
}
