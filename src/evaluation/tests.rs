use safetensors::SafeTensors;

use super::kernel::{discrepancy, mean_and_deviation, rows};
use super::manifold::{NEIGHBOURS, inside, squared_radii};
use super::*;
use crate::random::fill_normal;

/// Made by `tests/reference/make_scores.py` with SciPy, mpmath, scikit-learn and prdc.
const REFERENCE: &[u8] = include_bytes!("../../tests/reference/scores.safetensors");

fn file() -> SafeTensors<'static> {
    SafeTensors::deserialize(REFERENCE).unwrap()
}

/// A matrix and its width.
fn matrix(name: &str) -> (Vec<f32>, usize) {
    let file = file();
    let tensor = file.tensor(name).unwrap();
    let values = tensor.data().chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
    (values.collect(), tensor.shape()[1])
}

fn numbers(name: &str) -> Vec<f64> {
    let file = file();
    let tensor = file.tensor(name).unwrap();
    tensor.data().chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fn points(features: Vec<f32>, width: usize) -> Sample {
    Sample::new(features.len() / width, features, width, Vec::new(), 0).unwrap()
}

fn stored(name: &str) -> Sample {
    let (features, width) = matrix(name);
    points(features, width)
}

/// The rows before `count`.
fn first(sample: &Sample, count: usize) -> Sample {
    points(sample.features[..count * sample.width].to_vec(), sample.width)
}

/// `draw` of make_scores.py.
fn draw(seed: u64, rows: usize, width: usize, scale: f64, shift: f64) -> Sample {
    let halves = |index: u64| {
        let z = ((seed << 32) + index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let z = z ^ (z >> 31);
        (z >> 42) + ((z >> 20) & ((1 << 22) - 1))
    };
    let number = |index: usize| {
        let sum = halves(2 * index as u64) + halves(2 * index as u64 + 1);
        let near_normal = sum as f64 / f64::from(1 << 22) - 2.0;
        (near_normal * (scale * (1 + index % width % 7) as f64) + shift) as f32
    };
    points((0..rows * width).map(number).collect(), width)
}

fn drawn() -> (Sample, Sample) {
    let (real, fake) = (draw(1, 2000, 84, 0.11, 0.3), draw(2, 1700, 84, 0.118, 0.33));
    let ends: Vec<f32> = real.features[..4].iter().chain(&fake.features[1700 * 84 - 4..]).copied().collect();
    assert_eq!(ends, first_drawn());
    (real, fake)
}

fn first_drawn() -> Vec<f32> {
    let file = file();
    let tensor = file.tensor("drawn/first").unwrap();
    tensor.data().chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fn stream() -> Stream {
    Stream::new(0, "evaluation")
}

fn numbers_of(metric: Metric, reference: &Reference, samples: &Sample) -> Vec<f64> {
    score(metric).score(reference, samples, &stream()).unwrap()
}

#[track_caller]
fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!((found / expected - 1.0).abs() < tolerance, "{found} is not {expected}");
}

#[test]
fn frechet_agrees_with_scipy() {
    let (small_real, small_fake) = (stored("small/real"), stored("small/fake"));
    let moved = |sample: &Sample| points(sample.features.iter().map(|x| x + 1000.0).collect(), sample.width);
    let check = |real: Sample, fake: Sample, expected: &str| {
        let found = numbers_of(Metric::Frechet, &Reference::new(real.clone()), &fake)[0];
        assert_near(found, numbers(expected)[0], 1e-9);
        let turned = numbers_of(Metric::Frechet, &Reference::new(fake), &real)[0];
        assert_near(turned, found, 1e-12);
    };
    check(moved(&small_real), moved(&small_fake), "far/frechet");
    // Fewer examples than features: singular covariances.
    check(first(&small_real, 9), first(&small_fake, 12), "few/frechet");
    check(first(&small_real, 60), first(&small_fake, 12), "few/one_sided");
    check(small_real, small_fake, "small/frechet");
    let (real, fake) = drawn();
    check(real, fake, "drawn/frechet");
}

/// Two normal distributions of two features, exactly: four points whose mean is m and whose covariance is diagonal.
#[test]
fn frechet_is_the_distance_between_normal_distributions() {
    let cross = |m: f32, a: f32, b: f32| points(vec![m + a, 0.0, m - a, 0.0, m, b, m, -b], 2);
    // Variances 2a²/3 and 2b²/3: F = Δm² + 2/3 ((a − a')² + (b − b')²).
    let reference = Reference::new(cross(0.0, 3.0, 1.0));
    assert_near(
        numbers_of(Metric::Frechet, &reference, &cross(2.0, 5.0, 4.0))[0],
        4.0 + 2.0 / 3.0 * 13.0,
        1e-12,
    );
    assert!(numbers_of(Metric::Frechet, &reference, &cross(0.0, 3.0, 1.0))[0] < 1e-12);
}

#[test]
fn kernel_distances_agree_with_numpy() {
    let (real, fake) = (stored("small/real"), stored("small/fake"));
    let all = |sample: &Sample| rows(sample, 0..sample.count);
    assert_near(discrepancy(&all(&real), &all(&fake), 16), numbers("small/kernel")[0], 1e-9);
    let subsets = |name: &str| -> Vec<Vec<usize>> {
        let indices: Vec<usize> = numbers(name).into_iter().map(|index| index as usize).collect();
        indices.chunks_exact(90).map(<[usize]>::to_vec).collect()
    };
    let estimates: Vec<f64> = subsets("subsets/real")
        .into_iter()
        .zip(subsets("subsets/fake"))
        .map(|(i, j)| discrepancy(&rows(&real, i), &rows(&fake, j), 16))
        .collect();
    assert_eq!(estimates.len(), 20);
    for (found, expected) in mean_and_deviation(&estimates).into_iter().zip(numbers("subsets/kernel")) {
        assert_near(found, expected, 1e-9);
    }
    let (real, fake) = drawn();
    let expected = numbers("drawn/kernel")[0];
    assert_near(discrepancy(&all(&real), &all(&fake), 84), expected, 1e-6);
    // Subsets estimate the same quantity.
    let found = numbers_of(Metric::Kernel, &Reference::new(real), &fake);
    assert!((found[0] - expected).abs() < found[1] / 3.0, "{found:?} around {expected}");
}

/// Counts: precise samples, recalled examples, pairs, and examples whose ball holds a sample.
#[track_caller]
fn assert_counts(real: Sample, fake: &Sample, expected: &str) {
    let (count, expected) = (real.count as f64, numbers(expected));
    let reference = Reference::new(real);
    let found = inside(&reference, fake, Some(&squared_radii(&fake.rows(), NEIGHBOURS)));
    let precise = found.balls.iter().filter(|balls| **balls > 0).count();
    let pairs: u32 = found.balls.iter().sum();
    let counts = [precise, found.recalled, pairs as usize, found.holding].map(|count| count as f64);
    assert_eq!(counts, *expected);
    let of_fakes = fake.count as f64;
    let precision_recall = numbers_of(Metric::PrecisionRecall, &reference, fake);
    assert_eq!(precision_recall, [expected[0] / of_fakes, expected[1] / count]);
    let density_coverage = numbers_of(Metric::DensityCoverage, &reference, fake);
    assert_eq!(density_coverage, [expected[2] / (of_fakes * 5.0), expected[3] / count]);
}

#[test]
fn manifolds_have_the_counts_of_prdc() {
    assert_counts(stored("small/real"), &stored("small/fake"), "small/counts");
    let (real, fake) = drawn();
    assert_counts(real, &fake, "drawn/counts");
}

/// A copy of a neighbour is at exactly the radius of a ball, and a comparison of rounded distances would decide by chance.
#[test]
fn manifolds_have_exact_counts_where_examples_coincide() {
    assert_counts(stored("small/real"), &stored("copies/fake"), "copies/counts");
    let far = |name: &str| {
        let sample = stored(name);
        points(sample.features.iter().map(|x| x + 1000.0).collect(), 16)
    };
    assert_counts(far("small/real"), &far("small/fake"), "far/counts");
}

#[test]
fn neighbours_are_those_of_scikit_learn() {
    let ((real, width), (fake, _)) = (matrix("small/real"), matrix("small/fake"));
    let found = Neighbours::find(&fake, &real, width, 3).unwrap();
    let expected: Vec<usize> = numbers("small/neighbours").into_iter().map(|index| index as usize).collect();
    assert_eq!(found.indices, expected);
    for (found, expected) in found.distances.iter().zip(numbers("small/distances")) {
        assert_near(*found, expected, 1e-12);
    }
    assert_eq!(found.nearest()[1], found.distances[3]);
}

#[test]
fn equally_near_neighbours_come_in_their_order() {
    let examples = [5.0, 1.0, -1.0, 1.0, 3.0, -1.0, 1.0];
    let found = Neighbours::find(&[0.0, 1.0], &examples, 1, 4).unwrap();
    assert_eq!(found.indices, [1, 2, 3, 5, 1, 3, 6, 2]);
    assert_eq!(found.distances, [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 2.0]);
}

#[test]
fn memorisation_compares_distances() {
    let held_out: Vec<f64> = (1..=200).map(f64::from).collect();
    // The nearest hundredth are 1 and 2.
    let found = memorisation(&[0.5, 2.0, 2.5, 300.0], &held_out).unwrap();
    assert_eq!(found.copies, 0.5);
    // Nearer than 200, 198 and a half, 198 and 0 of them.
    assert_near(found.nearer, (200.0 + 198.5 + 198.0) / 800.0, 1e-12);
    assert_eq!(memorisation(&held_out, &held_out).unwrap(), Memorisation { nearer: 0.5, copies: 0.01 });
    assert!(matches!(memorisation(&[], &held_out), Err(Unscorable::TooFew { .. })));
    assert!(matches!(memorisation(&held_out, &[1.0, f64::NAN]), Err(Unscorable::NotFinite { row: 1, .. })));
}

#[test]
fn parzen_windows_agree_with_the_program_of_2014() {
    let [(samples, width), (validation, _), (test, _)] =
        ["parzen/samples", "parzen/validation", "parzen/test"].map(matrix);
    let found = parzen(&samples, &validation, &test, width).unwrap();
    let found = [found.sigma, found.log_likelihood, found.standard_error];
    for (found, expected) in found.into_iter().zip(numbers("parzen/score")) {
        assert_near(found, expected, 1e-10);
    }
}

/// More samples than one block holds: the logarithm of a sum goes on where it was.
#[test]
fn a_parzen_window_does_not_depend_on_blocks() {
    let [(samples, width), (validation, _), (test, _)] =
        ["parzen/samples", "parzen/validation", "parzen/test"].map(matrix);
    let once = parzen(&samples, &validation, &test, width).unwrap();
    let again = parzen(&samples.repeat(20), &validation, &test, width).unwrap();
    assert_eq!(again.sigma, once.sigma);
    assert_near(again.log_likelihood, once.log_likelihood, 1e-12);
    assert_near(again.standard_error, once.standard_error, 1e-10);
}

fn classified(probabilities: Vec<f32>, classes: usize) -> Sample {
    let count = probabilities.len() / classes;
    Sample::new(count, vec![0.0; count], 1, probabilities, classes).unwrap()
}

#[test]
fn classes_are_counted() {
    let reference = Reference::new(points(vec![0.0, 1.0], 1));
    let (probabilities, classes) = matrix("classes/probabilities");
    let found = numbers_of(Metric::ClassifierScore, &reference, &classified(probabilities, classes));
    // SciPy divides rows, which are f32, by their sums.
    assert_near(found[0], numbers("classes/score")[0], 1e-8);

    // Labels 0 0 0 2, the third of two equal ones.
    let sure =
        classified(vec![1.0, 0.0, 0.0, 0.0, 0.6, 0.4, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0], 4);
    assert_eq!(class_histogram(&sure).unwrap(), [3, 0, 1, 0]);
    // ½ (|¾ − ¼| + ¼ + 0 + ¼).
    assert_eq!(numbers_of(Metric::ClassCoverage, &reference, &sure), [0.5, 0.5]);
    let even = classified(vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], 3);
    assert_eq!(numbers_of(Metric::ClassCoverage, &reference, &even), [1.0, 0.0]);
    assert_near(numbers_of(Metric::ClassifierScore, &reference, &even)[0], 3.0, 1e-12);
    let alike = classified([0.2, 0.8].repeat(5), 2);
    assert_near(numbers_of(Metric::ClassifierScore, &reference, &alike)[0], 1.0, 1e-12);
}

const WIDTH: usize = 12;
const CLASSES: usize = 10;

/// Examples of ten classes around their centres, with `noise` added (standard deviation), of the classes from `dropped` on. Probabilities are those of a
/// classifier that knows the centres.
fn classes(index: u64, count: usize, noise: f32, dropped: usize) -> Sample {
    let draw = |name: &str, length: usize| {
        let mut values = vec![0.0; length];
        fill_normal(&mut Stream::new(5, name).at(index), &mut values);
        values
    };
    let mut centres = vec![0.0; CLASSES * WIDTH];
    fill_normal(&mut Stream::new(5, "centres").at(0), &mut centres);
    let (spread, noises) = (draw("examples", count * WIDTH), draw("noise", count * WIDTH));
    let feature = |at: usize| {
        let class = dropped + at / WIDTH % (CLASSES - dropped);
        2.0 * centres[class * WIDTH + at % WIDTH] + 0.5 * spread[at] + noise * noises[at]
    };
    let features: Vec<f32> = (0..count * WIDTH).map(feature).collect();
    let probabilities = features.chunks_exact(WIDTH).flat_map(|row| {
        let distance =
            |centre: &[f32]| row.iter().zip(centre).map(|(x, c)| (x - 2.0 * c).powi(2)).sum::<f32>();
        let near: Vec<f32> = centres.chunks_exact(WIDTH).map(distance).collect();
        let least = near.iter().copied().fold(f32::INFINITY, f32::min);
        let parts: Vec<f32> = near.iter().map(|d| (-(d - least) / 2.0).exp()).collect();
        let sum: f32 = parts.iter().sum();
        parts.into_iter().map(move |part| part / sum)
    });
    let probabilities = probabilities.collect();
    Sample::new(count, features, WIDTH, probabilities, CLASSES).unwrap()
}

/// Every column's value at each step.
fn curves(steps: &[Sample], reference: &Reference) -> Vec<(&'static Column, Vec<f64>)> {
    let columns = Metric::ALL.into_iter().flat_map(Metric::columns);
    let mut curves: Vec<(&Column, Vec<f64>)> = columns.map(|column| (column, Vec::new())).collect();
    for samples in steps {
        let found = scores(&Metric::ALL, reference, samples, &stream()).unwrap();
        assert_eq!(found.len(), curves.len());
        for ((column, curve), (of, value)) in curves.iter_mut().zip(found) {
            assert_eq!(*column, of);
            curve.push(value);
        }
    }
    curves
}

#[track_caller]
fn assert_all_worsen(steps: &[Sample], reference: &Reference, names: &[&str]) {
    let curves = curves(steps, reference);
    for name in names {
        let (column, curve) = curves.iter().find(|(column, _)| column.name == *name).unwrap();
        for pair in curve.windows(2) {
            let worsens = if column.is_higher_better { pair[1] < pair[0] } else { pair[1] > pair[0] };
            assert!(worsens, "{name}: {curve:?}");
        }
    }
}

#[test]
fn every_score_worsens_under_growing_noise() {
    let steps: Vec<Sample> = [0.0, 0.5, 0.75, 1.0, 1.25].map(|noise| classes(1, 1500, noise, 0)).into();
    let reference = Reference::new(classes(0, 1500, 0.0, 0));
    // Recall is no such score: noisy samples lie far apart, and so their balls are large, as those of outliers are in Naeem et al. 2020.
    let names = ["frechet", "kernel", "precision", "density", "coverage", "classifier_score"];
    assert_all_worsen(&steps, &reference, &names);
}

#[test]
fn scores_of_variety_worsen_as_classes_are_dropped() {
    let steps: Vec<Sample> = [0, 1, 2, 4, 6].map(|dropped| classes(1, 1500, 0.0, dropped)).into();
    let reference = Reference::new(classes(0, 1500, 0.0, 0));
    let names =
        ["frechet", "kernel", "recall", "coverage", "class_coverage", "class_distance", "classifier_score"];
    assert_all_worsen(&steps, &reference, &names);
}

#[test]
fn samples_of_the_same_distribution_are_at_the_floor() {
    let reference = Reference::new(classes(0, 1500, 0.0, 0));
    let found = scores(&Metric::ALL, &reference, &classes(1, 1500, 0.0, 0), &stream()).unwrap();
    let value = |name: &str| found.iter().find(|(column, _)| column.name == name).unwrap().1;
    let off = numbers_of(Metric::Frechet, &reference, &classes(1, 1500, 1.0, 0))[0];
    assert!(value("frechet") < off / 20.0, "{} {off}", value("frechet"));
    assert!(value("kernel").abs() < 3.0 * value("kernel_std"), "{} {}", value("kernel"), value("kernel_std"));
    assert!((value("density") - 1.0).abs() < 0.05, "{}", value("density"));
    // 1 − 2⁻⁵, Naeem et al. 2020.
    assert!((value("coverage") - 0.96875).abs() < 0.02, "{}", value("coverage"));
    assert_eq!((value("class_coverage"), value("class_distance") < 0.01), (1.0, true));
    assert!(value("classifier_score") > 9.5);
}

/// What no distance between distributions sees.
#[test]
fn copies_of_the_training_set_are_exposed_by_neighbours_and_not_by_frechet() {
    let (train, test) = (classes(0, 4000, 0.0, 0), classes(1, 4000, 0.0, 0));
    let (honest, copies) = (classes(2, 4000, 0.0, 0), train.clone());
    let reference = Reference::new(test);
    let frechet = |samples: &Sample| numbers_of(Metric::Frechet, &reference, samples)[0];
    assert!(frechet(&copies) < 1.5 * frechet(&honest), "{} {}", frechet(&copies), frechet(&honest));
    let nearest =
        |sample: &Sample| Neighbours::find(&sample.features, &train.features, WIDTH, 1).unwrap().nearest();
    let held_out = nearest(reference.sample());
    assert_eq!(
        memorisation(&nearest(&copies), &held_out).unwrap(),
        Memorisation { nearer: 1.0, copies: 1.0 }
    );
    let found = memorisation(&nearest(&honest), &held_out).unwrap();
    assert!((found.nearer - 0.5).abs() < 0.03 && found.copies < 0.03, "{found:?}");
    // A tenth of copies shows, too.
    let mixed = points([&copies.features[..400 * WIDTH], &honest.features[400 * WIDTH..]].concat(), WIDTH);
    assert!(memorisation(&nearest(&mixed), &held_out).unwrap().copies > 0.1);
}

#[test]
fn a_collapsed_generator_gets_numbers() {
    let reference = Reference::new(classes(0, 600, 0.0, 0));
    let one = reference.sample().features[..WIDTH].repeat(600);
    let probabilities = reference.sample().probabilities[..CLASSES].repeat(600);
    let collapsed = Sample::new(600, one, WIDTH, probabilities, CLASSES).unwrap();
    let found = scores(&Metric::ALL, &reference, &collapsed, &stream()).unwrap();
    assert!(found.iter().all(|(_, value)| value.is_finite()), "{found:?}");
    let value = |name: &str| found.iter().find(|(column, _)| column.name == name).unwrap().1;
    assert_eq!((value("precision"), value("recall"), value("class_coverage")), (1.0, 0.0, 0.1));
    assert!(value("coverage") < 0.05);
}

#[test]
fn features_as_large_and_as_small_as_f32_get_numbers() {
    let scaled = |index: u64, largest: f32| {
        let sample = classes(index, 64, 0.0, 0);
        let top = sample.features.iter().fold(0.0f32, |top, x| top.max(x.abs()));
        points(sample.features.iter().map(|x| x / top * largest).collect(), WIDTH)
    };
    let metrics = [Metric::Frechet, Metric::Kernel, Metric::PrecisionRecall, Metric::DensityCoverage];
    for largest in [f32::MAX, f32::MIN_POSITIVE] {
        let reference = Reference::new(scaled(0, largest));
        let found = scores(&metrics, &reference, &scaled(1, largest), &stream()).unwrap();
        assert!(found.iter().all(|(_, value)| value.is_finite()), "{largest}: {found:?}");
        // Neighbours do not depend on the unit.
        let plain = scores(&metrics, &Reference::new(scaled(0, 1.0)), &scaled(1, 1.0), &stream()).unwrap();
        let manifolds = 3..;
        for ((column, value), (_, expected)) in found[manifolds.clone()].iter().zip(&plain[manifolds]) {
            assert!((value - expected).abs() < 0.02, "{largest}, {}: {value} is not {expected}", column.name);
        }
    }
}

#[test]
fn scores_are_the_same_bytes_whatever_the_threads() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (real, fake) = (classes(0, 1300, 0.0, 0), classes(1, 1200, 0.3, 0));
            let near = Neighbours::find(&fake.features, &real.features, WIDTH, 5).unwrap();
            let found = scores(&Metric::ALL, &Reference::new(real), &fake, &stream()).unwrap();
            let bits: Vec<u64> = found.iter().map(|(_, value)| value.to_bits()).collect();
            (bits, near)
        })
    };
    let alone = run(1);
    assert_eq!(run(2), alone);
    assert_eq!(run(5), alone);
}

