//! Loops that run with wider vectors where the machine has them.
//!
//! Most are plain Rust without branches, which the compiler turns into vector code for the target, and once more for
//! AVX2 and for AVX-512. It never fuses a multiplication with an addition, so that the bits are the same.

/// Defines a function that does what the `#[inline(always)]` function behind the `=` does, compiled for the vectors of
/// the machine.
///
/// It is never inlined itself: the results leave through a reference, which tells the compiler that those side by side
/// are a vector's.
macro_rules! vectorised {
    (fn $name:ident($($argument:ident: $type:ty),*) = $kernel:path;) => {
        #[inline(never)]
        fn $name($($argument: $type),*) {
            $crate::statistics::simd::with_features!(["avx512bw", "avx512vl"] $kernel => $($argument: $type),*);
            $crate::statistics::simd::with_features!(["avx2"] $kernel => $($argument: $type),*);
            $kernel($($argument),*)
        }
    };
}
pub(super) use vectorised;

/// Returns what the function returns, compiled for these instructions, if the machine has them.
macro_rules! with_features {
    ([$($feature:tt),+] $kernel:path => $($argument:ident: $type:ty),*) => {
        #[cfg(target_arch = "x86_64")]
        if $(std::arch::is_x86_feature_detected!($feature))&&+ {
            $(#[target_feature(enable = $feature)])+
            fn wide($($argument: $type),*) {
                $kernel($($argument),*)
            }
            // SAFETY: the machine has the instructions.
            return unsafe { wide($($argument),*) };
        }
    };
}
pub(super) use with_features;

/// The bytes of a vector.
pub(super) const VECTOR_BYTES: usize = 32;

/// A vector of bytes.
pub(super) type ByteVector = [u8; VECTOR_BYTES];

/// The most vectors that [`occurrences`] takes: each of their bytes is counted in a byte.
pub(super) const MOST_VECTORS: usize = u8::MAX as usize;

/// How often a byte occurs in at most [`MOST_VECTORS`].
///
/// To compare all of them with it becomes vector code; counters that they pick would not.
#[inline(always)]
pub(super) fn occurrences(byte: u8, vectors: &[ByteVector]) -> u64 {
    debug_assert!(vectors.len() <= MOST_VECTORS, "{}", vectors.len());
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the machine has the instructions.
        return unsafe { occurrences_avx2(byte, vectors) };
    }
    occurrences_portable(byte, vectors)
}

/// The compiler would count lane by lane, or add the lanes of every few vectors.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn occurrences_avx2(byte: u8, vectors: &[ByteVector]) -> u64 {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_sad_epu8, _mm256_set1_epi8, _mm256_setzero_si256,
        _mm256_storeu_si256, _mm256_sub_epi8,
    };
    let wanted = _mm256_set1_epi8(byte.cast_signed());
    let mut found = _mm256_setzero_si256();
    for vector in vectors {
        // SAFETY: a vector has the 32 bytes that are read.
        let bytes = unsafe { _mm256_loadu_si256(vector.as_ptr().cast::<__m256i>()) };
        // An equal byte compares to -1.
        found = _mm256_sub_epi8(found, _mm256_cmpeq_epi8(bytes, wanted));
    }
    let mut sums = [0u64; 4];
    // SAFETY: the sums have the 32 bytes that are written.
    unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast::<__m256i>(), _mm256_sad_epu8(found, _mm256_setzero_si256())) };
    sums.into_iter().sum()
}

fn occurrences_portable(byte: u8, vectors: &[ByteVector]) -> u64 {
    // Few enough for a byte to count all of them.
    let (groups, rest) = vectors.as_chunks::<4>();
    let in_group = |group: &[ByteVector; 4]| {
        u64::from(group.as_flattened().iter().map(|&other| u8::from(other == byte)).sum::<u8>())
    };
    let in_rest = rest.as_flattened().iter().filter(|&&other| other == byte).count() as u64;
    groups.iter().map(in_group).sum::<u64>() + in_rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_byte_may_be_everywhere() {
        let vectors = [[7; VECTOR_BYTES]; MOST_VECTORS];
        for count in [occurrences, occurrences_portable] {
            assert_eq!([count(7, &vectors), count(8, &vectors), count(7, &[])], [255 * 32, 0, 0]);
        }
    }

    proptest! {
        #[test]
        fn wider_vectors_count_the_same(
            vectors in prop::collection::vec(prop::array::uniform32(0u8..4), 0..=MOST_VECTORS), byte in 0u8..4,
        ) {
            let one_by_one = vectors.as_flattened().iter().filter(|&&other| other == byte).count() as u64;
            prop_assert_eq!(occurrences(byte, &vectors), one_by_one);
            prop_assert_eq!(occurrences_portable(byte, &vectors), one_by_one);
        }
    }
}
