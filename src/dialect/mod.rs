//! Dialects: the Caffes that nets are written for.
//!
//! A dialect is a [schema](crate::proto::Schema), a few named [traits](Traits) of the machinery that all layers share,
//! and the layer types and fillers whose entries say that they are known there ([`Known`]). Rules ask for a trait,
//! never for the name of a dialect. Most of what looks like a fork's quirk is that of the BVLC release that it grew
//! from.

mod document;
mod table;
mod traits;
mod vocabulary;

use std::fmt;

use crate::proto::Schema;
use crate::proto::schema::{FieldType, MessageType};

pub use document::{DialectDocument, MessageFields};
pub(crate) use document::{difference, known_names};
pub use table::DIALECTS;
pub use traits::{
    BatchNormBlobs, BatchNormParams, BilinearCentre, CropSeeds, Fans, GaussianCheck, ImageLists, InfogainInput,
    LayerFormat, NetInputs, PictureResize, PoolingAxes, Traits, TransformSeeds,
};
pub use vocabulary::Vocabulary;

/// A Caffe that nets are written for: BVLC's of today, one of its releases, or a fork.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Dialect {
    /// Its name, as `--dialect` takes it; that of its schema too.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Where it comes from: the repository, the branch and the revision.
    pub source: &'static str,
    /// What it does otherwise than BVLC's Caffe of today in the machinery that all layers share.
    pub traits: Traits,
    /// The schema that the user has brought in the place of its own.
    own: Option<&'static Schema>,
}

impl Dialect {
    /// BVLC's Caffe of today, the master branch of 2020.
    pub fn bvlc() -> &'static Dialect {
        &DIALECTS[0]
    }

    /// The dialect of this name.
    ///
    /// ```
    /// use caffemodel::dialect::Dialect;
    /// assert!(Dialect::get("ssd").unwrap().traits.reader_draws);
    /// assert!(Dialect::get("torch").is_none());
    /// ```
    pub fn get(name: &str) -> Option<&'static Dialect> {
        DIALECTS.iter().find(|dialect| dialect.name == name)
    }

    /// The same dialect with a schema of the caller's: for a fork that is not known here and grew from this one.
    ///
    /// ```
    /// use caffemodel::dialect::Dialect;
    /// use caffemodel::proto::Schema;
    /// use caffemodel::{Definition, ReadOptions};
    /// let bvlc = std::fs::read_to_string("proto/caffe.proto")?;
    /// let start = "message LayerParameter {";
    /// let fork = bvlc.replace(start, &format!("{start} optional float glow = 7000;"));
    /// let mine = Dialect::bvlc().with_schema(Schema::from_proto("my.proto", fork)?);
    /// let text = "layer { name: 'a' type: 'Glow' glow: 0.5 }";
    /// let net = Definition::from_bytes_with("net.prototxt", text, &ReadOptions::of(Some(mine)))?;
    /// assert_eq!(net.layers[0].param.name(), "a");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The dialect stays in memory as long as the program runs.
    pub fn with_schema(&self, schema: &'static Schema) -> &'static Dialect {
        Box::leak(Box::new(self.of_schema(schema)))
    }

    /// All dialects with a schema of the caller's: for a file of a fork that is not known here, whose layer types tell
    /// which of these it grew from.
    ///
    /// They stay in memory as long as the program runs.
    pub fn all_with_schema(schema: &'static Schema) -> &'static [Dialect] {
        let own: Vec<Dialect> = DIALECTS.iter().map(|dialect| dialect.of_schema(schema)).collect();
        own.leak()
    }

    /// It has layers of the V1 format alone only where the schema has no others.
    fn of_schema(&self, schema: &'static Schema) -> Dialect {
        let mut dialect = Dialect { own: Some(schema), ..*self };
        let net = schema.message("NetParameter");
        if net.is_some_and(|net| net.field_named("layer").is_some()) {
            dialect.traits.layer_format = LayerFormat::Current;
        }
        dialect
    }

    /// Whether its schema is one that the user has brought.
    pub fn has_own_schema(&self) -> bool {
        self.own.is_some()
    }

    /// Its schema.
    pub fn schema(&self) -> &'static Schema {
        if let Some(own) = self.own {
            return own;
        }
        Schema::all().iter().find(|schema| schema.name() == self.name).unwrap_or(Schema::caffe())
    }

    /// The field of a net that its layers are saved in: `layer`, or `layers` where they are in the V1 format.
    pub fn saved_layers(&self) -> FieldType {
        let field = if self.traits.has_v1_layers() { "layers" } else { "layer" };
        let net = self.schema().message("NetParameter");
        net.and_then(|net| net.field_named(field)).expect("every schema has nets with layers")
    }

    /// The message that its layers are saved as.
    pub fn saved_layer_message(&self) -> MessageType {
        self.saved_layers().kind().message().expect("layers are messages")
    }

    /// The message of blobs in its schema.
    pub fn blob_message(&self) -> MessageType {
        self.schema().message("BlobProto").expect("every schema has blobs")
    }

    /// The dialect that its nets are written in once they are in the current format: itself, unless it knows the V1
    /// format alone.
    pub fn current(&'static self) -> &'static Dialect {
        match self.traits.layer_format {
            LayerFormat::V1 { current } if current != self.name => Dialect::get(current).unwrap_or(self),
            _ => self,
        }
    }

    /// The message of layers in its schema, in the current format.
    pub fn layer_message(&self) -> MessageType {
        self.schema().message("LayerParameter").expect("every schema has layers")
    }

    /// Whether it is BVLC's Caffe of today.
    pub fn is_bvlc(&self) -> bool {
        self == Dialect::bvlc()
    }
}

impl PartialEq for Dialect {
    fn eq(&self, other: &Dialect) -> bool {
        let same_schema = match (self.own, other.own) {
            (Some(own), Some(others)) => std::ptr::eq(own, others),
            (own, others) => own.is_none() && others.is_none(),
        };
        self.name == other.name && same_schema
    }
}

impl Eq for Dialect {}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Dialect").field(&self.name).finish()
    }
}

