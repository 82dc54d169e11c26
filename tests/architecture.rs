//! The order of the modules, and the experiments that come with the program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder with this ending, in order.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The modules in the order in which `src/lib.rs` declares them.
fn modules() -> Vec<String> {
    let text = fs::read_to_string(repository().join("src/lib.rs")).expect("src/lib.rs");
    let name = |line: &str| line.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned);
    text.lines().filter_map(name).collect()
}

/// The code without comments, and without what is compiled for tests alone.
fn code(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            // Up to the end of the item: its last line is as far in as its first.
            let indent = line.len() - line.trim_start().len();
            for line in lines.by_ref() {
                let is_outermost = line.len() - line.trim_start().len() == indent;
                if is_outermost && (line.ends_with(';') || line.trim() == "}") {
                    break;
                }
            }
            continue;
        }
        kept.push_str(line.split("//").next().unwrap_or_default());
        kept.push('\n');
    }
    kept
}

/// What stands after `prefix` everywhere: the first word, or the first words of a list in braces.
fn after(code: &str, prefix: &str) -> BTreeSet<String> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let word =
        |text: &str| text.trim_start().chars().take_while(|&letter| is_word(letter)).collect::<String>();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].ends_with(|letter: char| is_word(letter) || letter == ':' || letter == '$') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            found.insert(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut item = String::new();
        for letter in list.chars() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    found.insert(word(&item));
                    item.clear();
                    continue;
                }
                _ => {}
            }
            item.push(letter);
        }
        found.insert(word(&item));
    }
    found.remove("");
    found
}

/// The modules at the top that a file uses; `depth` is how many modules it lies in.
fn used(text: &str, depth: usize, modules: &[String]) -> BTreeSet<String> {
    let code = code(text);
    let mut names = after(&code, "crate::");
    // As many `super` as there are modules lead to the top, too.
    names.extend(after(&code, &"super::".repeat(depth)));
    names.retain(|name| modules.contains(name));
    names
}

/// The modules from the top that a file of `src/` is, such as `["run", "folder"]`.
fn path_of(file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(repository().join("src")).expect("a file of src").with_extension("");
    let mut path: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    path.pop_if(|last| last == "mod");
    path
}

