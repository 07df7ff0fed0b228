//! A layer type and a filler of a library's user: both hold state, and a net uses them as it uses Caffe's own.

use std::io;
use std::sync::Arc;

use caffemodel::error::Refusal;
use caffemodel::filler::{Filler, FillerRegistry, FillerType, Sink};
use caffemodel::formats::Arrays;
use caffemodel::layer::{Arity, BlobSpec, Layer, LayerRegistry, LayerType, Operator, Role, Setup, SetupContext};
use caffemodel::proto::Schema;
use caffemodel::random::{Generator, Streams};
use caffemodel::rules::{Preset, Rules};
use caffemodel::{Definition, Net, Plan, PlanOptions, ReadOptions, Shape, StateOptions, init};

const NET: &str = r#"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 } } }
layer { name: "table" type: "Lookup" bottom: "data" top: "table"
        inner_product_param { weight_filler { type: "listed" } } }
"#;

/// Looks rows of so many values up.
struct Lookup {
    width: i32,
}

impl Layer for Lookup {
    fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
        let rows = ctx.bottom(0).dims()[0];
        let shape = Shape::new([rows, self.width]).map_err(|error| Refusal::at("bottom", error.to_string()))?;
        let filler = ctx.param.inner_product_param.as_ref().and_then(|param| param.weight_filler.as_ref());
        let mut setup = Setup::new(ctx, Operator::Opaque, [shape.clone()]).costs(7);
        setup.push_blob(BlobSpec::filled(Role::Weight, shape, "inner_product_param.weight_filler", filler));
        Ok(setup)
    }
}

/// Fills a blob with listed values.
#[derive(Debug)]
struct Listed(Arc<[f32]>);

impl Filler for Listed {
    fn fill(&self, _: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        sink.write(&self.0)
    }
}

fn options(values: &[f32]) -> PlanOptions {
    let one = Arity::exactly(1);
    let mut layers = LayerRegistry::default();
    let width = i32::try_from(values.len()).unwrap();
    layers.register(LayerType::stateful("Lookup", "Looks rows up", one, one, Lookup { width }));
    let mut fillers = FillerRegistry::default();
    let values: Arc<[f32]> = values.into();
    fillers.register(FillerType::stateful("listed", "Takes listed values", "x(i) = v(i)", move |_, shape| {
        if shape.count() != values.len() {
            return Err(Refusal::new(format!("{} values do not fill a blob of shape {shape}", values.len())));
        }
        Ok(Box::new(Listed(Arc::clone(&values))))
    }));
    let mut options = PlanOptions::default();
    options.layers = layers;
    options.fillers = fillers;
    options
}

fn plan(options: &PlanOptions) -> caffemodel::Result<Plan> {
    let definition = Definition::from_bytes("net.prototxt", NET)?;
    Plan::new(Net::resolve(definition, &StateOptions::default())?, options)
}

#[test]
fn a_net_uses_them() {
    let values = [3.0, 1.0, 4.0];
    let plan = plan(&options(&values)).unwrap();
    let layer = &plan.layers[1];
    assert_eq!((&layer.operator, layer.macs), (&Operator::Opaque, 7));
    let mut arrays = Arrays::default();
    init::fill(&plan, &mut Streams::native(0), &mut arrays).unwrap();
    assert_eq!(arrays.get("table", 0).unwrap().iter().copied().collect::<Vec<f32>>(), values);
}

#[test]
fn presets_leave_what_they_do_not_know() {
    let mut rules = Rules::default();
    rules.push_preset("--preset", Preset::Benchmark);
    let mut options = options(&[1.0]);
    options.rules = rules;
    let plan = plan(&options).unwrap();
    assert!(plan.changes.is_empty());
}

#[test]
fn a_type_must_make_the_tops_of_its_layer() {
    let mut options = options(&[1.0]);
    let none = |ctx: &SetupContext<'_>| Ok(Setup::new(ctx, Operator::Opaque, []));
    options.layers.register(LayerType::stateful("Lookup", "Makes nothing", Arity::exactly(1), Arity::exactly(1), none));
    let error = plan(&options).unwrap_err().to_string();
    assert!(error.contains("its type makes 0 tops, the layer has 1"), "{error}");
}

#[test]
fn plans_may_be_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<(Plan, PlanOptions, Net, Definition, LayerRegistry, FillerRegistry)>();
    shared::<SetupContext<'_>>();
}

/// A net with a layer type and a field of a fork that nobody knows.
const CAPSULES: &str = r#"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 4 } } }
layer { name: "caps" type: "Capsule" bottom: "data" top: "caps" capsule_param { num_output: 5 } }
"#;

#[test]
fn a_field_that_no_schema_has_points_to_the_schema_of_its_fork() {
    let expected = "net.prototxt:3:65: unknown field \"capsule_param\" in LayerParameter (no dialect known here has it; \
                    if your Caffe does, give its caffe.proto with `ReadOptions::in_schema`)";
    assert_eq!(Definition::from_bytes("net.prototxt", CAPSULES).unwrap_err().to_string(), expected);
}

#[test]
fn a_type_reads_its_field_by_the_schema_of_its_fork() {
    let bvlc = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/proto/caffe.proto")).unwrap();
    let start = "\nmessage LayerParameter {\n";
    let fork = bvlc.replace(start, &format!("{start}  optional CapsuleParameter capsule_param = 7301;\n"))
        + "message CapsuleParameter { optional uint32 num_output = 3; }";
    let options = ReadOptions::in_schema(Schema::from_proto("fork.proto", fork).unwrap());
    let definition = Definition::from_bytes_with("net.prototxt", CAPSULES, &options).unwrap();
    let setup = |ctx: &SetupContext<'_>| {
        let param = ctx.encoded_message("capsule_param")?.unwrap_or_default();
        // Field 3, a varint.
        let &[0x18, capsules] = &param[..] else { return Err(Refusal::new(format!("has {param:?}"))) };
        assert_eq!(ctx.encoded_message("scale_param").unwrap(), None);
        let absent = ctx.encoded_message("glow_param").unwrap_err().to_string();
        assert!(absent.ends_with(" has no field \"glow_param\" in layers"), "{absent}");
        let shape = Shape::new([ctx.bottom(0).dims()[0], capsules.into()]).unwrap();
        Ok(Setup::new(ctx, Operator::Opaque, [shape]))
    };
    let mut options = PlanOptions::default();
    let one = Arity::exactly(1);
    options.layers.register(LayerType::stateful("Capsule", "Groups values", one, one, setup));
    let plan = Plan::new(Net::resolve(definition, &StateOptions::default()).unwrap(), &options).unwrap();
    assert_eq!(plan.layers[1].tops, [Shape::new([2, 5]).unwrap()]);
}
