//! Small nets of forks: each is read in the dialect that it is written in, and has the blobs that it would have there.

use std::io::Cursor;

use caffemodel::dialect::Dialect;
use caffemodel::formats::{self, Arrays, Format, caffemodel_size};
use caffemodel::random::Streams;
use caffemodel::{Definition, Limits, Net, Plan, PlanOptions, ReadOptions, StateOptions, convert, init};

/// A net of a fork, as far as it is no BVLC's.
struct ForkNet {
    dialect: &'static str,
    /// The shapes of the inputs `a`, `b` and so on.
    inputs: &'static [&'static [i64]],
    layers: &'static str,
    /// How many parameters it has.
    parameters: u64,
}

const NETS: &[ForkNet] = &[
    ForkNet {
        dialect: "caffe-face",
        inputs: &[&[4, 8], &[4]],
        layers: "layer { name: 'c' type: 'CenterLoss' bottom: 'a' bottom: 'b' top: 'c' loss_weight: 0.01
                         center_loss_param { num_output: 3 center_filler { type: 'xavier' } } }",
        parameters: 24,
    },
    ForkNet {
        dialect: "sphereface",
        inputs: &[&[4, 8], &[4]],
        layers: "layer { name: 'f' type: 'MarginInnerProduct' bottom: 'a' bottom: 'b' top: 'f' top: 'lambda'
                         margin_inner_product_param { num_output: 3 type: QUADRUPLE weight_filler { type: 'xavier' } } }",
        parameters: 24,
    },
    ForkNet {
        dialect: "happynear",
        inputs: &[&[4, 8]],
        layers: "layer { name: 'd' type: 'InnerDistance' bottom: 'a' top: 'd'
                         inner_distance_param { num_output: 3 weight_filler { type: 'xavier' } } }
                 layer { name: 'p' type: 'Parameter' top: 'p'
                         parameter_param { shape { dim: [5, 8] } blob_filler { type: 'gaussian_unitball' } } }
                 layer { name: 'i' type: 'InnerProduct' bottom: 'a' bottom: 'p' top: 'i' inner_product_param { } }",
        parameters: 69,
    },
    ForkNet {
        dialect: "lisa",
        inputs: &[],
        layers: "input: 'a' input_shape { dim: [4, 2] } input: 'b' input_shape { dim: [4, 2] }
                 layer { name: 'e' type: 'Embed' bottom: 'a' top: 'e'
                         embed_param { num_output: 3 input_dim: 5 weight_filler { type: 'uniform' } } }
                 layer { name: 'l' type: 'LSTM' bottom: 'e' bottom: 'b' top: 'l'
                         recurrent_param { num_output: 2 weight_filler { type: 'uniform' } } }
                 layer { name: 'c' type: 'Accuracy' bottom: 'l' bottom: 'b' top: 'c' accuracy_param { axis: 2 denominator: 8 } }",
        parameters: 66,
    },
    ForkNet {
        dialect: "deeplab-v2",
        inputs: &[&[1, 3, 8, 8]],
        layers: "layer { name: 'i' type: 'Interp' bottom: 'a' top: 'i' interp_param { zoom_factor: 2 } }
                 layer { name: 'w' type: 'MatWrite' bottom: 'i' mat_write_param { prefix: 'fc8_' } }",
        parameters: 0,
    },
    ForkNet {
        dialect: "crfasrnn-crfrnn",
        inputs: &[&[1, 2, 4, 4], &[1, 3, 4, 4]],
        layers: "layer { name: 'm' type: 'MultiStageMeanfield' bottom: 'a' bottom: 'a' bottom: 'b' top: 'm'
                         multi_stage_meanfield_param { num_iterations: 5 theta_alpha: 160 theta_beta: 3 theta_gamma: 3
                           spatial_filter_weights_str: '3 3' bilateral_filter_weights_str: '5 5' } }",
        parameters: 12,
    },
    ForkNet {
        dialect: "weiliu-fcn",
        inputs: &[],
        layers: "input: 'a' input_shape { dim: [1, 4, 8, 8] }
                 layer { name: 'n' type: 'Normalize' bottom: 'a' top: 'n'
                         norm_param { across_spatial: false channel_shared: false fix_scale: false } }
                 layer { name: 'c' type: 'Convolution' bottom: 'n' top: 'c'
                         convolution_param { num_output: 2 kernel_size: 3 filter_stride: 2 weight_filler { type: 'xavier' } } }
                 layer { name: 'p' type: 'Pooling' bottom: 'c' top: 'p' pooling_param { bin_size: 2 } }",
        parameters: 78,
    },
    ForkNet {
        dialect: "flownet2",
        inputs: &[&[1, 4, 8, 8], &[1, 4, 8, 8]],
        layers: "layer { name: 'c' type: 'Correlation' bottom: 'a' bottom: 'b' top: 'c'
                         correlation_param { pad: 2 kernel_size: 1 max_displacement: 2 stride_1: 1 stride_2: 1 } }
                 layer { name: 'e' type: 'Eltwise' bottom: 'c' top: 'e' eltwise_param { coeff: 0.5 } }
                 layer { name: 'd' type: 'DataAugmentation' bottom: 'e' top: 'd' augmentation_param { recompute_mean: 5 } }",
        parameters: 0,
    },
    ForkNet {
        dialect: "c3d-1.1",
        inputs: &[&[1, 3, 16, 8, 8]],
        layers: "layer { name: 'c' type: 'Convolution3D' bottom: 'a' top: 'c'
                         convolution3d_param { num_output: 2 kernel_size: 3 kernel_depth: 3 pad: 1 temporal_pad: 1
                           weight_filler { type: 'gaussian' std: 0.01 } } }
                 layer { name: 'p' type: 'Pooling3D' bottom: 'c' top: 'p'
                         pooling3d_param { pool: MAX kernel_size: 2 kernel_depth: 1 stride: 2 } }",
        parameters: 164,
    },
    ForkNet {
        dialect: "video-caffe",
        inputs: &[&[1, 3, 16, 8, 8]],
        layers: "layer { name: 'c' type: 'NdConvolution' bottom: 'a' top: 'c'
                         convolution_param { num_output: 2 kernel_shape { dim: [3, 3, 3] } weight_filler { type: 'xavier' } } }",
        parameters: 164,
    },
    ForkNet {
        dialect: "caffe-lstm",
        inputs: &[],
        layers: "input: 'a' input_shape { dim: [8, 6] }
                 layer { name: 'l' type: 'Lstm' bottom: 'a' top: 'l'
                         lstm_param { num_output: 5 batch_size: 2 weight_filler { type: 'xavier' } } }",
        parameters: 240,
    },
    ForkNet {
        dialect: "caffe-ocr",
        inputs: &[&[2, 6, 1, 8]],
        layers: "layer { name: 't' type: 'Transpose' bottom: 'a' top: 't' transpose_param { dim: [3, 0, 1, 2] } }
                 layer { name: 'l' type: 'Lstm' bottom: 't' top: 'l'
                         lstm_param { num_output: 5 weight_filler { type: 'xavier' } } }
                 layer { name: 'm' type: 'LSTM' bottom: 't' top: 'm'
                         recurrent_param { num_output: 4 weight_filler { type: 'xavier' } } }",
        parameters: 416,
    },
    ForkNet {
        dialect: "warpctc",
        inputs: &[&[8, 2, 11], &[2, 4]],
        layers: "layer { name: 'l' type: 'CtcLoss' bottom: 'a' bottom: 'b' top: 'l'
                         ctc_loss_param { alphabet_size: 11 time_step: 8 } }",
        parameters: 0,
    },
    ForkNet {
        dialect: "ctpn",
        inputs: &[],
        layers: "input: 'a' input_shape { dim: [1, 4, 6, 6] } input: 'b' input_shape { dim: [2, 5] }
                 layer { name: 'r' type: 'ROIPooling' bottom: 'a' bottom: 'b' top: 'r' roi_pooling_param { pooled_h: 1 pooled_w: 7 } }
                 layer { name: 't' type: 'Transpose' bottom: 'r' top: 't' transpose_param { dim: [3, 0, 1, 2] } }
                 layer { name: 'l' type: 'Lstm' bottom: 't' top: 'l'
                         lstm_param { num_output: 5 weight_filler { type: 'xavier' } } }",
        parameters: 200,
    },
    ForkNet {
        dialect: "textboxes-pp",
        inputs: &[&[1, 4, 6, 6], &[1, 3, 60, 60], &[1, 1944], &[1, 432], &[1, 1, 1, 16]],
        layers: "layer { name: 'p' type: 'PriorBox' bottom: 'a' bottom: 'b' top: 'p'
                         prior_box_param { min_size: 30 max_size: 60 aspect_ratio: 5 flip: false denser_prior_boxes: true } }
                 layer { name: 'n' type: 'Normalize' bottom: 'a' top: 'n' norm_param { channel_shared: false } }
                 layer { name: 's' type: 'Silence' bottom: 'n' }
                 layer { name: 'l' type: 'MultiBoxLoss' bottom: 'c' bottom: 'd' bottom: 'p' bottom: 'e' top: 'l'
                         multibox_loss_param { num_classes: 2 use_polygon: false } }",
        parameters: 4,
    },
    ForkNet {
        dialect: "sstd",
        inputs: &[&[1, 4, 6, 6], &[1, 1, 24, 24]],
        layers: "layer { name: 'r' type: 'MaskResize' bottom: 'b' top: 'r'
                         mask_resize_param { output_height: 1 output_width: 1 factor_height: 0.25 factor_width: 0.25 } }
                 layer { name: 'm' type: 'MaskPooling' bottom: 'a' bottom: 'r' top: 'm' }
                 layer { name: 'n' type: 'Normalize' bottom: 'm' top: 'n' norm_param { channel_shared: false } }",
        parameters: 4,
    },
    ForkNet {
        dialect: "denseblock",
        inputs: &[&[2, 4, 8, 8]],
        layers: "layer { name: 'd' type: 'DenseBlock' bottom: 'a' top: 'd'
                         denseblock_param { numTransition: 2 initChannel: 4 growthRate: 3 Filter_Filler { type: 'msra' } } }",
        parameters: 319,
    },
    ForkNet {
        dialect: "caffe-pp2",
        inputs: &[&[2, 3, 8, 8], &[2, 6]],
        layers: "layer { name: 's' type: 'SpatialTransformer' bottom: 'a' bottom: 'b' top: 's'
                         st_param { output_H: 4 output_W: 4 } }",
        parameters: 0,
    },
    ForkNet {
        dialect: "seqface",
        inputs: &[&[4, 8], &[4]],
        layers: "layer { name: 'l' type: 'DSALoss' bottom: 'a' bottom: 'b' top: 'l' loss_weight: 1
                         dsa_loss_param { faceid_num: 3 center_filler { type: 'xavier' } } }",
        parameters: 24,
    },
    ForkNet {
        dialect: "wu-lightcnn",
        inputs: &[&[4, 8]],
        layers: "layer { name: 'o' type: 'OrthogonalConstraint' bottom: 'a' top: 'o'
                         orthogonal_constraint_param { num_output: 3 weight_filler { type: 'xavier' } } }",
        parameters: 27,
    },
    ForkNet {
        dialect: "curve-text",
        inputs: &[&[2, 3, 1, 7]],
        layers: "layer { name: 'c' type: 'Convert' bottom: 'a' top: 'c' top: 'cont' }
                 layer { name: 'l' type: 'LSTM' bottom: 'c' bottom: 'cont' top: 'l'
                         recurrent_param { num_output: 4 weight_filler { type: 'xavier' } } }",
        parameters: 128,
    },
    ForkNet {
        dialect: "cambricon",
        inputs: &[&[2, 4, 8, 8], &[1, 4, 1, 1]],
        layers: "layer { name: 'c' type: 'Convolution' bottom: 'a' top: 'c'
                         convolution_param { num_output: 2 kernel_size: 3 pad: [0, 1, 2, 3] weight_filler { type: 'Xavier' value: 3 } } }
                 layer { name: 'd' type: 'CycleAdd' bottom: 'a' bottom: 'b' top: 'd' }
                 layer { name: 'e' type: 'CReLU' bottom: 'a' top: 'e' }
                 layer { name: 'n' type: 'BatchNorm' bottom: 'e' top: 'n' batch_norm_param { use_alpha_beta: true } }",
        parameters: 90,
    },
    ForkNet {
        dialect: "sophgo",
        inputs: &[&[2, 4, 8, 8]],
        layers: "layer { name: 'p' type: 'Padding' bottom: 'a' top: 'p' padding_param { pad_l: 1 pad_t: 1 } }
                 layer { name: 'n' type: 'BN' bottom: 'p' top: 'n' bn_param { bn_mode: INFERENCE shift_filler { value: 1 } } }
                 layer { name: 'y' type: 'YoloDetection' bottom: 'n' top: 'y' yolo_detection_param { keep_topk: 20 } }",
        parameters: 8,
    },
    ForkNet {
        dialect: "jacinto",
        inputs: &[&[2, 4, 8, 8]],
        layers: "quantize: true net_quantization_param { bitwidth_weights: 8 }
                 layer { name: 'c' type: 'Convolution' bottom: 'a' top: 'c'
                         convolution_param { num_output: 2 kernel_size: 3 weight_filler { type: 'xavier' } } }",
        parameters: 74,
    },
    ForkNet {
        dialect: "xilinx",
        inputs: &[&[2, 4, 8, 8]],
        layers: "layer { name: 'c' type: 'ConvolutionFixed' bottom: 'a' top: 'c'
                         convolution_param { num_output: 2 kernel_size: 3 weight_filler { type: 'xavier' } }
                         fixed_param { bit_width: 8 } }
                 layer { name: 'f' type: 'FixedNeuron' bottom: 'c' top: 'f' fixed_param { bit_width: 8 } }",
        parameters: 74,
    },
    ForkNet {
        dialect: "caffe3d",
        inputs: &[&[2, 4, 8, 8, 6]],
        layers: "layer { name: 'd' type: 'Deconvolution' bottom: 'a' top: 'd'
                         convolution_param { num_output: 4 group: 4 kernel_size: 4 stride: 2 pad: 1 bias_term: false
                           weight_filler { type: 'multilinear' } } }
                 layer { name: 'p' type: 'Pooling' bottom: 'd' top: 'p'
                         pooling_param { pool: MAX kernel_size: [1, 2, 2] stride: [1, 2, 2] } }",
        parameters: 256,
    },
    ForkNet {
        dialect: "charlesshang",
        inputs: &[&[2, 4, 8, 8], &[2, 4, 4, 4]],
        layers: "layer { name: 'l' type: 'PyramidLstm' bottom: 'a' bottom: 'b' top: 'l' top: 'm'
                         pyramid_lstm_param { num_cells: 3 weight_filler { type: 'xavier' } } }
                 layer { name: 'k' type: 'Clustering' bottom: 'l' top: 'k' clustering_param { k: 2 num_output: 5 num_layer: 1 } }",
        parameters: 2014,
    },
    ForkNet {
        dialect: "mobilenet-yolo",
        inputs: &[&[2, 8, 4, 4], &[2, 300, 5]],
        layers: "layer { name: 'c' type: 'DepthwiseConvolution' bottom: 'a' top: 'c'
                         convolution_param { num_output: 8 group: 8 kernel_size: 3 pad: 1 bias_term: false
                           weight_filler { type: 'msra' } } }
                 layer { name: 'u' type: 'Upsample' bottom: 'c' top: 'u' upsample_param { scale: 2 } }
                 layer { name: 'p' type: 'Convolution' bottom: 'u' top: 'p' convolution_param { num_output: 18 kernel_size: 1 } }
                 layer { name: 'y' type: 'Yolov3' bottom: 'p' bottom: 'b' top: 'y'
                         yolov3_param { num: 3 num_class: 1 iou_loss: GIOU } }",
        parameters: 234,
    },
    ForkNet {
        dialect: "apl",
        inputs: &[],
        layers: "input: 'a' input_shape { dim: [2, 3, 4, 4] }
                 layer { name: 'p' type: 'APL' bottom: 'a' top: 'p' apl_param { sums: 5 } }",
        parameters: 480,
    },
];

