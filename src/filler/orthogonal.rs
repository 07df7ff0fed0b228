//! The orthogonal filler: a random matrix whose rows or columns are orthonormal, times a factor.
//!
//! X = `gain` Q, where Q Qᵀ = I if there are at most as many rows as columns, else Qᵀ Q = I
//!
//! X is the blob as a matrix of d0 rows and N / d0 columns, `gain` is 1 unless given. Q is uniformly distributed over
//! all such matrices: it is the orthogonal factor, with the signs that make the triangular factor's diagonal positive,
//! of a matrix of standard normal values. These are drawn in the order of the rows, or of the columns if there are
//! fewer of those. All is computed in double precision; a fill holds twice the blob's size in memory, and takes time
//! that grows with its size times the smaller side.
//!
//! > Andrew Saxe, James McClelland and Surya Ganguli (2014), *Exact solutions to the nonlinear dynamics of learning in
//! > deep linear neural networks*, ICLR 2014.
//! >
//! > Francesco Mezzadri (2007), *How to generate random matrices from the classical compact groups*, Notices of the AMS
//! > 54(5), for the signs.
//!
//! `gain` √2 suits rectifiers. PyTorch (`orthogonal_`) and Keras (`Orthogonal`) have it with the same meaning.

use std::io;

use caffemodel_numeric::householder::orthonormalise;

use super::pieces::{self, Drawn, PIECE};
use super::{Filler, FillerType, Moments, Sink, count, refuse_sparse};
use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

const NAME: &str = "orthogonal";

pub(super) const TYPE: FillerType = FillerType::new(
    NAME,
    "Makes the rows or the columns orthogonal, whichever are fewer, after Saxe et al. (2014)",
    "X = gain Q, Q Q^T = I or Q^T Q = I, Q uniformly distributed, X has first axis x rest",
    |param, shape| Ok(Box::new(Orthogonal::new(param, shape)?)),
)
.fields(&["gain"])
.extension();

/// Makes the rows or the columns of the blob, whichever are fewer, orthogonal and of one length.
///
/// Holds the whole blob in memory, in double precision.
#[derive(Debug, Clone)]
pub struct Orthogonal {
    gain: f64,
    rows: usize,
    columns: usize,
}

impl Orthogonal {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// The blob is empty or has fewer than two axes, `gain` is not finite, or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Orthogonal, Refusal> {
        refuse_sparse(NAME, param)?;
        let count = count(NAME, shape)?;
        let axes = shape.axes();
        ensure!(axes >= 2, "", "the {NAME} filler needs at least 2 axes, a blob of shape {shape} has {axes}");
        let gain = f64::from(param.gain());
        ensure!(gain.is_finite(), "gain", "gain {gain:?} is not finite");
        let rows = shape.dims()[0] as usize;
        Ok(Orthogonal { gain, rows, columns: count / rows })
    }

    fn normal(&self) -> Drawn {
        Drawn { distribution: Distribution::Gaussian { mean: 0.0, std: 1.0 }, count: self.rows * self.columns }
    }

    /// The length of the vectors that are orthonormal.
    fn length(&self) -> usize {
        self.rows.max(self.columns)
    }
}

impl Filler for Orthogonal {
    fn fill(&self, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        let mut vectors: Vec<f64> = Vec::new();
        vectors.try_reserve_exact(self.rows * self.columns)?;
        pieces::fill(&self.normal(), rng, |piece| {
            vectors.extend(piece.iter().map(|&value| f64::from(value)));
            Ok(())
        })?;
        orthonormalise(&mut vectors, self.length());
        let value = |index: usize| {
            let (row, column) = (index / self.columns, index % self.columns);
            let place = if self.rows > self.columns { column * self.rows + row } else { index };
            (self.gain * vectors[place]) as f32
        };
        let count = vectors.len();
        let mut piece = Vec::with_capacity(PIECE.min(count));
        for start in (0..count).step_by(PIECE) {
            piece.clear();
            piece.extend((start..count.min(start + PIECE)).map(value));
            sink.write(&piece)?;
        }
        Ok(())
    }

    /// The squares of each orthonormal vector add up to 1.
    fn moments(&self) -> Option<Moments> {
        Moments::finite(0.0, self.gain.abs() / (self.length() as f64).sqrt())
    }

    fn discard(&self, rng: &mut dyn Generator) -> io::Result<()> {
        self.normal().discard(rng)
    }
}

#[cfg(test)]
mod tests {
    use caffemodel_numeric::statistics::one_sample::{critical, kolmogorov_smirnov};

    use super::*;
    use crate::filler::stub::{bits, values};
    use crate::random::{CaffeGenerator, Era, NativeGenerator};

