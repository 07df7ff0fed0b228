//! The table of fillers.

use std::collections::BTreeMap;
use std::fmt;

use super::Filler;
use crate::Shape;
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::proto::text::closest;

/// The constructor of a filler: checks its parameters against the shape of the blob.
pub type Build = fn(&FillerParameter, &Shape) -> Result<Box<dyn Filler>, Refusal>;

/// One entry of the table: a filler with its documentation and its constructor.
pub struct FillerType {
    /// The `type` of a `FillerParameter`.
    pub name: &'static str,
    /// The fields of `FillerParameter` that it reads, beside `type`.
    pub fields: &'static [&'static str],
    /// What it does, in a line.
    pub summary: &'static str,
    /// The distribution of its values as a formula.
    pub formula: &'static str,
    /// Builds the filler for a shape.
    pub build: Build,
}

impl fmt::Debug for FillerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FillerType").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Every filler of BVLC Caffe.
pub static FILLERS: &[FillerType] = &[
    super::bilinear::TYPE,
    super::constant::TYPE,
    super::gaussian::TYPE,
    super::msra::TYPE,
    super::positive_unitball::TYPE,
    super::uniform::TYPE,
    super::xavier::TYPE,
];

/// The fillers that a net may use: Caffe's, and those that a user of the library adds.
///
/// ```
/// use caffemodel::Shape;
/// use caffemodel::filler::Registry;
/// use caffemodel::proto::caffe::FillerParameter;
///
/// let param = FillerParameter { r#type: Some("Xavier".into()), ..Default::default() };
/// let refusal = Registry::default().build(&param, &Shape::new([64, 3, 11, 11])?).unwrap_err();
/// assert_eq!(refusal.message, "unknown filler \"Xavier\"");
/// assert!(refusal.help.unwrap().starts_with("did you mean \"xavier\"?"));
/// # Ok::<(), caffemodel::ShapeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Registry {
    types: BTreeMap<&'static str, &'static FillerType>,
}

impl Default for Registry {
    fn default() -> Registry {
        Registry { types: FILLERS.iter().map(|entry| (entry.name, entry)).collect() }
    }
}

