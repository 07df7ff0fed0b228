//! The messages that prost makes Rust types of: BVLC's, with what the program reads of forks' fields.
//!
//! What the program does not read is kept, encoded by the union's numbers, in a field `kept` of the message. Only some
//! messages have that field; the others leave it to the one that they stand in: two messages one after the other are, in
//! protobuf, the two merged, unless they are elements of a list.

use std::collections::HashSet;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::source_code_info::Location;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
};

use crate::comments::{
    ENUMS_OF_FILE, ENUMS_OF_MESSAGE, FIELDS_OF_MESSAGE, MESSAGES_OF_FILE, MESSAGES_OF_MESSAGE, VALUES_OF_ENUM,
};
use crate::union::{FIRST_NUMBER, Kind, Row, Union};

/// Messages of forks that are read.
const MESSAGES: &[&str] = &[
    "APLParameter",
    "AccumParameter",
    "AdaptiveBiasChannelParameter",
    "AnnotatedDataParameter",
    "AnnotatedDatum",
    "Annotation",
    "AnnotationGroup",
    "AttentionParameter",
    "AugmentationParameter",
    "BBoxRegParameter",
    "BNParameter",
    "BatchReductionParameter",
    "BatchToSpaceNDParameter",
    "BiasChannelParameter",
    "BoxAnnotatorOHEMParameter",
    "BoxGroupOutputParameter",
    "BoxGroupParameter",
    "BoxesObjParameter",
    "BroadcastToParameter",
    "CMDLossParameter",
    "CenterLossParameter",
    "ChannelScaleParameter",
    "CompactBilinearParameter",
    "ContinuationIndicatorParameter",
    "Convolution3DParameter",
    "Corr1dParameter",
    "CorrelationParameter",
    "CountNonzeroParameter",
    "CropAndResizeParameter",
    "CtcLossParameter",
    "DSALossParameter",
    "DeformableConvolutionParameter",
    "DeformablePSROIPoolingParameter",
    "DenseBlockParameter",
    "DenseCRFParameter",
    "DenseImageDataParameter",
    "DepthToSpaceParameter",
    "DetectNetGroundTruthParameter",
    "DetectNetGroundTruthParameter.ClassMapping",
    "DetectionAccuracyParameter",
    "DetectionDataParameter",
    "DetectionEvaluateParameter",
    "DetectionGroupAccuracyParameter",
    "DetectionGroupLossParameter",
    "DetectionLossParameter",
    "DetectionOutputParameter",
    "DomainTransformParameter",
    "DownSamplingParameter",
    "DownsampleParameter",
    "EltwiseAffineParameter",
    "EmbeddingLookupParameter",
    "EmbeddingLookupSparseParameter",
    "EvalDataParameter",
    "EvalDetectionParameter",
    "ExpandDimsNDParameter",
    "ExpansionParameter",
    "FocalLossParameter",
    "FrcnnAnchorTargetParameter",
    "FrcnnOutputParameter",
    "FrcnnProposalParameter",
    "GatherNDParameter",
    "GatherParameter",
    "GatherV2Parameter",
    "GaussianAttentionParameter",
    "GemmParameter",
    "GeneralContrastiveParameter",
    "HardMiningParameter",
    "HardSigmoidParameter",
    "HotspotParameter",
    "ImageGtDataParameter",
    "ImageLabelDataParameter",
    "InnerDistanceParameter",
    "InsanityParameter",
    "InterpParameter",
    "LSTMParameter",
    "LabelMap",
    "LabelMapItem",
    "LargeMarginInnerProductParameter",
    "LayerNormParameter",
    "LocLossParameter",
    "LocalParameter",
    "LogSoftmaxParameter",
    "LpNormalizationParameter",
    "LpqLossParameter",
    "MarginInnerProductParameter",
    "MaskRCNNDetectionParameter",
    "MaskRCNNProposalParameter",
    "MaskResizeParameter",
    "MatMulParameter",
    "MatReadParameter",
    "MatWriteParameter",
    "MeanParameter",
    "MirrorPadParameter",
    "MulParameter",
    "MultiBoxLossParameter",
    "MultiStageMeanfieldParameter",
    "MultiViewParameter",
    "NMSGatherParameter",
    "NMSParameter",
    "NonMaxSuppressionParameter",
    "NonMaximumSuppressionParameter",
    "NormalizeParameter",
    "NotEqualParameter",
    "OneHotParameter",
    "OrthogonalConstraintParameter",
    "PSROIPoolingParameter",
    "PadParameter",
    "PairwiseParameter",
    "ParseEvaluateParameter",
    "PermuteParameter",
    "PieceParameter",
    "PointNetParameter",
    "Pooling3DParameter",
    "PriorBoxParameter",
    "ProposalParameter",
    "ProposalTargetParameter",
    "PyramidROIAlignParameter",
    "RNNv2Parameter",
    "QuantizationParameter",
    "ROIAlignParameter",
    "ROIMaskAlignParameter",
    "ROIMaskPoolingParameter",
    "ROIPoolingParameter",
    "ROIWarpingParameter",
    "RReLUParameter",
    "RandomAspectRatioParameter",
    "RandomResizeParameter",
    "RangeParameter",
    "ReLUXParameter",
    "ReaderParameter",
    "ReduceAllParameter",
    "ReduceAnyParameter",
    "ReduceL1Parameter",
    "ReduceL2Parameter",
    "ReduceLogSumExpParameter",
    "ReduceMaxParameter",
    "ReduceMeanParameter",
    "ReduceMinParameter",
    "ReduceProdParameter",
    "ReduceSumParameter",
    "RegionLossParameter",
    "RelevanceConstraintParameter",
    "ReorgParameter",
    "ResampleParameter",
    "ResizeBilinearParameter",
    "ResizeNearestNeighborParameter",
    "ResizeParameter",
    "ReverseParameter",
    "ReverseSequenceParameter",
    "SaveOutputParameter",
    "ScalarParameter",
    "ScatterNDParameter",
    "SeLuDropoutParameter",
    "SeLuParameter",
    "SegAccuracyParameter",
    "SegDataParameter",
    "ShuffleChannelParameter",
    "SmoothL1LossParameter",
    "SmoothL1Parameter",
    "SpaceToBatchNDParameter",
    "SpaceToDepthParameter",
    "SparseToDenseParameter",
    "SparsifyParameter",
    "SpatialBatchingPoolingParameter",
    "SpatialDropoutParameter",
    "SpatialTransformerParameter",
    "SqueezeConvolutionParameter",
    "SqueezeInnerProductParameter",
    "SqueezeParameter",
    "StackParameter",
    "StridedSliceParameter",
    "SubRegionParameter",
    "SymmetricRectifyParameter",
    "Tensor2BoxParameter",
    "TileNDParameter",
    "TopkGatherParameter",
    "TransposeParameter",
    "TripletLossParameter",
    "TripletSelectionParamter",
    "UnPoolingParameter",
    "UniqueLabelParameter",
    "UnpoolingParameter",
    "UnstackParameter",
    "UpsampleDarknetParameter",
    "UpsampleParameter",
    "VideoDataParameter",
    "Where4GatherndCropParameter",
    "Where4GatherndParameter",
    "Where4Parameter",
    "WindowClsDataParameter",
    "WriterParameter",
    "YoloDetectionOutputParameter",
    "YoloV2LossParameter",
    "YoloV3LossParameter",
    "Yolov3DetectionOutputParameter",
    "Yolov3Parameter",
];

