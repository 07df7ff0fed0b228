//! The arguments that say which random numbers fill the net.

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use rand::TryRng;

use super::numbers::whole;
use crate::random::{Era, SIMD_VARIABLE, SimdPath, Streams};

#[derive(Debug, Args)]
#[command(next_help_heading = "Random numbers")]
pub(super) struct RandomArguments {
    /// Random seed [default: the solver's, or a random one]
    ///
    /// Without this option the random_seed of the solver is used, or else a random seed, which is printed.
    #[arg(long, allow_negative_numbers = true, value_parser = parse_seed)]
    seed: Option<u64>,

    /// Random number generator
    #[arg(long, default_value = "caffe", hide_short_help = true)]
    generator: GeneratorArgument,

    /// Boost release that Caffe was built with [default: 1.74]
    ///
    /// The random numbers of Caffe depend on it.
    #[arg(long, value_name = "RELEASE")]
    boost: Option<Era>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GeneratorArgument {
    /// Caffe's own, bit for bit
    Caffe,
    /// An independent stream of numbers for each blob
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

/// Reads a seed of either generator.
fn parse_seed(text: &str) -> Result<u64, String> {
    whole(text, &format!("a whole number from 0 to {}, or to {} with --generator native", u32::MAX, u64::MAX))
}

fn choose_seed() -> anyhow::Result<u64> {
    let seed = rand::rngs::SysRng.try_next_u32().context("cannot choose a seed: give one with --seed")?;
    Ok(seed.into())
}