impl ForkNet {
    fn text(&self) -> String {
        let input = |(index, dims): (usize, &&[i64])| {
            let name = char::from(b'a' + index as u8);
            format!(
                "layer {{ name: '{name}' type: 'Input' top: '{name}' input_param {{ shape {{ dim: {dims:?} }} }} }}"
            )
        };
        let inputs: Vec<String> = self.inputs.iter().enumerate().map(input).collect();
        format!("{}\n{}", inputs.join("\n"), self.layers)
    }
}

#[test]
fn nets_of_forks_are_told_by_their_content() {
    for net in NETS {
        let definition = Definition::from_bytes(net.dialect, net.text()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(definition.dialect.name, net.dialect, "{:?}", definition.notices);
        let plan = Net::resolve(definition, &StateOptions::default())
            .and_then(|net| Plan::new(net, &PlanOptions::default()))
            .unwrap_or_else(|error| panic!("{}: {error}", net.dialect));
        assert_eq!(plan.parameters(), net.parameters, "{}", net.dialect);
    }
}

#[test]
fn jacinto_s_nets_are_saved_with_their_quantisation() {
    let net = NETS.iter().find(|net| net.dialect == "jacinto").unwrap();
    let definition = Definition::from_bytes("net", format!("name: 'n'\n{}", net.text())).unwrap();
    let plan = Plan::new(Net::resolve(definition, &StateOptions::default()).unwrap(), &PlanOptions::default()).unwrap();
    let bytes = written(&plan, "net.caffemodel");
    assert_eq!(bytes.len() as u64, caffemodel_size(&plan.saved()));
    assert!(bytes.starts_with(b"\x0a\x21n___QUANTIZED__SEE_END_OFTHE_FILE"));
    assert!(bytes.ends_with(&[0xc0, 0x0c, 1, 0xca, 0x0c, 2, 0x18, 8]));

    let copied = |bytes: &[u8], name: &str| {
        let stored = formats::from_bytes(name, bytes).unwrap();
        assert_eq!(stored.dialect.map(|dialect| dialect.name), Some("jacinto"));
        convert::plan(stored, &Limits::default()).unwrap()
    };
    let text = written(&copied(&bytes, "net.caffemodel"), "net.prototxt");
    let end = "quantize: true\nnet_quantization_param {\n  bitwidth_weights: 8\n}\n";
    assert!(text.ends_with(end.as_bytes()), "{}", String::from_utf8_lossy(&text));
    assert_eq!(written(&copied(&text, "net.prototxt"), "net.caffemodel"), bytes);
}

/// A plan filled from one seed, as a file of this name.
fn written(plan: &Plan, name: &str) -> Vec<u8> {
    let saved = plan.saved();
    let mut file = Cursor::new(Vec::new());
    let mut writer = Format::of_path(name).unwrap().writer(&saved, &mut file).unwrap();
    init::fill_on(1, plan, &mut Streams::caffe(7, "1.74".parse().unwrap()), &mut *writer).unwrap();
    drop(writer);
    file.into_inner()
}

#[test]
fn cambricon_s_layers_share_blobs() {
    let net = NETS.iter().find(|net| net.dialect == "cambricon").unwrap();
    let definition = Definition::from_bytes(net.dialect, net.text()).unwrap();
    let net = Net::resolve(definition, &StateOptions::default()).unwrap();
    let names: Vec<&str> = net.layers.iter().map(|layer| layer.param.name()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "e", "n"]);
    let plan = Plan::new(net, &PlanOptions::default()).unwrap();
    let notice =
        "this Caffe lacks the filler Xavier and takes constant instead: every value is that of the filler, or 0";
    assert_eq!(plan.notices, [notice]);
    let text = NETS.iter().find(|net| net.dialect == "cambricon").unwrap().text();
    let arrays = filled(&text, 1);
    assert!(arrays.get("c", 0).unwrap().iter().all(|&weight| weight == 3.0), "Xavier stands for constant");
    let factors: Vec<f32> = arrays.get("n", 3).unwrap().iter().copied().collect();
    assert_eq!(factors, [1.0; 8]);
}