    fn filler(gain: f32, dims: &[i32]) -> Orthogonal {
        let param = FillerParameter { gain: Some(gain), ..Default::default() };
        Orthogonal::new(&param, &Shape::new(dims).unwrap()).unwrap()
    }

    fn native(seed: u64) -> NativeGenerator {
        NativeGenerator::new(seed, "conv1", 0)
    }

    /// The largest entry of X Xᵀ - gain² I, or of Xᵀ X - gain² I.
    fn fault(filler: &Orthogonal, values: &[f32]) -> f64 {
        let Orthogonal { gain, rows, columns } = *filler;
        let vector = |i: usize| -> Vec<f64> {
            let entry = |j: usize| if rows > columns { j * columns + i } else { i * columns + j };
            (0..rows.max(columns)).map(|j| f64::from(values[entry(j)])).collect()
        };
        let vectors: Vec<Vec<f64>> = (0..rows.min(columns)).map(vector).collect();
        let mut largest: f64 = 0.0;
        for (i, a) in vectors.iter().enumerate() {
            for (j, b) in vectors.iter().enumerate() {
                let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                largest = largest.max((product - if i == j { gain * gain } else { 0.0 }).abs());
            }
        }
        largest
    }

    #[test]
    fn the_smaller_side_is_orthonormal() {
        for dims in [&[64, 64][..], &[30, 200], &[200, 30], &[64, 3, 7, 7], &[300, 3, 3, 3], &[1, 9], &[9, 1], &[1, 1]]
        {
            let filler = filler(1.5, dims);
            for values in [values(&filler, &mut native(5)), values(&filler, &mut CaffeGenerator::new(5, Era::V1_47))] {
                let fault = fault(&filler, &values);
                assert!(fault < 1e-5, "{dims:?}: {fault:e}");
            }
        }
    }

    #[test]
    fn values_are_stable() {
        let flat = |rng: &mut dyn Generator| bits(&values(&filler(1.0, &[2, 3]), rng));
        let current = [0xbd84_9235, 0xbf7d_917b, 0xbdf8_73e5, 0xbf06_0c18, 0xbd8e_e60a, 0x3f59_5ddf];
        assert_eq!(flat(&mut CaffeGenerator::new(1701, Era::default())), current);
        let oldest = [0x3f10_2207, 0x3eb5_8099, 0x3f3f_1e1a, 0x3f27_fe3c, 0xbf3d_a9f2, 0xbe12_87b7];
        assert_eq!(flat(&mut CaffeGenerator::new(1701, Era::V1_47)), oldest);
        let independent = [0xbdd0_2917, 0x3f78_7cab, 0xbe5f_2eee, 0xbf67_1d7e, 0xbe3a_65b4, 0xbec7_8088];
        assert_eq!(flat(&mut native(1701)), independent);
    }

    #[test]
    fn a_tall_matrix_is_the_transpose_of_a_flat_one() {
        let (tall, flat) =
            (values(&filler(2.0, &[5, 3]), &mut native(1)), values(&filler(2.0, &[3, 5]), &mut native(1)));
        let transposed: Vec<f32> = (0..15).map(|index| flat[index % 3 * 5 + index / 3]).collect();
        assert_eq!(tall, transposed);
    }

    /// The first entry of a uniformly distributed unit vector in three dimensions is uniform over [-1, 1].
    #[test]
    fn vectors_point_everywhere() {
        let filler = filler(1.0, &[3, 3]);
        let drawn: Vec<Vec<f32>> = (0..4000).map(|seed| values(&filler, &mut native(seed))).collect();
        for entry in 0..9 {
            let values: Vec<f32> = drawn.iter().map(|matrix| matrix[entry]).collect();
            let distance = kolmogorov_smirnov(&values, |x| (x + 1.0) / 2.0);
            assert!(distance < critical(values.len()), "entry {entry}: {distance}");
        }
    }

    #[test]
    fn thrown_away_values_are_draws() {
        let filler = filler(1.0, &[30, 50]);
        let [mut filled, mut discarded] = [(); 2].map(|()| CaffeGenerator::new(3, Era::default()));
        values(&filler, &mut filled);
        filler.discard(&mut discarded).unwrap();
        assert_eq!(filled.next_u32(), discarded.next_u32());
    }

    #[test]
    fn other_shapes_and_gains_are_refused() {
        let refused = |gain, dims: &[i32]| {
            let param = FillerParameter { gain: Some(gain), ..Default::default() };
            let refusal = Orthogonal::new(&param, &Shape::new(dims).unwrap()).unwrap_err();
            (refusal.field, refusal.message)
        };
        let message = "the orthogonal filler needs at least 2 axes, a blob of shape (4) has 1";
        assert_eq!(refused(1.0, &[4]), ("", message.into()));
        assert_eq!(refused(f32::NAN, &[4, 4]), ("gain", "gain NaN is not finite".into()));
    }
}
