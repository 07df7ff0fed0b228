//! What there is to say of a dialect.

use serde::Serialize;

use super::{
    BatchNormBlobs, BatchNormParams, BilinearCentre, CropSeeds, Dialect, Fans, GaussianCheck, ImageLists,
    InfogainInput, Known, LayerFormat, NetInputs, PictureResize, PoolingAxes, Traits, TransformSeeds,
};
use crate::proto::schema::{FieldType, MessageType};

/// A dialect with its documentation: what it does and has otherwise than BVLC's Caffe of today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DialectDocument {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// What it does otherwise, in a line each.
    pub traits: Vec<&'static str>,
    /// The fields of its schema that BVLC's lacks, by message.
    pub adds: Vec<MessageFields>,
    /// The fields of BVLC's schema that it lacks, by message.
    pub lacks: Vec<MessageFields>,
    /// The layer types known to this program that BVLC's Caffe does not have.
    pub layer_types: Vec<&'static str>,
    /// The fillers known to this program that BVLC's Caffe does not have.
    pub fillers: Vec<&'static str>,
}

/// Fields of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageFields {
    /// The message.
    pub message: &'static str,
    /// The names of the fields.
    pub fields: Vec<&'static str>,
}

/// The fields that the one dialect has and the other has not.
pub(crate) fn difference(one: &Dialect, other: &Dialect) -> Vec<MessageFields> {
    let fields = |message: MessageType| {
        let others = message.of(other.schema());
        let lacked = |field: &FieldType| others.is_none_or(|others| others.field_named(field.name()).is_none());
        let fields: Vec<&str> = message.fields().filter(lacked).map(FieldType::name).collect();
        (!fields.is_empty()).then_some(MessageFields { message: message.name(), fields })
    };
    one.schema().messages().filter_map(fields).collect()
}