/// The plan of a net in the dialect of this name, or why it is refused.
fn planned_in(dialect: &str, text: &str) -> Result<Plan, String> {
    let net = Definition::from_bytes_with("net", text, &ReadOptions::of(Dialect::get(dialect)));
    let net = net.and_then(|net| Net::resolve(net, &StateOptions::default()));
    net.and_then(|net| Plan::new(net, &PlanOptions::default())).map_err(|error| error.to_string())
}

/// The first Pooling gives pictures a length, over which all convolutions behind it pass.
#[test]
fn pictures_of_video_caffe_have_a_length_behind_their_first_pooling() {
    let head = "input: 'a' input_dim: [2, 3, 16, 12]
                layer { name: 'c' type: 'Convolution' bottom: 'a' top: 'c' convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }";
    let pool = "layer { name: 'p' type: 'Pooling' bottom: 'c' top: 'p' pooling_param { kernel_size: 2 stride: 2 } }";
    let behind = "layer { name: 'n' type: 'LRN' bottom: 'p' top: 'n' }
                  layer { name: 'd' type: 'Convolution' bottom: 'n' top: 'd' convolution_param { num_output: 5 kernel_size: 3 } }
                  layer { name: 'i' type: 'InnerProduct' bottom: 'd' top: 'i' inner_product_param { num_output: 2 } }";
    let plan = planned_in("video-caffe", &format!("{head}{pool}{behind}")).unwrap();
    let tops: Vec<&[i32]> = plan.layers[1..].iter().map(|layer| layer.tops[0].dims()).collect();
    let expected: [&[i32]; 5] = [&[2, 4, 16, 12], &[2, 4, 1, 8, 6], &[2, 4, 1, 8, 6], &[2, 5, 1, 6, 4], &[2, 2]];
    assert_eq!(tops, expected);
    let blobs: Vec<&[i32]> = plan.layers.iter().flat_map(|layer| &layer.blobs).map(|blob| blob.shape.dims()).collect();
    let expected: [&[i32]; 6] = [&[4, 3, 3, 3], &[4], &[5, 4, 3, 3], &[5], &[2, 120], &[2]];
    assert_eq!(blobs, expected);
    let first = behind.replacen("'p'", "'c'", 1);
    let error = planned_in("video-caffe", &format!("{head}\n{first}")).unwrap_err();
    assert_eq!(error, "net:3:31: layer \"n\" (LRN), bottom: the bottom (2, 4, 16, 12) must have 5 axes");
    assert!(planned_in("bvlc", &format!("{head}{first}")).is_ok());
}

