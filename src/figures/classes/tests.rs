use super::*;
use crate::figures::testing::{Decoded, decoded};

const NOTE: (&str, &str) = ("an experiment", "a note");

/// Lengths of the bars of a colour, from the top; the legend's sample is left out.
fn bars(picture: &Decoded, color: RGBColor) -> Vec<usize> {
    let places = picture.of_color(color);
    let mut rows = std::collections::BTreeMap::<usize, usize>::new();
    for (_, y) in places.into_iter().filter(|(_, y)| *y > HEADING + LEGEND) {
        *rows.entry(y).or_default() += 1;
    }
    let mut lengths: Vec<(usize, usize)> = Vec::new();
    for (y, count) in rows {
        match lengths.last_mut() {
            Some((last, length)) if *last + 1 == y => (*last, *length) = (y, (*length).max(count)),
            _ => lengths.push((y, count)),
        }
    }
    lengths.into_iter().map(|(_, length)| length).collect()
}

#[test]
fn bars_are_as_long_as_the_shares() {
    // The same whether counts or shares are given: 10, 20 and 70 percent, and a half for two of three.
    let picture = decoded(&png(NOTE, &[], &[100.0, 200.0, 700.0], &[0.5, 0.5, 0.0]));
    let generated = bars(&picture, GENERATED);
    assert_eq!(generated.len(), 3);
    for (length, share) in generated.iter().zip([1.0, 2.0, 7.0]) {
        let unit = generated[0] as f64;
        assert!((*length as f64 - share * unit).abs() <= 8.0, "{generated:?}");
    }
    let real = bars(&picture, REAL);
    assert!(real.len() == 2 && real[0].abs_diff(real[1]) <= 1);
    assert!((real[0] as f64 / generated[2] as f64 - 5.0 / 7.0).abs() < 0.01, "{real:?}");
}

#[test]
fn the_uniform_share_is_dashed_where_the_real_ones_are_all_the_same() {
    assert_eq!(uniform(&shares(&[3.0; 4])), Some(0.25));
    assert_eq!(uniform(&shares(&[3.0, 3.0, 4.0])), None);
    assert_eq!((uniform(&[]), uniform(&[1.0]), uniform(&shares(&[0.0, 0.0]))), (None, None, None));
    let is_dashed = |real: &[f64]| {
        let picture = decoded(&png(NOTE, &[], &[1.0; 10], real));
        let mut columns = vec![0; picture.width];
        picture.of_color(palette::INK).into_iter().for_each(|(x, _)| columns[x] += 1);
        // Seven pixels of thirteen; no name has as many above each other.
        columns.into_iter().any(|count| count > 10 * ROW.0 / 2)
    };
    let mut uneven = [1.0; 10];
    uneven[3] = 1.5;
    assert!(is_dashed(&[1.0; 10]) && !is_dashed(&uneven));
}

#[test]
fn shares_are_parts_of_the_sum_whatever_the_numbers() {
    assert_eq!(shares(&[1.0, 3.0]), [0.25, 0.75]);
    assert_eq!(shares(&[f64::NAN, -1.0, 2.0, f64::INFINITY]), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(shares(&[f64::MAX, f64::MAX]), [0.5, 0.5]);
    assert_eq!((shares(&[]), shares(&[0.0, f64::NAN])), (vec![], vec![0.0, 0.0]));
    let texts = [0.0, 0.000_4, 0.098_76, 1.0].map(percent);
    assert_eq!(texts, ["0 %", "< 0.1 %", "9.9 %", "100.0 %"]);
}

#[test]
fn any_number_of_classes_gives_a_picture() {
    let names = ["T-shirt/top", "a name that is much longer than any room could ever be for it", ""];
    let names = names.map(str::to_owned);
    for classes in [0, 1, 2, 10, 37, 100, 256] {
        let numbers: Vec<f64> = (0..classes).map(|class| (class * 7919 % 101) as f64).collect();
        for (generated, real) in [(&numbers[..], &numbers[..]), (&numbers, &[]), (&[], &numbers)] {
            let bytes = png(NOTE, &names, generated, real);
            let picture = decoded(&bytes);
            assert!(picture.width == WIDTH && (200..2000).contains(&picture.height), "{}", picture.height);
            assert_eq!(bytes, png(NOTE, &names, generated, real));
        }
    }
}
