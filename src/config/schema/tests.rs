//! The schema against the program itself, by a validator that knows neither.

use std::collections::BTreeSet;
use std::path::Path;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::{Value, json};

use super::super::tests::table;
use super::super::{Experiment, Loaded, SECTIONS, TOP, read};
use super::*;

fn schema() -> Value {
    serde_json::from_str(&super::json()).expect("the schema is JSON")
}

/// An independent validator of draft 7.
struct Validator(Schemas, SchemaIndex);

impl Validator {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.set_default_draft(Draft::V7);
        compiler.add_resource("schema.json", schema()).expect("a resource");
        let index = compiler.compile("schema.json", &mut schemas).expect("a schema of draft 7");
        Self(schemas, index)
    }

    /// The reason why a file does not fit, if it does not; `None` also for what is not TOML.
    fn refuses(&self, text: &str) -> Option<String> {
        let file: toml::Table = text.parse().ok()?;
        let file = serde_json::to_value(file).expect("TOML is JSON");
        self.0.validate(&file, self.1).err().map(|error| format!("{error:#}"))
    }
}

/// Every experiment of the repository.
fn experiments() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
    let files = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let is_toml = |path: &std::path::PathBuf| path.extension().is_some_and(|ending| ending == "toml");
    let read = |path: std::path::PathBuf| {
        (path.display().to_string(), std::fs::read_to_string(&path).expect("a text"))
    };
    files.filter(is_toml).map(read).collect()
}

fn load(text: &str) -> Result<Loaded, Box<super::super::Error>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.toml");
    std::fs::write(&path, text).expect("a file");
    Experiment::load(&path, &[], std::iter::empty())
}

#[test]
fn the_committed_file_is_what_the_program_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/schema.json");
    let committed = std::fs::read_to_string(path).expect("experiments/schema.json");
    assert!(
        committed == super::json(),
        "experiments/schema.json is old: write it again with `atelier schema > experiments/schema.json`"
    );
}

#[test]
fn every_experiment_names_the_schema() {
    for (file, text) in experiments() {
        assert_eq!(text.lines().next(), Some("#:schema ./schema.json"), "{file}");
    }
}

#[test]
fn the_top_of_the_file_is_complete() {
    let schema = schema();
    let keys: BTreeSet<&str> =
        schema["properties"].as_object().expect("keys").keys().map(String::as_str).collect();
    assert_eq!(keys, TOP.iter().chain(SECTIONS).copied().collect());
}

