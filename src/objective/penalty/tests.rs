use super::*;

fn all() -> [(Rc<dyn Penalty>, f64); 6] {
    let of = |regularizer| penalty(regularizer).unwrap();
    // Each with its value at a norm of 3, by hand.
    [
        (of(Regularizer::GradientPenalty { weight: 10.0, one_sided: false }), 40.0),
        (of(Regularizer::GradientPenalty { weight: 0.5, one_sided: true }), 2.0),
        (of(Regularizer::Dragan { weight: 2.0 }), 8.0),
        (of(Regularizer::R1 { gamma: 1.0 }), 4.5),
        (of(Regularizer::R2 { gamma: 2.0 }), 9.0),
        (of(Regularizer::R1R2 { gamma: 4.0 }), 18.0),
    ]
}

#[test]
fn values_by_hand_and_factors_that_are_their_slopes() {
    for (penalty, at_three) in all() {
        assert!((penalty.value(3.0) - at_three).abs() < 1e-12, "{penalty:?}");
        for norm in [0.25, 0.9, 1.5, 3.0, 1e3] {
            let h = 1e-5 * norm;
            let slope = (penalty.value(norm + h) - penalty.value(norm - h)) / (2.0 * h);
            assert!(
                (penalty.factor(norm) * norm - slope).abs() < 1e-5 * (1.0 + slope.abs()),
                "{penalty:?} at {norm}"
            );
        }
        assert!(penalty.factor(0.0).is_finite(), "{penalty:?}");
    }
}

#[test]
fn a_one_sided_penalty_leaves_small_gradients_alone() {
    let both = GradientPenalty { weight: 10.0, one_sided: false };
    let one = GradientPenalty { one_sided: true, ..both };
    assert_eq!((one.value(0.5), one.factor(0.5)), (0.0, 0.0));
    assert!(both.value(0.5) > 0.0 && both.factor(0.5) < 0.0);
    assert_eq!((one.value(2.0), one.factor(2.0)), (both.value(2.0), both.factor(2.0)));
}
