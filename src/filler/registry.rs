//! The table of fillers.

use std::borrow::Cow;

use prost::Message;

use super::{Filler, FillerType};
use crate::Shape;
use crate::dialect::Dialect;
use crate::error::Refusal;
use crate::proto::caffe::FillerParameter;
use crate::proto::fields::Fields;
use crate::proto::text::closest;
use crate::proto::{FIRST_EXTENSION, FieldType, descriptor};
use crate::setting::{Advice, Setting};

/// Every filler of Caffe and its forks, and the extensions.
pub static FILLERS: &[FillerType] = &[
    super::bilinear::TYPE,
    super::bilinear::BY_FACTOR,
    super::bilinear::ROUNDED_DOWN,
    super::bilinear::STATIC,
    super::bilinear::STATIC_OF_DIGITS,
    super::bilinear::UPSAMPLING,
    super::bilinear_diagonal::TYPE,
    super::constant::TYPE,
    super::diagonal::TYPE,
    super::dirac::DIRAC,
    super::dirac::IDENTITY,
    super::expectation::DATA,
    super::expectation::TYPE,
    super::from_file::TYPE,
    super::gabor::TYPE,
    super::gaussian::TYPE,
    super::gaussian::LEGACY,
    super::gaussian::MEAN_CHECKED,
    super::gaussian::STATIC,
    super::gaussian::STATIC_OF_DIGITS,
    super::gaussian_unitball::TYPE,
    super::identity::OF_C3D,
    super::identity::SQUARE,
    super::interpolation::LANCZOS2,
    super::interpolation::LANCZOS3,
    super::interpolation::LANCZOS4,
    super::interpolation::MULTICUBIC,
    super::interpolation::MULTILINEAR,
    super::msra::TYPE,
    super::msra::FOUR_AXES,
    super::msra::LEAKY,
    super::msra::SCALED,
    super::msra::STATIC,
    super::msra::TWO_AXES,
    super::numbers_of_file::TYPE,
    super::orthogonal::TYPE,
    super::positive_unitball::TYPE,
    super::positive_unitball::FOUR_AXES,
    super::positive_unitball::STATIC,
    super::truncated_normal::TYPE,
    super::uniform::TYPE,
    super::uniform::STATIC,
    super::variance_scaling::KAIMING_NORMAL,
    super::variance_scaling::KAIMING_UNIFORM,
    super::variance_scaling::LECUN_NORMAL,
    super::variance_scaling::LECUN_UNIFORM,
    super::variance_scaling::VARIANCE_SCALING,
    super::xavier::TYPE,
    super::xavier::COUNTED_IN_HALF,
    super::xavier::FOUR_AXES,
    super::xavier::STATIC,
    super::xavier::STATIC_COUNTED_IN_HALF,
    super::xavier::TWO_AXES,
];

/// The fillers that there are: Caffe's, the extensions, and those that a user of the library adds.
///
/// A net may use the extensions on request only; a [rule](crate::rules) always may.
///
/// ```
/// use caffemodel::Shape;
/// use caffemodel::filler::FillerRegistry;
/// use caffemodel::proto::caffe::FillerParameter;
///
/// let param = FillerParameter { r#type: Some("Xavier".into()), ..Default::default() };
/// let refusal = FillerRegistry::default().build(&param, &Shape::new([64, 3, 11, 11])?).unwrap_err();
/// assert_eq!(refusal.message, "unknown filler \"Xavier\"");
/// assert!(refusal.help.unwrap().to_string().starts_with("did you mean \"xavier\"?"));
/// # Ok::<(), caffemodel::ShapeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct FillerRegistry {
    dialect: &'static Dialect,
    /// Those that the caller has added, for all dialects; no two have the same name.
    added: Vec<Cow<'static, FillerType>>,
    extensions: bool,
}