/// It is a Caffe of April 2015.
#[test]
fn the_tree_of_apl_is_older_than_two_fillers() {
    let net = |filler: &str| {
        format!(
            "input: 'a' input_dim: [2, 3, 8, 8]
             layer {{ name: 'c' type: 'Convolution' bottom: 'a' top: 'c'
                      convolution_param {{ num_output: 4 kernel_size: 3 weight_filler {{ type: '{filler}' }} }} }}
             layer {{ name: 'p' type: 'APL' bottom: 'c' top: 'c' }}"
        )
    };
    let plan = planned_in("apl", &net("xavier")).unwrap();
    let blobs: Vec<&[i32]> = plan.layers[2].blobs.iter().map(|blob| blob.shape.dims()).collect();
    assert_eq!(blobs, [[1, 1, 2, 144]; 2]);
    for filler in ["bilinear", "msra"] {
        let error = planned_in("apl", &net(filler)).unwrap_err();
        let message = format!("unknown filler \"{filler}\"");
        let help = "the fillers are constant, gaussian, positive_unitball, uniform, xavier";
        let field = "convolution_param.weight_filler.type";
        assert_eq!(error, format!("net:3:88: layer \"c\" (Convolution), {field}: {message} ({help})"));
    }
}

#[test]
fn power_of_caffe_pp2_does_not_work_in_place() {
    let net = |top: &str| {
        format!(
            "input: 'a' input_dim: [2, 3, 8, 8]
             layer {{ name: 'p' type: 'Power' bottom: 'a' top: '{top}' power_param {{ power: 2 eps: 0.1 }} }}"
        )
    };
    assert!(planned_in("caffe-pp2", &net("p")).is_ok());
    let error = planned_in("caffe-pp2", &net("a")).unwrap_err();
    assert_eq!(
        error,
        "net:2:58: layer \"p\" (Power), top: the layer cannot work in place (give the top a name of its own)"
    );
}

