//! The whole way from files on disk to structs, and everything that can be wrong with them.

use std::path::{Path, PathBuf};

use super::architecture::{Family, Latent};
use super::dataset::{Range, Source};
use super::objective::{Loss, Regularizer};
use super::optimizer::{Curve, Method, Over, Ramp, Schedule};
use super::training::{Device, Ema, Initialization, Length, Memory};
use super::*;

#[path = "../../tests/bad_experiments/table.rs"]
pub(super) mod table;

/// What every complete experiment needs.
const LEAST: &str = "architecture.family = 'dcgan'\ntraining.epochs = 1\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }
}

fn load_all(path: &Path, sets: &[&str], environment: &[(&str, &str)]) -> Result<Loaded, Box<Error>> {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Experiment::load(path, &sets, environment)
}

fn load(text: &str, sets: &[&str]) -> Result<Loaded, Box<Error>> {
    let folder = Folder::new();
    load_all(&folder.write("x.toml", text), sets, &[])
}

/// The complete experiment of a text.
fn good(text: &str) -> Experiment {
    load(text, &[]).unwrap_or_else(|error| panic!("{}\n{text}", error.render())).experiment
}

/// The first line that the log would show, without the temporary folder.
fn refusal(result: Result<Loaded, Box<Error>>) -> String {
    let error = result.expect_err("must be refused");
    error.render().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn every_wrong_file_of_the_table_is_refused_at_its_place() {
    let folder = Folder::new();
    for case in table::TABLE {
        let path = folder.write("x.toml", &case.text());
        let error = load_all(&path, &[], &[]).expect_err(&case.text());
        let found = error.problems().iter().any(|problem| {
            problem.place().file() == Some(&path)
                && problem.place().position() == case.position()
                && problem.message().contains(case.message)
                && problem.advice().unwrap_or_default().contains(case.help)
        });
        let wanted = (case.position(), case.message, case.help);
        assert!(found, "{}\nwanted {wanted:?}, got\n{}", case.text(), error.render());
    }
    assert!(table::TABLE.len() >= 60);
}

#[test]
fn a_report_shows_file_line_mark_reason_and_help() {
    let folder = Folder::new();
    let path = folder.write("x.toml", "[optimizer]\nlearning_rat = 1\n");
    let error = load_all(&path, &[], &[]).expect_err("must be refused");
    let line = format!(
        "{}:2:1: unknown key `learning_rat` in [optimizer]; did you mean `learning_rate`? [optimizer] has the keys",
        path.display()
    );
    assert!(error.render().starts_with(&line), "{}", error.render());
    let mut report = String::new();
    let handler =
        miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor()).with_width(200);
    handler.render_report(&mut report, &*error).expect("a report");
    for part in ["x.toml:2:1]", "2 │ learning_rat = 1", "unknown key", "did you mean `learning_rate`?"] {
        assert!(report.contains(part), "{part} is missing in\n{report}");
    }
}

#[test]
fn all_independent_problems_are_told_at_once_in_the_order_of_the_file() {
    let text = "sed = 1\n[optimizer]\nbetas = 3\nlearning_rate = -1\n[training]\nepochs = 0\nsped = 2\n";
    let error = load(text, &[]).expect_err("must be refused");
    let lines: Vec<_> = error.problems().iter().map(|problem| problem.place().position()).collect();
    assert_eq!(
        lines,
        [Some((1, 1)), Some((3, 9)), Some((4, 17)), Some((6, 10)), Some((7, 1)), None],
        "{}",
        error.render()
    );
}

#[test]
fn columns_count_characters_and_survive_windows_line_ends_and_a_byte_order_mark() {
    for text in ["\u{feff}seed = -1\r\n", "\u{feff}name = 'é/ö'\r\n"] {
        let error = load(text, &[]).expect_err("must be refused");
        assert_eq!(error.problems()[0].place().position(), Some((1, 8)), "{}", error.render());
    }
    let error = load("seed = 1\r\nlogging = { montage = { rows = 4 }, 'ä' = 1 }\r\n", &[])
        .expect_err("must be refused");
    assert_eq!(error.problems()[0].place().position(), Some((2, 37)), "{}", error.render());
}

#[test]
fn the_least_file_gets_every_default() {
    let folder = Folder::new();
    let loaded = load_all(&folder.write("my-dcgan.2.toml", LEAST), &[], &[]).expect("good");
    let Experiment {
        name,
        description,
        case,
        seed,
        dataset,
        architecture,
        objective,
        optimizer,
        training,
        evaluation,
        logging,
    } = loaded.experiment;
    assert_eq!((name.as_str(), description.as_str(), case, seed), ("my-dcgan.2", "", None, 0));
    assert_eq!(dataset.source, Source::Silhouettes { count: 20_000 });
    assert_eq!((dataset.limit, dataset.range, dataset.shape()), (None, Some(Range::Symmetric), (28, 28, 1)));
    assert_eq!(
        (architecture.family, architecture.latent_dim, architecture.latent),
        (Family::Dcgan, 100, Latent::Normal)
    );
    assert_eq!((architecture.width, architecture.hidden), (Some(64), None));
    assert_eq!((objective.loss, objective.regularizer), (Loss::NonSaturating, Regularizer::None));
    assert_eq!((objective.update, objective.discriminator_steps), (Update::Simultaneous, 1));
    assert_eq!(optimizer.generator, optimizer.discriminator);
    assert_eq!(optimizer.generator.learning_rate, 1e-4);
    assert_eq!(optimizer.generator.method, Method::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 });
    assert_eq!((training.length, training.batch_size), (Length::Epochs(1), 256));
    assert_eq!((training.device, training.initialization), (Device::Cpu, Initialization::GlorotUniform));
    assert_eq!((training.checkpoint_every, training.ema, evaluation), (None, None, None));
    assert_eq!((logging.montage.rows, logging.montage.columns, logging.montage.every), (4, 4, 1));
    assert_eq!((logging.every_steps, logging.progress_gif, logging.tensorboard), (None, true, false));
    assert!(loaded.sweep.is_none() && loaded.warnings.is_empty());
}

