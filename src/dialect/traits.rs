//! What dialects do otherwise in the machinery that all layers share.

/// How the bilinear filler centres its kernel. The choices agree for widths w with w mod 4 of 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BilinearCentre {
    /// c = (w - 1) / 2f, f = ⌈w / 2⌉.
    Width,
    /// c = (2f - 1 - f mod 2) / 2f.
    Factor,
    /// The same with f = ⌊w / 2⌋.
    FactorRoundedDown,
}

/// Which blobs the fillers xavier, msra and positive_unitball take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fans {
    /// Those of one axis or more.
    AnyAxes,
    /// Those of four axes at most; a blob without axes has fans of 1.
    FourAxes,
    /// Those of two axes or more; positive_unitball takes four at most.
    TwoAxes,
    /// Those of one axis or more; msra those of two or more.
    AnyAxesButMsra,
}

/// What Pooling layers take, and when a last window that would start behind the elements is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PoolingAxes {
    /// Pictures; the window is dropped where there is a pad.
    Pictures,
    /// Pictures, whose window is dropped where there is a pad or a kernel of 1, and volumes, of three axes behind the
    /// channels.
    Volumes,
    /// Pictures; no window is dropped, and only the average takes a pad.
    AllOfPictures,
}

/// What becomes of the `param` entries of a BatchNorm layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchNormParams {
    /// Missing ones are added with `lr_mult: 0`; three given ones lose what they say beside.
    Cleared,
    /// The same, but missing ones stay missing where the layer's engine is cuDNN.
    ClearedByCaffe,
    /// Missing ones are added with `lr_mult: 0`; three given ones are removed first, names included.
    Replaced,
    /// Three given ones lose what they say beside; missing ones stay missing.
    ClearedAlone,
    /// They stay as they are.
    Kept,
    /// Those of the statistics get `lr_mult: 0 decay_mult: 0`, those of scale and bias 1 and 1, whatever they said
    /// before; missing ones are added.
    Set,
}

/// Which blobs a BatchNorm layer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchNormBlobs {
    /// Sums of means and of variances, and the factor to divide them by: zeros.
    Sums,
    /// Means and variances, zeros, and a correction of 1; behind them scale and bias, where the layer has them.
    Corrected,
    /// Scale and bias, then means and variances and a count: zeros, but for fillers.
    ScaleFirst,
}

/// What the gaussian filler checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GaussianCheck {
    /// `std` is above 0.
    Std,
    /// `mean` is not above `std`.
    MeanAgainstStd,
}

/// What InfogainLoss takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InfogainInput {
    /// Scores, of which it takes the softmax along an axis.
    Scores,
    /// Probabilities, one set for each item.
    Probabilities,
}

/// What becomes of the `input` fields of a net.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetInputs {
    /// They become an Input layer.
    Layer,
    /// They stay fields of the net, and are saved without their shapes.
    Fields,
}

/// How the first picture of an ImageData layer's list is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageLists {
    /// A line holds a name and, behind its last space, a label.
    Lines,
    /// The list is made of words, each name followed by a label.
    Words,
    /// A line holds a name and, behind its first space, a label.
    FirstSpace,
}

/// When a layer that transforms pictures takes a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransformSeeds {
    /// Where it does something at random; [`CropSeeds`] has which crops are.
    WhereRandom,
    /// There, and in TRAIN whatever it does.
    InTrain,
    /// Always.
    Always,
}

/// What `resize_param` of `transform_param` is to the size of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PictureResize {
    /// It gives the size that they have before they are cropped.
    GivesSize,
    /// The same, but one side is enough where they keep the ratio of both.
    GivesSizeOrSide,
    /// It gives each side that it names; they keep the other.
    GivesSides,
    /// They keep their size; a crop has to fit into each of the sizes.
    BoundsCrop,
}

/// For which crops a layer that transforms pictures takes a seed in TRAIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CropSeeds {
    /// For those by `crop_size`.
    Squares,
    /// For those, and where both sides have a size of their own.
    BothSides,
    /// For any, unless it is the centre that is cut out; and in every phase where `erase_ratio` is given.
    OffCentre,
}

/// The format that the layers of nets are in, and are saved in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerFormat {
    /// The current one, `layer { type: "Convolution" ... }`, to which nets of older formats are upgraded.
    Current,
    /// V1, `layers { type: CONVOLUTION ... }`: that of Caffes from before 2015, which know no other.
    V1 {
        /// The dialect that nets which are brought to the current format are written in.
        current: &'static str,
    },
}

