//! A component's folder on its way to the server: the descriptor, and the files that it names.

use std::path::{Path, PathBuf};

use tieline_core::code;
use tieline_core::definition::MAX_BYTES;
use tieline_core::wire::plan::Source;

use crate::descriptor_file::{self, DescriptorFile, DescriptorFileError};
use crate::failure::Failure;

/// Reads the descriptor of a component's folder, or a descriptor itself, with the API definitions that it names.
pub(crate) fn read(path: &Path) -> Result<Source, Failure> {
    with_definitions(&descriptor_file::read(path, None).map_err(|error| unread(&error))?)
}

/// As [`read`]; none when the folder holds no descriptor.
pub(crate) fn read_if_any(folder: &Path) -> Result<Option<Source>, Failure> {
    match descriptor_file::read(folder, None) {
        Ok(file) => with_definitions(&file).map(Some),
        Err(DescriptorFileError::NotFound(_)) => Ok(None),
        Err(error) => Err(unread(&error)),
    }
}

fn unread(error: &DescriptorFileError) -> Failure {
    match error {
        DescriptorFileError::NotFound(_) => Failure::no(
            code!("descriptor_not_found"),
            error.to_string(),
            "a descriptor lies in .tieline/, .wso2/ or .choreo/ below the component's folder, as component.yaml",
        ),
        DescriptorFileError::Unreadable(..) => {
            Failure::no(code!("descriptor_unreadable"), error.to_string(), "check the path and the rights of the file")
        }
    }
}

fn with_definitions(file: &DescriptorFile) -> Result<Source, Failure> {
    let text = String::from_utf8(file.content.clone()).map_err(|_| {
        let message = format!("{} is not UTF-8", file.path.display());
        Failure::no(code!("descriptor_unreadable"), message, "save it as UTF-8")
    })?;
    let mut definitions = std::collections::BTreeMap::new();
    let named = file.check(true).descriptor.into_iter().flat_map(|descriptor| descriptor.endpoints);
    for name in named.filter_map(|endpoint| endpoint.schema_file) {
        // A path that leaves the component's folder is a finding of the check, and is not followed.
        if Path::new(&name).components().any(|part| part == std::path::Component::ParentDir) {
            continue;
        }
        let path = file.component_folder.join(name.trim_start_matches('/'));
        // Nor is a link out of it: a source from somebody else would publish any file of this machine.
        let inside = |folder: PathBuf| path.canonicalize().is_ok_and(|target| target.starts_with(folder));
        if !file.component_folder.canonicalize().is_ok_and(inside) {
            continue;
        }
        if let Some(content) = definition(&path)? {
            definitions.insert(name, content);
        }
    }
    Ok(Source { file: shown(&file.path), text, definitions })
}

/// The folder and name of the descriptor, which decide its dialect; where the component lies is nobody's business.
fn shown(path: &Path) -> String {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let parts: Vec<_> = absolute.iter().rev().take(2).map(|part| part.to_string_lossy().into_owned()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

/// An API definition; none when there is no such file.
fn definition(path: &Path) -> Result<Option<String>, Failure> {
    let too_large = |size: u64| size > u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() && too_large(found.len()) => {
            let message = format!("{} is larger than the {MAX_BYTES} bytes of an API definition", path.display());
            Err(Failure::no(code!("definition_too_large"), message, "split it, or leave schemaFilePath out"))
        }
        Ok(found) if found.is_file() => {
            std::fs::read(path).map(|bytes| Some(String::from_utf8_lossy(&bytes).into_owned())).map_err(|error| {
                let message = format!("{} cannot be read: {error}", path.display());
                Failure::no(code!("descriptor_unreadable"), message, "check the rights of the file")
            })
        }
        _ => Ok(None),
    }
}