impl Default for FillerRegistry {
    fn default() -> FillerRegistry {
        FillerRegistry { dialect: Dialect::bvlc(), added: Vec::new(), extensions: false }
    }
}

impl FillerRegistry {
    /// The fillers that this dialect knows, with those that were added.
    #[must_use]
    pub fn of(&self, dialect: &'static Dialect) -> Cow<'_, FillerRegistry> {
        if self.dialect == dialect {
            return Cow::Borrowed(self);
        }
        Cow::Owned(FillerRegistry { dialect, ..self.clone() })
    }

    /// Lets nets use the extensions too.
    #[must_use]
    pub fn with_extensions(mut self) -> FillerRegistry {
        self.extensions = true;
        self
    }

    /// The filler of this name; names are case-sensitive.
    pub fn get(&self, name: &str) -> Option<&FillerType> {
        let added = self.added.iter().map(Cow::as_ref).find(|entry| entry.name == name);
        let is_known = |entry: &&FillerType| entry.name == name && entry.known.includes(self.dialect);
        added.or_else(|| FILLERS.iter().find(is_known))
    }

    /// What stands in for a filler of this name that a net describes, where its Caffe has none and does not mind.
    pub(crate) fn stand_in(&self, name: &str) -> Option<&FillerType> {
        let is_known = self.get(name).is_some_and(|entry| !entry.extension || self.extensions);
        let is_constant = !is_known && self.dialect.traits.unknown_fillers_are_constant;
        is_constant.then(|| self.get("constant"))?
    }

    /// Adds a filler, as a value or as a static; it replaces the one of the same name, if there is one.
    pub fn register(&mut self, entry: impl Into<Cow<'static, FillerType>>) {
        let entry = entry.into();
        self.added.retain(|other| other.name != entry.name);
        self.added.push(entry);
    }

    /// All fillers in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &FillerType> {
        let is_replaced = |entry: &FillerType| self.added.iter().any(|added| added.name == entry.name);
        let known = FILLERS.iter().filter(|entry| entry.known.includes(self.dialect));
        let mut all: Vec<&FillerType> = known.filter(|entry| !is_replaced(entry)).collect();
        all.extend(self.added.iter().map(Cow::as_ref));
        all.sort_unstable_by_key(|entry| entry.name);
        all.into_iter()
    }

    /// The filler that a net describes by `param`, for a blob of the given shape. Without a `type` it is the constant
    /// filler.
    ///
    /// # Errors
    /// There is no filler of that name, it or one of the fields is an extension that nets may not use, or it refuses
    /// the parameters or the shape. The refusal's field is relative to the filler: `std`, not
    /// `convolution_param.weight_filler.std`.
    pub fn build(&self, param: &FillerParameter, shape: &Shape) -> Result<Box<dyn Filler>, Refusal> {
        self.of_net(param)?.build(param, shape)
    }