/// What a dialect does otherwise than BVLC's Caffe of today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traits {
    /// Whether there is a filler bilinear.
    pub has_bilinear: bool,
    /// Whether there is the filler msra.
    pub has_msra: bool,
    /// How the bilinear filler centres its kernel.
    pub bilinear_centre: BilinearCentre,
    /// Which blobs xavier, msra and positive_unitball take.
    pub fans: Fans,
    /// Whether the n of xavier is a half for blobs of halves.
    pub xavier_counts_in_half: bool,
    /// Whether msra looks at `alpha`, the slope of the rectifier below zero.
    pub msra_is_leaky: bool,
    /// What becomes of the `param` entries of a BatchNorm layer.
    pub batch_norm_params: BatchNormParams,
    /// Whether layers that read databases have a thread that does it, whose seed they draw first, before all other
    /// draws. Layers of one name and source share one.
    pub reader_draws: bool,
    /// Whether layers that prefetch draw the seed of their thread, after all other draws.
    pub prefetch_draws: bool,
    /// Whether every thread of a layer that transforms pictures draws a seed, so that what is drawn behind follows from
    /// the machine.
    pub seeds_by_thread: bool,
    /// When a layer that transforms pictures takes a seed.
    pub transform_seeds: TransformSeeds,
    /// Whether Data draws how many records it skips, where `rand_skip` lets it skip any, before all other draws.
    pub data_skips_at_random: bool,
    /// Whether a Data layer with `shuffle` draws from the net's own generator once it has read all records, while the
    /// net is built.
    pub data_shuffles_at_once: bool,
    /// Which blobs a BatchNorm layer has.
    pub batch_norm_blobs: BatchNormBlobs,
    /// What the gaussian filler checks.
    pub gaussian_check: GaussianCheck,
    /// Whether every layer has types of its numbers and of its math, with which it is saved, and by which its blobs are
    /// kept, as floats or halves, and saved as bytes.
    pub layers_have_types: bool,
    /// Whether in TEST a BatchNorm after a convolution, and a Scale after that, are folded into the convolution.
    pub folds_batch_norm: bool,
    /// Whether the bottoms of a convolution must have one shape; otherwise the first one's counts.
    pub convolution_compares_bottoms: bool,
    /// What Pooling layers take.
    pub pooling_axes: PoolingAxes,
    /// Whether `crop_h` and `crop_w` of a `transform_param` count.
    pub crops_by_sides: bool,
    /// Whether they win over `crop_size`, each where it is given; otherwise they count where that is 0.
    pub crop_sides_win: bool,
    /// For which crops layers take a seed in TRAIN.
    pub crop_seeds: CropSeeds,
    /// What InfogainLoss takes.
    pub infogain: InfogainInput,
    /// Whether every blob has four axes, whatever its layer makes it, and is saved with the sizes of the time before
    /// shapes.
    pub legacy_blobs: bool,
    /// Whether layers that ask for num, channels, height and width, which blobs of four axes at most have, take the
    /// first four axes of blobs with more.
    pub takes_first_four_axes: bool,
    /// Whether layers that make a shape of num, channels, height and width put a length of 1 behind the channels, and
    /// so make five axes; those that ask for height and width of five axes take the last two.
    pub pictures_have_length: bool,
    /// Whether the losses take blobs of any number of axes, and not of four at most.
    pub losses_take_any_axes: bool,
    /// Whether the losses ask for as many targets as there are items.
    pub losses_compare_batches: bool,
    /// Whether SoftmaxWithLoss asks for one label for each place.
    pub softmax_counts_labels: bool,
    /// Whether Convolution, Deconvolution and Im2col take any number of axes; otherwise they take four, kernel, pad and
    /// stride once or in pairs, and Im2col no dilation.
    pub convolutions_take_any_axes: bool,
    /// Whether Dropout does.
    pub dropout_takes_any_axes: bool,
    /// Whether Concat takes a single bottom, and Slice makes a single top; otherwise there are two at least.
    pub joins_single_blobs: bool,
    /// Whether the only level of an SPP keeps its axes; otherwise Concat joins it alone.
    pub spp_keeps_one_level: bool,
    /// Whether Reshape and Flatten refuse to work in place.
    pub views_refuse_in_place: bool,
    /// Whether ArgMax takes any number of axes; otherwise it takes four at most, and its top has four.
    pub argmax_takes_any_axes: bool,
    /// Whether axes behind an empty one do no harm; otherwise Caffe divides by zero there.
    pub takes_empty_axes: bool,
    /// Whether the bias inside a Scale layer takes over the last of the blobs that the net gives; otherwise, of
    /// several, a copy of the first one is added.
    pub scale_takes_given_bias: bool,
    /// Whether Accuracy has a second top, the accuracy of each class.
    pub accuracy_tells_classes: bool,
    /// Whether Accuracy takes a third bottom, which weighs the places.
    pub accuracy_takes_weights: bool,
    /// Whether Accuracy refuses more than two tops.
    pub accuracy_counts_tops: bool,
    /// Whether a third top of Accuracy tells the F-measure; elsewhere it is left without axes, or refused.
    pub accuracy_tells_f_measure: bool,
    /// Whether the accuracies of the classes, the second top of Accuracy, have four axes.
    pub class_accuracies_have_four_axes: bool,
    /// Whether BatchNorm refuses a `moving_average_fraction` that is not in [0, 1].
    pub batch_norm_checks_fraction: bool,
    /// Whether pictures have any number of labels, along an axis of their own, which in a list follow the name.
    pub several_labels: bool,
    /// How lists of pictures are read.
    pub image_lists: ImageLists,
    /// What `resize_param` is to the size of pictures.
    pub picture_resize: PictureResize,
    /// What becomes of the `input` fields of a net.
    pub net_inputs: NetInputs,
    /// Whether a net in the V1 format loses the layers that it has in the current one, which otherwise are refused.
    pub drops_mixed_layers: bool,
    /// The format of layers.
    pub layer_format: LayerFormat,
    /// Whether a blob that several layers read is copied for each of them, by automatic Split layers.
    pub splits_blobs: bool,
    /// Whether RNN and LSTM do without the continuation, the second bottom; then every timestep continues the one
    /// before.
    pub continuation_is_optional: bool,
    /// Whether `pad` of a Convolution may be given for the front of each axis and then for the end of each.
    pub pads_by_side: bool,
    /// Whether a filler that there is not stands for the constant one.
    pub unknown_fillers_are_constant: bool,
    /// Whether every blob has a length between channels and height, and so five axes.
    pub blobs_have_length: bool,
    /// Whether the first copy of a blob that several layers read keeps the blob's name.
    pub first_copy_keeps_name: bool,
    /// Whether layers that transform pictures take one seed for that, and only in TRAIN.
    pub one_transform_seed: bool,
    /// Whether layers that read lists draw for their list before they do for their transformer.
    pub lists_draw_first: bool,
    /// Whether layers look at the fields that Intel's Caffe has added, where the schema has them: engines, the batch
    /// that BatchNorm takes statistics of, `pixelshuffler`, `save_output_param`, and what `transform_param` has beyond
    /// BVLC's.
    pub reads_fields_of_intel: bool,
    /// Whether HDF5 weights must have the shapes of the net's blobs; otherwise a blob takes that of the weights.
    pub checks_hdf5: bool,
    /// Whether those of a .caffemodel must.
    pub checks_weights: bool,
}