/// Good files of every section.
const GOOD: &[&str] = &[
    LEAST,
    "name = 'a'\ndescription = \"\"\"two\nlines with \"quotes\" and 'more' \\u00e9\"\"\"\nseed = 9223372036854775807\narchitecture.family = 'mlp'\ntraining.steps = 5",
    "dataset = { name = 'fashion-mnist', limit = 10_000, range = 'unit' }\narchitecture = { family = 'dcgan', width = 32, latent = 'uniform', latent_dim = 7 }\ntraining = { epochs = 3, checkpoint_every = 2, ema = {}, device = 'cuda', initialization = { normal = { std = 0.02 } } }",
    "dataset.name = 'mnist'\narchitecture = { family = 'mlp', hidden = [5, 6, 7] }\nobjective = { loss = 'minimax', update = 'alternating', discriminator_steps = 3 }\noptimizer = { name = 'sgd', learning_rate = 0.1, momentum = 0.5 }\ntraining = { steps = 9, batch_size = 1, ema = { decay = 0.5 }, initialization = 'he-normal' }",
    "dataset.name = 'slanted-faces'\narchitecture.family = 'slanted-faces'\ntraining = { epochs = 2, batch_size = 1, initialization = { uniform = { low = -0.05, high = 1 } } }\noptimizer = { name = 'sgd', learning_rate = 0.01 }",
    "dataset = { name = 'gaussian-ring', modes = 5, radius = 1, std = 0.1, count = 512 }\narchitecture.family = 'mlp'\ntraining.epochs = 2\noptimizer.name = 'rmsprop'\n[optimizer.generator]\nrho = 0.99\nmomentum = 0.25\n[optimizer.discriminator]\nname = 'adam'\nbetas = [0, 0.9]",
    "dataset = { name = 'gaussian-grid', modes = 9, spacing = 1.5 }\narchitecture.family = 'mlp'\ntraining.epochs = 2\n[logging]\nevery_steps = 10\nprogress_gif = false\ntensorboard = true\nmontage = { rows = 2 }",
    "dataset = { name = 'idx', images = 'a \"b\".gz', labels = 'l', test_images = 't', test_labels = 'u', shape = [32, 32, 3] }\narchitecture.family = 'dcgan'\ntraining.epochs = 2\n[evaluation]\nevery = 2\nmetrics = ['kernel', 'frechet']",
    "dataset = { name = 'cifar-10', limit = 50_000, range = 'unit' }\narchitecture.family = 'dcgan'\ntraining.epochs = 2",
    "dataset = { name = 'image-folder', path = 'my \"photos\"', size = [28, 28] }\narchitecture.family = 'dcgan'\ntraining.epochs = 2",
    "dataset = { name = 'image-folder', path = 'x', size = [7, 9], channels = 1 }\narchitecture.family = 'mlp'\ntraining.epochs = 2",
    "dataset = { name = 'idx', images = 'a', shape = [7, 9] }\narchitecture.family = 'mlp'\ntraining.epochs = 2\nevaluation = {}",
    "architecture.family = 'mlp'\ntraining = { epochs = 2, ema = { half_life = 10_000, warm_up = true }, early_stop = { column = 'd_loss', patience = 4, mode = 'max', min_delta = 1e-3 } }\noptimizer = { name = 'sgd', warm_up = 10, clip_norm = 1, momentum = 0.5, schedule = { exponential = { decay = 0.999996, floor = 1e-6 } }, momentum_schedule = { linear = { end = 0.7, epochs = 250 } } }",
    "architecture.family = 'mlp'\ntraining.epochs = 2\noptimizer = { schedule = { cosine = { end = 0 } }, beta2_schedule = { cosine = { end = 0.99 } }, generator = { schedule = { linear = { end = 1e-5, updates = 100 } } }, discriminator = { schedule = 'constant', warm_up = 0, clip_norm = 2.5 } }",
    "training.epochs = 1\n[architecture]\nfamily = 'custom'\nlatent_dim = 4\n[architecture.generator]\nlayers = [{ dense = { units = 98, bias = false } }, 'batch-norm', { leaky-relu = 0.3 }, { reshape = [7, 7, 2] }, { conv-transpose = { channels = 4, kernel = 5, stride = 2 } }, 'relu', { conv-transpose = { channels = 1, kernel = 5, stride = 2, bias = false } }, 'tanh']\n[architecture.discriminator]\nlayers = [{ conv = { channels = 2, kernel = 5, stride = 2 } }, { dropout = 0.3 }, 'sigmoid', 'flatten', { dense = { units = 1 } }]",
    "training.epochs = 1\n[architecture]\nfamily = 'custom'\ngenerator.layers = [{ dense = { units = 784 } }, { reshape = [28, 28, 1] }]\ndiscriminator.layers = [{ dense = { units = 1 } }]",
];

#[test]
fn the_written_configuration_loads_back_equal() {
    let folder = Folder::new();
    for text in GOOD {
        let experiment = good(text);
        let written = experiment.to_toml();
        let back = load_all(&folder.write("another-name.toml", &written), &[], &[]);
        let back = back.unwrap_or_else(|error| panic!("{}\n{written}", error.render())).experiment;
        assert_eq!(back, experiment, "{written}");
        assert_eq!(back.to_toml(), written);
        assert_eq!(back.canonical(), experiment.canonical());
    }
}

#[test]
fn the_written_configuration_spells_out_the_defaults() {
    let written = good(&format!("{LEAST}evaluation = {{}}\n")).to_toml();
    for key in [
        "name",
        "description",
        "seed",
        "range",
        "count",
        "family",
        "latent_dim",
        "latent",
        "width",
        "loss",
        "regularizer",
        "update",
        "discriminator_steps",
        "learning_rate",
        "betas",
        "epsilon",
        "epochs",
        "batch_size",
        "device",
        "initialization",
        "convolution",
        "every",
        "samples",
        "metrics",
        "montage",
        "progress_gif",
        "tensorboard",
    ] {
        assert!(
            written.lines().any(|line| line.starts_with(&format!("{key} = "))),
            "{key} is missing in\n{written}"
        );
    }
}

#[test]
fn the_canonical_text_covers_what_changes_results_and_nothing_else() {
    let base = load(LEAST, &[]).expect("good").experiment.canonical();
    let with = |set: &str| {
        load(LEAST, &[set]).unwrap_or_else(|error| panic!("{}", error.render())).experiment.canonical()
    };
    for same in [
        "name=other",
        "description=other",
        "training.checkpoint_every=5",
        "logging.progress_gif=false",
        "logging.tensorboard=true",
        "optimizer.schedule=constant",
        "optimizer.beta2_schedule=constant",
        "optimizer.warm_up=0",
        "seed=0",
    ] {
        assert_eq!(with(same), base, "{same}");
    }
    for other in [
        "seed=1",
        "dataset.name=mnist",
        "dataset={ name = 'image-folder', path = 'x', size = [28, 28] }",
        "dataset={ name = 'image-folder', path = 'x', size = [28, 28], channels = 1 }",
        "dataset.limit=5000",
        "dataset.range=unit",
        "dataset.count=300",
        "architecture.latent=unit",
        "architecture.width=32",
        "architecture.latent_dim=99",
        "objective.loss=minimax",
        "objective.update=alternating",
        "optimizer.learning_rate=2e-4",
        "optimizer.discriminator.epsilon=1e-8",
        "optimizer.schedule={ linear = { end = 0 } }",
        "optimizer.generator.schedule={ exponential = { decay = 0.5 } }",
        "optimizer.beta2_schedule={ linear = { end = 0 } }",
        "optimizer.warm_up=1",
        "optimizer.clip_norm=1",
        "training.epochs=2",
        "training.steps=1",
        "training.batch_size=255",
        "training.device=cuda",
        "training.initialization=he-normal",
        "training.ema={}",
        "training.early_stop={ column = 'g_loss', patience = 5 }",
        "evaluation={}",
        "logging.montage.rows=5",
        "logging.every_steps=3",
    ] {
        assert_ne!(with(other), base, "{other}");
    }
}

