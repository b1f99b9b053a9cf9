//! From the form to the request. A secret goes straight from the field into its type; a secret that was not entered stays as
//! it is.

use std::collections::BTreeMap;

use tieline_core::kind::SERVICE_URL;
use tieline_core::secret::Secret;
use tieline_core::wire::service::{
    CredentialRegister, EndpointRegister, ParameterRegister, ResourceRegister, ServiceDetail, ThirdPartyRegister,
};

use super::super::form::Fields;
use super::form::Registration;
use super::rows::EntryRow;

/// The registration of a third-party service for a project, or for the organization; `registered` is what it is now.
pub(super) fn third_party(
    form: &Registration,
    fields: &Fields,
    project: Option<String>,
    registered: Option<&ServiceDetail>,
) -> ThirdPartyRegister {
    let known = |name: &str| {
        let mut parameters = registered.into_iter().flat_map(|detail| &detail.parameters);
        parameters.find(|parameter| parameter.key == name).map(|parameter| parameter.value_type.clone())
    };
    let parameters = form.parameters.iter().map(|row| ParameterRegister {
        name: row.name.text.clone(),
        value_type: known(&row.name.text),
        description: row.description.text.clone(),
        secret: row.secret,
        optional: row.optional,
    });
    let definition = if !form.definition.text.is_empty() {
        Some(form.definition.text.clone())
    } else if form.definition.removed {
        None
    } else {
        registered.and_then(|detail| detail.definition.clone())
    };
    let endpoints = form.entries.iter().map(|row| {
        let mut values = values(row, fields);
        let url = values.remove(SERVICE_URL).flatten();
        EndpointRegister {
            name: row.name.text.clone(),
            url: url.map(|url| url.expose().to_owned()).unwrap_or_default(),
            environments: row.environments.clone(),
            values,
        }
    });
    ThirdPartyRegister {
        name: form.name.text.clone(),
        version: form.version.text.clone(),
        project,
        summary: form.summary.text.clone(),
        overview: form.overview.text.clone(),
        document: form.document.text.clone(),
        labels: words(&form.labels.text),
        categories: words(&form.categories.text),
        definition,
        parameters: parameters.collect(),
        endpoints: endpoints.collect(),
    }
}

/// The registration of a resource.
pub(super) fn resource(form: &Registration, fields: &Fields) -> ResourceRegister {
    let credentials = form.entries.iter().map(|row| CredentialRegister {
        name: row.name.text.clone(),
        environments: row.environments.clone(),
        values: values(row, fields),
    });
    ResourceRegister {
        name: form.name.text.clone(),
        kind: form.kind.map(|kind| kind.name.to_owned()).unwrap_or_default(),
        summary: form.summary.text.clone(),
        overview: form.overview.text.clone(),
        document: form.document.text.clone(),
        labels: words(&form.labels.text),
        categories: words(&form.categories.text),
        credentials: credentials.collect(),
    }
}

fn values(row: &EntryRow, fields: &Fields) -> BTreeMap<String, Option<Secret>> {
    let value = |value: &super::rows::ValueRow| {
        if !value.secret {
            return Some(Secret::new(&value.entered.text));
        }
        let entered = fields.exact(&value.field);
        // Nothing takes away what there is; a field that was left alone does not.
        (value.removed || !entered.is_empty()).then(|| Secret::new(entered))
    };
    row.values.iter().map(|row| (row.key.clone(), value(row))).collect()
}

/// Words that are separated by commas.
fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