/// Fields of forks' that are read, beside those that the messages above are of or belong to: what forks have added to
/// messages of BVLC's, messages of BVLC's within those above, and fields of BVLC's whose values forks have added to.
const FIELDS: &[(&str, &str)] = &[
    ("APLParameter", "offset_filler"),
    ("APLParameter", "slope_filler"),
    ("AnnotatedDatum", "datum"),
    ("BNParameter", "bias_filler"),
    ("BNParameter", "scale_filler"),
    ("BNParameter", "shift_filler"),
    ("BNParameter", "slope_filler"),
    ("BatchNormParameter", "bias_filler"),
    ("BatchNormParameter", "scale_bias"),
    ("BatchNormParameter", "scale_filler"),
    ("BatchNormParameter", "stats_batch_size"),
    ("BatchReductionParameter", "reduction_param"),
    ("BlobProto", "length"),
    ("BlobProto", "raw_data"),
    ("BlobProto", "raw_data_type"),
    ("CenterLossParameter", "center_filler"),
    ("Convolution3DParameter", "bias_filler"),
    ("Convolution3DParameter", "weight_filler"),
    ("ConvolutionParameter", "conv_algos_override"),
    ("ConvolutionParameter", "dilation_h"),
    ("ConvolutionParameter", "dilation_w"),
    ("ConvolutionParameter", "kernel_shape"),
    ("ConvolutionParameter", "pad_b"),
    ("ConvolutionParameter", "pad_l"),
    ("ConvolutionParameter", "pad_r"),
    ("ConvolutionParameter", "pad_shape"),
    ("ConvolutionParameter", "pad_t"),
    ("ConvolutionParameter", "pad_type"),
    ("ConvolutionParameter", "per_channel_scale_output"),
    ("ConvolutionParameter", "per_channel_scale_weight"),
    ("ConvolutionParameter", "stride_shape"),
    ("DSALossParameter", "center_filler"),
    ("DataParameter", "shuffle"),
    ("DataParameter", "side"),
    ("DataParameter", "slice_point"),
    ("DeformableConvolutionParameter", "bias_filler"),
    ("DeformableConvolutionParameter", "weight_filler"),
    ("DenseBlockParameter", "BN_Bias_Filler"),
    ("DenseBlockParameter", "BN_Scaler_Filler"),
    ("DenseBlockParameter", "Filter_Filler"),
    ("EltwiseAffineParameter", "bias_filler"),
    ("EltwiseAffineParameter", "slope_filler"),
    ("EltwiseParameter", "axis"),
    ("EltwiseParameter", "operation"),
    ("FillerParameter", "alpha"),
    ("FillerParameter", "diag_val"),
    ("FillerParameter", "expectation_option"),
    ("FillerParameter", "file"),
    ("FillerParameter", "height"),
    ("FillerParameter", "width"),
    ("ImageDataParameter", "label_cut_start"),
    ("InnerDistanceParameter", "bias_filler"),
    ("InnerDistanceParameter", "weight_filler"),
    ("LSTMParameter", "bias_filler"),
    ("LSTMParameter", "weight_filler"),
    ("LargeMarginInnerProductParameter", "weight_filler"),
    ("LayerParameter", "backward_math"),
    ("LayerParameter", "backward_type"),
    ("LayerParameter", "cudnn_math_override"),
    ("LayerParameter", "engine"),
    ("LayerParameter", "forward_math"),
    ("LayerParameter", "forward_type"),
    ("LayerParameter", "relu6_param"),
    ("LayerParameter", "reshape_every_iter"),
    ("LocalParameter", "bias_filler"),
    ("LocalParameter", "weight_filler"),
    ("LossParameter", "class_weighting"),
    ("LossParameter", "normalization"),
    ("LossParameter", "weight_by_label_freqs"),
    ("MarginInnerProductParameter", "weight_filler"),
    ("MultiViewParameter", "bias_filler_shared"),
    ("MultiViewParameter", "weight_filler_shared"),
    ("MultiViewParameter", "weight_filler_unique_1"),
    ("MultiViewParameter", "weight_filler_unique_2"),
    ("NetParameter", "bn_stats_batch_size"),
    ("NetParameter", "default_backward_math"),
    ("NetParameter", "default_backward_type"),
    ("NetParameter", "default_conv_algos_override"),
    ("NetParameter", "default_cudnn_math_override"),
    ("NetParameter", "default_forward_math"),
    ("NetParameter", "default_forward_type"),
    ("NetParameter", "engine"),
    ("NormalizeParameter", "scale_filler"),
    ("OrthogonalConstraintParameter", "bias_filler"),
    ("OrthogonalConstraintParameter", "weight_filler"),
    ("PoolingParameter", "axis"),
    ("PoolingParameter", "ceil_mode"),
    ("PoolingParameter", "kernel_shape"),
    ("PoolingParameter", "kernel_size_3d"),
    ("PoolingParameter", "pad_3d"),
    ("PoolingParameter", "pad_b"),
    ("PoolingParameter", "pad_l"),
    ("PoolingParameter", "pad_r"),
    ("PoolingParameter", "pad_shape"),
    ("PoolingParameter", "pad_t"),
    ("PoolingParameter", "pad_type"),
    ("PoolingParameter", "pool"),
    ("PoolingParameter", "stride_3d"),
    ("PoolingParameter", "stride_shape"),
    ("RecurrentParameter", "activations"),
    ("RecurrentParameter", "continue_recur"),
    ("RecurrentParameter", "default_initial"),
    ("RecurrentParameter", "linear_before_reset"),
    ("RecurrentParameter", "tf_rnn"),
    ("ReductionParameter", "k"),
    ("ReductionParameter", "operation"),
    ("RelevanceConstraintParameter", "bias_filler"),
    ("RelevanceConstraintParameter", "weight_filler"),
    ("ReshapeParameter", "pixelshuffler"),
    ("SPPParameter", "pool"),
    ("SqueezeConvolutionParameter", "bias_filler"),
    ("SqueezeConvolutionParameter", "bias_mask_filler"),
    ("SqueezeConvolutionParameter", "weight_filler"),
    ("SqueezeConvolutionParameter", "weight_mask_filler"),
    ("SqueezeInnerProductParameter", "bias_filler"),
    ("SqueezeInnerProductParameter", "bias_mask_filler"),
    ("SqueezeInnerProductParameter", "weight_filler"),
    ("SqueezeInnerProductParameter", "weight_mask_filler"),
    ("SymmetricRectifyParameter", "filler"),
    ("TileParameter", "tiles_from_axis"),
    ("TransformationParameter", "caffe_yolo"),
    ("TransformationParameter", "crop_h"),
    ("TransformationParameter", "crop_height"),
    ("TransformationParameter", "crop_w"),
    ("TransformationParameter", "crop_width"),
    ("TransformationParameter", "pad"),
    ("TransformationParameter", "random_aspect_ratio_param"),
    ("TransformationParameter", "random_resize_param"),
    ("TransformationParameter", "random_seed"),
    ("TransformationParameter", "stride"),
    ("TransformationParameter", "upper_height"),
    ("TransformationParameter", "upper_size"),
    ("TransformationParameter", "upper_width"),
];

