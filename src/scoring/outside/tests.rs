use super::*;
use std::path::PathBuf;

/// What NumPy wrote: tests/reference/make_arrays.py.
fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
}

const GREY: (usize, usize, usize) = (2, 3, 1);

fn array(name: &str, shape: (usize, usize, usize), range: Option<Range>) -> Result<Images, Error> {
    read(&reference("arrays.npz"), shape, Reading { range, array: Some(name) })
}

/// Image i has the levels 10 i to 10 i + 5.
fn levels() -> Vec<u8> {
    (0..4).flat_map(|image| (0..6).map(move |pixel| 10 * image + pixel)).collect()
}

#[test]
fn what_numpy_wrote_is_read() {
    let plain = read(&reference("plain.npy"), GREY, Reading::default()).unwrap();
    assert_eq!((plain.count, plain.pixels), (4, levels()));
    let cases = [
        ("samples", Some(Range::Unit)),
        ("symmetric", Some(Range::Symmetric)),
        ("big", Some(Range::Unit)),
        ("flat", None),
    ];
    for (name, range) in cases {
        assert_eq!(array(name, GREY, range).unwrap().pixels, levels(), "{name}");
    }
    // `samples` is what is meant where nothing is said, as `atelier sample` writes it.
    let usual = Reading { range: Some(Range::Unit), array: None };
    assert_eq!(read(&reference("arrays.npz"), GREY, usual).unwrap().pixels, levels());
}

#[test]
fn channels_first_becomes_channels_last() {
    let images = array("colour", (2, 3, 3), None).unwrap();
    let expected: Vec<u8> = levels().into_iter().flat_map(|level| [level, level + 50, level + 100]).collect();
    assert_eq!(images.pixels, expected);
}

#[test]
fn what_is_no_image_is_told_and_not_scored() {
    let cases = [
        ("samples", None, "say what they mean with --range unit"),
        ("samples", Some(Range::Symmetric), ""),
        (
            "symmetric",
            Some(Range::Unit),
            "image 0 (from 0) has the value -1 at position 0, which is not in [0, 1]",
        ),
        ("flat", Some(Range::Unit), "the array holds bytes, 0 to 255: leave --range out"),
        ("colour", None, "the array is [4, 3, 2, 3], but images of the data set are (N, 2, 3, 1)"),
        ("fortran", None, "stored column by column"),
        ("labels", None, "holds numbers of the type \"<i8\""),
        ("nan", Some(Range::Unit), "has the value NaN"),
        ("one", None, "holds one image"),
        ("sample", None, "has no array `sample`, only "),
    ];
    for (name, range, reason) in cases {
        let result = array(name, GREY, range);
        match reason {
            // Grey levels in [0, 1] are in [-1, 1] as well: nothing can tell that they are meant otherwise.
            "" => assert!(result.is_ok(), "{name}"),
            reason => {
                let message = result.unwrap_err().to_string();
                assert!(message.contains(reason), "{message}");
                assert!(message.contains("arrays.npz"), "{message}");
            }
        }
    }
}

#[test]
fn headers_are_not_believed() {
    let bytes = std::fs::read(reference("plain.npy")).unwrap();
    for length in 0..bytes.len() {
        assert!(npy::parse(&bytes[..length]).is_err(), "{length} bytes of {}", bytes.len());
    }
    let header = |dictionary: &str| {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((dictionary.len() as u16).to_le_bytes());
        bytes.extend(dictionary.as_bytes());
        npy::parse(&bytes)
    };
    let huge = "{'descr': '|u1', 'fortran_order': False, 'shape': (18446744073709551615, 9), }";
    assert!(header(huge).unwrap_err().contains("is not what its shape"));
    for strange in ["", "{}", "{'descr': '|u1'", "{'shape': (1,), 'descr': [('a', '<f4')]}", "{'a': 1}"] {
        assert!(header(strange).unwrap_err().contains("cannot be understood"), "{strange}");
    }
    let none = header("{'shape': (0, 2, 3), 'fortran_order': False, 'descr': '|u1'}").unwrap();
    assert_eq!(none, Array { shape: vec![0, 2, 3], numbers: Numbers::Bytes(Vec::new()) });
}

#[test]
fn a_folder_has_images_of_the_size_that_the_data_set_has() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, width: u32, level: u8| {
        let image = image::GrayImage::from_pixel(width, 2, image::Luma([level]));
        image.save(folder.path().join(name)).unwrap();
    };
    let read = || read(folder.path(), GREY, Reading::default());
    assert!(read().unwrap_err().to_string().contains("has no images in it"));
    save("b.png", 3, 7);
    assert!(read().unwrap_err().to_string().contains("holds one image"));
    save("a.png", 3, 200);
    // In the order of their names.
    assert_eq!(read().unwrap().pixels, [[200; 6], [7; 6]].concat());
    save("c.png", 4, 0);
    let message = read().unwrap_err().to_string();
    assert!(message.contains("c.png: is 2×4 pixels, but images of the data set are 2×3"), "{message}");
}
