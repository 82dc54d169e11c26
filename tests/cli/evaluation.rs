//! Scores: while a run trains, of its checkpoints, and of samples that another program drew.

use crate::support::{Workshop, results, run_of, run_tiny, tree};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Four steps an epoch, scored after the second and the fourth.
const SETS: [&str; 4] =
    ["dataset.count=128", "training.epochs=4", "evaluation.every=2", "evaluation.samples=200"];

fn table(run: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let text = fs::read_to_string(run.join("evaluation.csv")).expect("an evaluation.csv");
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect());
    (lines.next().expect("a header"), lines.collect())
}

fn cell<'a>(table: &'a (Vec<String>, Vec<Vec<String>>), row: usize, column: &str) -> &'a str {
    let at =
        table.0.iter().position(|name| name == column).unwrap_or_else(|| panic!("{column}: {:?}", table.0));
    &table.1[row][at]
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_run_is_scored_while_it_trains_and_trains_as_if_it_were_not() {
    let shop = Workshop::new();
    let done = shop.atelier(run_tiny("out", &SETS)).done().expect(0);
    let done = done.says("scored epoch 2  frechet ").says(" (real ");
    assert_eq!(done.stdout.matches("scored epoch").count(), 2, "{done}");
    let run = shop.only_run("out");
    let scores = table(&run);
    assert_eq!(scores.1.iter().map(|row| &row[..2]).collect::<Vec<_>>(), [["2", "8"], ["4", "16"]]);
    for column in ["frechet", "kernel", "precision", "recall", "density", "coverage", "class_distance"] {
        let numbers = [column.to_owned(), format!("{column}_floor")]
            .map(|column| cell(&scores, 1, &column).parse::<f64>().expect("a number"));
        assert!(numbers.iter().all(|number| number.is_finite()), "{column}: {numbers:?}");
    }
    // What sixteen steps of the smallest DCGAN draw is far from anything real.
    let number = |column: &str| cell(&scores, 1, column).parse::<f64>().expect("a number");
    assert!(number("frechet") > 3.0 * number("frechet_floor"), "{scores:?}");
    assert_eq!((cell(&scores, 1, "samples"), cell(&scores, 1, "extractor").len()), ("200", 16));
    for name in ["checkpoints/best.safetensors", "evaluation.png"] {
        assert!(run.join(name).is_file(), "{name}");
    }

    // Not a byte of the training depends on the scores.
    shop.atelier(run_tiny("without", &SETS[..2])).done().expect(0);
    let (with, without) = (results(&run), results(&shop.only_run("without")));
    for name in ["metrics.csv", "samples/epoch_0004.png", "losses.svg"] {
        let name = Path::new(name);
        // The curves are titled with the run's name, which has another hash.
        let same = |text: &[u8]| {
            String::from_utf8_lossy(text)
                .lines()
                .skip_while(|line| !line.contains("polyline"))
                .collect::<String>()
        };
        match name.extension().and_then(|ending| ending.to_str()) {
            Some("svg") => assert_eq!(same(&with[name]), same(&without[name])),
            _ => assert!(with[name] == without[name], "{} differs", name.display()),
        }
    }

    // The same scores of the checkpoint, by hand.
    let before = tree(&run);
    let of = |more: &[&str]| {
        let arguments = [&["evaluate", run.to_str().expect("a path"), "--json"], more].concat();
        shop.atelier(arguments).done()
    };
    let by_hand = json(&of(&[]).expect(0).stdout);
    assert_eq!(by_hand["step"], 16);
    for column in ["frechet", "kernel", "recall", "classifier_score"] {
        let (found, expected) = (by_hand["scores"][column].as_f64().expect("a number"), number(column));
        // The reader of JSON rounds the last digit in its own way.
        assert!((found - expected).abs() <= 1e-15 * expected.abs(), "{column}: {found} {expected}");
    }
    let best = json(&of(&["--checkpoint", "best"]).expect(0).stdout);
    let steps: Vec<f64> =
        (0..2).map(|row| cell(&scores, row, "frechet").parse().expect("a number")).collect();
    assert_eq!(best["step"], if steps[0] <= steps[1] { 8 } else { 16 });
    let fewer = json(&of(&["--samples", "50", "--metrics", "kernel", "--against", "train"]).expect(0).stdout);
    assert_eq!(
        (&fewer["samples"], &fewer["reference"], &fewer["against"]),
        (&50.into(), &50.into(), &"train".into())
    );
    assert_eq!(fewer["scores"].as_object().expect("scores").len(), 2);
    // The likelihood of 2014, and pictures of all that there is to see.
    let window = json(&of(&["--parzen", "--metrics", "frechet"]).expect(0).stdout);
    let window = &window["parzen"];
    let number = |name: &str| window[name].as_f64().expect("a number");
    assert!(number("log_likelihood").is_finite() && number("standard_error") > 0.0, "{window}");
    assert!((0.1..=1.0).contains(&number("sigma")), "{window}");
    let table =
        shop.atelier(["evaluate", run.to_str().expect("a path"), "--parzen", "--figures", "seen"]).done();
    let table = table.expect(0).says("Parzen window: log-likelihood").says("memorisation:");
    let drawn = [
        "real_and_generated.png",
        "neighbours.png",
        "classes.png",
        "precision_recall.png",
        "density_coverage.png",
        "interpolation.png",
    ];
    drawn.iter().fold(table, |table, name| table.complains(name));
    for name in drawn {
        let png = fs::read(shop.path("seen").join(name)).expect("a picture");
        assert!(png.starts_with(b"\x89PNG") && png.len() > 2_000, "{name} has {} bytes", png.len());
    }
    of(&["--checkpoint", "7"]).expect(3).complains("this run has the checkpoints best, latest");
    of(&["--metrics", "fid"]).expect(2).complains("did you mean `frechet`?");
    of(&["--range", "unit"]).expect(2).complains("--range is for samples of another program");
    // The folder is as it was.
    assert!(tree(&run) == before, "evaluating changed the run");
}

