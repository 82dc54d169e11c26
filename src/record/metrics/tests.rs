use std::fs;

use super::super::testing;
use super::*;

/// Those of a GAN.
fn columns() -> Columns {
    Columns::new(crate::config::columns::GAN.map(|column| column.name))
}

fn row(step: u64) -> MetricsRow {
    MetricsRow {
        columns: columns(),
        epoch: step.div_ceil(10),
        step,
        values: vec![1.0 / step as f64, 0.1 + 0.2, 0.75, 1e-9, f64::MAX, -0.0],
        images_per_second: 1234.5,
        seconds: step as f64,
    }
}

fn file_of(steps: impl IntoIterator<Item = u64>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.csv");
    let mut file = MetricsFile::create(&path, &columns()).unwrap();
    for step in steps {
        file.append(&row(step)).unwrap();
    }
    (folder, path)
}

#[test]
fn rows_come_back_bit_for_bit() {
    let mut extreme = row(7);
    extreme.values[0] = f64::from_bits(1);
    extreme.values[1] = f64::NEG_INFINITY;
    extreme.values[2] = 123_456_789.123_456_79;
    let (_folder, path) = file_of([]);
    let (mut file, _) = MetricsFile::resume(&path, &columns(), 0).unwrap();
    file.append(&extreme).unwrap();
    assert_eq!(read(&path, &columns()).unwrap(), [extreme]);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("epoch,step,d_loss,g_loss,d_real,d_fake,"));
    assert!(text.contains("\n1,7,5e-324,-inf,123456789.12345679,"), "{text}");
}

#[test]
fn the_columns_are_those_of_the_file() {
    let (_folder, path) = file_of([7]);
    let text = fs::read_to_string(path).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let line = reader.records().next().unwrap().unwrap();
    let expected: Vec<_> = names.iter().zip(line.iter().map(|value| value.parse().unwrap())).collect();
    assert_eq!(row(7).cells().collect::<Vec<_>>(), expected);
    assert_eq!((row(7).value("d_real"), row(7).value("step")), (Some(0.75), None));
}

#[test]
fn not_a_number_is_written_and_read() {
    let mut diverged = row(1);
    diverged.values[1] = f64::NAN;
    let (_folder, path) = file_of([]);
    let (mut file, _) = MetricsFile::resume(&path, &columns(), 0).unwrap();
    file.append(&diverged).unwrap();
    assert!(read(&path, &columns()).unwrap()[0].values[1].is_nan());
    assert!(fs::read_to_string(&path).unwrap().contains(",NaN,"));
}

#[test]
fn a_learner_fills_the_columns_between_the_counters_and_the_timings() {
    let columns = Columns::new(["loss", "accuracy"]);
    let names = ["epoch", "step", "loss", "accuracy", "images_per_second", "seconds"];
    assert_eq!((columns.names(), columns.measured()), (&names[..], &names[2..4]));
    assert_eq!(columns.names()[names.len() - TIMING_COLUMNS..], TIMINGS);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.csv");
    let row = MetricsRow { columns: columns.clone(), values: vec![0.5, 1.0], ..row(3) };
    MetricsFile::create(&path, &columns).unwrap().append(&row).unwrap();
    assert_eq!(read(&path, &columns).unwrap(), [row]);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, "epoch,step,loss,accuracy,images_per_second,seconds\n1,3,0.5,1.0,1234.5,3.0\n");
    // Another learner's file is not gone on with.
    let error = read(&path, &self::columns()).unwrap_err().to_string();
    assert!(error.contains("the first line is not the header `epoch,step,d_loss,"), "{error}");
}

#[test]
fn json_has_the_columns_and_whole_counters() {
    let json = serde_json::json!(row(7));
    assert_eq!(json["step"].to_string(), "7");
    assert_eq!(json["d_real"], 0.75);
    let names: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = columns().names().to_vec();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn resuming_at_any_step_gives_the_bytes_of_a_run_that_was_never_stopped() {
    let steps = [3, 6, 9, 12];
    let (_folder, whole) = file_of(steps);
    let whole = fs::read(whole).unwrap();
    for last in 0..=13 {
        let (_folder, path) = file_of(steps);
        let (mut file, rows) = MetricsFile::resume(&path, &columns(), last).unwrap();
        assert!(rows.iter().map(|row| row.step).eq(steps.into_iter().filter(|step| *step <= last)));
        for step in steps.into_iter().filter(|step| *step > last) {
            file.append(&row(step)).unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn a_file_cut_at_any_byte_is_mended() {
    let steps = [5, 10];
    let (folder, path) = file_of(steps);
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        let torn = folder.path().join("torn.csv");
        fs::write(&torn, &whole[..length]).unwrap();
        let seen = read(&torn, &columns()).unwrap();
        let (mut file, rows) = MetricsFile::resume(&torn, &columns(), 10).unwrap();
        assert_eq!(seen, rows);
        for step in &steps[rows.len()..] {
            file.append(&row(*step)).unwrap();
        }
        assert_eq!(fs::read(&torn).unwrap(), whole, "cut to {length} bytes");
    }
}

#[test]
fn zeros_that_a_power_cut_left_are_cut() {
    let (_folder, path) = file_of([5]);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], &[0; 100]].concat()).unwrap();
    assert_eq!(truncate_after(&path, &columns(), 5).unwrap().len(), 1);
    assert_eq!(fs::read(&path).unwrap(), whole);
}

