//! The table of dialects.

use super::{
    BatchNormBlobs, BatchNormParams, BilinearCentre, Dialect, Fans, GaussianCheck, NetInputs, PoolingAxes, Traits,
};

/// Those of SSD, which grew from BVLC's master of the summer of 2016.
const SSD: Traits = Traits { batch_norm_params: BatchNormParams::Replaced, reader_draws: true, ..Traits::RC5 };

/// All dialects: BVLC's Caffe of today, its releases, and the forks in the order of preference among those that know all
/// of a net.
pub static DIALECTS: &[Dialect] = &[
    Dialect {
        name: "bvlc",
        about: "BVLC's Caffe of today, the last commit of master",
        source: "BVLC/caffe, 9b89154, 2020",
        traits: Traits::MASTER,
        is_whole: true,
    },
    Dialect {
        name: "bvlc-1.0",
        about: "BVLC's release 1.0 of April 2017",
        source: "BVLC/caffe, tag 1.0",
        traits: Traits::RELEASE_1_0,
        is_whole: true,
    },
    Dialect {
        name: "bvlc-rc5",
        about: "BVLC's release candidate 5 of February 2017, and 4 of January",
        source: "BVLC/caffe, tags rc5 and rc4",
        traits: Traits::RC5,
        is_whole: true,
    },
    Dialect {
        name: "bvlc-rc3",
        about: "BVLC's release candidate 3 of January 2016",
        source: "BVLC/caffe, tag rc3",
        traits: Traits::RC3,
        is_whole: true,
    },
    Dialect {
        name: "bvlc-rc2",
        about: "BVLC's release candidate 2 of February 2015",
        source: "BVLC/caffe, tag rc2",
        traits: Traits { legacy_blobs: true, takes_empty_axes: true, ..Traits::RC2 },
        is_whole: true,
    },
    Dialect {
        name: "addons",
        about: "BVLC's Caffe of today with ShuffleChannel, as ShuffleNet has it added",
        source: "farmingyard/ShuffleNet, README",
        traits: Traits::MASTER,
        is_whole: true,
    },
    Dialect {
        name: "ssd",
        about: "SSD, the single shot detector",
        source: "weiliu89/caffe, branch ssd, 4817bf8",
        traits: SSD,
        is_whole: true,
    },
    Dialect {
        name: "intel",
        about: "Intel's distribution for its processors",
        source: "intel/caffe 1.1, 44d5363",
        traits: Traits {
            fans: Fans::TwoAxes,
            batch_norm_params: BatchNormParams::Kept,
            folds_batch_norm: true,
            convolution_compares_bottoms: false,
            pooling_axes: PoolingAxes::Volumes,
            crops_by_sides: false,
            reader_draws: true,
            prefetch_draws: false,
            ..Traits::RELEASE_1_0
        },
        is_whole: true,
    },
    Dialect {
        name: "yjxiong",
        about: "Temporal segment networks",
        source: "yjxiong/caffe, branch action_recog, 9831a2b",
        traits: Traits::RC2,
        is_whole: false,
    },
    Dialect {
        name: "soeaver",
        about: "Layers for classification, detection and segmentation, collected by soeaver",
        source: "soeaver/py-RFCN-priv, ec89b86",
        traits: Traits {
            batch_norm_params: BatchNormParams::ClearedAlone,
            losses_take_any_axes: false,
            scale_takes_given_bias: false,
            ..Traits::RC5
        },
        is_whole: false,
    },
    Dialect {
        name: "nvidia",
        about: "NVIDIA's distribution, NVCaffe",
        source: "NVIDIA/caffe 0.17, 87a2554",
        traits: Traits {
            bilinear_centre: BilinearCentre::FactorRoundedDown,
            batch_norm_params: BatchNormParams::Set,
            batch_norm_blobs: BatchNormBlobs::Corrected,
            gaussian_check: GaussianCheck::MeanAgainstStd,
            layers_have_types: true,
            ..Traits::RELEASE_1_0
        },
        is_whole: true,
    },
    Dialect {
        name: "happynear",
        about: "Caffe for Windows with layers for faces, by happynear",
        source: "happynear/caffe-windows, branch ms, 967eedf",
        traits: Traits::RELEASE_1_0,
        is_whole: false,
    },
    Dialect {
        name: "fast-rcnn",
        about: "Fast and Faster R-CNN",
        source: "rbgirshick/caffe-fast-rcnn as py-faster-rcnn pins it, 0dcd397",
        traits: Traits::RC3,
        is_whole: true,
    },
    Dialect {
        name: "synopsys",
        about: "Synopsys' superset for ARC processors",
        source: "foss-for-synopsys-dwc-arc-processors/synopsys-caffe, 977ba36",
        traits: Traits { bilinear_centre: BilinearCentre::Factor, checks_hdf5: false, ..Traits::MASTER },
        is_whole: false,
    },
    Dialect {
        name: "ducha-aiki",
        about: "A benchmark of activations and initialisations, by ducha-aiki",
        source: "ducha-aiki/caffe, branch elu, c9b0c54",
        traits: Traits::RC3,
        is_whole: false,
    },
    Dialect {
        name: "refinedet",
        about: "RefineDet, a detector in two steps on top of SSD",
        source: "sfzhang15/RefineDet, 52b6fe2",
        traits: SSD,
        is_whole: true,
    },
    Dialect {
        name: "rfcn",
        about: "R-FCN, a detector with position-sensitive maps",
        source: "daijifeng001/caffe-rfcn, 543f8f6",
        traits: Traits { net_inputs: NetInputs::Layer, takes_empty_axes: true, ..Traits::RC3 },
        is_whole: true,
    },
    Dialect {
        name: "pspnet",
        about: "PSPNet, scene parsing",
        source: "hszhao/PSPNet, 798bdc9",
        traits: Traits { batch_norm_checks_fraction: true, ..Traits::RC3 },
        is_whole: true,
    },
    Dialect {
        name: "segnet",
        about: "SegNet, segmentation with remembered pooling",
        source: "alexgkendall/caffe-segnet, 344c113",
        traits: Traits { has_bilinear: false, class_accuracies_have_four_axes: true, ..Traits::RC2 },
        is_whole: true,
    },
    Dialect {
        name: "segnet-cudnn5",
        about: "SegNet on a later Caffe",
        source: "TimoSaemann/caffe-segnet-cudnn5, abcf30d",
        traits: Traits {
            batch_norm_params: BatchNormParams::Replaced,
            prefetch_draws: false,
            data_skips_at_random: true,
            ..Traits::RC5
        },
        is_whole: true,
    },
    Dialect {
        name: "crfasrnn",
        about: "CRF as RNN",
        source: "torrvision/caffe, d779ee3",
        traits: Traits::RC3,
        is_whole: false,
    },
    Dialect {
        name: "crfasrnn-0.1",
        about: "CRF as RNN, its first release",
        source: "torrvision/crfasrnn, tag 0.1, 3ddb109",
        traits: Traits::RC2,
        is_whole: false,
    },
    Dialect {
        name: "apl",
        about: "Learned activation functions",
        source: "forestagostinelli/Learned-Activation-Functions-Source, aa1f97e",
        traits: Traits::RC2,
        is_whole: false,
    },
    Dialect {
        name: "lisa",
        about: "Captions and long-term recurrent networks",
        source: "LisaAnne/lisa-caffe-public, 49b8643",
        traits: Traits::RC2,
        is_whole: false,
    },
    Dialect {
        name: "cambricon",
        about: "Cambricon's distribution for its accelerators",
        source: "Cambricon/caffe, ca5b402",
        traits: Traits::MASTER,
        is_whole: false,
    },
    Dialect {
        name: "mobilenet-yolo",
        about: "MobileNet-YOLO",
        source: "eric612/MobileNet-YOLO, 69b4441",
        traits: Traits::MASTER,
        is_whole: false,
    },
];
