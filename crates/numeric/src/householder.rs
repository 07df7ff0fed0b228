//! Orthonormal rows by Householder's reflections, in double precision.
//!
//! A matrix of k rows of length n ≥ k is L Q with L lower triangular and Q of orthonormal rows. The reflections that
//! make L are kept where the matrix was, and Q is made of them in their place. With the signs that make L's diagonal
//! positive, Q is the one of the Gram-Schmidt process, to the last few bits whatever the matrix's condition.

use rayon::prelude::*;

/// How many rows are worked on at a time: a reflection is read once for all of them.
const TILE: usize = 32;

/// How many rows of a tile a thread works on at a time.
const GROUP: usize = 4;

/// Independent sums that a dot product is made of, so that it can be vectorised.
const LANES: usize = 8;

/// Replaces the rows of this length, at most as many as they are long, by orthonormal ones.
///
/// The values do not depend on the number of threads.
///
/// # Panics
/// `length` is 0, or the rows are more than that or not whole.
pub fn orthonormalise(matrix: &mut [f64], length: usize) {
    let mut reflections = Reflections { factors: Vec::new(), signs: Vec::new(), length };
    for start in (0..matrix.len()).step_by(TILE * length) {
        let (done, rest) = matrix.split_at_mut(start);
        let end = rest.len().min(TILE * length);
        reflections.eliminate(done, &mut rest[..end]);
    }
    let tiles = matrix.len().div_ceil(TILE * length);
    for tile in (0..tiles).rev() {
        let start = tile * TILE * length;
        let end = matrix.len().min(start + TILE * length);
        let rows = reflections.rows(&matrix[..end], start / length);
        matrix[start..end].copy_from_slice(&rows);
    }
}

/// What belongs to the reflections v in the rows of a matrix: H = I - factor vᵀ v.
struct Reflections {
    factors: Vec<f64>,
    /// The signs of L's diagonal.
    signs: Vec<f64>,
    length: usize,
}

impl Reflections {
    /// Turns the rows of the next tile into reflections, after those of the rows before.
    fn eliminate(&mut self, done: &[f64], tile: &mut [f64]) {
        let length = self.length;
        tile.par_chunks_mut(GROUP * length).for_each(|rows| {
            for (index, reflection) in done.chunks_exact(length).enumerate() {
                for row in rows.chunks_exact_mut(length) {
                    reflect(&reflection[index..], self.factors[index], &mut row[index..]);
                }
            }
        });
        let mut rest = tile;
        while !rest.is_empty() {
            let (row, later) = rest.split_at_mut(length);
            let index = self.factors.len();
            let (factor, sign) = make_reflection(&mut row[index..]);
            for other in later.chunks_exact_mut(length) {
                reflect(&row[index..], factor, &mut other[index..]);
            }
            self.factors.push(factor);
            self.signs.push(sign);
            rest = later;
        }
    }

    /// The rows of Q from number `first` on, as far as `matrix` has their reflections.
    fn rows(&self, matrix: &[f64], first: usize) -> Vec<f64> {
        let length = self.length;
        let mut rows = vec![0.0; matrix.len() - first * length];
        rows.par_chunks_mut(GROUP * length).enumerate().for_each(|(group, rows)| {
            let first = first + group * GROUP;
            for (offset, row) in rows.chunks_exact_mut(length).enumerate() {
                row[first + offset] = self.signs[first + offset];
            }
            let last = first + rows.len() / length;
            for (index, reflection) in matrix[..last * length].chunks_exact(length).enumerate().rev() {
                // Later reflections leave a row of the identity matrix as it is.
                for row in rows.chunks_exact_mut(length).skip(index.saturating_sub(first)) {
                    reflect(&reflection[index..], self.factors[index], &mut row[index..]);
                }
            }
        });
        rows
    }
}

/// Makes of a row the reflection that maps it onto its first axis; returns the factor, and the sign of the image.
///
/// A row of zeros is one already.
fn make_reflection(row: &mut [f64]) -> (f64, f64) {
    let norm = dot(row, row).sqrt();
    if norm == 0.0 {
        return (0.0, 1.0);
    }
    let first = row[0];
    let sign = -1f64.copysign(first);
    row[0] -= sign * norm;
    (1.0 / (norm * (norm + first.abs())), sign)
}

/// Reflects a row.
fn reflect(reflection: &[f64], factor: f64, row: &mut [f64]) {
    let share = factor * dot(reflection, row);
    for (value, along) in row.iter_mut().zip(reflection) {
        *value -= share * along;
    }
}

/// The sum of the products, in an order that depends on the length alone.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; LANES];
    for (a, b) in a.zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some matrix of full rank.
    fn matrix(rows: usize, length: usize) -> Vec<f64> {
        let value = |index: usize| f64::from(((index as u32).wrapping_mul(2_654_435_761) >> 8) % 1000) / 500.0 - 1.0;
        (0..rows * length).map(value).collect()
    }

    fn largest_fault(rows: &[f64], length: usize) -> f64 {
        let mut largest: f64 = 0.0;
        for (i, a) in rows.chunks_exact(length).enumerate() {
            for (j, b) in rows.chunks_exact(length).enumerate() {
                largest = largest.max((dot(a, b) - f64::from(u8::from(i == j))).abs());
            }
        }
        largest
    }

    #[test]
    fn rows_are_orthonormal() {
        for (rows, length) in [(1, 1), (1, 7), (5, 5), (31, 40), (32, 32), (33, 100), (70, 71), (100, 300)] {
            let mut rows_of_q = matrix(rows, length);
            orthonormalise(&mut rows_of_q, length);
            assert!(largest_fault(&rows_of_q, length) < 1e-14, "{rows} x {length}");
        }
    }

    /// Each row is a combination of the first rows of the matrix, with a positive part of its own.
    #[test]
    fn they_are_those_of_gram_and_schmidt() {
        let (rows, length) = (40, 45);
        let original = matrix(rows, length);
        let mut made = original.clone();
        orthonormalise(&mut made, length);
        for (i, row) in original.chunks_exact(length).enumerate() {
            for (j, unit) in made.chunks_exact(length).enumerate() {
                let part = dot(row, unit);
                assert!(if j == i { part > 0.0 } else { j < i || part.abs() < 1e-12 }, "{i} and {j}: {part}");
            }
        }
    }

    #[test]
    fn a_matrix_without_full_rank_makes_orthonormal_rows_too() {
        let mut rows = matrix(3, 6);
        rows.copy_within(0..6, 6);
        rows[12..].fill(0.0);
        orthonormalise(&mut rows, 6);
        assert!(largest_fault(&rows, 6) < 1e-14);
        // Nearly dependent: Gram and Schmidt would lose eight places.
        let mut rows: Vec<f64> = (0..40).map(|index| 1.0 + 1e-8 * f64::from(index * index % 7)).collect();
        orthonormalise(&mut rows, 8);
        assert!(largest_fault(&rows, 8) < 1e-14);
    }

    #[test]
    fn threads_do_not_matter() {
        let on = |threads| {
            let mut rows = matrix(90, 120);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| orthonormalise(&mut rows, 120));
            rows
        };
        assert!(on(1) == on(3));
    }
}
