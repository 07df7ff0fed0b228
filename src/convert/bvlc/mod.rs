//! Nets of forks as nets for BVLC's Caffe.
//!
//! A layer goes through the [translations](TRANSLATIONS), each of which takes something of a fork's out of it and puts
//! BVLC's means in its place, weights included. What is left then of the fork's is what BVLC's Caffe cannot express.
//!
//! ```text
//!              ForkFields::part                translations                   faults
//! a layer ───▶ LayerDraft: BVLC's fields ───▶ layers of BVLC's, blobs ───▶ nothing of the fork's is left, or a finding
//!              and the fork's apart
//! ```

mod activation;
mod batch_norm;
mod bn;
mod convolution;
mod defaults;
mod draft;
mod faults;
mod fields;
mod head;
mod interp;
mod moving;
mod net;
mod normalize;
mod pooling;
mod registry;
mod scaling;
mod settings;
mod shapes;

pub use net::{BvlcNet, BvlcOptions, TranslatedLayer, to_bvlc};
pub use registry::{TRANSLATIONS, Translation};
