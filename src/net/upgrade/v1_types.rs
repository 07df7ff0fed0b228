//! The layer types of the V1 format and their current names.

use crate::dialect::Dialect;
use crate::proto::caffe::v1_layer_parameter::LayerType as V1Type;
use crate::proto::schema::{EnumType, Kind};

/// A layer type of a fork that knows the V1 format alone.
pub(super) struct ForkV1Type {
    value: &'static str,
    name: &'static str,
    /// The parameters that the current format has under another name.
    pub(super) renamed: Option<RenamedParam>,
}

/// A field of a layer that has another name, and another message of like fields, in the current format.
pub(super) struct RenamedParam {
    /// Its name in the V1 format.
    pub(super) old: &'static str,
    /// Its name in the current format.
    pub(super) current: &'static str,
}

const fn of_fork(value: &'static str, name: &'static str) -> ForkV1Type {
    ForkV1Type { value, name, renamed: None }
}

const fn renaming(value: &'static str, name: &'static str, old: &'static str, current: &'static str) -> ForkV1Type {
    ForkV1Type { value, name, renamed: Some(RenamedParam { old, current }) }
}

/// The layer types of C3D 1.0, DeconvNet and CRF as RNN 0.1: where later trees have them, by the names that these gave
/// them.
static FORK_TYPES: &[ForkV1Type] = &[
    of_fork("BIN_ACCURACY", "BinaryAccuracy"),
    of_fork("BN", "BN"),
    renaming("CONVOLUTION3D", "Convolution3D", "convolution_param", "convolution3d_param"),
    of_fork("CROP", "Crop"),
    renaming("DECONVOLUTION3D", "Deconvolution3D", "convolution_param", "convolution3d_param"),
    of_fork("DOWN_SAMPLING", "DownSampling"),
    of_fork("DROPOUT_CHANNEL", "DropoutChannel"),
    of_fork("ELTWISE_ACCURACY", "EltwiseAccuracy"),
    of_fork("ELTWISE_PRODUCT", "Eltwise"),
    of_fork("IMAGE_SEG_DATA", "ImageSegData"),
    of_fork("MULTI_STAGE_MEANFIELD", "MultiStageMeanfield"),
    renaming("POOLING3D", "Pooling3D", "pooling_param", "pooling3d_param"),
    of_fork("RED_ACCURACY", "RedAccuracy"),
    of_fork("RED_SOFTMAX_LOSS", "RedSoftmaxWithLoss"),
    of_fork("SELECT_SEG_BINARY", "SelectSegBinary"),
    of_fork("SIMPLE_FAST_MEANFIELD", "SimpleFastMeanfield"),
    of_fork("UNPOOLING", "Unpooling"),
    renaming("VIDEO_DATA", "VideoData", "image_data_param", "video_data_param"),
    renaming("VIDEO_SEGMENTATION_DATA", "VideoSegmentationData", "image_data_param", "video_data_param"),
    renaming("VIDEO_WITH_VOXEL_TRUTH_DATA", "VideoWithVoxelTruthData", "image_data_param", "video_data_param"),
    of_fork("VOLUME_DATA", "VolumeData"),
    of_fork("VOXEL_CUSTOM_LOSS", "VoxelCustomLoss"),
    of_fork("VOXEL_SOFTMAX", "VoxelSoftmax"),
    of_fork("VOXEL_SOFTMAX_LOSS", "VoxelSoftmaxWithLoss"),
    of_fork("WINDOW_CLS_DATA", "WindowClsData"),
    of_fork("WINDOW_INST_SEG_DATA", "WindowInstSegData"),
    of_fork("WINDOW_SEG_BINARY", "WindowSegBinary"),
    of_fork("WINDOW_SEG_DATA", "WindowSegData"),
];

/// Layer types of forks whose nets are current, by what these upgrade of the V1 format.
static UPGRADED_TYPES: &[(&[&str], &str, &str)] = &[
    (&["crfasrnn", "hed", "weiliu-fcn"], "CROP", "Crop"),
    (&["weiliu-fcn"], "PARSE_EVALUATE", "ParseEvaluate"),
    (&["weiliu-fcn"], "PARSE_OUTPUT", "ParseOutput"),
];

/// Every value of the enum but `NONE`, with the type that it became.
static TYPES: &[(V1Type, &str)] = &[
    (V1Type::Absval, "AbsVal"),
    (V1Type::Accuracy, "Accuracy"),
    (V1Type::Argmax, "ArgMax"),
    (V1Type::Bnll, "BNLL"),
    (V1Type::Concat, "Concat"),
    (V1Type::ContrastiveLoss, "ContrastiveLoss"),
    (V1Type::Convolution, "Convolution"),
    (V1Type::Data, "Data"),
    (V1Type::Deconvolution, "Deconvolution"),
    (V1Type::Dropout, "Dropout"),
    (V1Type::DummyData, "DummyData"),
    (V1Type::Eltwise, "Eltwise"),
    (V1Type::EuclideanLoss, "EuclideanLoss"),
    (V1Type::Exp, "Exp"),
    (V1Type::Flatten, "Flatten"),
    (V1Type::Hdf5Data, "HDF5Data"),
    (V1Type::Hdf5Output, "HDF5Output"),
    (V1Type::HingeLoss, "HingeLoss"),
    (V1Type::Im2col, "Im2col"),
    (V1Type::ImageData, "ImageData"),
    (V1Type::InfogainLoss, "InfogainLoss"),
    (V1Type::InnerProduct, "InnerProduct"),
    (V1Type::Lrn, "LRN"),
    (V1Type::MemoryData, "MemoryData"),
    (V1Type::MultinomialLogisticLoss, "MultinomialLogisticLoss"),
    (V1Type::Mvn, "MVN"),
    (V1Type::Pooling, "Pooling"),
    (V1Type::Power, "Power"),
    (V1Type::Relu, "ReLU"),
    (V1Type::Sigmoid, "Sigmoid"),
    (V1Type::SigmoidCrossEntropyLoss, "SigmoidCrossEntropyLoss"),
    (V1Type::Silence, "Silence"),
    (V1Type::Slice, "Slice"),
    (V1Type::Softmax, "Softmax"),
    (V1Type::SoftmaxLoss, "SoftmaxWithLoss"),
    (V1Type::Split, "Split"),
    (V1Type::Tanh, "TanH"),
    (V1Type::Threshold, "Threshold"),
    (V1Type::WindowData, "WindowData"),
];

