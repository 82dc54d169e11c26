use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;

const RECORDS: usize = 20;

/// File number `file`: two records of each class, with colours that are different everywhere.
fn content(file: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in 0..RECORDS {
        bytes.push((record % 10) as u8);
        bytes.extend((0..3 * PLANE).map(|at| (at * 7 + at / 256 + record * 31 + file * 101) as u8));
    }
    bytes
}

/// An archive of these members: path, type and content.
fn archive(members: &[(&str, tar::EntryType, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, kind, content) in members {
        let mut header = tar::Header::new_old();
        // Not `set_path`, which refuses what a hostile archive may hold.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, &content[..]).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn published() -> Vec<(&'static str, tar::EntryType, Vec<u8>)> {
    let paths = [
        "cifar-10-batches-bin/data_batch_1.bin",
        "cifar-10-batches-bin/test_batch.bin",
        "cifar-10-batches-bin/data_batch_3.bin",
        "cifar-10-batches-bin/data_batch_2.bin",
        "cifar-10-batches-bin/data_batch_5.bin",
        "cifar-10-batches-bin/data_batch_4.bin",
    ];
    let files = [0, 5, 2, 1, 4, 3];
    let mut members =
        vec![("cifar-10-batches-bin/readme.html", tar::EntryType::Regular, b"read me".to_vec())];
    members.extend(
        paths.into_iter().zip(files).map(|(path, file)| (path, tar::EntryType::Regular, content(file))),
    );
    members
}

/// A small data set whose archive has this content.
fn small(archive: &[u8]) -> &'static Cifar10 {
    let sha256 = format!("{:x}", <sha2::Sha256 as sha2::Digest>::digest(archive));
    let archive = RemoteFile {
        name: "cifar-10-binary.tar.gz",
        size: archive.len() as u64,
        sha256: Box::leak(sha256.into_boxed_str()),
    };
    Box::leak(Box::new(Cifar10 { archive, mirrors: &[], records: RECORDS }))
}

fn folders(searched: &Path) -> Folders {
    Folders { searched: vec![searched.to_owned()], cache: searched.join("no-cache") }
}

fn load(known: &'static Cifar10, searched: &Path) -> Result<Dataset, Error> {
    known.load(&folders(searched), &Policy::default(), &mut |_| {})
}

#[test]
fn archive_and_folder_give_the_same_images_channels_last() {
    let packed = archive(&published());
    let known = small(&packed);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cifar-10");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("cifar-10-binary.tar.gz"), &packed).unwrap();
    let from_archive = load(known, folder.path()).unwrap();
    assert_eq!(
        (from_archive.shape, from_archive.train.len(), from_archive.test.len()),
        ((32, 32, 3), 100, 20)
    );
    assert_eq!(from_archive.class_names[9], "truck");
    assert_eq!(from_archive.train.labels().unwrap()[..12], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    let Pixels::Bytes(pixels) = from_archive.train.pixels() else { panic!("bytes") };
    for (file, record, y, x, channel) in
        [(0, 0, 0, 0, 0), (0, 1, 3, 30, 2), (3, 19, 31, 31, 1), (4, 7, 16, 0, 2)]
    {
        let at = ((file * RECORDS + record) * PLANE + y * SIDE + x) * 3 + channel;
        let expected = content(file)[record * RECORD + 1 + channel * PLANE + y * SIDE + x];
        assert_eq!(pixels[at], expected, "file {file}, record {record}, ({y}, {x}), channel {channel}");
    }

    for inner in ["", "cifar-10-batches-bin", "cifar-10/cifar-10-batches-bin"] {
        let unpacked = tempfile::tempdir().unwrap();
        fs::create_dir_all(unpacked.path().join(inner)).unwrap();
        for (index, name) in FILES.into_iter().enumerate() {
            fs::write(unpacked.path().join(inner).join(name), content(index)).unwrap();
        }
        assert_eq!(load(known, unpacked.path()).unwrap().sha256, from_archive.sha256);
        let checks = known.verify(&folders(unpacked.path())).unwrap();
        assert!(checks.len() == 6 && checks.iter().all(|check| check.result.is_ok()));
        let located = known.whereabouts(&folders(unpacked.path())).unwrap().unwrap();
        assert_eq!(located.bytes, 6 * (RECORDS * RECORD) as u64);
    }
}

#[test]
fn folders_that_are_not_the_data_set_are_told() {
    let refusal = |change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        for (index, name) in FILES.into_iter().enumerate() {
            fs::write(folder.path().join(name), content(index)).unwrap();
        }
        change(folder.path());
        load(small(&[]), folder.path()).unwrap_err().to_string()
    };
    let write = |name: &'static str, bytes: Vec<u8>| {
        move |folder: &Path| fs::write(folder.join(name), &bytes).unwrap()
    };
    let cut = refusal(&write(FILES[2], content(2)[1..].to_vec()));
    assert!(
        cut.contains("data_batch_3.bin: has 61,459 bytes, but that of cifar-10 has 61,460: it was cut"),
        "{cut}"
    );
    let mut wrong = content(1);
    wrong[3 * RECORD] = 10;
    let label = refusal(&write(FILES[1], wrong.clone()));
    assert!(label.contains("data_batch_2.bin: label 3 is 10, but there are only 10 classes"), "{label}");
    wrong[3 * RECORD] = 4;
    let classes = refusal(&write(FILES[1], wrong));
    assert!(classes.contains("9 of the training images are of the class cat, not 10"), "{classes}");
    let missing = refusal(&|folder| fs::remove_file(folder.join(FILES[5])).unwrap());
    assert!(missing.contains("lacks test_batch.bin of cifar-10"), "{missing}");
    let no_file = refusal(&|folder| {
        fs::remove_file(folder.join(FILES[5])).unwrap();
        fs::create_dir(folder.join(FILES[5])).unwrap();
    });
    assert!(no_file.contains("test_batch.bin: is not a file"), "{no_file}");
}

