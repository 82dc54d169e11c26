use super::*;
use crate::data::Scale;
use crate::figures::testing::decoded;

fn samples(data: &[f32], channels: usize) -> Samples<'_> {
    Samples { data, height: 28, width: 28, channels, range: Scale::Unit }
}

/// Samples are white and neighbours black.
#[test]
fn each_sample_has_its_neighbours_at_its_right() {
    for (count, per_sample, channels) in [(0, 5, 1), (1, 1, 1), (5, 3, 3), (16, 5, 1), (100, 20, 1)] {
        let data = [1.0, 0.0].map(|value| vec![value; count * per_sample * 28 * 28 * channels]);
        let white = samples(&data[0][..count * 28 * 28 * channels], channels);
        let black = samples(&data[1], channels);
        let distances: Vec<f32> = (0..count * per_sample).map(|place| place as f32 + 1.0).collect();
        let figure = Neighbours {
            title: "an experiment",
            note: "a note",
            samples: &white,
            neighbours: &black,
            distances: &distances,
            per_sample,
        };
        let bytes = png(&figure);
        let picture = decoded(&bytes);
        let group = figure.group(3);
        let columns = ((MOST_WIDTH + GAPS.2) / (group + GAPS.2)).clamp(1, count.max(1));
        let rows = count.div_ceil(columns).min(MOST_ROWS);
        assert_eq!(picture.height, HEADING + WORDS + rows.max(1) * (84 + DISTANCE) + MARGIN);
        for index in 0..count.min(rows * columns) {
            let (left, top) =
                (MARGIN + index / rows * (group + GAPS.2), HEADING + WORDS + index % rows * (84 + DISTANCE));
            assert_eq!(picture.at(left, top), [255; 3]);
            for neighbour in 0..per_sample {
                let start = left + 84 + GAPS.0 + neighbour * (84 + GAPS.1);
                assert_eq!((picture.at(start, top), picture.at(start + 83, top + 83)), ([0; 3], [0; 3]));
                assert_ne!(picture.at(start + 84, top), [0; 3]);
            }
        }
        assert_eq!(bytes, png(&figure));
    }
}

#[test]
fn fewer_neighbours_and_distances_than_there_should_be_leave_places_empty() {
    let data = vec![0.0; 4 * 28 * 28];
    let (two, three) = (samples(&data[..2 * 28 * 28], 1), samples(&data[..3 * 28 * 28], 1));
    let figure = Neighbours {
        title: "",
        note: "",
        samples: &two,
        neighbours: &three,
        distances: &[f32::NAN],
        per_sample: 2,
    };
    let picture = decoded(&png(&figure));
    let second = MARGIN + figure.group(3) + GAPS.2 + 84 + GAPS.0;
    assert_eq!(picture.at(second, HEADING + WORDS), [0; 3]);
    assert_eq!(picture.at(second + 84 + GAPS.1, HEADING + WORDS), [255; 3]);
}

#[test]
fn a_copy_stands_out() {
    let data = vec![0.5; 28 * 28];
    let image = samples(&data, 1);
    let coloured = |distance: f32| {
        let distances = [distance];
        let figure = Neighbours {
            title: "",
            note: "",
            samples: &image,
            neighbours: &image,
            distances: &distances,
            per_sample: 1,
        };
        let picture = decoded(&png(&figure));
        let below = HEADING + WORDS + 85..picture.height;
        let mut pixels = below.flat_map(|y| (0..picture.width).map(move |x| (x, y)));
        pixels.any(|(x, y)| {
            let [red, _, blue] = picture.at(x, y);
            red > blue.saturating_add(60)
        })
    };
    assert!(coloured(0.0) && !coloured(0.1));
}

#[test]
fn distances_have_three_digits() {
    let table = [
        (0.0, "0"),
        (0.1234, "0.123"),
        (0.9999, "1.00"),
        (1.2345, "1.23"),
        (12.345, "12.3"),
        (123.45, "123"),
        (1e-5, "1.0e−5"),
        (f32::MAX, "3.4e38"),
        (f32::NAN, "–"),
        (f32::INFINITY, "–"),
    ];
    for (distance, text) in table {
        assert_eq!(number(distance), text);
    }
}
