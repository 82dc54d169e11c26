use super::*;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

/// A file with this magic number, dimensions and content.
fn file(magic: u32, sizes: &[u32], content: &[u8]) -> Vec<u8> {
    let header = [magic].into_iter().chain(sizes.iter().copied()).flat_map(u32::to_be_bytes);
    header.chain(content.iter().copied()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Numbers that do not compress.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn images() -> Vec<u8> {
    file(0x0803, &[5, 4, 3], &noise(60))
}

#[test]
fn images_and_labels_are_read_plain_and_compressed() {
    let expected = Images { count: 5, shape: (4, 3, 1), pixels: noise(60) };
    assert_eq!(images_from_slice(&images()).unwrap(), expected);
    assert_eq!(images_from_slice(&gzip(&images())).unwrap(), expected);
    let colour = images_from_slice(&file(0x0804, &[2, 2, 2, 3], &noise(24))).unwrap();
    assert_eq!((colour.count, colour.shape), (2, (2, 2, 3)));
    let labels = file(0x0801, &[3], &[7, 0, 9]);
    assert_eq!(labels_from_slice(&labels).unwrap(), [7, 0, 9]);
    assert_eq!(labels_from_slice(&gzip(&labels)).unwrap(), [7, 0, 9]);
    // Two members one after the other are one file (RFC 1952, section 2.2).
    let (front, back) = labels.split_at(6);
    assert_eq!(labels_from_slice(&[gzip(front), gzip(back)].concat()).unwrap(), [7, 0, 9]);
}

/// Name of the damage, the file, and what the message must say.
type Damage = (&'static str, Vec<u8>, &'static str);

fn damaged_images() -> Vec<Damage> {
    let whole = images();
    let packed = gzip(&whole);
    let mut flipped = packed.clone();
    flipped[30] ^= 0x55;
    let mut wrong_checksum = packed.clone();
    let end = wrong_checksum.len();
    wrong_checksum[end - 6] ^= 1;
    let mut wrong_length = packed.clone();
    wrong_length[end - 2] ^= 1;
    let mut wrong_method = packed.clone();
    wrong_method[2] = 7;
    vec![
        ("empty", vec![], "the file is empty"),
        ("two bytes", vec![0, 0], "ends within the header, after 2 bytes"),
        ("header cut", whole[..10].to_vec(), "ends within the header, after 10 bytes"),
        (
            "one byte short",
            whole[..75].to_vec(),
            "announces 5 images of 4×3 (60 bytes) but the file ends after 59",
        ),
        ("no pixels", whole[..16].to_vec(), "but the file ends after 0: it was cut off"),
        ("one byte too many", [&whole[..], &[0]].concat(), "but more bytes follow"),
        (
            "web page",
            b"<!DOCTYPE html><html>".to_vec(),
            "it begins with 0x3c21444f (it looks like a web page)",
        ),
        ("PNG", b"\x89PNG\r\n\x1a\n________".to_vec(), "is no IDX file"),
        ("little-endian magic", file(0x0308_0000, &[5, 4, 3], &noise(60)), "is no IDX file"),
        ("floats", file(0x0d03, &[5, 4, 3], &noise(240)), "type 0x0d"),
        ("labels", file(0x0801, &[60], &noise(60)), "holds labels (1 dimension), where images are expected"),
        ("two dimensions", file(0x0802, &[5, 12], &noise(60)), "has 2 dimensions, but images have 3 or 4"),
        ("200 dimensions", file(0x08c8, &[1; 200], &[0]), "has 200 dimensions"),
        ("no images", file(0x0803, &[0, 28, 28], &[]), "announces 0 images of 28×28: nothing"),
        ("no width", file(0x0803, &[5, 28, 0], &[]), "announces 5 images of 28×0: nothing"),
        ("two channels", file(0x0804, &[5, 2, 2, 2], &noise(40)), "2 channels"),
        (
            "overflow",
            file(0x0804, &[u32::MAX, u32::MAX, u32::MAX, 3], &noise(9)),
            "more than the 2,147,483,648 bytes",
        ),
        ("4 GiB announced", file(0x0803, &[u32::MAX, 1, 1], &noise(9)), "more than the 2,147,483,648 bytes"),
        (
            "2 GB announced",
            file(0x0803, &[2_000_000_000, 1, 1], &noise(9)),
            "(2,000,000,000 bytes) but the file ends after 9",
        ),
        (
            "gzip: 2 GB announced",
            gzip(&file(0x0803, &[2_000_000_000, 1, 1], &noise(9))),
            "compressed bytes cannot hold",
        ),
        (
            "gzip: only the magic",
            packed[..2].to_vec(),
            "ends early, after 0 decompressed bytes: it was cut off",
        ),
        (
            "gzip: cut in half",
            packed[..packed.len() / 2].to_vec(),
            "announces 5 images of 4×3 (60 bytes) but the file ends",
        ),
        ("gzip: checksum cut off", packed[..end - 3].to_vec(), "after 76 decompressed bytes: it was cut off"),
        ("gzip: flipped bits", flipped, "compress"),
        ("gzip: wrong checksum", wrong_checksum, "checksum"),
        ("gzip: wrong length", wrong_length, "checksum"),
        ("gzip: unknown method", wrong_method, "compression is damaged"),
        ("gzip: trailing garbage", [&packed[..], b"garbage"].concat(), "compress"),
        ("gzip: short content", gzip(&whole[..70]), "but the file ends after 54"),
        ("gzip: long content", gzip(&[&whole[..], &[0; 9]].concat()), "but more bytes follow"),
        ("gzip: empty content", gzip(&[]), "ends within the header, after 0 bytes"),
        ("gzip of gzip", gzip(&packed), "is no IDX file"),
    ]
}

#[test]
fn damaged_images_are_refused_with_the_reason() {
    let damages = damaged_images();
    assert!(damages.len() >= 20);
    for (name, bytes, expected) in damages {
        let reason = images_from_slice(&bytes).expect_err(name);
        assert!(reason.contains(expected), "{name}: {reason}");
    }
}

#[test]
fn a_bomb_is_not_unpacked() {
    // 64 MiB of zeros after a header that announces 16: reading stops at the seventeenth.
    let bytes = [file(0x0803, &[4, 2, 2], &[]), vec![0; 64 << 20]].concat();
    let reason = images_from_slice(&gzip(&bytes)).unwrap_err();
    assert!(reason.contains("but more bytes follow"), "{reason}");
}

#[test]
fn every_cut_and_every_flipped_byte_is_an_error_or_harmless() {
    let packed = gzip(&images());
    for length in 0..packed.len() {
        assert!(images_from_slice(&packed[..length]).is_err(), "cut at {length}");
    }
    let expected = images_from_slice(&packed).unwrap();
    for place in 0..packed.len() {
        let mut bytes = packed.clone();
        bytes[place] ^= 0xff;
        // Name, time and system in the gzip header mean nothing; everything else is under the checksum.
        assert!(images_from_slice(&bytes).is_err_and(|reason| !reason.is_empty()) || place < 10, "{place}");
        if let Ok(images) = images_from_slice(&bytes) {
            assert_eq!(images, expected);
        }
    }
}

#[test]
fn damaged_labels_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels");
    let cases = [
        (images(), "holds images (3 dimensions), where labels are expected"),
        (file(0x0802, &[3, 1], &[1, 2, 3]), "has 2 dimensions, but labels have 1"),
        (file(0x0801, &[3], &[1, 2]), "announces 3 labels (3 bytes) but the file ends after 2"),
        (file(0x0801, &[4], &[1, 2, 3, 4]), "holds 4 labels, but there are 3 images"),
        (file(0x0801, &[3], &[1, 10, 3]), "label 1 is 10, but there are only 10 classes"),
    ];
    for (bytes, expected) in cases {
        std::fs::write(&path, bytes).unwrap();
        let message = labels(&path, 3, Some(10), "do something").unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
        assert!(message.starts_with(&path.display().to_string()) && message.ends_with("; do something"));
    }
}

#[test]
fn files_of_the_users_own_become_a_data_set() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let mut files = Files {
        images: write("images", images()),
        labels: Some(write("labels", file(0x0801, &[5], &[0, 1, 2, 1, 0]))),
        test_images: Some(write("test", gzip(&file(0x0803, &[2, 4, 3], &noise(24))))),
        test_labels: None,
    };
    let data = dataset(&files).unwrap();
    assert_eq!((data.shape, data.train.len(), data.test.len()), ((4, 3, 1), 5, 2));
    assert_eq!(data.class_names, ["0", "1", "2"]);

    files.test_images = Some(write("other", file(0x0803, &[2, 3, 4], &noise(24))));
    let message = dataset(&files).unwrap_err().to_string();
    assert!(message.contains("test images are 3×4×1, but the training images 4×3×1"), "{message}");
    files.test_images = None;
    files.test_labels = files.labels.clone();
    assert!(dataset(&files).unwrap_err().to_string().contains("no test images are given"));
    files.images = folder.path().to_owned();
    assert!(dataset(&files).unwrap_err().to_string().contains("is not a file"));
    files.images = folder.path().join("nothing");
    assert!(dataset(&files).unwrap_err().to_string().starts_with("cannot read "));
}

#[test]
fn numbers_are_grouped_by_thousands() {
    assert_eq!([0, 999, 1000, 47_040_000].map(grouped), ["0", "999", "1,000", "47,040,000"]);
}
