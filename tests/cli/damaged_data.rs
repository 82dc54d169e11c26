//! Damaged data sets: exit code 3, the file named, no run folder.

use crate::support::{Done, Workshop};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

const COUNT: u32 = 64;

/// An IDX file with these dimensions in its header.
fn idx(sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

/// Noise that hardly compresses.
fn pixels(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn images() -> Vec<u8> {
    idx(&[COUNT, 28, 28], &pixels(COUNT as usize * 784))
}

fn labels() -> Vec<u8> {
    idx(&[COUNT], &vec![3; COUNT as usize])
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn cut(bytes: &[u8], length: usize) -> Vec<u8> {
    bytes[..length].to_vec()
}

/// The file with one byte changed.
fn changed(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 0x55;
    bytes
}

/// The networks of `tiny.toml`, which the program holds.
const OWN: &str = "dataset = { name = 'idx', images = 'images', shape = [28, 28] }\n\
                   architecture = { family = 'dcgan', latent_dim = 50, width = 4 }\n\
                   training = { epochs = 1, batch_size = 16 }\n";

fn run(shop: &Workshop, sets: &[&str]) -> Done {
    shop.write("own.toml", OWN);
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    shop.atelier(["run", "own.toml", "--out", "out"]).arguments(sets).done()
}

/// Runs on the folder's `images`, and what else `sets` name.
fn refuses(shop: &Workshop, sets: &[&str], file: &str, reason: &str) {
    let done = run(shop, sets);
    assert!(!shop.path("out").exists(), "something was written: {done}");
    done.expect(3).complains(file).complains(reason);
}

#[test]
fn whole_files_are_trained_on() {
    let shop = Workshop::new();
    shop.write("images", gzip(&images()));
    shop.write("labels", labels());
    run(&shop, &["dataset.labels=labels"]).expect(0);
    let run = crate::support::run_file(&shop.only_run("out"));
    assert_eq!(run["dataset"]["name"].as_str(), Some("idx"));
}

#[test]
fn damaged_image_files() {
    let (plain, packed) = (images(), gzip(&images()));
    let middle = packed.len() / 2;
    let end = packed.len();
    let table: &[(&str, Vec<u8>, &str)] = &[
        ("nothing", Vec::new(), "the file is empty"),
        ("three bytes", cut(&plain, 3), "within the header"),
        ("half a header", cut(&plain, 10), "within the header"),
        ("one byte short", cut(&plain, plain.len() - 1), "cut off"),
        ("half", cut(&plain, plain.len() / 2), "cut off"),
        ("a byte too many", [&plain[..], &[0]].concat(), "more bytes follow"),
        ("a web page", b"<!DOCTYPE html><title>404</title>".to_vec(), "web page"),
        ("a picture", b"\x89PNG\r\n\x1a\n0000000000000000".to_vec(), "no IDX file"),
        ("floats", changed_to(&plain, 2, 0x0d), "type 0x0d"),
        ("two dimensions", changed_to(&plain, 3, 2), "2 dimensions"),
        ("five dimensions", changed_to(&plain, 3, 5), "5 dimensions"),
        ("labels", labels(), "holds labels"),
        ("no images", idx(&[0, 28, 28], &[]), "nothing"),
        ("no height", idx(&[COUNT, 0, 28], &[]), "nothing"),
        ("more images than there are", idx(&[COUNT + 1, 28, 28], &pixels(COUNT as usize * 784)), "cut off"),
        ("more than any memory", idx(&[u32::MAX, u32::MAX, u32::MAX], &[0; 64]), "at most"),
        ("2 GiB that are not there", idx(&[1 << 21, 32, 32], &[0; 64]), "cut off"),
        ("two channels", idx(&[8, 28, 28, 2], &pixels(8 * 1568)), "2 channels"),
        ("20×20", idx(&[COUNT, 20, 20], &pixels(COUNT as usize * 400)), "20×20×1"),
        ("colour", idx(&[COUNT, 28, 28, 3], &pixels(COUNT as usize * 2352)), "28×28×3"),
        ("gzip cut in its header", cut(&packed, 6), ""),
        ("gzip cut in the middle", cut(&packed, middle), "cut off"),
        ("gzip without its checksum", cut(&packed, end - 8), "early"),
        ("gzip changed in the middle", changed(&packed, middle), "damaged"),
        ("gzip with a wrong checksum", changed(&packed, end - 6), "damaged"),
        ("gzip with a wrong length", changed(&packed, end - 2), "damaged"),
        ("gzip of something else", gzip(b"hello"), "no IDX file"),
        ("gzip in gzip", gzip(&packed), "no IDX file"),
        ("gzip of too many bytes", gzip(&[&plain[..], &[0; 100]].concat()), "more bytes follow"),
        ("a gzip bomb", gzip(&idx(&[COUNT, 28, 28], &vec![0; 64 << 20])), "more bytes follow"),
        ("2 GiB that gzip cannot hold", gzip(&idx(&[1 << 21, 32, 32], &[0; 64])), "cannot hold"),
        ("garbage after gzip", [&packed[..], b"garbage"].concat(), ""),
    ];
    assert!(table.len() >= 20);
    let shop = Workshop::new();
    for (what, bytes, reason) in table {
        println!("{what}");
        shop.write("images", bytes);
        refuses(&shop, &[], "images", reason);
    }
}

fn changed_to(bytes: &[u8], at: usize, value: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] = value;
    bytes
}

#[test]
fn image_files_that_are_not_files() {
    let shop = Workshop::new();
    refuses(&shop, &[], "images", "No such file");
    std::fs::create_dir(shop.path("images")).expect("a folder");
    refuses(&shop, &[], "images", "not a file");
    refuses(&shop, &["dataset.images=/dev/zero"], "/dev/zero", "not a file");
    // A named pipe without a writer must not be waited for.
    assert!(
        std::process::Command::new("mkfifo")
            .arg(shop.path("pipe"))
            .status()
            .expect("the program mkfifo")
            .success()
    );
    refuses(&shop, &["dataset.images=pipe"], "pipe", "not a file");
}

#[test]
fn damaged_labels_and_test_images() {
    let shop = Workshop::new();
    shop.write("images", images());
    let packed = gzip(&labels());
    let tables: [(&str, Vec<u8>, &str); 6] = [
        ("one label short", idx(&[COUNT - 1], &vec![3; COUNT as usize - 1]), "63 labels"),
        ("images", images(), "holds images"),
        ("cut off", cut(&packed, packed.len() - 9), ""),
        ("nothing", Vec::new(), "empty"),
        ("a header that lies", idx(&[COUNT + 1], &vec![3; COUNT as usize]), "cut off"),
        ("a text", b"3\n1\n4\n".to_vec(), "no IDX file"),
    ];
    for (what, bytes, reason) in tables {
        println!("{what}");
        shop.write("the-labels", bytes);
        refuses(&shop, &["dataset.labels=the-labels"], "the-labels", reason);
    }
    shop.write("test", idx(&[COUNT, 20, 20], &pixels(COUNT as usize * 400)));
    refuses(&shop, &["dataset.test_images=test"], "test", "20×20×1");
    shop.write("test", cut(&images(), 1000));
    refuses(&shop, &["dataset.test_images=test"], "test", "cut off");
    shop.write("test", images());
    shop.write("test-labels", cut(&labels(), 20));
    refuses(
        &shop,
        &["dataset.test_images=test", "dataset.test_labels=test-labels"],
        "test-labels",
        "cut off",
    );
}

#[test]
fn fewer_images_than_a_batch() {
    let shop = Workshop::new();
    shop.write("images", idx(&[8, 28, 28], &pixels(8 * 784)));
    let done = run(&shop, &[]);
    assert!(!shop.path("out").exists());
    done.expect(2).complains("one step takes 16 examples").complains("only 8");
}

#[test]
fn damaged_fashion_mnist() {
    let names = [
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ];
    let refuses = |shop: &Workshop, folder: &str, file: &str, reason: &str| {
        shop.write(
            "fashion.toml",
            "dataset.name = 'fashion-mnist'\narchitecture = { family = 'dcgan', latent_dim = 50, width = 4 }\n\
             training = { epochs = 1, batch_size = 32 }\n",
        );
        let done = shop.atelier(["run", "fashion.toml", "--out", "out", "--data-dir", folder]).done();
        assert!(!shop.path("out").exists() && !shop.path(".cache").exists(), "something was written: {done}");
        done.expect(3).complains(file).complains(reason);
    };
    let shop = Workshop::new();
    refuses(&shop, "nowhere", "nowhere", "not a folder");
    shop.write("file", "");
    refuses(&shop, "file", "file", "not a folder");

    shop.write("one/train-images-idx3-ubyte.gz", images());
    refuses(&shop, "one", "one", "lacks train-labels-idx1-ubyte.gz");

    for name in names {
        shop.write(format!("short/{name}.gz"), cut(&gzip(&images()), 1000));
    }
    refuses(&shop, "short", "train-images-idx3-ubyte.gz", "it was cut off");

    // Of the right sizes (holes take no room on the disk), but nothing in them.
    for (name, size) in names.iter().zip([784 * 60_000 + 16, 60_008, 784 * 10_000 + 16, 10_008]) {
        let path = shop.write(format!("zeros/{name}"), "");
        let file = std::fs::File::options().write(true).open(path).expect("a file");
        file.set_len(size).expect("a hole");
    }
    refuses(&shop, "zeros", "train-images-idx3-ubyte", "");
    shop.atelier(["data", "verify", "fashion-mnist", "--data-dir", "zeros"])
        .done()
        .expect(3)
        .complains("train-images");
    shop.atelier(["data", "list", "--data-dir", "short"]).done().expect(3).says("faulty");
}
