//! The arguments that say which random numbers fill the net.

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use rand::TryRng;

use crate::random::{Era, SIMD_VARIABLE, SimdPath, Streams};

#[derive(Debug, Args)]
#[command(next_help_heading = "Random numbers")]
pub(super) struct RandomArguments {
    /// The seed of the generator; without it the solver's random_seed, or one that is chosen and printed
    #[arg(long, allow_negative_numbers = true)]
    seed: Option<u64>,

    /// Whose random numbers: Caffe's, to the bit, or one independent stream for each blob
    #[arg(long, default_value = "caffe")]
    generator: GeneratorArgument,

    /// The Boost release that the user's Caffe was built with, which decides its random numbers; 1.74 unless given
    #[arg(long, value_name = "RELEASE")]
    boost: Option<Era>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GeneratorArgument {
    Caffe,
    Native,
}

/// The random numbers of a run.
pub(super) struct Random {
    pub(super) streams: Streams,
    pub(super) seed: u64,
    /// Whether the seed was chosen here, so that the user has to be told.
    pub(super) chosen: bool,
}

impl RandomArguments {
    /// The random numbers asked for; `solver` is the seed that the solver gives.
    pub(super) fn open(&self, solver: Option<u32>) -> anyhow::Result<Random> {
        SimdPath::asked_for().context(SIMD_VARIABLE)?;
        let given = self.seed.or(solver.map(u64::from));
        let chosen = given.is_none();
        let seed = given.map_or_else(choose_seed, Ok)?;
        let streams = match self.generator {
            GeneratorArgument::Native if self.boost.is_some() => {
                bail!("--boost applies to Caffe's random numbers: leave it out with --generator native")
            }
            GeneratorArgument::Native => Streams::native(seed),
            GeneratorArgument::Caffe => {
                let Ok(small) = u32::try_from(seed) else {
                    bail!("--seed {seed}: Caffe's generator takes seeds up to {}; or use --generator native", u32::MAX);
                };
                Streams::caffe(small, self.boost.unwrap_or_default())
            }
        };
        Ok(Random { streams, seed, chosen })
    }
}

fn choose_seed() -> anyhow::Result<u64> {
    let seed = rand::rngs::SysRng.try_next_u32().context("cannot choose a seed: give one with --seed")?;
    Ok(seed.into())
}