/// These share all of their nets' fields with dialects that are read first.
#[test]
fn some_dialects_have_to_be_named() {
    let norm = |fields: &str| {
        format!(
            "layer {{ name: 'a' type: 'Input' top: 'a' input_param {{ shape {{ dim: [2, 4, 6, 6] }} }} }}
             layer {{ name: 'n' bottom: 'a' top: 'n' {fields} }}"
        )
    };
    let filled = "batch_norm_param { scale_filler { value: 1 } }";
    let flattened =
        "input: 'a' input_shape { dim: [2, 4, 6, 6] } layer { name: 'f' type: 'Flatten' bottom: 'a' top: 'a' }
                     layer { name: 'n' type: 'InnerProduct' bottom: 'a' top: 'n'
                             inner_product_param { num_output: 3 weight_filler { value: 1 } } }";
    for (dialect, text, shapes) in [
        ("dorn", norm("type: 'BN' bn_param { slope_filler { value: 1 } }"), vec![vec![1, 4, 1, 1]; 4]),
        ("nvidia-0.15", norm(&format!("type: 'BatchNorm' {filled}")), [vec![vec![4]; 4], vec![vec![1]]].concat()),
        ("hed", flattened.to_owned(), vec![vec![3, 144], vec![3]]),
    ] {
        let options = ReadOptions::of(Dialect::get(dialect));
        let net = Definition::from_bytes_with("net", text, &options);
        let net = net.and_then(|net| Net::resolve(net, &StateOptions::default()));
        let plan = net.and_then(|net| Plan::new(net, &PlanOptions::default())).unwrap();
        let mut arrays = Arrays::default();
        init::fill(&plan, &mut Streams::caffe(7, "1.74".parse().unwrap()), &mut arrays).unwrap();
        let found: Vec<Vec<i32>> =
            plan.layers.last().unwrap().blobs.iter().map(|blob| blob.shape.dims().to_vec()).collect();
        assert_eq!(found, shapes, "{dialect}");
        assert!(arrays.get("n", 0).unwrap().iter().all(|&value| value == 1.0), "{dialect}");
    }
}