/// Who uses whom, between the modules at the top, with one file each that does.
fn uses() -> BTreeMap<(String, String), PathBuf> {
    let modules = modules();
    let mut uses = BTreeMap::new();
    for file in files(&repository().join("src"), "rs") {
        let path = path_of(&file);
        let is_for_tests = path.iter().any(|part| part == "tests" || part == "testing");
        if !modules.contains(&path[0]) || is_for_tests {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        for name in used(&text, path.len(), &modules) {
            if name != path[0] {
                uses.insert((path[0].clone(), name), file.clone());
            }
        }
    }
    uses
}

#[test]
fn uses_are_found_where_they_are() {
    let modules = ["config", "data", "run", "cli"].map(str::to_owned);
    let found = |text: &str, depth| used(text, depth, &modules).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(found("use crate::run::Plan;", 2), "run");
    assert_eq!(found("use crate::{cli, data::{self, run}, other};", 1), "cli data");
    assert_eq!(found("fn f() -> crate::data::Result { super::super::run::go() }", 2), "data run");
    assert_eq!(found("use super::super::run;", 3), "");
    assert_eq!(found("use super::run::X;", 1), "run");
    assert_eq!(found("// crate::run\n/// [crate::cli]\nfn f() {} // crate::data", 1), "");
    assert_eq!(found("$crate::run::x; my_crate::run::x;", 1), "");
    let tests = "#[cfg(test)]\nmod tests {\n    use crate::run;\n    fn f() {\n    }\n}\nuse crate::data;\n";
    assert_eq!(found(tests, 1), "data");
    assert_eq!(found("#[cfg(test)]\nmod tests;\nuse crate::cli;\n", 1), "cli");
}

#[test]
fn every_module_uses_only_those_above_it() {
    let modules = modules();
    assert!(modules.len() >= 10, "{modules:?}");
    let place = |name: &String| modules.iter().position(|module| module == name);
    let uses = uses();
    // The search finds what is known to be there.
    for (user, used) in [("cli", "run"), ("run", "training"), ("nn", "random"), ("architecture", "config")] {
        assert!(uses.contains_key(&(user.to_owned(), used.to_owned())), "{user} uses {used}: {uses:#?}");
    }
    let wrong: Vec<String> = uses
        .iter()
        .filter(|((user, used), _)| place(used) > place(user))
        .map(|((user, used), file)| format!("{user} uses {used}, which stands below it: {}", file.display()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every file of `src/` belongs to a module of the list.
#[test]
fn the_list_of_modules_is_whole() {
    let modules = modules();
    for file in files(&repository().join("src"), "rs") {
        let first = path_of(&file).remove(0);
        assert!(["lib", "main"].contains(&&*first) || modules.contains(&first), "{}", file.display());
    }
}

#[test]
fn what_the_build_script_shares_knows_no_tensors() {
    for module in ["config", "plan", "architecture"] {
        for file in files(&repository().join("src").join(module), "rs") {
            let code = code(&fs::read_to_string(&file).expect("a source file"));
            for tensors in ["dfdx", "atelier_kernels", "safetensors"] {
                assert!(!code.contains(tensors), "{} uses {tensors}", file.display());
            }
        }
    }
}

#[test]
fn pictures_are_drawn_from_rows_and_the_loop_knows_no_gan() {
    for ((user, used), file) in uses() {
        let allowed: &[&str] = match user.as_str() {
            "config" | "random" => &[],
            "plan" => &["config", "random"],
            // A pixel's level is what the data say it is.
            "figures" => &["data", "record"],
            "compare" => &["figures", "record"],
            "training" => &["learner", "random"],
            "objective" => &["config", "random", "nn"],
            _ => continue,
        };
        assert!(allowed.contains(&&*used), "{user} uses {used}: {}", file.display());
    }
    for file in files(&repository().join("src"), "rs").iter().filter(|file| path_of(file)[0] == "training") {
        let code = code(&fs::read_to_string(file).expect("a source file"));
        assert!(!code.contains("Gan"), "{} knows GANs", file.display());
    }
}

fn atelier(arguments: &[&str], file: &Path) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_atelier"));
    command.args(arguments).arg(file).current_dir(folder.path()).env_clear();
    command.output().expect("the program")
}

/// The experiments that come with the program, with what `show` says of them.
fn experiments() -> Vec<(PathBuf, String)> {
    let found = files(&repository().join("experiments"), "toml");
    assert!(found.len() >= 6, "{found:?}");
    let shown = |file: PathBuf| {
        let output = atelier(&["show"], &file);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {errors}", file.display());
        (file, String::from_utf8(output.stdout).expect("UTF-8"))
    };
    found.into_iter().map(shown).collect()
}

#[test]
fn every_experiment_is_right_and_built_in() {
    for (file, shown) in experiments() {
        let output = atelier(&["check"], &file);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(said.trim_end(), format!("{}: ok", file.display()), "no notes, no warnings");
        assert!(!shown.contains("built without"), "{shown}");
    }
}

/// A header comment: what is asked, after whom, and what to expect; and a name that is the file's.
#[test]
fn every_experiment_says_what_it_is_about() {
    for (file, _) in experiments() {
        let text = fs::read_to_string(&file).expect("an experiment");
        let header: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
        for word in ["# Question: ", "# Source: ", "# Expected: "] {
            let says = header.iter().any(|line| line.strip_prefix(word).is_some_and(|rest| rest.len() > 10));
            assert!(says, "{} has no `{word}` in its header", file.display());
        }
        let table: toml::Table = text.parse().expect("TOML");
        assert_eq!(table["name"].as_str(), file.file_stem().and_then(|stem| stem.to_str()));
        assert!(table["description"].as_str().is_some_and(|text| text.len() > 10), "{}", file.display());
    }
}

/// TensorFlow's tutorial, to the last parameter; and the quick start of width 32 on the embedded data.
#[test]
fn experiments_are_what_their_names_promise() {
    let shown: BTreeMap<String, String> = experiments()
        .into_iter()
        .map(|(file, shown)| (file.file_stem().expect("a name").to_string_lossy().into_owned(), shown))
        .collect();
    let says = |name: &str, texts: &[&str]| {
        for text in texts {
            assert!(shown[name].contains(text), "{name} does not say `{text}`:\n{}", shown[name]);
        }
    };
    let tutorial = [
        "2,330,944 parameters, 2,305,472 of them trainable",
        "212,865 parameters",
        "batch_size = 256",
        "latent_dim = 100",
    ];
    says("dcgan_fashion", &tutorial);
    says(
        "dcgan_fashion",
        &["fashion-mnist", "epochs = 60", "learning_rate = 0.0001", "non-saturating", "simultaneous"],
    );
    says("dcgan_mnist", &tutorial[..2]);
    says("dcgan_mnist", &["name = \"mnist\""]);
    says("quickstart", &["silhouettes", "width = 32"]);
    says("gan_mnist", &["name = \"mnist\"", "minimax", "alternating"]);
    says("slanted_faces", &["2×2×1", "alternating", "name = \"sgd\"", "batch_size = 1\n"]);
    says("gaussian_ring", &["gaussian-ring"]);
}
