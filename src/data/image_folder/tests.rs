use super::*;
use image::{ImageBuffer, Luma, Rgb, RgbImage, Rgba};

/// A folder of images, and a cache.
struct Shop {
    images: tempfile::TempDir,
    cache: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        Self { images: tempfile::tempdir().unwrap(), cache: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.images.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn load(&self, shape: (usize, usize, usize)) -> Result<Dataset, Error> {
        let folders = Folders { searched: Vec::new(), cache: self.cache.path().to_owned() };
        dataset(self.images.path(), shape, &folders)
    }

    fn refusal(&self) -> String {
        self.load((4, 4, 3)).unwrap_err().to_string()
    }

    fn cached(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.cache.path().join("image-folder")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn plain(level: u8) -> Vec<u8> {
    encoded(RgbImage::from_pixel(4, 4, Rgb([level, level, level])), ImageFormat::Png)
}

/// The picture of `tests/reference/make_resized.py`.
fn picture() -> RgbImage {
    RgbImage::from_fn(17, 11, |x, y| {
        Rgb([0, 71, 142].map(|c| ((x * x * 3 + y * 23 + c + x * y * 5) % 256) as u8))
    })
}

fn bytes(split: &Split) -> &[u8] {
    match split.pixels() {
        Pixels::Bytes(values) => values,
        Pixels::Floats(_) => panic!("bytes"),
    }
}

/// Many images in two classes; the level of each is its number.
fn filled(names: impl Iterator<Item = u8>) -> Shop {
    let shop = Shop::new();
    for level in names {
        let class = if level % 3 == 0 { "cats/deep" } else { "a dog" };
        shop.write(&format!("{class}/{level}.png"), plain(level));
    }
    shop.write(".hidden/x.png", b"no image");
    shop.write("cats/.x.png", b"no image");
    shop.write("readme.txt", b"no image");
    shop
}

#[test]
fn sub_folders_are_labels_and_the_order_is_that_of_the_names_hashes() {
    let shop = filled(0..200);
    let dataset = shop.load((4, 4, 1)).unwrap();
    assert_eq!(dataset.class_names, ["a dog", "cats"]);
    assert_eq!(dataset.train.len() + dataset.test.len(), 200);
    assert!((10..=30).contains(&dataset.test.len()), "{}", dataset.test.len());
    let mut seen = Vec::new();
    for split in [&dataset.train, &dataset.test] {
        for (image, label) in bytes(split).chunks_exact(16).zip(split.labels().unwrap()) {
            assert!(image.iter().all(|pixel| *pixel == image[0]));
            assert_eq!(*label == 1, image[0] % 3 == 0, "{}", image[0]);
            seen.push(image[0]);
        }
    }
    let expected_order: Vec<u8> = {
        let mut levels: Vec<u8> = (0..200).collect();
        let class = |level: u8| if level.is_multiple_of(3) { "cats/deep" } else { "a dog" };
        levels.sort_by_key(|level| Sha256::digest(format!("{}/{level}.png", class(*level))).to_vec());
        levels.sort_by_key(|level| {
            let hash = Sha256::digest(format!("{}/{level}.png", class(*level)));
            u64::from_be_bytes(hash[24..].try_into().unwrap()) % 10 == 0
        });
        levels
    };
    assert_eq!(seen, expected_order);
    // The first few are of both classes.
    let first = dataset.clone().limit(20);
    assert!(first.train.labels().unwrap().contains(&0) && first.train.labels().unwrap().contains(&1));
    // Made in another order, in another place: the same data set.
    assert_eq!(filled((0..200).rev()).load((4, 4, 1)).unwrap().sha256, dataset.sha256);
    // Another image moves none of the old from split to split.
    shop.write("a dog/new.png", plain(255));
    let more = shop.load((4, 4, 1)).unwrap();
    for (old, new) in [(&dataset.train, &more.train), (&dataset.test, &more.test)] {
        let without: Vec<u8> =
            bytes(new).chunks_exact(16).filter(|image| image[0] != 255).flatten().copied().collect();
        assert_eq!(without, bytes(old));
    }
}

#[test]
fn a_second_start_takes_the_images_from_the_cache() {
    let shop = filled(0..20);
    let first = shop.load((4, 4, 1)).unwrap();
    let [file] = <[PathBuf; 1]>::try_from(shop.cached()).unwrap();
    let written = fs::read(&file).unwrap();
    // Other pixels under the same key: what comes is what the cache says, so nothing was decoded.
    let pixels = vec![77; 20 * 16];
    let forged = [&cache::MAGIC[..], &Sha256::digest(&pixels)[..], &pixels].concat();
    fs::write(&file, forged).unwrap();
    assert!(bytes(&shop.load((4, 4, 1)).unwrap().train).iter().all(|pixel| *pixel == 77));
    // Damage is noticed, and mended.
    for length in [0, 10, 40, written.len() - 1] {
        fs::write(&file, &written[..length]).unwrap();
        assert_eq!(shop.load((4, 4, 1)).unwrap().sha256, first.sha256);
        assert_eq!(fs::read(&file).unwrap(), written);
    }
    let mut changed = written.clone();
    changed[60] ^= 1;
    fs::write(&file, changed).unwrap();
    assert_eq!(shop.load((4, 4, 1)).unwrap().sha256, first.sha256);
    // Another size, another content, another name: another key.
    shop.load((4, 4, 3)).unwrap();
    shop.write("cats/deep/3.png", plain(200));
    assert_ne!(shop.load((4, 4, 1)).unwrap().sha256, first.sha256);
    fs::rename(shop.images.path().join("cats/deep/3.png"), shop.images.path().join("cats/3.png")).unwrap();
    shop.load((4, 4, 1)).unwrap();
    assert_eq!(shop.cached().len(), 4);
}

#[test]
fn images_without_sub_folders_have_no_labels() {
    let shop = Shop::new();
    for name in ["a.PNG", "b.jpg", "c.JPEG", "d.png", "e.png"] {
        shop.write(
            name,
            encoded(picture(), if name.starts_with('b') { ImageFormat::Jpeg } else { ImageFormat::Png }),
        );
    }
    let dataset = shop.load((2, 3, 3)).unwrap();
    assert_eq!((dataset.train.len() + dataset.test.len(), dataset.shape), (5, (2, 3, 3)));
    assert!(dataset.train.labels().is_none() && dataset.class_names.is_empty());
}

#[test]
fn folders_that_are_no_data_set_are_told() {
    let shop = Shop::new();
    assert!(shop.refusal().contains("has no images in it"), "{}", shop.refusal());
    shop.write("cats/1.png", plain(1));
    shop.write("2.png", plain(2));
    let mixed = shop.refusal();
    assert!(mixed.contains("2.png: lies beside sub-folders with images, such as \"cats\""), "{mixed}");
    let folders = Folders { searched: Vec::new(), cache: PathBuf::new() };
    let error = dataset(Path::new("/nowhere/at/all"), (4, 4, 1), &folders).unwrap_err().to_string();
    assert!(error.contains("/nowhere/at/all") && error.contains("not a folder"), "{error}");
    let shop = Shop::new();
    for class in 0..257 {
        shop.write(&format!("{class}/x.png"), plain(0));
    }
    assert!(shop.refusal().contains("257 sub-folders"), "{}", shop.refusal());
}

#[test]
fn images_become_what_they_are_resized_to_elsewhere() {
    let text = include_str!("../../../tests/reference/resized.json");
    let reference: serde_json::Value = serde_json::from_str(text).unwrap();
    for (size, expected) in reference["resized"].as_object().unwrap() {
        let (height, width) = size.split_once('x').unwrap();
        let shape = (height.parse().unwrap(), width.parse().unwrap(), 3);
        let found = resized(picture().into(), shape);
        let expected: Vec<f64> = serde_json::from_value(expected.clone()).unwrap();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!((f64::from(*found) - expected).abs() <= 1.0, "{size}: {found} instead of {expected}");
        }
    }
    assert_eq!(resized(picture().into(), (11, 17, 3)), picture().into_raw());
}

#[test]
fn colours_depths_and_transparency_come_down_to_bytes() {
    let one = |image: DynamicImage, channels| {
        let read = decode(&encoded(image, ImageFormat::Png)).unwrap();
        resized(read, (1, 1, channels))
    };
    let deep: ImageBuffer<Luma<u16>, Vec<u16>> = ImageBuffer::from_pixel(1, 1, Luma([0x80ff]));
    assert_eq!(one(deep.clone().into(), 1), [0x80]);
    assert_eq!(one(deep.into(), 3), [0x80; 3]);
    let clear = ImageBuffer::from_pixel(1, 1, Rgba([10_u8, 20, 30, 0]));
    assert_eq!(one(clear.into(), 3), [10, 20, 30]);
    // Rec. 709: 0.2126, 0.7152 and 0.0722.
    for (colour, grey) in [([255_u8, 0, 0], 54), ([0, 255, 0], 182), ([0, 0, 255], 18), ([255; 3], 255)] {
        assert!(one(ImageBuffer::from_pixel(1, 1, Rgb(colour)).into(), 1)[0].abs_diff(grey) <= 1);
    }
}

#[test]
fn a_photograph_is_turned_as_its_exif_data_say() {
    let mut image = RgbImage::from_pixel(16, 8, Rgb([0, 0, 0]));
    (0..8).for_each(|y| (0..8).for_each(|x| image.put_pixel(x, y, Rgb([255, 255, 255]))));
    let jpeg = encoded(image, ImageFormat::Jpeg);
    // A TIFF header, and a directory with one entry: the orientation (0x0112), a short, 6: turned by 90° clockwise.
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let segment = [&[0xff, 0xe1, 0, exif.len() as u8 + 2][..], exif].concat();
    let turned = [&jpeg[..2], &segment, &jpeg[2..]].concat();
    let upright = decode(&jpeg).unwrap();
    assert_eq!((upright.width(), upright.height()), (16, 8));
    let turned = decode(&turned).unwrap().into_luma8();
    assert_eq!(turned.dimensions(), (8, 16));
    assert!(turned.get_pixel(4, 2).0[0] > 200 && turned.get_pixel(4, 13).0[0] < 50);
}

/// A PNG header that announces this size.
fn announced(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend(width.to_be_bytes());
    chunk.extend(height.to_be_bytes());
    chunk.extend([8, 2, 0, 0, 0]);
    let checksum = crc32fast::hash(&chunk);
    [b"\x89PNG\r\n\x1a\n\0\0\0\x0d", &chunk[..], &checksum.to_be_bytes(), b"\0\0\0\0IDAT\x35\xaf\x06\x1e"]
        .concat()
}

#[test]
fn damaged_and_huge_files_are_told_with_their_path() {
    let png = encoded(picture(), ImageFormat::Png);
    let jpeg = encoded(picture(), ImageFormat::Jpeg);
    let middle = png.len() / 2;
    let mut changed = png.clone();
    changed[middle] ^= 0x55;
    let table: &[(&str, Vec<u8>, &str)] = &[
        ("empty.png", Vec::new(), "neither PNG nor JPEG"),
        ("text.jpg", b"<!DOCTYPE html><title>404</title>".to_vec(), "neither PNG nor JPEG"),
        ("gif.png", b"GIF89a\x01\0\x01\0\0\0\0".to_vec(), "neither PNG nor JPEG"),
        ("cut.png", png[..middle].to_vec(), "cannot be decoded"),
        ("changed.png", changed, "cannot be decoded"),
        ("cut.jpg", jpeg[..jpeg.len() - 2].to_vec(), "was cut off"),
        ("head.jpg", jpeg[..20].to_vec(), "was cut off"),
        ("wide.png", announced(100_000, 2), "is larger than"),
        ("heavy.png", announced(16_000, 16_000), "is larger than"),
        ("everything.png", announced(u32::MAX >> 1, u32::MAX >> 1), "is larger than"),
    ];
    for (name, content, reason) in table {
        let shop = filled(0..5);
        shop.write(&format!("cats/{name}"), content);
        let refusal = shop.refusal();
        assert!(refusal.contains(&format!("cats/{name}")) && refusal.contains(reason), "{refusal}");
        assert!(!shop.cache.path().join("image-folder").exists(), "{name}: something was cached");
    }
    let shop = filled(0..5);
    let sparse = fs::File::create(shop.images.path().join("cats/sparse.png")).unwrap();
    sparse.set_len(LARGEST_FILE + 1).unwrap();
    assert!(shop.refusal().contains("bytes, more than the"), "{}", shop.refusal());
}

/// Cut or changed anywhere, a file gives an image or a reason, and never a panic; cut, never another image.
#[test]
fn no_file_makes_the_decoder_panic() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let whole = encoded(picture(), format);
        let expected = decode(&whole).unwrap();
        for length in 0..whole.len() {
            match decode(&whole[..length]) {
                Ok(image) => {
                    assert!(image == expected && length > whole.len() - 16, "{format:?} cut at {length}")
                }
                Err(reason) => assert!(!reason.is_empty()),
            }
        }
        for at in 0..whole.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[at] ^= change;
                if let Ok(image) = decode(&changed) {
                    assert_eq!(resized(image, (3, 3, 1)).len(), 9);
                }
            }
        }
    }
}
