//! `list` and `compare` on folders made by hand: what is chosen, how it is put in order, and what is written.

use super::support::{Done, Workshop};
use serde_json::Value;
use std::fs;

/// Writes a run's folder with the last losses of its generator.
fn run(shop: &Workshop, loss: &str, seed: u64, state: &str, g_losses: &[f64]) {
    let folder = format!("results/ring/loss={loss},seed{seed}");
    let write = |name: &str, text: String| shop.write(format!("{folder}/{name}"), text);
    write(
        "experiment.toml",
        format!(
            "name = \"ring\"\nseed = {seed}\n\n[objective]\nloss = \"{loss}\"\n\n[optimizer]\nlearning_rate = 0.0002\n"
        ),
    );
    let error = if state == "diverged" { "error = \"g_loss is NaN\"\n" } else { "" };
    write(
        "run.toml",
        format!(
            "state = \"{state}\"\n{error}experiment = \"ring\"\nrun = \"loss={loss},seed{seed}\"\nseed = {seed}\n\
             configuration_hash = \"00\"\nstarted = \"2026-03-01T12:00:00Z\"\nseconds_training = 12.5\nresumed = 0\n\
             epochs_done = {epochs}\nsteps_done = 20\n\n[dataset]\nname = \"silhouettes\"\nsha256 = \"00\"\n\n[provenance]\n\
             program_version = \"0.1.0\"\nrustc = \"rustc\"\ncpu = \"a CPU\"\nthreads = 1\nos = \"linux\"\n",
            epochs = g_losses.len()
        ),
    );
    let rows: String = g_losses
        .iter()
        .enumerate()
        .map(|(row, loss)| format!("{},{},1.5,{loss}\n", row + 1, 10 * (row + 1)))
        .collect();
    write("metrics.csv", format!("epoch,step,d_loss,g_loss\n{rows}"));
}

fn sweep() -> Workshop {
    let shop = Workshop::new();
    for (seed, last) in [(0, 1.0), (1, 2.0), (2, 4.0)] {
        run(&shop, "hinge", seed, "complete", &[9.0, last]);
    }
    run(&shop, "minimax", 0, "complete", &[9.0, 0.5]);
    run(&shop, "minimax", 1, "diverged", &[9.0]);
    // Prepared by a sweep, and not started.
    shop.write("results/ring/loss=wasserstein,seed0/experiment.toml", "name = \"ring\"\n");
    shop
}

/// The first words of the lines below the header.
fn first_words(done: &Done) -> Vec<String> {
    let word = |line: &str| line.split_whitespace().next().map(str::to_owned);
    done.stdout.lines().skip(1).filter_map(word).collect()
}

#[test]
fn lists_are_filtered_and_sorted() {
    let shop = sweep();
    let list = |arguments: &[&str]| shop.atelier([&["list"], arguments].concat()).done();
    let all = list(&[]).expect(0);
    let header: Vec<&str> = all.stdout.lines().next().expect("a header").split_whitespace().collect();
    assert_eq!(
        header,
        ["run", "state", "loss", "seed", "epochs", "d_loss", "g_loss", "training", "started"],
        "what varies is shown: {all}"
    );
    assert_eq!(first_words(&all).len(), 5, "{all}");

    let hinge = list(&["--where", "loss=hinge", "--sort", "-g_loss"]).expect(0);
    let names: Vec<String> = [2, 1, 0].map(|seed| format!("results/ring/loss=hinge,seed{seed}")).to_vec();
    assert_eq!(first_words(&hinge), names, "{hinge}");
    let reversed = list(&["--where", "loss=hinge", "--sort", "-g_loss", "--descending"]).expect(0);
    assert_eq!(first_words(&reversed), names.iter().rev().cloned().collect::<Vec<_>>());
    let low = list(&["--where", "g_loss<=1", "--where", "state=complete", "--json"]).expect(0);
    let lines: Vec<Value> =
        low.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2, "{low}");
    assert_eq!(
        (&lines[0]["last"]["step"], &lines[0]["settings"]["objective.loss"]),
        (&20.into(), &"hinge".into())
    );

    list(&["--where", "los=hinge"]).expect(2).complains("did you mean `loss`?");
    list(&["--sort", "g_los"]).expect(2).complains("did you mean `g_loss`?");
    list(&["--where", "loss"]).expect(2).complains("is no condition");
    list(&["--where", "loss=none"]).expect(0).says("none of the 5 runs in results is like this");
}

