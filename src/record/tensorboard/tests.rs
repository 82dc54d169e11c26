use std::collections::BTreeMap;

use super::super::{Columns, MetricsFile, testing};
use super::*;

// An independent reader: wire format and CRC are taken from their specifications, not from the code that writes.

/// CRC-32C (RFC 3720, appendix B.4), bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 },
        )
    })
}

fn masked(bytes: &[u8]) -> u32 {
    let crc = crc(bytes);
    crc.rotate_left(17).wrapping_add(0xa282_ead8)
}

/// The payloads of a file's records up to the first that is torn, and whether there is one.
fn records(bytes: &[u8]) -> (Vec<&[u8]>, bool) {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().unwrap()));
    let mut payloads = Vec::new();
    let mut at = 0;
    let next = |at: &mut usize| -> Option<&[u8]> {
        let length =
            usize::try_from(u64::from_le_bytes(bytes.get(*at..*at + 8)?.try_into().unwrap())).unwrap();
        assert_eq!(word(*at + 8)?, masked(&bytes[*at..*at + 8]), "the length's CRC");
        let payload = bytes.get(*at + 12..*at + 12 + length)?;
        assert_eq!(word(*at + 12 + length)?, masked(payload), "the payload's CRC");
        *at += 16 + length;
        Some(payload)
    };
    while let Some(payload) = next(&mut at) {
        payloads.push(payload);
    }
    (payloads, at < bytes.len())
}

/// A field of a protobuf message.
#[derive(Debug)]
enum Field<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn bytes(&self) -> &'a [u8] {
        let Self::Bytes(bytes) = self else { panic!("{self:?} is not bytes") };
        bytes
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes().to_vec()).unwrap()
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    taken
}

/// The fields of a message by their numbers, in order.
fn fields(mut bytes: &[u8]) -> BTreeMap<u64, Vec<Field<'_>>> {
    let mut fields: BTreeMap<u64, Vec<Field<'_>>> = BTreeMap::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Varint(varint(&mut bytes)),
            1 => Field::Fixed64(take(&mut bytes, 8).try_into().unwrap()),
            2 => {
                let length = varint(&mut bytes);
                Field::Bytes(take(&mut bytes, length as usize))
            }
            5 => Field::Fixed32(take(&mut bytes, 4).try_into().unwrap()),
            other => panic!("wire type {other}"),
        };
        fields.entry(key >> 3).or_default().push(field);
    }
    fields
}

/// What a reader sees: (tag, step) with the value.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    versions: Vec<String>,
    starts: usize,
    scalars: Vec<(String, u64, u32)>,
    /// Step, (height, width, channels), bytes.
    images: Vec<(u64, [u64; 3], Vec<u8>)>,
    /// Tag, plugin, text.
    texts: Vec<(String, String, String)>,
    times: Vec<(u64, f64)>,
    is_torn: bool,
}

fn read(path: &Path) -> Seen {
    let bytes = fs::read(path).unwrap();
    let (payloads, is_torn) = records(&bytes);
    let mut seen = Seen { is_torn, ..Seen::default() };
    for payload in payloads {
        let event = fields(payload);
        let step = match event.get(&2).map(|fields| &fields[0]) {
            Some(Field::Varint(step)) => *step,
            None => 0,
            other => panic!("{other:?} is no step"),
        };
        let Field::Fixed64(time) = event[&1][0] else { panic!("no time") };
        seen.times.push((step, f64::from_le_bytes(time)));
        if let Some(version) = event.get(&3) {
            seen.versions.push(version[0].text());
        }
        if let Some(log) = event.get(&7) {
            assert!(matches!(fields(log[0].bytes())[&1][0], Field::Varint(1)));
            seen.starts += 1;
        }
        let Some(summary) = event.get(&5) else { continue };
        for value in &fields(summary[0].bytes())[&1] {
            let value = fields(value.bytes());
            let tag = value[&1][0].text();
            if let Some(Field::Fixed32(scalar)) = value.get(&2).map(|fields| &fields[0]) {
                seen.scalars.push((tag, step, u32::from_le_bytes(*scalar)));
            } else if let Some(image) = value.get(&4) {
                assert_eq!(tag, "montage");
                let image = fields(image[0].bytes());
                let number = |tag| match image[&tag][0] {
                    Field::Varint(number) => number,
                    ref other => panic!("{other:?}"),
                };
                seen.images.push((step, [number(1), number(2), number(3)], image[&4][0].bytes().to_vec()));
            } else {
                let tensor = fields(value[&8][0].bytes());
                assert!(matches!(tensor[&1][0], Field::Varint(7)), "DT_STRING");
                let metadata = fields(value[&9][0].bytes());
                let plugin = fields(metadata[&1][0].bytes())[&1][0].text();
                seen.texts.push((tag, plugin, tensor[&8][0].text()));
            }
        }
    }
    seen
}

