//! The table of layer types.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{LayerType, by_name};
use crate::dialect::Dialect;

/// Every layer type of Caffe and its forks, family by family.
pub static LAYERS: &[&[LayerType]] = &[
    super::accuracy::TYPES,
    super::activation::TYPES,
    super::add_pad::TYPES,
    super::apl::TYPES,
    super::argmax::TYPES,
    super::axpy::TYPES,
    super::batch_norm::TYPES,
    super::batch_reduction::TYPES,
    super::batch_reindex::TYPES,
    super::bias::TYPES,
    super::bilinear_pooling::TYPES,
    super::bn::TYPES,
    super::camera::TYPES,
    super::conadd::TYPES,
    super::concat::TYPES,
    super::clustering::TYPES,
    super::constrained_product::TYPES,
    super::convolution::TYPES,
    super::covariance::TYPES,
    super::crelu::TYPES,
    super::crop::TYPES,
    super::cycle::TYPES,
    super::data::TYPES,
    super::deephi_resize::TYPES,
    super::dense_block::TYPES,
    super::detection::TYPES,
    super::eltwise::TYPES,
    super::eltwise_affine::TYPES,
    super::face_pairs::TYPES,
    super::embed::TYPES,
    super::filter::TYPES,
    super::fixed_point::TYPES,
    super::flatten::TYPES,
    super::flow::TYPES,
    super::icnet::TYPES,
    super::gather::TYPES,
    super::gaussian_attention::TYPES,
    super::grid_pooling::TYPES,
    super::im2col::TYPES,
    super::inner_distance::TYPES,
    super::inner_product::TYPES,
    super::inner_product_blob::TYPES,
    super::input::TYPES,
    super::local::TYPES,
    super::interp::TYPES,
    super::l2_normalize::TYPES,
    super::landmark::TYPES,
    super::loss::TYPES,
    super::lrn::TYPES,
    super::lstm_unit::TYPES,
    super::margin_inner_product::TYPES,
    super::moving_scale::TYPES,
    super::mvn::TYPES,
    super::neuron::TYPES,
    super::normalize::TYPES,
    super::output::TYPES,
    super::pairwise::TYPES,
    super::parameter::TYPES,
    super::permute::TYPES,
    super::pooling::TYPES,
    super::prelu::TYPES,
    super::pyramid_lstm::TYPES,
    super::python::TYPES,
    super::recurrent::TYPES,
    super::reduction::TYPES,
    super::region::TYPES,
    super::reorg::TYPES,
    super::reshape::TYPES,
    super::resize::TYPES,
    super::sample::TYPES,
    super::scalar::TYPES,
    super::scale::TYPES,
    super::segmentation::TYPES,
    super::sequence::TYPES,
    super::shuffle_channel::TYPES,
    super::signed_power::TYPES,
    super::slice::TYPES,
    super::slope::TYPES,
    super::softmax::TYPES,
    super::split::TYPES,
    super::spp::TYPES,
    super::squeeze_inner_product::TYPES,
    super::symmetric_rectify::TYPES,
    super::tensor::arithmetic::TYPES,
    super::tensor::attention::TYPES,
    super::tensor::axes::TYPES,
    super::tensor::blocks::TYPES,
    super::tensor::embedding_lookup::TYPES,
    super::tensor::gather::TYPES,
    super::tensor::layer_norm::TYPES,
    super::tensor::pad::TYPES,
    super::tensor::points::TYPES,
    super::tensor::product::TYPES,
    super::tensor::reduce::TYPES,
    super::tensor::repeat::TYPES,
    super::tensor::resize::TYPES,
    super::tensor::reverse::TYPES,
    super::tensor::scatter::TYPES,
    super::tensor::slice::TYPES,
    super::tensor::source::TYPES,
    super::tensor::unary::TYPES,
    super::tile::TYPES,
    super::transformer::TYPES,
    super::unpooling::TYPES,
    super::upsample::TYPES,
    super::voxel::TYPES,
    super::window_unpooling::TYPES,
];

/// The layer types that a net may use: Caffe's, and those that a user of the library adds.
#[derive(Debug, Clone)]
pub struct LayerRegistry {
    dialect: &'static Dialect,
    /// Those that the caller has added, for all dialects.
    added: BTreeMap<&'static str, Cow<'static, LayerType>>,
}

impl Default for LayerRegistry {
    fn default() -> LayerRegistry {
        LayerRegistry { dialect: Dialect::bvlc(), added: BTreeMap::new() }
    }
}

