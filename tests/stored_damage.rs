//! Files of weights cut off, or with bytes changed at random: an error or other values, never a panic, never a huge
//! allocation.

#![cfg(feature = "hdf5")]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use caffemodel::donors::Donor;
use caffemodel::formats;
use caffemodel::formats::Format;
use caffemodel::provenance::Recipe;
use caffemodel::random::Streams;
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};
use proptest::prelude::*;
use tempfile::TempDir;

const NET: &str = r#"
    name: "n"
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 5 dim: 5 } } }
    layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
            convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
    layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip" param { name: "w" }
            inner_product_param { num_output: 2 weight_filler { type: "gaussian" } } }"#;

const FORMATS: [Format; 4] = [Format::Caffemodel, Format::Hdf5, Format::Npz, Format::Safetensors];

/// Whole files: the program's own, and some of the golden pack.
static FILES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let net = Net::resolve(Definition::from_bytes("net", NET).unwrap(), &StateOptions::default()).unwrap();
    let plan = Plan::new(net, &PlanOptions::default()).unwrap();
    let mut files: Vec<(String, Vec<u8>)> = FORMATS.into_iter().map(|format| own(&plan, format)).collect();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cases");
    for file in [
        "oldweights-v0/w.caffemodel",
        "oldweights-v1-with-all/w.caffemodel",
        "finetune-double-and-data/w.caffemodel",
        "finetune-unpacked/w.caffemodel",
        "finetune-h5-gzip/w.h5",
        "finetune-h5-latest/w.h5",
    ] {
        files.push((file.to_owned(), fs::read(cases.join(file)).unwrap()));
    }
    for file in ["soft_old.h5", "soft_new.h5", "many_old.h5", "many_new.h5", "odd.h5", "layouts.h5"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hdf5").join(file);
        files.push((file.to_owned(), fs::read(path).unwrap()));
    }
    files
});

fn own(plan: &Plan, format: Format) -> (String, Vec<u8>) {
    let mut streams = Streams::caffe(1, "1.74".parse().unwrap());
    let recipe = Recipe::new("net", &[0; 32], &streams, 1);
    let mut out = tempfile::tempfile().unwrap();
    {
        let mut output = format.writer(&plan.saved().with_metadata(recipe.metadata()), &mut out).unwrap();
        init::fill(plan, &mut streams, &mut *output).unwrap();
    }
    let mut bytes = Vec::new();
    std::io::Seek::rewind(&mut out).unwrap();
    std::io::Read::read_to_end(&mut out, &mut bytes).unwrap();
    (format.to_string(), bytes)
}

/// Opens the bytes and reads all blobs of a size that the file could have; whether an error names the file.
fn read(bytes: &[u8]) -> bool {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("w");
    fs::write(&path, bytes).unwrap();
    let named = |error: &str| error.contains(&path.display().to_string());
    let strict = formats::open(&path).map_or_else(|error| named(&error.to_string()), |_| true);
    let net = match Donor::open(&path) {
        Ok(donor) if strict => donor.net,
        Ok(_) => return false,
        Err(error) => return named(&error.to_string()),
    };
    for blob in net.layers.iter().flat_map(|layer| &layer.blobs).filter(|blob| blob.shape.count() < 1 << 20) {
        let mut values = vec![0.0; blob.shape.count()];
        if let Err(error) = blob.values.read(0, &mut values) {
            return named(&error.to_string());
        }
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn changed_files_give_errors_or_values(
        file in 0usize..16,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (name, mut bytes) = FILES[file].clone();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        prop_assert!(read(&bytes), "{name}");
    }

    #[test]
    fn cut_files_give_errors_or_values(file in 0usize..16, end in any::<prop::sample::Index>()) {
        let (name, bytes) = &FILES[file];
        prop_assert!(read(&bytes[..end.index(bytes.len())]), "{name}");
    }

    #[test]
    fn garbage_gives_errors(start in 0usize..6, rest in prop::collection::vec(any::<u8>(), 0..200)) {
        let starts: [&[u8]; 6] = [b"", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"\x40\0\0\0\0\0\0\0{", b"\x0a\x04", b"\xa2\x06"];
        prop_assert!(read(&[starts[start], &rest].concat()));
    }
}
