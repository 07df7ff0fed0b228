//! Stored weights as other programs write them: number types, orders and packings beside the program's own.

#![cfg(feature = "hdf5")]

use std::fs;
use std::io::Write;

use caffemodel::formats::{self, StoredNet};
use caffemodel::proto::caffe::{BlobProto, BlobProtoVector, BlobShape};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use half::{bf16, f16};
use prost::Message;
use safetensors::{Dtype, tensor::TensorView};
use tempfile::TempDir;

fn open(bytes: &[u8]) -> Result<StoredNet, String> {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("w"), bytes).unwrap();
    let strip = |error: caffemodel::Error| error.to_string().replace(&format!("{}/", folder.path().display()), "");
    formats::open(folder.path().join("w")).map_err(strip)
}

/// The layers with the numbers, the dimensions and the values of their blobs.
fn contents(net: &StoredNet) -> Vec<(&str, usize, Vec<i32>, Vec<f32>)> {
    let mut out = Vec::new();
    for layer in &net.layers {
        for blob in &layer.blobs {
            let mut values = vec![0.0; blob.shape.count()];
            blob.values.read(0, &mut values).unwrap();
            out.push((layer.name.as_str(), blob.index, blob.shape.dims().to_vec(), values));
        }
    }
    out
}

/// An archive of these files, stored or deflated, as numpy's `savez` and `savez_compressed` make it.
fn zip(files: &[(&str, Vec<u8>)], deflated: bool) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut packed = content.clone();
        if deflated {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(content).unwrap();
            packed = encoder.finish().unwrap();
        }
        let mut common = vec![20, 0, 0, 0, if deflated { 8 } else { 0 }, 0, 0, 0, 0x21, 0];
        common.extend(crc32fast::hash(content).to_le_bytes());
        common.extend((packed.len() as u32).to_le_bytes());
        common.extend((content.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend(0u16.to_le_bytes());
        let offset = out.len() as u32;
        out.extend([&b"PK\x03\x04"[..], &common, name.as_bytes(), &packed].concat());
        directory.extend([&b"PK\x01\x02\x14\x03"[..], &common, &[0; 10], &offset.to_le_bytes()].concat());
        directory.extend(name.as_bytes());
    }
    let (start, count) = (out.len() as u32, files.len() as u16);
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend([(directory.len() as u32).to_le_bytes(), start.to_le_bytes()].concat());
    out.extend([0, 0]);
    out
}

/// A `.npy` file of this version.
fn npy(version: u8, descr: &str, fortran: bool, shape: &str, values: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
    let mut out = vec![0x93, b'N', b'U', b'M', b'P', b'Y', version, 0];
    match version {
        1 => out.extend((header.len() as u16).to_le_bytes()),
        _ => out.extend((header.len() as u32).to_le_bytes()),
    }
    out.extend(header.as_bytes());
    out.extend(values);
    out
}

fn bytes<const N: usize>(values: impl IntoIterator<Item = [u8; N]>) -> Vec<u8> {
    values.into_iter().flatten().collect()
}

#[test]
fn npz_of_every_type_order_and_packing() {
    let six = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let files = [
        ("a/0.npy", npy(1, "<f4", false, "(2, 3)", &bytes(six.map(|value| (value as f32).to_le_bytes())))),
        ("a/1.npy", npy(2, ">f4", true, "(3, 2)", &bytes([1., 3., 5., 2., 4., 6.].map(f32::to_be_bytes)))),
        ("b/c/0.npy", npy(3, "<f8", false, "(6,)", &bytes(six.map(f64::to_le_bytes)))),
        ("b/c/1.npy", npy(1, "<f2", true, "(6,)", &bytes(six.map(|value| f16::from_f64(value).to_le_bytes())))),
        ("d/0.npy", npy(1, "|u1", false, "(1, 6)", &[1, 2, 3, 4, 5, 6])),
        ("d/1.npy", npy(1, "<f4", false, "()", &1f32.to_le_bytes())),
        ("d/2.npy", npy(1, ">f8", true, "(2, 1, 3)", &bytes([1., 4., 2., 5., 3., 6.].map(f64::to_be_bytes)))),
    ];
    let values = || six.map(|value| value as f32).to_vec();
    let expected = [
        ("a", 0, vec![2, 3], values()),
        ("a", 1, vec![3, 2], values()),
        ("b/c", 0, vec![6], values()),
        ("b/c", 1, vec![6], values()),
        ("d", 0, vec![1, 6], values()),
        ("d", 1, vec![], vec![1.0]),
        ("d", 2, vec![2, 1, 3], values()),
    ];
    for deflated in [false, true] {
        let net = open(&zip(&files, deflated)).unwrap();
        assert_eq!(contents(&net), expected);
        // Values are found from any place, too, forwards and back.
        for (_, index) in [(0, 5), (1, 0), (2, 3)] {
            for blob in net.layers.iter().flat_map(|layer| &layer.blobs).filter(|blob| blob.shape.count() == 6) {
                let mut value = [0.0];
                blob.values.read(index, &mut value).unwrap();
                assert_eq!(value[0], index as f32 + 1.0);
            }
        }
    }
}

