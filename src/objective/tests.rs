use super::*;
use std::f64::consts::LN_2;

const MINIMAX: Minimax = Minimax { real_target: 1.0 };
const NON_SATURATING: NonSaturating = NonSaturating { real_target: 1.0 };
const SMOOTHED: NonSaturating = NonSaturating { real_target: 0.9 };
const LEAST_SQUARES: LeastSquares = LeastSquares { real: 1.0, fake: 0.0, generator: 1.0 };
const PEARSON: LeastSquares = LeastSquares { real: 1.0, fake: -1.0, generator: 0.0 };

const LOSSES: [&dyn Loss; 8] =
    [&MINIMAX, &NON_SATURATING, &SMOOTHED, &LEAST_SQUARES, &PEARSON, &Hinge, &Wasserstein, &Relativistic];

fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-8 * (1.0 + b.abs())
}

/// Worked out by hand: softplus(-2) = ln(1 + e⁻²), softplus(0) = ln 2, and so on.
#[test]
fn values_at_hand_computed_logits() {
    let (real, fake) = ([2.0, 0.0], [-1.0, 3.0]);
    let d = 0.5 * (0.126_928_011 + LN_2) + 0.5 * (0.313_261_688 + 3.048_587_352);
    let minimax = -0.5 * (0.313_261_688 + 3.048_587_352);
    let non_saturating = 0.5 * (1.313_261_688 + 0.048_587_352);
    // 0.9 softplus(-2) + 0.1 softplus(2) is a fifth more than softplus(-2), and as much at 0.
    let smoothed = d + 0.5 * 0.2;
    // Differences of 3 and -3: softplus(-3) and softplus(3).
    let pairs = 0.5 * (0.048_587_352 + 3.048_587_352);
    let expected = [
        (d, minimax),
        (d, non_saturating),
        (smoothed, non_saturating),
        (0.25 * (1.0 + 1.0) + 0.25 * (1.0 + 9.0), 0.25 * (4.0 + 4.0)),
        (0.25 * (1.0 + 1.0) + 0.25 * (0.0 + 16.0), 0.25 * (1.0 + 9.0)),
        (0.5 * (0.0 + 1.0) + 0.5 * (0.0 + 4.0), -1.0),
        (1.0 - 1.0, -1.0),
        (pairs, pairs),
    ];
    for (loss, (d, g)) in LOSSES.iter().zip(expected) {
        let (found_d, found_g) = (loss.discriminator(&real, &fake).loss, loss.generator(&real, &fake).loss);
        assert!(
            is_close(found_d, d) && is_close(found_g, g),
            "{loss:?}: {found_d} and {found_g}, not {d} and {g}"
        );
    }
}

#[test]
fn gradients_are_the_slopes_of_the_values() {
    let (real, fake) = ([1.5f32, -0.25, 0.0], [-2.0f32, 0.5, 4.0]);
    // Not too near: logits of f32 are moved by it, and losses are of second degree at most between the kinks.
    let h = 1.0f32 / 128.0;
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
            if loss.compares_pairs() {
                let g = slope(&|by| loss.generator(&bump(&real, by), &fake).loss);
                assert!((f64::from(loss.generator(&real, &fake).real[i]) - g).abs() < 1e-5, "{loss:?}");
            }
        }
    }
}

/// At logits where σ is 0 or 1 to the last digit: (slope at the real one, at the fake one, the generator's) by the formulas.
#[test]
fn saturated_logits_give_the_slopes_of_the_formulas() {
    for logit in [-80.0f32, -20.0, 20.0, 80.0] {
        let t = f64::from(logit);
        // σ(t) within 2e-9, where it is not 0 or 1 in f32.
        let sure = if t > 0.0 { 1.0 } else { 0.0 };
        let wrong = 1.0 - sure;
        let expected = [
            (-wrong, sure, -sure),
            (-wrong, sure, -wrong),
            (0.1 * sure - 0.9 * wrong, sure, -wrong),
            (t - 1.0, t, t - 1.0),
            (t - 1.0, t + 1.0, t),
            (-wrong, sure, -1.0),
            (-1.0, 1.0, -1.0),
            // The pair below: real `logit`, fake the opposite.
            (-wrong, wrong, -sure),
        ];
        for (loss, (on_real, on_fake, of_generator)) in LOSSES.iter().zip(expected) {
            let fake = if loss.compares_pairs() { -logit } else { logit };
            let (d, g) = (loss.discriminator(&[logit], &[fake]), loss.generator(&[logit], &[fake]));
            assert!(d.loss.is_finite() && g.loss.is_finite(), "{loss:?} at {logit}");
            for (found, expected) in [(d.real[0], on_real), (d.fake[0], on_fake), (g.fake[0], of_generator)] {
                assert!(
                    (f64::from(found) - expected).abs() < 1e-8 * (1.0 + t.abs()),
                    "{loss:?} at {logit}: {found}, not {expected}"
                );
            }
        }
    }
}

/// The point of the heuristic, and the trap of naming one loss after the other.
#[test]
fn where_the_discriminator_is_sure_only_minimax_stops_teaching_the_generator() {
    let minimax = MINIMAX.generator(&[], &[-20.0]).fake[0];
    let non_saturating = NON_SATURATING.generator(&[], &[-20.0]).fake[0];
    assert!(minimax.abs() < 1e-8, "{minimax}");
    assert!((non_saturating + 1.0).abs() < 1e-8, "{non_saturating}");
}

/// Only the difference counts, so moving all logits alike changes nothing.
#[test]
fn relativistic_losses_do_not_see_what_all_logits_share() {
    let (real, fake) = ([2.0f32, -1.0], [0.5f32, 3.0]);
    let moved = |logits: [f32; 2]| logits.map(|logit| logit + 4.0);
    let (here, there) =
        (Relativistic.discriminator(&real, &fake), Relativistic.discriminator(&moved(real), &moved(fake)));
    assert_eq!(here, there);
}

/// A discriminator that says 0.9 to real examples has nothing left to learn of them.
#[test]
fn a_smoothed_target_is_where_the_slope_is_zero() {
    let at = (0.9f64 / 0.1).ln() as f32;
    assert!(SMOOTHED.discriminator(&[at], &[0.0]).real[0].abs() < 1e-8);
}
