//! Every run of the packs of forks gives the fork's file, byte for byte, and every net that the fork refused is
//! refused.

mod support;

use caffemodel::convert::Convertible;
use caffemodel::formats::{self, CaffemodelWriter};
use caffemodel::proto::Encoding;
use caffemodel::random::Streams;
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};
use support::{Reject, Run, fork_pack, load_fork, on_all_cores, reason};

/// What a pack does not agree in, with the reason. A name that ends in `*` stands for all cases that begin so; each of
/// them must be one that does not agree.
#[derive(Default)]
struct Exceptions {
    /// Runs that differ or are refused.
    runs: &'static [(&'static str, &'static str)],
    /// Nets that the fork refuses and the program accepts.
    rejects: &'static [(&'static str, &'static str)],
}

const BUILD: &str = "refused for the fork's build alone";
const SHARED_SHAPE: &str = "a shared blob takes no other shape from HDF5, as what the others then hold is undefined";
const OTHER_NAME: &str = "HDF5 weights are taken whatever their file is called; the fork takes none, without a word";
const BY_CONTENT: &str = "a caffemodel is told by its content, whatever its name";

const MIXED: &str = "V0 layers beside current ones, and weights in both formats, are refused, as some would be lost";
const EMPTY: &str = "an empty file of weights is refused, as a download that has failed";

const PYTHON: &str = "well-known layers in Python are planned; this build of the fork has no Python";
const CROP: &str = "a crop larger than the picture is refused before it fails in training";
const TOO_FEW: &str =
    "weights with fewer values than their sizes say are refused, as what lies behind them is undefined";
const CRASHES: &str = "sound, but the release crashes";
const INTEGERS: &str = "HDF5 data of integers tells its shape as well as one of floats";

