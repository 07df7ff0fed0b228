//! A forward pass of BVLC's layers, as the formulas of its documentation have it, for nets of a few numbers.

use std::collections::HashMap;

use caffemodel::formats::StoredLayer;
use caffemodel::proto::caffe::LayerParameter;

/// Values with their shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub dims: Vec<usize>,
    pub values: Vec<f64>,
}

impl Tensor {
    pub fn new(dims: &[usize], values: Vec<f64>) -> Tensor {
        assert_eq!(dims.iter().product::<usize>(), values.len());
        Tensor { dims: dims.to_vec(), values }
    }

    /// Values that look like any, but are always the same.
    pub fn any(dims: &[usize]) -> Tensor {
        let count = dims.iter().product();
        Tensor::new(dims, (0..count).map(|place| ((place as f64 + 1.0) * 1.7).sin() * 3.0).collect())
    }

    /// For each value its channel and what becomes of it.
    pub fn map(&self, function: impl Fn(usize, f64) -> f64) -> Tensor {
        let behind: usize = self.dims[2..].iter().product();
        let channel = |place: usize| place / behind % self.dims[1];
        let values = self.values.iter().enumerate().map(|(place, &value)| function(channel(place), value));
        Tensor { dims: self.dims.clone(), values: values.collect() }
    }

    fn reshaped(self, dims: Vec<usize>) -> Tensor {
        Tensor::new(&dims, self.values)
    }

    /// Whether all values agree but for rounding.
    pub fn is_close(&self, other: &Tensor) -> bool {
        let close = |(one, other): (&f64, &f64)| (one - other).abs() <= 1e-5 * (1.0 + other.abs());
        self.dims == other.dims && self.values.iter().zip(&other.values).all(close)
    }
}

/// Runs the layers, from these blobs on, and returns all of them.
pub fn run(layers: &[StoredLayer], inputs: &[(&str, Tensor)]) -> HashMap<String, Tensor> {
    let mut blobs: HashMap<String, Tensor> =
        inputs.iter().map(|(name, tensor)| ((*name).to_owned(), tensor.clone())).collect();
    for layer in layers {
        let param = layer.param.as_deref().expect("the layer has parameters");
        if param.r#type() == "Input" {
            continue;
        }
        let bottoms: Vec<Tensor> = param.bottom.iter().map(|bottom| blobs[bottom].clone()).collect();
        let weights: Vec<Vec<f64>> =
            layer.blobs.iter().map(|blob| blob.read().unwrap().into_iter().map(f64::from).collect()).collect();
        let tops = forward(param, &bottoms, &weights);
        blobs.extend(param.top.iter().cloned().zip(tops));
    }
    blobs
}

fn forward(param: &LayerParameter, bottoms: &[Tensor], weights: &[Vec<f64>]) -> Vec<Tensor> {
    let x = &bottoms[0];
    let top = match param.r#type() {
        "BatchNorm" => batch_norm(param, x, weights),
        "Scale" => scale(param, bottoms, weights),
        "Convolution" => convolution(param, x, weights),
        "Deconvolution" => deconvolution(param, x, &weights[0]),
        "Pooling" => pooling(param, x),
        "ReLU" => {
            let slope = param.relu_param.as_ref().map_or(0.0, |param| f64::from(param.negative_slope()));
            x.map(|_, x| if x > 0.0 { x } else { slope * x })
        }
        "Clip" => {
            let param = param.clip_param.as_ref().unwrap();
            x.map(|_, x| x.clamp(param.min.into(), param.max.into()))
        }
        "ELU" => {
            let alpha = param.elu_param.as_ref().map_or(1.0, |param| f64::from(param.alpha()));
            x.map(|_, x| if x > 0.0 { x } else { alpha * x.exp_m1() })
        }
        "Power" => {
            let param = param.power_param.as_ref().unwrap();
            let value = |x: &f64| (f64::from(param.shift()) + f64::from(param.scale()) * x).powf(param.power().into());
            Tensor::new(&x.dims, x.values.iter().map(value).collect())
        }
        "Dropout" => x.clone(),
        "Eltwise" => {
            let sum = |place: usize| bottoms.iter().map(|bottom| bottom.values[place]).sum();
            Tensor::new(&x.dims, (0..x.values.len()).map(sum).collect())
        }
        "LRN" => lrn(param, x),
        "Reduction" => {
            let items = x.dims[0];
            let squares = x.values.chunks(x.values.len() / items).map(|item| item.iter().map(|x| x * x).sum());
            Tensor::new(&[items], squares.collect())
        }
        "Flatten" => x.clone().reshaped(vec![x.dims[0], x.dims[1..].iter().product()]),
        "Reshape" => reshape(param, x),
        "Concat" => concat(param, bottoms),
        "Slice" => return slice(x, param.top.len()),
        other => panic!("{other} is not among them"),
    };
    vec![top]
}