/// Parameters of forks' layers that the program changes, and not only reads.
const CHANGED: &[&str] = &["batch_reduction_param", "detection_output_param", "video_data_param"];

/// Messages that files consist of.
const ROOTS: &[&str] = &["NetParameter", "SolverParameter"];

/// The number of the field for what is not read.
pub const KEPT: i32 = 19_000;

/// The file that prost compiles; `bvlc` is `caffe.proto`.
pub fn file(union: &Union, bvlc: &FileDescriptorProto) -> FileDescriptorProto {
    let mut file = bvlc.clone();
    for row in union.rows.keys().filter(|row| is_read(row)) {
        let message = message_mut(&mut file, &row.message);
        match message.field.iter_mut().find(|field| field.number() == row.number) {
            Some(field) if row.label == Label::Repeated && row.number >= FIRST_NUMBER => {
                field.set_label(Label::Repeated);
                field.default_value = None;
            }
            Some(_) => {}
            None => {
                let taken = message.field.iter().any(|field| field.name().eq_ignore_ascii_case(&row.name));
                message.field.push(field(row, taken));
            }
        }
        if let Kind::Enum(values) = &row.kind
            && (row.number >= FIRST_NUMBER || is_named(row))
        {
            add_values(&mut file, &values.name, &values.values);
        }
    }
    for message in file.message_type.iter_mut().filter(|message| keeps(union, message.name())) {
        message.field.push(kept());
    }
    complete_locations(&mut file);
    file
}

