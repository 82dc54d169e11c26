use super::*;
use crate::report::testing::sweep;

fn of(study: &Study) -> Importance {
    importance(study, &study.configurations()).expect("parameters that vary, and an objective")
}

fn share(found: &Importance, name: &str) -> f64 {
    let all = found.shares.iter().chain(&found.rest);
    all.clone().find(|(other, _)| other == name).unwrap_or_else(|| panic!("{name} is not in {found:?}")).1
}

#[test]
fn main_effects_of_a_grid_are_those_computed_by_hand() {
    // Cells 1 2 / 3 4: variance 5/4, of which the rows' means (1.5, 3.5) have 1 and the columns' (2, 3) have 1/4.
    let additive = sweep(
        &["a.rate", "b.loss"],
        &[
            (0, &["1", "x"], 0, Some(1.0)),
            (1, &["1", "y"], 0, Some(2.0)),
            (2, &["2", "x"], 0, Some(3.0)),
            (3, &["2", "y"], 0, Some(4.0)),
        ],
    );
    let found = of(&additive);
    assert_eq!(found.shares[0].0, "rate");
    assert!((share(&found, "rate") - 0.8).abs() < 1e-12);
    assert!((share(&found, "loss") - 0.2).abs() < 1e-12);
    assert!(share(&found, "interactions between parameters").abs() < 1e-12);

    // Cells 0 0 / 0 4: variance 3; the means (0, 2) of either side have 1, and the interaction what is left.
    let product = sweep(
        &["a.rate", "b.loss"],
        &[
            (0, &["1", "x"], 0, Some(0.0)),
            (1, &["1", "y"], 0, Some(0.0)),
            (2, &["2", "x"], 0, Some(0.0)),
            (3, &["2", "y"], 0, Some(4.0)),
        ],
    );
    let found = of(&product);
    for name in ["rate", "loss", "interactions between parameters"] {
        assert!((share(&found, name) - 1.0 / 3.0).abs() < 1e-12, "{found:?}");
    }
}

#[test]
fn seeds_have_their_share() {
    // The cells above with two seeds each, 1 above and 1 below the mean: the variance within is 1, the whole 9/4.
    let mut rows: Vec<crate::report::testing::Row<'_>> = Vec::new();
    let cells: [(&[&str], f64); 4] =
        [(&["1", "x"], 1.0), (&["1", "y"], 2.0), (&["2", "x"], 3.0), (&["2", "y"], 4.0)];
    for (trial, (values, mean)) in cells.into_iter().enumerate() {
        rows.push((trial, values, 0, Some(mean - 1.0)));
        rows.push((trial, values, 1, Some(mean + 1.0)));
    }
    let found = of(&sweep(&["a.rate", "b.loss"], &rows));
    assert!((share(&found, "rate") - 4.0 / 9.0).abs() < 1e-12);
    assert!((share(&found, "loss") - 1.0 / 9.0).abs() < 1e-12);
    assert!((share(&found, "the seed") - 4.0 / 9.0).abs() < 1e-12);
}

#[test]
fn too_few_configurations_say_so() {
    let two = sweep(&["a"], &[(0, &["1"], 0, Some(1.0)), (1, &["2"], 0, Some(2.0))]);
    let found = of(&two);
    assert!(found.shares.is_empty());
    assert_eq!(
        found.explanation,
        "2 configurations with a value are too few to tell the parameters' effects apart."
    );
    // A grid with a hole.
    let hole = sweep(
        &["a", "b"],
        &[
            (0, &["1", "x"], 0, Some(1.0)),
            (1, &["1", "y"], 0, Some(2.0)),
            (2, &["2", "x"], 0, Some(3.0)),
            (3, &["2", "y"], 0, None),
        ],
    );
    assert!(of(&hole).shares.is_empty());
    assert!(importance(&sweep(&["a"], &[(0, &["1"], 0, Some(1.0))]), &[]).is_none());
}

/// Draws of y = 10 a + 5 b (a, b uniform in 0..1, c without effect): Var y = 125/12, of which a has 100/125 and b 25/125.
fn drawn(count: usize, factor: f64, noise: f64) -> Study {
    use rand::Rng;
    let mut generator = crate::random::Stream::new(1, "test").at(0);
    let texts: Vec<[String; 3]> =
        (0..count).map(|_| std::array::from_fn(|_| format!("{:.4}", generator.r#gen::<f64>()))).collect();
    let values: Vec<Vec<&str>> = texts.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let mut objective = |row: &[String; 3]| {
        let number = |index: usize| row[index].parse::<f64>().unwrap();
        factor * (10.0 * number(0) + 5.0 * number(1)) + noise * generator.r#gen::<f64>()
    };
    let rows: Vec<(usize, &[&str], u64, Option<f64>)> = values
        .iter()
        .zip(&texts)
        .enumerate()
        .map(|(trial, (values, texts))| (trial, values.as_slice(), 0, Some(objective(texts))))
        .collect();
    sweep(&["a", "b", "c"], &rows)
}

#[test]
fn a_forest_finds_what_the_formula_says() {
    let found = of(&drawn(100, 1.0, 0.0));
    assert!((share(&found, "a") - 0.8).abs() < 0.1, "{found:?}");
    assert!((share(&found, "b") - 0.2).abs() < 0.1, "{found:?}");
    assert!(share(&found, "c") < 0.03, "{found:?}");
    assert_eq!(found, of(&drawn(100, 1.0, 0.0)), "the same files must give the same report");
}

#[test]
fn nothing_is_made_of_pure_noise() {
    let found = of(&drawn(60, 0.0, 1.0));
    assert!(found.shares.is_empty(), "{found:?}");
    assert!(found.explanation.contains("cannot be told"), "{}", found.explanation);
}
