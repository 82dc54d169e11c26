use super::{Array, Find};
use crate::networks::Network;
use crate::nn::Compute;

/// An exponential moving average of a network: after each step, average ← decay · average + (1 - decay) · network.
///
/// Running statistics are averaged like weights. The average starts as a copy of the network.
pub struct Average<Dev: Compute> {
    /// The averaged network, ready to be sampled from.
    pub network: Box<dyn Network<Dev>>,
    decay: f32,
}

impl<Dev: Compute> Average<Dev> {
    /// Starts from `of`; `network` is a second network of the same shape, whose weights are replaced.
    pub fn new(decay: f32, mut network: Box<dyn Network<Dev>>, of: &mut dyn Network<Dev>) -> Self {
        let mut values = Vec::new();
        of.visit(&mut |parameter| values.push(parameter.value.clone()));
        let mut values = values.into_iter();
        network.visit(&mut |parameter| {
            parameter.value = values.next().expect("both networks have one shape");
        });
        Self { network, decay }
    }

    /// Moves the average towards `of`.
    pub fn follow(&mut self, of: &mut dyn Network<Dev>) {
        let mut values = Vec::new();
        of.visit(&mut |parameter| values.push(parameter.value.clone()));
        let mut values = values.iter();
        let decay = self.decay;
        self.network.visit(&mut |parameter| {
            let value = values.next().expect("both networks have one shape");
            Dev::update(&mut parameter.value, value, &mut [], &mut |average, value, _| {
                atelier_kernels::optimizer::ema(average, value, decay);
            });
        });
    }
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
