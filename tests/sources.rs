//! Data layers and their sources: where these are looked for, what is said without them, and that they stay as they
//! are.

#![cfg(all(feature = "cli", feature = "datasets", feature = "hdf5"))]

mod folder;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use assert_cmd::assert::Assert;
use caffemodel::dialect::Dialect;
use caffemodel::random::{Generator, Mt19937, Streams, shuffle};
use caffemodel::{Definition, Net, Plan, PlanOptions, ReadOptions, StateOptions, formats::Arrays, init};
use folder::{Folder, stderr};
use support::{Settings, load, pack};

const AREAS: &[&str] = &["data", "images", "olddata"];

/// What can be seen of a file or folder from outside.
type Look = (SystemTime, bool, Vec<u8>);

/// All that is in a folder.
fn look(folder: &Path) -> BTreeMap<PathBuf, Look> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.metadata().unwrap();
        if metadata.is_dir() {
            found.extend(look(&path));
        }
        let content = if metadata.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
        found.insert(path, (metadata.modified().unwrap(), metadata.is_dir(), content));
    }
    found
}

/// Copies a folder; nobody may write into the copy.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
            set_writable(&target, false);
        }
    }
    set_writable(to, false);
}

fn set_writable(path: &Path, writable: bool) {
    let mut permissions = path.metadata().unwrap().permissions();
    permissions.set_readonly(!writable);
    fs::set_permissions(path, permissions).unwrap();
}

#[test]
fn sources_are_never_changed_and_may_be_read_only() {
    let load = |file| load::<Settings>(file, AREAS, |settings| &settings.case);
    let accepted = load("manifest.jsonl").into_iter().map(|settings| (settings, true));
    let rejected = load("rejects.jsonl").into_iter().map(|settings| (settings, false));
    let all: Vec<(Settings, bool)> = accepted.chain(rejected).collect();
    let folder = tempfile::tempdir().unwrap();
    for (settings, _) in &all {
        let case = folder.path().join(&settings.case);
        if !case.exists() {
            copy(&pack().join("cases").join(&settings.case), &case);
        }
    }
    let before = look(folder.path());
    for (settings, accepted) in all {
        let planned = settings.plan_in(&folder.path().join(&settings.case));
        assert_eq!(planned.is_ok(), accepted, "{}", settings.case);
    }
    assert!(before == look(folder.path()), "a source has changed");
    for (path, (_, is_folder, _)) in before {
        if is_folder {
            set_writable(&path, true);
        }
    }
}

/// The notes that a run printed.
fn notes(assert: &Assert) -> String {
    stderr(assert).lines().filter_map(|line| line.strip_prefix("note: ")).collect()
}

/// A Data layer over an LMDB and something that reads it.
const NET: &str = r#"layer { name: "d" type: "Data" top: "data" data_param { source: "db" backend: LMDB batch_size: 2 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
"#;

#[test]
fn paths_start_from_the_current_folder_or_else_from_that_of_the_net() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("nets/db")).unwrap();
    let database = pack().join("cases/data-lmdb-plain/db/data.mdb");
    fs::copy(&database, folder.path("nets/db/data.mdb")).unwrap();
    folder.write("nets/net.prototxt", NET);
    let init = "init nets/net.prototxt -o out --force --seed 1";
    assert_eq!(notes(&folder.run(init).success()), "no \"db\" in the current folder: reading nets/db");
    fs::create_dir(folder.path("db")).unwrap();
    fs::copy(&database, folder.path("db/data.mdb")).unwrap();
    assert_eq!(notes(&folder.run(init).success()), "");
}

