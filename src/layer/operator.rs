//! What a layer computes, with all that its rule has found out.

use super::accuracy::Accuracy;
use super::argmax::ArgMax;
use super::batch_norm::BatchNorm;
use super::batch_reduction::BatchReduction;
use super::bn::Bn;
use super::convolution::{Convolution, DeformableConvolution};
use super::crop::Crop;
use super::data::DataSource;
use super::detection::{DetectionEvaluate, DetectionOutput, EvalDetection, PriorBox};
use super::eltwise::Eltwise;
use super::embed::Embed;
use super::grid_pooling::GridPooling;
use super::im2col::Im2col;
use super::inner_product::InnerProduct;
use super::interp::Interp;
use super::local::Local;
use super::loss::Loss;
use super::lrn::Lrn;
use super::margin_inner_product::MarginInnerProduct;
use super::mvn::Mvn;
use super::neuron::Neuron;
use super::normalize::Normalize;
use super::parts::AxisParts;
use super::permute::Permute;
use super::pooling::{Pooling, VolumePooling};
use super::prelu::Prelu;
use super::recurrent::Recurrent;
use super::reduction::Reduction;
use super::region::{BoxAnnotator, Frcnn, PositionPooling, Proposal, RoiPooling};
use super::reorg::Reorg;
use super::scale::Scale;
use super::segmentation::Segmentation;
use super::span::AxisSpan;
use super::spp::Spp;
use super::tile::Tile;

use crate::Shape;

/// What a layer computes: all that its execution needs beside the values of its bottoms and blobs, defaults filled in
/// and axes counted from the front. Whoever has it need not look at the layer's type or parameters.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Operator {
    /// The share of items whose label is among the highest scores.
    Accuracy(Accuracy),
    /// The positions of the largest values.
    ArgMax(ArgMax),
    /// The second bottom times the first, a factor for each channel, plus the third.
    Axpy,
    /// Batch normalisation.
    BatchNorm(BatchNorm),
    /// One axis, reduced level by level.
    BatchReduction(BatchReduction),
    /// The items of the first bottom that the second one lists.
    BatchReindex,
    /// The first bottom plus a bias, the second bottom or else the only blob, spread over these axes.
    Bias(AxisSpan),
    /// Batch normalisation with a scale and a shift.
    Bn(Bn),
    /// The labels and weights of the boxes that are hardest to tell.
    BoxAnnotator(BoxAnnotator),
    /// The bottoms side by side.
    Concat(AxisParts),
    /// A convolution or its transpose.
    Convolution(Convolution),
    /// The covariance of the channels of each item.
    Covariance,
    /// A part of the first bottom.
    Crop(Crop),
    /// Tops whose values come from elsewhere.
    Data(DataSource),
    /// A convolution whose filters reach for elements that offsets name.
    DeformableConvolution(DeformableConvolution),
    /// Which detections are true.
    DetectionEvaluate(DetectionEvaluate),
    /// The boxes that are left of all predicted ones.
    DetectionOutput(DetectionOutput),
    /// The elementwise sum, product or maximum.
    Eltwise(Eltwise),
    /// A slope times each channel, plus a bias.
    EltwiseAffine {
        /// Whether slope and bias are the same for all channels.
        channel_shared: bool,
    },
    /// Learned vectors by their numbers.
    Embed(Embed),
    /// The boxes that a grid predicts, beside the true ones.
    EvalDetection(EvalDetection),
    /// The items of all bottoms but the last that the last one marks.
    Filter,
    /// A step of Faster R-CNN.
    Frcnn(Frcnn),
    /// The maxima over a grid of parts of each region.
    GridPooling(GridPooling),
    /// The windows of a convolution as channels.
    Im2col(Im2col),
    /// The product with a matrix.
    InnerProduct(InnerProduct),
    /// A convolution whose filters differ from place to place.
    Local(Local),
    /// The inner products of the items of two bottoms.
    InnerProductBlob {
        /// Whether the second bottom holds the items as they are, and not across.
        transpose: bool,
    },
    /// A picture resized.
    Interp(Interp),
    /// The loss of a prediction.
    Loss(Loss),
    /// Local response normalisation.
    Lrn(Lrn),
    /// One timestep of an LSTM.
    LstmUnit,
    /// The product with a matrix, with a margin for the true class.
    MarginInnerProduct(MarginInnerProduct),
    /// The first bottom, multiplied by masks.
    MaskPooling,
    /// Masks of another size.
    MaskResize,
    /// Mean and variance normalisation.
    Mvn(Mvn),
    /// A function of each element.
    Neuron(Neuron),
    /// Division by the 2-norm.
    Normalize(Normalize),
    /// Each item divided by its 2-norm.
    NormalizeItems,
    /// It is not described here: a layer written in Python, of a type that a user of the library has added, or of one
    /// that few trees have.
    Opaque,
    /// The only blob.
    Parameter,
    /// The axes in another order.
    Permute(Permute),
    /// The maximum, average or a random element of each window.
    Pooling(Pooling),
    /// The average of each part of a region, from maps of its own.
    PositionPooling(PositionPooling),
    /// A rectifier with learned slopes.
    Prelu(Prelu),
    /// Boxes around each position.
    PriorBox(PriorBox),
    /// The best of predicted boxes.
    Proposal(Proposal),
    /// A recurrent net over all timesteps.
    Recurrent(Recurrent),
    /// A sum over the last axes.
    Reduction(Reduction),
    /// Regions of the first bottom, each brought to one size.
    RoiPooling(RoiPooling),
    /// Each value, repeated along the last two axes.
    Repeat {
        /// How many times.
        scale: i32,
    },
    /// Squares of positions as channels, or channels as squares.
    Reorg(Reorg),
    /// The first bottom times a factor, and perhaps plus a bias.
    Scale(Scale),
    /// What segmentation takes.
    Segmentation(Segmentation),
    /// The channels of so many groups in turns.
    ShuffleChannel {
        /// How many groups.
        group: i64,
    },
    /// Nothing: the bottoms are read, or written to a file, and there are no tops.
    Sink,
    /// The bottom in parts, one a top.
    Slice(AxisParts),
    /// exp(x) / sum(exp(x)) along this axis.
    Softmax(usize),
    /// Pooling by grids of several sizes.
    Spp(Spp),
    /// The bottom, repeated.
    Tile(Tile),
    /// Pictures resampled by an affine map of their positions.
    Transformer,
    /// The elements of the first bottom, at the positions that the second has; zeros elsewhere.
    Upsample,
    /// The elements of the bottom as they are, in every top's own shape: Flatten, Reshape, Split, and Gather and
    /// Scatter.
    View,
    /// The maximum, average or a random element of each window of volumes.
    VolumePooling(VolumePooling),
}

