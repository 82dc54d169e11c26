use super::{Penalty, Points};

/// R2 (Mescheder et al. 2018, eq. 9 and 10): γ/2 ‖g‖² at generated examples.
#[derive(Clone, Copy, Debug)]
pub struct R2 {
    /// γ, greater than 0.
    pub gamma: f64,
}

impl Penalty for R2 {
    fn points(&self) -> &'static [Points] {
        &[Points::Fake]
    }

    fn value(&self, norm: f64) -> f64 {
        0.5 * self.gamma * norm * norm
    }

    fn factor(&self, _: f64) -> f64 {
        self.gamma
    }
}
