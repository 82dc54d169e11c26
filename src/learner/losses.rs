/// What one training step of a GAN saw.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Losses {
    /// What the discriminator minimised, mean over its steps.
    pub d_loss: f64,
    /// What the generator minimised.
    pub g_loss: f64,
    /// Mean probability σ(logit) that the discriminator gave to real examples.
    pub d_real: f64,
    /// The same for fakes.
    pub d_fake: f64,
    /// L2 norm of the discriminator's gradient, mean over its steps.
    pub d_gradient_norm: f64,
    /// L2 norm of the generator's gradient.
    pub g_gradient_norm: f64,
    /// The penalty on the discriminator's gradient at examples, mean over its steps; not part of `d_loss`.
    pub d_penalty: f64,
}

impl Losses {
    /// Column by column, `with(self, other)`.
    pub fn combine(&self, other: &Self, with: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            d_loss: with(self.d_loss, other.d_loss),
            g_loss: with(self.g_loss, other.g_loss),
            d_real: with(self.d_real, other.d_real),
            d_fake: with(self.d_fake, other.d_fake),
            d_gradient_norm: with(self.d_gradient_norm, other.d_gradient_norm),
            g_gradient_norm: with(self.g_gradient_norm, other.g_gradient_norm),
            d_penalty: with(self.d_penalty, other.d_penalty),
        }
    }

    /// A value for each of [`columns::GAN`](crate::config::columns::GAN), in that order, and for
    /// [`columns::PENALTY`](crate::config::columns::PENALTY) where there is a penalty.
    pub fn values(&self, has_penalty: bool) -> Vec<f64> {
        // Taken apart without `..`: a new field that is not named here does not compile.
        let Self { d_loss, g_loss, d_real, d_fake, d_gradient_norm, g_gradient_norm, d_penalty } = *self;
        let mut values = vec![d_loss, g_loss, d_real, d_fake, d_gradient_norm, g_gradient_norm];
        values.extend(has_penalty.then_some(d_penalty));
        values
    }
}
