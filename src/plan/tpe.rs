//! The tree-structured Parzen estimator (Bergstra et al. 2011), by the crate `tpe`: each key is modelled by itself, by
//! one density over the best trials and one over the others; of some candidates drawn from the first, the one at which
//! the ratio of the two is greatest is proposed.

use std::convert::Infallible;

use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use tpe::{TpeOptimizerBuilder, histogram_estimator, parzen_estimator};

use super::trials::{Space, readable};
use crate::config::sweep::{Parameter, Scale};
use crate::random::Stream;

/// The first trials are drawn at random: this many, but at most a third of all.
const STARTUP: usize = 10;

/// The part of the trials that counts as good.
const GOOD: f64 = 0.15;

/// After so many proposals that are there already the model has nothing new to say, and random draws go on.
const PROPOSALS: u64 = 20;

/// How many of `trials` are drawn at random before the model has something to go by.
pub(super) fn startup(trials: usize) -> usize {
    STARTUP.min(trials / 3).max(1)
}

/// What is known of a trial.
#[derive(Clone, Debug)]
pub(super) struct Observation<'a> {
    /// Where it lies in the space.
    pub(super) coordinates: &'a [f64],
    /// Its score, the smaller the better; infinite for one that failed or has no score yet, so that trials which are
    /// proposed together keep a distance.
    pub(super) loss: f64,
}

/// Proposes the coordinates of trial `number`; another proposal for every `attempt`.
pub(super) fn propose(
    space: &Space<'_>,
    observations: &[Observation<'_>],
    number: usize,
    attempt: u64,
) -> Vec<f64> {
    let finite = observations.iter().filter(|observation| observation.loss.is_finite()).count();
    if finite == 0 || attempt >= PROPOSALS {
        return space.draw(number, attempt);
    }
    let good = ((GOOD * finite as f64).ceil()).clamp(1.0, finite as f64);
    // The crate takes the part's ceiling: half a trial less makes it exact.
    let part = (good - 0.5) / observations.len() as f64;
    let propose = |(index, parameter): (usize, &&Parameter)| {
        let name = format!("sweep.tpe.{number}.{}", parameter.key);
        let mut generator = Generator(Stream::new(space.seed(), &name).at(attempt));
        let told = observations.iter().map(|known| (known.coordinates[index], known.loss));
        one(parameter, part, told, &mut generator)
    };
    let proposal: Option<Vec<f64>> = space.parameters().iter().enumerate().map(propose).collect();
    proposal.unwrap_or_else(|| space.draw(number, attempt))
}

/// Proposes the coordinate of one key.
fn one(
    parameter: &Parameter,
    part: f64,
    told: impl Iterator<Item = (f64, f64)>,
    generator: &mut Generator,
) -> Option<f64> {
    let Some(range) = parameter.range else {
        let count = parameter.settings.len();
        let range = tpe::categorical_range(count).ok()?;
        let mut optimizer =
            TpeOptimizerBuilder::new().gamma(part).build(histogram_estimator(), range).ok()?;
        for (index, loss) in told {
            optimizer.tell(index, loss).ok()?;
        }
        return Some(optimizer.ask(generator).ok()?.floor());
    };
    // On the scale on which the range is even; a whole number stands for all that round to it.
    let (low, high) = match range.scale {
        Scale::Uniform => (range.low, range.high),
        Scale::LogUniform => (range.low.ln(), range.high.ln()),
        Scale::Integer => (range.low - 0.5, range.high + 0.5),
    };
    let mut optimizer =
        TpeOptimizerBuilder::new().gamma(part).build(parzen_estimator(), tpe::range(low, high).ok()?).ok()?;
    for (number, loss) in told {
        let number = if range.scale == Scale::LogUniform { number.ln() } else { number };
        // The crate's ranges do not include their ends.
        let inside = if number.is_nan() { number } else { number.clamp(low, high.next_down()) };
        optimizer.tell(inside, loss).ok()?;
    }
    let number = optimizer.ask(generator).ok()?;
    Some(match range.scale {
        Scale::Uniform => readable(range, number),
        Scale::LogUniform => readable(range, number.exp()),
        Scale::Integer => number.round().clamp(range.low, range.high),
    })
}

/// Our generator as the crate's version of `rand` wants it.
struct Generator(ChaCha8Rng);

impl rand_core_0_10::TryRng for Generator {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}
