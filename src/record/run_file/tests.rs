use super::*;

fn example() -> RunFile {
    RunFile {
        state: State::Diverged,
        error: Some("g_loss is NaN at \"step\" 12".to_string()),
        reason: Some("g_loss has not been better".to_string()),
        experiment: "dcgan_fashion".to_string(),
        run: "seed0-3f2a91c4".to_string(),
        seed: i64::MAX as u64,
        configuration_hash: "3f2a91c4".to_string(),
        started: "2026-03-01T12:00:00Z".parse().unwrap(),
        ended: Some("2026-03-01T14:30:05+02:00".parse().unwrap()),
        seconds_training: 0.1 + 0.2,
        resumed: 2,
        epochs_done: 3,
        steps_done: 700,
        dataset: DatasetRecord { name: "silhouettes".to_string(), sha256: "0".repeat(64) },
        provenance: Provenance {
            program_version: "0.1.0".to_string(),
            git_commit: Some("0123abcd".to_string()),
            git_dirty: Some(true),
            rustc: "rustc 1.95.0".to_string(),
            cpu: "A CPU".to_string(),
            gpu: None,
            threads: 2,
            os: "linux".to_string(),
        },
    }
}

#[test]
fn comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    example().write(&path).unwrap();
    assert_eq!(RunFile::read(&path).unwrap(), example());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("state = \"diverged\"\n"), "{text}");
    assert!(text.contains("ended = \"2026-03-01T12:30:05Z\""), "{text}");
    let running = RunFile { ended: None, error: None, reason: None, ..example() };
    assert_eq!(RunFile::from_toml("run.toml", &running.to_toml()).unwrap(), running);
}

#[test]
fn the_states_are_written_as_their_words() {
    for state in [State::Running, State::Complete, State::Interrupted, State::Diverged, State::Failed] {
        let text = RunFile { state, ..example() }.to_toml();
        assert!(text.starts_with(&format!("state = \"{state}\"\n")));
    }
}

#[test]
fn wrong_files_are_named_with_line_and_column() {
    let text = example().to_toml();
    let edit = |from: &str, to: &str| {
        assert!(text.contains(from));
        text.replace(from, to)
    };
    let table = [
        (edit("\"diverged\"", "\"done\""), "run.toml:1:9: unknown variant `done`"),
        (edit("resumed = 2", "resumed = -2"), "run.toml:11:11:"),
        (edit("resumed = 2", "resumed = "), "run.toml:11:11:"),
        (edit("12:00:00Z", "noon"), "`2026-03-01Tnoon` is not a time like"),
        (edit("threads", "treads"), "unknown field `treads`"),
        (edit("seconds_training = 0.30000000000000004\n", ""), "missing field `seconds_training`"),
        (text[..text.len() / 2].to_string(), "run.toml:"),
        (String::new(), "missing field"),
        ("\u{0}\u{1b}[31m".to_string(), "run.toml:1:"),
    ];
    for (text, message) in table {
        let error = RunFile::from_toml("run.toml", &text).unwrap_err().to_string();
        assert!(error.starts_with("run.toml"), "{error}");
        assert!(error.contains(message), "{error}\nshould have: {message}");
    }
}

#[test]
fn bytes_that_are_no_text_and_huge_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    std::fs::write(&path, b"state = \"complete\"\nab\xff").unwrap();
    let error = RunFile::read(&path).unwrap_err().to_string();
    assert!(error.contains("run.toml:2:3: this is not UTF-8"), "{error}");
    std::fs::File::create(&path).unwrap().set_len(MAXIMUM_BYTES + 1).unwrap();
    assert!(RunFile::read(&path).unwrap_err().to_string().contains("are not read"));
}

#[test]
fn years_that_rfc_3339_cannot_write_are_refused() {
    assert_eq!(Timestamp::from_unix_seconds(0).unwrap().to_string(), "1970-01-01T00:00:00Z");
    assert!(Timestamp::from_unix_seconds(i64::MAX).is_none());
    assert!(Timestamp::from_unix_seconds(253_402_300_800).is_none());
    assert!(Timestamp::now() > Timestamp::from_unix_seconds(1_600_000_000).unwrap());
}