#[test]
fn other_archives_are_refused() {
    let values = &1f32.to_le_bytes();
    let error = |name, content| open(&zip(&[(name, content)], false)).unwrap_err();
    let whole = || npy(1, "<f4", false, "(1,)", values);
    assert_eq!(error("a/0.txt", whole()), "w: it has no blobs; skipped: \"a/0.txt\": is not a .npy file");
    let short = npy(1, "<f4", false, "(2,)", values);
    let sizes = format!("has {} bytes, its shape (2) makes {}", short.len(), short.len() + 4);
    assert_eq!(error("a/0.npy", short), format!("w: entry \"a/0.npy\" at byte 0: {sizes}"));
    let twice = open(&zip(&[("a/0.npy", whole()), ("a/0.npy", whole())], false)).unwrap_err();
    assert!(twice.ends_with("layer \"a\" has two blobs 0"), "{twice}");
    let cut = zip(&[("a/0.npy", whole())], false);
    assert_eq!(open(&cut[..cut.len() - 1]).unwrap_err(), "w: truncated: the zip archive has no directory at its end");
}

#[test]
fn keys_without_numbers_are_layers_of_one_blob() {
    let value = |value: f32| npy(1, "<f4", false, "(1,)", &value.to_le_bytes());
    let files = [
        ("prob.npy", value(1.0)),
        ("conv1.npy", value(2.0)),
        ("conv1/0.npy", value(3.0)),
        ("meta.json", b"{}".to_vec()),
        ("classes.npy", npy(1, "|O", false, "(1,)", b"\x80\x02K\0.")),
    ];
    let net = open(&zip(&files, false)).unwrap();
    assert_eq!(contents(&net), [("prob", 0, vec![1], vec![1.0]), ("conv1", 0, vec![1], vec![3.0])]);
    let notices = [
        "skipped: \"conv1\": its layer has other blobs by number",
        "skipped: \"meta.json\": is not a .npy file",
        "skipped: \"classes\": values of the numpy type \"|O\" are not supported",
    ];
    assert_eq!(net.notices, notices);
    let floats = bytes([0.5f32, -0.5].map(f32::to_le_bytes));
    let weight = TensorView::new(Dtype::F32, vec![2], &floats).unwrap();
    let batches: Vec<String> = (0..6).map(|layer| format!("features.{layer}.num_batches_tracked")).collect();
    let counts = batches.iter().map(|key| (key.as_str(), TensorView::new(Dtype::I64, vec![], &[0; 8]).unwrap()));
    let tensors: Vec<_> = [("features.0.weight", weight)].into_iter().chain(counts).collect();
    let net = open(&safetensors::serialize(tensors.clone(), None).unwrap()).unwrap();
    assert_eq!(contents(&net), [("features.0.weight", 0, vec![2], vec![0.5, -0.5])]);
    let [notice] = &net.notices[..] else { panic!("{:?}", net.notices) };
    assert!(notice.starts_with("skipped: \"features.0.num_batches_tracked\", "), "{notice}");
    assert!(notice.ends_with(" and 2 more: values of type I64 are not supported"), "{notice}");
    let error = open(&safetensors::serialize(tensors[1..2].to_vec(), None).unwrap()).unwrap_err();
    let nothing =
        "w: it has no blobs; skipped: \"features.0.num_batches_tracked\": values of type I64 are not supported";
    assert_eq!(error, nothing);
}

#[test]
fn gaps_between_blobs_are_not_copied() {
    let value = || npy(1, "<f4", false, "(1,)", &1f32.to_le_bytes());
    let refused = |net| caffemodel::convert::plan(net, &caffemodel::Limits::default()).unwrap_err().to_string();
    let npz = open(&zip(&[("a/2.npy", value()), ("a/0.npy", value())], false)).unwrap();
    let expected = "layer \"a\": blob 2 is stored, but blob 1 is not (the blobs of a layer are numbered from 0, \
                    without gaps; is part of the file missing?)";
    assert_eq!(refused(npz), expected);
    let mut file = hdf5_pure::FileBuilder::new();
    let (mut data, mut layer) = (file.create_group("data"), file.create_group("a"));
    layer.create_dataset("1").with_f32_data(&[1.0]).with_shape(&[1]);
    data.add_group(layer.finish());
    file.add_group(data.finish());
    let expected = "layer \"a\": blob 1 is stored, but blob 0 is not (HDF5 stores shared blobs once; convert::fit \
                    says which ones are shared)";
    assert_eq!(refused(open(&file.finish().unwrap()).unwrap()), expected);
}

