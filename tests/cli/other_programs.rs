//! What other programs read: samples for NumPy, the schema for editors, completions for shells.

use crate::support::{BRIEF, Workshop, experiment, run_tiny};
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;
use std::process::Command;

/// The shape as its header has it and the numbers of an array of an `.npz`, read by the rules of NumPy's format.
fn array(npz: &[u8], name: &str) -> (String, Vec<f32>) {
    let mut archive = zip::ZipArchive::new(Cursor::new(npz)).expect("an archive");
    let mut npy = Vec::new();
    archive.by_name(&format!("{name}.npy")).expect("the array").read_to_end(&mut npy).expect("its bytes");
    let start = 10 + usize::from(u16::from_le_bytes([npy[8], npy[9]]));
    let header = std::str::from_utf8(&npy[10..start]).expect("ASCII");
    let shape =
        header.strip_prefix("{'descr': '<f4', 'fortran_order': False, 'shape': ").expect("f32, row-major");
    let shape = shape.trim_end().strip_suffix(", }").expect("the shape");
    (shape.to_owned(), npy[start..].as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

/// The grey pixels of a PNG, with its width.
fn pixels(png: &[u8]) -> (Vec<u8>, usize) {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small one")];
    let width = reader.next_frame(&mut pixels).expect("pixels").width as usize;
    (pixels, width)
}

#[test]
fn samples_as_arrays() {
    let shop = Workshop::new();
    shop.atelier(run_tiny("out", &BRIEF)).done().expect(0);
    let run = shop.only_run("out");
    let sample = |more: &[&str]| shop.atelier([Path::new("sample"), &run]).arguments(more).done();

    sample(&["--format", "npz", "--count", "300", "-o", "a.npz"]).expect(0).says("a.npz");
    let npz = fs::read(shop.path("a.npz")).expect("an archive");
    let (shape, samples) = array(&npz, "samples");
    assert_eq!((shape.as_str(), samples.len()), ("(300, 28, 28, 1,)", 300 * 28 * 28));
    assert!(samples.iter().all(|x| (-1.0..=1.0).contains(x)));
    let (shape, latents) = array(&npz, "latents");
    assert_eq!((shape.as_str(), latents.len()), ("(300, 50,)", 300 * 50));
    let moment = |power: i32| latents.iter().map(|z| f64::from(*z).powi(power)).sum::<f64>() / 15_000.0;
    assert!(moment(1).abs() < 0.05 && (moment(2) - 1.0).abs() < 0.05, "not normal: {latents:?}");

    // The same bytes again, the format known by the ending or by the count; other ones for another seed.
    sample(&["--count", "300", "-o", "b.npz"]).expect(0);
    assert!(fs::read(shop.path("b.npz")).expect("an archive") == npz);
    sample(&["--count", "300", "--seed", "1"]).expect(0).says("samples/seed1.npz");
    assert!(fs::read(run.join("samples/seed1.npz")).expect("an archive") != npz);

    // The picture of a seed shows its first samples: each pixel as 3×3, and 2 pixels between them.
    sample(&["--rows", "1", "--columns", "4", "-o", "a.png"]).expect(0);
    let (pixels, width) = pixels(&fs::read(shop.path("a.png")).expect("a picture"));
    assert_eq!(width, 2 + 4 * (28 * 3 + 2));
    for (index, x) in samples[..4 * 28 * 28].iter().enumerate() {
        let (image, row, column) = (index / 784, index / 28 % 28, index % 28);
        let shown = pixels[(2 + 3 * row) * width + 2 + image * (28 * 3 + 2) + 3 * column];
        assert_eq!(shown, ((x + 1.0) * 127.5).round() as u8, "sample {image}, row {row}, column {column}");
    }

    let shown = shop.path("x.jpg");
    sample(&["-o", "x.jpg"]).expect(2).complains("x.jpg ends neither in .png nor in .npz: add --format");
    sample(&["-o", "x.png", "--count", "5"]).expect(2).complains("--count is for npz");
    sample(&["-o", "x.npz", "--rows", "5"]).expect(2).complains("--rows and --columns are for png");
    sample(&["--count", "0"]).expect(2);
    sample(&["--count", "5", "-o", "nowhere/x.npz"]).expect(6).complains("nowhere/x.npz");
    assert!(!shown.exists());
}

#[test]
fn points_and_faces_as_arrays() {
    let shop = Workshop::new();
    for (file, shape, range) in [
        ("gaussian_ring.toml", "(20, 1, 1, 2,)", -100.0..=100.0),
        ("slanted_faces.toml", "(20, 2, 2, 1,)", 0.0..=1.0),
    ] {
        let sets = ["training.epochs=1", "dataset.count=512"];
        shop.atelier(crate::support::run_of(file, file, &sets)).done().expect(0);
        let run = shop.only_run(file);
        shop.atelier([Path::new("sample"), &run])
            .arguments(["--count", "20", "-o", "x.npz"])
            .done()
            .expect(0);
        let (found, samples) = array(&fs::read(shop.path("x.npz")).expect("an archive"), "samples");
        assert_eq!(found, shape);
        assert!(samples.iter().all(|x| range.contains(x)), "{file}: {samples:?}");
    }
}

#[test]
fn the_schema() {
    let shop = Workshop::new();
    let done = shop.atelier(["schema"]).done().expect(0);
    assert_eq!(done.stdout, fs::read_to_string(experiment("schema.json")).expect("the committed schema"));
    shop.atelier(["schema", "--help"]).done().expect(0).says("#:schema ./schema.json");
}

/// Asks for completions of a command line as bash does: the last argument is the word that the cursor is behind.
const ASK: &str = r#"
eval "$("$PROGRAM" completions bash)"
compopt() { :; }
function=$(complete -p atelier | sed 's/.* -F \([^ ]*\) .*/\1/')
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
"$function" atelier "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

#[test]
fn completions_in_bash() {
    if Command::new("bash").arg("--version").output().is_err() {
        eprintln!("no bash here: completions are not tried");
        return;
    }
    let shop = Workshop::new();
    shop.write("experiments/a.toml", "");
    let ask = |words: &[&str]| -> Vec<String> {
        let call = shop
            .call("bash", ["--norc", "-c", ASK, "bash", "atelier"])
            .env("PROGRAM", crate::support::PROGRAM);
        let done = call.arguments(words).done().expect(0);
        assert!(done.stderr.is_empty(), "{done}");
        done.stdout.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let help = shop.atelier(["--help"]).done().expect(0).stdout;
    let commands =
        help.split("Commands:\n").nth(1).and_then(|text| text.split("\n\n").next()).expect("commands");
    let indented = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    let commands: Vec<&str> =
        commands.lines().filter(indented).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.contains(&"sample") && commands.contains(&"schema"), "{commands:?}");
    let offered = ask(&[""]);
    for command in commands {
        assert!(offered.iter().any(|word| word == command), "{command}: {offered:?}");
    }
    assert_eq!(ask(&["sam"]), ["sample"]);
    assert_eq!(ask(&["sample", "x", "--format", ""]), ["png", "npz"]);
    assert_eq!(ask(&["sample", "x", "--fo"]), ["--format"]);
    assert_eq!(ask(&["sample", "x", "-o", "experiments/"]), ["experiments/a.toml"]);
    assert_eq!(ask(&["data", "fetch", "m"]), ["mnist"]);
    // No answer leaves the word to bash's own completion, to file names: see `-o default`.
    for words in [
        &["run", ""][..],
        &["run", "experiments/a.toml", ""],
        &["show", "exp"],
        &["sample", ""],
        &["list", ""],
    ] {
        assert_eq!(ask(words), [""; 0], "{words:?}");
    }
    assert!(ask(&["run", "--"]).len() > 5);
}