/// Many small files that are right, each with its reason to be here.
const GOOD: &[&str] = &[
    // What a base or `--set` brings need not be here.
    "",
    "[training]\nbatch_size = 8\n",
    "extends = ['base.toml']\n[optimizer]\nmomentum = 0.5\n",
    "name = 'a-b_c.d'\ndescription = 'Two'\nseed = 9223372036854775807\n",
    "[dataset]\nname = 'gaussian-grid'\nmodes = 10000\nspacing = 1\nstd = 0.1\ncount = 1000000\n",
    "[dataset]\nname = 'idx'\nimages = 'x'\nshape = [28, 28, 3]\n",
    "[dataset]\nname = 'cifar-10'\nlimit = 100\nrange = 'unit'\n",
    "[dataset]\nname = 'image-folder'\npath = 'x'\nsize = [28, 28]\nchannels = 1\n",
    "[dataset]\nname = 'idx'\nimages = 'x'\nlabels = 'y'\ntest_images = 'z'\ntest_labels = 'w'\nshape = [28, 28]\n",
    "[architecture]\nfamily = 'mlp'\nlatent = 'unit'\nhidden = [1, 65536]\n",
    "[architecture]\nfamily = 'began'\nvariant = 'dense'\nhidden = [8]\ncode_dim = 1\nlatent = 'normal'\n[objective]\ngamma = 1\nlambda_k = 0\n",
    "[architecture]\nfamily = 'began'\ndiscriminator_batch_norm = true\n[objective]\nupdate = 'alternating'\ndiscriminator_steps = 2\n",
    "[architecture]\nfamily = 'began'\ngenerator.layers = ['tanh']\ndiscriminator.layers = ['flatten']\n",
    "[architecture]\nfamily = 'vae'\nvariant = 'conv'\nlatent_dim = 8\n[objective]\nlikelihood = { gaussian = { std = 0.1 } }\nbeta = 4\n",
    "[architecture]\nfamily = 'vae'\nencoder.layers = ['flatten']\ndecoder.layers = ['tanh']\n[objective]\nlikelihood = 'bernoulli'\nbeta = 0.5\n",
    "[architecture]\nfamily = 'classifier'\nvariant = 'sigmoid'\nclasses = 10\n",
    "[architecture]\nfamily = 'classifier'\nclassifier.layers = ['flatten', { dense = { units = 10 } }]\n",
    "[sweep]\nobjective = { column = 'test_accuracy' }\n[sweep.parameters]\n'objective.beta' = [1, 4]\n'architecture.variant' = ['dense']\n",
    "[architecture]\nfamily = 'custom'\ngenerator.layers = ['relu', { leaky-relu = 0 }, { leaky-relu = 0.3 }, { dropout = 0.95 },\n\
     { dense = { units = 3, bias = false } }, { reshape = [1, 1, 3] }, 'batch-norm', 'tanh', 'sigmoid', 'flatten',\n\
     { conv = { channels = 1, kernel = 5 } }, { conv-transpose = { channels = 1, kernel = 5, stride = 2, bias = true } }]\n",
    "[architecture]\nfamily = 'custom'\ngenerator.layers = ['upsample', 'average-pool', 'max-pool', 'sum-pool', 'layer-norm',\n\
     { maxout = { units = 3, pieces = 64 } }, { label-embedding = { classes = 2, width = 1024 } }, { label-projection = { classes = 256 } },\n\
     { residual = { layers = ['relu', { residual = { layers = ['tanh'] } }], shortcut = [{ conv = { channels = 1, kernel = 1 } }] } }]\n",
    "[architecture]\nfamily = 'dcgan'\nvariant = 'paper'\n",
    "[architecture]\nfamily = 'infogan'\ndiscriminator_batch_norm = false\n",
    "[architecture]\nfamily = 'conditional-dcgan'\nclasses = 10\nwidth = 8\n",
    "[architecture]\nfamily = 'sngan'\nwidth = 1024\n",
    "[architecture]\nfamily = 'goodfellow'\n",
    "[optimizer]\nname = 'sgd'\nbetas = [0.5, 0.9]\n[optimizer.generator]\nname = 'adam'\n",
    "[optimizer]\nlearning_rate = 1\n[optimizer.discriminator]\nlearning_rate = 4e-4\nbetas = [0, 0.9]\n",
    "[optimizer]\nschedule = 'constant'\nwarm_up = 100\nclip_norm = 1\nbeta2_schedule = { linear = { end = 0.99, epochs = 3 } }\n",
    "[optimizer]\nname = 'sgd'\nschedule = { cosine = { end = 0 } }\nmomentum_schedule = 'constant'\ngenerator.schedule = { exponential = { decay = 0.9 } }\n",
    "[architecture]\nfamily = 'goodfellow'\nlatent = 'standard-uniform'\n[training.generator]\ninitialization = 'he-normal'\n",
    "[architecture]\nfamily = 'custom'\ngenerator.layers = ['batch-norm', { batch-norm = {} }, { batch-norm = { momentum = 0, epsilon = 1e-5 } }]\n",
    "[training]\nimages = 1000000000000\nbatch_size = 64\n",
    "[training]\nepochs = 1\nema = { half_life = 10000, warm_up = true }\nearly_stop = { column = 'g_loss', patience = 3 }\n",
    "[sweep.parameters]\n'optimizer.schedule' = ['constant', { cosine = { end = 0 } }]\n'optimizer.warm_up' = [0, 100]\n'optimizer.clip_norm' = { log-uniform = [0.1, 10] }\n",
    "[training]\nsteps = 1000000000\ninitialization = 'he-normal'\nema = {}\n",
    "[training]\nepochs = 1\ninitialization = { normal = { std = 0.02 } }\nema = { decay = 0.5 }\ndevice = 'cuda'\n",
    "[training]\nepochs = 1\ninitialization = { uniform = { low = -1, high = 1.0 } }\n",
    "[objective]\nloss = 'least-squares'\ntargets = { real = 1, fake = -1, generator = 0 }\n",
    "[objective]\nloss = 'minimax'\nlabel_smoothing = 0.9\nregularizer = { gradient-penalty = { weight = 10, one_sided = true } }\n",
    "[objective]\nloss = 'hinge'\nregularizer = 'spectral-norm'\n",
    "[objective]\nregularizer = { max-norm = { bound = 1.9365 } }\n",
    "[objective]\nloss = 'relativistic'\nregularizer = { r1-r2 = { gamma = 0.5 } }\n",
    "[evaluation]\n",
    "[evaluation]\nevery = 1\nsamples = 100\nmetrics = ['kernel']\n",
    "[logging]\nevery_steps = 10\nprogress_gif = false\nmontage = { rows = 1 }\n",
    "[sweep]\nstrategy = 'grid'\nseeds = [0, 1, 2]\n",
    "[sweep]\nstrategy = 'tpe'\ntrials = 20\nbatch = 4\nobjective = { column = 'g_loss' }\nfinal = { seeds = [10, 11] }\n",
    "[sweep]\nstrategy = 'halving'\ntrials = 9\nstart = 2\nfactor = 3\nobjective = { column = 'frechet', goal = 'max', value = 'best' }\n",
    "[sweep.parameters]\n'optimizer.learning_rate' = { log-uniform = [1e-5, 1e-3] }\n'training.ema.decay' = { uniform = [0, 0.999] }\n\
     'training.batch_size' = { integer = [16, 256] }\n'objective.loss' = { choice = ['minimax'] }\noptimizer.epsilon = { uniform = [1e-8, 1] }\n",
    "[sweep.slurm]\npartition = 'gpu,long'\ntime = '02:00:00'\ncpus = 4\ngpus = 0\nmemory = '8G'\naccount = 'x'\nthrottle = 10\n\
     options = ['--constraint=a100']\nsetup = ['module load cuda']\n",
    "[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 1]\n'objective.loss' = ['minimax', 'non-saturating']\n",
    "[sweep.parameters]\noptimizer.learning_rate = [1e-4]\ntraining.initialization.normal.std = [0.02, 1]\n",
    "[sweep.parameters]\n'training.initialization' = ['he-normal', { normal = { std = 0.02 } }]\n'architecture.hidden' = [[4], [8, 8]]\n",
    "[optimizer]\nbetas.0 = 0.5\n[optimizer.generator]\nbetas = { 1 = 0.9 }\n[architecture]\nhidden.12 = 4\n",
    "[sweep.parameters]\n'optimizer.betas.0' = { uniform = [0, 0.999] }\noptimizer.betas.1 = [0.9, 0.99]\n'architecture.hidden.0' = [4, 8]\n\
     'architecture.generator.layers.2.dense.units' = [16, 32]\n'optimizer.discriminator.betas.0' = [0.1]\n",
    "[sweep.parameters]\n'architecture.generator.layers' = [['tanh'], [{ dense = { units = 2 } }]]\n'optimizer.betas' = [[0.5, 0.9]]\n",
];