impl Registry {
    /// The filler of this name; names are case-sensitive.
    pub fn get(&self, name: &str) -> Option<&'static FillerType> {
        self.types.get(name).copied()
    }

    /// Adds a filler, and returns the one of the same name that it replaces, if any.
    pub fn register(&mut self, entry: &'static FillerType) -> Option<&'static FillerType> {
        self.types.insert(entry.name, entry)
    }

    /// All fillers in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &'static FillerType> + '_ {
        self.types.values().copied()
    }

    /// The filler that `param` describes, for a blob of the given shape. Without a `type` it is the constant filler.
    ///
    /// # Errors
    /// There is no filler of that name, or it refuses the parameters or the shape. The refusal's field is relative to
    /// the filler: `std`, not `convolution_param.weight_filler.std`.
    pub fn build(&self, param: &FillerParameter, shape: &Shape) -> Result<Box<dyn Filler>, Refusal> {
        (self.find(param.r#type())?.build)(param, shape)
    }

    /// The filler of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, name: &str) -> Result<&'static FillerType, Refusal> {
        self.get(name).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> Refusal {
        let known: Vec<&str> = self.types.keys().copied().collect();
        let known = format!("the fillers are {}", known.join(", "));
        let help = match closest(name, self.types.keys().copied()) {
            Some(nearest) => format!("did you mean \"{nearest}\"? {known}"),
            None => known,
        };
        Refusal::at("type", format!("unknown filler {name:?}")).help(help)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::filler::stub::{Stub, values};

    fn of_type(name: &str) -> FillerParameter {
        FillerParameter { r#type: Some(name.into()), ..Default::default() }
    }

    fn help(name: &str) -> String {
        let refusal = Registry::default().build(&of_type(name), &Shape::scalar()).unwrap_err();
        assert_eq!((refusal.field, refusal.message), ("type", format!("unknown filler {name:?}")));
        refusal.help.unwrap()
    }

    #[test]
    fn every_entry_is_unique_and_documented() {
        let message = crate::proto::descriptor("FillerParameter");
        let mut names = HashSet::new();
        for entry in FILLERS {
            assert!(names.insert(entry.name), "{} is registered twice", entry.name);
            assert!(!entry.summary.is_empty(), "{} has no summary", entry.name);
            assert!(!entry.formula.is_empty(), "{} has no formula", entry.name);
            for field in entry.fields {
                assert!(message.get_field_by_name(field).is_some(), "{}: no field {field}", entry.name);
            }
        }
    }

    #[test]
    fn every_entry_builds_the_filler_it_names() {
        let shape = Shape::new([1, 1, 1, 1]).unwrap();
        for entry in FILLERS {
            let filler = Registry::default().build(&of_type(entry.name), &shape).unwrap();
            let name = format!("{filler:?}").replace(' ', "").to_lowercase();
            assert!(name.starts_with(&entry.name.replace('_', "")), "{} builds {name}", entry.name);
            assert_eq!(values(&*filler, &mut Stub::new(0)).len(), 1);
        }
    }

    #[test]
    fn an_empty_blob_is_refused_by_all() {
        for entry in FILLERS {
            for shape in [Shape::new([0, 1, 3, 3]).unwrap(), Shape::new([2, 1, 0, 0]).unwrap()] {
                let refusal = Registry::default().build(&of_type(entry.name), &shape).unwrap_err();
                let message =
                    format!("the {} filler needs at least one element, a blob of shape {shape} has none", entry.name);
                assert_eq!((refusal.field, refusal.message), ("", message));
            }
        }
    }

    #[test]
    fn sparse_is_refused_by_all_but_gaussian() {
        let shape = Shape::new([3, 1, 2, 2]).unwrap();
        for entry in FILLERS.iter().filter(|entry| entry.name != "gaussian") {
            for sparse in [0, 1, -2] {
                let param = FillerParameter { sparse: Some(sparse), ..of_type(entry.name) };
                let refusal = Registry::default().build(&param, &shape).unwrap_err();
                let message = format!("the {} filler does not support sparse ({sparse} given)", entry.name);
                assert_eq!((refusal.field, refusal.message), ("sparse", message));
                assert_eq!(refusal.help.as_deref(), Some("remove sparse, or use the gaussian filler"));
            }
            let unset = FillerParameter { sparse: Some(-1), ..of_type(entry.name) };
            assert!(Registry::default().build(&unset, &shape).is_ok());
        }
    }

    #[test]
    fn a_filler_without_type_is_constant() {
        let filler = Registry::default().build(&FillerParameter::default(), &Shape::scalar()).unwrap();
        assert_eq!(values(&*filler, &mut Stub::new(0)), [0.0]);
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest() {
        let known = "the fillers are bilinear, constant, gaussian, msra, positive_unitball, uniform, xavier";
        assert_eq!(help("he_normal"), known);
        assert_eq!(help(""), known);
        assert_eq!(help("Xavier"), format!("did you mean \"xavier\"? {known}"));
        assert_eq!(help("xavier "), format!("did you mean \"xavier\"? {known}"));
        assert_eq!(help("MSRA"), format!("did you mean \"msra\"? {known}"));
        assert_eq!(help("gaussians"), format!("did you mean \"gaussian\"? {known}"));
    }

    #[test]
    fn a_filler_can_be_added_and_replaced() {
        static ONES: FillerType = FillerType {
            name: "ones",
            fields: &[],
            summary: "Sets every value to one",
            formula: "x = 1",
            build: |_, shape| {
                let one = FillerParameter { value: Some(1.0), ..Default::default() };
                Ok(Box::new(crate::filler::Constant::new(&one, shape)?))
            },
        };
        let mut registry = Registry::default();
        assert!(registry.register(&ONES).is_none());
        assert!(registry.register(&ONES).is_some());
        assert_eq!(registry.iter().count(), FILLERS.len() + 1);
        let filler = registry.build(&of_type("ones"), &Shape::new([2]).unwrap()).unwrap();
        assert_eq!(values(&*filler, &mut Stub::new(0)), [1.0, 1.0]);
    }
}