#[test]
fn safetensors_of_every_floating_type() {
    let values = [1.5, -2.0];
    let tensors = [
        ("a.0", Dtype::F32, bytes(values.map(|value| (value as f32).to_le_bytes()))),
        ("a.1", Dtype::F64, bytes(values.map(f64::to_le_bytes))),
        ("b.c.0", Dtype::F16, bytes(values.map(|value| f16::from_f64(value).to_le_bytes()))),
        ("b.c.2", Dtype::BF16, bytes(values.map(|value| bf16::from_f64(value).to_le_bytes()))),
    ];
    let views = tensors.iter().map(|(key, dtype, bytes)| (*key, TensorView::new(*dtype, vec![2, 1], bytes).unwrap()));
    let net = open(&safetensors::serialize(views, None).unwrap()).unwrap();
    let mut found = contents(&net);
    found.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let expected = [("a", 0), ("a", 1), ("b.c", 0), ("b.c", 2)];
    assert_eq!(found, expected.map(|(layer, index)| (layer, index, vec![2, 1], vec![1.5, -2.0])));
    let whole = [("a.0", TensorView::new(Dtype::I32, vec![1], &[0; 4]).unwrap())];
    let error = open(&safetensors::serialize(whole, None).unwrap()).unwrap_err();
    assert_eq!(error, "w: tensor \"a.0\": values of type I32 are not supported");
}

#[test]
fn binaryproto_of_one_blob_or_several() {
    let mean = BlobProto {
        num: Some(1),
        channels: Some(1),
        height: Some(1),
        width: Some(2),
        data: vec![1.0, 2.0],
        ..Default::default()
    };
    let net = open(&mean.encode_to_vec()).unwrap();
    assert_eq!(net.format.unwrap().name(), "binaryproto");
    assert_eq!(contents(&net), [("blob", 0, vec![1, 1, 1, 2], vec![1.0, 2.0])]);
    assert!(net.layers[0].blobs[0].legacy);
    let scalar = BlobProto { shape: Some(BlobShape { dim: vec![] }), double_data: vec![0.5], ..Default::default() };
    let net = open(&BlobProtoVector { blobs: vec![mean.clone(), scalar] }.encode_to_vec()).unwrap();
    assert_eq!(contents(&net), [("blob", 0, vec![1, 1, 1, 2], vec![1.0, 2.0]), ("blob", 1, vec![], vec![0.5])]);
    let short = BlobProto { width: Some(3), ..mean };
    let error = "w: blob 0 at byte 0: has 2 values, its shape (1, 1, 1, 3) has 3";
    assert_eq!(open(&short.encode_to_vec()).unwrap_err(), error);
}

#[test]
fn hdf5_of_chunks_and_every_number_type() {
    let numbers: Vec<f64> = (0..600).map(f64::from).collect();
    let mut file = hdf5_pure::FileBuilder::new();
    file.with_userblock(512);
    let single: Vec<f32> = numbers.iter().map(|&value| value as f32).collect();
    let short: Vec<i16> = numbers.iter().map(|&value| value as i16).collect();
    let (mut data, mut layer) = (file.create_group("data"), file.create_group("a"));
    layer.create_dataset("0").with_f64_data(&numbers).with_shape(&[30, 20]).with_chunks(&[7, 6]).with_deflate(6);
    layer.create_dataset("1").with_f32_data(&single).with_shape(&[600]).with_chunks(&[64]);
    layer.create_dataset("10").with_data(&short).with_shape(&[1, 600]);
    layer.create_dataset("11").with_f32_data(&single).with_shape(&[2, 300]);
    data.add_group(layer.finish());
    file.add_group(data.finish());
    let net = open(&file.finish().unwrap()).unwrap();
    let expected = [("a", 0, vec![30, 20]), ("a", 1, vec![600]), ("a", 10, vec![1, 600]), ("a", 11, vec![2, 300])];
    assert_eq!(contents(&net), expected.map(|(layer, index, dims)| (layer, index, dims, single.clone())));
    let blob = &net.layers[0].blobs[0];
    for (offset, length) in [(599, 1), (0, 1), (139, 3), (120, 480)] {
        let mut values = vec![0.0; length];
        blob.values.read(offset, &mut values).unwrap();
        assert_eq!(values, single[offset..][..length]);
    }
    assert!(blob.values.read(599, &mut [0.0; 2]).is_err());
}