#[test]
fn the_index_is_written_again_and_again() {
    let shop = sweep();
    shop.atelier(["list", "--index"]).done().expect(0).says("loss=hinge");
    let first = fs::read(shop.path("results/index.csv")).expect("an index");
    let text = String::from_utf8(first.clone()).expect("UTF-8");
    assert_eq!(text.lines().count(), 6, "{text}");
    assert!(text.starts_with("folder,experiment,run,state,seed,"), "{text}");
    assert!(
        text.contains("objective.loss") && text.contains("g_loss.best") && !text.contains("learning_rate"),
        "{text}"
    );
    // A condition chooses what is shown, not what is kept.
    shop.atelier(["list", "--index", "--where", "loss=hinge"]).done().expect(0);
    assert_eq!(fs::read(shop.path("results/index.csv")).expect("an index"), first);
}

#[test]
fn sweeps_are_compared_by_what_differs() {
    let shop = sweep();
    let compare = |arguments: &[&str]| shop.atelier([&["compare"], arguments].concat()).done();
    let done = compare(&["results/ring"]).expect(0);
    let lines: Vec<&str> = done.stdout.lines().collect();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    assert_eq!(words(lines[0]), "# loss seeds states g_loss last d_loss last", "{done}");
    assert_eq!(words(lines[1]), "1 hinge 3 3 complete 2.333 ± 1.528 1.500 ± 0.000", "{done}");
    assert_eq!(words(lines[2]), "2 minimax 1 1 complete, 1 diverged 0.5000 1.500", "{done}");
    let done = done.says("standard deviation (n − 1)").says("seed1 is diverged: g_loss is NaN");
    assert!(!done.stdout.contains("wasserstein"), "{done}");

    let sorted = compare(&["results", "--sort", "g_loss", "--metric", "g_loss.best"]).expect(0);
    assert_eq!(
        words(sorted.stdout.lines().nth(1).expect("a row")),
        "1 minimax 1 1 complete, 1 diverged 0.5000"
    );
    compare(&["results/*/*seed0", "--where", "loss=hinge"]).expect(0).says("1.000");
    compare(&["results", "--metric", "g_los"]).expect(2).complains("did you mean `g_loss`?");
    compare(&["results", "--where", "loss=none"]).expect(2).complains("none of the 5 runs");
    compare(&["nowhere"]).expect(3).complains("there is no such folder");
    compare(&["results/x*"]).expect(3).complains("nothing matches");
    compare(&[]).expect(2);
}

#[test]
fn comparisons_are_written_as_csv_markdown_json_and_figures() {
    let shop = sweep();
    let compare = |arguments: &[&str]| shop.atelier([&["compare", "results"], arguments].concat()).done();
    let done = compare(&["--csv", "table.csv", "--markdown", "table.md", "--figures", "figures"]).expect(0);
    let done = done.says("wrote table.csv").says("# ");
    let csv = fs::read_to_string(shop.path("table.csv")).expect("a CSV");
    assert!(
        csv.starts_with("group,objective.loss,seeds,states,g_loss_last_mean,g_loss_last_std,g_loss_last_n,"),
        "{csv}"
    );
    let markdown = fs::read_to_string(shop.path("table.md")).expect("a Markdown");
    assert!(
        markdown.starts_with("| # | loss | seeds | states | g_loss last | d_loss last |\n"),
        "{markdown}"
    );
    for name in ["g_loss.png", "g_loss.svg", "d_loss.png", "d_loss.svg"] {
        assert!(shop.path("figures").join(name).metadata().expect(name).len() > 1000, "{done}");
    }
    // A machine that reads standard output finds nothing else there.
    assert_eq!(compare(&["--csv", "-"]).expect(0).stdout, csv);
    assert_eq!(compare(&["--markdown", "-", "--figures", "figures"]).expect(0).stdout, markdown);
    let json: Value = serde_json::from_str(&compare(&["--json"]).expect(0).stdout).expect("JSON");
    assert_eq!(json["groups"][0]["values"]["g_loss"]["last"]["n"], 3);
    compare(&["--csv", "nowhere/table.csv"]).expect(6).complains("nowhere/table.csv");
}

#[test]
fn a_damaged_run_is_told_and_the_others_are_shown() {
    let shop = sweep();
    shop.write("results/ring/loss=hinge,seed0/run.toml", "state = ");
    shop.write("results/ring/loss=hinge,seed1/metrics.csv", "epoch,step,g_loss\n1,10,much\n");
    let list = shop
        .atelier(["list"])
        .done()
        .expect(3)
        .complains("run.toml:1:9")
        .complains("metrics.csv:2: column 3");
    assert_eq!(first_words(&list).len(), 4, "{list}");
    let done = shop.atelier(["compare", "results"]).done().expect(3).complains("run.toml:1:9");
    done.complains("metrics.csv:2: column 3 (g_loss): `much` is not a number").says("4.000 (n = 1)");
}