/// The blobs of a net's layers by name, from so many threads beside the caller's.
fn filled(text: &str, threads: usize) -> Arrays {
    let net = Definition::from_bytes("net", text).and_then(|net| Net::resolve(net, &StateOptions::default()));
    let plan = net.and_then(|net| Plan::new(net, &PlanOptions::default())).unwrap();
    let mut arrays = Arrays::default();
    let mut streams = Streams::caffe(7, "1.74".parse().unwrap());
    init::fill_on(threads, &plan, &mut streams, &mut arrays).unwrap();
    arrays
}

#[test]
fn happynear_s_parts_move_by_weights_of_the_layer() {
    let text = "layer { name: 'a' type: 'Input' top: 'a' input_param { shape { dim: [1, 2, 4, 4] } } }
                layer { name: 'p' type: 'Pooling' bottom: 'a' top: 'p'
                        pooling_param { pool: DEF_ALL3 kernel_size: 2 blobs_a_min: 0.5 } }";
    let weights: Vec<f32> = filled(text, 1).get("p", 0).unwrap().iter().copied().collect();
    assert_eq!(weights, [-1.0, -0.5, -0.5, -0.0].repeat(2));
}

#[test]
fn parsenet_s_upgrade_knows_more_types() {
    let text = "input: 'a' input_shape { dim: [1, 4, 8, 8] } input: 'b' input_shape { dim: [1, 4, 6, 6] }
                layers { name: 'c' type: CROP bottom: 'a' bottom: 'b' top: 'c' }
                layers { name: 'p' type: PARSE_OUTPUT bottom: 'c' top: 'p' }";
    let definition = Definition::from_bytes("net", text).unwrap();
    assert_eq!(definition.dialect.name, "weiliu-fcn");
    let net = Net::resolve(definition, &StateOptions::default()).unwrap();
    let plan = Plan::new(net, &PlanOptions::default()).unwrap();
    assert_eq!(plan.layers.last().unwrap().tops[0].dims(), [1, 1, 6, 6]);
}

