use super::{Penalty, Points};

/// R1 (Mescheder et al. 2018, eq. 9 and 10): γ/2 ‖g‖² at real examples.
#[derive(Clone, Copy, Debug)]
pub struct R1 {
    /// γ, greater than 0.
    pub gamma: f64,
}

impl Penalty for R1 {
    fn points(&self) -> &'static [Points] {
        &[Points::Real]
    }

    fn value(&self, norm: f64) -> f64 {
        0.5 * self.gamma * norm * norm
    }

    fn factor(&self, _: f64) -> f64 {
        self.gamma
    }
}
