//! Initialises a net with a layer type and a filler of its own. Both hold state that the program gives them.
//!
//! The layer multiplies its bottom by a matrix of low rank, kept as two factors; the filler draws values from a
//! codebook.

use std::io;
use std::sync::Arc;

use caffemodel::error::{AtField, Refusal};
use caffemodel::filler::{Filler, FillerRegistry, FillerType, PIECE, Sink};
use caffemodel::formats::Arrays;
use caffemodel::layer::{Arity, BlobSpec, Layer, LayerRegistry, LayerType, Operator, Role, Setup, SetupContext};
use caffemodel::random::{Era, Generator, Streams};
use caffemodel::{Definition, Net, Plan, PlanOptions, Shape, StateOptions, init};

const NET: &str = r#"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 8 dim: 64 } } }
layer { name: "thin" type: "LowRank" bottom: "data" top: "thin"
        inner_product_param { num_output: 32 weight_filler { type: "codebook" } } }
"#;

/// Sets layers up whose matrix has this rank.
struct LowRank {
    rank: i32,
}

impl Layer for LowRank {
    fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
        const OUTPUTS: &str = "inner_product_param.num_output";
        const FILLER: &str = "inner_product_param.weight_filler";
        let param = ctx.param.inner_product_param.clone().unwrap_or_default();
        let &[items, inputs] = ctx.bottom(0).dims() else {
            return Err(Refusal::at("bottom", format!("{} is no matrix", ctx.bottom(0))));
        };
        let outputs = i32::try_from(param.num_output()).at(OUTPUTS)?;

        let top = Shape::new([items, outputs]).at(OUTPUTS)?;
        let macs = (items as u64 * (inputs as u64 + outputs as u64)).saturating_mul(self.rank as u64);
        let mut setup = Setup::new(ctx, Operator::Opaque, [top]).costs(macs);
        for (rows, columns) in [(self.rank, inputs), (outputs, self.rank)] {
            let shape = Shape::new([rows, columns]).at(OUTPUTS)?;
            setup.push_blob(BlobSpec::filled(Role::Weight, shape, FILLER, param.weight_filler.as_ref()));
        }
        Ok(setup)
    }
}

/// Draws each value of a blob from a codebook.
#[derive(Debug)]
struct Codebook {
    values: Arc<[f32]>,
    count: usize,
}

impl Filler for Codebook {
    fn fill(&self, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        let mut left = self.count;
        while left > 0 {
            let length = left.min(PIECE);
            let drawn = |_| self.values[rng.next_u32() as usize % self.values.len()];
            sink.write(&(0..length).map(drawn).collect::<Vec<f32>>())?;
            left -= length;
        }
        Ok(())
    }
}

/// The registries of Caffe's types with the two of this program.
fn options() -> PlanOptions {
    let mut layers = LayerRegistry::default();
    let one = Arity::exactly(1);
    layers.register(LayerType::stateful("LowRank", "Multiplies by a matrix of rank 4", one, one, LowRank { rank: 4 }));

    let mut fillers = FillerRegistry::default();
    let codebook: Arc<[f32]> = [-0.5, -0.25, 0.25, 0.5].into();
    fillers.register(FillerType::stateful(
        "codebook",
        "Draws from a codebook",
        "x ~ U{c(1), ..., c(n)}",
        move |_, shape| Ok(Box::new(Codebook { values: Arc::clone(&codebook), count: shape.count() })),
    ));

    let mut options = PlanOptions::default();
    options.layers = layers;
    options.fillers = fillers;
    options
}

fn main() -> anyhow::Result<()> {
    let net = Net::resolve(Definition::from_bytes("NET", NET)?, &StateOptions::default())?;
    let plan = Plan::new(net, &options())?;
    let mut arrays = Arrays::default();
    init::fill(&plan, &mut Streams::caffe(1701, Era::default()), &mut arrays)?;

    for (name, blobs) in arrays.layers() {
        for (index, blob) in blobs.iter().enumerate() {
            let first: Vec<&f32> = blob.iter().take(4).collect();
            println!("{name}.{index} {:?}: {first:?} ...", blob.shape());
        }
    }
    Ok(())
}