    /// The same for a filler that the caller chooses: extensions are allowed.
    ///
    /// # Errors
    /// There is no filler of that name, or it refuses the parameters or the shape.
    pub fn build_chosen(&self, param: &FillerParameter, shape: &Shape) -> Result<Box<dyn Filler>, Refusal> {
        self.find(param.r#type())?.build(param, shape)
    }

    /// The entry of the filler that a net describes by `param`.
    ///
    /// # Errors
    /// There is no filler of that name, or it or one of the fields is an extension that nets may not use.
    pub fn of_net(&self, param: &FillerParameter) -> Result<&FillerType, Refusal> {
        if let Some(constant) = self.stand_in(param.r#type()) {
            return Ok(constant);
        }
        if self.extensions {
            return self.find(param.r#type());
        }
        let extension = |field, message: String| {
            Err(Refusal::at(field, message + " is an extension that Caffe does not know").help(Advice::naming(
                "",
                Setting::Extensions,
                " allows it",
            )))
        };
        match self.get(param.r#type()) {
            Some(entry) if entry.extension => extension("type", format!("the filler {:?}", entry.name)),
            Some(entry) => match self.extension_field(param) {
                Some(field) => extension(field, format!("the filler's field {field:?}")),
                None => Ok(entry),
            },
            None => Err(unknown(param.r#type(), self.iter().filter(|entry| !entry.extension))),
        }
    }

    /// The filler of this name, extension or not.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, name: &str) -> Result<&FillerType, Refusal> {
        self.get(name).ok_or_else(|| unknown(name, self.iter()))
    }

    /// The fields of `param`, beside its type, that its filler does not read: those whose value is not the default, as
    /// others change nothing. None where there is no such filler.
    pub fn unread(&self, param: &FillerParameter) -> Vec<&'static str> {
        let Some(entry) = self.get(param.r#type()) else { return Vec::new() };
        let given = super::text::fields(param);
        let is_unread = |(field, value): &(FieldType, String)| {
            let default = field.declared_default().unwrap_or("0");
            field.name() != "type" && !entry.fields.contains(&field.name()) && !same_value(value, default)
        };
        given.into_iter().filter(is_unread).map(|(field, _)| field.name()).collect()
    }

    /// A field that is given and that Caffe does not know.
    fn extension_field(&self, param: &FillerParameter) -> Option<&'static str> {
        let bytes = param.encode_to_vec();
        let numbers = Fields::new(&bytes, 0, "FillerParameter").map_while(Result::ok).map(|field| field.number);
        let numbers: Vec<u32> = numbers.filter(|&number| number >= FIRST_EXTENSION).collect();
        if numbers.is_empty() {
            return None;
        }
        let message = self.dialect.schema().message("FillerParameter").unwrap_or(descriptor("FillerParameter"));
        let is_extension = |field: FieldType| field.saved_number() >= FIRST_EXTENSION;
        let is_given = |field: FieldType| numbers.contains(&field.number()) && is_extension(field);
        let given = |name: &str| message.field_named(name).is_some_and(is_given);
        self.iter().flat_map(|entry| entry.fields).copied().find(|name| given(name))
    }
}

impl From<FillerType> for Cow<'static, FillerType> {
    fn from(entry: FillerType) -> Self {
        Cow::Owned(entry)
    }
}

impl From<&'static FillerType> for Cow<'static, FillerType> {
    fn from(entry: &'static FillerType) -> Self {
        Cow::Borrowed(entry)
    }
}

/// Whether two values of a field, as text, are the same.
fn same_value(one: &str, other: &str) -> bool {
    match (one.parse::<f32>(), other.parse::<f32>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a FillerType>) -> Refusal {
    let known: Vec<&str> = known.map(|entry| entry.name).collect();
    let all = format!("the fillers are {}", known.join(", "));
    let called = name.to_lowercase();
    let other = FILLERS.iter().find(|entry| entry.aliases.contains(&called.as_str()));
    let nearest = other.map(|entry| entry.name).filter(|name| known.contains(name));
    let help = match nearest.or_else(|| closest(name, known.iter().copied())) {
        Some(nearest) => format!("did you mean \"{nearest}\"? {all}").into(),
        None => match other.filter(|entry| entry.extension) {
            Some(FillerType { name, .. }) => {
                let before = format!("did you mean the extension {name:?}, which ");
                Advice::naming(before, Setting::Extensions, format!(" allows? {all}"))
            }
            None => all.into(),
        },
    };
    Refusal::at("type", format!("unknown filler {name:?}")).help(help)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::dialect::DIALECTS;
    use crate::filler::stub::{Stub, values};

    fn of_type(name: &str) -> FillerParameter {
        FillerParameter { r#type: Some(name.into()), ..Default::default() }
    }

    fn help(name: &str) -> String {
        let refusal = FillerRegistry::default().build(&of_type(name), &Shape::scalar()).unwrap_err();
        assert_eq!((refusal.field, refusal.message), ("type", format!("unknown filler {name:?}")));
        refusal.help.unwrap().to_string()
    }

    #[test]
    fn a_filler_that_there_is_not_may_stand_for_constant() {
        let cambricon = FillerRegistry::default().of(Dialect::get("cambricon").unwrap()).into_owned();
        let shape = Shape::new([2]).unwrap();
        for name in ["Xavier", "orthogonal"] {
            let param = FillerParameter { value: Some(3.0), ..of_type(name) };
            let filler = cambricon.build(&param, &shape).unwrap();
            assert_eq!(values(&*filler, &mut Stub::new(0)), [3.0, 3.0]);
            assert!(FillerRegistry::default().build(&param, &shape).is_err());
        }
        assert!(cambricon.build_chosen(&of_type("Xavier"), &shape).is_err());
        assert!(cambricon.clone().with_extensions().stand_in("orthogonal").is_none());
    }

    #[test]
    fn every_entry_is_unique_and_documented() {
        let is_field = |name: &str| {
            let messages = DIALECTS.iter().filter_map(|dialect| dialect.schema().message("FillerParameter"));
            messages.into_iter().any(|message| message.field_named(name).is_some())
        };
        for dialect in DIALECTS {
            let mut names = HashSet::new();
            for entry in FILLERS.iter().filter(|entry| entry.known.includes(dialect)) {
                assert!(names.insert(entry.name), "{} is registered twice for {}", entry.name, dialect.name);
            }
        }
        let mut aliases = HashSet::new();
        for (entry, alias) in FILLERS.iter().flat_map(|entry| entry.aliases.iter().map(move |alias| (entry, alias))) {
            assert!(aliases.insert(alias), "two fillers are called {alias}");
            let mut named = FILLERS.iter().filter(|other| other.name == *alias);
            let shared =
                |other: &FillerType| DIALECTS.iter().any(|in_| [entry, other].iter().all(|e| e.known.includes(in_)));
            assert!(!named.any(shared), "{alias} is a filler where {} is one", entry.name);
            assert_eq!(**alias, alias.to_lowercase());
        }
        for entry in FILLERS {
            assert!(!entry.summary.is_empty(), "{} has no summary", entry.name);
            assert!(!entry.formula.is_empty(), "{} has no formula", entry.name);
            for field in entry.fields {
                assert!(is_field(field), "{}: no field {field}", entry.name);
            }
        }
    }

    /// Those of BVLC's Caffe, and the extensions.
    fn bvlcs() -> impl Iterator<Item = &'static FillerType> {
        FILLERS.iter().filter(|entry| entry.known.includes(Dialect::bvlc()))
    }

    /// Those that need no field beside `type`.
    fn complete() -> impl Iterator<Item = &'static FillerType> {
        bvlcs().filter(|entry| entry.name != "from_file")
    }

    /// Builds a filler where extensions are allowed.
    fn build(param: &FillerParameter, shape: &Shape) -> Result<Box<dyn Filler>, Refusal> {
        FillerRegistry::default().with_extensions().build(param, shape)
    }

    #[test]
    fn every_entry_builds_the_filler_it_names() {
        let shape = Shape::new([1, 1, 1, 1]).unwrap();
        for entry in complete() {
            let filler = build(&of_type(entry.name), &shape).unwrap();
            let name = format!("{filler:?}").replace(' ', "").to_lowercase();
            let named = name.starts_with(&entry.name.replace('_', ""));
            assert!(named || entry.extension, "{} builds {name}", entry.name);
            assert_eq!(values(&*filler, &mut Stub::new(0)).len(), 1);
        }
    }

    #[test]
    fn an_empty_blob_is_refused_by_all() {
        for entry in bvlcs() {
            for shape in [Shape::new([0, 1, 3, 3]).unwrap(), Shape::new([2, 1, 0, 0]).unwrap()] {
                let refusal = build(&of_type(entry.name), &shape).unwrap_err();
                let message =
                    format!("the {} filler needs at least one element, a blob of shape {shape} has none", entry.name);
                assert_eq!((refusal.field, refusal.message), ("", message));
            }
        }
    }

    #[test]
    fn sparse_is_refused_by_all_but_gaussian() {
        let shape = Shape::new([3, 1, 2, 2]).unwrap();
        for entry in complete().filter(|entry| entry.name != "gaussian") {
            for sparse in [0, 1, -2] {
                let param = FillerParameter { sparse: Some(sparse), ..of_type(entry.name) };
                let refusal = build(&param, &shape).unwrap_err();
                let message = format!("the {} filler does not support sparse ({sparse} given)", entry.name);
                assert_eq!((refusal.field, refusal.message), ("sparse", message));
                assert_eq!(refusal.help.unwrap(), "remove sparse, or use the gaussian filler");
            }
            let unset = FillerParameter { sparse: Some(-1), ..of_type(entry.name) };
            assert!(build(&unset, &shape).is_ok());
        }
    }

    #[test]
    fn extensions_are_for_those_who_ask() {
        let shape = Shape::new([2, 2]).unwrap();
        let refused = |param: &FillerParameter| FillerRegistry::default().build(param, &shape).unwrap_err();
        let allowed = Advice::naming("", Setting::Extensions, " allows it");
        let message = "the filler \"orthogonal\" is an extension that Caffe does not know";
        let expected = Refusal::at("type", message).help(allowed.clone());
        assert_eq!(refused(&of_type("orthogonal")), expected);
        let scaled = FillerParameter { scale: Some(2.0), ..of_type("msra") };
        let message = "the filler's field \"scale\" is an extension that Caffe does not know";
        assert_eq!(refused(&scaled), Refusal::at("scale", message).help(allowed));
        for param in [of_type("orthogonal"), scaled] {
            assert!(build(&param, &shape).is_ok());
            assert!(FillerRegistry::default().build_chosen(&param, &shape).is_ok());
        }
        let caffes = FillerRegistry::default();
        let names: Vec<&str> = caffes.iter().filter(|entry| !entry.extension).map(|entry| entry.name).collect();
        assert_eq!(names, ["bilinear", "constant", "gaussian", "msra", "positive_unitball", "uniform", "xavier"]);
    }

    #[test]
    fn a_dialect_s_own_field_is_no_extension() {
        let scaled = FillerParameter { scale: Some(2.0), ..of_type("msra") };
        let registry = FillerRegistry::default();
        let intel = registry.of(Dialect::get("intel").unwrap());
        assert!(intel.build(&scaled, &Shape::new([2, 2]).unwrap()).is_ok());
    }

    #[test]
    fn every_extension_field_is_read_by_a_filler() {
        let message = crate::proto::descriptor("FillerParameter");
        for field in message.fields().filter(|field| field.number() >= FIRST_EXTENSION) {
            let reads = |entry: &FillerType| entry.fields.contains(&field.name());
            assert!(FILLERS.iter().any(reads), "{} is not read", field.name());
            assert!(bvlcs().all(|entry| entry.extension || !reads(entry)), "{} is Caffe's", field.name());
        }
    }

    #[test]
    fn what_a_filler_does_not_read_is_known() {
        let unread = |param: &FillerParameter| FillerRegistry::default().unread(param);
        let wide = FillerParameter { std: Some(0.1), value: Some(0.5), ..Default::default() };
        assert_eq!(unread(&FillerParameter { ..wide.clone() }), ["std"]);
        assert_eq!(unread(&FillerParameter { r#type: Some("gaussian".into()), ..wide.clone() }), ["value"]);
        assert_eq!(unread(&FillerParameter { r#type: Some("xavier".into()), ..wide.clone() }), ["value", "std"]);
        assert_eq!(unread(&of_type("bilinear")), [""; 0]);
        assert_eq!(unread(&FillerParameter { r#type: Some("unknown".into()), ..wide }), [""; 0]);
        let defaults = FillerParameter {
            value: Some(0.0),
            min: Some(-0.0),
            max: Some(1.0),
            std: Some(1.0),
            sparse: Some(-1),
            variance_norm: Some(0),
            ..of_type("bilinear")
        };
        assert_eq!(unread(&defaults), [""; 0]);
    }

    #[test]
    fn a_filler_without_type_is_constant() {
        let filler = FillerRegistry::default().build(&FillerParameter::default(), &Shape::scalar()).unwrap();
        assert_eq!(values(&*filler, &mut Stub::new(0)), [0.0]);
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest() {
        let known = "the fillers are bilinear, constant, gaussian, msra, positive_unitball, uniform, xavier";
        assert_eq!(help("glorot_normal"), known);
        assert_eq!(help(""), known);
        for (name, meant) in [
            ("he_normal", "msra"),
            ("Kaiming", "msra"),
            ("glorot_uniform", "xavier"),
            ("normal", "gaussian"),
            ("zeros", "constant"),
            ("bilinear_upsampling", "bilinear"),
        ] {
            assert_eq!(help(name), format!("did you mean {meant:?}? {known}"));
        }
        let extension = "did you mean the extension \"kaiming_uniform\", which FillerRegistry::with_extensions allows?";
        assert_eq!(help("he_uniform"), format!("{extension} {known}"));
        assert_eq!(help("Xavier"), format!("did you mean \"xavier\"? {known}"));
        assert_eq!(help("xavier "), format!("did you mean \"xavier\"? {known}"));
        assert_eq!(help("MSRA"), format!("did you mean \"msra\"? {known}"));
        assert_eq!(help("gaussians"), format!("did you mean \"gaussian\"? {known}"));
        assert_eq!(help("lecun"), known);
        let refusal = build(&of_type("ortogonal"), &Shape::scalar()).unwrap_err();
        assert!(refusal.help.unwrap().to_string().starts_with("did you mean \"orthogonal\"? "));
    }

    #[test]
    fn the_fillers_of_early_2015_are_fewer() {
        for (name, bilinear) in [("lisa", None), ("weiliu-fcn", Some("bilinear_upsampling"))] {
            let registry = FillerRegistry::default();
            let fillers = registry.of(crate::dialect::Dialect::get(name).unwrap());
            let mut names: Vec<&str> =
                fillers.iter().filter(|entry| !entry.extension).map(|entry| entry.name).collect();
            names.sort_unstable();
            let expected = ["constant", "gaussian", "positive_unitball", "uniform", "xavier"];
            assert_eq!(names, bilinear.into_iter().chain(expected).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_filler_can_be_added_and_replaced() {
        fn constant(value: f32, shape: &Shape) -> Result<Box<dyn Filler>, Refusal> {
            let param = FillerParameter { value: Some(value), ..Default::default() };
            Ok(Box::new(crate::filler::Constant::new(&param, shape)?))
        }
        static ONES: FillerType =
            FillerType::new("own", "Sets every value to one", "x = 1", |_, shape| constant(1.0, shape));
        let shape = Shape::new([2]).unwrap();
        let own = |registry: &FillerRegistry| {
            let filler = registry.build(&of_type("own"), &shape).unwrap();
            values(&*filler, &mut Stub::new(0))
        };
        let mut registry = FillerRegistry::default();
        let known = registry.iter().count();
        registry.register(&ONES);
        assert_eq!(own(&registry), [1.0, 1.0]);
        let value = (registry.iter().count() - known) as f32 + 1.0;
        let twos =
            FillerType::stateful("own", "Sets every value to two", "x = 2", move |_, shape| constant(value, shape));
        registry.register(twos);
        assert_eq!(own(&registry), [2.0, 2.0]);
        assert_eq!(registry.iter().count(), known + 1);
    }
}
