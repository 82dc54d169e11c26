use super::*;
use std::f64::consts::LN_2;

const LOSSES: [&dyn Loss; 2] = [&Minimax, &NonSaturating];

/// Worked out by hand: softplus(-2) = ln(1 + e⁻²), softplus(0) = ln 2, and so on.
#[test]
fn values_at_hand_computed_logits() {
    let (real, fake) = ([2.0, 0.0], [-1.0, 3.0]);
    let d = 0.5 * (0.126_928_011 + LN_2) + 0.5 * (0.313_261_688 + 3.048_587_352);
    for loss in LOSSES {
        assert!((loss.discriminator(&real, &fake).loss - d).abs() < 1e-8);
    }
    assert!((Minimax.generator(&real, &fake).loss + 0.5 * (0.313_261_688 + 3.048_587_352)).abs() < 1e-8);
    assert!(
        (NonSaturating.generator(&real, &fake).loss - 0.5 * (1.313_261_688 + 0.048_587_352)).abs() < 1e-8
    );
}

#[test]
fn gradients_are_the_slopes_of_the_values() {
    let (real, fake) = ([1.5f32, -0.25, 0.0], [-2.0f32, 0.5, 4.0]);
    let h = 1e-2f32;
    for loss in LOSSES {
        for i in 0..3 {
            let bump = |logits: &[f32; 3], by: f32| {
                let mut logits = *logits;
                logits[i] += by;
                logits
            };
            let slope = |f: &dyn Fn(f32) -> f64| (f(h) - f(-h)) / f64::from(2.0 * h);
            let d = loss.discriminator(&real, &fake);
            let on_real = slope(&|by| loss.discriminator(&bump(&real, by), &fake).loss);
            let on_fake = slope(&|by| loss.discriminator(&real, &bump(&fake, by)).loss);
            let g = slope(&|by| loss.generator(&real, &bump(&fake, by)).loss);
            assert!((f64::from(d.real[i]) - on_real).abs() < 1e-5, "{loss:?}");
            assert!((f64::from(d.fake[i]) - on_fake).abs() < 1e-5, "{loss:?}");
            assert!((f64::from(loss.generator(&real, &fake).fake[i]) - g).abs() < 1e-5, "{loss:?}");
        }
    }
}

#[test]
fn saturated_logits_give_finite_gradients_of_the_right_sign() {
    for logit in [-80.0f32, -20.0, 20.0, 80.0] {
        for loss in LOSSES {
            let d = loss.discriminator(&[logit], &[logit]);
            let g = loss.generator(&[logit], &[logit]);
            assert!(d.loss.is_finite() && g.loss.is_finite(), "{loss:?} at {logit}");
            // The discriminator wants real logits up and fake ones down, the generator fake ones up.
            assert!(d.real[0] <= 0.0 && d.fake[0] >= 0.0 && g.fake[0] <= 0.0, "{loss:?} at {logit}");
            let wrong_way = if logit > 0.0 { d.fake[0] } else { -d.real[0] };
            assert!(
                (wrong_way - 1.0).abs() < 1e-6,
                "{loss:?}: a confident mistake has slope 1, not {wrong_way}"
            );
        }
    }
}

/// The point of the heuristic, and the trap of naming one loss after the other.
#[test]
fn where_the_discriminator_is_sure_only_minimax_stops_teaching_the_generator() {
    let minimax = Minimax.generator(&[], &[-20.0]).fake[0];
    let non_saturating = NonSaturating.generator(&[], &[-20.0]).fake[0];
    assert!(minimax.abs() < 1e-8, "{minimax}");
    assert!((non_saturating + 1.0).abs() < 1e-8, "{non_saturating}");
}
