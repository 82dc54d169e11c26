use super::{Penalty, Points, R1};

/// R1 and R2 together with one γ (Huang et al. 2024, R3GAN, section 2.2): γ/2 ‖g‖² at real examples, and as much at generated ones.
#[derive(Clone, Copy, Debug)]
pub struct R1R2 {
    /// γ, greater than 0.
    pub gamma: f64,
}

impl Penalty for R1R2 {
    fn points(&self) -> &'static [Points] {
        &[Points::Real, Points::Fake]
    }

    fn value(&self, norm: f64) -> f64 {
        R1 { gamma: self.gamma }.value(norm)
    }

    fn factor(&self, norm: f64) -> f64 {
        R1 { gamma: self.gamma }.factor(norm)
    }
}