#[test]
fn later_layers_win_and_each_value_knows_where_it_came_from() {
    let folder = Folder::new();
    folder.write(
        "bases/one.toml",
        "seed = 1\ndataset.limit = 1111\nobjective.loss = 'minimax'\ntraining.batch_size = 11\n",
    );
    folder.write(
        "bases/two.toml",
        "extends = ['one.toml']\nseed = 2\ndataset.limit = 2222\ntraining.batch_size = 12\n",
    );
    folder.write("three.toml", "seed = 3\ntraining = { batch_size = 13, checkpoint_every = 3 }\n");
    let text = format!("extends = ['bases/two.toml', 'three.toml']\n{LEAST}seed = 4\n");
    let path = folder.write("x.toml", &text);
    let environment = [
        ("ATELIER__TRAINING__BATCH_SIZE", "15"),
        ("ATELIER__OBJECTIVE__UPDATE", "alternating"),
        ("ATELIER_DATA_DIR", "/not/for/us"),
        ("PATH", "/bin"),
    ];
    let loaded = load_all(&path, &["objective.discriminator_steps=2", "seed=6"], &environment).expect("good");
    let experiment = &loaded.experiment;
    assert_eq!(experiment.seed, 6);
    assert_eq!(experiment.dataset.limit, Some(2222));
    assert_eq!(experiment.training.batch_size, 15);
    assert_eq!(experiment.training.checkpoint_every, Some(3));
    assert_eq!(
        (experiment.objective.loss, experiment.objective.update),
        (Loss::Minimax, Update::Alternating)
    );
    assert_eq!(experiment.objective.discriminator_steps, 2);

    let origin = |key: &str| loaded.origin(key).map(|place| place.to_string()).unwrap_or_default();
    assert_eq!(origin("seed"), "--set seed=6");
    assert_eq!(origin("training.batch_size"), "environment variable ATELIER__TRAINING__BATCH_SIZE");
    assert!(origin("dataset.limit").ends_with("two.toml:3:17"), "{}", origin("dataset.limit"));
    assert!(origin("objective.loss").ends_with("one.toml:3:18"));
    assert!(origin("architecture.family").ends_with("x.toml:2:23"));
    assert_eq!(origin("training.device"), "built-in default");
    assert!(loaded.origin("training.ema").is_none());
    let files: Vec<_> =
        loaded.files.iter().map(|file| file.file_name().expect("a name").to_owned()).collect();
    assert_eq!(files, ["one.toml", "two.toml", "three.toml", "x.toml"]);
}

#[test]
fn an_error_in_a_base_points_into_the_base() {
    let folder = Folder::new();
    let base = folder.write("base.toml", "\n[objective]\nloss = 'hinje'\n");
    let path = folder.write("x.toml", &format!("extends = ['base.toml']\n{LEAST}"));
    let line = refusal(load_all(&path, &[], &[]));
    assert!(line.starts_with(&format!("{}:3:8: unknown word `hinje`", base.display())), "{line}");
}

#[test]
fn a_circle_of_bases_is_shown_and_a_diamond_is_fine() {
    let folder = Folder::new();
    folder.write("a.toml", "extends = ['b.toml']\n");
    folder.write("b.toml", "\nextends = ['./c.toml']\n");
    folder.write("c.toml", "extends = ['a.toml']\n");
    let line = refusal(load_all(&folder.0.path().join("a.toml"), &[], &[]));
    assert!(line.contains("c.toml:1:12: `extends` goes round in a circle: "), "{line}");
    for arrow in ["a.toml → ", "b.toml → ", "c.toml → "] {
        assert!(line.contains(arrow), "{line}");
    }
    let own = folder.write("self.toml", "extends = ['self.toml']");
    assert!(refusal(load_all(&own, &[], &[])).contains("circle: "));

    folder.write("root.toml", LEAST);
    folder.write("left.toml", "extends = ['root.toml']\nseed = 1\n");
    folder.write("right.toml", "extends = ['root.toml']\ndataset.limit = 300\n");
    let diamond = folder.write("diamond.toml", "extends = ['left.toml', 'right.toml']\n");
    let loaded = load_all(&diamond, &[], &[]).expect("good");
    assert_eq!((loaded.experiment.seed, loaded.experiment.dataset.limit), (1, Some(300)));
}

#[test]
fn a_doubling_chain_of_bases_ends() {
    let folder = Folder::new();
    folder.write("0.toml", LEAST);
    for level in 1..30 {
        let below = level - 1;
        folder.write(&format!("{level}.toml"), &format!("extends = ['{below}.toml', '{below}.toml']\n"));
    }
    let line = refusal(load_all(&folder.0.path().join("29.toml"), &[], &[]));
    assert!(line.contains("leads to more than 64 files"), "{line}");
}

#[test]
fn an_enum_value_is_replaced_whole() {
    let cases = [
        (
            "'none'",
            "{ gradient-penalty = { weight = 3 } }",
            Regularizer::GradientPenalty { weight: 3.0, one_sided: false },
        ),
        ("{ r1 = { gamma = 1 } }", "'none'", Regularizer::None),
        ("{ r1 = { gamma = 1 } }", "{ r2 = { gamma = 2 } }", Regularizer::R2 { gamma: 2.0 }),
        ("{ r1 = { gamma = 1 } }", "{ r1 = { gamma = 2 } }", Regularizer::R1 { gamma: 2.0 }),
    ];
    for (base, over, wanted) in cases {
        let folder = Folder::new();
        folder.write("base.toml", &format!("{LEAST}[objective]\nregularizer = {base}\n"));
        let path =
            folder.write("x.toml", &format!("extends = ['base.toml']\n[objective]\nregularizer = {over}\n"));
        let main = source::read_file(&path).expect("a file");
        let mut tree = Tree::new(main.clone());
        tree.push(defaults());
        push_file(&mut tree, main, &mut Vec::new(), &mut Vec::new()).expect("two files");
        // Most regularizers come with a later version, so the reading is looked at and not the load.
        let (experiment, _, _) = resolve::resolve(&tree, &tree.merged());
        assert_eq!(experiment.expect("complete").objective.regularizer, wanted, "{base} {over}");
    }
    let folder = Folder::new();
    folder.write(
        "base.toml",
        &format!("{LEAST}training.initialization = {{ uniform = {{ low = 0, high = 1 }} }}\n"),
    );
    let path = folder
        .write("x.toml", "extends = ['base.toml']\ntraining.initialization = { normal = { std = 0.5 } }\n");
    let loaded = load_all(&path, &[], &[]).expect("good");
    assert_eq!(loaded.experiment.training.initialization, Initialization::Normal { std: 0.5 });
}

