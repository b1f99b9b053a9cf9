//! The code of every remark that a check can make, with the page that `tieline explain CODE` prints.
//!
//! Codes are stable: scripts compare them. A page says what the rule is, where it comes from and how to mend the file.

/// Every code with its page, sorted by code.
pub const CODES: &[(&str, &str)] = &[
    (
        "api_version_unknown",
        "A component-config.yaml begins with apiVersion: core.choreo.dev/v1beta1; no other version was ever published. \
         The rule is Choreo's. Write that version, or rewrite the file with tieline descriptor migrate.",
    ),
    ("config_kind_invalid", "A component-config.yaml has kind: ComponentConfig. The rule is Choreo's."),
    (
        "connection_id_invalid",
        "connectionConfig names a connection by its id, a UUID of version 1 to 5 (or all zeros), written with hyphens. \
         The rule is Choreo's. Copy the id that tieline connection view prints.",
    ),
    (
        "connection_name_invalid",
        "A connection name has 3 to 50 characters: letters and digits, with single delimiters _ - . or blanks between \
         them. Surrounding blanks do not count. The rule is Choreo's. The name must be that of an existing connection: \
         tieline connection list prints them.",
    ),
    (
        "connection_not_referenced",
        "valueFrom.connectionRef takes a key of a connection that the same file references in \
         dependencies.connectionReferences. Without the reference nothing would be injected. The rule is Tieline's; \
         public tools accept the file. Add the reference, or correct the name.",
    ),
    (
        "connection_repeated",
        "Two entries of dependencies.connectionReferences name the same connection. They would set the same variables, \
         perhaps from different services. The rule is Tieline's; public tools accept the file. Keep one entry.",
    ),
    (
        "endpoint_base_path_invalid",
        "A base path (service.basePath, or context in the older formats) begins with / and holds letters, digits, /, - \
         and _. Parameters and dots do not belong there: they are part of the API definition. The rule is Choreo's.",
    ),
    (
        "endpoint_base_path_missing",
        "In endpoints.yaml and component-config.yaml an endpoint of the type REST, GraphQL or WS has a context, the \
         path before all its paths. The rule is Choreo's. Add context: /, or the path that the component serves.",
    ),
    (
        "endpoint_display_name_too_long",
        "The display name of an endpoint has at most 50 characters. The rule is Choreo's. Shorten it; the API definition \
         is the place for a description.",
    ),
    (
        "endpoint_name_invalid",
        "In component.yaml the name of an endpoint begins with a small letter, goes on with small letters, digits, _ and \
         -, and has at most 50 characters: it is a part of addresses and references. The rule is Choreo's. A name for \
         people belongs into displayName.",
    ),
    (
        "endpoint_name_repeated",
        "Two endpoints of a component have the same name. Addresses and references tell endpoints apart by it. The rule \
         is Choreo's. Rename one of them.",
    ),
    (
        "endpoint_name_reserved",
        "An endpoint named like a version (v1) or a visibility (public, project, organization) cannot be referred to: a \
         reference would read the name as something else. The rule is Tieline's; public tools accept the file. Choose \
         another name.",
    ),
    (
        "endpoint_not_project_only",
        "A GRPC, TCP or UDP endpoint is reached at its own address within its project; no gateway carries it. \
         component.yaml must say so with networkVisibilities: [Project], exactly. The rule is Choreo's.",
    ),
    (
        "endpoint_port_fraction",
        "The port is a number with a fraction. Public tools let it pass, but nothing can listen there. Write a whole \
         number.",
    ),
    (
        "endpoint_port_invalid",
        "The port of an endpoint is above 1000 and below 65535. The rule is Choreo's. Let the component listen on another \
         port; its ServiceURL hides the port from its consumers.",
    ),
    (
        "endpoint_project_only",
        "A GRPC, TCP or UDP endpoint is reached within its project only, whatever its networkVisibility says. The older \
         formats accept any visibility there, so this is a warning. Write Project to say what happens.",
    ),
    (
        "endpoint_type_unknown",
        "The type of an endpoint is one of REST, GraphQL, GRPC, TCP, UDP and WS, written exactly so. The rule is Choreo's.",
    ),
    (
        "endpoint_visibility_unknown",
        "A network visibility is one of Project, Organization and Public, written exactly so. The rule is Choreo's.",
    ),
    (
        "extension",
        "The file uses something that only Tieline reads: a cache: or broker: reference, or a template. Public tools \
         refuse the file; Tieline plans and deploys it. There is nothing to do unless the component is also deployed \
         elsewhere.",
    ),
    (
        "field_missing",
        "A required field is missing or empty. In component.yaml these are schemaVersion, the name, service.port and type \
         of each endpoint, the name, connectionConfig and env of each service reference (env may be an empty list), the \
         name and resourceRef of each connection reference and the name of each variable. The rules are Choreo's.",
    ),
    ("field_not_boolean", "The field takes true or false. The rule is Choreo's. Write one of them."),
    (
        "field_not_list",
        "The field takes a list: each item on a line of its own that begins with \"- \", or [a, b]. The rule is Choreo's.",
    ),
    (
        "field_not_mapping",
        "The field holds other fields: write them below it, indented, as \"name: value\". The rule is Choreo's.",
    ),
    ("field_not_number", "The field takes a number. A text that is a number counts. The rule is Choreo's."),
    (
        "field_not_text",
        "The field takes text, not a list or a mapping. Numbers, true and false count as text. The rule is Choreo's.",
    ),
    (
        "field_null",
        "The field is written without a value. Public tools refuse that even where the field may be missing: a forgotten \
         value is more likely than an intended one. Give it a value, or remove the line.",
    ),
    (
        "field_shadowed",
        "The endpoint has both networkVisibilities and the older networkVisibility. The list counts. Remove the other.",
    ),
    (
        "field_too_new",
        "The section has no effect in the schema version of this file: connectionReferences and configurations came with \
         1.1, configForm and files with 1.2. Raise schemaVersion, as tieline descriptor migrate does, or remove it.",
    ),
    (
        "field_unknown",
        "The field is not known where it stands, and ignored, as public tools do. Most often it is misspelt or indented \
         too far. The hint lists what is known there.",
    ),
    (
        "file_empty",
        "The file holds nothing but blanks and comments. A component.yaml begins with schemaVersion: 1.2; a component \
         without endpoints and connections needs no descriptor at all.",
    ),
    (
        "file_not_utf8",
        "A descriptor is UTF-8 text, and the byte at this place is not. Save the file as UTF-8. Perhaps it is another file.",
    ),
    (
        "file_too_complex",
        "The file is nested too deeply, or has too many values, aliases counted as what they stand for. The limits keep a \
         small file from growing large in memory; a real descriptor stays far below them. Write it plainly.",
    ),
    ("file_too_large", "A descriptor has at most 256 KiB. Perhaps it is another file."),
    (
        "file_type_unknown",
        "The type of a mounted file is yaml, json or toml. The rule is Tieline's; public tools accept the file.",
    ),
    (
        "file_unprintable",
        "YAML text holds no control characters except tabs and line breaks (YAML 1.2, section 5.1). Remove the character, \
         or write it as an escape in double quotes.",
    ),
    (
        "form_incomplete",
        "A form asks people for a value. It needs a displayName to ask with and a type (string, number, boolean, secret) \
         to check and protect the answer. The rule is Tieline's; public tools accept the file.",
    ),
    (
        "form_type_unknown",
        "The type of a form value is string, number, boolean or secret. A value of an unknown type would be shown in clear. \
         The rule is Tieline's; public tools accept the file.",
    ),
    (
        "format_old",
        "component-config.yaml and endpoints.yaml still work but cannot reference connections by name. tieline descriptor \
         migrate writes a component.yaml 1.2 beside the file, keeps the comments and deletes nothing.",
    ),
    (
        "format_unknown",
        "The file tells none of the three formats: component.yaml has schemaVersion, component-config.yaml apiVersion, \
         endpoints.yaml version. Add the field, or say --format.",
    ),
    (
        "mapping_variable_invalid",
        "A key of a connection is put into a variable whose name no shell and few languages can read: letters, digits and \
         _, not beginning with a digit. The rule is Tieline's; public tools accept the file.",
    ),
    (
        "migrate_field_dropped",
        "A field that the old file has is not known, and tieline descriptor migrate left it out. It had no effect before. \
         Its comments were kept.",
    ),
    (
        "migrate_name_changed",
        "The older formats take any text for the name of an endpoint, component.yaml only small letters, digits, _ and -. \
         The old name became the display name. References by endpoint id still lead to the endpoint; references by name use \
         the new one.",
    ),
    (
        "migrate_now_effective",
        "The old file holds a section that its schema version does not know, so that it had no effect. In 1.2 it has one: \
         see whether it says what you want.",
    ),
    (
        "migrate_visibility_narrowed",
        "The old file gives a GRPC, TCP or UDP endpoint a wider visibility than Project, which never had an effect. \
         component.yaml accepts Project only.",
    ),
    (
        "resource_reference_invalid",
        "A resourceRef is service:[/<project>/]<component>/v<major>[/<endpoint>][/PUBLIC|PROJECT|ORGANIZATION], \
         thirdparty:<name>/v<major>, database:[<server>/]<name> or storage:<name>. The word service: may be left out. The \
         rule is Choreo's. tieline service list prints references to paste.",
    ),
    (
        "schema_file_escapes",
        "schemaFilePath leads out of the component's folder. What lies there is not a part of the component and need not \
         exist where it is built. The rule is Tieline's; public tools accept the file.",
    ),
    (
        "schema_file_missing",
        "schemaFilePath names a file that does not exist, relative to the component's folder. The rule is Choreo's. Correct \
         the path, or check with --assume-schema-files where the file is made later.",
    ),
    (
        "schema_version_unknown",
        "The schemaVersion of a component.yaml is 1.0, 1.1 or 1.2; a number or text. The rule is Choreo's. The rest of the \
         file was checked as 1.2.",
    ),
    (
        "service_reference_invalid",
        "The name of a service reference is \
         choreo:///<organization>/<project>/<component>/<endpoint>/v<major>[.<minor>]/PUBLIC|PROJECT|ORGANIZATION, \
         thirdparty:<name>/v<major> or database:[<server>/]<name>. The rule is Choreo's. The newer forms belong into \
         connectionReferences.",
    ),
    (
        "template_misplaced",
        "valueFrom.template is Tieline's own and has an effect only in descriptors in the folder .tieline, so that a file \
         in .choreo or .wso2 means the same to every tool. Move the descriptor, or use connectionRef.",
    ),
    (
        "variable_has_two_sources",
        "A variable has more than one of value, connectionRef, configGroupRef, configForm and template. Tools differ in \
         which one wins. The rule is Tieline's; public tools accept the file. Keep one.",
    ),
    (
        "variable_name_invalid",
        "The name of a variable holds letters, digits and _, and does not begin with a digit. The rule is Choreo's.",
    ),
    ("variable_repeated", "Two entries set the same variable. The rule is Choreo's. Keep one of them."),
    (
        "variable_without_value",
        "A variable needs a value: value (not empty), valueFrom.connectionRef, valueFrom.configGroupRef or, from schema \
         version 1.2 on, valueFrom.configForm. The rule is Choreo's.",
    ),
    (
        "yaml_duplicate_key",
        "A key occurs twice in one mapping. YAML forbids it, because one of the values would be lost. Remove one.",
    ),
    (
        "yaml_several_documents",
        "The file holds several YAML documents, separated by ---. A descriptor is one document.",
    ),
    (
        "yaml_syntax",
        "The file is not YAML. The place is where the parser gave up; the cause is often the line before it: an indentation \
         by tabs, a missing blank behind a colon, an unclosed quote.",
    ),
    (
        "yaml_tag",
        "A value has a tag (!name) that is not known or does not fit it. Descriptors need no tags. Remove it.",
    ),
];

/// The page of a code.
#[must_use]
pub fn explanation(code: &str) -> Option<&'static str> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, page)| *page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_unique() {
        assert!(CODES.is_sorted_by(|(a, _), (b, _)| a < b));
    }

    #[test]
    fn every_code_in_the_readers_has_a_page() {
        let sources = [
            include_str!("configurations.rs"),
            include_str!("dependencies.rs"),
            include_str!("endpoints.rs"),
            include_str!("formats.rs"),
            include_str!("input.rs"),
            include_str!("migrate/mod.rs"),
            include_str!("migrate/rewrite.rs"),
            include_str!("mod.rs"),
            include_str!("reader.rs"),
            include_str!("tree.rs"),
        ];
        for (code, _) in CODES.iter().filter(|(code, _)| *code != super::super::EXTENSION) {
            let quoted = format!("\"{code}\"");
            assert!(sources.iter().any(|source| source.contains(&quoted)), "{code} is explained but never used");
        }
    }
}