impl Traits {
    /// What they are otherwise than those of BVLC's Caffe of today, in a line each.
    pub fn words(&self) -> Vec<&'static str> {
        let when = |differs: bool, words: &'static str| differs.then_some(words);
        let words = [
            when(!self.has_bilinear, "there is no filler bilinear"),
            when(!self.has_msra, "there is no filler msra"),
            match self.bilinear_centre {
                _ if !self.has_bilinear => None,
                BilinearCentre::Width => None,
                BilinearCentre::Factor => {
                    Some("the filler bilinear has a different centre for widths w with w mod 4 of 2 or 3")
                }
                BilinearCentre::FactorRoundedDown => Some(
                    "the filler bilinear rounds its factor down, and has a different centre for widths w not divisible by 4",
                ),
            },
            match self.fans {
                Fans::AnyAxes => None,
                Fans::FourAxes => {
                    Some("xavier, msra and positive_unitball refuse more than four axes, and accept a blob with none")
                }
                Fans::TwoAxes => Some("xavier and msra refuse blobs of less than two axes, such as biases"),
                Fans::AnyAxesButMsra => Some("msra refuses blobs of less than two axes, such as biases"),
            },
            when(self.xavier_counts_in_half, "xavier rounds the fan of a blob of halves to a half"),
            when(self.msra_is_leaky, "msra takes the slope alpha of rectifiers below zero into account"),
            when(
                self.folds_batch_norm,
                "in TEST a BatchNorm after a convolution, and a Scale after that, are folded into the convolution",
            ),
            when(!self.convolution_compares_bottoms, "the bottoms of a convolution may differ in shape"),
            when(
                self.pooling_axes == PoolingAxes::Volumes,
                "Pooling takes volumes, and drops last windows past the elements where a kernel is 1",
            ),
            when(
                self.pooling_axes == PoolingAxes::AllOfPictures,
                "Pooling drops no last windows, and pads for the average alone",
            ),
            when(!self.crops_by_sides, "crop_h and crop_w do not change the size of pictures"),
            when(self.crop_sides_win, "crop_h and crop_w win over crop_size, each where it is given"),
            when(
                self.batch_norm_blobs == BatchNormBlobs::ScaleFirst,
                "BatchNorm has five blobs: scale, bias, mean, variance and count",
            ),
            match self.batch_norm_params {
                BatchNormParams::Cleared => None,
                BatchNormParams::ClearedByCaffe => {
                    Some("BatchNorm layers of cuDNN are not given params that are missing")
                }
                BatchNormParams::Replaced => Some("three params of a BatchNorm layer are removed, names included"),
                BatchNormParams::ClearedAlone => Some("BatchNorm layers are not given params that are missing"),
                BatchNormParams::Kept => Some("the params of BatchNorm layers stay as they are"),
                BatchNormParams::Set => Some("the multipliers of BatchNorm layers are set, whatever the net gives"),
            },
            when(
                self.batch_norm_blobs == BatchNormBlobs::Corrected,
                "BatchNorm layers have a correction of 1 instead of a factor of 0, and may have scale and bias",
            ),
            when(
                self.gaussian_check == GaussianCheck::MeanAgainstStd,
                "the filler gaussian refuses a mean above its std, and takes a std of 0",
            ),
            when(
                self.layers_have_types,
                "every layer is saved with the types of its numbers, by which its blobs are saved as bytes",
            ),
            when(self.reader_draws, "layers that read databases draw the seed of a reader first"),
            when(!self.prefetch_draws, "layers that prefetch do not draw the seed of their thread"),
            when(self.seeds_by_thread, "layers that transform pictures draw a seed for each of their threads"),
            match self.crop_seeds {
                CropSeeds::Squares => None,
                CropSeeds::BothSides => Some("layers that crop pictures by both sides draw a seed for that in TRAIN"),
                CropSeeds::OffCentre => Some(
                    "layers that crop pictures by either side draw a seed for that in TRAIN, but not with center_crop",
                ),
            },
            match self.transform_seeds {
                TransformSeeds::WhereRandom => None,
                TransformSeeds::InTrain => {
                    Some("layers that transform pictures draw a seed in TRAIN, whatever the transformation")
                }
                TransformSeeds::Always => {
                    Some("layers that transform pictures draw a seed, whatever the transformation")
                }
            },
            when(self.data_shuffles_at_once, "Data layers with shuffle may draw while other layers do"),
            when(self.data_skips_at_random, "Data layers with rand_skip draw how many records they skip"),
            when(
                self.infogain == InfogainInput::Probabilities,
                "InfogainLoss takes probabilities, one set for each item",
            ),
            match (self.legacy_blobs, self.blobs_have_length) {
                (false, _) => None,
                (true, false) => Some("every blob has four axes, and is saved with num, channels, height and width"),
                (true, true) => {
                    Some("every blob has five axes, and is saved with num, channels, length, height and width")
                }
            },
            when(
                self.takes_first_four_axes,
                "layers that elsewhere take four axes at most look at the first four of any number",
            ),
            when(
                self.pictures_have_length,
                "layers that make pictures of other blobs give them a length of 1 behind the channels; LRN and SPP take \
                 no other ones, and convolutions pass over it",
            ),
            when(
                self.layer_format != LayerFormat::Current,
                "layers are in the V1 format, and are saved in it; what they give for each blob they give for all or none",
            ),
            when(!self.splits_blobs, "there are no automatic splits: several layers read one blob"),
            when(self.pads_by_side, "the pad of a Convolution may be given for each side"),
            when(self.unknown_fillers_are_constant, "a filler that there is not stands for constant"),
            when(self.first_copy_keeps_name, "the first copy of a blob that several layers read keeps the blob's name"),
            when(self.one_transform_seed, "layers that transform pictures draw one seed for that, and only in TRAIN"),
            when(self.lists_draw_first, "layers that read lists draw for these before they do for transformations"),
            match (self.dropout_takes_any_axes, self.losses_take_any_axes) {
                (true, true) => None,
                (true, false) => Some("losses take four axes at most"),
                (false, true) => Some("Dropout takes four axes at most"),
                (false, false) => Some("Dropout and losses take four axes at most"),
            },
            when(!self.losses_compare_batches, "losses accept a different number of targets than of items"),
            when(!self.softmax_counts_labels, "SoftmaxWithLoss takes any number of labels"),
            when(
                !self.convolutions_take_any_axes,
                "convolutions take four axes, and kernel, pad and stride once or in pairs",
            ),
            when(!self.joins_single_blobs, "Concat takes two bottoms at least, and Slice makes two tops at least"),
            when(!self.spp_keeps_one_level, "an SPP with a single level joins that one, too"),
            when(!self.views_refuse_in_place, "Reshape and Flatten work in place"),
            when(!self.argmax_takes_any_axes, "ArgMax takes four axes at most, and its top has four"),
            when(self.drops_mixed_layers, "a net in the V1 format loses the layers that it has in the current one"),
            when(!self.takes_empty_axes, "axes after an empty one are refused"),
            when(!self.scale_takes_given_bias, "the bias inside a Scale layer copies the first of several given blobs"),
            when(!self.accuracy_tells_classes, "Accuracy has one top"),
            when(self.accuracy_takes_weights, "Accuracy takes a third bottom, the weights of the places"),
            when(
                self.accuracy_tells_classes && !self.accuracy_counts_tops,
                "Accuracy layers may have more than two tops",
            ),
            when(self.accuracy_tells_f_measure, "the third top of Accuracy tells the F-measure"),
            match self.picture_resize {
                PictureResize::GivesSize => None,
                PictureResize::GivesSizeOrSide => {
                    Some("with FIT_SMALL_SIZE resize_param may give only one side of pictures")
                }
                PictureResize::GivesSides => Some("resize_param may give only one side of pictures, whatever its mode"),
                PictureResize::BoundsCrop => {
                    Some("resize_param does not resize pictures, and a crop must fit into each of its sizes")
                }
            },
            when(
                !self.reads_fields_of_intel,
                "the fields that its schema has from Intel's are read by no layer: engines, stats_batch_size, \
                 pixelshuffler, save_output_param, and those of transform_param that BVLC lacks",
            ),
            when(self.class_accuracies_have_four_axes, "the second top of Accuracy has four axes"),
            when(
                self.batch_norm_checks_fraction,
                "BatchNorm layers refuse a moving_average_fraction that is not in [0, 1]",
            ),
            when(
                self.several_labels,
                "pictures have any number of labels, along a second axis; in a line of an image list they follow the name",
            ),
            when(
                self.continuation_is_optional,
                "RNN and LSTM may have no second bottom: then every timestep continues the one before",
            ),
            match self.image_lists {
                ImageLists::Lines => None,
                ImageLists::Words => Some("image lists are read word by word"),
                ImageLists::FirstSpace => Some("in a line of an image list the label begins behind the first space"),
            },
            when(
                self.net_inputs == NetInputs::Fields,
                "the input fields of a net stay as they are, and are saved without their shapes",
            ),
            when(
                !self.checks_hdf5,
                "a blob takes the shape of its HDF5 weights; these are recognised by the extension .h5, here by \
                 content",
            ),
            when(!self.checks_weights, "a blob takes the shape of its weights in a .caffemodel"),
        ];
        words.into_iter().flatten().collect()
    }
}

