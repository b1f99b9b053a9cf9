//! Old descriptors rewritten: the text, the comments, and what is said about the rest.
#![expect(clippy::expect_used, reason = "a test ends at the first surprise")]

use tieline_core::descriptor::{
    Checked, MigrateError, Migrated, Options, check, migrate,
    model::{Format, Place},
};

fn checked(text: &str, format: Option<Format>) -> Checked {
    check(text.as_bytes(), &Options { format, place: Place::None, schema_file_exists: &|_| true })
}

fn migrated(text: &str) -> Result<Migrated, MigrateError> {
    migrate(&checked(text, None), text.as_bytes())
}

#[track_caller]
fn assert_migrates(old: &str, new: &str, notes: &[&str]) {
    let migrated = migrated(old).expect("a new text");
    assert_eq!(migrated.text, new);
    let codes: Vec<String> = migrated.notes.iter().map(|note| format!("{} {}", note.code, note.path)).collect();
    assert_eq!(codes, notes);
    assert!(checked(&migrated.text, None).is_valid());
}

#[test]
fn endpoints_yaml_with_its_comments() {
    assert_migrates(
        "\
# Licence of the file
# in two lines

version: 0.1 # format

# What we offer
endpoints:
# the first
- name: User Store # for people
  # where it listens
  port: 8080
  type: REST
  networkVisibility: Public # everybody
  context: /api/v1
  schemaFilePath: 'docs/openapi.yaml'

# the second
- port: 9090
  name: raw
  type: TCP
  networkVisibility: Public
  owner: me # unknown here
# the end
",
        "\
# Licence of the file
# in two lines

schemaVersion: 1.2 # format

# What we offer
endpoints:
  # the first
  - name: user-store # for people
    displayName: User Store
    service:
      basePath: /api/v1
      # where it listens
      port: 8080
    type: REST
    networkVisibilities: # everybody
      - Public
    schemaFilePath: 'docs/openapi.yaml'

  # the second
  - name: raw
    service:
      port: 9090
    type: TCP
    networkVisibilities:
      - Project
# unknown here
# the end
",
        &[
            "migrate_name_changed endpoints[0].name",
            "migrate_visibility_narrowed endpoints[1].networkVisibility",
            "migrate_field_dropped endpoints[1].owner",
        ],
    );
}

#[test]
fn component_config_with_its_references() {
    assert_migrates(
        "\
# top
apiVersion: core.choreo.dev/v1beta1
kind: ComponentConfig # kind
spec:
  # inbound
  inbound:
    - {name: v1, port: '9090', type: GraphQL, context: /, networkVisibility: Organization}
    - {name: V1, port: 9091, type: GRPC}
  # outbound
  outbound:
    serviceReferences:
      # mail
      - name: thirdparty:Mail Gate/v1
        connectionConfig: 19d2648b-d29c-4452-afdd-1b9311e81412 # id
        env:
          - from: ServiceURL # key
            to: MAIL_URL
      - name: database:main
        connectionConfig: 00000000-0000-0000-0000-000000000000
        env: []
",
        "\
# top
schemaVersion: 1.2
# kind
# inbound
endpoints:
  - name: endpoint-v1
    displayName: v1
    service:
      basePath: /
      port: '9090'
    type: GraphQL
    networkVisibilities:
      - Organization
  - name: endpoint-v1-2
    displayName: V1
    service:
      port: 9091
    type: GRPC
    networkVisibilities:
      - Project
# outbound
dependencies:
  serviceReferences:
    # mail
    - name: thirdparty:Mail Gate/v1
      connectionConfig: 19d2648b-d29c-4452-afdd-1b9311e81412 # id
      env:
        - from: ServiceURL # key
          to: MAIL_URL
    - name: database:main
      connectionConfig: 00000000-0000-0000-0000-000000000000
      env: []
",
        &["migrate_name_changed spec.inbound[0].name", "migrate_name_changed spec.inbound[1].name"],
    );
}

#[test]
fn component_yaml_changes_one_value() {
    assert_migrates(
        "# a\nschemaVersion:   '1.0'   # b\ndependencies:\n  connectionReferences: [{name: abc, resourceRef: c/v1}]\n",
        "# a\nschemaVersion:   1.2   # b\ndependencies:\n  connectionReferences: [{name: abc, resourceRef: c/v1}]\n",
        &["migrate_now_effective dependencies.connectionReferences"],
    );
    assert_migrates(
        "schemaVersion: 1\r\nproxy: {type: REST}\r\n",
        "schemaVersion: 1.2\r\nproxy: {type: REST}\r\n",
        &[],
    );
}