impl Traits {
    /// Those of BVLC's master of 2020.
    pub const MASTER: Traits = Traits {
        has_bilinear: true,
        has_msra: true,
        bilinear_centre: BilinearCentre::Width,
        fans: Fans::AnyAxes,
        xavier_counts_in_half: false,
        msra_is_leaky: false,
        batch_norm_params: BatchNormParams::Cleared,
        batch_norm_blobs: BatchNormBlobs::Sums,
        gaussian_check: GaussianCheck::Std,
        layers_have_types: false,
        folds_batch_norm: false,
        convolution_compares_bottoms: true,
        pooling_axes: PoolingAxes::Pictures,
        crops_by_sides: true,
        crop_sides_win: false,
        crop_seeds: CropSeeds::Squares,
        reader_draws: false,
        prefetch_draws: true,
        seeds_by_thread: false,
        transform_seeds: TransformSeeds::WhereRandom,
        data_skips_at_random: false,
        data_shuffles_at_once: false,
        infogain: InfogainInput::Scores,
        legacy_blobs: false,
        takes_first_four_axes: false,
        pictures_have_length: false,
        losses_take_any_axes: true,
        losses_compare_batches: true,
        softmax_counts_labels: true,
        convolutions_take_any_axes: true,
        dropout_takes_any_axes: true,
        joins_single_blobs: true,
        spp_keeps_one_level: true,
        views_refuse_in_place: true,
        argmax_takes_any_axes: true,
        takes_empty_axes: true,
        scale_takes_given_bias: true,
        accuracy_tells_classes: true,
        accuracy_takes_weights: false,
        accuracy_counts_tops: true,
        accuracy_tells_f_measure: false,
        class_accuracies_have_four_axes: false,
        batch_norm_checks_fraction: false,
        several_labels: false,
        image_lists: ImageLists::Lines,
        picture_resize: PictureResize::GivesSize,
        net_inputs: NetInputs::Layer,
        drops_mixed_layers: false,
        layer_format: LayerFormat::Current,
        splits_blobs: true,
        continuation_is_optional: false,
        pads_by_side: false,
        unknown_fillers_are_constant: false,
        blobs_have_length: false,
        first_copy_keeps_name: false,
        one_transform_seed: false,
        lists_draw_first: false,
        reads_fields_of_intel: true,
        checks_hdf5: true,
        checks_weights: true,
    };

