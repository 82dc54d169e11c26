use super::{Loss, Value, mean};

/// The hinge (Lim and Ye 2017, eq. 6 and 7; Miyato et al. 2018, eq. 16 and 17).
///
/// Discriminator: mean max(0, 1 - r) + mean max(0, 1 + f), in [0, ∞), 2 where all logits are 0; examples beyond the margin teach it nothing.
/// Generator: -mean f, any number.
#[derive(Clone, Copy, Debug)]
pub struct Hinge;

impl Loss for Hinge {
    fn discriminator(&self, real: &[f32], fake: &[f32]) -> Value {
        let within = |margin: f64| f64::from(u8::from(margin > 0.0));
        let (on_real, real) = mean(real, |r| (1.0 - r).max(0.0), |r| -within(1.0 - r));
        let (on_fake, fake) = mean(fake, |f| (1.0 + f).max(0.0), |f| within(1.0 + f));
        Value { loss: on_real + on_fake, real, fake }
    }

    fn generator(&self, _: &[f32], fake: &[f32]) -> Value {
        let (loss, fake) = mean(fake, |f| -f, |_| -1.0);
        Value { loss, real: Vec::new(), fake }
    }
}