const EXPERIMENT: &str = "name = \"a\"\n\n[dataset]\nname = \"```\"\n";

fn started() -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000).unwrap()
}

fn columns() -> Columns {
    Columns::new(crate::config::columns::GAN.map(|column| column.name))
}

fn row(step: u64) -> MetricsRow {
    MetricsRow {
        columns: columns(),
        epoch: step.div_ceil(10),
        step,
        values: vec![1.0 / step as f64, f64::NAN, 0.75, 0.0, f64::MAX, -0.1],
        images_per_second: 1234.5,
        seconds: step as f64 / 4.0,
    }
}

/// A grey PNG whose single level is `grey`.
fn png_of(grey: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 3, 2);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&[grey; 6]).unwrap();
    bytes
}

/// A folder with pictures of these steps.
fn samples(steps: &[u64]) -> (tempfile::TempDir, Vec<Montage>) {
    let folder = tempfile::tempdir().unwrap();
    let montage = |step: &u64| {
        let path = folder.path().join(format!("{step}.png"));
        fs::write(&path, png_of(*step as u8)).unwrap();
        Montage { step: *step, path }
    };
    let montages = steps.iter().map(montage).collect();
    (folder, montages)
}

/// The only file with content; beside it there may be one that is empty.
fn only_file(folder: &Path) -> PathBuf {
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let is_empty = |path: &&PathBuf| fs::metadata(path).unwrap().len() == 0;
    let (empty, full): (Vec<_>, Vec<_>) = files.iter().partition(is_empty);
    assert!(empty.len() <= 1 && full.len() == 1, "{files:?}");
    full[0].clone()
}

/// Steps of a scalar, in order.
fn steps_of(seen: &Seen, tag: &str) -> Vec<u64> {
    seen.scalars.iter().filter(|(name, ..)| name == tag).map(|(_, step, _)| *step).collect()
}

#[test]
fn an_independent_reader_finds_rows_pictures_and_configuration() {
    let (folder, montages) = samples(&[10, 20]);
    let events = folder.path().join("tensorboard");
    let mut file =
        EventFile::create(&events, started(), EXPERIMENT, &[row(5), row(10)], &montages[..1]).unwrap();
    file.row(&row(20)).unwrap();
    file.montage(20, &montages[1].path, png_of(20)).unwrap();
    file.sync().unwrap();

    let path = only_file(&events);
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("events.out.tfevents.") && name.is_ascii(), "{name}");
    let seen = read(&path);
    assert!(!seen.is_torn);
    assert_eq!((seen.versions, seen.starts), (vec!["brain.Event:2".to_owned()], 1));
    let text: String = EXPERIMENT.lines().map(|line| format!("    {line}\n")).collect();
    assert_eq!(seen.texts, [("experiment".to_owned(), "text".to_owned(), text)]);
    assert_eq!(seen.images, [(10, [2, 3, 1], png_of(10)), (20, [2, 3, 1], png_of(20))]);

    let tags = [
        "progress/epoch",
        "loss/d_loss",
        "loss/g_loss",
        "probability/d_real",
        "probability/d_fake",
        "gradient_norm/d_gradient_norm",
        "gradient_norm/g_gradient_norm",
        "time/images_per_second",
        "time/seconds",
    ];
    let expected: Vec<_> = [5, 10, 20]
        .into_iter()
        .flat_map(|step| {
            let MetricsRow { epoch, values, seconds, .. } = row(step);
            let values = [
                epoch as f64,
                values[0],
                values[1],
                0.75,
                0.0,
                f64::INFINITY, // the largest f64 is beyond f32
                -0.1,
                1234.5,
                seconds,
            ];
            let bits = values.map(|value| (value as f32).to_bits());
            tags.into_iter().zip(bits).map(move |(tag, bits)| (tag.to_owned(), step, bits))
        })
        .collect();
    assert_eq!(seen.scalars, expected);
    // The clock of the run: its start and its seconds of training; a picture has that of the row before it.
    let time = |step: u64| (step, 1_700_000_000.0 + step as f64 / 4.0);
    assert_eq!(seen.times[..3], [(0, 1.7e9); 3]);
    assert_eq!(seen.times[3..], [time(5), time(10), time(10), time(20), time(20)]);
}

