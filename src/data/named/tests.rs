use super::*;
use std::fs;

fn folders(searched: &Path) -> Folders {
    Folders { searched: vec![searched.to_owned()], cache: searched.join("no-cache") }
}

/// Files of the right names and sizes; their content is nothing but zeros.
fn hollow(folder: &Path, known: &Named, count: usize) {
    fs::create_dir_all(folder).unwrap();
    for file in &known.files[..count] {
        let hollow = fs::File::create(folder.join(file.compressed.name)).unwrap();
        hollow.set_len(file.compressed.size).unwrap();
    }
}

#[test]
fn files_are_found_in_the_named_folder_and_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let folders = folders(folder.path());
    assert_eq!(MNIST.locate(&folders).unwrap(), None);
    hollow(folder.path(), &MNIST, 4);
    assert_eq!(MNIST.locate(&folders).unwrap().unwrap().folder, folder.path());
    // The same names, but another data set's sizes.
    assert_eq!(FASHION_MNIST.locate(&folders).unwrap(), None);
    let own = folder.path().join("mnist");
    hollow(&own, &MNIST, 4);
    assert_eq!(MNIST.locate(&folders).unwrap().unwrap().folder, own);
}

#[test]
fn missing_and_cut_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("fashion-mnist");
    hollow(&own, &FASHION_MNIST, 3);
    let message = FASHION_MNIST.locate(&folders(folder.path())).unwrap_err().to_string();
    assert!(message.contains("lacks t10k-labels-idx1-ubyte.gz of fashion-mnist"), "{message}");

    hollow(&own, &FASHION_MNIST, 4);
    let path = own.join("train-images-idx3-ubyte.gz");
    fs::File::options().write(true).open(&path).unwrap().set_len(1_000_000).unwrap();
    let message = FASHION_MNIST.locate(&folders(folder.path())).unwrap_err().to_string();
    let expected = "has 1,000,000 bytes, but that of fashion-mnist has 26,421,880: it was cut off; delete it and run `atelier data fetch fashion-mnist`";
    assert_eq!(message, format!("{}: {expected}", path.display()));
}

#[test]
fn a_cache_with_some_files_is_completed_rather_than_refused() {
    let folder = tempfile::tempdir().unwrap();
    hollow(&folder.path().join("mnist"), &MNIST, 2);
    let folders = Folders { searched: vec![], cache: folder.path().to_owned() };
    assert_eq!(MNIST.locate(&folders).unwrap(), None);
}

#[test]
fn files_of_the_right_size_with_other_content_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    hollow(folder.path(), &MNIST, 4);
    let folders = folders(folder.path());
    let checks = MNIST.verify(&folders).unwrap();
    assert_eq!(checks.len(), 4);
    for check in checks {
        assert!(check.result.unwrap_err().to_string().contains("its SHA-256 is "));
    }
    let found = MNIST.locate(&folders).unwrap().unwrap();
    assert!(matches!(MNIST.read(&found), Err(Error::Damaged { .. })));
    // What is there is never replaced, not even by a download.
    let cache = tempfile::tempdir().unwrap();
    hollow(&cache.path().join("mnist"), &MNIST, 1);
    let result = MNIST.fetch(cache.path(), Some(&[]), &Policy::default(), &mut |_| {});
    assert!(matches!(result, Err(Error::Damaged { .. })), "{result:?}");
}

/// The folder with the real files, where there is one.
fn real() -> Option<Folders> {
    let folder = std::env::var_os("ATELIER_DATA_DIR").map(PathBuf::from)?;
    let folders = folders(&folder);
    let there = ALL.iter().all(|known| matches!(known.locate(&folders), Ok(Some(_))));
    there.then_some(folders)
}

#[test]
fn the_real_files_have_the_published_content() {
    let Some(folders) = real() else {
        println!("skipped: ATELIER_DATA_DIR names no folder with fashion-mnist and mnist");
        return;
    };
    for (known, mean, std) in [(&FASHION_MNIST, 72.94, 90.02), (&MNIST, 33.318, 78.567)] {
        for check in known.verify(&folders).unwrap() {
            check.result.unwrap();
        }
        let mut asked = false;
        let data = known.load(&folders, &Policy::default(), &mut |_| asked = true).unwrap();
        assert!(!asked, "nothing is downloaded if the files are here");
        assert_eq!((data.shape, data.train.len(), data.test.len()), ((28, 28, 1), 60_000, 10_000));
        let found = data.train.mean_and_std();
        assert!((found.0 - mean).abs() < 0.005 && (found.1 - std).abs() < 0.005, "{found:?}");
        let labels = data.test.labels().unwrap();
        assert!((0..10).all(|class| labels.contains(&class)));
    }
}

#[test]
fn plain_files_are_the_same_data_set() {
    let Some(real) = real() else {
        println!("skipped: ATELIER_DATA_DIR names no folder with fashion-mnist and mnist");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let found = MNIST.locate(&real).unwrap().unwrap();
    for (path, file) in found.paths.iter().zip(&MNIST.files) {
        let mut plain = fs::File::create(folder.path().join(file.plain.name)).unwrap();
        let mut packed = flate2::read::GzDecoder::new(fs::File::open(path).unwrap());
        std::io::copy(&mut packed, &mut plain).unwrap();
    }
    let folders = folders(folder.path());
    assert!(MNIST.verify(&folders).unwrap().iter().all(|check| check.result.is_ok()));
    let plain = MNIST.locate(&folders).unwrap().unwrap();
    assert_eq!(MNIST.read(&plain).unwrap().sha256, MNIST.content);
    // The other data set's plain files have the same sizes; the content tells them apart.
    let error = FASHION_MNIST.read(&FASHION_MNIST.locate(&folders).unwrap().unwrap()).unwrap_err();
    assert!(error.to_string().contains("its SHA-256 is"), "{error}");
}