#[test]
fn schedules_are_replaced_whole_and_overridden_by_player() {
    let folder = Folder::new();
    let base = "[optimizer]\nschedule = { linear = { end = 0, updates = 10 } }\nwarm_up = 3\ngenerator.schedule = 'constant'\n";
    folder.write("base.toml", &format!("{LEAST}{base}"));
    let path = folder.write("x.toml", "extends = ['base.toml']\n[optimizer]\ndiscriminator.warm_up = 0\n");
    let ramp = |curve, end, over| Schedule::Ramp(Ramp { curve, end, over });
    let linear = ramp(Curve::Linear, 0.0, Over::Updates(10));
    let optimizer = load_all(&path, &[], &[]).expect("good").experiment.optimizer;
    assert_eq!((optimizer.discriminator.schedule, optimizer.discriminator.warm_up), (linear, 0));
    assert_eq!((optimizer.generator.schedule, optimizer.generator.warm_up), (Schedule::Constant, 3));
    let sets =
        ["optimizer.schedule={ cosine = { end = 1e-6 } }", "optimizer.generator.schedule.linear.end=1e-5"];
    let optimizer = load_all(&path, &sets, &[]).expect("good").experiment.optimizer;
    assert_eq!(optimizer.discriminator.schedule, ramp(Curve::Cosine, 1e-6, Over::Training));
    assert_eq!(optimizer.generator.schedule, ramp(Curve::Linear, 1e-5, Over::Training));
}

#[test]
fn an_average_has_a_decay_or_a_half_life_whichever_is_given_later() {
    let folder = Folder::new();
    folder.write("base.toml", &format!("{LEAST}training.ema = {{ decay = 0.9, warm_up = true }}\n"));
    let path = folder.write("x.toml", "extends = ['base.toml']\ntraining.ema.half_life = 5000\n");
    let ema = |sets: &[&str]| load_all(&path, sets, &[]).expect("good").experiment.training.ema;
    assert_eq!(ema(&[]), Some(Ema { memory: Memory::HalfLife(5000.0), warm_up: true }));
    assert_eq!(ema(&["training.ema.decay=0.5"]), Some(Ema { memory: Memory::Decay(0.5), warm_up: true }));
}

#[test]
fn the_later_layers_length_counts_and_one_layers_two_are_an_error() {
    let folder = Folder::new();
    folder.write("base.toml", LEAST);
    let path = folder.write("x.toml", "extends = ['base.toml']\ntraining.steps = 7\n");
    assert_eq!(load_all(&path, &[], &[]).expect("good").experiment.training.length, Length::Steps(7));
    let back = load_all(&path, &["training.epochs=3"], &[]).expect("good");
    assert_eq!(back.experiment.training.length, Length::Epochs(3));
    let line = refusal(load_all(&path, &["training.epochs=3", "training.steps=3"], &[]));
    assert!(line.starts_with("--set training.steps=3: [training] has both"), "{line}");
}

#[test]
fn players_can_begin_with_weights_of_their_own() {
    let text = format!(
        "{LEAST}[training.discriminator]\ninitialization = {{ uniform = {{ low = -0.005, high = 0.005 }} }}\n[training.generator]\ninitialization = 'glorot-uniform'\n"
    );
    let experiment = good(&text);
    let of = |experiment: &Experiment| {
        ["generator", "discriminator"].map(|network| experiment.training.initialization_of(network))
    };
    let narrow = Initialization::Uniform { low: -0.005, high: 0.005 };
    assert_eq!(of(&experiment), [Initialization::GlorotUniform, narrow]);
    // What is the shared one is none of its own, so that the run is the same.
    assert_eq!(experiment.training.generator_initialization, None);
    assert!(experiment.to_toml().contains("\n[training.discriminator]\ninitialization = { uniform"));
    assert!(!experiment.to_toml().contains("[training.generator]"));
    assert_eq!(good(&experiment.to_toml()), experiment);
    // A whole value over another, and one parameter of it.
    let with = |set: &str| of(&load(&text, &[set]).expect("good").experiment)[1];
    assert_eq!(with("training.discriminator.initialization=he-normal"), Initialization::HeNormal);
    let wider = "training.discriminator.initialization.uniform.high=1";
    assert_eq!(with(wider), Initialization::Uniform { low: -0.005, high: 1.0 });
    let shared = of(&load(&text, &["training.initialization=he-normal"]).expect("good").experiment);
    assert_eq!(shared, [Initialization::GlorotUniform, narrow]);
}

#[test]
fn a_batch_norm_can_have_parameters() {
    let text = |norm: &str| {
        format!(
            "training.epochs = 1\n[architecture]\nfamily = 'custom'\nlatent_dim = 4\ngenerator.layers = [{{ dense = {{ units = 784 }} }}, {norm}, 'tanh', {{ reshape = [28, 28, 1] }}]\ndiscriminator.layers = ['flatten', {{ dense = {{ units = 1 }} }}]\n"
        )
    };
    let layer = |norm: &str| good(&text(norm)).architecture.generator.expect("layers").layers[1].clone();
    let norm = |momentum, epsilon| {
        architecture::Layer::BatchNorm(architecture::layers::BatchNorm { momentum, epsilon })
    };
    assert_eq!(layer("'batch-norm'"), norm(0.99, 1e-3));
    assert_eq!(layer("{ batch-norm = {} }"), norm(0.99, 1e-3));
    assert_eq!(layer("{ batch-norm = { momentum = 0.9 } }"), norm(0.9, 1e-3));
    assert_eq!(layer("{ batch-norm = { momentum = 0, epsilon = 1e-5 } }"), norm(0.0, 1e-5));
    // The usual one is written as it always was, so that older runs keep their hashes.
    assert!(good(&text("{ batch-norm = {} }")).to_toml().contains("    \"batch-norm\",\n"));
    for given in ["'batch-norm'", "{ batch-norm = { epsilon = 1e-5 } }"] {
        let experiment = good(&text(given));
        assert_eq!(good(&experiment.to_toml()), experiment);
    }
}

#[test]
fn a_training_can_be_as_long_as_so_many_images() {
    let text = "architecture.family = 'dcgan'\ntraining = { images = 1_000_000, batch_size = 64 }\nobjective.update = 'alternating'\n";
    let loaded = load(text, &["objective.discriminator_steps=5"]).expect("good");
    assert_eq!(loaded.experiment.training.length, Length::Images(1_000_000));
    assert_eq!(loaded.experiment.batches_per_step(), 5);
    assert_eq!(good(&loaded.experiment.to_toml()), loaded.experiment);
    // A later layer's choice takes the place of an earlier one's, in both directions.
    assert_eq!(load(text, &["training.steps=7"]).expect("good").experiment.training.length, Length::Steps(7));
    let images = load(LEAST, &["training.images=512"]).expect("good").experiment.training.length;
    assert_eq!(images, Length::Images(512));
    let line = refusal(load(text, &["training.epochs=7", "training.steps=7"]));
    assert!(line.starts_with("--set training.steps=7: [training] has both `epochs` and `steps`"), "{line}");
}