#[test]
fn without_its_source_a_layer_can_be_given_its_shape() {
    let folder = Folder::new();
    folder.write("net.prototxt", NET);
    let expected = "\
error: layer \"d\" (Data), data_param.source: the shape of top \"data\" is not known: cannot read db: No such file or directory (os error 2)
 --> net.prototxt:1:57
  |
1 | layer { name: \"d\" type: \"Data\" top: \"data\" data_param { source: \"db\" backend: LMDB batch_size: 2 } }
  |                                                         ^^^^^^^^^^^^
  |
  = help: give the shape with `--shape data=C,H,W`

";
    let init = "init net.prototxt -o out --force --seed 1";
    folder.run(init).code(2).stderr(expected);
    for shape in ["3,5,6", "9,3,5,6"] {
        folder.run(&format!("{init} --shape data={shape} --quiet")).success().stderr("");
    }
    let error = folder.run(&format!("{init} --shape data=5,6")).code(2);
    let message = "the data top has 4 axes, N x C x H x W, where N may be left out; the shape given is (5, 6)";
    assert!(stderr(&error).contains(message));
}

#[test]
fn a_database_of_the_other_kind_is_recognised() {
    let folder = Folder::new();
    folder.write("net.prototxt", NET.replace("LMDB", "LEVELDB"));
    fs::create_dir(folder.path("db")).unwrap();
    folder.write("db/data.mdb", "");
    let error = stderr(&folder.run("init net.prototxt -o out --seed 1").code(2));
    assert!(
        error.contains("data_param.backend: the database in db is not of the kind that the layer names"),
        "{error}"
    );
    assert!(error.contains("set `backend: LMDB` for a folder with data.mdb, `backend: LEVELDB` for one with CURRENT"));
}

#[test]
#[cfg(unix)]
fn a_source_that_leads_nowhere_or_in_circles_is_refused() {
    let folder = Folder::new();
    folder.write("net.prototxt", NET);
    let says = |target: &str, expected: &str| {
        std::os::unix::fs::symlink(target, folder.path("db")).unwrap();
        let error = stderr(&folder.run("init net.prototxt -o out --seed 1").code(2));
        assert!(error.contains(expected), "{error}");
        fs::remove_file(folder.path("db")).unwrap();
    };
    says("db", "cannot read db: Too many levels of symbolic links (os error 40)");
    says("absent", "cannot read db: No such file or directory (os error 2)");
    says("net.prototxt", "db: is not a folder: an LMDB source is the folder around data.mdb");
}

/// A list of pictures of different heights, from 1 on.
fn write_pictures(folder: &Folder, count: usize) {
    let mut list = String::new();
    for height in 1..=count {
        let header = format!("P6\n2 {height}\n255\n");
        folder.write(&format!("{height}.ppm"), [header.into_bytes(), vec![0; 6 * height]].concat());
        list += &format!("{height}.ppm 0\n");
    }
    folder.write("list.txt", list);
}

const FILLED: &str = r#"layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 4 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip"
  inner_product_param { num_output: 3 weight_filler { type: "gaussian" } } }
"#;

const SHUFFLED: &str = r#"layer { name: "i" type: "ImageData" top: "data" top: "label"
  image_data_param { source: "list.txt" batch_size: 2 shuffle: true } }
"#;

fn plan(net: &str, folder: &Folder, streams: Option<Streams>) -> Plan {
    plan_in(None, net, folder, streams)
}

fn plan_in(dialect: Option<&'static Dialect>, net: &str, folder: &Folder, streams: Option<Streams>) -> Plan {
    let definition = Definition::from_bytes_with("net.prototxt", net, &ReadOptions::of(dialect)).unwrap();
    let mut options = PlanOptions::default();
    options.folder = Some(folder.path(""));
    options.streams = streams;
    Plan::new(Net::resolve(definition, &StateOptions::default()).unwrap(), &options).unwrap()
}

#[test]
fn the_picture_of_a_shuffled_list_follows_from_all_draws_before() {
    let folder = Folder::new();
    write_pictures(&folder, 20);
    for seed in [1, 2, 1701] {
        let streams = Streams::caffe(seed, "1.74".parse().unwrap());
        let mut before = streams.clone();
        init::fill(&plan(FILLED, &folder, None), &mut before, &mut Arrays::default()).unwrap();
        let Streams::Caffe(mut generator) = before else { unreachable!("Caffe's streams stay Caffe's") };
        let mut heights: Vec<i32> = (1..=20).collect();
        shuffle(&mut heights, &mut Mt19937::new(generator.next_u32()));
        let planned = plan(&format!("{FILLED}{SHUFFLED}"), &folder, Some(streams));
        assert_eq!(planned.layers[2].tops[0].dims(), [2, 3, heights[0], 2]);
        assert!(planned.notices.is_empty());
    }
}

