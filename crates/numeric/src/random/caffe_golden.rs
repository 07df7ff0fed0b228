//! Blobs that Caffe filled, from the golden pack: what each distribution gives in each era, rare branches included.

use sha2::{Digest, Sha256};

use super::{CaffeGenerator, Era, Generator, SimdPath};

enum Fill {
    Uniform(f32, f32),
    Gaussian(f32, f32),
    /// Normal values times a mask of the given chance.
    Sparse(f32, f32, f32),
}
use Fill::{Gaussian, Sparse, Uniform};

impl Fill {
    fn values(&self, count: usize, rng: &mut CaffeGenerator) -> Vec<f32> {
        let mut values = vec![0.0; count];
        match *self {
            Uniform(min, max) => rng.uniform(min, max, &mut values),
            Gaussian(mean, std) => rng.gaussian(mean, std, &mut values),
            Sparse(mean, std, chance) => {
                rng.gaussian(mean, std, &mut values);
                let mut mask = vec![0.0; count];
                rng.bernoulli(chance, &mut mask);
                values.iter_mut().zip(mask).for_each(|(value, kept)| *value *= kept);
            }
        }
        values
    }
}

struct Blob {
    fill: Fill,
    count: usize,
    /// The first eight bytes of the digest of all values, in little-endian order.
    sha256: u64,
    /// The bits of the first and of the last values.
    ends: [&'static [u32]; 2],
}

/// A net's blobs, in the order of filling, and the draw that comes after them.
struct RecordedRun {
    case: &'static str,
    seed: u32,
    boost: &'static str,
    next: u32,
    blobs: &'static [Blob],
}

fn digest(values: &[f32]) -> u64 {
    let mut hasher = Sha256::new();
    values.iter().for_each(|value| hasher.update(value.to_le_bytes()));
    hasher.finalize().iter().take(8).fold(0, |digest, &byte| digest << 8 | u64::from(byte))
}

fn check(run: &RecordedRun, path: SimdPath) {
    let era: Era = run.boost.parse().expect("a release");
    let mut rng = CaffeGenerator::with_path(run.seed, era, path);
    for (i, blob) in run.blobs.iter().enumerate() {
        let place = format!("{path}, {}, seed {}, Boost {}, blob {i}", run.case, run.seed, run.boost);
        let [first, last] = blob.ends;
        let values = blob.fill.values(blob.count, &mut rng);
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
        assert_eq!(bits(&values[..first.len()]), first, "{place}");
        assert_eq!(bits(&values[blob.count - last.len()..]), last, "{place}");
        assert_eq!(digest(&values), blob.sha256, "{place}");
    }
    assert_eq!(rng.next_u32(), run.next, "{}", run.case);
}

#[test]
fn agrees_with_caffe() {
    for path in SimdPath::ALL {
        RUNS.iter().for_each(|run| check(run, path));
    }
}

#[rustfmt::skip]
static RUNS: &[RecordedRun] = &[
    RecordedRun { case: "fillers-rare-tail", seed: 118, boost: "1.54", next: 1697217560, blobs: &[
        Blob { fill: Gaussian(0.0, 1.0), count: 300, sha256: 0xd412b6926642202f,
        ends: [&[0x3eebd6d2, 0xbe31b821, 0xbf14d19b, 0xbea188cf], &[0x3f873235, 0x3ff1e767, 0xbfadd732, 0x3ec18db1]] },
        Blob { fill: Uniform(-0.5477226, 0.5477226), count: 10, sha256: 0xf2cf3bb752084303,
        ends: [&[0x3ea47898, 0xbe7f8c5a, 0xbedf8091, 0xbdcd4948], &[0xbea3e8e0, 0xbe921880, 0xbe2672ea, 0x3f0b2bbe]] },
    ] },
    RecordedRun { case: "fillers-rare-tail", seed: 118, boost: "1.58", next: 3057127156, blobs: &[
        Blob { fill: Gaussian(0.0, 1.0), count: 300, sha256: 0x32251e318d5777ef,
        ends: [&[0xc05e9472, 0x3e2cb4e0, 0x3dca7984, 0x3f6c2280], &[0xbec9f727, 0x3f8db6ca, 0xbf01957b, 0xbeb5a9f5]] },
        Blob { fill: Uniform(-0.5477226, 0.5477226), count: 10, sha256: 0xcf42aaf0ce2bc818,
        ends: [&[0xbe9af5ee, 0xbee2ff95, 0xbdd71e60, 0x3e66abb4], &[0x3e859d54, 0xbe9da5fe, 0x3e8ea102, 0xbe95a934]] },
    ] },
    RecordedRun { case: "fillers-rare-tail", seed: 118, boost: "1.74", next: 3057127156, blobs: &[
        Blob { fill: Gaussian(0.0, 1.0), count: 300, sha256: 0x0b2e6803f57af410,
        ends: [&[0xc062eaab, 0x3e2cb4e0, 0x3dca7984, 0x3f6c2280], &[0xbec9f727, 0x3f8db6ca, 0xbf01957b, 0xbeb5a9f5]] },
        Blob { fill: Uniform(-0.5477226, 0.5477226), count: 10, sha256: 0xcf42aaf0ce2bc818,
        ends: [&[0xbe9af5ee, 0xbee2ff95, 0xbdd71e60, 0x3e66abb4], &[0x3e859d54, 0xbe9da5fe, 0x3e8ea102, 0xbe95a934]] },
    ] },
    RecordedRun { case: "fillers-rare-redraw-uniform", seed: 508205, boost: "1.54", next: 1741279431, blobs: &[
        Blob { fill: Uniform(0.0, 1.0), count: 48, sha256: 0xa122a2fd9c0bcb30,
        ends: [&[0x3ef44639, 0x3e821f2b, 0x3f64504a, 0x3ed04bfe], &[0x3e8c0841, 0x3f12c6e9, 0x3f785968, 0x3f1caad5]] },
        Blob { fill: Uniform(0.0, 1.0), count: 6, sha256: 0x8ae4663f922b357e,
        ends: [&[0x3e942f2a, 0x3f529b9f, 0x3f10cd58, 0x3e82c71e], &[0x3f10cd58, 0x3e82c71e, 0x3f644597, 0x3f5395d1]] },
        Blob { fill: Uniform(-0.70710677, 0.70710677), count: 6, sha256: 0x67ae8b75d1418483,
        ends: [&[0x3f07f913, 0x3ee0e8b2, 0xbf284866, 0x3f1826c1], &[0xbf284866, 0x3f1826c1, 0xbf29245a, 0x3f168c11]] },
    ] },
    RecordedRun { case: "fillers-rare-redraw-uniform", seed: 508205, boost: "1.74", next: 1741279431, blobs: &[
        Blob { fill: Uniform(0.0, 1.0), count: 48, sha256: 0xa122a2fd9c0bcb30,
        ends: [&[0x3ef44639, 0x3e821f2b, 0x3f64504a, 0x3ed04bfe], &[0x3e8c0841, 0x3f12c6e9, 0x3f785968, 0x3f1caad5]] },
        Blob { fill: Uniform(0.0, 1.0), count: 6, sha256: 0x8ae4663f922b357e,
        ends: [&[0x3e942f2a, 0x3f529b9f, 0x3f10cd58, 0x3e82c71e], &[0x3f10cd58, 0x3e82c71e, 0x3f644597, 0x3f5395d1]] },
        Blob { fill: Uniform(-0.70710677, 0.70710677), count: 6, sha256: 0x67ae8b75d1418483,
        ends: [&[0x3f07f913, 0x3ee0e8b2, 0xbf284866, 0x3f1826c1], &[0xbf284866, 0x3f1826c1, 0xbf29245a, 0x3f168c11]] },
    ] },
    RecordedRun { case: "fillers-rare-redraw-gaussian", seed: 508205, boost: "1.54", next: 1741279431, blobs: &[
        Blob { fill: Gaussian(0.0, 1.0), count: 48, sha256: 0x34660cfadfa61cd5,
        ends: [&[0xbf420499, 0x3de0e6ef, 0x3f4b85a4, 0xbf246bc4], &[0xbe44a219, 0x3fa53fb4, 0x3fad0883, 0xbe83845a]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 6, sha256: 0x42d6ae338dbd192c,
        ends: [&[0xbee97c3c, 0x3fe6d0f5, 0xbf34228f, 0xbe9d9b88], &[0xbf34228f, 0xbe9d9b88, 0x3fba3453, 0xbf96bf19]] },
        Blob { fill: Uniform(-0.70710677, 0.70710677), count: 6, sha256: 0x67ae8b75d1418483,
        ends: [&[0x3f07f913, 0x3ee0e8b2, 0xbf284866, 0x3f1826c1], &[0xbf284866, 0x3f1826c1, 0xbf29245a, 0x3f168c11]] },
    ] },
    RecordedRun { case: "fillers-rare-redraw-gaussian", seed: 508205, boost: "1.58", next: 28245131, blobs: &[
        Blob { fill: Gaussian(0.0, 1.0), count: 48, sha256: 0x994906efaa06057c,
        ends: [&[0x3f2c7034, 0xbe312900, 0x3fb220af, 0x3f5f5284], &[0xbf06eb12, 0x3f4434a8, 0xbfab4aa5, 0xbebc253b]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 6, sha256: 0x3710b87c4ce92287,
        ends: [&[0xbf89da37, 0xbfd06c1e, 0xbfc89dff, 0x3f129b53], &[0xbfc89dff, 0x3f129b53, 0x3cebfd33, 0xbfaca12e]] },
        Blob { fill: Uniform(-0.70710677, 0.70710677), count: 6, sha256: 0xfc78b493845e5280,
        ends: [&[0xbf29245a, 0x3f168c11, 0xbe08f634, 0xbf0743f1], &[0xbe08f634, 0xbf0743f1, 0xbe78b746, 0x3f18f07b]] },
    ] },
    RecordedRun { case: "fillers-rare-redraw-gaussian", seed: 508205, boost: "1.74", next: 28245131, blobs: &[
        Blob { fill: Gaussian(0.0, 1.0), count: 48, sha256: 0x994906efaa06057c,
        ends: [&[0x3f2c7034, 0xbe312900, 0x3fb220af, 0x3f5f5284], &[0xbf06eb12, 0x3f4434a8, 0xbfab4aa5, 0xbebc253b]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 6, sha256: 0x3710b87c4ce92287,
        ends: [&[0xbf89da37, 0xbfd06c1e, 0xbfc89dff, 0x3f129b53], &[0xbfc89dff, 0x3f129b53, 0x3cebfd33, 0xbfaca12e]] },
        Blob { fill: Uniform(-0.70710677, 0.70710677), count: 6, sha256: 0xfc78b493845e5280,
        ends: [&[0xbf29245a, 0x3f168c11, 0xbe08f634, 0xbf0743f1], &[0xbe08f634, 0xbf0743f1, 0xbe78b746, 0x3f18f07b]] },
    ] },
    RecordedRun { case: "fillers-rare-zero-draw", seed: 27494765, boost: "1.58", next: 762520622, blobs: &[
        Blob { fill: Uniform(0.25, 4.0), count: 48, sha256: 0x6a6a7e769916b212,
        ends: [&[0x3fda4ac8, 0x4007466c, 0x4055c948, 0x3fcac304], &[0x402e8355, 0x3ee312b8, 0x3f81140e, 0x3f8e18f6]] },
        Blob { fill: Uniform(0.0, 1.0), count: 6, sha256: 0xecd286fceec6fda4,
        ends: [&[0x3e17a41a, 0x3f6d5af3, 0x3f627886, 0x3ead8ac1], &[0x3f627886, 0x3ead8ac1, 0x3e90caf0, 0x3f1d472b]] },
        Blob { fill: Uniform(-0.70710677, 0.70710677), count: 6, sha256: 0x79299e1e7096273c,
        ends: [&[0x3e2462ec, 0x3eafddfe, 0xbd95bbc0, 0xbc913c00], &[0xbd95bbc0, 0xbc913c00, 0xbec9dc7a, 0x3f16d44f]] },
    ] },
    RecordedRun { case: "fillers-rare-zero-draw-gaussian", seed: 27494765, boost: "1.54", next: 762520622, blobs: &[
        Blob { fill: Gaussian(0.0, 2.0), count: 48, sha256: 0xbc9041e87c34a278,
        ends: [&[0xbfe4f1e3, 0x3fc20744, 0x3f5792ab, 0xbfd68079], &[0xbeb1c581, 0xbf0cfb54, 0x3eda7a35, 0x3fb08ac3]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 6, sha256: 0xd2b595c8c62d9ff3,
        ends: [&[0x3faf0c52, 0x3feaf113, 0x3f2e61b2, 0xbf1a6b0f], &[0x3f2e61b2, 0xbf1a6b0f, 0xbe90a0ec, 0x3facf698]] },
        Blob { fill: Uniform(-0.70710677, 0.70710677), count: 6, sha256: 0x79299e1e7096273c,
        ends: [&[0x3e2462ec, 0x3eafddfe, 0xbd95bbc0, 0xbc913c00], &[0xbd95bbc0, 0xbc913c00, 0xbec9dc7a, 0x3f16d44f]] },
    ] },
    RecordedRun { case: "fillers-rare-zero-draw-gaussian", seed: 27494765, boost: "1.74", next: 762520622, blobs: &[
        Blob { fill: Gaussian(0.0, 2.0), count: 48, sha256: 0x44428aab6bfe71f0,
        ends: [&[0xbf70008f, 0x3fc6858e, 0x3ffbd850, 0x3fe31613], &[0xc04fe2d5, 0x3d344e84, 0xbf070b4e, 0xbeabac31]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 6, sha256: 0xeefe673fd4aaf332,
        ends: [&[0xbeaf2d3c, 0xbfb454ef, 0xbfa7791c, 0xbe86c519], &[0xbfa7791c, 0xbe86c519, 0xbf0876f9, 0xbf17e861]] },
        Blob { fill: Uniform(-0.70710677, 0.70710677), count: 6, sha256: 0x79299e1e7096273c,
        ends: [&[0x3e2462ec, 0x3eafddfe, 0xbd95bbc0, 0xbc913c00], &[0xbd95bbc0, 0xbc913c00, 0xbec9dc7a, 0x3f16d44f]] },
    ] },
    RecordedRun { case: "fillers-rare-mask-boundary", seed: 214747, boost: "1.54", next: 3409725982, blobs: &[
        Blob { fill: Sparse(0.0, 1.0, 0.5), count: 300, sha256: 0x4b0d240922c0400e,
        ends: [&[0x3c356dac, 0x3f4ac549, 0x00000000, 0x3f5310da], &[0x80000000, 0x3f73a7b7, 0xbf066212, 0x80000000]] },
        Blob { fill: Uniform(-1.2247449, 1.2247449), count: 2, sha256: 0x0e3d5eeda57270af,
        ends: [&[0x3f0a3f44, 0x3f64a8aa], &[0x3f0a3f44, 0x3f64a8aa]] },
    ] },
    RecordedRun { case: "fillers-rare-mask-boundary", seed: 214747, boost: "1.58", next: 3740889573, blobs: &[
        Blob { fill: Sparse(0.0, 1.0, 0.5), count: 300, sha256: 0x131632ab8e9b45cc,
        ends: [&[0x3f02d7d8, 0xbf056b25, 0x00000000, 0x80000000], &[0x80000000, 0x00000000, 0x00000000, 0x3f02c408]] },
        Blob { fill: Uniform(-1.2247449, 1.2247449), count: 2, sha256: 0x34db295598242f68,
        ends: [&[0xbebaa560, 0x3e205518], &[0xbebaa560, 0x3e205518]] },
    ] },
    RecordedRun { case: "fillers-rare-mask-boundary", seed: 397636, boost: "1.74", next: 1859062496, blobs: &[
        Blob { fill: Sparse(0.0, 1.0, 0.5), count: 300, sha256: 0x7e169c25d52cee2c,
        ends: [&[0x80000000, 0x80000000, 0x3fe6f67c, 0x80000000], &[0x80000000, 0xbff21770, 0x3fa5b8da, 0x00000000]] },
        Blob { fill: Uniform(-1.2247449, 1.2247449), count: 2, sha256: 0xdaa6143358e4d4e0,
        ends: [&[0xbc051100, 0x3e8e998c], &[0xbc051100, 0x3e8e998c]] },
    ] },
    RecordedRun { case: "fillers-uniform-narrow", seed: 1701, boost: "1.54", next: 3249076940, blobs: &[
        Blob { fill: Uniform(100.0, 100.00001), count: 75, sha256: 0x20d9646e5f618145,
        ends: [&[0x42c80000, 0x42c80001, 0x42c80000, 0x42c80001], &[0x42c80001, 0x42c80001, 0x42c80001, 0x42c80000]] },
        Blob { fill: Uniform(-100.00001, -100.0), count: 75, sha256: 0x1f7511768df07c41,
        ends: [&[0xc2c80001, 0xc2c80001, 0xc2c80001, 0xc2c80000], &[0xc2c80000, 0xc2c80001, 0xc2c80000, 0xc2c80001]] },
        Blob { fill: Uniform(-1e-45, 1e-45), count: 75, sha256: 0xa432cd4f20ffd29e,
        ends: [&[0x00000001, 0x80000001, 0x00000000, 0x80000001], &[0x00000001, 0x00000000, 0x00000000, 0x00000000]] },
        Blob { fill: Uniform(-1e-44, 0.0), count: 75, sha256: 0xf32e644cedc6d919,
        ends: [&[0x00000000, 0x80000006, 0x80000002, 0x80000005], &[0x00000000, 0x80000004, 0x80000007, 0x80000001]] },
        Blob { fill: Uniform(100000000.0, 100000010.0), count: 75, sha256: 0x1db14d0ec8e49f52,
        ends: [&[0x4cbebc21, 0x4cbebc20, 0x4cbebc21, 0x4cbebc21], &[0x4cbebc20, 0x4cbebc20, 0x4cbebc20, 0x4cbebc20]] },
    ] },
    RecordedRun { case: "fillers-uniform-equal", seed: 0, boost: "1.58", next: 2095246993, blobs: &[
        Blob { fill: Uniform(0.0, 0.0), count: 24, sha256: 0x2ea9ab9198d16380,
        ends: [&[0x00000000, 0x00000000, 0x00000000, 0x00000000], &[0x00000000, 0x00000000, 0x00000000, 0x00000000]] },
        Blob { fill: Uniform(1.0, 1.0), count: 24, sha256: 0x849203e6b4e58641,
        ends: [&[0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000], &[0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000]] },
        Blob { fill: Uniform(-1.0, -1.0), count: 24, sha256: 0xf9c41a79483de681,
        ends: [&[0xbf800000, 0xbf800000, 0xbf800000, 0xbf800000], &[0xbf800000, 0xbf800000, 0xbf800000, 0xbf800000]] },
        Blob { fill: Uniform(-0.5, -0.5), count: 24, sha256: 0xbe6754f022fa0bf7,
        ends: [&[0xbf000000, 0xbf000000, 0xbf000000, 0xbf000000], &[0xbf000000, 0xbf000000, 0xbf000000, 0xbf000000]] },
        Blob { fill: Uniform(0.1, 0.1), count: 24, sha256: 0x5e2342f643395bd0,
        ends: [&[0x3dcccccd, 0x3dcccccd, 0x3dcccccd, 0x3dcccccd], &[0x3dcccccd, 0x3dcccccd, 0x3dcccccd, 0x3dcccccd]] },
        Blob { fill: Uniform(1e-40, 1e-40), count: 24, sha256: 0x9ee434cc6db87149,
        ends: [&[0x000116c2, 0x000116c2, 0x000116c2, 0x000116c2], &[0x000116c2, 0x000116c2, 0x000116c2, 0x000116c2]] },
        Blob { fill: Uniform(-0.0, -0.0), count: 24, sha256: 0x2ea9ab9198d16380,
        ends: [&[0x00000000, 0x00000000, 0x00000000, 0x00000000], &[0x00000000, 0x00000000, 0x00000000, 0x00000000]] },
        Blob { fill: Uniform(16777216.0, 16777216.0), count: 24, sha256: 0x6a35db3ec2302f7a,
        ends: [&[0x4b800000, 0x4b800000, 0x4b800000, 0x4b800000], &[0x4b800000, 0x4b800000, 0x4b800000, 0x4b800000]] },
    ] },
    RecordedRun { case: "fillers-uniform-huge", seed: 3, boost: "1.58", next: 3695965008, blobs: &[
        Blob { fill: Uniform(-3e38, 3e38), count: 36, sha256: 0x2cffb810784cc27e,
        ends: [&[0x7db76fe8, 0xff41c53a, 0x7ebbe960, 0x7f197316], &[0xff56dea7, 0x7eeffb90, 0x7dd48778, 0x7f55ccce]] },
        Blob { fill: Uniform(-1.8e38, 1.7e38), count: 27, sha256: 0x324c57d311933d0f,
        ends: [&[0xfe864e55, 0xfdebc4c0, 0xfdd0ee48, 0x7d222430], &[0xff01fd2a, 0x7ef32572, 0xfec3ad06, 0x7e2683fc]] },
        Blob { fill: Uniform(-1.7e38, 1.7e38), count: 27, sha256: 0x12b471852c295565,
        ends: [&[0xfe32bcf0, 0x7ece1476, 0x7e9e0a5e, 0x7eb0e0a6], &[0xfe5506fc, 0xfe97c1a6, 0xfd2d2c38, 0x7e1d2ffc]] },
    ] },
    RecordedRun { case: "fillers-uniform-huge", seed: 1701, boost: "1.74", next: 3217696117, blobs: &[
        Blob { fill: Uniform(-3e38, 3e38), count: 36, sha256: 0x86c81e5da75f9c01,
        ends: [&[0xff39535f, 0x7d0756a0, 0xff2d9d56, 0x7f0a6eaa], &[0x7ec4d9b4, 0xfe1f5350, 0xff229e7f, 0x7eabf4c8]] },
        Blob { fill: Uniform(-1.8e38, 1.7e38), count: 27, sha256: 0x037a08a79e8d00fd,
        ends: [&[0x7dc355d0, 0xfe54ffd6, 0x7ee75774, 0xfe0557a4], &[0x7efd6a36, 0x7eca44d6, 0xfeb453c0, 0xfef558bd]] },
        Blob { fill: Uniform(-1.7e38, 1.7e38), count: 27, sha256: 0xc7c26a6498ef0c8a,
        ends: [&[0xfead9523, 0xfe0710a0, 0xfef3e006, 0xfe3281a8], &[0x7e75dfb4, 0xfd6b3ca8, 0xfee6bcd5, 0x7eb1a680]] },
    ] },
    RecordedRun { case: "fillers-uniform-to-inf", seed: 3, boost: "1.54", next: 2806378439, blobs: &[
        Blob { fill: Uniform(0.0, f32::INFINITY), count: 36, sha256: 0x156c4610ccfb1735,
        ends: [&[0x7f0d0116, 0x7d90d834, 0x7f35492c, 0x7f5706e6], &[0x7cc475a7, 0x7f440d32, 0x7f0f110f, 0x7f794102]] },
        Blob { fill: Uniform(0.0, 3.4028234e38), count: 36, sha256: 0x24734f3e56bb31e3,
        ends: [&[0x7e84bcbc, 0x7ece0236, 0x7ed48824, 0x7f0d8275], &[0x7ec1886e, 0x7ed9727c, 0x7dbcdc45, 0x7ed3d2ee]] },
    ] },
    RecordedRun { case: "fillers-uniform-bounds", seed: 4294967295, boost: "1.74", next: 208965526, blobs: &[
        Blob { fill: Uniform(-0.05, 0.05), count: 60, sha256: 0x0ea8dbebb0ace64f,
        ends: [&[0xbd24cf57, 0xbd1f15fe, 0x3d28e97b, 0x3bcd6f08], &[0xbd20f127, 0x3d06a089, 0xbbc73290, 0x3c6ff814]] },
        Blob { fill: Uniform(-1.0, -0.25), count: 6, sha256: 0x36a862b81d16304f,
        ends: [&[0xbec5c41c, 0xbe8dbca4, 0xbf2447c5, 0xbe809ad8], &[0xbf2447c5, 0xbe809ad8, 0xbed1a892, 0xbf14b304]] },
        Blob { fill: Uniform(0.0, 3.0), count: 50, sha256: 0x4d34c442a48da3da,
        ends: [&[0x3fe31e4c, 0x3fc66d7d, 0x3c864160, 0x3e89d176], &[0x3f9b5a03, 0x4022325b, 0x3fa769b1, 0x3f25d987]] },
        Blob { fill: Uniform(-2.0, 1.0), count: 5, sha256: 0x0a2c670f939f2535,
        ends: [&[0xbef1a4dc, 0xbfa3df9b, 0xbfc91951, 0x3ef00460], &[0xbfa3df9b, 0xbfc91951, 0x3ef00460, 0xbf324208]] },
        Blob { fill: Uniform(0.001, 1000.0), count: 40, sha256: 0xbf6e588ab8f3a43e,
        ends: [&[0x4457e673, 0x428d2365, 0x4473591d, 0x43de21d3], &[0x43fbc07b, 0x42833ecd, 0x43ad909c, 0x43b60db5]] },
    ] },
    RecordedRun { case: "fillers-gaussian-extreme", seed: 42, boost: "1.54", next: 3372305070, blobs: &[
        Blob { fill: Gaussian(0.0, f32::INFINITY), count: 10, sha256: 0x5e4df231c365bbd4,
        ends: [&[0xff800000, 0x7f800000, 0x7f800000, 0xff800000], &[0xff800000, 0xff800000, 0x7f800000, 0x7f800000]] },
        Blob { fill: Gaussian(f32::INFINITY, 1.0), count: 10, sha256: 0xb4ab9ac4497690fc,
        ends: [&[0x7f800000, 0x7f800000, 0x7f800000, 0x7f800000], &[0x7f800000, 0x7f800000, 0x7f800000, 0x7f800000]] },
        Blob { fill: Gaussian(0.0, 1e38), count: 10, sha256: 0x768a2d9867e19ad8,
        ends: [&[0x7dcb62ca, 0x7c539f64, 0x7eec76a4, 0xfdb4fc8d], &[0x7b3238d2, 0x7c38c395, 0x7ec2c118, 0x7f554010]] },
        Blob { fill: Gaussian(0.0, 1e-45), count: 10, sha256: 0x10e8df17f7301dc3,
        ends: [&[0x00000001, 0x00000001, 0x00000000, 0x00000001], &[0x00000000, 0x00000000, 0x00000000, 0x00000001]] },
        Blob { fill: Gaussian(-f32::INFINITY, 2.0), count: 10, sha256: 0x1b3e303f26aa4c8a,
        ends: [&[0xff800000, 0xff800000, 0xff800000, 0xff800000], &[0xff800000, 0xff800000, 0xff800000, 0xff800000]] },
    ] },
    RecordedRun { case: "fillers-gaussian-extreme", seed: 42, boost: "1.74", next: 4222944499, blobs: &[
        Blob { fill: Gaussian(0.0, f32::INFINITY), count: 10, sha256: 0x4f418007c84bb1e7,
        ends: [&[0xff800000, 0x7f800000, 0xff800000, 0xff800000], &[0xff800000, 0xff800000, 0xff800000, 0x7f800000]] },
        Blob { fill: Gaussian(f32::INFINITY, 1.0), count: 10, sha256: 0xb4ab9ac4497690fc,
        ends: [&[0x7f800000, 0x7f800000, 0x7f800000, 0x7f800000], &[0x7f800000, 0x7f800000, 0x7f800000, 0x7f800000]] },
        Blob { fill: Gaussian(0.0, 1e38), count: 10, sha256: 0x9dc016ec0e754919,
        ends: [&[0x7c0a9973, 0xfd119a2e, 0x7f800000, 0x7ebde4f9], &[0x7d724f2c, 0x7ea9ab0c, 0xfe74d961, 0x7db9d98b]] },
        Blob { fill: Gaussian(0.0, 1e-45), count: 10, sha256: 0x023f9d10cf731dbf,
        ends: [&[0x00000001, 0x00000001, 0x00000000, 0x00000000], &[0x00000000, 0x80000001, 0x00000000, 0x00000000]] },
        Blob { fill: Gaussian(-f32::INFINITY, 2.0), count: 10, sha256: 0x1b3e303f26aa4c8a,
        ends: [&[0xff800000, 0xff800000, 0xff800000, 0xff800000], &[0xff800000, 0xff800000, 0xff800000, 0xff800000]] },
    ] },
    RecordedRun { case: "fillers-gaussian-nan-mean", seed: 42, boost: "1.58", next: 249467210, blobs: &[
        Blob { fill: Gaussian(f32::NAN, 1.0), count: 10, sha256: 0xfc622bfaecf43e95,
        ends: [&[0x7fc00000, 0x7fc00000, 0x7fc00000, 0x7fc00000], &[0x7fc00000, 0x7fc00000, 0x7fc00000, 0x7fc00000]] },
        Blob { fill: Gaussian(-f32::NAN, 1.0), count: 2, sha256: 0x0a8254138458ba49,
        ends: [&[0xffc00000, 0xffc00000], &[0xffc00000, 0xffc00000]] },
    ] },
    RecordedRun { case: "fillers-sparse-nan", seed: 42, boost: "1.74", next: 389151677, blobs: &[
        Blob { fill: Sparse(f32::NAN, 1.0, 0.33333333), count: 12, sha256: 0x2cf196b3d5b5509c,
        ends: [&[0x7fc00000, 0x7fc00000, 0x7fc00000, 0x7fc00000], &[0x7fc00000, 0x7fc00000, 0x7fc00000, 0x7fc00000]] },
        Blob { fill: Sparse(-f32::INFINITY, 1.0, 0.33333333), count: 12, sha256: 0x7e27a24c45772da0,
        ends: [&[0xff800000, 0xff800000, 0xffc00000, 0xffc00000], &[0xffc00000, 0xffc00000, 0xff800000, 0xffc00000]] },
    ] },
    RecordedRun { case: "fillers-gaussian-counts", seed: 1701, boost: "1.54", next: 4013597180, blobs: &[
        Blob { fill: Gaussian(0.0, 1.0), count: 1, sha256: 0x21842a4a0e69a343,
        ends: [&[0x3f83004b], &[0x3f83004b]] },
        Blob { fill: Gaussian(1.0, 1.0), count: 1, sha256: 0xbe19605424ffcd84,
        ends: [&[0x4016da40], &[0x4016da40]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 2, sha256: 0xd24581919b5f0c51,
        ends: [&[0xbf9c9d1d, 0xbe143e4c], &[0xbf9c9d1d, 0xbe143e4c]] },
        Blob { fill: Gaussian(1.0, 1.0), count: 2, sha256: 0xcb3221343e8ce846,
        ends: [&[0xbf303abe, 0x3f9a72c7], &[0xbf303abe, 0x3f9a72c7]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 3, sha256: 0xe6bcbd3b2a2e9a70,
        ends: [&[0x3f53d40d, 0xbf46f67e, 0x3f96aa3c], &[0x3f53d40d, 0xbf46f67e, 0x3f96aa3c]] },
        Blob { fill: Gaussian(1.0, 1.0), count: 3, sha256: 0x7b1359b28d1c7708,
        ends: [&[0x3f958e55, 0x3fdaa52e, 0x40091858], &[0x3f958e55, 0x3fdaa52e, 0x40091858]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 1, sha256: 0x2b25a6f3d168c022,
        ends: [&[0x3fccd3a2], &[0x3fccd3a2]] },
        Blob { fill: Gaussian(1.0, 1.0), count: 1, sha256: 0xfbadd1e9ab98ee2d,
        ends: [&[0x3f12a427], &[0x3f12a427]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 5, sha256: 0xe6290d42b5e73129,
        ends: [&[0xbf640c51, 0x3fd14294, 0x3ed8e961, 0x3f46b545], &[0x3fd14294, 0x3ed8e961, 0x3f46b545, 0xbf1bb7e9]] },
        Blob { fill: Gaussian(1.0, 1.0), count: 5, sha256: 0x39059f1584aafc0f,
        ends: [&[0x3e3e7cdc, 0x3fe3e91e, 0x3fc8761c, 0x3f43a688], &[0x3fe3e91e, 0x3fc8761c, 0x3f43a688, 0x40367d4e]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 4, sha256: 0xdf0458f1d81d3e0c,
        ends: [&[0xbe525a0d, 0xbf81366f, 0x3f7a681b, 0x3f96d61b], &[0xbe525a0d, 0xbf81366f, 0x3f7a681b, 0x3f96d61b]] },
        Blob { fill: Gaussian(1.0, 1.0), count: 4, sha256: 0x32e117be76f75e69,
        ends: [&[0x3ea58dd8, 0x3eec2b74, 0x3ff96cb4, 0x3f3716ea], &[0x3ea58dd8, 0x3eec2b74, 0x3ff96cb4, 0x3f3716ea]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 7, sha256: 0x8778ac59e8904f7f,
        ends: [&[0x3f11ff05, 0xbf8f245b, 0xbf57828b, 0xbfa9ad30], &[0xbfa9ad30, 0xbfc70c07, 0xbf8e6f14, 0x3dd36c1e]] },
        Blob { fill: Gaussian(1.0, 1.0), count: 7, sha256: 0xa61d5b7bac1b69f5,
        ends: [&[0x3fecf460, 0x3fefa82a, 0x3f8855e3, 0xbebf1c04], &[0xbebf1c04, 0x3ec35446, 0x3f3f984c, 0xbecb2534]] },
    ] },
    RecordedRun { case: "fillers-gaussian-mean-std", seed: 0, boost: "1.58", next: 1214646642, blobs: &[
        Blob { fill: Gaussian(3.0, 0.01), count: 63, sha256: 0x66dfb92c5de6fa78,
        ends: [&[0x403f90e5, 0x4040d6c4, 0x4040bd50, 0x403f68eb], &[0x403ff7b0, 0x403f3b3f, 0x40405718, 0x403fa8c1]] },
        Blob { fill: Gaussian(-2.5, 1.0), count: 7, sha256: 0x37022c637a730563,
        ends: [&[0xc07611e2, 0xc02d446d, 0xc021d7f7, 0xc03ac5c1], &[0xc03ac5c1, 0xbf967acd, 0xc01192f4, 0xc07a8228]] },
        Blob { fill: Gaussian(0.0, 0.001), count: 45, sha256: 0x5294c5a9ba52b8da,
        ends: [&[0xb92a640b, 0xb9b4b5a7, 0x3a891603, 0x3aeb3680], &[0x3a2fdcfe, 0xba2e0505, 0x394c8ccd, 0xba39c235]] },
        Blob { fill: Gaussian(0.1, 1000.0), count: 5, sha256: 0x474b4c32ce98bd75,
        ends: [&[0x43cc3fc6, 0x43a618ab, 0x43205fdb, 0x448847f6], &[0x43a618ab, 0x43205fdb, 0x448847f6, 0x4497ffc5]] },
        Blob { fill: Gaussian(1000000.0, 1.0), count: 27, sha256: 0xfd7b098e29021604,
        ends: [&[0x497423f5, 0x49742405, 0x49742419, 0x49742404], &[0x4974240c, 0x49742400, 0x497423fe, 0x497423f6]] },
    ] },
    RecordedRun { case: "fillers-large-gaussian", seed: 1701, boost: "1.54", next: 2842278486, blobs: &[
        Blob { fill: Gaussian(0.0, 1.0), count: 4194304, sha256: 0xbb1aa4076399b4ed,
        ends: [&[0x3f83004b, 0x3f24f744, 0x3fadb481, 0x3f99e034], &[0x3f85b6cc, 0x3f99fa9c, 0x3e2960fd, 0xbfda6429]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 2048, sha256: 0x875a9e37aebfd3ea,
        ends: [&[0x3ef61b68, 0x3e9aa624, 0x3da84393, 0x3f8ddb48], &[0xbd0d18a2, 0x3f9b3beb, 0xbf87179f, 0x3ef610fa]] },
    ] },
    RecordedRun { case: "fillers-large-gaussian", seed: 1701, boost: "1.58", next: 4069173422, blobs: &[
        Blob { fill: Gaussian(0.0, 1.0), count: 4194304, sha256: 0xeaf67271123298bc,
        ends: [&[0xbddfc6d0, 0xbfd60223, 0xbe51b0dd, 0xbf06f32e], &[0xbe59a44d, 0xbea8317c, 0x3fa9ac23, 0xbfed7acd]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 2048, sha256: 0x26955efd64722851,
        ends: [&[0xbe611ce4, 0xbee48636, 0x3e436e51, 0xbf9decef], &[0xbff65053, 0x3f89200b, 0x3e62c778, 0xbeb12fc6]] },
    ] },
    RecordedRun { case: "fillers-large-gaussian", seed: 1701, boost: "1.74", next: 668230877, blobs: &[
        Blob { fill: Gaussian(0.0, 1.0), count: 4194304, sha256: 0x7edde5a9f8b899bf,
        ends: [&[0xbddfc6d0, 0xbfd60223, 0xbe51b0dd, 0xbf06f32e], &[0x3eca5ec9, 0x3edea787, 0xbfb7ff44, 0xbee5ae8f]] },
        Blob { fill: Gaussian(0.0, 1.0), count: 2048, sha256: 0x782f8d9a899017c7,
        ends: [&[0xbf0c573b, 0x3f0db20c, 0xbfb726ab, 0xbfd14fa9], &[0xbe55ae31, 0xbee25e13, 0xbf2594bb, 0xbf8f8869]] },
    ] },
    RecordedRun { case: "fillers-large-uniform", seed: 0, boost: "1.54", next: 1804555278, blobs: &[
        Blob { fill: Uniform(-1.0, 1.0), count: 12582912, sha256: 0xba45df85d01107bc,
        ends: [&[0x3dc7f0b0, 0x3e3e2550, 0x3edc5a98, 0x3f30439a], &[0xbf701c31, 0x3f5c8732, 0xbe88946e, 0x3f6fcb9e]] },
        Blob { fill: Uniform(0.0, 1.0), count: 4096, sha256: 0x790080a57bbb680e,
        ends: [&[0x3f52de01, 0x3e15b166, 0x3f4537d5, 0x3ec760b8], &[0x3d136799, 0x3f49ee57, 0x3ed989df, 0x3edc54cf]] },
    ] },
    RecordedRun { case: "fillers-large-uniform", seed: 0, boost: "1.74", next: 1804555278, blobs: &[
        Blob { fill: Uniform(-1.0, 1.0), count: 12582912, sha256: 0xba45df85d01107bc,
        ends: [&[0x3dc7f0b0, 0x3e3e2550, 0x3edc5a98, 0x3f30439a], &[0xbf701c31, 0x3f5c8732, 0xbe88946e, 0x3f6fcb9e]] },
        Blob { fill: Uniform(0.0, 1.0), count: 4096, sha256: 0x790080a57bbb680e,
        ends: [&[0x3f52de01, 0x3e15b166, 0x3f4537d5, 0x3ec760b8], &[0x3d136799, 0x3f49ee57, 0x3ed989df, 0x3edc54cf]] },
    ] },
];