#[test]
fn an_independent_reader_finds_scores_beside_their_floors() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = EventFile::create(folder.path(), started(), "", &[row(5), row(10)], &[]).unwrap();
    let scores = EvaluationRow {
        epoch: 1,
        step: 10,
        scores: vec![30.5, 0.25],
        floors: vec![0.3, 0.9],
        samples: 100,
        reference: 100,
        extractor: String::new(),
        seconds: 7.0,
    };
    file.scores(2.5, &["frechet", "recall"], &scores).unwrap();
    file.row(&row(20)).unwrap();
    let seen = read(&only_file(folder.path()));
    let found = |tag: &str| {
        let of_tag = seen.scalars.iter().filter(|(name, ..)| name == tag);
        of_tag.map(|(_, step, bits)| (*step, f32::from_bits(*bits))).collect::<Vec<_>>()
    };
    assert_eq!(found("score/frechet"), [(10, 30.5)]);
    assert_eq!(found("score/recall"), [(10, 0.25)]);
    assert_eq!((found("floor/frechet"), found("floor/recall")), (vec![(10, 0.3)], vec![(10, 0.9)]));
    assert!(seen.times.contains(&(10, 1_700_000_000.0 + 2.5)));
    assert_eq!(steps_of(&seen, "loss/d_loss"), [5, 10, 20]);
}

#[test]
fn a_process_that_goes_on_leaves_each_step_once() {
    let (folder, montages) = samples(&[10, 20, 30]);
    let events = folder.path().join("tensorboard");
    let metrics = folder.path().join("metrics.csv");
    let mut csv = MetricsFile::create(&metrics, &columns()).unwrap();
    let mut file = EventFile::create(&events, started(), EXPERIMENT, &[], &[]).unwrap();
    let first = only_file(&events);
    for step in [5, 10, 15, 20, 25] {
        csv.append(&row(step)).unwrap();
        file.row(&row(step)).unwrap();
        if let Some(montage) = montages.iter().find(|montage| montage.step == step) {
            file.montage(step, &montage.path, png_of(step as u8)).unwrap();
        }
    }
    // Killed in the middle of a record, with the checkpoint at step 10.
    drop((csv, file));
    let bytes = fs::read(&first).unwrap();
    fs::write(&first, &bytes[..bytes.len() - 7]).unwrap();
    let seen = read(&first);
    assert!(seen.is_torn);
    assert_eq!(steps_of(&seen, "loss/d_loss"), [5, 10, 15, 20]);

    // A stranger's file stays.
    let strange = events.join("notes.txt");
    fs::write(&strange, "mine").unwrap();
    let (_, rows) = MetricsFile::resume(&metrics, &columns(), 10).unwrap();
    let mut file = EventFile::create(&events, started(), EXPERIMENT, &rows, &montages[..1]).unwrap();
    for step in [15, 20] {
        file.row(&row(step)).unwrap();
    }
    file.montage(20, &montages[1].path, png_of(20)).unwrap();
    fs::remove_file(&strange).unwrap();

    let second = only_file(&events);
    assert!(second > first, "{} must come after {}", second.display(), first.display());
    let seen = read(&second);
    for (column, _) in row(1).cells().filter(|(column, _)| *column != "step") {
        assert_eq!(steps_of(&seen, &tag(column)), [5, 10, 15, 20], "{column}");
    }
    assert_eq!(seen.images.iter().map(|(step, ..)| *step).collect::<Vec<_>>(), [10, 20]);
    assert_eq!((seen.starts, seen.texts.len(), seen.is_torn), (1, 1, false));
}

