use super::{Loss, Value, sigmoid, softplus};

/// Relativistic pairing (Jolicoeur-Martineau 2019, eq. 4 and 5, with the logistic function; Huang et al. 2024, R3GAN, eq. 2): each real logit meets
/// the fake one of the same place in its batch.
///
/// Discriminator: mean softplus(-(r - f)); generator: mean softplus(-(f - r)); both in (0, ∞), ln 2 where r = f.
#[derive(Clone, Copy, Debug)]
pub struct Relativistic;

impl Loss for Relativistic {
    fn discriminator(&self, real: &[f32], fake: &[f32]) -> Value {
        let (loss, real) = lead(real, fake);
        let fake = real.iter().map(|slope| -slope).collect();
        Value { loss, real, fake }
    }

    fn generator(&self, real: &[f32], fake: &[f32]) -> Value {
        let (loss, fake) = lead(fake, real);
        let real = fake.iter().map(|slope| -slope).collect();
        Value { loss, real, fake }
    }

    fn compares_pairs(&self) -> bool {
        true
    }
}

/// Mean softplus(-(ahead - behind)), and its slopes with respect to `ahead`; those with respect to `behind` are their negatives.
fn lead(ahead: &[f32], behind: &[f32]) -> (f64, Vec<f32>) {
    assert_eq!(ahead.len(), behind.len(), "real and fake logits come in pairs");
    let batch = ahead.len() as f64;
    let differences = || ahead.iter().zip(behind).map(|(&a, &b)| f64::from(a) - f64::from(b));
    let sum: f64 = differences().map(|t| softplus(-t)).sum();
    (sum / batch, differences().map(|t| (-sigmoid(-t) / batch) as f32).collect())
}