#[test]
fn what_follows_the_cut_may_be_anything() {
    let (_folder, path) = file_of([5, 10]);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], b"nonsense\n"].concat()).unwrap();
    assert_eq!(truncate_after(&path, &columns(), 5).unwrap().len(), 1);
}

#[test]
fn a_missing_file_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.csv");
    let (mut file, rows) = MetricsFile::resume(&path, &columns(), 100).unwrap();
    assert!(rows.is_empty());
    file.append(&row(101)).unwrap();
    assert_eq!(read(&path, &columns()).unwrap(), [row(101)]);
}

#[test]
fn damage_is_named_with_line_and_column() {
    let good = "1,2,3,4,5,6,7,8,9,10\n";
    let table: &[(&str, &str)] = &[
        ("1,2,3,4,5,6,7,8,9,x\n", "metrics.csv:3: column 10 (seconds): `x` is not a number; mend"),
        ("-1,2,3,4,5,6,7,8,9,10\n", "metrics.csv:3: column 1 (epoch): `-1` is not a whole number"),
        ("2,3.5,3,4,5,6,7,8,9,10\n", "metrics.csv:3: column 2 (step): `3.5` is not a whole number"),
        ("2,99999999999999999999,3,4,5,6,7,8,9,10\n", "column 2 (step)"),
        ("2,4,,4,5,6,7,8,9,10\n", "metrics.csv:3: column 3 (d_loss): `` is not a number"),
        ("2,4,3,4,5,6,7,8,9\n", "the line has 9 columns in place of 10"),
        ("2,4,3,4,5,6,7,8,9,10,11\n", "the line has 11 columns in place of 10"),
        ("\n", "metrics.csv:3: column 1 (epoch): the line is empty"),
        ("2,2,3,4,5,6,7,8,9,10\n", "metrics.csv:3: column 2 (step): step 2 comes after step 2"),
        ("2,4,3,4,\u{e4},6,7,8,9,10\n", "column 5 (d_real): `\\xc3\\xa4` is not a number"),
        ("2,4,\x1b[31mred,4,5,6,7,8,9,10\n", "`\\x1b[31mred` is not a number"),
    ];
    for (bad, message) in table {
        let text = format!("{}{good}{bad}", columns().header());
        let error = parse("metrics.csv", &columns(), text.as_bytes(), u64::MAX).err().unwrap();
        assert!(error.to_string().contains(message), "{error}\nshould have: {message}");
    }
    for bad in ["epoch,step\n1,2\n", "\n", "\u{feff}epoch\n", "PNG\n"] {
        let error = parse("metrics.csv", &columns(), bad.as_bytes(), u64::MAX).err().unwrap();
        assert!(error.to_string().starts_with("metrics.csv:1: the first line is not the header"));
    }
    assert!(parse("metrics.csv", &columns(), b"\xff\xfe\x00no line end", u64::MAX).is_err());
}

#[test]
fn folders_and_missing_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    assert!(read(folder.path(), &columns()).unwrap_err().to_string().contains("this is not a file"));
    assert!(matches!(read(&folder.path().join("no"), &columns()), Err(Error::Read { .. })));
}

#[test]
#[ignore = "run by a_full_disk_leaves_whole_rows"]
fn writer_on_a_full_disk() {
    let folder = testing::folder();
    let mut file = MetricsFile::create(&folder.join("metrics.csv"), &columns()).unwrap();
    for step in 1.. {
        if let Err(error) = file.append(&row(step)) {
            fs::write(folder.join("message"), format!("{} {step} {error}", error.is_disk_full())).unwrap();
            return;
        }
    }
}

#[test]
#[cfg(unix)]
fn a_full_disk_leaves_whole_rows() {
    let folder = tempfile::tempdir().unwrap();
    let status =
        testing::child_process(module_path!(), "writer_on_a_full_disk", folder.path(), "20").status();
    assert!(status.unwrap().success());
    let message = fs::read_to_string(folder.path().join("message")).unwrap();
    let words: Vec<_> = message.splitn(3, ' ').collect();
    assert!(words[0] == "true" && words[2].contains("metrics.csv"), "{message}");
    let path = folder.path().join("metrics.csv");
    let failed: u64 = words[1].parse().unwrap();
    assert!(failed > 10);
    assert_eq!(read(&path, &columns()).unwrap().len() as u64, failed - 1);
    // Not even a torn row is left, and writing goes on where it stopped.
    assert!(fs::read(&path).unwrap().ends_with(b"\n"));
    let (mut file, rows) = MetricsFile::resume(&path, &columns(), u64::MAX).unwrap();
    file.append(&row(failed)).unwrap();
    assert_eq!(read(&path, &columns()).unwrap().len(), rows.len() + 1);
}
