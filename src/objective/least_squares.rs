use super::{Loss, Value, mean};

/// Least squares (Mao et al. 2017, eq. 2), on the discriminator's outputs as they are.
///
/// Discriminator: mean (r - b)²/2 + mean (f - a)²/2. Generator: mean (f - c)²/2. Both in [0, ∞). The targets a, b and c are settable: 0, 1 and 1 as in
/// the paper's experiments (eq. 9), or -1, 1 and 0, with which the generator minimises Pearson's χ² divergence (eq. 8).
#[derive(Clone, Copy, Debug)]
pub struct LeastSquares {
    /// b, the discriminator's target for real examples.
    pub real: f64,
    /// a, its target for fakes.
    pub fake: f64,
    /// c, what the generator wants it to say to fakes.
    pub generator: f64,
}

impl Loss for LeastSquares {
    fn discriminator(&self, real: &[f32], fake: &[f32]) -> Value {
        let (on_real, real) = squares(real, self.real);
        let (on_fake, fake) = squares(fake, self.fake);
        Value { loss: on_real + on_fake, real, fake }
    }

    fn generator(&self, _: &[f32], fake: &[f32]) -> Value {
        let (loss, fake) = squares(fake, self.generator);
        Value { loss, real: Vec::new(), fake }
    }
}

/// Mean of half the squared distance to the target, and its slopes.
fn squares(logits: &[f32], target: f64) -> (f64, Vec<f32>) {
    mean(logits, |t| 0.5 * (t - target).powi(2), |t| t - target)
}
