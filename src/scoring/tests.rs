//! What scores have to say of images that are made worse on purpose: silhouettes, seen by the extractor that the program ships with.

use super::shipped;
use crate::config::evaluation::Metric;
use crate::data::{Dataset, Pixels, SEED, Split, silhouettes};
use crate::evaluation::{Neighbours, Reference, Sample, memorisation, score};
use crate::random::Stream;
use rand::Rng;

/// Images in each set.
const COUNT: usize = 1000;
const SIDE: usize = 28;
const PIXELS: usize = SIDE * SIDE;

fn dataset() -> Dataset {
    silhouettes::dataset(SEED, 2 * COUNT, COUNT)
}

fn bytes(split: &Split) -> &[u8] {
    let Pixels::Bytes(pixels) = split.pixels() else { panic!("silhouettes are bytes") };
    pixels
}

fn look(pixels: &[u8]) -> Sample {
    shipped("silhouettes").unwrap().extractor().unwrap().look(pixels).unwrap()
}

/// A metric's numbers against a reference.
fn scores(metric: Metric, reference: &Reference, samples: &Sample) -> Vec<f64> {
    score(metric).score(reference, samples, &Stream::new(0, "evaluation.subsets")).unwrap()
}

/// Every column of every metric but spreads, with whether high values are the good ones.
fn columns(reference: &Reference, samples: &Sample) -> Vec<(&'static str, bool, f64)> {
    let each = |metric: Metric| {
        let numbers = scores(metric, reference, samples);
        metric
            .columns()
            .iter()
            .zip(numbers)
            .map(|(column, number)| (column.name, column.is_higher_better, number))
    };
    Metric::ALL.into_iter().flat_map(each).filter(|(name, ..)| !name.ends_with("_std")).collect()
}

/// Checks that each step of `worse` is worse than the one before in the named columns.
#[track_caller]
fn assert_worsens(reference: &Reference, worse: &[Vec<u8>], named: &[&str]) {
    let steps: Vec<_> = worse.iter().map(|pixels| columns(reference, &look(pixels))).collect();
    for name in named {
        let series: Vec<f64> = steps
            .iter()
            .map(|step| {
                let (_, is_higher_better, number) = step.iter().find(|column| column.0 == *name).unwrap();
                if *is_higher_better { -number } else { *number }
            })
            .collect();
        assert!(series.windows(2).all(|pair| pair[0] < pair[1]), "{name}: {series:?}");
    }
}

#[test]
fn unseen_images_score_near_the_floor_and_worse_ones_worse() {
    let dataset = dataset();
    let test = &bytes(&dataset.test)[..COUNT * PIXELS];
    let (train, others) = bytes(&dataset.train).split_at(COUNT * PIXELS);
    let reference = Reference::new(look(test));
    let [floor, again] = [train, others].map(|pixels| columns(&reference, &look(pixels)));
    for ((name, _, floor), (_, _, again)) in floor.iter().zip(&again) {
        let apart = (floor - again).abs();
        assert!(apart < 0.05 || apart < 0.5 * floor.abs(), "{name}: {floor} {again}");
    }

    let noisy = |level: f64| -> Vec<u8> {
        let mut random = Stream::new(1, "noise").at(0);
        let noise =
            |&byte: &u8| (f64::from(byte) + level * random.gen_range(-1.0..1.0)).clamp(0.0, 255.0) as u8;
        train.iter().map(noise).collect()
    };
    let all = ["frechet", "kernel", "precision", "density", "coverage"];
    assert_worsens(&reference, &[0.0, 40.0, 80.0, 120.0].map(noisy), &all);
    assert_worsens(&reference, &[0, 1, 2, 4].map(|times| blurred(train, times)), &all);

    // Classes that are no longer drawn: fewer kinds of images, each as good as before.
    let labels = &dataset.train.labels().unwrap()[..COUNT];
    let only = |classes: u8| -> Vec<u8> {
        let kept = train.chunks_exact(PIXELS).zip(labels).filter(|(_, label)| **label < classes);
        kept.flat_map(|(image, _)| image).copied().collect()
    };
    let named =
        ["frechet", "kernel", "recall", "coverage", "class_coverage", "class_distance", "classifier_score"];
    assert_worsens(&reference, &[10, 7, 4, 1].map(only), &named);
}

/// A generator that repeats training images has the best Fréchet distance that there is; how near they are to the training set exposes it.
#[test]
fn repeated_training_images_are_exposed_by_their_neighbours_alone() {
    let dataset = dataset();
    let test = &bytes(&dataset.test)[..COUNT * PIXELS];
    let (train, unseen) = bytes(&dataset.train).split_at(COUNT * PIXELS);
    let (train, unseen, test) = (look(train), look(unseen), look(test));
    let nearest = |samples: &Sample| {
        Neighbours::find(&samples.features, &train.features, train.width, 1).unwrap().nearest()
    };
    let held_out = nearest(&test);
    let copies = memorisation(&nearest(&train), &held_out).unwrap();
    let fresh = memorisation(&nearest(&unseen), &held_out).unwrap();
    assert!(copies.nearer > 0.99 && copies.copies > 0.99, "{copies:?}");
    assert!((fresh.nearer - 0.5).abs() < 0.06 && fresh.copies < 0.05, "{fresh:?}");
    let reference = Reference::new(test);
    let [of_copies, of_fresh] =
        [&train, &unseen].map(|samples| scores(Metric::Frechet, &reference, samples)[0]);
    assert!((of_copies / of_fresh - 1.0).abs() < 0.5, "{of_copies} {of_fresh}");
}

/// The mean of 3×3 pixels, so many times; the edge goes on beyond itself.
fn blurred(pixels: &[u8], times: usize) -> Vec<u8> {
    let mut pixels = pixels.to_vec();
    for _ in 0..times {
        let mut next = Vec::with_capacity(pixels.len());
        for image in pixels.chunks_exact(PIXELS) {
            for at in 0..PIXELS {
                let near = |center: usize, step: usize| (center + step).saturating_sub(1).min(SIDE - 1);
                let nine = (0..9).map(|k| image[near(at / SIDE, k / 3) * SIDE + near(at % SIDE, k % 3)]);
                next.push((nine.map(u32::from).sum::<u32>() / 9) as u8);
            }
        }
        pixels = next;
    }
    pixels
}