/// Gives all that was added a location without comments, as prost looks for one of everything.
fn complete_locations(file: &mut FileDescriptorProto) {
    let mut paths = Vec::new();
    for (place, values) in (0..).zip(&file.enum_type) {
        push_enum(&mut paths, vec![ENUMS_OF_FILE, place], values);
    }
    for (place, message) in (0..).zip(&file.message_type) {
        push_message(&mut paths, vec![MESSAGES_OF_FILE, place], message);
    }
    let locations = &mut file.source_code_info.get_or_insert_default().location;
    let known: HashSet<Vec<i32>> = locations.iter().map(|location| location.path.clone()).collect();
    let missing = paths.into_iter().filter(|path| !known.contains(path));
    locations.extend(missing.map(|path| Location { path, ..Default::default() }));
}

fn push_message(paths: &mut Vec<Vec<i32>>, path: Vec<i32>, message: &DescriptorProto) {
    for (field, _) in (0..).zip(&message.field) {
        paths.push([&path[..], &[FIELDS_OF_MESSAGE, field]].concat());
    }
    for (place, values) in (0..).zip(&message.enum_type) {
        push_enum(paths, [&path[..], &[ENUMS_OF_MESSAGE, place]].concat(), values);
    }
    for (place, inner) in (0..).zip(&message.nested_type) {
        push_message(paths, [&path[..], &[MESSAGES_OF_MESSAGE, place]].concat(), inner);
    }
    paths.push(path);
}