fn batch_norm(param: &LayerParameter, x: &Tensor, weights: &[Vec<f64>]) -> Tensor {
    let default = Default::default();
    let param = param.batch_norm_param.as_deref().unwrap_or(&default);
    let eps = f64::from(param.eps());
    let [means, variances] = if param.use_global_stats == Some(false) {
        statistics(x)
    } else {
        let factor = if weights[2][0] == 0.0 { 0.0 } else { 1.0 / weights[2][0] };
        [0, 1].map(|blob: usize| weights[blob].iter().map(|sum| sum * factor).collect())
    };
    x.map(|channel, x| (x - means[channel]) / (variances[channel] + eps).sqrt())
}

/// The mean and the variance of each channel.
pub fn statistics(x: &Tensor) -> [Vec<f64>; 2] {
    let (channels, behind) = (x.dims[1], x.dims[2..].iter().product::<usize>());
    let of = |channel: usize| {
        x.values.iter().enumerate().filter(move |(place, _)| place / behind % channels == channel).map(|(_, x)| *x)
    };
    let count = (x.values.len() / channels) as f64;
    let means: Vec<f64> = (0..channels).map(|channel| of(channel).sum::<f64>() / count).collect();
    let variance = |channel: usize| of(channel).map(|x| (x - means[channel]).powi(2)).sum::<f64>() / count;
    let variances = (0..channels).map(variance).collect();
    [means, variances]
}

fn scale(param: &LayerParameter, bottoms: &[Tensor], weights: &[Vec<f64>]) -> Tensor {
    let x = &bottoms[0];
    let settings = param.scale_param.as_deref().cloned().unwrap_or_default();
    let factors = match bottoms.get(1) {
        Some(factors) => factors.values.clone(),
        None => weights[0].clone(),
    };
    let bias = settings.bias_term().then(|| weights[usize::from(bottoms.len() == 1)].clone());
    let axis = settings.axis() as usize;
    let covered = match bottoms.get(1) {
        Some(factors) => factors.dims.len(),
        None => settings.num_axes() as usize,
    };
    let behind: usize = x.dims[axis + covered..].iter().product();
    let values = x.values.iter().enumerate().map(|(place, x)| {
        let place = place / behind % factors.len();
        x * factors[place] + bias.as_ref().map_or(0.0, |bias| bias[place])
    });
    Tensor::new(&x.dims, values.collect())
}

fn lrn(param: &LayerParameter, x: &Tensor) -> Tensor {
    let param = param.lrn_param.as_ref().unwrap();
    let half = (param.local_size() as usize - 1) / 2;
    let (channels, behind) = (x.dims[1], x.dims[2..].iter().product::<usize>());
    let values = x.values.iter().enumerate().map(|(place, value)| {
        let (item, channel, position) = (place / behind / channels, place / behind % channels, place % behind);
        let region = channel.saturating_sub(half)..(channel + half + 1).min(channels);
        let squares: f64 = region.map(|near| x.values[(item * channels + near) * behind + position].powi(2)).sum();
        let sum = f64::from(param.k()) + f64::from(param.alpha()) / f64::from(param.local_size()) * squares;
        value * sum.powf(-f64::from(param.beta()))
    });
    Tensor::new(&x.dims, values.collect())
}

/// With a stride of 1, equal sides, no padding.
fn convolution(param: &LayerParameter, x: &Tensor, weights: &[Vec<f64>]) -> Tensor {
    let param = param.convolution_param.as_deref().unwrap();
    let (kernel, outputs, group) = (param.kernel_size[0] as usize, param.num_output() as usize, param.group() as usize);
    let [items, channels, height, width] = x.dims[..] else { panic!("four axes") };
    let (rows, columns, of_group) = (height - kernel + 1, width - kernel + 1, channels / group);
    let mut values = Vec::new();
    for (item, output) in (0..items).flat_map(|item| (0..outputs).map(move |output| (item, output))) {
        let first = output / (outputs / group) * of_group;
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            let mut sum = weights.get(1).map_or(0.0, |bias| bias[output]);
            for (channel, tap) in (0..of_group).flat_map(|channel| (0..kernel * kernel).map(move |tap| (channel, tap)))
            {
                let place =
                    ((item * channels + first + channel) * height + row + tap / kernel) * width + column + tap % kernel;
                sum += x.values[place] * weights[0][(output * of_group + channel) * kernel * kernel + tap];
            }
            values.push(sum);
        }
    }
    Tensor::new(&[items, outputs, rows, columns], values)
}