#[test]
fn the_smaller_side_of_pictures_follows_from_all_draws_before() {
    let folder = Folder::new();
    write_pictures(&folder, 1);
    let data = SHUFFLED.replace("shuffle: true", "smaller_side_size: [90, 60]");
    for seed in [1, 2, 1701] {
        let mut streams = Streams::caffe(seed, "1.74".parse().unwrap());
        let mut before = streams.clone();
        init::fill(&plan(FILLED, &folder, None), &mut before, &mut Arrays::default()).unwrap();
        let Streams::Caffe(mut expected) = before else { unreachable!("Caffe's streams stay Caffe's") };
        let mut side = [0.0];
        expected.uniform(60.0, 90.0, &mut side);
        let planned = plan(&format!("{FILLED}{data}"), &folder, Some(streams.clone()));
        // The picture has a height of 1 and a width of 2.
        let [height, width] = [1.0, 2.0].map(|sides: f32| (sides * side[0]).round_ties_even() as i32);
        assert_eq!(planned.layers[2].tops[0].dims(), [2, 3, height, width]);
        // The seed of the thread that reads ahead comes behind.
        expected.next_u32();
        init::fill(&planned, &mut streams, &mut Arrays::default()).unwrap();
        let Streams::Caffe(mut found) = streams else { unreachable!("Caffe's streams stay Caffe's") };
        assert_eq!(found.next_u32(), expected.next_u32());
    }
    folder.write("net.prototxt", &data);
    let run = folder.run("init net.prototxt -o out --force --seed 1 --generator native --dialect caffe-pp2");
    let note = "layer \"i\": pictures are scaled to a smaller side of 60, as only Caffe's generator decides which one it \
                is between 60 and 90";
    assert_eq!(notes(&run.success()), note);
}

#[test]
fn caffes_of_early_2015_draw_for_their_lists_before_they_do_for_transformations() {
    let folder = Folder::new();
    write_pictures(&folder, 20);
    let net = SHUFFLED.replace("image_data_param", "transform_param { mirror: true } image_data_param");
    for (dialect, before) in [("lisa", 0), ("weiliu-fcn", 0), ("bvlc-rc2", 0), ("yjxiong", 1), ("bvlc-rc3", 1)] {
        let streams = Streams::caffe(3, "1.74".parse().unwrap());
        let Streams::Caffe(mut generator) = streams.clone() else { unreachable!("they are Caffe's") };
        for _ in 0..before {
            generator.next_u32();
        }
        let mut heights: Vec<i32> = (1..=20).collect();
        shuffle(&mut heights, &mut Mt19937::new(generator.next_u32()));
        let planned = plan_in(Dialect::get(dialect), &net, &folder, Some(streams));
        assert_eq!(planned.layers[0].tops[0].dims(), [2, 3, heights[0], 2], "{dialect}");
    }
}

#[test]
fn other_random_numbers_take_the_first_picture_of_the_list_and_say_so() {
    let folder = Folder::new();
    write_pictures(&folder, 3);
    folder.write("net.prototxt", SHUFFLED);
    let init = "init net.prototxt -o out --force --seed 1";
    let note = "layer \"i\": the first picture of the list gives the shape, as only Caffe's generator decides which \
                one a shuffled list begins with";
    assert_eq!(notes(&folder.run(&format!("{init} --generator native")).success()), note);
    assert_eq!(notes(&folder.run(init).success()), "");
    folder.write("net.prototxt", SHUFFLED.replace("shuffle", "new_height: 4 new_width: 4 shuffle"));
    assert_eq!(notes(&folder.run(&format!("{init} --generator native")).success()), "");
}

#[test]
fn layers_of_one_name_and_source_are_refused_where_they_would_share_a_reader() {
    let folder = Folder::new();
    let data = |name: &str, top: &str, source: &str| {
        format!(
            "layer {{ name: '{name}' type: 'Data' top: '{top}' data_param {{ source: '{source}' batch_size: 2 backend: LMDB }} }}\n"
        )
    };
    let init = |net: String, dialect: &str| {
        folder.write("net.prototxt", net);
        let shapes = "--shape a=3,4,4 --shape b=3,4,4";
        folder.run(&format!("init net.prototxt -o out --force --seed 1 {shapes} --dialect {dialect}"))
    };
    let twice = data("data", "a", "db") + &data("data", "b", "db");
    for dialect in ["ssd", "bvlc-rc3", "intel"] {
        let expected = r#"error: layer "data" (Data), data_param.source: an earlier layer of this name reads "db", too: this Caffe makes one reader for both and then aborts, or waits for ever
 --> net.prototxt:2:57
  |
2 | layer { name: 'data' type: 'Data' top: 'b' data_param { source: 'db' batch_size: 2 backend: LMDB } }
  |                                                         ^^^^^^^^^^^^
  |
  = help: give one of the layers another name

"#;
        assert_eq!(stderr(&init(twice.clone(), dialect).code(2)), expected, "{dialect}");
    }
    for dialect in ["bvlc", "bvlc-1.0", "bvlc-rc5", "bvlc-rc2"] {
        init(twice.clone(), dialect).success();
    }
    init(data("data", "a", "db") + &data("data", "b", "other"), "ssd").success();
    init(data("data", "a", "db") + &data("other", "b", "db"), "ssd").success();
}
