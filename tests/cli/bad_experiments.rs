//! Wrong experiment files and command lines: exit code 2, the place and the reason on standard error, nothing written.

use crate::support::{Done, Workshop, experiment, flat};
use std::os::unix::ffi::OsStrExt;

#[path = "../bad_experiments/table.rs"]
mod table;

/// `out` must not have come into being.
fn run(shop: &Workshop, file: &str) -> Done {
    let done = shop.atelier(["run", file, "--out", "out"]).done();
    assert!(!shop.path("out").exists(), "something was written: {done}");
    done
}

#[test]
fn every_wrong_file_of_the_table() {
    assert!(table::TABLE.len() >= 60);
    let shop = Workshop::new();
    let mut wrong = Vec::new();
    for case in table::TABLE {
        shop.write("x.toml", case.text());
        let done = run(&shop, "x.toml");
        // A file can be wrong in several ways, each told in a block of its own.
        let blocks: Vec<&str> = done.stderr.split("  × ").collect();
        let is_told = blocks.windows(2).any(|pair| {
            let (before, block) = (pair[0], flat(pair[1]));
            let is_placed = match case.position() {
                Some((line, column)) => block.contains(&format!("[x.toml:{line}:{column}]")),
                // As a whole: the file's name stands before the reason.
                None => before.trim_end().ends_with("x.toml"),
            };
            is_placed && block.contains(&flat(case.message)) && block.contains(&flat(case.help))
        });
        if done.code != Some(2) || !is_told || !done.stdout.is_empty() {
            let place = case.position();
            wrong.push(format!(
                "{}\nmust be refused at {place:?}: {}; {}\n{done}",
                case.text(),
                case.message,
                case.help
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table::TABLE.len(), wrong.join("\n\n"));
}

/// 28×28 grey silhouettes and two custom networks; `▶` stands before the place of the error.
fn custom(generator: &str, discriminator: &str) -> String {
    format!(
        "dataset = {{ name = 'silhouettes', count = 64 }}\ntraining = {{ epochs = 1, batch_size = 16 }}\n\
         [architecture]\nfamily = 'custom'\nlatent_dim = 10\n\
         generator.layers = {generator}\ndiscriminator.layers = {discriminator}\n"
    )
}

#[test]
fn layers_that_do_not_fit_are_told_at_their_place() {
    let generator = "[{ dense = { units = 784 } }, { reshape = [28, 28, 1] }, 'tanh']";
    let discriminator = "['flatten', { dense = { units = 1 } }]";
    let table = [
        (custom("[{ dense = { units = 100 } }, ▶{ reshape = [7, 7, 10] }]", discriminator), "100"),
        (custom("[▶{ conv = { channels = 3, kernel = 5, stride = 2 } }]", discriminator), "image"),
        (custom("▶[{ dense = { units = 196 } }, { reshape = [14, 14, 1] }, 'tanh']", discriminator), "14×14"),
        (
            custom("▶[{ dense = { units = 784 } }, { reshape = [28, 28, 1] }, 'sigmoid']", discriminator),
            "sigmoid",
        ),
        (custom("▶[{ dense = { units = 784 } }, 'relu']", discriminator), "end in"),
        (custom(generator, "▶['flatten', { dense = { units = 2 } }]"), "one logit"),
        (custom(generator, "▶['flatten', { dense = { units = 1 } }, 'sigmoid']"), "logit"),
        (custom(generator, "▶[{ conv = { channels = 4, kernel = 5, stride = 2 } }]"), "one logit"),
        (
            custom(generator, "[{ dropout = 0.5 }, ▶{ reshape = [3, 3, 3] }, { dense = { units = 1 } }]"),
            "784",
        ),
        (
            custom(
                generator,
                "[{ residual = { layers = [\n'relu'], shortcut = ['average-pool', 'max-pool', ▶'average-pool'] } }]",
            ),
            "must be even",
        ),
        (
            custom(generator, "['flatten', ▶{ residual = { layers = [{ dense = { units = 1 } }] } }]"),
            "give it a `shortcut`",
        ),
        (
            "dataset = { name = 'idx', images = 'x', shape = [20, 20] }\ntraining.epochs = 1\n\
             architecture.family = ▶'dcgan'\n"
                .to_owned(),
            "20×20",
        ),
    ];
    let shop = Workshop::new();
    for (marked, reason) in table {
        let before = marked.split_once('▶').expect("a place").0;
        let (line, column) =
            (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap_or("").chars().count() + 1);
        shop.write("x.toml", marked.replace('▶', ""));
        for command in ["run", "check", "show"] {
            let done = match command {
                "run" => run(&shop, "x.toml"),
                command => shop.atelier([command, "x.toml"]).done(),
            };
            done.expect(2).complains(&format!("[x.toml:{line}:{column}]")).complains(reason);
        }
    }
}

#[test]
fn a_network_that_the_program_was_not_built_with() {
    let shop = Workshop::new();
    let text = "dataset = { name = 'silhouettes', count = 64 }\ntraining = { epochs = 1, batch_size = 16 }\n\
                architecture = { family = 'mlp', latent_dim = 7, hidden = [17, 3] }\n";
    shop.write("x.toml", text);
    run(&shop, "x.toml").expect(2).complains("built without the generator").complains("just run");
    shop.atelier(["run", "x.toml", "--dry-run"]).done().expect(2).complains("built without the generator");
    // It is no mistake of the file's: the other commands say so and go on.
    shop.atelier(["check", "x.toml"]).done().expect(0).says("built without the generator");
    shop.atelier(["show", "x.toml"]).done().expect(0).says("built without the generator");
}

#[test]
fn a_device_and_a_batch_that_are_not_there() {
    let shop = Workshop::new();
    shop.write("x.toml", "extends = ['tiny.toml']\ntraining.device = 'cuda'\n");
    std::fs::copy(experiment("tiny.toml"), shop.path("tiny.toml")).expect("a copy");
    run(&shop, "x.toml").expect(2).complains("cuda");
    shop.write(
        "x.toml",
        "extends = ['tiny.toml']\nobjective = { update = 'alternating', discriminator_steps = 20 }\n",
    );
    run(&shop, "x.toml").expect(2).complains("one step takes 640 examples").complains("only 512");
}

#[test]
fn files_that_are_no_experiments() {
    let shop = Workshop::new();
    std::fs::create_dir(shop.path("folder.toml")).expect("a folder");
    shop.write("latin.toml", b"# gr\xfc\xdfe\n");
    shop.write("zeros.toml", [0; 1000]);
    shop.write("large.toml", vec![b'\n'; (1 << 20) + 1]);
    shop.write("nested.toml", format!("a = {}{}\n", "[".repeat(100_000), "]".repeat(100_000)));
    shop.write("dotted.toml", format!("{}b = 1\n", "a.".repeat(100_000)));
    shop.write("tables.toml", format!("a = {}1{}\n", "{a=".repeat(100_000), "}".repeat(100_000)));
    shop.write("self.toml", "extends = ['self.toml']\n");
    shop.write("one.toml", "extends = ['two.toml']\n");
    shop.write("two.toml", "extends = ['./one.toml']\n");
    shop.write("x1.toml", "extends = ['nested.toml']\n");
    for (file, reason) in [
        ("nowhere.toml", "there is no file"),
        ("folder.toml", "folder.toml"),
        ("latin.toml", "not UTF-8"),
        ("zeros.toml", "not valid TOML"),
        ("large.toml", "larger than 1 MiB"),
        ("nested.toml", "recur"),
        ("dotted.toml", "recur"),
        ("tables.toml", "recur"),
        ("self.toml", "in a circle"),
        ("one.toml", "in a circle"),
        ("/dev/zero", "/dev/zero"),
        ("/dev/null", "family"),
    ] {
        run(&shop, file).expect(2).complains(reason).complains(file);
    }
    // Through a base, whose place is told.
    run(&shop, "x1.toml").expect(2).complains("[nested.toml:1:").complains("recur");
    let long = "n".repeat(5000) + ".toml";
    run(&shop, &long).expect(2);
}

#[test]
fn wrong_settings_outside_of_the_file() {
    let shop = Workshop::new();
    let file = experiment("tiny.toml");
    let file = file.to_str().expect("a path in UTF-8");
    let deep = format!("{}b=1", "a.".repeat(50_000));
    for (set, reason) in [
        ("training.epochs", "has no `=`"),
        ("training.epochs=", "no value is given"),
        ("training.epochs=0", "`training.epochs` is 0"),
        ("training.epochs=[", "not valid TOML"),
        ("training.epoch=1", "did you mean `epochs`?"),
        ("trainig.epochs=1", "did you mean [training]?"),
        ("=1", "is not a key"),
        ("a b=1", "is not a key"),
        ("extends=['x']", "`extends` can only stand in a file"),
        (&deep, ""),
    ] {
        let done = shop.atelier(["run", file, "--out", "out", "--set", set]).done();
        done.expect(2).complains(reason).complains(if set.len() < 50 { set } else { "" });
    }
    for (name, value, reason) in [
        ("ATELIER__TRAINING__EPOCHS", "0", "`training.epochs` is 0"),
        ("ATELIER__TRAINING__EPOCH", "1", "did you mean `epochs`?"),
        ("ATELIER__", "1", "does not name a key"),
        ("ATELIER__TRAINING____EPOCHS", "1", "does not name a key"),
    ] {
        let done = shop.atelier(["run", file, "--out", "out"]).env(name, value).done();
        done.expect(2).complains(reason).complains(name);
    }
    assert!(!shop.path("out").exists());
}

#[test]
fn an_environment_that_is_not_unicode() {
    let shop = Workshop::new();
    let file = experiment("tiny.toml");
    let bytes = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let call = || shop.atelier([std::ffi::OsStr::new("check"), file.as_os_str()]);
    call().env("SOMETHING_ELSE", bytes).done().expect(0).says("ok");
    call().env("ATELIER__NAME", bytes).done().expect(2).complains("ATELIER__NAME");
}

#[test]
fn wrong_command_lines() {
    let shop = Workshop::new();
    for arguments in [
        &["runn", "x.toml"][..],
        &["run"],
        &["run", "x.toml", "--threads", "0"],
        &["run", "x.toml", "--threads", "100000"],
        &["run", "x.toml", "--quiet", "--json"],
        &["run", "x.toml", "--no-such-flag"],
        &["sample"],
        &["sample", "x", "--rows", "0"],
        &["sample", "x", "--seed", "-1"],
        &["data", "fetch", "cifar"],
        &["completions", "cmd"],
        &[],
    ] {
        let done = shop.atelier(arguments).done().expect(2);
        assert!(!done.stderr.is_empty(), "{done}");
    }
}

#[test]
fn one_wrong_file_among_several_stops_all_before_anything_is_written() {
    let shop = Workshop::new();
    shop.write("wrong.toml", "sed = 1\n");
    let file = experiment("tiny.toml");
    let file = file.to_str().expect("a path in UTF-8");
    shop.atelier(["run", file, "wrong.toml", "--out", "out"]).done().expect(2).complains("unknown key `sed`");
    assert!(!shop.path("out").exists());
    // `check` goes through all of them.
    shop.atelier(["check", "wrong.toml", file])
        .done()
        .expect(2)
        .says("tiny.toml: ok")
        .complains("wrong.toml:1:1");
}

/// A table in place of a word is one mistake, not two.
#[test]
fn one_mistake_is_told_once() {
    let shop = Workshop::new();
    shop.write(
        "x.toml",
        "dataset.name = { mnist = 1 }\narchitecture.family = 'dcgan'\ntraining.epochs = 1\n",
    );
    let done = run(&shop, "x.toml").expect(2).complains("`mnist` takes no parameters");
    assert_eq!(done.stderr.matches("  × ").count(), 1, "{done}");
    // Several are told one after the other, each with its place.
    shop.write("x.toml", "sed = 1\n[architecture]\nfamily = 'dcgan'\n[training]\nepochs = 0\n");
    let done = run(&shop, "x.toml").expect(2).complains("[x.toml:1:1]").complains("[x.toml:5:10]");
    assert_eq!(done.stderr.matches("  × ").count(), 2, "{done}");
}
