use super::Constraint;
use crate::networks::Network;
use crate::nn::Compute;

/// Every trainable number of the network is clipped to [-bound, bound] after each step (Arjovsky et al. 2017, algorithm 1).
pub(super) struct WeightClipping {
    /// c in the paper, 0.01 there.
    pub(super) bound: f32,
}

impl<Dev: Compute> Constraint<Dev> for WeightClipping {
    fn after_step(&mut self, network: &mut dyn Network<Dev>) {
        let bound = self.bound;
        network.visit(&mut |parameter| {
            if parameter.trainable {
                let mut values = parameter.to_vec();
                values.iter_mut().for_each(|value| *value = value.clamp(-bound, bound));
                parameter.set(&values);
            }
        });
    }
}