#[test]
fn another_choice_drops_the_keys_of_the_earlier_one() {
    let base = "training = { epochs = 1, batch_size = 8 }\narchitecture = { family = 'dcgan', width = 8, latent_dim = 9 }\ndataset = { count = 500, limit = 400 }\noptimizer = { betas = [0.5, 0.9], learning_rate = 0.5, epsilon = 1e-3, generator = { betas = [0.1, 0.2] } }";
    let loaded =
        load(base, &["optimizer.name=sgd", "dataset.name=mnist", "architecture.family=mlp"]).expect("good");
    let experiment = loaded.experiment;
    assert_eq!(experiment.optimizer.generator.method, Method::Sgd { momentum: 0.0 });
    assert_eq!(experiment.optimizer.generator.learning_rate, 0.5);
    assert_eq!((experiment.dataset.source, experiment.dataset.limit), (Source::Mnist, Some(400)));
    assert_eq!((experiment.architecture.width, experiment.architecture.latent_dim), (None, 9));
    // The same choice again drops nothing.
    let experiment = load(base, &["optimizer.name=adam"]).expect("good").experiment;
    assert_eq!(
        experiment.optimizer.discriminator.method,
        Method::Adam { beta1: 0.5, beta2: 0.9, epsilon: 1e-3 }
    );
    // What the same layer gives beside its choice is checked, not dropped.
    let line = refusal(load(base, &["optimizer.betas=[0.1, 0.2]", "optimizer.name=sgd"]));
    assert!(
        line.starts_with("--set optimizer.betas=[0.1, 0.2]: `optimizer.betas` belongs to `adam`"),
        "{line}"
    );
}

#[test]
fn players_override_single_keys() {
    let text = format!(
        "{LEAST}[optimizer]\nlearning_rate = 1e-3\nbetas = [0, 0.9]\n[optimizer.discriminator]\nlearning_rate = 4e-3\n[optimizer.generator]\nname = 'rmsprop'\nrho = 0.5\n"
    );
    let optimizer = good(&text).optimizer;
    assert_eq!(optimizer.discriminator.learning_rate, 4e-3);
    assert_eq!(optimizer.discriminator.method, Method::Adam { beta1: 0.0, beta2: 0.9, epsilon: 1e-7 });
    assert_eq!(optimizer.generator.learning_rate, 1e-3);
    assert_eq!(optimizer.generator.method, Method::RmsProp { rho: 0.5, momentum: 0.0, epsilon: 1e-7 });
}

/// Adam's decays of both players.
fn betas(loaded: &Loaded) -> [[f64; 2]; 2] {
    let optimizer = &loaded.experiment.optimizer;
    [optimizer.generator, optimizer.discriminator].map(|player| match player.method {
        Method::Adam { beta1, beta2, .. } => [beta1, beta2],
        other => panic!("{other:?}"),
    })
}

#[test]
fn an_element_of_a_list_can_be_given_alone() {
    let changed = |text: &str, sets: &[&str]| betas(&load(&format!("{LEAST}{text}"), sets).expect("good"));
    let given = "optimizer.betas = [0.5, 0.9]\n";
    assert_eq!(changed(given, &["optimizer.betas.0=0.1"]), [[0.1, 0.9]; 2]);
    assert_eq!(changed(given, &["optimizer.betas.1=0.1", "optimizer.betas.0=0.2"]), [[0.2, 0.1]; 2]);
    // The default, where nobody gives the list; a player's follows the shared one.
    assert_eq!(changed("", &["optimizer.betas.0=0.1"]), [[0.1, 0.999]; 2]);
    assert_eq!(changed(given, &["optimizer.generator.betas.0=0"]), [[0.0, 0.9], [0.5, 0.9]]);
    let both = ["optimizer.betas=[0.3, 0.4]", "optimizer.discriminator.betas.1=0.8"];
    assert_eq!(changed(given, &both), [[0.3, 0.4], [0.3, 0.8]]);
    // Of two settings the later wins, whichever is whole.
    assert_eq!(changed(given, &["optimizer.betas=[0.3, 0.4]", "optimizer.betas.0=0"]), [[0.0, 0.4]; 2]);
    assert_eq!(changed(given, &["optimizer.betas.0=0", "optimizer.betas=[0.3, 0.4]"]), [[0.3, 0.4]; 2]);
    // In a file it goes over the base's list, and the environment over both.
    let folder = Folder::new();
    folder.write("base.toml", &format!("{LEAST}{given}"));
    let path = folder.write("x.toml", "extends = ['base.toml']\noptimizer.betas.0 = 0.7\n");
    assert_eq!(betas(&load_all(&path, &[], &[]).expect("good")), [[0.7, 0.9]; 2]);
    let loaded = load_all(&path, &[], &[("ATELIER__OPTIMIZER__BETAS__1", "0.2")]).expect("good");
    assert_eq!(betas(&loaded), [[0.7, 0.2]; 2]);
    assert_eq!(loaded.origin("optimizer.betas.0").and_then(|place| place.position()), Some((2, 21)));

    let text = "training.epochs = 1\narchitecture.family = 'mlp'\ndataset.name = 'gaussian-ring'\n";
    let hidden = |sets: &[&str]| load(text, sets).expect("good").experiment.architecture.hidden;
    assert_eq!(hidden(&["architecture.hidden.1=8"]), Some(vec![256, 8]));
    assert_eq!(hidden(&["architecture.hidden=[3, 4, 5]", "architecture.hidden.2=6"]), Some(vec![3, 4, 6]));
    let layers = "training.epochs = 1\ndataset.name = 'gaussian-ring'\narchitecture = { family = 'custom', latent_dim = 2, generator.layers = [{ dense = { units = 4, bias = false } }, 'relu', { dense = { units = 2 } }], discriminator.layers = [{ dense = { units = 1 } }] }\n";
    let with = |set: &str| load(layers, &[set]).expect("good").experiment.to_toml();
    let text = with("architecture.generator.layers.0.dense.units=9");
    assert!(text.contains("units = 9"), "{text}");
    assert_eq!(text.matches("bias = false").count(), 1, "{text}");
    assert!(with("architecture.generator.layers.1=tanh").contains("\"tanh\""));
}

#[test]
fn an_element_that_is_not_there_is_refused() {
    for (set, message) in [
        (
            "optimizer.betas.2=0.5",
            "`optimizer.betas` has no element 2 to change; it must be a list of length 2; its elements are counted from 0",
        ),
        ("optimizer.betas.0=1", "`optimizer.betas[0]` is 1, but must be at least 0 and less than 1"),
        ("architecture.hidden.0=5", "`architecture.hidden` has no element 0 to change"),
        ("optimizer.betas.first=0.5", "`optimizer.betas` must be a list of length 2, but is a table"),
        ("training.epochs.0=5", "`training.epochs` must be a whole number, but is a table"),
    ] {
        let line = refusal(load(LEAST, &[set]));
        assert!(line.starts_with(&format!("--set {set}: {message}")), "{line}");
    }
    let line = refusal(load(LEAST, &["optimizer.name=sgd", "optimizer.betas.0=0.5"]));
    assert!(line.contains("`optimizer.betas` belongs to `adam`, but `optimizer.name` is `sgd`"), "{line}");
}

