//! The inputs that once failed under the fuzzers, and mutations of the golden packs.

use std::fs;
use std::path::{Path, PathBuf};

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};

#[path = "../fuzz/src/lib.rs"]
mod targets;

type Target = fn(&[u8]);

/// The fuzz targets with the endings of the files of the pack that are their seeds.
const TARGETS: &[(&str, Target, &[&str])] = &[
    ("text", targets::text, &["prototxt"]),
    ("binary", targets::binary, &["caffemodel", "binaryproto"]),
    ("weights", targets::weights, &["caffemodel", "h5", "binaryproto"]),
    ("upgrade", targets::upgrade, &["prototxt", "caffemodel"]),
    ("init", targets::init, &["prototxt", "caffemodel"]),
    ("dialect", targets::dialect, &["prototxt", "caffemodel"]),
    ("deploy", targets::deploy, &["prototxt", "caffemodel"]),
    ("convert", targets::convert, &["prototxt", "caffemodel", "h5", "binaryproto"]),
];

/// How many mutated inputs each target gets.
const MUTATIONS: usize = 2000;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

#[test]
fn what_failed_once_does_not_fail_again() {
    for (name, target, _) in TARGETS {
        let Ok(inputs) = fs::read_dir(tests().join("fuzz").join(name)) else { continue };
        for input in inputs {
            let path = input.unwrap().path();
            eprintln!("{}", path.display());
            target(&fs::read(path).unwrap());
        }
    }
}

/// The files of the packs with one of these endings, in the order of their names.
fn seeds(endings: &[&str]) -> Vec<PathBuf> {
    let mut seeds = Vec::new();
    let forks = fs::read_dir(tests().join("golden-forks")).unwrap().map(|pack| pack.unwrap().path());
    let packs = forks.filter(|pack| pack.is_dir()).chain([tests().join("golden")]);
    for case in packs.flat_map(|pack| fs::read_dir(pack.join("cases")).unwrap()) {
        for file in fs::read_dir(case.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let small = path.metadata().unwrap().len() <= 1 << 16;
            if small && path.extension().and_then(|end| end.to_str()).is_some_and(|end| endings.contains(&end)) {
                seeds.push(path);
            }
        }
    }
    seeds.sort();
    seeds
}

/// Changes, removes or repeats bytes in a few places.
fn mutate(bytes: &mut Vec<u8>, rng: &mut Xoshiro256PlusPlus) {
    for _ in 0..rng.random_range(1..=4) {
        if bytes.is_empty() {
            return;
        }
        let at = rng.random_range(0..bytes.len());
        let end = (at + rng.random_range(1..=8)).min(bytes.len());
        match rng.random_range(0..5) {
            0 => bytes[at] = rng.next_u32() as u8,
            1 => bytes[at] ^= 1 << rng.random_range(0..8),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            _ => bytes.extend_from_within(at..end),
        }
    }
}

/// Runs a target over mutations of its seeds.
fn mutate_seeds_of(target: &str) {
    let (name, target, endings) = TARGETS.iter().find(|(name, ..)| *name == target).expect("there is such a target");
    let seeds = seeds(endings);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1701);
    for _ in 0..MUTATIONS {
        let path = &seeds[rng.random_range(0..seeds.len())];
        let mut bytes = fs::read(path).unwrap();
        mutate(&mut bytes, &mut rng);
        let run = std::panic::catch_unwind(|| target(&bytes));
        assert!(run.is_ok(), "{name}: a mutation of {} fails", path.display());
    }
}

/// A test for each target, as they run side by side.
macro_rules! mutations_do_no_harm {
    ($($target:ident),*) => {
        mod mutations_do_no_harm {
            $(#[test]
            fn $target() {
                super::mutate_seeds_of(stringify!($target));
            })*
        }

        #[test]
        fn all_targets_get_mutations() {
            let names: Vec<&str> = TARGETS.iter().map(|(name, ..)| *name).collect();
            assert_eq!(names, [$(stringify!($target)),*]);
        }
    };
}

mutations_do_no_harm!(text, binary, weights, upgrade, init, dialect, deploy, convert);
