//! The pages of the marketplace: registering, finding, offering and removing services.

/// Codes and pages, sorted by code.
pub(super) const PAGES: &[(&str, &str)] = &[
    (
        "address_refused",
        "An endpoint or credential holds an address that may not be used in an environment that it is assigned to, or an \
         identity provider has one. Refused are: what is no URL of http, https, ws, wss, tcp, udp or grpc; a user name or password inside the URL; \
         link-local addresses (cloud metadata lives there); the names of clouds' metadata services, and their addresses \
         elsewhere unless a network that holds them is allowed; Tieline's own listeners; loopback while the installation \
         has several organizations; a host that ends in a number and is no address; and numeric addresses outside the \
         networks that the environment allows. Correct the \
         address, make user and password parameters, or let an administrator allow the network with \
         tieline environment update HANDLE --allow-address CIDR.",
    ),
    (
        "definition_missing",
        "The operations and types of a service were asked for, and it has no API definition to read them from. A third-party \
         service gets one with its registration (definition in SERVICE.yaml), an internal one with a deployment whose \
         descriptor names a file with schemaFilePath. tieline service view shows everything else about it.",
    ),
    (
        "definition_unreadable",
        "A third-party service is registered with an API definition in which nothing was understood: it is none of OpenAPI, \
         AsyncAPI, GraphQL, protocol buffers and WSDL, or not even text. The message says what stands in the way. Give \
         another file, or register the service without a definition.",
    ),
    (
        "entry_name_taken",
        "The endpoints of a third-party service, and the credentials of a resource, are chosen by name in the mapping \
         of a connection, so two of one service may not bear the same name; capitals make no difference. Rename one.",
    ),
    (
        "environment_unknown",
        "A registration assigns an endpoint or credential to an environment that the organization does not have. \
         tieline environment list shows those it has; tieline environment create makes another.",
    ),
    (
        "file_unreadable",
        "A file that a command was given, or that a registration names, cannot be read as text. Paths inside a \
         registration are relative to its own folder. Check the path, its permissions, and that it is UTF-8 text.",
    ),
    (
        "kind_unknown",
        "A resource is registered with a kind, which decides the keys of its credentials. The hint lists the kinds. \
         For anything else with an address and secrets register a third-party service with parameters of your own.",
    ),
    (
        "parameter_invalid",
        "The name of a parameter becomes the last part of an environment variable and a key in descriptors: up to 64 \
         letters, digits, blanks, _ . and -, beginning with a letter. Rename the parameter.",
    ),
    (
        "parameter_name_taken",
        "Two parameters of one service would become the same environment variable, because variable names have capitals \
         and underscores only: api-key, Api_Key and API.KEY are one. ServiceURL is a parameter of every service and \
         counts too. Rename one of them.",
    ),
    (
        "parameter_unknown",
        "A registration gives an endpoint or credential a value for a key that the service does not have. Third-party \
         services have the parameters of their registration, and ServiceURL, which is set by url; resources have the \
         keys of their kind. Correct the key, or declare the parameter.",
    ),
    (
        "reference_incomplete",
        "A reference without a project, as orders/v1, means the project of whoever refers; here nobody does. Write \
         service:/<project>/<component>/v<major>, or give --project.",
    ),
    (
        "reference_invalid",
        "A reference names a service: service:/<project>/<component>/v<major>[/<endpoint>], thirdparty:<name>/v<major>, \
         database:[<server>/]<name>, storage:<name>, cache:… or broker:…. The text follows none of these forms. Copy \
         one that tieline service list prints.",
    ),
    (
        "registration_invalid",
        "A registration file (SERVICE.yaml, RESOURCE.yaml) is no YAML, has a field that is not known or lacks one that is \
         needed, or a value cannot be read: a value is a text, { env: NAME } for an environment variable of the one \
         who registers, or { file: PATH } relative to the file. The message names file, line and column.",
    ),
    (
        "scheme_in_use",
        "An internal service was to stop enabling an authentication scheme that connections use; they would no longer \
         be let in. Make those connections anew with another scheme, then update the service.",
    ),
    (
        "schemes_invalid",
        "Authentication schemes (oauth2, api-key, none) are what the gateway asks of callers of an internal service, \
         which enables at least one of them. Third-party services and resources have parameters instead.",
    ),
    (
        "service_exists",
        "The name and major version are registered already, for another project or for the whole organization. A name \
         means one service in all of the organization, so that references are the same everywhere. Choose another \
         name, or register the service where it was registered before.",
    ),
    (
        "service_in_use",
        "What was to be removed is used: a live deployment or an external consumer would no longer find, in the \
         endpoint or credential that it uses, the values that it has. The message names them by environment. Move them \
         first; or repeat with --force: running components keep the values they have, new deployments do not get them.",
    ),
    (
        "service_internal",
        "Internal services are listed by deployments of their component and cannot be deleted by hand. Unpublish the \
         service to stop new connections, deploy the component without the endpoint, or undeploy it.",
    ),
    (
        "service_kind_fixed",
        "A resource of this name is registered with another kind. The kind decides the keys that connections inject, so \
         it never changes. Register under another name, or delete the resource first.",
    ),
    (
        "service_name_invalid",
        "Names stand in references and mappings. Third-party services, endpoints and credentials: 1 to 100 letters, \
         digits, blanks, _ . and -. Databases, caches and brokers: [server/]name of letters, digits, _ and -.",
    ),
    (
        "service_not_found",
        "No service has this reference, or you may not see it: a service that is visible in its project only, or was \
         registered for one project, exists for members of that project alone. tieline service list shows what you may \
         connect to.",
    ),
    (
        "text_invalid",
        "A text holds what it cannot hold: a NUL character, which no environment variable and no name can carry; or a label or \
         category that is empty, longer than 100 characters or more than one line.",
    ),
    (
        "text_too_large",
        "A definition has at most 2 MiB, an overview or document 1 MiB, a value 64 KiB, a summary 4 KiB; a service has \
         at most 100 endpoints, credentials, parameters, labels or categories. Shorten it, or link to the longer text.",
    ),
    (
        "value_secret",
        "A registration keeps the value of a parameter and says that the parameter is no secret any more. Values that are no \
         secrets are shown to the owners of a service, and a secret is never shown. Give the value anew, or leave the \
         parameter a secret.",
    ),
    (
        "version_invalid",
        "A version is a major number and, if wanted, minors: v1, v1.2, 1.0.3. Connections pin the major.",
    ),
];
