use super::*;

/// Worked out by hand: ln(e⁰ + e¹ + e²) = 2.407605964, and squares of differences.
#[test]
fn values_at_hand_computed_outputs() {
    let outputs = [0.0, 1.0, 2.0, 0.0, 0.0, 0.0];
    let judged = Classification::CrossEntropy.judge(&outputs, &[1, 2], 3);
    assert!((judged.loss - 0.5 * (1.407_605_964_4 + 3f64.ln())).abs() < 1e-9, "{}", judged.loss);
    // Of equal outputs the first counts.
    assert_eq!(judged.right, 0);
    assert_eq!(predictions(&outputs, 3), [2, 0]);
    let judged = Classification::SquaredError.judge(&[0.25, 0.5, 1.0, 0.0], &[1, 0], 2);
    assert!((judged.loss - 0.5 * (0.0625 + 0.25)).abs() < 1e-12, "{}", judged.loss);
    assert_eq!(judged.slopes, [0.25, -0.5, 0.0, 0.0]);
    assert_eq!(judged.right, 2);
}

#[test]
fn slopes_are_those_of_the_values() {
    let outputs = [0.3f32, -1.5, 2.0, 0.0, 4.0, -0.25];
    let labels = [2, 0];
    for loss in [Classification::SquaredError, Classification::CrossEntropy] {
        let slopes = loss.judge(&outputs, &labels, 3).slopes;
        for index in 0..outputs.len() {
            let at = |by: f32| {
                let mut outputs = outputs;
                outputs[index] += by;
                loss.judge(&outputs, &labels, 3).loss
            };
            let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!((slope - f64::from(slopes[index])).abs() < 1e-4, "{loss:?} {index}");
        }
    }
}

#[test]
fn saturated_logits_have_finite_losses_and_right_slopes() {
    for size in [20.0, 80.0, 1e4, 3e38] {
        let judged = Classification::CrossEntropy.judge(&[size, -size], &[1], 2);
        assert!((judged.loss / (2.0 * f64::from(size)) - 1.0).abs() < 1e-6, "{judged:?}");
        assert_eq!(judged.slopes, [1.0, -1.0]);
        let judged = Classification::CrossEntropy.judge(&[size, -size], &[0], 2);
        assert!(judged.loss >= 0.0 && judged.loss < 1e-8 && judged.slopes[0].abs() < 1e-8, "{judged:?}");
    }
}