/// A DenseBlock fills the convolutions of each step in turn, but has all of one size before those of the other.
#[test]
fn blobs_may_be_drawn_before_their_turn() {
    let uniform = "{ type: 'uniform' }";
    let input = "layer { name: 'a' type: 'Input' top: 'a' input_param { shape { dim: [1, 1] } } }";
    let plain = |(index, count): (usize, &usize)| {
        format!(
            "layer {{ name: '{index}' type: 'InnerProduct' bottom: 'a' top: '{index}'
                      inner_product_param {{ num_output: {count} bias_term: false weight_filler {uniform} }} }}"
        )
    };
    // Those of 3 x 3 and of 1 x 1, step by step, and what comes behind.
    let plain: Vec<String> = [36, 8, 36, 12, 5].iter().enumerate().map(plain).collect();
    let expected = filled(&format!("{input}\n{}", plain.join("\n")), 0);
    let block = format!(
        "layer {{ name: 'a' type: 'Input' top: 'a' input_param {{ shape {{ dim: [1, 2, 5, 5] }} }} }}
         layer {{ name: 'b' type: 'DenseBlock' bottom: 'a' top: 'b'
                  denseblock_param {{ numTransition: 2 initChannel: 2 growthRate: 1 use_BC: true Filter_Filler {uniform} }} }}
         layer {{ name: 'i' type: 'InnerProduct' bottom: 'b' top: 'i'
                  inner_product_param {{ num_output: 1 axis: 3 bias_term: false weight_filler {uniform} }} }}"
    );
    for threads in [0, 2] {
        let arrays = filled(&block, threads);
        for (index, (layer, blob)) in [("b", 0), ("b", 10), ("b", 1), ("b", 11), ("i", 0)].into_iter().enumerate() {
            let values =
                |arrays: &Arrays, layer: &str, blob| arrays.get(layer, blob).unwrap().iter().copied().collect();
            let (found, wanted): (Vec<f32>, Vec<f32>) =
                (values(&arrays, layer, blob), values(&expected, &index.to_string(), 0));
            assert_eq!(found, wanted, "blob {blob} of {layer}");
        }
    }
}

