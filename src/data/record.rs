//! A record of a database, and the message that it is.

use std::path::Path;

use prost::Message;

use super::{SourceError, SourcePlace};
use crate::proto::Schema;
use crate::proto::gate::{folded, joined};

/// A record of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatabaseRecord {
    /// Its key.
    pub(crate) key: Vec<u8>,
    /// Its value.
    pub(crate) value: Vec<u8>,
}

impl DatabaseRecord {
    /// The message of this name that the record of the database at `database` is; its fields have the numbers of a
    /// schema.
    ///
    /// # Errors
    /// It is no such message, or the schema has none.
    pub(crate) fn decode<M: Message + Default>(
        &self,
        database: &Path,
        schema: &'static Schema,
        name: &str,
    ) -> Result<M, SourceError> {
        let fault = |why: &dyn std::fmt::Display| {
            let article = if name.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
            let message = format!("the record is not {article} {name}: {why}");
            SourceError::at(database, SourcePlace::Record(self.key.clone()), message)
        };
        let message = schema.message(name).ok_or_else(|| fault(&"the dialect has none"))?;
        let union = joined(&self.value, message).map_err(|error| fault(&error))?;
        M::decode(&*folded(&union, message)).map_err(|error| fault(&error))
    }
}