#[test]
fn samples_of_another_program_are_scored_by_the_same_code() {
    let shop = Workshop::new();
    shop.atelier(run_tiny("out", &SETS)).done().expect(0);
    let run = shop.only_run("out");
    let run = run.to_str().expect("a path");
    let file = shop.path("samples.npz");
    let file = file.to_str().expect("a path");
    shop.atelier(["sample", run, "--count", "200", "--output", file]).done().expect(0);
    let experiment = format!("{run}/experiment.toml");
    let of =
        |more: &[&str]| shop.atelier([&["evaluate", file, "--dataset", &experiment], more].concat()).done();
    let csv = of(&["--range", "symmetric", "--csv", "-", "--samples", "200"]).expect(0);
    let lines: Vec<&str> = csv.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{csv}");
    assert!(lines[0].starts_with("subject,step,frechet,kernel,"), "{csv}");
    let shown = of(&["--range", "symmetric"]).expect(0).says("200 samples against");
    shown.says("no FID");
    of(&[]).expect(3).complains("say what they mean with --range unit");
    of(&["--range", "unit"]).expect(3).complains("which is not in [0, 1]");
    of(&["--range", "symmetric", "--array", "latents"]).expect(3).complains("the array is [200, 50]");
    shop.atelier(["evaluate", file]).done().expect(2).complains("--dataset fashion-mnist");
    shop.atelier(["evaluate", file, "--dataset", "cifar"]).done().expect(2).complains("no data set");
    shop.atelier(["evaluate", "nowhere"]).done().expect(3).complains("nowhere is not there");
    fs::create_dir(shop.path("empty")).expect("a folder");
    let empty = shop.atelier(["evaluate", "empty", "--dataset", "silhouettes"]).done();
    empty.expect(3).complains("has no images in it");
}

