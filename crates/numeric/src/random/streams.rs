//! Which generator fills which blob.

use super::{CaffeGenerator, Era, Generator, NativeGenerator};

/// The random numbers of a whole net: one stream for all blobs, as Caffe has it, or one for each.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Streams {
    /// Caffe's generator: every layer draws from it in turn.
    Caffe(CaffeGenerator),
    /// The native generator: each blob has a stream keyed by the seed, the layer's name and the blob's index.
    Native {
        /// The seed.
        seed: u64,
        /// The stream of the blob being filled.
        current: Option<NativeGenerator>,
    },
}

impl Streams {
    /// Caffe's numbers for this seed, as a Caffe built with a Boost of this era draws them.
    pub fn caffe(seed: u32, era: Era) -> Streams {
        Streams::Caffe(CaffeGenerator::new(seed, era))
    }

    /// Native numbers for this seed.
    pub fn native(seed: u64) -> Streams {
        Streams::Native { seed, current: None }
    }

    /// Caffe's generator, if all blobs draw from it.
    pub fn caffe_generator(&self) -> Option<&CaffeGenerator> {
        match self {
            Streams::Caffe(generator) => Some(generator),
            Streams::Native { .. } => None,
        }
    }

    /// Whether all blobs draw from one stream, so that values thrown away count.
    pub fn one_for_all(&self) -> bool {
        self.caffe_generator().is_some()
    }

    /// The generator for a blob.
    pub fn for_blob(&mut self, layer: &str, blob: usize) -> &mut dyn Generator {
        match self {
            Streams::Caffe(generator) => generator,
            Streams::Native { seed, current } => current.insert(NativeGenerator::new(*seed, layer, blob)),
        }
    }

    /// Throws `count` numbers of a shared stream away.
    pub fn skip(&mut self, count: u64) {
        if let Streams::Caffe(generator) = self {
            generator.skip(count);
        }
    }
}
