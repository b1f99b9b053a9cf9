//! Connection kinds are data: their parameter keys, and how a reference to one is written. Adding a kind adds an entry
//! here and touches neither resolution nor storage.

use crate::model::{AccessMode, Parameter, Scheme, ServiceType};

/// One kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The word of `kind:` in a registration file.
    pub name: &'static str,
    /// What the marketplace lists it as, and the scheme of its references (`database:`, `cache:`, …).
    pub service_type: ServiceType,
    /// What people call it.
    pub title: &'static str,
    keys: &'static [Key],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    key: &'static str,
    description: &'static str,
    sensitive: bool,
    optional: bool,
    /// Whether its value has several lines.
    lines: bool,
    /// What its value says of where the service is.
    address: Option<AddressPart>,
}

/// What the value of a key says of where a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressPart {
    /// All of it, as a URL.
    Url,
    /// Its hosts, separated by commas.
    Hosts,
    /// The port of the hosts.
    Port,
}

const fn key(key: &'static str, description: &'static str) -> Key {
    Key { key, description, sensitive: false, optional: false, lines: false, address: None }
}

const fn secret(key: &'static str, description: &'static str) -> Key {
    Key { key, description, sensitive: true, optional: false, lines: false, address: None }
}

const fn optional(key: &'static str, description: &'static str) -> Key {
    Key { key, description, sensitive: false, optional: true, lines: false, address: None }
}

const HOST: Key = Key { address: Some(AddressPart::Hosts), ..key("HostName", "Host name or address") };
const PORT: Key = Key { address: Some(AddressPart::Port), ..key("Port", "Port") };
const USER: Key = key("Username", "Login name");
const PASSWORD: Key = secret("Password", "Password of the login");
const CERTIFICATE: Key = Key {
    lines: true,
    ..optional("CACertificate", "PEM certificate of the authority that signed the server's certificate")
};
const DATABASE: &[Key] = &[HOST, PORT, USER, PASSWORD, key("DatabaseName", "Name of the database"), CERTIFICATE];
const CACHE: &[Key] = &[HOST, PORT, USER, PASSWORD, key("DatabaseName", "Number of the logical database")];

/// Every kind of resource.
pub const KINDS: &[Kind] = &[
    Kind { name: "postgresql", service_type: ServiceType::Database, title: "PostgreSQL", keys: DATABASE },
    Kind { name: "mysql", service_type: ServiceType::Database, title: "MySQL", keys: DATABASE },
    Kind { name: "mariadb", service_type: ServiceType::Database, title: "MariaDB", keys: DATABASE },
    Kind { name: "redis", service_type: ServiceType::Cache, title: "Redis", keys: CACHE },
    Kind {
        name: "kafka",
        service_type: ServiceType::Broker,
        title: "Kafka",
        keys: &[
            HOST,
            PORT,
            USER,
            PASSWORD,
            optional("SecurityProtocol", "Kafka's security.protocol, as SASL_SSL"),
            CERTIFICATE,
        ],
    },
    Kind {
        name: "rabbitmq",
        service_type: ServiceType::Broker,
        title: "RabbitMQ",
        keys: &[HOST, PORT, USER, PASSWORD, optional("VirtualHost", "Virtual host; / when absent"), CERTIFICATE],
    },
    Kind {
        name: "nats",
        service_type: ServiceType::Broker,
        title: "NATS",
        keys: &[HOST, PORT, USER, PASSWORD, CERTIFICATE],
    },
    Kind {
        name: "mqtt",
        service_type: ServiceType::Broker,
        title: "MQTT",
        keys: &[HOST, PORT, USER, PASSWORD, optional("ClientID", "Client identifier"), CERTIFICATE],
    },
    Kind {
        name: "s3",
        service_type: ServiceType::Storage,
        title: "S3-compatible storage",
        keys: &[
            Key { address: Some(AddressPart::Url), ..key("Endpoint", "URL of the storage service") },
            key("Bucket", "Name of the bucket"),
            key("Region", "Region of the bucket"),
            key("AccessKeyID", "Identifier of the access key"),
            secret("SecretAccessKey", "Secret of the access key"),
        ],
    },
];

impl Kind {
    /// Finds a kind by its name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// The parameters that every credential of this kind holds.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        self.keys.iter().map(Key::parameter).collect()
    }

    /// Whether the value of a key has several lines, for forms that ask for it.
    #[must_use]
    pub fn has_lines(&self, key: &str) -> bool {
        self.keys.iter().any(|known| known.key == key && known.lines)
    }
}

impl Key {
    fn parameter(&self) -> Parameter {
        Parameter {
            key: self.key.to_owned(),
            value_type: "string".to_owned(),
            description: self.description.to_owned(),
            sensitive: self.sensitive,
            optional: self.optional,
        }
    }
}

/// The key of the address of a service, in every kind of service.
pub const SERVICE_URL: &str = "ServiceURL";
/// The key of an OAuth client's id.
pub const CONSUMER_KEY: &str = "ConsumerKey";
/// The key of an OAuth client's secret.
pub const CONSUMER_SECRET: &str = "ConsumerSecret";
/// The key of the token endpoint's address.
pub const TOKEN_URL: &str = "TokenURL";
/// The API key's key, as Choreo names it.
pub const CHOREO_API_KEY: &str = "ChoreoAPIKey";
/// The API key's key in a descriptor under `.tieline/`.
pub const API_KEY: &str = "APIKey";

/// What the value of a key of a registration says of where the service is; none of most.
#[must_use]
pub fn address_part(key: &str) -> Option<AddressPart> {
    if key == SERVICE_URL {
        return Some(AddressPart::Url);
    }
    KINDS.iter().flat_map(|kind| kind.keys).find(|known| known.key == key).and_then(|known| known.address)
}

/// The parameters of a connection to an internal service.
#[must_use]
pub fn internal_parameters(mode: AccessMode, scheme: Scheme) -> Vec<Parameter> {
    const URL: Key = key(SERVICE_URL, "Address of the service");
    const ACCESS: Key = secret(CHOREO_API_KEY, "API key for the gateway");
    let keys: &[Key] = match (mode, scheme) {
        (AccessMode::Project, _) | (_, Scheme::None) => &[URL],
        (_, Scheme::ApiKey) => &[URL, ACCESS],
        (_, Scheme::OAuth2) => &[
            URL,
            key(CONSUMER_KEY, "Client id of the OAuth application"),
            secret(CONSUMER_SECRET, "Client secret of the OAuth application"),
            key(TOKEN_URL, "Address of the token endpoint"),
            ACCESS,
        ],
    };
    keys.iter().map(Key::parameter).collect()
}

/// The parameter that every third-party service has beside its registered ones.
#[must_use]
pub fn service_url_parameter() -> Parameter {
    key(SERVICE_URL, "Address of the service").parameter()
}

/// Whether two keys mean the same parameter: `ChoreoAPIKey` and `APIKey` are each other's alias.
#[must_use]
pub fn same_key(a: &str, b: &str) -> bool {
    a == b || [(a, b), (b, a)].contains(&(CHOREO_API_KEY, API_KEY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_says_where_it_is() {
        for kind in KINDS {
            let says = |part: AddressPart| kind.keys.iter().any(|key| key.address == Some(part) && !key.optional);
            assert!(says(AddressPart::Url) || says(AddressPart::Hosts), "{}", kind.name);
            // What a key says is looked up by its name alone.
            for key in kind.keys {
                assert_eq!(address_part(key.key), key.address, "{} of {}", key.key, kind.name);
            }
        }
        assert_eq!(address_part(SERVICE_URL), Some(AddressPart::Url));
    }
}
