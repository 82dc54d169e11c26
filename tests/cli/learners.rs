//! BEGANs, VAEs and classifiers from their files to what the other commands make of their folders.

use crate::support::{Workshop, run_of};
use std::fs;
use std::path::Path;

/// Some seconds of learning.
const SETS: [&str; 3] = ["training.epochs=6", "training.batch_size=16", "logging.tensorboard=true"];

fn header(run: &Path) -> String {
    let text = fs::read_to_string(run.join("metrics.csv")).expect("a metrics.csv");
    text.lines().next().expect("a header").to_owned()
}

fn last_row(run: &Path) -> Vec<f64> {
    let text = fs::read_to_string(run.join("metrics.csv")).expect("a metrics.csv");
    let last = text.lines().last().expect("a row");
    last.split(',').map(|number| number.parse().expect("a number")).collect()
}

#[test]
fn a_classifier_from_its_file_to_its_report() {
    let shop = Workshop::new();
    let done = shop.atelier(run_of("tiny_classifier.toml", "out", &SETS)).done().expect(0);
    let done = done.says("epoch 6/6  loss ").says("  test_accuracy ");
    assert!(!done.stdout.contains("d_loss") && !done.stdout.contains("gradient_norm"), "{done}");
    let run = shop.only_run("out");
    assert_eq!(
        header(&run),
        "epoch,step,loss,accuracy,gradient_norm,test_loss,test_accuracy,images_per_second,seconds"
    );
    let row = last_row(&run);
    // Ten classes: by chance it would be a tenth.
    assert!(row[3] > 0.5 && row[6] > 0.5, "{row:?}");
    for name in ["confusion.png", "mistakes.png", "losses.png", "losses.svg"] {
        assert!(run.join(name).is_file(), "{name}");
    }
    assert!(!run.join("progress.gif").exists());
    let experiment = fs::read_to_string(run.join("experiment.toml")).expect("an experiment.toml");
    assert!(!experiment.contains("latent") && !experiment.contains("[objective]"), "{experiment}");

    // What is written can be run again, and is the same run.
    let file = run.join("experiment.toml");
    let again = shop.atelier(["run", &file.to_string_lossy(), "--out", "out"]).done().expect(0);
    assert!(again.stdout.contains("complete"), "{again}");
    let of_run = |command: &str| shop.atelier([command, &run.to_string_lossy()]).done();
    of_run("sample").expect(2).complains("which draws no examples");
    shop.atelier(["list", "out"]).done().expect(0).says("test_accuracy");
    shop.atelier(["show", &file.to_string_lossy()])
        .done()
        .expect(0)
        .says("classifier")
        .says("conv 8, 5×5, stride 2");
    let report = shop.atelier(["report", &run.to_string_lossy(), "--markdown", "-"]).done().expect(0);
    report.says("% of the test examples rightly");
    // Two seeds side by side, the better ones first in no column that a GAN has.
    let more = [&SETS[..], &["seed=1"]].concat();
    shop.atelier(run_of("tiny_classifier.toml", "out", &more)).done().expect(0);
    let compared = shop.atelier(["compare", "out/tiny_classifier"]).done().expect(0);
    let first = compared.stdout.lines().next().expect("a header").to_owned();
    let place = |column: &str| first.find(column).unwrap_or_else(|| panic!("no {column} in {first}"));
    assert!(place("test_accuracy last") < place("test_loss last") && !first.contains("d_loss"), "{first}");
}