#[test]
fn it_takes_what_is_right() {
    let validator = Validator::new();
    for (file, text) in experiments() {
        assert_eq!(validator.refuses(&text), None, "{file}");
        // What a run's folder holds: the same with every default, without what `extends` brings.
        if !text.contains("\nextends") {
            let whole = load(&text).unwrap_or_else(|error| panic!("{file}: {error}")).experiment.to_toml();
            assert_eq!(validator.refuses(&whole), None, "{file}:\n{whole}");
        }
    }
    for text in GOOD {
        assert!(text.parse::<toml::Table>().is_ok(), "{text}");
        assert_eq!(validator.refuses(text), None, "{text}");
    }
}

/// How many of the wrong files that are TOML the schema refuses; may only rise. It takes those that are wrong by two keys or
/// sections together, by arithmetic, by what a base might bring, and by `1e2` for a whole number, which JSON does not
/// tell from 100. `atelier check` tells these.
const REFUSED: usize = 183;

#[test]
fn it_refuses_what_is_wrong() {
    let validator = Validator::new();
    let toml: Vec<String> = table::TABLE
        .iter()
        .map(table::Case::text)
        .filter(|text| text.parse::<toml::Table>().is_ok())
        .collect();
    let (refused, taken): (Vec<_>, Vec<_>) = toml.iter().partition(|text| validator.refuses(text).is_some());
    assert!(
        refused.len() >= REFUSED,
        "{} are refused; these are not:\n{}",
        refused.len(),
        taken.iter().map(|text| format!("{text}--\n")).collect::<String>()
    );
}