/// Checks all of a pack.
fn check(pack: &str, exceptions: &Exceptions) {
    let runs: Vec<Run> = load_fork(pack, "manifest.jsonl");
    let mut failures = on_all_cores(&runs, |run| {
        let case = run.settings.case.as_str();
        match (run.compare(), reason(exceptions.runs, case)) {
            (Ok(()), None) | (Err(_), Some(_)) => None,
            (Ok(()), Some(_)) => Some(format!("{case} {}: is in the table of exceptions, but agrees", run.run)),
            (Err(difference), None) => Some(format!("{case} {}: {difference}", run.run)),
        }
    });
    let rejects: Vec<Reject> = load_fork(pack, "rejects.jsonl");
    failures.extend(on_all_cores(&rejects, |reject| {
        let case = reject.settings.case.as_str();
        match (reject.error(), reason(exceptions.rejects, case)) {
            (Some(error), None) => (!reject.is_placed(&error)).then(|| format!("{case}: names no place: {error}")),
            (None, Some(_)) => None,
            (None, None) => Some(format!("{case}: accepted, but {}", reject.error)),
            (Some(error), Some(_)) => Some(format!("{case}: is in the table of exceptions, but: {error}")),
        }
    }));
    println!("{pack}: {} runs, {} nets refused", runs.len(), rejects.len());
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn ssd() {
    check(
        "ssd",
        &Exceptions {
            runs: &[("ssd-plain-weights-h5-other-name", OTHER_NAME)],
            rejects: &[
                ("reject-ssd-plain-convolution-engine", BUILD),
                ("reject-ssd-plain-weights-binary-named-h5", BY_CONTENT),
            ],
        },
    );
}

#[test]
fn refinedet() {
    check("refinedet", &Exceptions::default());
}

#[test]
fn addons() {
    check("addons", &Exceptions::default());
}

#[test]
fn bvlc_1_0() {
    check("bvlc-1.0", &Exceptions { runs: &[], rejects: &[("reject-bvlc-1.0-convolution-engine", BUILD)] });
}

#[test]
fn bvlc_rc5() {
    check(
        "bvlc-rc5",
        &Exceptions {
            runs: &[
                ("bvlc-rc5-h5-shared", SHARED_SHAPE),
                ("bvlc-rc5-h5-suffix*", OTHER_NAME),
                ("bvlc-rc5-finetune-h5-any-suffix", OTHER_NAME),
            ],
            rejects: &[
                ("reject-bvlc-rc5-convolution-engine", BUILD),
                ("reject-bvlc-rc5-h5-binary-under-h5", BY_CONTENT),
                ("reject-bvlc-rc5-finetune-h5-binary-named-h5", BY_CONTENT),
            ],
        },
    );
}

#[test]
fn segnet_cudnn5() {
    check("segnet-cudnn5", &Exceptions::default());
}

#[test]
fn segnet() {
    check("segnet", &Exceptions::default());
}

#[test]
fn rfcn() {
    check("rfcn", &Exceptions { runs: &[], rejects: &[("reject-rfcn-plain-python", PYTHON)] });
}

#[test]
fn fast_rcnn() {
    check("fast-rcnn", &Exceptions::default());
}

#[test]
fn pspnet() {
    check("pspnet", &Exceptions::default());
}

#[test]
fn yjxiong() {
    check("yjxiong", &Exceptions { runs: &[], rejects: &[("reject-yjxiong-bn-cudnn", BUILD)] });
}

#[test]
fn bvlc_rc3() {
    check(
        "bvlc-rc3",
        &Exceptions {
            runs: &[
                ("bvlc-rc3-h5-shared", SHARED_SHAPE),
                ("bvlc-rc3-h5-suffix*", OTHER_NAME),
                ("bvlc-rc3-rewritten-finetune-h5-any-suffix", OTHER_NAME),
                ("bvlc-rc3-v0-new-layers-dropped", MIXED),
                ("bvlc-rc3-oldweights-v0-mixed-new", MIXED),
                ("bvlc-rc3-accepts-oldweights-v1-and-new", MIXED),
                ("bvlc-rc3-accepts-rewritten-finetune-v1-and-current", MIXED),
                ("bvlc-rc3-oldweights-empty-file", EMPTY),
            ],
            rejects: &[
                ("reject-bvlc-rc3-convolution-engine", BUILD),
                ("reject-bvlc-rc3-h5-binary-under-h5", BY_CONTENT),
                ("reject-bvlc-rc3-rewritten-finetune-h5-binary-named-h5", BY_CONTENT),
            ],
        },
    );
}

#[test]
fn bvlc_rc2() {
    check(
        "bvlc-rc2",
        &Exceptions {
            runs: &[
                ("bvlc-rc2-v0-new-layers-dropped", MIXED),
                ("bvlc-rc2-oldweights-v0-mixed-new", MIXED),
                ("bvlc-rc2-accepts-oldweights-v1-and-new", MIXED),
                ("bvlc-rc2-oldweights-empty-file", EMPTY),
                ("bvlc-rc2-accepts-data-crop-too-big*", CROP),
                ("bvlc-rc2-accepts-images-crop-too-big", CROP),
                ("bvlc-rc2-accepts-images-encoded-crop-too-big", CROP),
                ("bvlc-rc2-accepts-olddata-v1-crop-too-big", CROP),
                ("bvlc-rc2-accepts-oldweights-value-count", TOO_FEW),
                ("bvlc-rc2-accepts-oldweights-double-count", TOO_FEW),
            ],
            rejects: &[
                ("reject-bvlc-rc2-data-leveldb-mean-file", CRASHES),
                ("reject-bvlc-rc2-images-batch-size-default", CRASHES),
                ("reject-bvlc-rc2-data-hdf5-int", INTEGERS),
                ("reject-bvlc-rc2-data-hdf5-uint8", INTEGERS),
            ],
        },
    );
}

#[test]
fn nvidia() {
    check("nvidia", &Exceptions::default());
}

#[test]
fn soeaver() {
    check("soeaver", &Exceptions { runs: &[], rejects: &[("reject-soeaver-plain-python", PYTHON)] });
}

#[test]
fn intel() {
    check("intel", &Exceptions::default());
}

#[test]
fn ducha_aiki() {
    check("ducha-aiki", &Exceptions::default());
}

#[test]
fn synopsys() {
    check("synopsys", &Exceptions { runs: &[], rejects: &[("reject-synopsys-squeeze-conv-engine", BUILD)] });
}

/// What a source is in binary.
fn binary(source: &Convertible) -> Vec<u8> {
    let mut out = Vec::new();
    source.encoded().unwrap().write(Encoding::Binary, &mut out).unwrap();
    out
}

#[test]
fn a_caffemodel_of_ssd_is_told_by_its_fields_and_comes_back_from_text() {
    let net = fork_pack("ssd").join("cases/ssd-net-mobilenet-deploy/net.prototxt");
    let definition = Definition::read(net).unwrap();
    assert_eq!(definition.dialect.name, "ssd");
    let plan = Plan::new(Net::resolve(definition, &StateOptions::default()).unwrap(), &PlanOptions::default()).unwrap();
    let mut writer = CaffemodelWriter::in_dialect(Vec::new(), &plan.name, plan.dialect).unwrap();
    init::fill(&plan, &mut Streams::native(1), &mut writer).unwrap();
    let saved = writer.into_inner();
    let stored = formats::from_bytes("ssd.caffemodel", saved.clone()).unwrap();
    assert_eq!(stored.dialect.map(|dialect| dialect.name), Some("ssd"));
    assert_eq!(
        stored.notices,
        ["read in the dialect ssd (SSD, the single shot detector), which knows all of its fields"]
    );
    let source = Convertible::from_bytes("ssd.caffemodel", saved.clone(), None).unwrap();
    assert!(binary(&source) == saved);
    let mut text = Vec::new();
    source.encoded().unwrap().write(Encoding::Text, &mut text).unwrap();
    assert!(String::from_utf8_lossy(&text).contains("permute_param {"));
    assert!(binary(&Convertible::from_bytes("ssd.prototxt", text, None).unwrap()) == saved);
}

#[test]
fn nets_of_ssd_are_told_by_their_content() {
    let folder = fork_pack("ssd").join("cases");
    let nets = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let nets: Vec<_> =
        nets.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("ssd-net-")).collect();
    assert!(nets.len() > 4);
    for net in nets {
        let definition = Definition::read(net.join("net.prototxt")).unwrap();
        assert!(["bvlc", "ssd"].contains(&definition.dialect.name), "{}: {:?}", net.display(), definition.dialect);
        let notice = definition.notices.first().map_or("", String::as_str);
        let told =
            notice.starts_with("read in the dialect ssd (SSD, the single shot detector), since BVLC's Caffe lacks");
        assert_eq!(told, definition.dialect.name == "ssd", "{}: {notice}", net.display());
    }
}

