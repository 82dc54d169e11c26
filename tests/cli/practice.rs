//! Schedules, averages, early stops and folders of images, through the built program.

use crate::support::{Workshop, assert_same, results, run_file, run_tiny};

/// A short run with few examples: 4 steps an epoch.
const SHORT: [&str; 2] = ["dataset.count=128", "logging.montage.every=5"];

/// Once in one go on two threads, and once with a pause after each of `pauses`; both must end with the same bytes.
fn paused_and_whole(sets: &[&str], pauses: &[&str]) -> (toml::Table, Vec<String>) {
    let sets = [&SHORT[..], sets].concat();
    let whole = Workshop::new();
    whole.atelier(run_tiny("out", &sets)).arguments(["--threads", "2"]).done().expect(0);
    let run = whole.only_run("out");
    let shop = Workshop::new();
    for pause in pauses {
        let call = shop.atelier(run_tiny("out", &sets)).arguments(["--threads", "1", "--until-epoch", pause]);
        call.done().expect(0);
        assert_eq!(run_file(&shop.only_run("out"))["state"].as_str(), Some("interrupted"), "{pause}");
    }
    shop.atelier(run_tiny("out", &sets)).arguments(["--threads", "1"]).done().expect(0);
    assert_same(&results(&shop.only_run("out")), &results(&run), "with pauses");
    let rows = std::fs::read_to_string(run.join("metrics.csv")).expect("metrics.csv");
    (run_file(&run), rows.lines().skip(1).map(str::to_owned).collect())
}

#[test]
fn schedules_go_on_where_they_were() {
    paused_and_whole(
        &[
            "training.epochs=4",
            "training.ema={ half_life = 100, warm_up = true }",
            "optimizer={ learning_rate = 1e-3, warm_up = 3, schedule = { cosine = { end = 1e-5 } }, clip_norm = 2 }",
            "optimizer.beta2_schedule={ linear = { end = 0.99, epochs = 2 } }",
        ],
        &["1", "3"],
    );
    paused_and_whole(
        &[
            "training.epochs=4",
            "objective={ update = 'alternating', discriminator_steps = 2 }",
            "optimizer={ name = 'sgd', learning_rate = 0.1, schedule = { exponential = { decay = 0.9, floor = 0.02 } } }",
            "optimizer.discriminator.momentum_schedule={ linear = { end = 0.7 } }",
        ],
        &["2"],
    );
}

#[test]
fn a_run_ends_when_its_column_gets_no_better() {
    // No later epoch can be better than the first by so much.
    let rule = "training.early_stop={ column = 'd_loss', patience = 2, min_delta = 1e9 }";
    for rows in ["logging.progress_gif=true", "logging.every_steps=3"] {
        let (run, metrics) = paused_and_whole(&["training.epochs=9", rule, rows], &["1", "2"]);
        assert_eq!((run["state"].as_str(), run["epochs_done"].as_integer()), (Some("complete"), Some(3)));
        let reason = run["reason"].as_str().expect("a reason");
        assert!(reason.starts_with("d_loss has not been better than ") && reason.ends_with("up to epoch 3"));
        assert!(metrics.last().expect("rows").starts_with("3,12,"), "{metrics:?}");
    }

    let shop = Workshop::new();
    let sets = [&SHORT[..], &["training.epochs=9", rule]].concat();
    shop.atelier(run_tiny("out", &sets)).done().expect(0).says("stopped early: d_loss");
    let run = shop.only_run("out");
    assert!(run.join("samples/epoch_0003.png").exists(), "the last epoch has a montage");
    shop.atelier(run_tiny("out", &sets)).done().expect(0).says("is complete");
    // Where there is patience enough, the run goes its whole length, and says nothing.
    let shop = Workshop::new();
    let patient = "training.early_stop={ column = 'd_loss', patience = 3, min_delta = 1e9 }";
    shop.atelier(run_tiny("out", &[&SHORT[..], &["training.epochs=3", patient]].concat())).done().expect(0);
    assert!(!run_file(&shop.only_run("out")).contains_key("reason"));
}

#[test]
fn a_folder_of_images_is_a_data_set() {
    let shop = Workshop::new();
    for number in 0..80_u8 {
        let image =
            image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([number, (x * 6) as u8, (y * 8) as u8]));
        let mut bytes = std::io::Cursor::new(Vec::new());
        let format = [image::ImageFormat::Png, image::ImageFormat::Jpeg][usize::from(number % 2)];
        image.write_to(&mut bytes, format).expect("memory takes it");
        let ending = ["png", "jpg"][usize::from(number % 2)];
        let class = if number < 30 { "shirts" } else { "shoes" };
        shop.write(format!("photos/{class}/{number}.{ending}"), bytes.into_inner());
    }
    let sets = [
        "dataset.name=image-folder",
        "dataset.path=photos",
        "dataset.size=[28, 28]",
        "dataset.channels=1",
        "training.epochs=1",
    ];
    shop.atelier(run_tiny("out", &sets)).done().expect(0);
    shop.atelier(run_tiny("again", &sets)).arguments(["--threads", "1"]).done().expect(0);
    let run = shop.only_run("out");
    assert_same(&results(&shop.only_run("again")), &results(&run), "from the cache");
    assert_eq!(run_file(&run)["dataset"]["name"].as_str(), Some("image-folder"));

    shop.write("photos/shoes/bad.png", b"\x89PNG\r\n\x1a\nnothing more");
    let done = shop.atelier(run_tiny("bad", &sets)).done();
    assert!(!shop.path("bad").exists(), "something was written: {done}");
    done.expect(3).complains("photos/shoes/bad.png").complains("cannot be decoded");
}