    /// Those of BVLC's release 1.0 of April 2017.
    pub const RELEASE_1_0: Traits =
        Traits { bilinear_centre: BilinearCentre::Factor, fans: Fans::FourAxes, ..Traits::MASTER };

    /// Those of BVLC's release candidates 4 and 5 of January and February 2017.
    pub const RC5: Traits =
        Traits { infogain: InfogainInput::Probabilities, checks_hdf5: false, ..Traits::RELEASE_1_0 };

    /// Those of BVLC's master at the end of the summer of 2016, from which SSD grew.
    pub const LATE_SUMMER_2016: Traits =
        Traits { batch_norm_params: BatchNormParams::Replaced, reader_draws: true, ..Traits::RC5 };

    /// Those of BVLC's master of the spring of 2016, when inputs had become layers.
    pub const SPRING_2016: Traits = Traits {
        takes_empty_axes: true,
        image_lists: ImageLists::Lines,
        net_inputs: NetInputs::Layer,
        dropout_takes_any_axes: true,
        ..Traits::RC3
    };

    /// Those of BVLC's master in the summer of 2016.
    pub const SUMMER_2016: Traits = Traits {
        batch_norm_params: BatchNormParams::Kept,
        reader_draws: true,
        scale_takes_given_bias: false,
        accuracy_counts_tops: false,
        ..Traits::RC5
    };

    /// Those of BVLC's release candidate 3 of January 2016.
    pub const RC3: Traits = Traits {
        losses_take_any_axes: false,
        dropout_takes_any_axes: false,
        takes_empty_axes: false,
        image_lists: ImageLists::Words,
        net_inputs: NetInputs::Fields,
        drops_mixed_layers: true,
        ..Traits::SUMMER_2016
    };

    /// Those of BVLC's master of the summer of 2015, whose layers read databases in a thread of their own.
    pub const SUMMER_2015: Traits = Traits {
        convolutions_take_any_axes: false,
        joins_single_blobs: false,
        views_refuse_in_place: false,
        argmax_takes_any_axes: false,
        ..Traits::RC3
    };

    /// Those of BVLC's Caffe in the spring of 2015, when blobs had got any number of axes.
    pub const SPRING_2015: Traits = Traits {
        reader_draws: false,
        prefetch_draws: false,
        data_skips_at_random: true,
        lists_draw_first: true,
        spp_keeps_one_level: false,
        accuracy_tells_classes: false,
        ..Traits::SUMMER_2015
    };

    /// Those of BVLC's release candidate 2 of February 2015. It does not read HDF5 weights, so that there is no shape
    /// of theirs to take.
    pub const RC2: Traits = Traits {
        legacy_blobs: true,
        takes_empty_axes: true,
        has_msra: false,
        checks_hdf5: true,
        ..Traits::SPRING_2015
    };

    /// Those of BVLC's Caffe at the end of 2014, before layers had their current format; nets that are brought to it
    /// are written in the dialect of this name.
    pub const fn late_2014(current: &'static str) -> Traits {
        Traits {
            has_bilinear: false,
            drops_mixed_layers: false,
            layer_format: LayerFormat::V1 { current },
            softmax_counts_labels: false,
            ..Traits::RC2
        }
    }

    /// Whether layers are in the V1 format alone.
    pub fn has_v1_layers(&self) -> bool {
        self.layer_format != LayerFormat::Current
    }
}
