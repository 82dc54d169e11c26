use super::{Array, Find};
use crate::config::training::{Ema, Memory};
use crate::networks::Network;
use crate::nn::Compute;

/// An exponential moving average of a network: after each step, average ← decay · average + (1 - decay) · network.
///
/// Running statistics are averaged like weights. The average starts as a copy of the network.
pub struct Average<Dev: Compute> {
    /// The averaged network, ready to be sampled from.
    pub network: Box<dyn Network<Dev>>,
    ema: Ema,
    images_per_step: usize,
}

impl<Dev: Compute> Average<Dev> {
    /// Starts from `of`; `network` is a second network of the same shape, whose weights are replaced. A step is worth
    /// `images_per_step` images.
    pub fn new(
        ema: Ema,
        images_per_step: usize,
        mut network: Box<dyn Network<Dev>>,
        of: &mut dyn Network<Dev>,
    ) -> Self {
        let mut values = Vec::new();
        of.visit(&mut |parameter| values.push(parameter.value.clone()));
        let mut values = values.into_iter();
        network.visit(&mut |parameter| {
            parameter.value = values.next().expect("both networks have one shape");
        });
        Self { network, ema, images_per_step }
    }

    /// Moves the average towards `of`, after step number `step` (from 0).
    pub fn follow(&mut self, of: &mut dyn Network<Dev>, step: u64) {
        let mut values = Vec::new();
        of.visit(&mut |parameter| values.push(parameter.value.clone()));
        let mut values = values.iter();
        let decay = decay(self.ema, self.images_per_step, step) as f32;
        self.network.visit(&mut |parameter| {
            let value = values.next().expect("both networks have one shape");
            Dev::update(&mut parameter.value, value, &mut [], &mut |average, value, _| {
                atelier_kernels::optimizer::ema(average, value, decay);
            });
        });
    }
}

/// The decay of step number `step`, from 0; [`Ema`] has the formulas.
fn decay(ema: Ema, images_per_step: usize, step: u64) -> f64 {
    let decay = match ema.memory {
        Memory::Decay(decay) => decay,
        Memory::HalfLife(images) => libm::pow(0.5, images_per_step as f64 / images),
    };
    let step = step as f64;
    if ema.warm_up { decay.min((1.0 + step) / (10.0 + step)) } else { decay }
}

/// The arrays of a network, each named `<prefix>.<parameter>`.
pub(super) fn arrays<Dev: Compute>(prefix: &str, network: &mut dyn Network<Dev>) -> Vec<Array> {
    let mut arrays = Vec::new();
    network.visit(&mut |parameter| {
        arrays.push(Array {
            name: format!("{prefix}.{}", parameter.name),
            shape: parameter.shape.clone(),
            values: parameter.to_vec(),
        });
    });
    arrays
}

/// Puts a network's arrays back.
pub(super) fn restore<Dev: Compute>(
    prefix: &str,
    network: &mut dyn Network<Dev>,
    find: &mut Find<'_>,
) -> Result<(), String> {
    let mut outcome = Ok(());
    network.visit(&mut |parameter| {
        if outcome.is_ok() {
            outcome = find(&format!("{prefix}.{}", parameter.name), &parameter.shape)
                .map(|values| parameter.set(&values));
        }
    });
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_its_half_life_in_images_half_of_the_old_is_left() {
        let ema = Ema { memory: Memory::HalfLife(1280.0), warm_up: false };
        for images_per_step in [1, 64, 256, 1280] {
            let steps = 1280 / images_per_step;
            let left: f64 = (0..steps).map(|step| decay(ema, images_per_step, step as u64)).product();
            assert!((left - 0.5).abs() < 1e-12, "{left}");
        }
    }

    #[test]
    fn the_warm_up_lets_go_of_the_first_weights_sooner() {
        let ema = Ema { memory: Memory::Decay(0.99), warm_up: true };
        let found = [0, 1, 8, 889, 890, 891, 1_000_000].map(|step| decay(ema, 64, step));
        assert_eq!(found, [0.1, 2.0 / 11.0, 0.5, 890.0 / 899.0, 0.99, 0.99, 0.99]);
        assert_eq!(decay(Ema { warm_up: false, ..ema }, 64, 0), 0.99);
    }
}
