use super::super::testing::{Stripes, assert_resumes, fresh, load, train};
use super::*;
use crate::architecture::{Networks, Readout};
use dfdx::prelude::Cpu;

fn classifier(file: &str, sets: &[&str], seed: u64) -> Classifier<Cpu> {
    let (mut experiment, networks) = load(file, sets);
    experiment.seed = seed;
    let Networks::Classifier { classifier, readout } = &networks else { panic!("{networks:?}") };
    let loss = match readout {
        Readout::Sigmoids => Classification::SquaredError,
        Readout::Logits => Classification::CrossEntropy,
    };
    let settings = Settings::of(&experiment, loss, classifier.output().features());
    let mut network = fresh(&experiment, classifier);
    let average = |ema| Average::new(ema, 8, fresh(&experiment, classifier), &mut *network);
    let average = experiment.training.ema.map(average);
    let classifier = Classifier::new(settings, Cpu::default(), network);
    match average {
        Some(average) => classifier.averaged(average),
        None => classifier,
    }
}

#[test]
fn a_restored_classifier_goes_on_to_the_last_bit() {
    for (file, sets) in [
        ("tiny_classifier.toml", &[][..]),
        ("tiny_classifier.toml", &["optimizer.name=sgd", "optimizer.momentum=0.9"]),
        ("classifier_sigmoid_mnist.toml", &["optimizer.name=rmsprop"]),
        ("tiny_classifier.toml", &["training.ema={ decay = 0.9 }"]),
    ] {
        let make = |seed| -> Box<dyn Learner> { Box::new(classifier(file, sets, seed)) };
        assert_resumes(&make, &format!("{file} {sets:?}"));
    }
}

#[test]
fn it_learns_and_says_how_well() {
    let mut learner = classifier("tiny_classifier.toml", &[], 0);
    let before = learner.measure(&Stripes);
    train(&mut learner, 0..60);
    let [loss, accuracy] = learner.measure(&Stripes)[..] else { panic!("two columns") };
    assert!(loss < 0.5 * before[0] && accuracy > 0.9, "{before:?} {loss} {accuracy}");
    let Some(Exhibit::Predictions { classes: 10, labels, predicted }) = learner.exhibit(&Stripes, 4) else {
        panic!("predictions")
    };
    let right = labels.iter().zip(&predicted).filter(|(label, answer)| label == answer).count();
    assert_eq!((labels.len(), right as f64 / 300.0), (300, accuracy));
}

#[test]
fn a_loss_that_is_no_number_is_told() {
    let mut learner = classifier("tiny_classifier.toml", &[], 0);
    let mut batch = Stripes.training(&[0, 1]);
    batch.values[0] = f32::NAN;
    let diverged = learner.step(0, &[batch]).unwrap_err();
    assert!(diverged.to_string().contains("the classifier's loss became NaN"), "{diverged}");
}

#[test]
fn the_average_is_what_is_tested() {
    let mut learner = classifier("tiny_classifier.toml", &["training.ema={ decay = 0.9 }"], 0);
    train(&mut learner, 0..6);
    let saved = learner.state();
    let measured = |prefix: &str| {
        let mut plain = classifier("tiny_classifier.toml", &[], 0);
        plain
            .restore(6, &mut |name, _| {
                let wanted = name.strip_prefix("classifier.").map(|rest| format!("{prefix}.{rest}"));
                let wanted = wanted.unwrap_or_else(|| name.to_owned());
                Ok(saved.iter().find(|array| array.name == wanted).ok_or("missing")?.values.clone())
            })
            .unwrap();
        plain.measure(&Stripes)
    };
    assert_eq!(learner.measure(&Stripes), measured("average"));
    assert_ne!(measured("classifier"), measured("average"));
}