#[test]
fn refusals() {
    assert_eq!(migrated("schemaVersion: 1.2\n"), Err(MigrateError::Current));
    assert_eq!(migrated("version: 1\n"), Err(MigrateError::Invalid));
    assert_eq!(migrated("a: 1\n"), Err(MigrateError::Invalid));
    let hidden = "schemaVersion: 1.0\nconfigurations: {env: [{name: 1x, value: a}]}\n";
    assert!(matches!(migrated(hidden), Err(MigrateError::ResultInvalid(problems)) if problems.len() == 1));
}

#[test]
fn odd_spellings_stay_valid() {
    for text in [
        "version: 1\nendpoints: []\n",
        "version: 1\r\nendpoints:\r\n- name: a b\r\n  port: 0x2382\r\n  type: WS\r\n  context: /\r\n",
        "version: &v 1\nendpoints: [&a {name: 'it''s: #1', port: 9_090, type: UDP}, *a, *a]\n",
        "version: 1\nendpoints:\n- name: >\n    folded\n    text\n  port: 9090\n  type: TCP\n",
        "version: 1\nendpoints:\n-\n  # inside\n  name: \"a\\tb\"\n  port: 9090\n  type: TCP\n",
        "version: 1\nendpoints:\n- name: 'äöü and very much more text than a display name can ever hold, really'\n  port: 9090\n  type: TCP\n",
        "apiVersion: core.choreo.dev/v1beta1\nkind: ComponentConfig\n",
        "apiVersion: core.choreo.dev/v1beta1\nkind: ComponentConfig\nspec: {outbound: {serviceReferences: []}}\n",
        "version: 1\nendpoints:\n- name: null and void\n  port: 9090\n  type: TCP\n- name: true\n  port: 9090\n  type: TCP\n",
    ] {
        let migrated = migrated(text).expect(text);
        let outcome = checked(&migrated.text, None);
        assert!(outcome.is_valid(), "{}\n{:?}", migrated.text, outcome.problems);
        let old = checked(text, None).descriptor.expect("a descriptor");
        let new = outcome.descriptor.expect("a descriptor");
        let facts = |descriptor: &tieline_core::descriptor::model::Descriptor| {
            descriptor
                .endpoints
                .iter()
                .map(|e| (e.port, e.kind, e.base_path.clone(), e.visibilities.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(facts(&old), facts(&new), "{text}");
    }
}

#[cfg(conformance)]
mod conformance {
    //! Every valid public file of an older version stays valid, and keeps its comments.
    use std::{fs, path::PathBuf};

    use super::{Format, MigrateError, checked, migrate};

    #[test]
    fn every_valid_old_file() {
        let folder = PathBuf::from(env!("TIELINE_CONFORMANCE_FOLDER"));
        let cases = fs::read_to_string(folder.join("cases.jsonl")).expect("cases");
        let lines = cases.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect(line));
        let mut texts: Vec<(String, Option<Format>)> = lines
            .map(|case| {
                (case["text"].as_str().expect("text").to_owned(), case["format"].as_str().and_then(Format::parse))
            })
            .collect();
        for group in fs::read_dir(folder.join("files")).expect("files") {
            for file in fs::read_dir(group.expect("a group").path()).expect("a group") {
                let path = file.expect("a file").path();
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
                if name.ends_with(".yaml") {
                    texts.push((fs::read_to_string(&path).expect("text"), Format::from_file_name(&name)));
                }
            }
        }
        let mut migrations = 0;
        for (text, format) in texts {
            let outcome = checked(&text, format);
            if !outcome.is_valid() {
                continue;
            }
            match migrate(&outcome, text.as_bytes()) {
                Ok(migrated) => {
                    migrations += 1;
                    let new = checked(&migrated.text, None);
                    assert!(new.is_valid(), "{}\n{:?}", migrated.text, new.problems);
                    for comment in text.lines().filter(|line| line.trim_start().starts_with('#')) {
                        assert!(migrated.text.contains(comment.trim()), "lost: {comment}\n{}", migrated.text);
                    }
                }
                Err(error) => assert_eq!(error, MigrateError::Current, "{text}"),
            }
        }
        assert!(migrations > 100, "{migrations}");
    }
}