/// The names of the dialects that know one of the entries of a name; nothing if all do.
pub(crate) fn known_names<'k>(entries: impl Iterator<Item = &'k Known>) -> Vec<&'static str> {
    let entries: Vec<&Known> = entries.collect();
    let knows = |dialect: &&Dialect| entries.iter().any(|known| known.includes(dialect));
    let names: Vec<&str> = super::DIALECTS.iter().filter(knows).map(|dialect| dialect.name).collect();
    if names.len() == super::DIALECTS.len() { Vec::new() } else { names }
}

impl Known {
    /// The first dialect that knows the entry: BVLC's Caffe of today, if that does.
    pub(crate) fn first(&self) -> &'static Dialect {
        super::DIALECTS.iter().find(|dialect| self.includes(dialect)).unwrap_or(Dialect::bvlc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::DIALECTS;

    #[test]
    fn bvlcs_own_has_nothing_to_say_and_all_others_have() {
        for dialect in DIALECTS {
            let DialectDocument { traits, adds, lacks, layer_types, .. } = dialect.document();
            let silent = traits.is_empty() && adds.is_empty() && lacks.is_empty() && layer_types.is_empty();
            assert_eq!(silent, dialect.is_bvlc(), "{}", dialect.name);
        }
    }

    #[test]
    fn every_trait_has_words() {
        for dialect in DIALECTS {
            assert_eq!(dialect.traits.words().is_empty(), dialect.traits == Traits::MASTER, "{}", dialect.name);
        }
    }
}
