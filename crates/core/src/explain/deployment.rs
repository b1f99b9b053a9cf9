//! Pages of plans, deployments and the processes that run with them.

/// Codes and pages, sorted by code.
pub(super) const PAGES: &[(&str, &str)] = &[
    (
        "command_missing",
        "tieline run was given no command. Write it after two dashes: tieline run … -- node server.js.",
    ),
    (
        "command_not_started",
        "The command of tieline run could not be started: there is no such program (exit code 127), or it cannot be \
         executed (126). Check the spelling and PATH; a script needs its executable bit and an interpreter that exists.",
    ),
    (
        "component_never_deploys",
        "An external-consumer component stands for a program that Tieline does not run: it has no deployments. Its \
         subscriptions come with its connections; see the values with tieline connection view NAME --reveal.",
    ),
    (
        "connection_key_unknown",
        "The descriptor asks for a key that the connection does not have. Which keys there are follows from the service, \
         the access mode and the authentication scheme; a web-app gets ServiceURL alone, because a browser would show \
         the rest. Use one of the keys that the hint names.",
    ),
    (
        "connection_missing",
        "The descriptor refers to a connection that is not there, or that this component may not use. The hint is the \
         command that makes it at component level, or the name of one that was probably meant. tieline deploy \
         --create-connections makes all that are missing.",
    ),
    (
        "default_endpoint_missing",
        "References without an endpoint mean the default endpoint of a major version: the first one of its first \
         deployment. It cannot be changed or taken away within the major. Keep it, or deploy a new major version.",
    ),
    (
        "definition_security_unreadable",
        "The definition that schemaFilePath names speaks of security, and a part of it cannot be read, so that nobody can say \
         which operations ask for which scopes: the gateway would leave some open. The message says which part. Paths may \
         refer to others in the same file only ($ref: '#/…'): bundle a definition of several files into one.",
    ),
    (
        "definition_too_large",
        "A file that schemaFilePath names is larger than an API definition may be. Split it, or leave schemaFilePath out.",
    ),
    (
        "deployment_not_found",
        "There is no deployment to go back to: the one that --to names is not of this component and environment, or the \
         live one is the first of its major. See the history with tieline deployment list.",
    ),
    (
        "descriptor_not_found",
        "The folder holds no descriptor. One lies in .tieline/, .wso2/ or .choreo/ below the component's folder, as \
         component.yaml, component-config.yaml or endpoints.yaml. Give the component's folder or the file itself.",
    ),
    (
        "descriptor_unreadable",
        "A descriptor, or a file that it names, cannot be read: it does not exist, its permissions forbid it, or it is \
         not UTF-8. The message holds the reason.",
    ),
    (
        "endpoint_id_stale",
        "The reference holds an endpoint id, which is made of port, type and base path, and one of these has changed \
         since. The service has one endpoint only, so that one is meant. Write the endpoint's name instead.",
    ),
    (
        "endpoint_id_unknown",
        "The reference holds an endpoint id, which is made of port, type and base path, and no endpoint has this one any \
         more. The service has several endpoints, so nobody can tell which is meant. Write the endpoint's name instead.",
    ),
    (
        "endpoint_in_use",
        "The release no longer has an endpoint that live deployments or external consumers use; the message names them \
         by environment. Keep the endpoint until they are gone, or deploy a new major version beside this one.",
    ),
    (
        "endpoint_unknown",
        "--address names an endpoint that the descriptor does not declare. Use a name that the hint lists.",
    ),
    (
        "file_unsupported",
        "The descriptor asks for a mounted configuration file, which this version does not make, and it would be wrong to \
         leave it out silently. Remove the entry, and give the values as variables.",
    ),
    (
        "form_unsupported",
        "The descriptor asks people for a value per environment, which this version does not do. A required one refuses \
         the plan, an optional one is left out with a warning. Give the variable a value of its own, or a connection's.",
    ),
    (
        "group_unsupported",
        "The descriptor takes a value from a configuration group, which this version does not have. Give the variable a \
         value of its own, or a connection's.",
    ),
    (
        "not_deployed",
        "The component has no live deployment in this environment, or none of the major that --version names. Deploy it \
         with tieline deploy, or see where it is with tieline deployment list.",
    ),
    (
        "promotion_backwards",
        "A promotion takes a release to an environment that comes later in the organization's order, which tieline \
         environment list shows. To any environment, a descriptor can be deployed directly.",
    ),
    (
        "provider_not_deployed",
        "A warning: the service of an organization or public connection is not deployed in the environment that the \
         connection leads to. The address of the gateway and the keys are there already, so that two components can depend \
         on each other; calls succeed as soon as the provider is deployed.",
    ),
    (
        "reference_mismatch",
        "The reference in the file names another service, major version or endpoint than the connection leads to. Write \
         the reference that the hint gives, or refer to another connection: an existing one never changes its service.",
    ),
    (
        "reference_without_variables",
        "A warning: a service reference gives only the keys that its env lists, and it lists none, so that nothing is \
         injected. List from and to for each key.",
    ),
    (
        "resource_name_differs",
        "A warning: the reference names another database, cache, broker or bucket than the connection leads to. The \
         connection wins, since a file often names the development one and runs everywhere.",
    ),
    (
        "several_majors_live",
        "Several major versions of the component are deployed side by side in this environment. Choose one with \
         --version vN.",
    ),
    (
        "snapshot_unusable",
        "The snapshot holds something that no process can be given, as a value with a NUL character, or the server is of \
         a version that this client does not understand. Mend the value and deploy again, or use the server's own version.",
    ),
    (
        "template_unsupported",
        "The descriptor makes a value from a template, which this version does not do. Give the variable a value of its \
         own, or a connection's.",
    ),
    (
        "value_carried_forward",
        "A warning: nothing provides this value at present, as when a provider is undeployed. The component keeps the \
         value that it runs with, marked as degraded, until there is one again. Mend the cause that the message names.",
    ),
    (
        "value_pending",
        "Nothing provides this value in the environment yet; the message names what it waits for. Do that first, or deploy \
         with --allow-pending: then the variable is left out, and is added by itself when its value arrives.",
    ),
    (
        "values_revoked",
        "A rollback restores the very values of then, and some of them are no longer accepted, because their connection \
         was deleted or their key replaced. Deploy the older version again instead: it resolves the present values.",
    ),
    (
        "variable_duplicate",
        "Two places of the descriptor set one variable: defaults of connections, renamed keys, the component's own \
         values. That is refused also when the values are equal, because they would not stay so. Rename one of them with \
         configurations.env and valueFrom.connectionRef.",
    ),
    (
        "variable_reserved",
        "A mapping may not set PATH, LD_PRELOAD and the like: they decide how the process itself is found and loaded, and \
         a service's value must not. Choose another variable name.",
    ),
    (
        "visibility_differs",
        "A warning: the reference names another network visibility than the connection's access mode. The connection \
         wins. Write the visibility that the hint gives, or none.",
    ),
    (
        "visibility_in_use",
        "The release narrows the network visibilities of an endpoint that live deployments or external consumers call \
         through one of those it loses; the message names them by environment. Keep the visibility until they are gone.",
    ),
];
