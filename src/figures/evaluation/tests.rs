use super::*;
use crate::figures::testing::decoded;

const ALL: [&str; 10] = [
    "frechet",
    "kernel",
    "kernel_std",
    "precision",
    "recall",
    "density",
    "coverage",
    "class_coverage",
    "class_distance",
    "classifier_score",
];

fn row(epoch: u64, scores: Vec<f64>, floors: Vec<f64>) -> EvaluationRow {
    EvaluationRow {
        epoch,
        step: 100 * epoch,
        scores,
        floors,
        samples: 10_000,
        reference: 2000,
        extractor: "0123456789abcdef".into(),
        seconds: 1.5,
    }
}

fn rows(count: u64, columns: usize) -> Vec<EvaluationRow> {
    let wave = |epoch: u64, column: u64| ((epoch * 7919 + column * 31) % 101) as f64 / 101.0;
    let scores = |epoch| (0..columns as u64).map(|column| wave(epoch, column)).collect();
    (1..=count).map(|epoch| row(epoch, scores(epoch), vec![0.5; columns])).collect()
}

fn named(columns: &[&str], rows: &[EvaluationRow]) -> Vec<(String, usize)> {
    let figure = Figure::new("", columns, rows);
    figure.panels.iter().map(|panel| (panel.title.clone(), panel.scores.len())).collect()
}

#[test]
fn a_metrics_columns_share_a_panel_and_unknown_ones_have_their_own() {
    let panel = |title: &str, scores| (title.to_owned(), scores);
    assert_eq!(
        named(&ALL, &rows(2, 10)),
        [
            panel("Fréchet distance", 1),
            panel("kernel distance", 1),
            panel("precision and recall", 2),
            panel("density and coverage", 2),
            panel("class coverage and distance", 2),
            panel("classifier score", 1),
        ]
    );
    let some = ["recall", "a_new_one", "kernel_std", "class_distance", "another"];
    assert_eq!(
        named(&some, &[]),
        [
            panel("recall", 1),
            panel("a new one", 1),
            panel("kernel std", 1),
            panel("class distance", 1),
            panel("another", 1)
        ]
    );
}