/// The dialects that know a layer type or a filler.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub enum Known {
    /// All of them.
    #[default]
    Everywhere,
    /// Those of these names.
    In(&'static [&'static str]),
    /// All but those of these names.
    Except(&'static [&'static str]),
    /// Those with such traits.
    Where(fn(&Traits) -> bool),
    /// Those whose schema has this field of `LayerParameter`, which came with the layer type.
    WithField(&'static str),
    /// Those of these, but for some.
    WithFieldBut {
        /// The field of `LayerParameter`.
        field: &'static str,
        /// The dialects where the name means something else.
        not: &'static [&'static str],
    },
    /// All of them: some have it, to the others people add it.
    Added {
        /// The tree that people take it from.
        from: &'static str,
        /// The dialects that have it.
        own: &'static [&'static str],
    },
}

impl Known {
    /// Whether the dialect is one of them.
    pub fn includes(&self, dialect: &Dialect) -> bool {
        match self {
            Known::Everywhere => true,
            Known::In(names) => names.contains(&dialect.name),
            Known::Except(names) => !names.contains(&dialect.name),
            Known::Where(has) => has(&dialect.traits),
            Known::WithFieldBut { field, not } => {
                !not.contains(&dialect.name) && Known::WithField(field).includes(dialect)
            }
            Known::WithField(field) => dialect.layer_message().field_named(field).is_some(),
            Known::Added { .. } => true,
        }
    }

    /// The tree that people take it from to add it to this dialect, where the dialect itself does not have it.
    pub fn added_from(&self, dialect: &Dialect) -> Option<&'static str> {
        match self {
            Known::Added { from, own } => (!own.contains(&dialect.name)).then_some(*from),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_dialect_has_a_schema_and_every_schema_a_dialect() {
        let names: HashSet<&str> = DIALECTS.iter().map(|dialect| dialect.name).collect();
        assert_eq!(names.len(), DIALECTS.len(), "a name is there twice");
        let schemas: HashSet<&str> = Schema::all().iter().map(Schema::name).collect();
        assert_eq!(names, schemas);
    }

    #[test]
    fn nets_of_the_v1_format_have_a_dialect_in_the_current_one() {
        for dialect in DIALECTS.iter().filter(|dialect| dialect.traits.has_v1_layers()) {
            let LayerFormat::V1 { current } = dialect.traits.layer_format else { unreachable!("it is V1") };
            assert_eq!(dialect.current().name, current);
            let net = dialect.current().schema().message("NetParameter").unwrap();
            assert!(net.field_named("layer").is_some(), "{current}");
        }
        assert_eq!(Dialect::bvlc().current(), Dialect::bvlc());
    }

    #[test]
    fn every_dialect_is_documented() {
        for Dialect { name, about, source, .. } in DIALECTS {
            assert!(about.starts_with(|c: char| c.is_ascii_uppercase()) && !about.ends_with('.'), "{name}");
            assert!(source.contains('/'), "{name}");
        }
    }
}
