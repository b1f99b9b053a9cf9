//! Whether a connection's variables meet those of another, and what may be said of the other.

use tieline_core::access::{Permission, Verdict};
use tieline_core::code;
use tieline_core::collision::{Named, collisions};
use tieline_core::model::Parameter;
use tieline_store::connection::Connection;
use tieline_store::service::Service;

use crate::service::parameters::connection_parameters;
use crate::work::Work;
use crate::{Error, Result};

impl Work<'_> {
    /// Refuses a connection whose variables meet those of another that one component could see as well.
    pub(crate) async fn refuse_collisions(&mut self, connection: &Connection, service: &Service) -> Result<()> {
        let place = (connection.project_id, connection.component_id);
        let met =
            self.transaction.connections_meeting(self.organization.id, place.0, place.1, &connection.name).await?;
        let others: Vec<_> = met.into_iter().filter(|other| other.id != connection.id).collect();
        let mut parameters = Vec::with_capacity(others.len());
        for other in &others {
            let found = self.transaction.service_by_id(other.service_id).await?;
            let service =
                found.ok_or_else(|| Error::Inconsistent(format!("connection {} has no service", other.id)))?;
            parameters.push(connection_parameters(&service, other.access_mode, other.scheme));
        }
        let own = connection_parameters(service, connection.access_mode, connection.scheme);
        let known: Vec<_> =
            others.iter().zip(&parameters).map(|(other, parameters)| named(&other.name, parameters)).collect();
        let found = collisions(&self.organization.variable_prefix, &named(&connection.name, &own), &known);
        let Some(collision) = found.first() else { return Ok(()) };
        let other = &others[collision.with];
        Err(self.taken(connection, other, &collision.variable))
    }

    /// Refuses parameters of a service with which a connection to it would meet another connection: what a registration
    /// that adds parameters asks before it is recorded.
    pub(crate) async fn collisions_with_parameters(
        &mut self,
        service: &Service,
        parameters: &[Parameter],
    ) -> Result<()> {
        let changed = Service { parameters: parameters.to_vec(), ..service.clone() };
        for connection in self.transaction.connections_of_service(service.id).await? {
            self.refuse_collisions(&connection, &changed).await?;
        }
        Ok(())
    }

    /// Who may not see the other connection learns only that the name is taken.
    fn taken(&self, connection: &Connection, other: &Connection, variable: &str) -> Error {
        const HINT: &str = "choose another name; `-`, `_`, `.` and blanks are the same in variables, and so are small \
                            and capital letters";
        let message = if self.verdict(Permission::View, other.project_id) == Verdict::Allowed {
            format!(
                "{variable} of {:?} would also be a variable of the {}-level connection {:?} ({})",
                connection.name, other.level, other.name, other.id
            )
        } else {
            format!("the name {:?} is taken here", connection.name)
        };
        Error::conflict(code!("connection_name_taken"), message, HINT)
    }
}

fn named<'a>(name: &'a str, parameters: &'a [Parameter]) -> Named<'a> {
    Named { name, keys: parameters.iter().map(|parameter| parameter.key.as_str()).collect() }
}
