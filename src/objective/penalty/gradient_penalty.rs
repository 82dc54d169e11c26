use super::{Penalty, Points};

/// The gradient penalty of WGAN-GP (Gulrajani et al. 2017, eq. 3): λ (‖g‖ - 1)² between real and generated examples, the place on the line between the two
/// drawn uniformly for each pair. One-sided (Petzka et al. 2018, eq. 8): λ max(0, ‖g‖ - 1)².
#[derive(Clone, Copy, Debug)]
pub struct GradientPenalty {
    /// λ, greater than 0; 10 in the paper.
    pub weight: f64,
    /// Whether only norms above 1 cost.
    pub one_sided: bool,
}

impl Penalty for GradientPenalty {
    fn points(&self) -> &'static [Points] {
        &[Points::Between]
    }

    fn value(&self, norm: f64) -> f64 {
        let excess = if self.one_sided { (norm - 1.0).max(0.0) } else { norm - 1.0 };
        self.weight * excess * excess
    }

    fn factor(&self, norm: f64) -> f64 {
        towards_one(self.weight, if self.one_sided { norm.max(1.0) } else { norm })
    }
}

/// The factor of weight · (n - 1)². Where the gradient is zero it has no direction to grow in, and is left alone.
pub(super) fn towards_one(weight: f64, norm: f64) -> f64 {
    if norm > 0.0 { 2.0 * weight * (1.0 - 1.0 / norm) } else { 0.0 }
}