#[test]
fn points_are_their_own_features() {
    let shop = Workshop::new();
    let sets = ["training.steps=20", "evaluation.samples=300", "evaluation.every=1"];
    shop.atelier(run_of("gaussian_ring.toml", "out", &sets)).done().expect(0);
    let run = shop.only_run("out");
    let scores = table(&run);
    assert!(!scores.0.iter().any(|name| name.contains("class")), "{:?}", scores.0);
    assert_eq!(cell(&scores, 0, "extractor"), "");
    assert!(cell(&scores, 0, "frechet").parse::<f64>().expect("a number") > 0.0);
    let window = shop.atelier(["evaluate", run.to_str().expect("a path"), "--parzen"]).done();
    window.expect(2).complains("gives points");
}

#[test]
fn only_an_extractor_becomes_one() {
    let shop = Workshop::new();
    let sets = ["dataset.count=128", "training.epochs=1"];
    shop.atelier(run_of("extractors/extractor_silhouettes.toml", "out", &sets)).done().expect(0);
    let run = shop.only_run("out");
    let run = run.to_str().expect("a path");
    shop.atelier(["extractor", run, "own.safetensors"]).done().expect(0).says("own.safetensors");
    shop.atelier(run_tiny("gan", &SETS)).done().expect(0);
    let gan = shop.only_run("gan");
    let gan = gan.to_str().expect("a path");
    let own = shop.atelier(["evaluate", gan, "--extractor", "own.safetensors", "--json"]).done().expect(0);
    let usual = shop.atelier(["evaluate", gan, "--json"]).done().expect(0);
    let (own, usual) = (json(&own.stdout), json(&usual.stdout));
    assert_eq!(own["extractor"]["experiment"], "extractor_silhouettes");
    assert_ne!(own["extractor"]["sha256"], usual["extractor"]["sha256"]);
    assert_ne!(own["scores"]["frechet"], usual["scores"]["frechet"]);
    shop.atelier(["extractor", gan, "x"]).done().expect(2).complains("trained no feature extractor");
    shop.write("cut.safetensors", &fs::read(shop.path("own.safetensors")).expect("a file")[..1000]);
    let cut = shop.atelier(["evaluate", gan, "--extractor", "cut.safetensors"]).done();
    cut.expect(3).complains("cut.safetensors");
}

/// Sub-folders of light and dark images, which a classifier tells apart in no time.
#[test]
fn the_extractor_of_other_data_is_trained_once_and_kept() {
    let shop = Workshop::new();
    for (class, level) in [("dark", 30), ("light", 200)] {
        for index in 0..150_u8 {
            let mut image = image::GrayImage::from_pixel(28, 28, image::Luma([level]));
            image.put_pixel(u32::from(index % 28), u32::from(index / 28), image::Luma([index]));
            image.save(shop.write(format!("photos/{class}/{index}.png"), "")).expect("a picture");
        }
    }
    let sets = [
        "dataset.name=image-folder",
        "dataset.path=photos",
        "dataset.size=[28, 28]",
        "dataset.channels=1",
        "training.epochs=1",
        "evaluation.samples=20",
    ];
    let run = |out: &str| shop.atelier(run_tiny(out, &sets)).done();
    let first = run("out").expect(0).says("training the feature extractor of image-folder, once");
    assert!(first.stdout.contains("scored epoch 1"), "{first}");
    let cached: Vec<_> = tree(&shop.path(".cache"))
        .into_keys()
        .filter(|path| path.to_string_lossy().contains("extractors"))
        .collect();
    assert_eq!(cached.len(), 1, "{cached:?}");
    let second = run("again").expect(0);
    assert!(!second.stdout.contains("extractor"), "{second}");
    let scores = [table(&shop.only_run("out")), table(&shop.only_run("again"))];
    assert_eq!(cell(&scores[0], 0, "frechet"), cell(&scores[1], 0, "frechet"));
    // Two classes, and not as many as a byte has values.
    let score: f64 = cell(&scores[0], 0, "classifier_score").parse().expect("a number");
    assert!((1.0..=2.0).contains(&score), "{score}");
}
