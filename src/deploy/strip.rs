//! What a layer has for training alone.

use prost::Message;

use super::DeployOptions;
use crate::dialect::Dialect;
use crate::proto::caffe::{LayerParameter, ParamSpec};
use crate::proto::fields::{Fields, push_bytes};
use crate::proto::gate;
use crate::proto::schema::{Kind, MessageType};

/// Takes the rules out of a layer, which say when it belongs to the net.
pub(super) fn rules(param: &mut LayerParameter) {
    param.include.clear();
    param.exclude.clear();
}

/// Takes out of a layer that stays what only a net that learns makes use of.
pub(super) fn strip(param: &mut LayerParameter, dialect: &'static Dialect, options: &DeployOptions) {
    param.loss_weight.clear();
    param.propagate_down.clear();
    if options.without_learning_rates {
        learning_rates(&mut param.param);
    }
    if options.without_fillers {
        fillers(param, dialect);
    }
}

/// Takes the settings `own` out of a layer, but for those that a layer of another type reads as well.
pub(super) fn settings(param: &mut LayerParameter, dialect: &'static Dialect, own: &[&str], read: &[&str]) {
    let message = dialect.layer_message();
    let encoded = param.encode_to_vec();
    let goes = |number: u32| {
        let field = message.field(number);
        field.is_some_and(|field| own.contains(&field.name()) && !read.contains(&field.name()))
    };
    let bytes = gate::unfolded(&encoded, message);
    let fields = Fields::new(&bytes, 0, message.name()).map_while(Result::ok);
    let kept: Vec<u8> = fields.filter(|field| !goes(field.number)).flat_map(|field| field.whole.to_vec()).collect();
    if let Ok(decoded) = gate::decoded(&kept, message) {
        *param = decoded;
    }
}

/// Takes the multipliers out; entries stay where they share blobs, since their places count.
fn learning_rates(specs: &mut Vec<ParamSpec>) {
    for spec in specs.iter_mut() {
        (spec.lr_mult, spec.decay_mult) = (None, None);
    }
    if specs.iter().all(|spec| *spec == ParamSpec::default()) {
        specs.clear();
    }
}

/// Takes the fillers of weights out of the layer's settings.
fn fillers(param: &mut LayerParameter, dialect: &'static Dialect) {
    let message = dialect.layer_message();
    let encoded = param.encode_to_vec();
    let bytes = gate::unfolded(&encoded, message);
    let without = mapped(&bytes, message, |settings, body| {
        // The fillers of data are not in nested messages of settings with weights, but stand for the data.
        if settings.name() == "DummyDataParameter" { body.to_vec() } else { without_fillers(body, settings) }
    });
    if let Ok(decoded) = gate::decoded(&without, message) {
        *param = decoded;
    }
}

/// A message with the nested ones replaced.
fn mapped(bytes: &[u8], message: MessageType, map: impl Fn(MessageType, &[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for field in Fields::new(bytes, 0, message.name()).map_while(Result::ok) {
        match message.field(field.number).map(|known| known.kind()) {
            Some(Kind::Message(inner)) => {
                let body = map(inner, field.body);
                push_bytes(field.number, &body, &mut out);
            }
            _ => out.extend(field.whole),
        }
    }
    out
}

fn without_fillers(bytes: &[u8], settings: MessageType) -> Vec<u8> {
    let is_filler = |number: u32| {
        let field = settings.field(number);
        field.is_some_and(|field| matches!(field.kind(), Kind::Message(inner) if inner.name() == "FillerParameter"))
    };
    let fields = Fields::new(bytes, 0, settings.name()).map_while(Result::ok);
    fields.filter(|field| !is_filler(field.number)).flat_map(|field| field.whole.to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Definition;

    fn layer(text: &str) -> LayerParameter {
        let net = Definition::from_bytes("net", format!("layer {{ {text} }}")).unwrap();
        net.layers.into_iter().next().unwrap().param
    }

    fn stripped(text: &str) -> LayerParameter {
        let mut param = layer(text);
        let options = DeployOptions { without_fillers: true, without_learning_rates: true, ..Default::default() };
        strip(&mut param, Dialect::bvlc(), &options);
        param
    }

    #[test]
    fn fillers_and_rates_go_and_names_stay() {
        let made = stripped(
            "name: 'c' param { lr_mult: 1 } param { lr_mult: 2 decay_mult: 0 } loss_weight: 1 propagate_down: false
             convolution_param { num_output: 2 weight_filler { type: 'xavier' } bias_filler { } kernel_size: 3 }",
        );
        assert_eq!(made, layer("name: 'c' convolution_param { num_output: 2 kernel_size: 3 }"));
        let shared = stripped("param { lr_mult: 1 } param { name: 'b' lr_mult: 2 }");
        assert_eq!(shared, layer("param { } param { name: 'b' }"));
    }

    #[test]
    fn fillers_of_data_stay() {
        let text = "dummy_data_param { shape { dim: 1 } data_filler { type: 'constant' value: 3 } }";
        assert_eq!(stripped(text), layer(text));
    }
}