/// One number of the schema.
struct Number {
    /// Its key, as errors name it.
    key: String,
    schema: Value,
    /// Files with `null` where the number goes; where the key belongs to several words, one for each.
    files: Vec<Value>,
}

/// Every number below `schema`, which stands at `key`. `files` have `null` at its place.
fn numbers(schema: &Value, key: &str, files: &[Value], found: &mut Vec<Number>) {
    if matches!(schema["type"].as_str(), Some("integer" | "number")) {
        found.push(Number { key: key.to_owned(), schema: schema.clone(), files: files.to_vec() });
    }
    let branches = schema["oneOf"].as_array().into_iter().flatten();
    for table in branches.chain([schema]) {
        // The elements of a list come as its items, below.
        let is_list = table["items"].is_object() || table["items"].is_array();
        for (name, property) in table["properties"].as_object().into_iter().filter(|_| !is_list).flatten() {
            let inner = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            let files: Vec<Value> = tables_with(table, name)
                .iter()
                .flat_map(|table| files.iter().map(|file| filled(file, table)))
                .collect();
            numbers(property, &inner, &files, found);
        }
    }
    match &schema["items"] {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let list = (0..items.len()).map(|other| if other == index { Value::Null } else { json!(1) });
                let list = Value::Array(list.collect());
                let files: Vec<Value> = files.iter().map(|file| filled(file, &list)).collect();
                numbers(item, &format!("{key}[{index}]"), &files, found);
            }
        }
        Value::Null => {}
        item => {
            let mut list =
                vec![item["minimum"].clone(); schema["minItems"].as_u64().unwrap_or(1).max(1) as usize];
            list[0] = Value::Null;
            let list = Value::Array(list);
            let files: Vec<Value> = files.iter().map(|file| filled(file, &list)).collect();
            numbers(item, &format!("{key}[0]"), &files, found);
        }
    }
}

/// Tables with `null` at `name`, what it needs beside it, and, one after the other, each word that it belongs to.
fn tables_with(schema: &Value, name: &str) -> Vec<Value> {
    let mut table = json!({});
    for needed in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        table[needed] = schema["properties"][needed]["minimum"].clone();
    }
    table[name] = Value::Null;
    let rule = &schema["dependencies"][name];
    let rule = if rule["anyOf"].is_array() { &rule["anyOf"][0] } else { rule };
    let Some((choice, words)) = rule["properties"].as_object().and_then(|rule| rule.iter().next()) else {
        return vec![table];
    };
    let with = |word: &Value| {
        let mut table = table.clone();
        table[choice] = word.clone();
        table
    };
    words["enum"].as_array().into_iter().flatten().map(with).collect()
}

