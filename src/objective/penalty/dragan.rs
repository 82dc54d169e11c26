use super::gradient_penalty::towards_one;
use super::{Penalty, Points};

/// DRAGAN (Kodali et al. 2017, section 2.3): λ (‖g‖ - 1)² around real examples. The neighbourhood is that of the authors' program: x + t·(s/2)·u, with
/// t and the numbers of u uniform in [0, 1) and s the standard deviation of the batch's numbers; the paper has normal noise.
#[derive(Clone, Copy, Debug)]
pub struct Dragan {
    /// λ, greater than 0; 10 in the paper.
    pub weight: f64,
}

impl Penalty for Dragan {
    fn points(&self) -> &'static [Points] {
        &[Points::Around]
    }

    fn value(&self, norm: f64) -> f64 {
        self.weight * (norm - 1.0).powi(2)
    }

    fn factor(&self, norm: f64) -> f64 {
        towards_one(self.weight, norm)
    }
}