#[test]
fn what_cannot_be_scored_says_why() {
    let refused = |count: usize, features: Vec<f32>, width: usize| {
        Sample::new(count, features, width, Vec::new(), 0).unwrap_err().to_string()
    };
    assert_eq!(refused(1, vec![0.0; 3], 3), "a score: at least 2 examples are needed, but there is 1");
    assert_eq!(refused(0, vec![], 3), "a score: at least 2 examples are needed, but there are none");
    assert_eq!(refused(2, vec![0.0; 5], 3), "features: 5 numbers are not 2 rows of 3");
    assert_eq!(
        refused(usize::MAX, vec![0.0; 5], 3),
        format!("features: 5 numbers are not {} rows of 3", usize::MAX)
    );
    assert_eq!(refused(2, vec![], 0), "features: 0 numbers are not 2 rows of 0");
    assert_eq!(
        refused(2, vec![0.0, 0.0, 0.0, 0.0, f32::NAN, 0.0], 3),
        "features: row 1 has NaN in column 1, which is no finite number"
    );
    assert_eq!(
        refused(2, vec![f32::NEG_INFINITY, 0.0], 1),
        "features: row 0 has -inf in column 0, which is no finite number"
    );
    let with = |probabilities: Vec<f32>, classes| {
        Sample::new(2, vec![0.0, 1.0], 1, probabilities, classes).unwrap_err().to_string()
    };
    assert_eq!(with(vec![1.0; 3], 2), "class probabilities: 3 numbers are not 2 rows of 2");
    assert_eq!(with(vec![1.0; 3], 0), "class probabilities: 3 numbers are not 2 rows of 0");
    let distribution = "class probabilities: row 1 is no distribution, its numbers reach from";
    assert_eq!(with(vec![0.5, 0.5, 0.5, 0.25], 2), format!("{distribution} 0.25 and sum to 0.75"));
    assert_eq!(with(vec![0.5, 0.5, 1.5, -0.5], 2), format!("{distribution} -0.5 and sum to 1"));

    let reference = Reference::new(points(vec![0.0, 1.0, 2.0, 3.0], 2));
    let error = |metric, samples: &Sample| {
        score(metric).score(&reference, samples, &stream()).unwrap_err().to_string()
    };
    for metric in [Metric::Frechet, Metric::Kernel, Metric::PrecisionRecall, Metric::DensityCoverage] {
        assert_eq!(
            error(metric, &points(vec![0.0, 1.0], 1)),
            "the samples have 1 features and the examples that they are compared with 2"
        );
    }
    let two = points(vec![0.0, 1.0, 2.0, 5.0], 2);
    let few = "precision and recall: at least 6 examples are needed, but there are 2";
    assert_eq!(error(Metric::PrecisionRecall, &two), few);
    assert!(matches!(
        score(Metric::DensityCoverage).score(&reference, &two, &stream()),
        Err(Unscorable::TooFew { least: 6, .. })
    ));
    for metric in [Metric::ClassCoverage, Metric::ClassifierScore] {
        let expected = format!(
            "{} needs the class probabilities of a classifier, and these samples have none",
            metric.word()
        );
        assert_eq!(error(metric, &two), expected);
    }
    // Two examples are enough for the others.
    assert!(numbers_of(Metric::Frechet, &reference, &two)[0] > 0.0);
    assert!(numbers_of(Metric::Kernel, &reference, &two)[0].is_finite());

    let found = parzen(&[0.5, 0.5], &[0.5, 1.01], &[0.0, 0.0], 2).unwrap_err().to_string();
    assert_eq!(found, "validation images: row 0 has 1.01 in column 1, but its pixels must lie in [0, 1]");
    assert!(matches!(parzen(&[], &[0.5], &[0.5], 1), Err(Unscorable::TooFew { .. })));
    assert!(matches!(parzen(&[0.5; 3], &[0.5], &[0.5], 2), Err(Unscorable::Length { .. })));
    assert!(matches!(parzen(&[f32::NAN], &[0.5], &[0.5], 1), Err(Unscorable::NotFinite { .. })));
    let search = |queries: &[f32], examples: &[f32], width, k| {
        Neighbours::find(queries, examples, width, k).unwrap_err().to_string()
    };
    assert_eq!(
        search(&[0.0], &[0.0, 1.0], 1, 3),
        "a search for the nearest neighbours: at least 3 examples are needed, but there are 2"
    );
    assert!(search(&[0.0], &[0.0, 1.0], 1, 0).contains("at least 1"));
    assert!(search(&[0.0; 3], &[0.0; 4], 2, 1).contains("queries: 3 numbers are not 1 rows of 2"));
    assert!(search(&[0.0], &[0.0], 0, 1).contains("rows of 0"));
}

/// Each word has its metric, and a column is filled by one metric.
#[test]
fn the_list_is_complete() {
    let mut names: Vec<&str> = Vec::new();
    for metric in Metric::ALL {
        assert_eq!(score(metric).metric(), metric);
        names.extend(metric.columns().iter().map(|column| column.name));
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
