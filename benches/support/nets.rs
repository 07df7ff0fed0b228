//! The nets that are measured: those of `models/`, and larger ones made here.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The path of a sample net.
pub fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name).with_extension("prototxt")
}

/// The text of a sample net.
pub fn model_text(name: &str) -> String {
    std::fs::read_to_string(model(name)).expect("the sample nets are in models/")
}

/// VGG-16 with gaussian fillers.
pub fn vgg16_gaussian() -> String {
    model_text("vgg16").replace(r#"type: "xavier""#, r#"type: "gaussian" std: 0.01"#)
}

/// A chain of so many small inner products.
pub fn chain(layers: usize) -> String {
    let mut text = input("t0", "dim: 1 dim: 4");
    for i in 0..layers {
        let top = i + 1;
        write!(
            text,
            r#"layer {{
  name: "ip{i}"
  type: "InnerProduct"
  bottom: "t{i}"
  top: "t{top}"
  param {{ lr_mult: 1 decay_mult: 1 }}
  param {{ lr_mult: 2 decay_mult: 0 }}
  inner_product_param {{
    num_output: 4
    weight_filler {{ type: "xavier" }}
    bias_filler {{ type: "constant" value: 0.2 }}
  }}
}}
"#
        )
        .expect("strings can be written to");
    }
    text
}

/// ResNet-152: stages of 3, 8, 36 and 3 bottlenecks, each convolution with its own normalisation and scale.
pub fn resnet152() -> String {
    let mut net = Net { text: input("data", "dim: 32 dim: 3 dim: 224 dim: 224"), top: "data".into() };
    net.convolution("conv1", 64, 7, 2, 3);
    net.layer("pool1", "Pooling", &[], "pooling_param { pool: MAX kernel_size: 3 stride: 2 }");
    for (stage, blocks) in [3, 8, 36, 3].into_iter().enumerate() {
        for block in 0..blocks {
            net.bottleneck(
                &format!("res{stage}_{block}"),
                64 << stage,
                if stage > 0 && block == 0 { 2 } else { 1 },
                block == 0,
            );
        }
    }
    net.layer("pool5", "Pooling", &[], "pooling_param { pool: AVE global_pooling: true }");
    net.layer("fc", "InnerProduct", &[], r#"inner_product_param { num_output: 1000 weight_filler { type: "msra" } }"#);
    net.text
}

/// An input of one shape.
pub fn input(top: &str, dims: &str) -> String {
    format!(
        "layer {{\n  name: \"{top}\"\n  type: \"Input\"\n  top: \"{top}\"\n  input_param {{ shape {{ {dims} }} }}\n}}\n"
    )
}

/// A net whose next layer reads the top of the one before.
struct Net {
    text: String,
    top: String,
}

impl Net {
    fn layer(&mut self, name: &str, kind: &str, others: &[&str], param: &str) {
        let bottoms: String =
            [self.top.as_str()].iter().chain(others).map(|bottom| format!("  bottom: \"{bottom}\"\n")).collect();
        let text = format!(
            "layer {{\n  name: \"{name}\"\n  type: \"{kind}\"\n{bottoms}  top: \"{name}\"\n  {}\n}}\n",
            param.replace(' ', "\n  ")
        );
        self.text += &text;
        self.top = name.to_owned();
    }

    fn convolution(&mut self, name: &str, outputs: u32, kernel: u32, stride: u32, pad: u32) {
        let param = format!(
            r#"convolution_param {{ num_output: {outputs} kernel_size: {kernel} stride: {stride} pad: {pad} bias_term: false weight_filler {{ type: "msra" }} }}"#
        );
        self.layer(name, "Convolution", &[], &param);
        self.layer(&format!("{name}_bn"), "BatchNorm", &[], "");
        self.layer(&format!("{name}_scale"), "Scale", &[], "scale_param { bias_term: true }");
    }

    fn bottleneck(&mut self, name: &str, width: u32, stride: u32, projected: bool) {
        let start = self.top.clone();
        let mut shortcut = start.clone();
        if projected {
            self.convolution(&format!("{name}_proj"), 4 * width, 1, stride, 0);
            shortcut = std::mem::replace(&mut self.top, start);
        }
        for (part, (outputs, kernel, stride)) in
            [(width, 1, stride), (width, 3, 1), (4 * width, 1, 1)].into_iter().enumerate()
        {
            self.convolution(&format!("{name}_{part}"), outputs, kernel, stride, kernel / 2);
            if part < 2 {
                self.layer(&format!("{name}_{part}_relu"), "ReLU", &[], "");
            }
        }
        self.layer(name, "Eltwise", &[&shortcut], "");
        self.layer(&format!("{name}_relu"), "ReLU", &[], "");
    }
}
