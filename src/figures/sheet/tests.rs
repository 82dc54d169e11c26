use super::*;
use crate::figures::encode;

fn entry(width: usize, height: usize, color: png::ColorType, value: u8) -> Entry {
    let channels = if color == png::ColorType::Grayscale { 1 } else { 3 };
    let png = encode::png(width, height, color, &vec![value; width * height * channels]);
    let picture = Picture { file: "a.png".to_owned(), label: "seed 0, epoch 3".to_owned(), png };
    Entry { label: "loss=hinge".to_owned(), picture }
}

fn decoded(bytes: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info.width as usize, info.height as usize, pixels)
}

#[test]
fn pictures_lie_side_by_side_below_their_names() {
    let entries = [
        entry(300, 200, png::ColorType::Grayscale, 10),
        entry(300, 100, png::ColorType::Rgb, 20),
        entry(300, 200, png::ColorType::Grayscale, 30),
        entry(300, 200, png::ColorType::Grayscale, 40),
        entry(300, 50, png::ColorType::Grayscale, 50),
    ];
    let bytes = png("a title", &entries).unwrap();
    let (width, height, pixels) = decoded(&bytes);
    assert_eq!((width, height), (GAP + 4 * (300 + GAP), TITLE + NAMES + 200 + GAP + NAMES + 50 + GAP));
    let at = |x: usize, y: usize| pixels[3 * (y * width + x)..3 * (y * width + x) + 3].to_vec();
    let (upper, lower) = (TITLE + NAMES, TITLE + NAMES + 200 + GAP + NAMES);
    for (column, value) in [10, 20, 30, 40].into_iter().enumerate() {
        let left = GAP + column * (300 + GAP);
        assert_eq!(at(left, upper), [value; 3]);
        assert_eq!(at(left + 299, upper + 99), [value; 3]);
        assert_eq!(at(left + 300, upper), [255; 3]);
        // Something is written above each.
        let above = (left..left + 100).any(|x| (upper - NAMES..upper).any(|y| at(x, y)[0] < 128));
        assert!(above, "column {column}");
    }
    assert_eq!(at(GAP, lower), [50; 3]);
    assert_eq!(bytes, png("a title", &entries).unwrap());
}

#[test]
fn small_pictures_are_enlarged_and_large_ones_reduced_by_whole_factors() {
    let size = |width, height| {
        let (width, height, _) =
            decoded(&png("", &[entry(width, height, png::ColorType::Grayscale, 0)]).unwrap());
        (width - 2 * GAP, height - TITLE - NAMES - GAP)
    };
    assert_eq!(size(100, 20), (LEAST_SIDE, 40));
    assert_eq!(size(1400, 700), (466, 233));
    assert_eq!(size(640, 640), (640, 640));
}

#[test]
fn long_labels_are_broken_at_commas() {
    assert_eq!(broken("loss=hinge, learning_rate=0.0002", 300.0), ["loss=hinge, learning_rate=0.0002"]);
    let label = "loss=hinge, learning_rate=0.0002, ema={ decay = 0.995 }";
    assert_eq!(broken(label, 300.0), ["loss=hinge, learning_rate=0.0002,", "ema={ decay = 0.995 }"]);
    let lines = broken(&format!("{label}, {label}"), 300.0);
    assert!(lines.len() == 2 && lines[1].contains('…'), "{lines:?}");
    assert_eq!(broken(&"x".repeat(500), 300.0).len(), 1);
    let mut long = entry(300, 200, png::ColorType::Grayscale, 0);
    long.label = label.to_owned();
    let (_, height, _) = decoded(&png("t", &[entry(300, 200, png::ColorType::Grayscale, 0), long]).unwrap());
    assert_eq!(height, TITLE + NAMES + LINE + 200 + GAP);
}

#[test]
fn more_pictures_than_there_is_room_for_are_told() {
    let entries = vec![entry(8, 8, png::ColorType::Grayscale, 0); MOST_PICTURES + 1];
    let (_, height, _) = decoded(&png("t", &entries).unwrap());
    assert_eq!(height, TITLE + 6 * (NAMES + 280 + GAP));
}

#[test]
fn damaged_and_missing_pictures_are_named() {
    let mut broken = entry(8, 8, png::ColorType::Grayscale, 0);
    broken.picture.png.truncate(40);
    assert!(png("t", &[broken]).unwrap_err().to_string().contains("`a.png`"));
    assert!(png("t", &[]).is_err());
}
