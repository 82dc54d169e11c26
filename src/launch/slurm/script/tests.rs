use super::*;
use std::process::Command;

fn settings() -> Settings {
    Settings {
        partition: Some("gpu".into()),
        time: Some("02:00:00".into()),
        cpus: Some(4),
        gpus: Some(1),
        memory: Some("8G".into()),
        account: Some("lab".into()),
        throttle: Some(10),
        options: vec!["--constraint=a100".into()],
        setup: vec!["module load cuda".into()],
    }
}

fn script<'a>(settings: &'a Settings, folder: &'a Path) -> Script<'a> {
    Script {
        experiment: "dcgan",
        name: "atelier-dcgan-1-0badcafe",
        runs: 12,
        list: Path::new("/results/dcgan/slurm/array0001.runs"),
        log: Path::new("/results/dcgan/slurm/array0001.log"),
        working_folder: folder,
        program: Path::new("/opt/my tools/atelier"),
        data: None,
        settings,
        until_epoch: None,
        after: None,
    }
}

#[test]
fn a_whole_script() {
    let settings = settings();
    let text = script(&settings, Path::new("/home/me")).text().unwrap();
    assert_eq!(text, include_str!("../testdata/whole.sbatch"));
}

#[test]
fn what_is_not_asked_for_is_left_to_the_cluster() {
    let settings = Settings::default();
    let text = script(&settings, Path::new("/home/me")).text().unwrap();
    for word in [
        "--partition",
        "--time",
        "--gres",
        "--mem",
        "--account",
        "%",
        "setup",
        "options",
        "data-dir",
        "until",
    ] {
        assert!(!text.replace("date -u +%Y-%m-%dT%H:%M:%SZ", "").contains(word), "{word}: {text}");
    }
    assert!(text.contains("#SBATCH --cpus-per-task=1\n"));
    assert!(text.contains("#SBATCH --array=1-12\n"));
}

#[test]
fn a_short_time_limit_leaves_no_time_for_a_signal() {
    let signal = |time: &str| {
        let settings = Settings { time: Some(time.into()), ..Settings::default() };
        script(&settings, Path::new("/")).text().unwrap().contains("--signal=B:TERM@90")
    };
    assert!(signal("10") && signal("1-00") && !signal("1") && !signal("4:59"));
}

#[test]
fn what_a_task_may_have_of_its_own() {
    let settings = settings();
    let data = Some(Path::new("/big data"));
    let script =
        Script { until_epoch: Some(6), after: Some(31), data, runs: 1, ..script(&settings, Path::new("/")) };
    let text = script.text().unwrap();
    assert!(text.ends_with(" --threads \"$SLURM_CPUS_PER_TASK\" --until-epoch 6 --data-dir '/big data'\n"));
    assert!(text.contains("#SBATCH --dependency=afterany:31\n"));
    assert!(text.contains("# One run of the sweep `dcgan`"));
}

#[test]
fn paths_are_quoted_for_slurm_and_the_shell() {
    let settings = settings();
    let odd = Path::new("/it's 100% $HOME `odd`");
    let log = odd.join("x.log");
    let script = Script { log: &log, list: odd, program: odd, ..script(&settings, odd) };
    let text = script.text().unwrap();
    assert!(text.contains("#SBATCH --chdir='/it'\\''s 100% $HOME `odd`'\n"), "{text}");
    assert!(text.contains("#SBATCH --output='/it'\\''s 100%% $HOME `odd`/x.log'\n"), "{text}");
    assert!(text.contains("exec '/it'\\''s 100% $HOME `odd`' run"), "{text}");
    for bad in ["/a\nb", "/a\u{1b}b"] {
        let script = Script { list: Path::new(bad), ..script.clone() };
        assert!(matches!(script.text(), Err(Error::Path { .. })));
        assert!(matches!(list([Path::new(bad)]), Err(Error::Path { .. })));
    }
}

/// The script with bash for Slurm, and a program that says what it was given.
#[test]
#[cfg(unix)]
fn a_task_finds_its_folder_and_leaves_a_log() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("it's $HOME");
    let runs = [odd.join("a b,seed0"), odd.join("seed1")];
    runs.iter().for_each(|run| std::fs::create_dir_all(run).unwrap());
    let list_file = odd.join("array0001.runs");
    std::fs::write(&list_file, list(runs.iter().map(|run| run.as_path())).unwrap()).unwrap();
    let program = odd.join("atelier");
    std::fs::write(&program, "#!/bin/bash\nprintf '<%s>' \"$@\"\necho no >&2\nexit 7\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let settings = Settings { setup: vec!["echo set up".into()], ..Settings::default() };
    let script = Script { list: &list_file, program: &program, ..script(&settings, &odd) };
    let file = odd.join("array0001.sbatch");
    std::fs::write(&file, script.text().unwrap()).unwrap();
    let start = |task: &str| {
        let mut bash = Command::new("bash");
        bash.arg(&file).env("SLURM_ARRAY_JOB_ID", "12").env("SLURM_ARRAY_TASK_ID", task);
        bash.env("SLURM_CPUS_PER_TASK", "3").output().unwrap()
    };
    let output = start("1");
    assert_eq!((output.status.code(), output.stdout.len(), output.stderr.len()), (Some(7), 0, 0));
    let log = std::fs::read_to_string(runs[0].join("run.log")).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines[0].starts_with(&format!("{HEADER} 12_1 on ")), "{log}");
    assert_eq!(lines[1], "set up");
    assert_eq!(lines[2], format!("<run><{}><--threads><3>no", runs[0].display()));
    start("2");
    assert!(runs[1].join("run.log").exists());
    // A line that is not in the list, as where the node sees another file system.
    let output = start("3");
    assert_eq!(output.status.code(), Some(NO_FOLDER));
    assert!(String::from_utf8_lossy(&output.stderr).contains("task 3"));
}