/// A file with `value` in place of its `null`.
fn filled(file: &Value, value: &Value) -> Value {
    match file {
        Value::Null => value.clone(),
        Value::Object(table) => table
            .iter()
            .map(|(name, inner)| (name.clone(), filled(inner, value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|inner| filled(inner, value)).collect(),
        other => other.clone(),
    }
}

/// Whether the program says that the number is out of its range.
fn is_out_of_range(file: &Value, key: &str) -> bool {
    let text = toml::to_string(file).expect("TOML");
    let start = format!("`{key}` is ");
    let ranges = ["but must be between ", "but must be greater than ", "but must be at least "];
    let says =
        |message: &str| message.starts_with(&start) && ranges.iter().any(|range| message.contains(range));
    match load(&text) {
        Ok(_) => false,
        Err(error) => error.problems().iter().any(|problem| says(problem.message())),
    }
}

/// The ranges are said twice, in the schema's attributes and in the checks: here they meet, at both ends of each.
#[test]
fn ranges_are_those_of_the_checks() {
    let mut found = Vec::new();
    numbers(&schema(), "", &[Value::Null], &mut found);
    assert!(found.len() >= 45, "{}", found.len());
    for Number { key, schema, files } in found {
        let is_whole = schema["type"] == "integer";
        let step = |bound: f64, direction: f64| bound + direction * 1e-9 * bound.abs().max(1.0);
        let mut edges = Vec::new();
        for (inclusive, exclusive, outward) in
            [("minimum", "exclusiveMinimum", -1.0), ("maximum", "exclusiveMaximum", 1.0)]
        {
            match (schema[inclusive].as_f64(), schema[exclusive].as_f64()) {
                (Some(_), None) if is_whole => {
                    let bound = schema[inclusive].as_i64().expect("a whole bound");
                    let outside = if outward < 0.0 { bound.checked_sub(1) } else { bound.checked_add(1) };
                    edges.push((json!(bound), outside.map(|outside| json!(outside))));
                }
                (Some(bound), None) => edges.push((json!(bound), Some(json!(step(bound, outward))))),
                (None, Some(bound)) => edges.push((json!(step(bound, -outward)), Some(json!(bound)))),
                _ => panic!("`{key}` needs one {inclusive}: {schema}"),
            }
        }
        for (inside, outside) in edges {
            let out = |value: &Value| {
                files.iter().map(|file| is_out_of_range(&filled(file, value), &key)).collect::<Vec<_>>()
            };
            assert!(out(&inside).contains(&false), "`{key}` = {inside} is refused, but not by the schema");
            if let Some(outside) = outside {
                assert!(
                    !out(&outside).contains(&false),
                    "`{key}` = {outside} is taken, but not by the schema"
                );
            }
        }
    }
}

/// A default that the schema states is the one that the program takes.
#[test]
fn defaults_are_those_of_the_program() {
    let file = "architecture.family = 'mlp'\ntraining = { epochs = 1, ema = {} }\nevaluation = {}\n";
    let whole: toml::Table = load(file).expect("a good file").experiment.to_toml().parse().expect("TOML");
    let whole = serde_json::to_value(whole).expect("JSON");
    let mut count = 0;
    let mut schema = schema();
    schema["properties"]["sweep"].take();
    // Of another loss than the default.
    let targets = schema["properties"]["objective"]["properties"]["targets"].take();
    let file = format!("{file}objective = {{ loss = 'least-squares', targets = {{}} }}\n");
    let other: toml::Table = load(&file).expect("a good file").experiment.to_toml().parse().expect("TOML");
    let other = serde_json::to_value(&other["objective"]["targets"]).expect("JSON");
    let mut left = vec![(&schema, &whole), (&targets, &other)];
    while let Some((schema, value)) = left.pop() {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(default) = property.get("default") {
                // Whole numbers are written without a point.
                let same = match (value.get(name).and_then(Value::as_f64), default.as_f64()) {
                    (Some(a), Some(b)) => a.to_bits() == b.to_bits(),
                    _ => value.get(name) == Some(default),
                };
                assert!(same, "{name}: {:?} in place of {default}", value.get(name));
                count += 1;
            }
            left.push((property, &value[name]));
        }
    }
    assert!(count >= 20, "{count}");
}

/// The words of enums are those that the program reads.
#[test]
fn words_are_those_of_the_program() {
    let schema = schema();
    let metrics = &schema["properties"]["evaluation"]["properties"]["metrics"]["items"]["enum"];
    assert_eq!(metrics, &json!(read::words_of::<evaluation::Metric>()));
    assert_eq!(metrics, &json!(evaluation::Metric::ALL.map(evaluation::Metric::word)));
    let losses = &schema["properties"]["objective"]["properties"]["loss"]["enum"];
    assert_eq!(losses, &json!(read::words_of::<objective::Loss>()));
}
