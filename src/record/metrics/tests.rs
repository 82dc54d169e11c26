use std::fs;

use super::super::testing;
use super::*;

fn row(step: u64) -> MetricsRow {
    MetricsRow {
        epoch: step.div_ceil(10),
        step,
        d_loss: 1.0 / step as f64,
        g_loss: 0.1 + 0.2,
        d_real: 0.75,
        d_fake: 1e-9,
        d_gradient_norm: f64::MAX,
        g_gradient_norm: -0.0,
        images_per_second: 1234.5,
        seconds: step as f64,
    }
}

fn file_of(steps: impl IntoIterator<Item = u64>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.csv");
    let mut file = MetricsFile::create(&path).unwrap();
    for step in steps {
        file.append(&row(step)).unwrap();
    }
    (folder, path)
}

#[test]
fn rows_come_back_bit_for_bit() {
    let mut extreme = row(7);
    extreme.d_loss = f64::from_bits(1);
    extreme.g_loss = f64::NEG_INFINITY;
    extreme.d_real = 123_456_789.123_456_79;
    let (_folder, path) = file_of([]);
    let (mut file, _) = MetricsFile::resume(&path, 0).unwrap();
    file.append(&extreme).unwrap();
    assert_eq!(read(&path).unwrap(), [extreme]);
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
    assert_eq!(row(7).columns().as_slice(), expected);
}

#[test]
fn not_a_number_is_written_and_read() {
    let mut diverged = row(1);
    diverged.g_loss = f64::NAN;
    let (_folder, path) = file_of([]);
    let (mut file, _) = MetricsFile::resume(&path, 0).unwrap();
    file.append(&diverged).unwrap();
    assert!(read(&path).unwrap()[0].g_loss.is_nan());
    assert!(fs::read_to_string(&path).unwrap().contains(",NaN,"));
}

#[test]
fn the_header_is_the_list_of_fields() {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(row(1)).unwrap();
    let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    assert_eq!(text.lines().next().unwrap(), COLUMNS.join(","));
    assert!(COLUMNS[COLUMNS.len() - TIMING_COLUMNS..] == ["images_per_second", "seconds"]);
}

#[test]
fn resuming_at_any_step_gives_the_bytes_of_a_run_that_was_never_stopped() {
    let steps = [3, 6, 9, 12];
    let (_folder, whole) = file_of(steps);
    let whole = fs::read(whole).unwrap();
    for last in 0..=13 {
        let (_folder, path) = file_of(steps);
        let (mut file, rows) = MetricsFile::resume(&path, last).unwrap();
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
        let seen = read(&torn).unwrap();
        let (mut file, rows) = MetricsFile::resume(&torn, 10).unwrap();
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
    assert_eq!(truncate_after(&path, 5).unwrap().len(), 1);
    assert_eq!(fs::read(&path).unwrap(), whole);
}

#[test]
fn what_follows_the_cut_may_be_anything() {
    let (_folder, path) = file_of([5, 10]);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], b"nonsense\n"].concat()).unwrap();
    assert_eq!(truncate_after(&path, 5).unwrap().len(), 1);
}

#[test]
fn a_missing_file_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.csv");
    let (mut file, rows) = MetricsFile::resume(&path, 100).unwrap();
    assert!(rows.is_empty());
    file.append(&row(101)).unwrap();
    assert_eq!(read(&path).unwrap(), [row(101)]);
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
        ("2,4,\x1b[31mred,4,5,6,7,8,9,10\n", "`\\x1b[31mred` is not a number"),
    ];
    for (bad, message) in table {
        let text = format!("{}{good}{bad}", header());
        let error = parse("metrics.csv", text.as_bytes(), u64::MAX).err().unwrap();
        assert!(error.to_string().contains(message), "{error}\nshould have: {message}");
    }
    for bad in ["epoch,step\n1,2\n", "\n", "\u{feff}epoch\n", "PNG\n"] {
        let error = parse("metrics.csv", bad.as_bytes(), u64::MAX).err().unwrap();
        assert!(error.to_string().starts_with("metrics.csv:1: the first line is not the header"));
    }
    assert!(parse("metrics.csv", b"\xff\xfe\x00no line end", u64::MAX).is_err());
}

#[test]
fn folders_and_missing_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    assert!(read(folder.path()).unwrap_err().to_string().contains("this is not a file"));
    assert!(matches!(read(&folder.path().join("no")), Err(Error::Read { .. })));
}

#[test]
#[ignore = "run by a_full_disk_leaves_whole_rows"]
fn writer_on_a_full_disk() {
    let folder = testing::folder();
    let mut file = MetricsFile::create(&folder.join("metrics.csv")).unwrap();
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
    assert_eq!(read(&path).unwrap().len() as u64, failed - 1);
    // Not even a torn row is left, and writing goes on where it stopped.
    assert!(fs::read(&path).unwrap().ends_with(b"\n"));
    let (mut file, rows) = MetricsFile::resume(&path, u64::MAX).unwrap();
    file.append(&row(failed)).unwrap();
    assert_eq!(read(&path).unwrap().len(), rows.len() + 1);
}

/// A sweep can go by every column but the two that count.
#[test]
fn the_columns_are_those_that_a_sweep_can_go_by() {
    assert_eq!(COLUMNS[2..], crate::config::sweep::METRICS_COLUMNS);
    assert_eq!(COLUMNS[..2], ["epoch", "step"]);
}