#[test]
fn any_rows_and_columns_give_a_picture() {
    let mut odd = rows(12, 10);
    odd[0].scores[0] = f64::NAN;
    odd[3].scores[1] = f64::INFINITY;
    odd[4].scores[2] = f64::NAN;
    odd[5].scores[3] = 1e300;
    odd[6].floors[4] = f64::NEG_INFINITY;
    odd[7].scores = vec![f64::NAN; 10];
    odd[8].scores.truncate(4);
    odd[9].floors.clear();
    let mut nothing = rows(3, 10);
    nothing.iter_mut().for_each(|row| row.scores.fill(f64::NAN));
    let mut late = rows(2, 10);
    (late[0].epoch, late[1].epoch, late[1].step) = (u64::MAX - 1, u64::MAX, u64::MAX);
    let mut again = rows(2, 10);
    again[1].epoch = 1;
    for rows in [vec![], rows(1, 10), rows(2, 10), rows(100, 10), odd, nothing, late, again] {
        for count in [0, 2, 5, 10] {
            let bytes = png("a title", &ALL[..count], &rows).unwrap();
            let picture = decoded(&bytes);
            let lines: i32 = match count {
                0 => 0,
                2 => HEADING + LINE + PLOT + LABELS,
                5 => 2 * (HEADING + PLOT + LABELS) + 3 * LINE,
                _ => 3 * (HEADING + PLOT + LABELS) + 5 * LINE,
            };
            let height = TOP + lines.max(LINE) + BELOW;
            assert_eq!((picture.width as i32, picture.height as i32), (WIDTH * SCALE, height * SCALE));
            assert_eq!(bytes, png("a title", &ALL[..count], &rows).unwrap());
            let text = svg("a title", &ALL[..count], &rows).unwrap();
            assert!(text.contains(&format!("width=\"960\" height=\"{height}\" viewBox")));
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
    }
    png(&"a long title ".repeat(50), &["x".repeat(400).as_str()], &rows(3, 1)).unwrap();
}

/// The dot of a score, its ring, and the dashes of its floor.
#[test]
fn scores_and_floors_lie_where_their_values_are() {
    let rows = [0.25, 0.75, 0.5].map(|score| vec![score]);
    let rows: Vec<_> = rows.into_iter().zip(1..).map(|(score, epoch)| row(epoch, score, vec![0.9])).collect();
    let picture = decoded(&png("", &["recall"], &rows).unwrap());
    let top = TOP + HEADING + LINE;
    let (left, right) = (SIDES.0 + MARGIN, SIDES.1);
    let at = |value: f64| f64::from(SCALE) * (f64::from(top + PLOT) - value * f64::from(PLOT));
    let column = |place: i32| -> Vec<usize> {
        let (top, bottom) = ((SCALE * top - 8) as usize, (SCALE * (top + PLOT) + 8) as usize);
        let blue = [palette::BLUE.0, palette::BLUE.1, palette::BLUE.2];
        (top..bottom).filter(|y| picture.at((SCALE * place) as usize, *y) == blue).collect()
    };
    // The first row stands on the left end: its dot, and the first dash.
    let first = column(left);
    let near = |found: &[usize], value: f64| found.iter().any(|y| (*y as f64 - at(value)).abs() < 3.0);
    assert!(near(&first, 0.25) && near(&first, 0.9) && !near(&first, 0.75), "{first:?}");
    // The best in the middle has paper between its ring and its dot.
    let middle = column((left + right) / 2);
    assert!(near(&middle, 0.75) && middle.iter().any(|y| (*y as f64 - (at(0.75) - 12.0)).abs() < 3.0));
    let between = (at(0.75) - 8.0).round() as usize;
    assert!(!middle.contains(&between), "{middle:?}");
    assert!(near(&column(right), 0.5) && !near(&column(right), 0.75));
}

#[test]
fn the_legend_says_the_best_and_what_real_examples_have() {
    let rows: Vec<_> = [(3.0, 0.5), (2.0, 0.75), (2.5, 0.25)]
        .into_iter()
        .zip(1..)
        .map(|((frechet, recall), epoch)| row(5 * epoch, vec![frechet, recall], vec![0.125, 0.9]))
        .collect();
    let text = svg("<title> & more", &["frechet", "recall"], &rows).unwrap();
    for wanted in [
        "best 2.00 at epoch 10",
        "real 0.125",
        "best 0.750 at epoch 10",
        "real 0.900",
        "lower is better",
        "higher is better",
        "&lt;title&gt; &amp; more",
        "10,000 samples against 2000 real examples",
        "features of extractor 0123456789abcdef",
        "ring: best",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
    assert!(!text.contains("band:") && !text.contains('×'));
    // One row has no choice of the best.
    let one = svg("", &["frechet", "recall"], &rows[..1]).unwrap();
    assert!(one.contains("3.00 at epoch 5") && !one.contains("best 3.00"));
    assert!(svg("", &["frechet"], &[]).unwrap().contains("no evaluation yet"));
}

#[test]
fn a_standard_deviation_is_a_band_and_what_is_not_finite_a_cross() {
    let row = |epoch, kernel, std| row(epoch, vec![kernel, std], vec![0.0, 0.1]);
    let mut all = vec![row(1, 3.0, 0.5), row(2, 2.0, 0.5), row(3, 1.0, 0.5)];
    let columns = ["kernel", "kernel_std"];
    let text = svg("", &columns, &all).unwrap();
    assert_eq!(text.matches("<polygon").count(), 1);
    assert!(text.contains("band: ±") && !text.contains('×'));
    all[1].scores[0] = f64::NAN;
    let text = svg("", &columns, &all).unwrap();
    assert!(text.contains("×: not finite") && text.contains("best 1.00 at epoch 3"));
}

#[test]
fn a_distance_that_falls_by_orders_of_magnitude_has_a_logarithmic_axis() {
    let rows: Vec<_> =
        [400.0, 40.0, 4.0].into_iter().zip(1..).map(|(x, epoch)| row(epoch, vec![x], vec![0.8])).collect();
    let place = |column: &str, value: f64| {
        let figure = Figure::new("", &[column], &rows);
        f64::from(figure.panels[0].vertical.map(&value, (0, 1_000_000)))
    };
    let steps =
        [place("frechet", 40.0) - place("frechet", 4.0), place("frechet", 400.0) - place("frechet", 40.0)];
    assert!((steps[0] - steps[1]).abs() < 2.0, "{steps:?}");
    // High is good: no distance.
    let steps = [
        place("classifier_score", 40.0) - place("classifier_score", 4.0),
        place("classifier_score", 400.0) - place("classifier_score", 40.0),
    ];
    assert!((steps[1] / steps[0] - 10.0).abs() < 0.01, "{steps:?}");
}
