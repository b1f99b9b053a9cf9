//! Pages of connections, and of deleting what they lead to.

/// Codes and pages, sorted by code. Names and ids that are refused have the pages of the descriptor's codes.
pub(super) const PAGES: &[(&str, &str)] = &[
    (
        "access_mode_not_offered",
        "A service offers the access modes that its endpoint's network visibilities name: project only to components of \
         its own project and never at organization level, organization and public through a gateway. GRPC, TCP and UDP \
         endpoints are offered in their project alone. Choose one of the modes that the hint names, or ask the owners to \
         widen the visibility.",
    ),
    (
        "application_not_found",
        "No OAuth application has this id in the organization, or you may not see the connections that use it. An application \
         is there as long as a connection uses it, also a deleted one that deployments hold. `tieline application list` shows \
         those that you may see; `tieline connection view` names that of a connection.",
    ),
    (
        "component_deployed",
        "A component that is deployed is not deleted by accident. Undeploy it in each environment that the message names, \
         or repeat with --force, which ends its deployments.",
    ),
    (
        "component_in_use",
        "Connections lead to the services of the component; the message names their consumers by environment, or the \
         connections alone where nobody uses them. Delete those connections first; or repeat with --force, which deletes \
         them: running components keep the values they have, and their keys for the component are revoked.",
    ),
    (
        "connection_id_taken",
        "The id belongs to another connection, perhaps to a deleted one that a running component still holds. Leave --id \
         out to get a new id, and put that into the descriptor.",
    ),
    (
        "connection_in_use",
        "Live deployments or external consumers use the connection, and would be left without its values; the message \
         names them by environment. Take the connection out of their descriptors and deploy them, then delete it; or \
         delete it with --force: nothing new can use it, and its keys are revoked when the last running component has \
         been deployed without it.",
    ),
    (
        "connection_name_taken",
        "One component could see both this connection and another one, and two of their variables would have the same \
         name. Variable names are the prefix, the connection's name and the key, in capitals, with _ for every other \
         character: a-b, a_b and A B are the same, and abc with D_E is abc-d with E. Choose another name.",
    ),
    (
        "connection_not_found",
        "No connection has this name in the given scope or this id in the organization, or you may not see it. A name \
         means a connection of the organization, of --project and of --component; an id works from any scope.",
    ),
    (
        "environment_in_use",
        "Components are deployed in the environment, external consumers use connections there, or connections of other \
         environments are mapped to it; the message names them. Undeploy or remap them first, or repeat with --force, \
         which ends the deployments.",
    ),
    (
        "environment_last",
        "An organization has at least one environment, because every other one is made to follow one. Make another \
         environment before you delete this one.",
    ),
    (
        "mapping_crosses_critical",
        "A critical environment uses providers of critical environments only, and no other environment ever uses those: \
         else a development consumer could reach production. Map like to like. Connections go on leading to the name of an \
         environment that was deleted: map them anew before you make one of that name and another kind.",
    ),
    (
        "mapping_not_assigned",
        "A connection uses in an environment only the endpoints or credentials that are assigned to that environment. \
         Choose one of those that the hint names, or assign this one by registering the service or resource again.",
    ),
    (
        "mapping_target_unknown",
        "The service has no endpoint or credential of this name. Choose one of those that the hint names; tieline service \
         view REFERENCE shows all of them.",
    ),
    (
        "not_applicable",
        "An option was given that would do nothing: access modes and authentication schemes are for internal services, an \
         OAuth application of its own is for connections by oauth2, and a secret for each component is for connections \
         that have keys. A plan is made of a descriptor, or with --from of what is live in another environment. Leave the \
         option out.",
    ),
    (
        "scheme_not_offered",
        "Project access is direct and has no authentication; through a gateway a service offers the schemes that it \
         enables. Choose one of those that the hint names, or enable another with tieline service update --schemes.",
    ),
    (
        "service_not_listed",
        "The service is unpublished, incomplete, or its endpoint is no longer deployed: connections that exist go on, but \
         it takes no new ones. Ask its owners to publish it, or choose another with tieline service list.",
    ),
    (
        "service_not_usable_here",
        "A third-party service that is registered for one project can be used by that project's connections alone. Make \
         the connection there, or have the service registered for the organization.",
    ),
    (
        "web_app_without_url",
        "A web-app's variables reach the browser, so it gets no secret: only the ServiceURL of a connection. Databases, \
         caches, brokers and storage have none. Connect a service component instead, and let the web-app call that.",
    ),
];