/// The current name of the V1 type that a dialect's schema calls `value`.
pub(super) fn current_name(value: &str, dialect: &Dialect) -> Option<&'static str> {
    let bvlcs = TYPES.iter().find(|(old, _)| old.as_str_name() == value).map(|&(_, name)| name);
    let upgraded = || {
        let found = UPGRADED_TYPES.iter().find(|(dialects, old, _)| *old == value && dialects.contains(&dialect.name));
        found.map(|&(_, _, name)| name)
    };
    bvlcs.or_else(|| fork_types(dialect).find(|entry| entry.value == value).map(|entry| entry.name)).or_else(upgraded)
}

/// What becomes of the parameters of a layer of this type, by its current name.
pub(super) fn renamed_param(layer_type: &str, dialect: &Dialect) -> Option<&'static RenamedParam> {
    fork_types(dialect).find(|entry| entry.name == layer_type)?.renamed.as_ref()
}

/// The types of forks that the upgrade of a dialect knows: that of one whose nets are current does not.
fn fork_types(dialect: &Dialect) -> impl Iterator<Item = &'static ForkV1Type> {
    FORK_TYPES.iter().filter(|_| dialect.traits.has_v1_layers())
}

/// The V1 types of a dialect's schema.
pub(super) fn v1_types(dialect: &Dialect) -> Option<EnumType> {
    match dialect.schema().message("V1LayerParameter")?.field_named("type")?.kind() {
        Kind::Enum(types) => Some(types),
        _ => None,
    }
}

/// The number, in the union of schemas, of the V1 type of this current name in a dialect that has it.
pub(super) fn v1_number(layer_type: &str, dialect: &Dialect) -> Option<i32> {
    let types = v1_types(dialect)?;
    let of_fork = fork_types(dialect).filter(|entry| entry.name == layer_type).map(|entry| entry.value);
    v1_name(layer_type).into_iter().chain(of_fork).find_map(|value| types.value_number(value))
}

/// Whether nets of a dialect can name a layer type: those of the V1 format have but the values of an enum.
pub(crate) fn can_name(layer_type: &str, dialect: &Dialect) -> bool {
    !dialect.traits.has_v1_layers() || v1_number(layer_type, dialect).is_some()
}

/// What the V1 format calls a current type, where it has it.
pub(crate) fn v1_name(layer_type: &str) -> Option<&'static str> {
    TYPES.iter().find(|(_, name)| *name == layer_type).map(|(old, _)| old.as_str_name())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::dialect::DIALECTS;
    use crate::proto::descriptor;

    #[test]
    fn every_v1_type_has_one_current_name() {
        let kind = descriptor("V1LayerParameter").field_named("type").unwrap().kind();
        let Kind::Enum(v1) = kind else { panic!("it is an enum") };
        let schema: BTreeSet<String> = v1.value_names().map(str::to_owned).collect();
        let names = TYPES.iter().map(|(old, _)| old.as_str_name().to_owned());
        assert_eq!(names.chain(["NONE".to_owned()]).collect::<BTreeSet<_>>(), schema);
        let current: BTreeSet<&str> = TYPES.iter().map(|&(_, name)| name).collect();
        assert_eq!(current.len(), TYPES.len());
    }

    #[test]
    fn names_go_both_ways() {
        let bvlc = Dialect::bvlc();
        assert_eq!(current_name("SOFTMAX_LOSS", bvlc), Some("SoftmaxWithLoss"));
        assert_eq!(v1_name("SoftmaxWithLoss"), Some("SOFTMAX_LOSS"));
        assert_eq!((current_name("NONE", bvlc), v1_name("BatchNorm")), (None, None));
        assert_eq!(current_name("BN", bvlc), None);
        let parsenet = Dialect::get("weiliu-fcn").unwrap();
        assert_eq!(current_name("PARSE_OUTPUT", parsenet), Some("ParseOutput"));
        assert_eq!([current_name("CROP", parsenet), current_name("CROP", bvlc)], [Some("Crop"), None]);
    }

    #[test]
    fn every_type_of_a_v1_dialect_has_a_name_that_leads_back() {
        let mut seen = BTreeSet::new();
        for dialect in DIALECTS.iter().filter(|dialect| dialect.traits.has_v1_layers()) {
            let types = v1_types(dialect).unwrap();
            for value in types.value_names().filter(|value| *value != "NONE") {
                let name = current_name(value, dialect);
                let back = name.and_then(|name| v1_number(name, dialect)).and_then(|number| types.value_name(number));
                assert_eq!(back, Some(value), "{}", dialect.name);
                seen.insert(value);
            }
            assert!(can_name("Convolution", dialect) && !can_name("PReLU", dialect));
        }
        let unused: Vec<&str> =
            FORK_TYPES.iter().map(|entry| entry.value).filter(|value| !seen.contains(value)).collect();
        assert!(unused.is_empty(), "no dialect has {unused:?}");
        assert!(can_name("PReLU", Dialect::bvlc()));
    }
}