impl LayerRegistry {
    /// The layer types that this dialect knows, with those that were added.
    #[must_use]
    pub fn of(&self, dialect: &'static Dialect) -> Cow<'_, LayerRegistry> {
        if self.dialect == dialect {
            return Cow::Borrowed(self);
        }
        Cow::Owned(LayerRegistry { dialect, added: self.added.clone() })
    }

    /// The layer type of this name; names are case-sensitive.
    pub fn get(&self, name: &str) -> Option<&LayerType> {
        let added = self.added.get(name).map(Cow::as_ref);
        added.or_else(|| by_name::named(name).find(|entry| entry.is_known_in(self.dialect)))
    }

    /// Adds a layer type, as a value or as a static; it replaces the one of the same name, if there is one.
    pub fn register(&mut self, entry: impl Into<Cow<'static, LayerType>>) {
        let entry = entry.into();
        self.added.insert(entry.name, entry);
    }

    /// All layer types in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &LayerType> {
        let known = by_name::sorted().filter(|entry| entry.is_known_in(self.dialect));
        let mut all: Vec<&LayerType> = known.filter(|entry| !self.added.contains_key(entry.name)).collect();
        all.extend(self.added.values().map(Cow::as_ref));
        all.sort_unstable_by_key(|entry| entry.name);
        all.into_iter()
    }
}

impl From<LayerType> for Cow<'static, LayerType> {
    fn from(entry: LayerType) -> Self {
        Cow::Owned(entry)
    }
}

impl From<&'static LayerType> for Cow<'static, LayerType> {
    fn from(entry: &'static LayerType) -> Self {
        Cow::Borrowed(entry)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::dialect::DIALECTS;
    use crate::layer::{Arity, Deployment};
    use crate::net::v1_name;
    use crate::proto::caffe::LayerParameter;
    use crate::proto::descriptor;
    use crate::proto::schema::Kind;

    fn entries() -> impl Iterator<Item = &'static LayerType> {
        LAYERS.iter().copied().flatten()
    }

    #[test]
    fn every_entry_is_unique_and_documented() {
        for dialect in DIALECTS {
            let mut names = HashSet::new();
            for entry in entries().filter(|entry| entry.known.includes(dialect)) {
                assert!(names.insert(entry.name), "{} is registered twice for {}", entry.name, dialect.name);
            }
        }
        for entry in entries() {
            let starts_a_sentence = entry.summary.starts_with(|c: char| c.is_ascii_uppercase());
            assert!(starts_a_sentence && !entry.summary.ends_with('.'), "{}: {}", entry.name, entry.summary);
        }
    }

    #[test]
    fn what_takes_no_bottoms_brings_data() {
        let sources = entries().filter(|entry| entry.bottoms == Arity::exactly(0));
        let others = sources.filter(|entry| (entry.deployment)(&LayerParameter::default()) != Deployment::Input);
        // What they make does not come from outside.
        let made = ["Parameter", "ContinuationIndicator", "Range", "SparseToDense"];
        let mut others: Vec<&str> = others.map(|entry| entry.name).collect();
        others.dedup();
        assert_eq!(others, made);
    }

    #[test]
    fn what_stands_in_for_a_loss_is_known_where_the_loss_is() {
        let registry = LayerRegistry::default();
        let mut losses = 0;
        for dialect in DIALECTS {
            let known = registry.of(dialect);
            for entry in known.iter() {
                let deployment = (entry.deployment)(&LayerParameter::default());
                let Some(layer_type) = deployment.stand_in() else { continue };
                assert!(known.get(layer_type).is_some(), "{}: {} for {}", dialect.name, layer_type, entry.name);
                losses += 1;
            }
        }
        assert!(losses > 2 * DIALECTS.len(), "the test finds no losses");
        let named = entries().filter(|entry| entry.name.ends_with("Loss"));
        let kept = named.filter(|entry| (entry.deployment)(&LayerParameter::default()) == Deployment::Kept);
        assert_eq!(kept.map(|entry| entry.name).collect::<Vec<_>>(), [""; 0]);
    }

    #[test]
    fn every_v1_type_is_one_of_them() {
        let kind = descriptor("V1LayerParameter").field_named("type").unwrap().kind();
        let Kind::Enum(v1) = kind else { panic!("it is an enum") };
        let named: HashSet<&str> = entries().filter_map(|entry| v1_name(entry.name)).collect();
        // One value, NONE, is no type.
        assert_eq!(named.len(), v1.value_names().count() - 1);
    }

    #[test]
    fn every_setting_belongs_to_a_type() {
        let layer = descriptor("LayerParameter");
        let known = entries().filter(|entry| entry.known.includes(Dialect::bvlc()));
        let claimed: HashSet<&str> = known.flat_map(|entry| entry.params).copied().collect();
        let settings: HashSet<String> = layer
            .fields()
            .filter(|field| field.name().ends_with("_param") && field.kind().message().is_some())
            .map(|field| field.name().to_owned())
            .collect();
        assert_eq!(claimed, settings.iter().map(String::as_str).collect());
    }
}
