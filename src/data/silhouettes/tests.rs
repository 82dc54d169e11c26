use super::*;

fn bytes(split: &Split) -> &[u8] {
    let Pixels::Bytes(values) = split.pixels() else { panic!("silhouettes are bytes") };
    values
}

fn images(split: &Split) -> Vec<&[u8]> {
    bytes(split).chunks(SIZE * SIZE).collect()
}

/// The pictures are part of the data set's definition: a change of one byte, by a change of the code, of a library or of
/// the platform, changes results that were published. If it is meant, say so in the change log.
#[test]
fn the_pictures_are_the_published_ones() {
    let data = dataset(super::super::SEED, 1000, 100);
    assert_eq!(data.sha256, "9f8dcefb6db1b33fb40cee995783b998e72349793034536e8d1c416264ba37af");
}

#[test]
fn an_image_depends_on_nothing_but_seed_split_and_index() {
    let (long, short) = (dataset(3, 200, 0), dataset(3, 40, 40));
    assert_eq!(images(&long.train)[..40], images(&short.train)[..]);
    assert_ne!(images(&short.train), images(&short.test));
    assert_ne!(images(&short.train), images(&dataset(4, 40, 0).train));
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one.install(|| dataset(3, 40, 40)).sha256, short.sha256);
}

#[test]
fn no_two_images_are_alike() {
    let data = dataset(0, 3000, 0);
    let mut all = images(&data.train);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 3000);
}

#[test]
fn classes_are_balanced_and_in_the_order_of_their_names() {
    let data = dataset(0, 100, 20);
    let labels = data.train.labels().unwrap();
    assert!((0..10).all(|class| labels.iter().filter(|&&label| label == class).count() == 10));
    assert_eq!(data.class_names[9], "ankle boot");
    assert_eq!((data.train.len(), data.test.len(), data.shape), (100, 20, (28, 28, 1)));
}

#[test]
fn a_garment_fills_its_frame_and_leaves_the_border_black() {
    let data = dataset(0, 2000, 0);
    for (index, image) in images(&data.train).iter().enumerate() {
        let lit = |x: usize, y: usize| image[y * SIZE + x] > 20;
        let rows = (0..SIZE).filter(|&y| (0..SIZE).any(|x| lit(x, y))).count();
        let columns = (0..SIZE).filter(|&x| (0..SIZE).any(|y| lit(x, y))).count();
        let area = (0..SIZE * SIZE).filter(|&at| image[at] > 20).count();
        assert!(rows.max(columns) >= 22, "image {index} is {columns}×{rows}");
        assert!((40..560).contains(&area), "image {index} covers {area} pixels");
        let corners = [image[0], image[27], image[27 * 28], image[783]];
        assert!(corners.iter().all(|&corner| corner < 60), "image {index}: {corners:?}");
    }
}

/// A classifier as simple as can be tells the classes apart: the nearest class mean of 16 numbers (means of 7×7 blocks).
/// Chance is 10 %. All right would mean that there is nothing to learn beyond the outline.
#[test]
fn the_classes_differ() {
    let data = dataset(0, 4000, 1000);
    let blocks = |image: &[u8]| -> Vec<f64> {
        let block = |index: usize| {
            let at = |place: usize| image[(index / 4 * 7 + place / 7) * SIZE + index % 4 * 7 + place % 7];
            (0..49).map(|place| f64::from(at(place))).sum::<f64>() / 49.0
        };
        (0..16).map(block).collect()
    };
    let mut means = vec![vec![0.0; 16]; 10];
    for (index, image) in images(&data.train).iter().enumerate() {
        means[index % 10].iter_mut().zip(blocks(image)).for_each(|(mean, value)| *mean += value / 400.0);
    }
    let nearest = |image: &[u8]| {
        let features = blocks(image);
        let distance =
            |mean: &Vec<f64>| mean.iter().zip(&features).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        (0..10).min_by(|&a, &b| distance(&means[a]).total_cmp(&distance(&means[b]))).unwrap()
    };
    let right =
        images(&data.test).iter().enumerate().filter(|(index, image)| nearest(image) == index % 10).count();
    println!("{right} of 1000");
    assert!((400..950).contains(&right), "{right} of 1000");
}