fn push_enum(paths: &mut Vec<Vec<i32>>, path: Vec<i32>, values: &EnumDescriptorProto) {
    paths.extend((0..values.value.len() as i32).map(|value| [&path[..], &[VALUES_OF_ENUM, value]].concat()));
    paths.push(path);
}

/// Whether the types have the field.
pub fn is_read(row: &Row) -> bool {
    has_type(row) && !is_of_fork_layer(row)
}

/// Whether the field is kept, encoded, in `LayerParameter`, until a rule asks for it: a layer has one or two of some
/// hundred.
pub fn is_on_request(row: &Row) -> bool {
    has_type(row) && is_of_fork_layer(row) && row.message == "LayerParameter"
}

/// Whether a fork has added the field to layers for one of its layer types.
fn is_of_fork_layer(row: &Row) -> bool {
    let is_layer = crate::LAYERS.contains(&row.message.as_str());
    let is_param = row.number >= FIRST_NUMBER && matches!(row.kind, Kind::Message(_));
    is_layer && is_param && !CHANGED.contains(&row.name.as_str())
}

fn has_type(row: &Row) -> bool {
    let is_bvlcs = row.number < FIRST_NUMBER;
    match &row.kind {
        _ if is_bvlcs || is_named(row) => true,
        Kind::Message(name) => MESSAGES.contains(&name.as_str()),
        _ => MESSAGES.contains(&row.message.as_str()),
    }
}

/// Whether the field is one of those that are read beside whole messages.
fn is_named(row: &Row) -> bool {
    FIELDS.contains(&(row.message.as_str(), row.name.as_str()))
}

