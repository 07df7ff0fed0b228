//! Loops that run with wider vectors where the machine has them.
//!
//! They are plain Rust without branches, which the compiler turns into vector code for the target, and once more for
//! AVX2. It never fuses a multiplication with an addition, so that the bits are the same.

/// Defines a function that does what the `#[inline(always)]` function behind the `=` does, compiled for the vectors of the
/// machine.
///
/// It is never inlined itself: the results leave through a reference, which tells the compiler that those side by side
/// are a vector's.
macro_rules! vectorised {
    (fn $name:ident($($argument:ident: $type:ty),*) = $kernel:path;) => {
        #[inline(never)]
        fn $name($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                #[target_feature(enable = "avx2")]
                fn avx2($($argument: $type),*) {
                    $kernel($($argument),*)
                }
                // SAFETY: the machine has the instructions.
                return unsafe { avx2($($argument),*) };
            }
            $kernel($($argument),*)
        }
    };
}
pub(super) use vectorised;
