//! Protocol buffers: the methods of services.

use std::collections::HashMap;

use super::{Definition, DefinitionKind, Operation, first_line};

/// Field numbers in `google/protobuf/descriptor.proto`, of which paths to comments are made.
const SERVICE: i32 = 6;
const METHOD: i32 = 2;

/// Reads one source file; its imports are not followed.
pub(super) fn read(text: &str, file_name: Option<&str>) -> Definition {
    let mut definition = Definition::of(DefinitionKind::Protobuf);
    definition.add_search_text(text);
    let file = match protox_parse::parse(file_name.unwrap_or("definition.proto"), text) {
        Ok(file) => file,
        Err(e) => {
            definition.problem = Some(format!("it cannot be parsed: {}", first_line(&e.to_string())));
            return definition;
        }
    };
    let comments: HashMap<&[i32], &str> = (file.source_code_info.iter().flat_map(|info| &info.location))
        .map(|location| (location.path.as_slice(), location.leading_comments()))
        .collect();
    let comment = |path: &[i32]| comments.get(path).copied().unwrap_or_default().trim();
    let indexed = |index: usize| i32::try_from(index).unwrap_or(i32::MAX);
    for (at, service) in file.service.iter().enumerate() {
        let service_path = [SERVICE, indexed(at)];
        if at == 0 {
            definition.description = comment(&service_path).to_owned();
        }
        for (index, method) in service.method.iter().enumerate() {
            let package = file.package.as_deref().map(|package| format!("{package}.")).unwrap_or_default();
            definition.operations.push(Operation {
                verb: "rpc".to_owned(),
                path: format!("{package}{}/{}", service.name(), method.name()),
                summary: first_line(comment(&[SERVICE, indexed(at), METHOD, indexed(index)])),
                scopes: Vec::new(),
            });
        }
    }
    definition.title = file.package().to_owned();
    definition
}
