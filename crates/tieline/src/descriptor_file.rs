//! Finding and reading the descriptor of a component: the folders and files that may hold it, and no more bytes of it
//! than a descriptor may have.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use tieline_core::descriptor::{
    Checked, MAX_BYTES, Options, check,
    model::{Format, Place},
};

/// A descriptor as read from disk.
#[derive(Debug)]
pub(crate) struct DescriptorFile {
    /// Where it lies.
    pub path: PathBuf,
    /// What its name or the caller says about it.
    pub format: Option<Format>,
    /// The folder it lies in.
    pub place: Place,
    /// The folder that paths in it are relative to.
    pub component_folder: PathBuf,
    /// Its bytes; one more than allowed when it is too long.
    pub content: Vec<u8>,
}

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DescriptorFileError {
    /// A folder without a descriptor.
    #[error("there is no descriptor in {}", .0.display())]
    NotFound(PathBuf),
    /// The system refuses.
    #[error("{} cannot be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
}

/// Reads the descriptor at a path, which is a file or a component's folder. In a folder `.tieline` wins over `.wso2`
/// over `.choreo`, and there component.yaml over component-config.yaml over endpoints.yaml. A format, where given, says
/// what a file is and restricts the search in a folder.
pub(crate) fn read(path: &Path, format: Option<Format>) -> Result<DescriptorFile, DescriptorFileError> {
    let path = if path.is_dir() { find(path, format)? } else { path.to_owned() };
    let unreadable = |error| DescriptorFileError::Unreadable(path.clone(), error);
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut content = Vec::new();
    File::open(&path).and_then(|file| file.take(limit).read_to_end(&mut content)).map_err(unreadable)?;
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned).unwrap_or_default();
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    // A path such as `component.yaml`, given inside of `.choreo`, does not show the folder's name.
    let place = Place::from_folder_name(&name(&folder.canonicalize().unwrap_or_else(|_| folder.clone())));
    let component_folder = if place == Place::None { folder } else { folder.join("..") };
    let format = format.or_else(|| Format::from_file_name(&name(&path)));
    Ok(DescriptorFile { path, format, place, component_folder, content })
}

impl DescriptorFile {
    /// Checks the descriptor; with `assume_schema_files` every API definition is taken to exist.
    pub(crate) fn check(&self, assume_schema_files: bool) -> Checked {
        let exists =
            |path: &str| assume_schema_files || self.component_folder.join(path.trim_start_matches('/')).exists();
        check(&self.content, &Options { format: self.format, place: self.place, schema_file_exists: &exists })
    }
}

fn find(folder: &Path, format: Option<Format>) -> Result<PathBuf, DescriptorFileError> {
    let itself = folder.file_name().and_then(|name| name.to_str()).map_or(Place::None, Place::from_folder_name);
    let folders: Vec<PathBuf> = match itself {
        Place::None => Place::FOLDERS.iter().map(|(_, name)| folder.join(name)).collect(),
        _ => vec![folder.to_owned()],
    };
    let formats = || Format::ALL.into_iter().filter(|candidate| format.is_none_or(|format| format == *candidate));
    folders
        .iter()
        .flat_map(|folder| formats().map(|format| folder.join(format.file_name())))
        .find(|path| path.is_file())
        .ok_or_else(|| DescriptorFileError::NotFound(folder.to_owned()))
}