#[test]
fn an_archive_must_be_the_published_one() {
    let packed = archive(&published());
    let known = small(&packed);
    let folder = tempfile::tempdir().unwrap();
    let mut changed = packed.clone();
    *changed.last_mut().unwrap() ^= 1;
    let path = folder.path().join("cifar-10-binary.tar.gz");
    fs::write(&path, changed).unwrap();
    let error = load(known, folder.path()).unwrap_err().to_string();
    assert!(error.contains("its SHA-256 is"), "{error}");
    fs::write(&path, &packed[1..]).unwrap();
    let error = known.verify(&folders(folder.path())).unwrap_err().to_string();
    assert!(error.contains("it was cut off"), "{error}");
    assert!(known.verify(&folders(tempfile::tempdir().unwrap().path())).unwrap().is_empty());
}

#[test]
fn hostile_members_are_refused_or_passed_over() {
    let reason = |members: &[(&str, tar::EntryType, Vec<u8>)]| {
        small(&[]).read_archive(&archive(members)[..]).unwrap_err()
    };
    let regular = tar::EntryType::Regular;
    let with = |member| [published(), vec![member]].concat();
    let twice = reason(&with(("elsewhere/test_batch.bin", regular, content(5))));
    assert_eq!(twice, "test_batch.bin is in the archive twice");
    let link = reason(&with(("data_batch_1.bin", tar::EntryType::Symlink, Vec::new())));
    assert_eq!(link, "data_batch_1.bin in the archive is not a file");
    let mut long = published();
    long[1].2.push(0);
    assert_eq!(reason(&long), "data_batch_1.bin in the archive holds more than 61,460 of 61,460 bytes");
    long[1].2.truncate(1000);
    assert_eq!(reason(&long), "data_batch_1.bin in the archive holds only 1,000 of 61,460 bytes");
    long.remove(1);
    assert_eq!(reason(&long), "the archive has no data_batch_1.bin");
    // A path that leads out of the folder is nothing but a name: nothing is written.
    let outside = with(("../../outside", regular, b"x".to_vec()));
    assert_eq!(small(&[]).read_archive(&archive(&outside)[..]).unwrap().len(), 6);
    // Nor is a bomb decompressed to its end.
    let bomb = with(("zeros", regular, vec![0; LARGEST as usize + 1]));
    assert!(reason(&bomb).contains("damaged"));
}

/// Cut anywhere or changed anywhere, an archive gives images or a reason, and never a panic.
#[test]
fn damaged_archives_never_panic() {
    let packed = archive(&published());
    let known = small(&packed);
    let whole = known.read_archive(&packed[..]).unwrap();
    let step = packed.len() / 97;
    for length in (0..packed.len()).step_by(step).chain(packed.len() - 40..packed.len()) {
        // What is missing at the very end may be no more than the checksum of gzip.
        match known.read_archive(&packed[..length]) {
            Ok(parts) => assert!(parts == whole && length > packed.len() - 1024, "cut at {length}"),
            Err(reason) => assert!(!reason.is_empty()),
        }
    }
    for at in (0..packed.len()).step_by(step) {
        let mut changed = packed.clone();
        changed[at] ^= 0x55;
        let _ = known.read_archive(&changed[..]);
    }
    let mut plain = Vec::new();
    GzDecoder::new(&packed[..]).read_to_end(&mut plain).unwrap();
    // Headers without the protection of gzip.
    for at in (0..1536).step_by(3) {
        let mut changed = plain.clone();
        changed[at] ^= 0xff;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        io::Write::write_all(&mut encoder, &changed).unwrap();
        let _ = known.read_archive(&encoder.finish().unwrap()[..]);
    }
}