/// A net that begins with an input and has these layers behind it.
fn refused(layers: &str) -> String {
    let input = "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: [1, 3, 8, 8] } } }";
    Definition::from_bytes("net", format!("{input}\n{layers}")).unwrap_err().to_string()
}

#[test]
fn what_even_the_nearest_dialect_lacks_is_told() {
    const NORMALIZE: &str =
        "layer { name: 'n' type: 'Normalize' bottom: 'x' top: 'n' norm_param { across_spatial: false } }";
    // A name that is misspelt in a fork's message.
    assert_eq!(
        refused(&NORMALIZE.replace("across_spatial", "across_spacial")),
        "net:2:71: unknown field \"across_spacial\" in NormalizeParameter (did you mean \"across_spatial\"? no dialect knows \
         all of the file; the nearest, ssd, lacks this)"
    );
    // Fields of two forks, and one of none. That a fork lacks most of a text is no fewer faults in it.
    assert_eq!(
        refused(&format!(
            "{NORMALIZE}\nlayer {{ type: 'CTCLoss' ctc_param {{ threshold: 0.5 }} glow_param {{ beta: 1 }} }}"
        )),
        "net:3:25: unknown field \"ctc_param\" in LayerParameter (other dialects of Caffe have it: ctpn; no dialect knows all \
         of the file; the nearest, ssd, lacks these 2)\n\
         net:3:54: unknown field \"glow_param\" in LayerParameter"
    );
    // A field that nobody knows.
    assert_eq!(
        refused("layer { type: 'Glow' glow_param { beta: 1 } }"),
        "net:2:22: unknown field \"glow_param\" in LayerParameter (no dialect known here has it; if your Caffe does, give its \
         caffe.proto with `ReadOptions::in_schema`)"
    );
    // A value that is at fault, not a name.
    assert_eq!(
        refused(&NORMALIZE.replace("false", "'no'")),
        "net:2:87: expected true or false for \"across_spatial\", found 'no' (no dialect reads the file; ssd comes nearest)"
    );
}
