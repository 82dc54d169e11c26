//! `--preview`: pictures where there is a terminal, a word where there is none.

use crate::support::{BRIEF, Workshop, run_tiny};
use std::path::Path;
use std::process::Command;

#[test]
fn without_a_terminal_the_run_goes_on_and_says_so() {
    let shop = Workshop::new();
    let done = shop.atelier(run_tiny("out", &BRIEF)).arguments(["--preview"]).done().expect(0);
    assert!(!done.stdout.contains('\x1b') && !done.stdout.contains('▄'), "{done}");
    done.complains("warning: --preview is left out, as standard output is not a terminal").says("complete: ");
}

#[test]
fn there_is_one_reader_only() {
    let shop = Workshop::new();
    for other in ["--json", "--quiet"] {
        let done = shop.atelier(run_tiny("out", &BRIEF)).arguments(["--preview", other]).done().expect(2);
        done.complains("cannot be used with").complains("--preview").complains(other);
    }
    assert!(!shop.path("out").exists());
}

/// Red, green and blue of the two halves of each cell of the pictures in a terminal's output, lower half first.
fn cells(picture: &str) -> Vec<[u8; 6]> {
    let colour = |code: &str, kind: &str| -> Option<Vec<u8>> {
        let numbers = code.strip_prefix(kind)?.strip_suffix('m')?;
        numbers.split(';').map(|number| number.parse().ok()).collect()
    };
    let mut halves = [Vec::new(), Vec::new()];
    let mut cells = Vec::new();
    for code in picture.split('\x1b') {
        let (code, character) = code.split_at(code.find('m').map_or(0, |end| end + 1));
        for (half, kind) in halves.iter_mut().zip(["[38;2;", "[48;2;"]) {
            if let Some(numbers) = colour(code, kind) {
                *half = numbers;
            }
        }
        if character.starts_with('▄') {
            cells.push(halves.concat().try_into().expect("two colours"));
        }
    }
    cells
}

/// Mean of a picture's greys.
fn mean(values: impl ExactSizeIterator<Item = u8>) -> f64 {
    let count = values.len() as f64;
    values.map(f64::from).sum::<f64>() / count
}

#[test]
fn on_a_terminal_one_picture_takes_the_place_of_the_other() {
    // util-linux's `script` makes a terminal.
    if !Command::new("script").arg("--version").output().is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no program `script` here");
        return;
    }
    let shop = Workshop::new();
    let words: Vec<_> =
        run_tiny("out", &BRIEF).iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    // The longer side of this montage is 346 pixels, three to a pixel of its images.
    let command = format!(
        "stty cols 200 rows 80 && exec '{}' {} --preview --threads 1",
        crate::support::PROGRAM,
        quoted.join(" ")
    );
    let call = shop.call("script", ["-qec", command.as_str(), "/dev/null"]);
    let done =
        call.env("TERM", "xterm-256color").env("COLORTERM", "truecolor").env("SHELL", "/bin/sh").done();
    let done = done.expect(0).says("epoch 1/2").says("epoch 2/2").says("complete: ");

    let pictures: Vec<_> = done.stdout.split("\x1b[?2026h").skip(1).collect();
    let last = pictures.last().expect("a picture");
    // Every picture but the first begins by clearing the one before, which was 58 rows high.
    let cleared = pictures.iter().filter(|picture| picture.starts_with("\x1b[58A\r\x1b[J")).count();
    assert_eq!(cleared, pictures.len() - 1, "{done}");
    let (last, _) = last.split_once("\x1b[?2026l").expect("the end of a picture");
    let cells = cells(last);
    assert_eq!(cells.len(), 115 * 58);
    assert!(cells.iter().flat_map(|cell| cell.chunks(3)).all(|rgb| rgb.iter().all(|value| *value == rgb[0])));
    let shown = mean(cells.iter().flat_map(|cell| [cell[0], cell[3]]).collect::<Vec<_>>().into_iter());
    let file = shop.only_run("out").join(Path::new("samples").join("epoch_0002.png"));
    let png = image::open(file).expect("a picture").to_luma8();
    let drawn = mean(png.into_raw().into_iter());
    assert!((shown - drawn).abs() < 1.0, "a mean grey of {shown} was shown, but the montage has {drawn}");
}
