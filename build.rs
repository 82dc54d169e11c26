//! Writes one Rust type per distinct network of the experiments, so that the compiler proves every chain of shapes.
//!
//! It reads the files in `experiments/` with the program's own `config`, `plan` and `architecture` modules, and, for files
//! and settings that are not there, the arguments in `ATELIER_BUILD_FOR`, one a line, which `just run` sets. A file that is
//! wrong breaks only itself: it is left out here and reported when it is run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

#[allow(dead_code, unused_imports, unreachable_pub, missing_docs)]
#[path = "src/config/mod.rs"]
mod config;

#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "src/random.rs"]
mod random;

#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "src/plan/trials.rs"]
mod trials;

#[allow(dead_code, unused_imports, unreachable_pub)]
#[path = "src/architecture/mod.rs"]
mod architecture;

use architecture::{Examples, Network};

/// The most values of swept keys that are tried for the architectures they give: most give one that is there already.
const MOST_COMBINATIONS: usize = 4096;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=experiments");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-env-changed=ATELIER_BUILD_FOR");
    provenance();

    let mut networks = Networks::default();
    let mut files = Vec::new();
    find_experiments(Path::new("experiments"), &mut files);
    files.sort();
    for file in &files {
        networks.add_file(file, &[], std::iter::empty());
    }
    let arguments = std::env::var("ATELIER_BUILD_FOR").unwrap_or_default();
    let (named, sets) = files_and_sets(&arguments);
    for file in &named {
        println!("cargo::rerun-if-changed={}", file.display());
        networks.add_file(file, &sets, config::environment());
    }

    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    std::fs::write(out.join("networks.rs"), networks.to_rust()).expect("OUT_DIR can be written");
}

/// Every `.toml` file below a folder.
fn find_experiments(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find_experiments(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
}

/// The experiment files and the `--set` values among the arguments of `atelier run`.
fn files_and_sets(arguments: &str) -> (Vec<PathBuf>, Vec<String>) {
    let (mut files, mut sets) = (Vec::new(), Vec::new());
    let mut words = arguments.lines();
    while let Some(word) = words.next() {
        if word == "--set" {
            sets.extend(words.next().map(str::to_owned));
        } else if let Some(set) = word.strip_prefix("--set=") {
            sets.push(set.to_owned());
        } else if word.ends_with(".toml") {
            files.push(PathBuf::from(word));
        }
    }
    (files, sets)
}

/// The distinct networks: their types by their keys.
#[derive(Default)]
struct Networks(BTreeMap<String, Network>);

impl Networks {
    /// Adds the networks of a file and of everything that its sweep expands to.
    fn add_file(
        &mut self,
        file: &Path,
        sets: &[String],
        environment: impl Iterator<Item = (String, String)>,
    ) {
        let loaded = match config::Experiment::load(file, sets, environment) {
            Ok(loaded) => loaded,
            Err(error) => {
                let first = error.render();
                let first = first.lines().next().unwrap_or_default();
                println!("cargo::warning={first} (this file is left out; `atelier check` tells more)");
                return;
            }
        };
        self.add(&loaded.experiment);
        for experiment in trials::architectures(&loaded, MOST_COMBINATIONS) {
            self.add(&experiment);
        }
    }

    fn add(&mut self, experiment: &config::Experiment) {
        let examples = Examples::from(&experiment.dataset);
        // What is wrong with an architecture is reported, with its place, by the program.
        if let Ok(networks) = architecture::networks(&experiment.architecture, examples) {
            for (_, network) in networks.named() {
                self.0.insert(network.key(), network.clone());
            }
            // Whatever is learned from these examples, its samples can be scored.
            if !experiment.dataset.is_points() {
                for classes in examples.classes.into_iter().chain([architecture::MOST_CLASSES]) {
                    let Ok(extractor) = architecture::extractor(examples.shape, classes) else { break };
                    for network in [extractor.trunk(), extractor] {
                        self.0.insert(network.key(), network);
                    }
                }
            }
        }
    }

    fn to_rust(&self) -> String {
        let (mut keys, mut arms) = (String::new(), String::new());
        for (key, network) in &self.0 {
            let input = network.input();
            let sizes = format!("{}, {}, {}", input.height, input.width, input.channels);
            let _ = writeln!(keys, "    {key:?},");
            let _ =
                writeln!(arms, "        {key:?} => boxed::<{sizes}, Dev, {}>(builder),", network.rust_type());
        }
        format!(
            "pub(super) const KEYS: &[&str] = &[\n{keys}];\n\n\
             pub(super) fn construct<Dev: Compute>(key: &str, builder: &mut Builder<'_, Dev>) -> Option<Box<dyn Network<Dev>>> {{\n    \
             Some(match key {{\n{arms}        _ => return None,\n    }})\n}}\n"
        )
    }
}

/// What only the build knows of where the program comes from.
fn provenance() {
    let output = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    if let Some(commit) = output("git", &["rev-parse", "HEAD"]) {
        println!("cargo::rustc-env=ATELIER_GIT_COMMIT={commit}");
        let dirty = output("git", &["status", "--porcelain", "--untracked-files=no"])
            .is_some_and(|text| !text.is_empty());
        println!("cargo::rustc-env=ATELIER_GIT_DIRTY={dirty}");
        if let Some(head) = output("git", &["rev-parse", "--git-path", "logs/HEAD"]) {
            println!("cargo::rerun-if-changed={head}");
        }
    }
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    println!(
        "cargo::rustc-env=ATELIER_RUSTC={}",
        output(&rustc, &["--version"]).unwrap_or_else(|| "unknown".into())
    );
}
