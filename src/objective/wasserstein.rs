use super::{Loss, Value, mean};

/// The critic's difference of means (Arjovsky et al. 2017, algorithm 1).
///
/// Discriminator (critic): mean f - mean r, any number; with a critic that a regularizer keeps 1-Lipschitz, its negative estimates the Wasserstein-1
/// distance. Generator: -mean f, any number. Every slope is the same, so the loss needs a regularizer to have a minimum.
#[derive(Clone, Copy, Debug)]
pub struct Wasserstein;

impl Loss for Wasserstein {
    fn discriminator(&self, real: &[f32], fake: &[f32]) -> Value {
        let (on_real, real) = mean(real, |r| -r, |_| -1.0);
        let (on_fake, fake) = mean(fake, |f| f, |_| 1.0);
        Value { loss: on_real + on_fake, real, fake }
    }

    fn generator(&self, _: &[f32], fake: &[f32]) -> Value {
        let (loss, fake) = mean(fake, |f| -f, |_| -1.0);
        Value { loss, real: Vec::new(), fake }
    }
}