#[test]
fn the_newest_name_comes_last_even_if_the_clock_was_turned_back() {
    let folder = tempfile::tempdir().unwrap();
    let later = folder.path().join("events.out.tfevents.4102444800.atelier");
    fs::write(&later, "").unwrap();
    for expected in [4_102_444_801_u64, 4_102_444_802] {
        EventFile::create(folder.path(), started(), "", &[], &[]).unwrap();
        let name = format!("events.out.tfevents.{expected}.atelier");
        assert_eq!(only_file(folder.path()), folder.path().join(name));
    }
}

#[test]
fn what_is_no_picture_is_refused_and_the_old_file_kept() {
    let (folder, mut montages) = samples(&[10]);
    let events = folder.path().join("tensorboard");
    EventFile::create(&events, started(), EXPERIMENT, &[row(10)], &montages).unwrap();
    let before = only_file(&events);
    let good = png_of(1);
    for damaged in
        [&b""[..], b"GIF89a", &good[..20], b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\0\0\0\0\x01\x08\x02"]
    {
        fs::write(&montages[0].path, damaged).unwrap();
        let error = EventFile::create(&events, started(), EXPERIMENT, &[row(10)], &montages).unwrap_err();
        assert!(error.to_string().contains("10.png: this is not a PNG; delete it"), "{error}");
    }
    montages[0].path = folder.path().join("nowhere.png");
    let error = EventFile::create(&events, started(), EXPERIMENT, &[], &montages).unwrap_err();
    assert!(matches!(error, Error::Read { .. }), "{error}");
    assert_eq!(only_file(&events), before);
}

#[test]
#[ignore = "run by a_full_disk_leaves_whole_records"]
fn writer_on_a_full_disk() {
    let folder = testing::folder();
    let events = folder.join("tensorboard");
    let mut file = EventFile::create(&events, started(), EXPERIMENT, &[], &[]).unwrap();
    let mut rows = Vec::new();
    let error = loop {
        rows.push(row(rows.len() as u64 + 1));
        if let Err(error) = file.row(&rows[rows.len() - 1]) {
            break error;
        }
    };
    fs::write(folder.join("message"), format!("{} {} {error}", error.is_disk_full(), rows.len())).unwrap();
    // Twice as much does not fit into a new file either; the old one stays.
    rows.extend_from_within(..);
    let error = EventFile::create(&events, started(), EXPERIMENT, &rows, &[]).unwrap_err();
    fs::write(folder.join("new"), format!("{} {error}", error.is_disk_full())).unwrap();
}

#[test]
#[cfg(unix)]
fn a_full_disk_leaves_whole_records() {
    let folder = tempfile::tempdir().unwrap();
    let status =
        testing::child_process(module_path!(), "writer_on_a_full_disk", folder.path(), "20").status();
    assert!(status.unwrap().success());
    let message = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let first = message("message");
    let words: Vec<_> = first.splitn(3, ' ').collect();
    assert!(words[0] == "true" && words[2].contains("events.out.tfevents."), "{first}");
    let failed: u64 = words[1].parse().unwrap();
    assert!(failed > 10);
    assert!(message("new").starts_with("true cannot write"), "{}", message("new"));
    let seen = read(&only_file(&folder.path().join("tensorboard")));
    assert!(!seen.is_torn);
    assert_eq!(steps_of(&seen, "loss/d_loss"), (1..failed).collect::<Vec<_>>());
}

#[test]
fn columns_stand_under_headings() {
    for (column, expected) in [
        ("d_loss", "loss/d_loss"),
        ("reconstruction_loss", "loss/reconstruction_loss"),
        ("g_gradient_norm", "gradient_norm/g_gradient_norm"),
        ("accuracy", "metrics/accuracy"),
    ] {
        assert_eq!(tag(column), expected);
    }
}

#[test]
fn the_crc_is_that_of_the_standard() {
    // RFC 3720, B.4.
    assert_eq!(crc(&[0; 32]), 0x8a91_36aa);
    assert_eq!(crc(b"123456789"), 0xe306_9283);
    assert_eq!(masked_crc(b"123456789"), masked(b"123456789"));
}
