//! The README's table of speed is what `just bench --write` wrote down.

#[path = "../benches/table.rs"]
mod table;

use std::path::Path;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn the_readme_shows_the_record() {
    let record: table::Record = serde_json::from_str(&read("docs/bench.json")).unwrap();
    let readme = read("README.md");
    let spliced = table::splice(&readme, &record.to_markdown()).expect("the README has the markers");
    assert!(readme == spliced, "write the README's table with `just bench --write`, not by hand:\n{spliced}");
}

#[test]
fn ratios_are_medians_over_rounds() {
    let record = r#"{
        "date": "2026-01-02", "batch_size": 64, "steps": 5, "version_ms": 6.2, "taken_by_others": 0.12,
        "machine": {"cores": 2, "memory_gib": 7.8, "avx512": true, "provenance": {
            "program_version": "0.1.0", "rustc": "rustc 1.95.0", "cpu": "Example 9", "threads": 2, "os": "linux 6.1 x86_64"}},
        "programs": [
            {"name": "atelier", "version": "0.1.0", "round_ms": [100, 130, 90], "best_ms": 80, "peak_mib": 335.2, "first_step_s": 0.44},
            {"name": "Peer", "version": "2.0", "variant": "eager", "round_ms": [1000, 1000, 1000], "best_ms": 990,
                "peak_mib": 1021.6, "first_step_s": 7.96}],
        "scaling": {"one_thread_ms": [200, 210, 190], "two_threads_ms": [100, 100, 100], "side_by_side_ms": [200, 210, 200]}
    }"#;
    let record: table::Record = serde_json::from_str(record).unwrap();
    let expected = "\
2026-01-02, Example 9 (2 cores with AVX-512, 8 GiB, linux x86_64), batch 64, 2 threads, medians of 3 rounds (least to most) of 5 steps, while \
        others took 12 % of the cores' time:

| program | ms a step | atelier / program | peak memory | start to the first step's end |
| --- | ---: | ---: | ---: | ---: |
| atelier 0.1.0 | 100 (90–130) | 1 | 335 MiB | 0.44 s |
| Peer 2.0, eager | 1,000 (1,000–1,000) | 0.10 | 1,022 MiB | 8.0 s |

`atelier --version` takes 6 ms. With two threads a step is 2.00 times as fast as with one; two runs side by side, a thread each, get \
        2.00 times as much done as one alone on one thread.
";
    assert_eq!(record.to_markdown(), expected);
}

#[test]
fn only_what_is_between_the_markers_changes() {
    let readme = "before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter\n";
    let expected = "before\n<!-- bench:start -->\nnew\n<!-- bench:end -->\nafter\n";
    assert_eq!(table::splice(readme, "new\n").as_deref(), Some(expected));
    assert_eq!(table::splice("no markers", "new\n"), None);
}