#[test]
fn one_parameter_of_a_word_can_be_given_alone() {
    let penalty = "objective.regularizer = { gradient-penalty = { weight = 10, one_sided = true } }\n";
    let regularizer = |text: &str, set: &str| {
        load(&format!("{LEAST}{text}"), &[set]).expect("good").experiment.objective.regularizer
    };
    let weight = "objective.regularizer.gradient-penalty.weight=3";
    assert_eq!(regularizer(penalty, weight), Regularizer::GradientPenalty { weight: 3.0, one_sided: true });
    // The whole value, and another word, take the place of what was there.
    let whole = "objective.regularizer={ gradient-penalty = { weight = 3 } }";
    assert_eq!(regularizer(penalty, whole), Regularizer::GradientPenalty { weight: 3.0, one_sided: false });
    assert_eq!(regularizer(penalty, "objective.regularizer.r1.gamma=3"), Regularizer::R1 { gamma: 3.0 });
    assert_eq!(regularizer("", weight), Regularizer::GradientPenalty { weight: 3.0, one_sided: false });
    let uniform = "training.initialization = { uniform = { low = -1, high = 1 } }\n";
    let loaded =
        load(&format!("{LEAST}{uniform}"), &["training.initialization.uniform.low=0"]).expect("good");
    assert_eq!(loaded.experiment.training.initialization, Initialization::Uniform { low: 0.0, high: 1.0 });
}

#[test]
fn sweeps_go_over_elements_and_parameters() {
    let text = format!(
        "{LEAST}optimizer.betas = [0.5, 0.9]\nobjective.regularizer = {{ gradient-penalty = {{ weight = 10, one_sided = true }} }}\n\
         [sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'optimizer.betas.0' = {{ uniform = [0, 0.999] }}\n\
         objective.regularizer.gradient-penalty.weight = {{ log-uniform = [0.1, 100] }}\noptimizer.generator.betas.1 = [0.1, 0.2]\n"
    );
    let loaded = load(&text, &[]).expect("good");
    let sweep = loaded.sweep.clone().expect("a sweep");
    let keys: Vec<&str> = sweep.parameters.iter().map(|parameter| parameter.key.as_str()).collect();
    assert_eq!(
        keys,
        ["optimizer.betas.0", "objective.regularizer.gradient-penalty.weight", "optimizer.generator.betas.1"]
    );
    assert_eq!(loaded.own("optimizer.betas.0"), Some("0.5".to_owned()));
    let (beta1, weight) = (sweep.parameters[0].number(0.25), sweep.parameters[1].number(7.0));
    let experiment = loaded.with(&[&beta1, &weight, &sweep.parameters[2].settings[1]]).expect("good");
    assert_eq!(
        experiment.objective.regularizer,
        Regularizer::GradientPenalty { weight: 7.0, one_sided: true }
    );
    let methods =
        [experiment.optimizer.generator, experiment.optimizer.discriminator].map(|player| player.method);
    let adam = |beta1, beta2| Method::Adam { beta1, beta2, epsilon: 1e-7 };
    assert_eq!(methods, [adam(0.25, 0.2), adam(0.25, 0.9)]);
    // Whole values of an enum.
    let text = format!(
        "{LEAST}[sweep.parameters]\n'objective.regularizer' = ['none', {{ gradient-penalty = {{ weight = 1.0 }} }}, {{ r1 = {{ gamma = 2 }} }}]\n"
    );
    let loaded = load(&text, &[]).expect("good");
    let settings = &loaded.sweep.as_ref().expect("a sweep").parameters[0].settings;
    let found: Vec<Regularizer> =
        settings.iter().map(|setting| loaded.with(&[setting]).expect("good").objective.regularizer).collect();
    let expected = [
        Regularizer::None,
        Regularizer::GradientPenalty { weight: 1.0, one_sided: false },
        Regularizer::R1 { gamma: 2.0 },
    ];
    assert_eq!(found, expected);
}

#[test]
fn wrong_settings_and_variables_are_named() {
    let cases = [
        (
            "optimizer.learning_rat=1",
            "--set optimizer.learning_rat=1: unknown key `learning_rat` in [optimizer]; did you mean `learning_rate`?",
        ),
        (
            "optimizer.learning_rate=-1",
            "--set optimizer.learning_rate=-1: `optimizer.learning_rate` is -1, but must be greater than 0",
        ),
        (
            "objective.loss=hinje",
            "--set objective.loss=hinje: unknown word `hinje` for `objective.loss`; did you mean `hinge`?",
        ),
        ("training.epochs", "--set training.epochs: `--set training.epochs` has no `=`"),
        ("training.epochs=", "--set training.epochs=: no value is given"),
        ("training epochs=3", "--set training epochs=3: `training epochs` is not a key"),
        ("=3", "--set =3: `` is not a key"),
        ("optimizer.betas=[0.5,", "--set optimizer.betas=[0.5,: this is not valid TOML"),
        (
            "training.epochs=1.2.3",
            "--set training.epochs=1.2.3: `training.epochs` must be a whole number, but is the text \"1.2.3\"",
        ),
        ("extends=['x.toml']", "--set extends=['x.toml']: `extends` can only stand in a file"),
        (
            "dataset.name=slanted-faces",
            "--set dataset.name=slanted-faces: dcgan draws 28×28 or 32×32 images, but slanted-faces are 2×2",
        ),
        (
            "training.batch_size=30000",
            "--set training.batch_size=30000: `training.batch_size` is 30000, but `dataset.count` leaves 20000",
        ),
        (
            "dataset.limit=12",
            "--set dataset.limit=12: `training.batch_size` is 256, but `dataset.limit` leaves 12",
        ),
    ];
    for (set, wanted) in cases {
        let line = refusal(load(LEAST, &[set]));
        assert!(line.starts_with(wanted), "{set}\n{line}");
    }
    let folder = Folder::new();
    let path = folder.write("x.toml", LEAST);
    let cases = [
        ("ATELIER__OPTIMIZER__LEARNING_RAT", "1", "unknown key `learning_rat` in [optimizer]"),
        ("ATELIER__OPTIMISER__NAME", "sgd", "unknown section [optimiser]"),
        (
            "ATELIER__TRAINING__EPOCHS",
            "many",
            "`training.epochs` must be a whole number, but is the text \"many\"",
        ),
        ("ATELIER__TRAINING____EPOCHS", "1", "does not name a key"),
        ("ATELIER__", "1", "does not name a key"),
        ("ATELIER__SEED", "", "no value is given"),
        ("ATELIER__EXTENDS", "['a']", "`extends` can only stand in a file"),
    ];
    for (name, value, wanted) in cases {
        let line = refusal(load_all(&path, &[], &[(name, value)]));
        assert!(
            line.starts_with(&format!("environment variable {name}: ")) && line.contains(wanted),
            "{name}\n{line}"
        );
    }
}

