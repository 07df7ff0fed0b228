//! The layer types of the V1 format and their current names.

use crate::proto::caffe::v1_layer_parameter::LayerType as V1Type;

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

/// The current name of a V1 type.
pub(super) fn current_name(v1: V1Type) -> Option<&'static str> {
    TYPES.iter().find(|(old, _)| *old == v1).map(|&(_, name)| name)
}

/// What the V1 format calls a current type, where it has it.
pub(crate) fn v1_name(layer_type: &str) -> Option<&'static str> {
    TYPES.iter().find(|(_, name)| *name == layer_type).map(|(old, _)| old.as_str_name())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::proto::descriptor;
    use crate::proto::schema::Kind;

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
        assert_eq!(current_name(V1Type::SoftmaxLoss), Some("SoftmaxWithLoss"));
        assert_eq!(v1_name("SoftmaxWithLoss"), Some("SOFTMAX_LOSS"));
        assert_eq!((current_name(V1Type::None), v1_name("BatchNorm")), (None, None));
    }
}