/// The dialect that the net of a case is read in, and what is said of that.
fn told(pack: &str, case: &str) -> (&'static str, String) {
    let definition = Definition::read(fork_pack(pack).join("cases").join(case).join("net.prototxt")).unwrap();
    (definition.dialect.name, definition.notices.first().cloned().unwrap_or_default())
}

#[test]
fn nets_of_collections_are_told_by_their_content() {
    for (pack, case) in [
        ("refinedet", "refinedet-net-deploy"),
        ("refinedet", "refinedet-net-train"),
        ("ducha-aiki", "ducha-aiki-net-caffenet-bn"),
        ("synopsys", "synopsys-net-yolov3"),
        ("soeaver", "soeaver-net-fpn"),
        // Others know all names of this one, too, but a layer has more tops than they take.
        ("rfcn", "rfcn-net-rfcn-ohem"),
    ] {
        assert_eq!(told(pack, case).0, pack, "{case}");
    }
    // FlowNet's own tree comes before the collection, and makes the same bytes of this one.
    let (dialect, notice) = told("synopsys", "synopsys-net-flownetc");
    assert_eq!(dialect, "flownet2");
    assert!(!notice.contains("synopsys"), "{notice}");
}

#[test]
fn nets_for_segmentation_are_told_by_their_content() {
    let (dialect, notice) = told("segnet", "segnet-net-segnet");
    assert_eq!(dialect, "segnet");
    assert!(notice.contains("segnet-cudnn5"), "{notice}");
    assert_eq!(told("segnet-cudnn5", "segnet5-base-batch-norm-scale").0, "segnet-cudnn5");
    assert_eq!(told("pspnet", "pspnet-net-psp").0, "pspnet");
    assert_eq!(told("yjxiong", "yjxiong-net-bn-inception").0, "yjxiong");
}