#[test]
fn settings_take_toml_values_and_bare_words() {
    let sets = [
        "name=2026-01-01",
        "description= a few words",
        "dataset.name=idx",
        "dataset.images=data/x-images.gz",
        "dataset.shape=[28, 28]",
        "optimizer.betas=[0.5, 0.9]",
        "'optimizer'.\"learning_rate\"=2e-4",
        "training.initialization={ normal = { std = 0.5 } }",
        "logging.progress_gif=false",
        "seed=1",
        "seed=0x10",
    ];
    let experiment = load(LEAST, &sets).unwrap_or_else(|error| panic!("{}", error.render())).experiment;
    assert_eq!((experiment.name.as_str(), experiment.description.as_str()), ("2026-01-01", "a few words"));
    assert_eq!((experiment.seed, experiment.logging.progress_gif), (16, false));
    assert_eq!(experiment.optimizer.generator.learning_rate, 2e-4);
    assert_eq!(experiment.training.initialization, Initialization::Normal { std: 0.5 });
    assert!(matches!(experiment.dataset.source, Source::Idx { images, .. } if images == "data/x-images.gz"));
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let folder = Folder::new();
    folder.write("quickstart.toml", LEAST);
    let at = |name: &str| refusal(load_all(&folder.0.path().join(name), &[], &[]));
    assert!(at("quickstrat.toml").contains("there is no file"), "{}", at("quickstrat.toml"));
    assert!(at("quickstrat.toml").contains("did you mean"), "{}", at("quickstrat.toml"));
    assert!(at("quickstart").ends_with("quickstart.toml`?"), "{}", at("quickstart"));
    assert!(!at("entirely-else.toml").contains("did you mean"));
    assert!(at("").contains("is a folder"));
    std::fs::write(folder.0.path().join("latin.toml"), b"seed = 1\nname = 'caf\xe9'\n").expect("a file");
    assert!(
        at("latin.toml").contains("is not UTF-8 text: line 2 holds the byte 0xe9"),
        "{}",
        at("latin.toml")
    );
    folder.write("huge.toml", &"# filler\n".repeat(130_000));
    assert!(at("huge.toml").contains("is larger than 1 MiB"));
    folder.write("deep.toml", &format!("seed = {}{}", "[".repeat(50_000), "]".repeat(50_000)));
    assert!(at("deep.toml").contains("not valid TOML"), "{}", at("deep.toml"));
    folder.write("my file.toml", LEAST);
    assert!(at("my file.toml").contains("cannot name the folder of results"));
    assert!(at("my file.toml").ends_with("add name = \"my_file\" to it"), "{}", at("my file.toml"));
}

#[test]
fn a_base_that_is_missing_is_named_where_it_is_asked_for() {
    let folder = Folder::new();
    folder.write("base.toml", LEAST);
    let path = folder.write("x.toml", "seed = 1\nextends = [\n  'bsae.toml' ]\n");
    let line = refusal(load_all(&path, &[], &[]));
    assert!(
        line.contains("x.toml:3:3: `extends`: there is no file") && line.contains("did you mean"),
        "{line}"
    );
}

#[test]
fn a_sweep_is_read_in_the_order_of_the_file_and_its_values_are_tried() {
    let text = format!(
        "{LEAST}[sweep]\nseeds = [3, 1]\n[sweep.parameters]\n\"training.steps\" = [10, 20]\noptimizer.name = ['sgd', 'adam']\n\"training.initialization\" = ['he-normal', {{ normal = {{ std = 0.02 }} }}]\n"
    );
    let loaded = load(&text, &[]).unwrap_or_else(|error| panic!("{}", error.render()));
    let sweep = loaded.sweep.as_ref().expect("a sweep");
    assert_eq!((sweep.strategy, sweep.seeds.as_slice()), (super::sweep::Strategy::Grid, &[3, 1][..]));
    let keys: Vec<_> = sweep.parameters.iter().map(|parameter| parameter.key.as_str()).collect();
    assert_eq!(keys, ["training.steps", "optimizer.name", "training.initialization"]);
    let shown: Vec<_> = sweep.parameters[2].settings.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["he-normal", "{ normal = { std = 0.02 } }"]);
    let settings: Vec<_> = sweep.parameters.iter().map(|parameter| &parameter.settings[0]).collect();
    let run = loaded.with(&settings).expect("a run");
    assert_eq!(run.training.length, Length::Steps(10));
    assert_eq!(run.optimizer.generator.method, Method::Sgd { momentum: 0.0 });
    assert_eq!(run.training.initialization, Initialization::HeNormal);
    assert_eq!(loaded.experiment.training.length, Length::Epochs(1));
}

#[test]
fn a_case_is_what_an_extending_file_would_say() {
    let text = "architecture.family = 'dcgan'\noptimizer = { learning_rate = 2e-4, betas = [0.5, 0.9] }\ntraining.epochs = 2\n\
        [sweep.parameters]\n'training.batch_size' = [32, 64]\n\
        [sweep.cases.plain]\n[sweep.cases.wgan-gp]\nobjective.loss = 'wasserstein'\n\
        'objective.regularizer' = { gradient-penalty = { weight = 10 } }\n[sweep.cases.sgd]\n'optimizer.name' = 'sgd'\n\
        'optimizer.learning_rate' = 1e-2\n[sweep.cases.autoencoder]\narchitecture = { family = 'vae' }\n\
        'training.steps' = 9\n";
    let loaded = load(text, &[]).unwrap_or_else(|error| panic!("{}", error.render()));
    let sweep = loaded.sweep.clone().expect("a sweep");
    assert_eq!(sweep.trials, 8);
    let parameters: Vec<_> = sweep.parameters.iter().collect();
    let keys: Vec<_> = parameters.iter().map(|parameter| parameter.key.as_str()).collect();
    assert_eq!(keys, ["case", "training.batch_size"]);
    let runs: Vec<Experiment> = (0..8)
        .map(|index| {
            let settings = sweep::combination(&parameters, index);
            let (slow, problems) = loaded.attempt(&settings, |_| true);
            assert!(problems.is_empty());
            assert_eq!(loaded.resolved_with(&settings), slow);
            slow.expect("a run")
        })
        .collect();
    let cases: Vec<_> = runs.iter().step_by(2).map(|run| run.case.as_deref()).collect();
    assert_eq!(cases, [Some("plain"), Some("wgan-gp"), Some("sgd"), Some("autoencoder")]);
    assert_eq!(runs[1].training.batch_size, 64);
    // The label apart, the first case is the file itself, and none leaks into the next.
    let own = Experiment { training: runs[1].training.clone(), ..loaded.experiment.clone() };
    assert_eq!(Experiment { case: None, ..runs[1].clone() }, own);
    assert_eq!(runs[1].canonical(), own.canonical());
    assert_eq!(
        runs[2].objective.regularizer,
        Regularizer::GradientPenalty { weight: 10.0, one_sided: false }
    );
    // Another choice drops the keys that do not belong to it, as in layers of files.
    assert_eq!(runs[4].optimizer.generator.method, Method::Sgd { momentum: 0.0 });
    assert_eq!(runs[4].objective, loaded.experiment.objective);
    assert_eq!((runs[6].architecture.family, runs[6].training.length), (Family::Vae, Length::Steps(9)));
    // What a run's folder keeps gives the same run.
    let again = load(&runs[6].to_toml(), &[]).unwrap_or_else(|error| panic!("{}", error.render()));
    assert_eq!(again.experiment, runs[6]);
}

#[test]
fn cases_come_from_bases_too() {
    let folder = Folder::new();
    folder.write("base.toml", &format!("{LEAST}[sweep.cases]\none.'optimizer.learning_rate' = 1e-3\ntwo.'optimizer.learning_rate' = 2e-3\n"));
    let path = folder
        .write("x.toml", "extends = ['base.toml']\n[sweep.cases.two]\n'optimizer.learning_rate' = 3e-3\n");
    let loaded = load_all(&path, &[], &[]).expect("good");
    let sweep = loaded.sweep.as_ref().expect("a sweep");
    let rate = |case: usize| {
        loaded.with(&[&sweep.parameters[0].settings[case]]).expect("good").optimizer.generator.learning_rate
    };
    let mut rates = [rate(0), rate(1)];
    rates.sort_by(f64::total_cmp);
    assert_eq!(rates, [1e-3, 3e-3]);
}