/// Whether a message has the field `kept`: roots have it, and elements of lists that hold anything unread.
pub fn keeps(union: &Union, message: &str) -> bool {
    let listed = |row: &Row| {
        row.label == Label::Repeated && is_read(row) && matches!(&row.kind, Kind::Message(name) if name == message)
    };
    ROOTS.contains(&message) || union.rows.keys().any(listed) && holds_unread(union, message, 0)
}

/// Whether the message, or one that it holds and that does not keep it itself, has fields that are not read.
fn holds_unread(union: &Union, message: &str, depth: usize) -> bool {
    let inner = |row: &Row| match &row.kind {
        Kind::Message(name) if row.label != Label::Repeated && depth < 8 => holds_unread(union, name, depth + 1),
        _ => false,
    };
    union.rows.keys().filter(|row| row.message == message).any(|row| !is_read(row) || inner(row))
}

fn message_mut<'a>(file: &'a mut FileDescriptorProto, name: &str) -> &'a mut DescriptorProto {
    match name.split_once('.') {
        None => named_mut(&mut file.message_type, name),
        Some((message, inner)) => named_mut(&mut message_mut(file, message).nested_type, inner),
    }
}

fn named_mut<'a>(messages: &'a mut Vec<DescriptorProto>, name: &str) -> &'a mut DescriptorProto {
    let place = messages.iter().position(|message| message.name() == name).unwrap_or_else(|| {
        messages.push(DescriptorProto { name: Some(name.into()), ..Default::default() });
        messages.len() - 1
    });
    &mut messages[place]
}

/// A field of the union.
fn field(row: &Row, taken: bool) -> FieldDescriptorProto {
    let (kind, type_name) = match &row.kind {
        Kind::Scalar(scalar) => (*scalar, None),
        Kind::Enum(values) => (Type::Enum, Some(format!(".caffe.{}", values.name))),
        Kind::Message(name) => (Type::Message, Some(format!(".caffe.{name}"))),
    };
    let label = if row.label == Label::Repeated { Label::Repeated } else { Label::Optional };
    FieldDescriptorProto {
        name: Some(field_name(row, taken)),
        number: Some(row.number),
        label: Some(label.into()),
        r#type: Some(kind.into()),
        type_name,
        default_value: row.default.clone().filter(|_| label == Label::Optional),
        ..Default::default()
    }
}

/// The name of a field; one whose name another type has taken is named after its own type, too.
pub fn field_name(row: &Row, taken: bool) -> String {
    let own = match &row.kind {
        Kind::Scalar(scalar) => scalar.as_str_name().trim_start_matches("TYPE_"),
        Kind::Enum(values) => values.name.rsplit('.').next().unwrap_or(&values.name),
        Kind::Message(name) => name.rsplit('.').next().unwrap_or(name),
    };
    if taken { format!("{}_{}", row.name, own.to_lowercase()) } else { row.name.clone() }
}

/// Adds to the enum what it lacks of these values.
fn add_values(file: &mut FileDescriptorProto, name: &str, values: &[(String, i32, i32)]) {
    let declared = match name.split_once('.') {
        None => &mut file.enum_type,
        Some((message, _)) => &mut message_mut(file, message).enum_type,
    };
    let own = name.rsplit('.').next().unwrap_or(name);
    let place = declared.iter().position(|values| values.name() == own).unwrap_or_else(|| {
        declared.push(EnumDescriptorProto { name: Some(own.into()), ..Default::default() });
        declared.len() - 1
    });
    for (value, _, number) in values {
        if declared[place].value.iter().all(|known| known.name() != value) {
            let value = EnumValueDescriptorProto { name: Some(value.clone()), number: Some(*number), options: None };
            declared[place].value.push(value);
        }
    }
}

fn kept() -> FieldDescriptorProto {
    FieldDescriptorProto {
        name: Some("kept".into()),
        number: Some(KEPT),
        label: Some(Label::Optional.into()),
        r#type: Some(Type::Bytes.into()),
        ..Default::default()
    }
}
