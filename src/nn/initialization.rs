use crate::config::training::Initialization;
use crate::random::{fill_normal, fill_uniform};
use rand::RngCore;

/// How many inputs one output of a layer sums, and how many outputs one input reaches.
#[derive(Clone, Copy, Debug)]
pub struct Fans {
    /// Inputs per output.
    pub fan_in: usize,
    /// Outputs per input.
    pub fan_out: usize,
}

/// Fills `values` with weights for a layer with these fans.
///
/// He's normal distribution is not truncated, where Keras' is at two standard deviations.
pub(super) fn draw(
    initialization: Initialization,
    fans: Fans,
    generator: &mut impl RngCore,
    values: &mut [f32],
) {
    let normal = |std: f32, generator: &mut _, values: &mut [f32]| {
        fill_normal(generator, values);
        for value in values {
            *value *= std;
        }
    };
    match initialization {
        Initialization::GlorotUniform => {
            let limit = (6.0 / (fans.fan_in + fans.fan_out) as f32).sqrt();
            fill_uniform(generator, -limit, limit, values);
        }
        Initialization::HeNormal => normal((2.0 / fans.fan_in as f32).sqrt(), generator, values),
        Initialization::Normal { std } => normal(std as f32, generator, values),
        Initialization::Uniform { low, high } => fill_uniform(generator, low as f32, high as f32, values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn each_scheme_has_its_spread() {
        let fans = Fans { fan_in: 300, fan_out: 100 };
        let glorot = (6.0f32 / 400.0).sqrt();
        let cases = [
            (Initialization::GlorotUniform, glorot / 3f32.sqrt(), glorot),
            (Initialization::HeNormal, (2.0f32 / 300.0).sqrt(), f32::INFINITY),
            (Initialization::Normal { std: 0.02 }, 0.02, f32::INFINITY),
            (Initialization::Uniform { low: -0.5, high: 0.5 }, 0.5 / 3f32.sqrt(), 0.5),
        ];
        for (scheme, std, bound) in cases {
            let mut values = vec![0.0; 50_000];
            draw(scheme, fans, &mut Stream::new(1, "weights").at(0), &mut values);
            let got = (values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32).sqrt();
            assert!((got / std - 1.0).abs() < 0.02, "{scheme:?}: {got} instead of {std}");
            assert!(values.iter().all(|v| v.abs() <= bound), "{scheme:?} leaves its bounds");
        }
    }
}