#[test]
fn a_combination_that_contradicts_itself_points_into_the_sweep() {
    let text = format!(
        "{LEAST}[sweep.parameters]\n'objective.update' = ['simultaneous', 'alternating']\n'objective.discriminator_steps' = [1, 5]\n"
    );
    let error = load(&text, &[]).expect_err("simultaneous, 5 steps");
    assert_eq!(error.problems()[0].place().position(), Some((5, 39)), "{}", error.render());
}

/// The quick way from settings to an experiment, without layers, agrees with the layers.
#[test]
fn settings_are_put_in_as_a_layer_would_be() {
    let text = "dataset.name = 'gaussian-ring'\narchitecture = { family = 'mlp', hidden = [5] }\ntraining = { epochs = 2, ema = { decay = 0.5 } }\noptimizer = { betas = [0.5, 0.9], generator.learning_rate = 1e-3 }\n[sweep.parameters]\n'dataset.name' = ['gaussian-ring', 'gaussian-grid', 'mnist']\n'optimizer.name' = ['adam', 'sgd', 'rmsprop']\n'training.initialization' = ['he-normal', { normal = { std = 0.02 } }, { uniform = { low = 0, high = 1 } }]\n'training.steps' = [5]\n'training.ema' = [{}, { decay = 0.9 }]\n'architecture.hidden' = [[5], [6, 7]]\n'optimizer.generator.learning_rate' = [1e-3, 1e-4]\n";
    let loaded = load(text, &[]).unwrap_or_else(|error| panic!("{}", error.render()));
    let parameters: Vec<_> = loaded.sweep.as_ref().expect("a sweep").parameters.iter().collect();
    let count: usize = parameters.iter().map(|parameter| parameter.settings.len()).product();
    assert_eq!(count, 216);
    for index in 0..count {
        let settings = sweep::combination(&parameters, index);
        let (slow, problems) = loaded.attempt(&settings, |_| true);
        assert!(problems.is_empty());
        assert_eq!(loaded.resolved_with(&settings), slow, "{settings:?}");
    }
}

#[test]
fn a_later_layers_range_and_strategy_take_the_place_of_earlier_ones() {
    let text = format!(
        "{LEAST}[sweep]\nstrategy = 'tpe'\ntrials = 5\nbatch = 2\nobjective.column = 'g_loss'\n[sweep.parameters]\n'optimizer.learning_rate' = {{ log-uniform = [1e-5, 1e-3] }}\n"
    );
    let load = |sets: &[&str]| load(&text, sets).unwrap_or_else(|error| panic!("{}", error.render()));
    let range = "sweep.parameters.\"optimizer.learning_rate\"={ uniform = [1e-4, 2e-4] }";
    let sweep = load(&[range, "sweep.strategy=random"]).sweep.expect("a sweep");
    let expected = sweep::Range { scale: sweep::Scale::Uniform, low: 1e-4, high: 2e-4 };
    assert_eq!((sweep.parameters[0].range, sweep.trials), (Some(expected), 5));
    let list = "sweep.parameters.\"optimizer.learning_rate\"=[1e-4, 2e-4, 3e-4]";
    let sweep = load(&[list, "sweep.strategy=grid"]).sweep.expect("a sweep");
    assert_eq!((sweep.parameters[0].range, sweep.trials), (None, 3));
}

#[test]
fn what_is_allowed_but_not_meant_is_a_warning() {
    let loaded = load(&format!("{LEAST}[evaluation]\nsamples = 500\n"), &[]).expect("good");
    assert!(loaded.warnings[0].contains("evaluation.samples is 500"), "{:?}", loaded.warnings);
    assert!(load(&format!("{LEAST}[evaluation]\n"), &[]).expect("good").warnings.is_empty());
    let folder = Folder::new();
    folder.write("base.toml", &format!("name = 'base'\n{LEAST}"));
    let loaded = load_all(&folder.write("x.toml", "extends = ['base.toml']\n"), &[], &[]).expect("good");
    assert_eq!(loaded.experiment.name, "base");
    assert!(loaded.warnings[0].contains("`name` comes from") && loaded.warnings[0].contains("base.toml"));
}

#[test]
fn another_part_of_the_program_can_point_at_a_key() {
    let text = "training.epochs = 1\n[architecture]\nfamily = 'custom'\ngenerator.layers = ['tanh', 'relu']\ndiscriminator.layers = ['flatten']\n";
    let loaded = load(text, &[]).expect("good");
    let error = loaded.problem_at("architecture.generator.layers[1]", "does not fit");
    assert_eq!(error.problems()[0].place().position(), Some((4, 29)));
    assert_eq!(error.to_string(), "does not fit");
}

#[test]
fn unknown_keys_are_refused_in_every_table() {
    let tables = [
        "dataset",
        "architecture",
        "objective",
        "optimizer",
        "optimizer.generator",
        "optimizer.discriminator",
        "training",
        "training.ema",
        "training.early_stop",
        "training.initialization.normal",
        "training.initialization.uniform",
        "optimizer.schedule.linear",
        "optimizer.schedule.exponential",
        "optimizer.generator.momentum_schedule.cosine",
        "optimizer.beta2_schedule.linear",
        "evaluation",
        "logging",
        "logging.montage",
        "sweep",
        "sweep.objective",
        "sweep.final",
        "sweep.slurm",
        "architecture.generator",
        "architecture.discriminator",
        "objective.regularizer.weight-clipping",
        "objective.regularizer.max-norm",
        "objective.regularizer.gradient-penalty",
        "objective.regularizer.dragan",
        "objective.regularizer.r1",
        "objective.regularizer.r2",
    ];
    for table in tables {
        let error = load(&format!("[{table}]\nzzz = 1\n"), &[]).expect_err(table);
        let found = error.problems().iter().any(|problem| {
            problem.message().starts_with("unknown key `zzz` in ")
                && problem.place().position() == Some((2, 1))
        });
        assert!(found, "{table}\n{}", error.render());
    }
}

/// No text makes the loader panic: good files with one byte struck out, doubled or changed.
#[test]
fn damaged_files_never_panic() {
    let folder = Folder::new();
    let mut tried = 0;
    for text in GOOD {
        for at in (0..text.len()).step_by(7) {
            for edit in ["", "\"", "[", "{", "-", "9"] {
                let (Some(before), Some(after)) = (text.get(..at), text.get(at + 1..)) else { continue };
                let path = folder.write("x.toml", &format!("{before}{edit}{after}"));
                if let Err(error) = load_all(&path, &[], &[]) {
                    assert!(!error.render().is_empty());
                    let mut report = String::new();
                    miette::GraphicalReportHandler::new()
                        .render_report(&mut report, &*error)
                        .expect("a report");
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 1500);
}
