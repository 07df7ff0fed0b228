//! `caffemodel fillers` and `caffemodel layers`: what the registries' documentation looks like.

#![cfg(feature = "cli")]

mod folder;

use caffemodel::{filler, layer};
use folder::{Folder, stderr};
use serde_json::{Value, json};

/// What the tool prints to standard output.
fn printed(arguments: &str) -> String {
    let run = Folder::new().run(arguments).success().stderr("");
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

fn refused(arguments: &str) -> String {
    stderr(&Folder::new().run(arguments).code(2).stdout(""))
}

fn parsed(arguments: &str) -> Value {
    serde_json::from_str(&printed(arguments)).unwrap()
}

#[test]
fn fillers_are_listed() {
    let expected = "\
filler             of         fields                     summary
bilinear           Caffe                                 Sets square kernels to bilinear interpolation, for deconvolutions that enlarge
bilinear_diagonal  extension                             Sets square kernels to bilinear interpolation from input to output of the same index, else 0
constant           Caffe      value                      Sets every value to `value`
dirac              extension  groups                     Sets kernels to pass their input on: 1 from input to output of the same index, else 0
from_file          extension  path, layer, blob          Takes the values of a blob from a file, .npy or weights
gaussian           Caffe      mean, std, sparse          Draws from the normal distribution of `mean` and `std`; `sparse` keeps that many values per input
identity           extension  groups                     Sets kernels to pass their input on: 1 from input to output of the same index, else 0
kaiming_normal     extension  a, variance_norm           Draws from a normal distribution for rectifiers of slope `a` below 0, after He et al. (2015)
kaiming_uniform    extension  a, variance_norm           Draws from a uniform distribution for rectifiers of slope `a` below 0, after He et al. (2015)
lecun_normal       extension                             Draws from a truncated normal distribution of variance 1/n, after LeCun et al. (1998)
lecun_uniform      extension                             Draws from a uniform distribution of variance 1/n, after LeCun et al. (1998)
msra               Caffe      variance_norm              Draws from a normal distribution of variance 2/n, after He et al. (2015)
orthogonal         extension  gain                       Makes the rows or the columns orthogonal, whichever are fewer, after Saxe et al. (2014)
positive_unitball  Caffe                                 Draws positive values and divides each row by its sum
truncated_normal   extension  mean, std, a, b            Draws from the normal distribution of `mean` and `std`, cut `a` and `b` standard deviations from the mean
uniform            Caffe      min, max                   Draws from the uniform distribution between `min` and `max`
variance_scaling   extension  scale, mode, distribution  Draws with the variance `scale`/n from the distribution that `distribution` names
xavier             Caffe      variance_norm              Draws from a uniform distribution of variance 1/n, after Glorot and Bengio (2010)

A net may use extensions with --extensions; --rule, --weight-filler and --bias-filler always may.
";
    assert_eq!(printed("fillers"), expected);
}

#[test]
fn a_filler_is_shown_in_full() {
    let expected = "\
gaussian (Caffe)
Draws from the normal distribution of `mean` and `std`; `sparse` keeps that many values per input

  x ~ N(mean, std^2), kept with probability sparse / first dimension

Fields:
   mean    float  = 0   The mean of `gaussian` and `truncated_normal`.
   std     float  = 1   The standard deviation of `gaussian`, and of `truncated_normal` before it
                        is cut; it must be positive.
   sparse  int32  = -1  With `gaussian`: about how many elements of each output stay other than
                        zero. Each element is kept with the probability `sparse` divided by the
                        length of the first axis. -1 keeps all; other fillers refuse anything else.

In a net: weight_filler { type: \"gaussian\" }
On the command line: --rule 'GLOB.weight=gaussian'
";
    assert_eq!(printed("fillers gaussian"), expected);
    let expected = "\
variance_scaling (extension)
Draws with the variance `scale`/n from the distribution that `distribution` names

  E x = 0, Var x = scale/n, n = fan-in, fan-out or their mean by `mode`

Fields:
   scale         float                        = 1                 The factor of the variance of
                                                                  `variance_scaling`.
   mode          fan_in | fan_out | fan_avg   = fan_in            The connections that
                                                                  `variance_scaling` counts.
   distribution  truncated_normal | normal |  = truncated_normal  The distribution of
                 uniform                                          `variance_scaling`.

In a net: weight_filler { type: \"variance_scaling\" }, with --extensions
On the command line: --rule 'GLOB.weight=variance_scaling'
";
    assert_eq!(printed("fillers variance_scaling"), expected);
    let expected = "\
bilinear (Caffe)
Sets square kernels to bilinear interpolation, for deconvolutions that enlarge

  x(i, j) = (1 - |i/f - c|) (1 - |j/f - c|), f = ceil(w/2), c = (w - 1) / 2f, w = kernel width

In a net: weight_filler { type: \"bilinear\" }
On the command line: --rule 'GLOB.weight=bilinear'
";
    assert_eq!(printed("fillers bilinear"), expected);
}

#[test]
fn layer_types_are_listed() {
    let expected = "\
type                     V1 name                     bottoms     tops        summary
AbsVal                   ABSVAL                      1           1           Takes the absolute value
Accuracy                 ACCURACY                    2           1 to 2      Computes the share of items whose label is among the highest scores
ArgMax                   ARGMAX                      1           1           Finds the largest values
Axpy                                                 3           1           Multiplies each channel by a factor and adds another input
BNLL                     BNLL                        1           1           Computes log(1 + exp(x)), the binomial normal log likelihood
BatchNorm                                            1           1           Normalises each channel to mean 0 and variance 1
BatchReindex                                         2           1           Picks items of a batch by a list of indices
Bias                                                 1 to 2      1           Adds a learned blob, or its second input, along some axes
Clip                                                 1           1           Limits values to a range
Concat                   CONCAT                      at least 1  1           Joins blobs along an axis
ContrastiveLoss          CONTRASTIVE_LOSS            3           1           Computes the contrastive loss of pairs of vectors, similar or dissimilar by a flag
Convolution              CONVOLUTION                 at least 1  as bottoms  Convolves its inputs with learned filters
Crop                                                 2           1           Cuts its first input to the size of its second
Data                     DATA                        0           1 to 2      Reads pictures and labels from an LMDB or LevelDB database
Deconvolution            DECONVOLUTION               at least 1  as bottoms  Spreads out its inputs through learned filters, the transpose of a convolution
DepthwiseConvolution                                 at least 1  as bottoms  Convolves its inputs with learned filters, by code that is fast where each channel is a group
Dropout                  DROPOUT                     1           1           Sets values to zero at random while training
DummyData                DUMMY_DATA                  0           at least 1  Makes tops of given shapes, filled by fillers
ELU                                                  1           1           Applies the exponential linear unit
Eltwise                  ELTWISE                     at least 2  1           Adds, multiplies or takes the maximum of blobs
Embed                                                1           1           Looks up a learned vector for every index in its input
EuclideanLoss            EUCLIDEAN_LOSS              2           1           Computes half the mean squared distance between prediction and target
Exp                      EXP                         1           1           Raises a base to the power of shift + scale x
Filter                                               at least 2  at least 1  Keeps the items of a batch that a selector marks
Flatten                  FLATTEN                     1           1           Merges several axes into one
GatedMaxAve                                          1           1           Mixes the maximum and the average of windows by a gate
HDF5Data                 HDF5_DATA                   0           at least 1  Reads datasets of the HDF5 files named in a list file
HDF5Output               HDF5_OUTPUT                 2           0           Writes data and labels to an HDF5 file
HingeLoss                HINGE_LOSS                  2           1           Computes the one-versus-all hinge loss, L1 or L2
Im2col                   IM2COL                      1           1           Lays out the windows of a convolution as channels
ImageData                IMAGE_DATA                  0           2           Reads pictures and labels named in a list file
InfogainLoss             INFOGAIN_LOSS               2 to 3      1 to 2      Computes the negative log-likelihood of the labels, weighted by a matrix over pairs of classes
InnerProduct             INNER_PRODUCT               1           1           Multiplies its input by a learned matrix and adds a learned bias
Input                                                0           at least 1  Makes tops of given shapes that the user of the net fills
LRN                      LRN                         1           1           Normalises each element by its neighbours across channels or within its own
LSTM                                                 2 to 5      1 to 3      Runs a long short-term memory over the timesteps of its input
LSTMUnit                                             3           2           Computes one timestep of an LSTM
Log                                                  1           1           Takes the logarithm of shift + scale x
MVN                      MVN                         1           1           Normalises mean and variance
MemoryData               MEMORY_DATA                 0           2           Takes arrays and labels that the user of the net passes
MultinomialLogisticLoss  MULTINOMIAL_LOGISTIC_LOSS   2           1           Computes the negative log-likelihood of the labels, from probabilities
PReLU                                                1           1           Rectifies its input, with a learned slope below zero
Parameter                                            0           1           Outputs a learned blob
Pooling                  POOLING                     1           1 to 2      Takes the maximum, the average or a random element of windows over height and width
Power                    POWER                       1           1           Raises shift + scale x to a power
Python                                               at least 0  at least 0  Runs a layer written in Python
RNN                                                  2 to 4      1 to 2      Runs a simple recurrent network over the timesteps of its input
ReLU                     RELU                        1           1           Applies the rectified linear unit, leaky if asked for
Reduction                                            1           1           Sums or averages the last axes
Reshape                                              1           1           Changes the dimensions of a blob
SPP                                                  1           1           Pools a pyramid of ever finer grids and joins the results
Scale                                                1 to 2      1           Multiplies by a learned blob, or by its second input, along some axes, and may add a bias
Sigmoid                  SIGMOID                     1           1           Applies the logistic sigmoid
SigmoidCrossEntropyLoss  SIGMOID_CROSS_ENTROPY_LOSS  2           1           Computes the cross entropy of independent targets in [0, 1], from scores
Silence                  SILENCE                     at least 1  0           Reads blobs that nothing else reads
Slice                    SLICE                       1           at least 1  Cuts a blob along an axis
Softmax                  SOFTMAX                     1           1           Turns values along an axis into probabilities
SoftmaxWithLoss          SOFTMAX_LOSS                2           1 to 2      Computes the negative log-likelihood of the labels under the softmax of the scores
Split                    SPLIT                       1           at least 1  Passes a blob on to several readers
Swish                                                1           1           Computes x sigmoid(beta x)
TanH                     TANH                        1           1           Applies the hyperbolic tangent
Threshold                THRESHOLD                   1           1           Tests whether values exceed a threshold
Tile                                                 1           1           Repeats a blob along an axis
TreepoolKernel1L                                     1           1           Mixes two learned averages of windows by a gate
WindowData               WINDOW_DATA                 0           2           Reads windows of pictures and their labels, named in a window file
";
    assert_eq!(printed("layers"), expected);
}

#[test]
fn a_layer_type_is_shown_with_its_settings() {
    let expected = "\
Eltwise
Adds, multiplies or takes the maximum of blobs

bottoms: at least 2
tops:    1
V1 name: ELTWISE

eltwise_param: Of `Eltwise`: combines bottoms of the same shape element by element.
   operation         PROD | SUM | MAX  = SUM   The combination.
   coeff             repeated float            The factors of a sum: none at all, for 1, or one a
                                               bottom.
   stable_prod_grad  bool              = true  Whether the gradient of a product multiplies the
                                               other bottoms, instead of dividing the product,
                                               which is faster but fails at zero.
";
    assert_eq!(printed("layers Eltwise"), expected);
    let expected = "\
Split
Passes a blob on to several readers

bottoms: 1
tops:    at least 1
V1 name: SPLIT
";
    assert_eq!(printed("layers Split"), expected);
}

#[test]
fn json_has_all_of_it() {
    let one = |arguments: &str| {
        let mut entry = parsed(arguments);
        let fields = entry.as_object_mut().unwrap();
        let program = ["program", "version"].map(|field| fields.remove(field).unwrap());
        assert_eq!(program, [json!("caffemodel"), json!(env!("CARGO_PKG_VERSION"))]);
        entry
    };
    let fillers = one("fillers --json")["fillers"].take();
    assert_eq!(fillers.as_array().unwrap().len(), filler::FillerRegistry::default().iter().count());
    let constant = json!({
        "name": "constant",
        "extension": false,
        "summary": "Sets every value to `value`",
        "formula": "x = value",
        "fields": [{ "name": "value", "type": "float", "default": "0", "about": "The value of `constant`." }],
    });
    assert!(fillers.as_array().unwrap().contains(&constant));
    assert_eq!(one("fillers constant --json"), constant);

    let layers = one("layers --json")["layers"].take();
    assert_eq!(layers.as_array().unwrap().len(), layer::LayerRegistry::default().iter().count());
    let relu = one("layers ReLU --json");
    assert!(layers.as_array().unwrap().contains(&relu));
    assert_eq!((&relu["v1_name"], &relu["bottoms"]), (&json!("RELU"), &json!({ "min": 1, "max": 1 })));
    assert_eq!(relu["settings"][0]["fields"][0]["name"], "negative_slope");
    assert_eq!(parsed("layers Concat --json")["bottoms"], json!({ "min": 1, "max": null }));
}

#[test]
fn unknown_names_are_refused_with_the_nearest() {
    let known: Vec<&str> = filler::FillerRegistry::default().iter().map(|entry| entry.name).collect();
    let known = format!("the fillers are {}", known.join(", "));
    let expected = format!("error: unknown filler \"ortogonal\" (did you mean \"orthogonal\"? {known})\n");
    assert_eq!(refused("fillers ortogonal"), expected);
    let expected = "error: unknown layer type \"Convolutoin\" (did you mean \"Convolution\"?)\n";
    assert_eq!(refused("layers Convolutoin"), expected);
    let expected = "error: unknown layer type \"Interp\" (caffemodel layers lists them)\n";
    assert_eq!(refused("layers Interp"), expected);
}