/// A group for each channel, no bias.
fn deconvolution(param: &LayerParameter, x: &Tensor, weights: &[f64]) -> Tensor {
    let param = param.convolution_param.as_deref().unwrap();
    let once = |list: &[u32], default: usize| list.first().map_or(default, |&value| value as usize);
    let kernel = once(&param.kernel_size, 0);
    let [kernel_h, kernel_w] = [param.kernel_h, param.kernel_w].map(|side| side.map_or(kernel, |side| side as usize));
    let (stride, pad) = (once(&param.stride, 1), once(&param.pad, 0));
    let [items, channels, height, width] = x.dims[..] else { panic!("four axes") };
    assert_eq!((param.group() as usize, param.num_output() as usize, param.bias_term()), (channels, channels, false));
    let (rows, columns) = (stride * (height - 1) + kernel_h - 2 * pad, stride * (width - 1) + kernel_w - 2 * pad);
    let mut top = Tensor::new(&[items, channels, rows, columns], vec![0.0; items * channels * rows * columns]);
    for (place, value) in x.values.iter().enumerate() {
        let (map, row, column) = (place / (height * width), place / width % height, place % width);
        for tap in 0..kernel_h * kernel_w {
            let (row, column) = (row * stride + tap / kernel_w, column * stride + tap % kernel_w);
            if (pad..rows + pad).contains(&row) && (pad..columns + pad).contains(&column) {
                let weight = weights[map % channels * kernel_h * kernel_w + tap];
                top.values[(map * rows + row - pad) * columns + column - pad] += value * weight;
            }
        }
    }
    top
}

/// Windows of a single value.
fn pooling(param: &LayerParameter, x: &Tensor) -> Tensor {
    let param = param.pooling_param.as_deref().unwrap();
    assert_eq!(param.kernel_size(), 1);
    let (step, [items, channels, height, width]) = (param.stride() as usize, x.dims[..].try_into().unwrap());
    let [rows, columns] = [height, width].map(|size: usize| (size - 1).div_ceil(step) + 1);
    let value = |place: usize| {
        let (map, row, column) = (place / (rows * columns), place / columns % rows, place % columns);
        x.values[(map * height + row * step) * width + column * step]
    };
    Tensor::new(&[items, channels, rows, columns], (0..items * channels * rows * columns).map(value).collect())
}

fn reshape(param: &LayerParameter, x: &Tensor) -> Tensor {
    let param = param.reshape_param.as_ref().unwrap();
    let (axis, covered) = (param.axis() as usize, param.num_axes() as usize);
    let replaced: usize = x.dims[axis..axis + covered].iter().product();
    let dims = param.shape.as_ref().unwrap().dim.iter().map(|&dim| if dim == -1 { replaced } else { dim as usize });
    let dims = x.dims[..axis].iter().copied().chain(dims).chain(x.dims[axis + covered..].iter().copied());
    x.clone().reshaped(dims.collect())
}

fn concat(param: &LayerParameter, bottoms: &[Tensor]) -> Tensor {
    let axis = param.concat_param.as_ref().map_or(1, |param| param.axis()) as usize;
    let outer: usize = bottoms[0].dims[..axis].iter().product();
    let mut values = Vec::new();
    for index in 0..outer {
        for bottom in bottoms {
            let size = bottom.values.len() / outer;
            values.extend(&bottom.values[index * size..(index + 1) * size]);
        }
    }
    let mut dims = bottoms[0].dims.clone();
    dims[axis] = bottoms.iter().map(|bottom| bottom.dims[axis]).sum();
    Tensor::new(&dims, values)
}

/// Equal parts of the channels.
fn slice(x: &Tensor, parts: usize) -> Vec<Tensor> {
    let (items, channels) = (x.dims[0], x.dims[1] / parts);
    let size = x.values.len() / items / parts;
    let mut dims = x.dims.clone();
    dims[1] = channels;
    let part = |part: usize| {
        let values = (0..items).flat_map(|item| x.values[(item * parts + part) * size..][..size].to_vec());
        Tensor::new(&dims, values.collect())
    };
    (0..parts).map(part).collect()
}