#[test]
fn a_vae_from_its_file_to_its_samples() {
    let shop = Workshop::new();
    let done = shop.atelier(run_of("tiny_vae.toml", "out", &SETS)).done().expect(0);
    done.says("  kl ").says("  test_elbo ");
    let run = shop.only_run("out");
    assert_eq!(
        header(&run),
        "epoch,step,reconstruction,kl,gradient_norm,elbo,test_elbo,images_per_second,seconds"
    );
    let row = last_row(&run);
    assert!((row[2] + row[3] + row[5]).abs() < 1e-9, "{row:?}");
    // Grey noise has a cross-entropy of 784 ln 2 = 543.
    assert!(row[6] > -450.0, "{row:?}");
    for name in ["samples/epoch_0006.png", "reconstructions.png", "progress.gif"] {
        assert!(run.join(name).is_file(), "{name}");
    }
    let folder = run.to_string_lossy().into_owned();
    shop.atelier(["sample", &folder, "--rows", "2", "--columns", "3"]).done().expect(0);
    shop.atelier(["sample", &folder, "--format", "npz", "--count", "10"]).done().expect(0);
    shop.atelier(["report", &folder, "--markdown", "-"]).done().expect(0).says("nats per test example");
    // Points have no range, so another likelihood.
    let points = [
        "dataset.name=gaussian-ring",
        "objective.likelihood={ gaussian = { std = 0.1 } }",
        "architecture.encoder.layers=['flatten', { dense = { units = 8 } }]",
        "architecture.decoder.layers=[{ dense = { units = 2 } }]",
    ];
    let file = crate::support::experiment("tiny_vae.toml");
    let sets = points.iter().flat_map(|set| ["--set", *set]);
    let shown = shop.atelier(["show", &file.to_string_lossy()]).arguments(sets).done().expect(0);
    shown.says("likelihood = { gaussian = { std = 0.1 } }").says("decoder");
}

#[test]
fn a_began_from_its_file_to_its_samples() {
    let shop = Workshop::new();
    let done = shop.atelier(run_of("tiny_began.toml", "out", &SETS)).done().expect(0);
    done.says("  k ").says("  convergence ");
    let run = shop.only_run("out");
    assert_eq!(
        header(&run),
        "epoch,step,d_loss,g_loss,real_error,fake_error,k,d_gradient_norm,g_gradient_norm,convergence,\
         images_per_second,seconds"
    );
    let row = last_row(&run);
    // Of images in [-1, 1], grey is off by about 1.
    assert!(row[4] < 0.6 && (0.0..=1.0).contains(&row[6]) && row[9] >= row[4], "{row:?}");
    for name in ["samples/epoch_0006.png", "reconstructions.png", "progress.gif", "losses.svg"] {
        assert!(run.join(name).is_file(), "{name}");
    }
    let experiment = fs::read_to_string(run.join("experiment.toml")).expect("an experiment.toml");
    assert!(experiment.contains("gamma = 0.5\nlambda_k = 0.001\n"), "{experiment}");
    assert!(!experiment.contains("loss =") && !experiment.contains("regularizer"), "{experiment}");
    let file = run.join("experiment.toml");
    let again = shop.atelier(["run", &file.to_string_lossy(), "--out", "out"]).done().expect(0);
    assert!(again.stdout.contains("complete"), "{again}");
    let folder = run.to_string_lossy().into_owned();
    shop.atelier(["sample", &folder, "--rows", "2", "--columns", "3"]).done().expect(0);
    shop.atelier(["report", &folder, "--markdown", "-"]).done().expect(0).says("measure of convergence");
    shop.atelier(["list", "out"]).done().expect(0).says("convergence");
}

#[test]
fn a_classifier_without_labels_is_refused() {
    let shop = Workshop::new();
    let images = |count: u32| {
        let mut bytes = vec![0, 0, 8, 3];
        for size in [count, 28, 28] {
            bytes.extend(size.to_be_bytes());
        }
        bytes.resize(bytes.len() + count as usize * 784, 7);
        bytes
    };
    shop.write("images", images(64));
    let labels: Vec<u8> =
        [0, 0, 8, 1, 0, 0, 0, 64].into_iter().chain((0..64).map(|index| index % 11)).collect();
    shop.write("labels", labels);
    let idx = ["dataset.name=idx", "dataset.images=images", "dataset.shape=[28, 28]"];
    let run =
        |more: &[&str]| shop.atelier(run_of("tiny_classifier.toml", "out", &[&idx, more].concat())).done();
    run(&[]).expect(2).complains("nothing says how many classes there are");
    run(&["architecture.classes=10"])
        .expect(2)
        .complains("these networks need labels, but the training examples of idx have none");
    run(&["architecture.classes=10", "dataset.labels=labels"])
        .expect(2)
        .complains("training example 10 of idx has the label 10, and there are 10 classes");
}