impl Operator {
    /// The multiply-accumulates that it takes from bottoms to tops of these shapes: those of matrix products and
    /// convolutions, biases and elementwise work not counted. 0 where they are not known.
    pub fn macs(&self, bottoms: &[Shape], tops: &[Shape]) -> u64 {
        match self {
            Operator::Convolution(convolution) => convolution.macs(bottoms, tops),
            Operator::DeformableConvolution(deformable) => deformable.convolution.macs(bottoms, tops),
            Operator::InnerProduct(product) => product.macs(tops),
            Operator::MarginInnerProduct(product) => product.macs(tops),
            Operator::Recurrent(recurrent) => recurrent.macs(),
            _ => 0,
        }
    }

    /// What the blob of this index is called, where the roles of a layer's blobs do not tell them apart: statistics,
    /// and the weights of recurrent layers, which have Caffe's names.
    pub fn blob_name(&self, index: usize) -> Option<&'static str> {
        match self {
            Operator::BatchNorm(_) => BatchNorm::STATISTICS.get(index).copied(),
            Operator::Bn(_) => Bn::STATISTICS.get(index.checked_sub(2)?).copied(),
            Operator::Recurrent(recurrent) => recurrent.blob_name(index),
            _ => None,
        }
    }

    /// The number of classes in the configuration that it reads, if it reads one.
    pub(crate) fn configured_classes(&self) -> Option<i64> {
        match self {
            Operator::Frcnn(frcnn) => frcnn.classes(),
            _ => None,
        }
    }

    /// The blobs of these numbers, its tops, that it fills with a constant already while the net is built.
    pub(crate) fn constants(&self, tops: &[usize]) -> impl Iterator<Item = (usize, f32)> {
        let fillers = match self {
            Operator::Data(DataSource::Fillers(fillers)) => fillers.as_slice(),
            _ => &[],
        };
        let filled = tops.iter().copied().zip(fillers).filter(|(_, filler)| filler.r#type() == "constant");
        filled.map(|(top, filler)| (top, filler.value()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Setup, TopMemory, Window, testing};
    use super::*;
    use crate::proto::caffe::loss_parameter::NormalizationMode;
    use crate::proto::caffe::pooling_parameter::{PoolMethod, RoundMode};

    fn setup(name: &str, text: &str, bottoms: &[&[i32]], top_ids: &[usize]) -> Setup {
        let bottoms: Vec<Shape> = bottoms.iter().map(|dims| Shape::new(*dims).unwrap()).collect();
        testing::setup_blobs(name, text, &bottoms, top_ids).unwrap()
    }

    /// The operator of the layer that `text` describes, which has one top, nothing in place.
    fn operator(name: &str, text: &str, bottoms: &[&[i32]]) -> Operator {
        setup(name, text, bottoms, &[bottoms.len()]).operator
    }

    #[test]
    fn convolutions_keep_windows_and_groups() {
        let text =
            "convolution_param { num_output: 6 group: 2 kernel_h: 3 kernel_w: 5 stride: 2 pad_w: 1 dilation: 2 }";
        let windows = vec![
            Window { kernel: 3, stride: 2, pad: 0, pad_end: 0, dilation: 2 },
            Window { kernel: 5, stride: 2, pad: 1, pad_end: 1, dilation: 2 },
        ];
        let expected = |transposed| {
            let windows = windows.clone();
            Operator::Convolution(Convolution {
                transposed,
                axis: 1,
                channels: 4,
                num_output: 6,
                group: 2,
                windows,
                bias: true,
            })
        };
        assert_eq!(operator("Convolution", text, &[&[1, 4, 9, 11]]), expected(false));
        assert_eq!(operator("Deconvolution", text, &[&[1, 4, 9, 11]]), expected(true));
        let text = "convolution_param { kernel_size: 3 axis: -3 }";
        let window = Window { kernel: 3, stride: 1, pad: 0, pad_end: 0, dilation: 1 };
        let expected = Im2col { axis: 1, windows: vec![window; 2] };
        assert_eq!(operator("Im2col", text, &[&[1, 4, 9, 11]]), Operator::Im2col(expected));
    }

    #[test]
    fn pooling_keeps_its_windows_those_of_the_whole_picture_too() {
        let expected =
            |kernel, stride, pad| Pooling { method: PoolMethod::Ave, round: RoundMode::Ceil, kernel, stride, pad };
        let text = "pooling_param { pool: AVE global_pooling: true }";
        let global = Operator::Pooling(expected([7, 9], [1; 2], [0; 2]));
        assert_eq!(operator("Pooling", text, &[&[1, 2, 7, 9]]), global);
        let text = "spp_param { pyramid_height: 2 pool: AVE }";
        let levels = vec![expected([7, 9], [7, 9], [0; 2]), expected([4, 5], [4, 5], [1; 2])];
        assert_eq!(operator("SPP", text, &[&[1, 2, 7, 9]]), Operator::Spp(Spp { levels }));
        let text = "lrn_param { local_size: 3 norm_region: WITHIN_CHANNEL k: 5 }";
        let within = Some(expected([3; 2], [1; 2], [1; 2]));
        let expected = Lrn { size: 3, alpha: 1.0, beta: 0.75, k: 1.0, within };
        assert_eq!(operator("LRN", text, &[&[1, 2, 7, 9]]), Operator::Lrn(expected));
    }

    #[test]
    fn products_keep_their_sizes() {
        let text = "inner_product_param { num_output: 5 axis: -2 transpose: true bias_term: false }";
        let product = InnerProduct { axis: 1, inputs: 12, num_output: 5, transpose: true, bias: false };
        assert_eq!(operator("InnerProduct", text, &[&[2, 3, 4]]), Operator::InnerProduct(product));
        let text = "recurrent_param { num_output: 6 expose_hidden: true }";
        let bottoms: &[&[i32]] = &[&[5, 2, 3, 4], &[5, 2], &[2, 7], &[1, 2, 6], &[1, 2, 6]];
        let recurrent = Recurrent {
            cell: super::super::Cell::Lstm,
            steps: 5,
            streams: 2,
            num_output: 6,
            features: 12,
            static_features: Some(7),
            expose_hidden: true,
            shows_states: true,
            continues: false,
        };
        assert_eq!(setup("LSTM", text, bottoms, &[5, 6, 7]).operator, Operator::Recurrent(recurrent));
    }

    #[test]
    fn axes_and_parts_are_counted_from_the_front() {
        let parts = |axis, offsets: &[i64]| AxisParts { axis, offsets: offsets.to_vec() };
        let text = "concat_param { axis: -1 }";
        assert_eq!(operator("Concat", text, &[&[2, 3], &[2, 1], &[2, 4]]), Operator::Concat(parts(1, &[0, 3, 4, 8])));
        let text = "slice_param { axis: -2 slice_point: 1 }";
        let sliced = setup("Slice", text, &[&[4, 3]], &[1, 2]).operator;
        assert_eq!(sliced, Operator::Slice(parts(0, &[0, 1, 4])));
        let span = |axis, num_axes| AxisSpan { axis, num_axes };
        let text = "scale_param { axis: -2 num_axes: 2 bias_term: true }";
        let scale = Scale { factor: span(1, 2), bias: Some(span(1, 2)) };
        assert_eq!(operator("Scale", text, &[&[2, 3, 4]]), Operator::Scale(scale));
        assert_eq!(operator("Bias", "bias_param { axis: 0 }", &[&[2, 3], &[]]), Operator::Bias(span(0, 0)));
        assert_eq!(operator("Softmax", "softmax_param { axis: -1 }", &[&[2, 3, 4]]), Operator::Softmax(2));
        let crop = Crop { offsets: vec![0, 0, 2, 2] };
        let text = "crop_param { axis: 2 offset: 2 }";
        assert_eq!(operator("Crop", text, &[&[1, 3, 8, 9], &[1, 3, 4, 5]]), Operator::Crop(crop));
    }

    #[test]
    fn defaults_and_phases_are_filled_in() {
        let norm = |stored_statistics| {
            Operator::BatchNorm(BatchNorm { stored_statistics, eps: 1e-5, moving_average_fraction: 0.999 })
        };
        assert_eq!(operator("BatchNorm", "", &[&[2, 3]]), norm(false));
        let text = "batch_norm_param { use_global_stats: true }";
        assert_eq!(operator("BatchNorm", text, &[&[2, 3]]), norm(true));
        let dropout = Operator::Neuron(Neuron::Dropout { ratio: Some(0.5) });
        assert_eq!(operator("Dropout", "", &[&[2, 3]]), dropout);
        let log = Neuron::Log { base: None, scale: 2.0, shift: 0.0 };
        assert_eq!(operator("Log", "log_param { scale: 2 }", &[&[2, 3]]), Operator::Neuron(log));
        let sum = Operator::Eltwise(Eltwise::Sum(vec![1.0, 1.0]));
        assert_eq!(operator("Eltwise", "", &[&[2], &[2]]), sum);
    }

    #[test]
    fn losses_know_their_divisor() {
        let divisor = |text: &str| match operator("SoftmaxWithLoss", text, &[&[2, 3], &[2]]) {
            Operator::Loss(Loss::Softmax(labels)) => (labels.ignore_label, labels.normalization),
            other => panic!("{other:?}"),
        };
        assert_eq!(divisor("loss_param { ignore_label: 255 }"), (Some(255), NormalizationMode::Valid));
        assert_eq!(divisor("loss_param { normalize: false }"), (None, NormalizationMode::BatchSize));
        let both = "loss_param { normalize: false normalization: FULL }";
        assert_eq!(divisor(both), (None, NormalizationMode::Full));
        let sigmoid = operator("SigmoidCrossEntropyLoss", "", &[&[2, 3], &[2, 3]]);
        let normalization = NormalizationMode::BatchSize;
        assert_eq!(sigmoid, Operator::Loss(Loss::SigmoidCrossEntropy { ignore_label: None, normalization }));
    }

    #[test]
    fn views_show_what_is_there() {
        let memory =
            |name: &str, text: &str, bottoms: &[&[i32]], tops: &[usize]| setup(name, text, bottoms, tops).memory;
        let bottom = TopMemory::Bottom(0);
        assert_eq!(memory("Split", "", &[&[2, 3]], &[1, 2]), [bottom, bottom]);
        assert_eq!(memory("Flatten", "", &[&[2, 3]], &[1]), [bottom]);
        assert_eq!(memory("Reshape", "reshape_param { shape { dim: -1 } }", &[&[2, 3]], &[1]), [bottom]);
        assert_eq!(memory("Concat", "", &[&[2, 3]], &[1]), [bottom]);
        assert_eq!(memory("Concat", "", &[&[2, 3], &[2, 3]], &[2]), [TopMemory::Own]);
        assert_eq!(memory("Slice", "", &[&[2, 3]], &[1]), [bottom]);
        assert_eq!(memory("Slice", "", &[&[2, 3]], &[0]), [TopMemory::InPlace(0)]);
        assert_eq!(memory("Parameter", "parameter_param { shape { dim: 2 } }", &[], &[0]), [TopMemory::Blob(0)]);
        assert_eq!(memory("ReLU", "", &[&[2, 3]], &[0]), [TopMemory::InPlace(0)]);
        assert_eq!(memory("ReLU", "", &[&[2, 3]], &[1]), [TopMemory::Own]);
    }
}
