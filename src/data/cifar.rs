//! CIFAR-10 (Krizhevsky 2009), in its binary version.
//!
//! A file is a row of records: a byte with the label, 0 to 9, then 32×32 bytes of red, as many of green and as many of blue, each row
//! by row (the page "The CIFAR-10 and CIFAR-100 datasets", "Binary version"). The files are read from the published archive or from a folder
//! that it was unpacked into. Both are untrusted input: only the six members that are needed are read, into memory, and no more of them
//! than they must hold; nothing is unpacked to the disk.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use super::fetch::{self, Policy, Progress, RemoteFile};
use super::idx::{damaged, grouped};
use super::published::{Check, Located, Published, size};
use super::{Dataset, Error, Folders, Pixels, Split};

const SIDE: usize = 32;
const PLANE: usize = SIDE * SIDE;
/// A label and three planes.
const RECORD: usize = 1 + 3 * PLANE;
/// More of an archive is not decompressed: the published one has some 184 MB.
const LARGEST: u64 = 256 << 20;
const NAME: &str = "cifar-10";
const ADVICE: &str = "delete it and run `atelier data fetch cifar-10`";

/// The files in the archive: five of training images, then the test images.
pub const FILES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

/// The classes in the order of their labels (`batches.meta.txt` in the archive).
pub const CLASS_NAMES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// The data set: what was published of it.
#[derive(Debug)]
pub struct Cifar10 {
    /// The archive, `tar` in gzip.
    pub archive: RemoteFile<'static>,
    /// The addresses under which it lies, in order of preference.
    pub mirrors: &'static [&'static str],
    /// Records in each of its files; every class has a tenth of the training images, and of the test images.
    pub records: usize,
}

/// CIFAR-10 as it was published; the page gives the archive's MD5, c32a1d4ab5d03f1284b67883e8d87530, and TensorFlow Datasets its SHA-256.
pub static CIFAR_10: Cifar10 = Cifar10 {
    archive: RemoteFile {
        name: "cifar-10-binary.tar.gz",
        size: 170_052_171,
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    },
    mirrors: &["https://www.cs.toronto.edu/~kriz/"],
    records: 10_000,
};

/// Where the images were found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// In the archive.
    Archive(PathBuf),
    /// In [`FILES`], in that order.
    Files(Vec<PathBuf>),
}

impl Place {
    fn paths(&self) -> &[PathBuf] {
        match self {
            Self::Archive(path) => std::slice::from_ref(path),
            Self::Files(paths) => paths,
        }
    }
}

/// The images of one file, channels last, and their labels.
#[derive(Debug, Default, PartialEq)]
struct Part {
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl Cifar10 {
    /// The first folder with the archive or the files in it.
    fn locate(&self, folders: &Folders) -> Result<Option<Place>, Error> {
        for folder in &folders.searched {
            for folder in [folder.join(NAME), folder.clone()] {
                if let Some(place) = self.look_into(&folder)? {
                    return Ok(Some(place));
                }
            }
        }
        self.look_into(&folders.cache.join(NAME))
    }

    fn look_into(&self, folder: &Path) -> Result<Option<Place>, Error> {
        let archive = folder.join(self.archive.name);
        if archive.exists() {
            self.check_size(&archive, self.archive.size)?;
            return Ok(Some(Place::Archive(archive)));
        }
        for folder in [folder.to_owned(), folder.join("cifar-10-batches-bin")] {
            let paths = FILES.map(|name| folder.join(name));
            let missing: Vec<&str> = FILES
                .into_iter()
                .zip(&paths)
                .filter(|(_, path)| !path.exists())
                .map(|(name, _)| name)
                .collect();
            if missing.is_empty() {
                for path in &paths {
                    self.check_size(path, (self.records * RECORD) as u64)?;
                }
                return Ok(Some(Place::Files(paths.into())));
            }
            if missing.len() < FILES.len() {
                return Err(Error::Incomplete { dataset: NAME, folder, missing: missing.join(", ") });
            }
        }
        Ok(None)
    }

    fn check_size(&self, path: &Path, expected: u64) -> Result<(), Error> {
        let metadata =
            std::fs::metadata(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        if !metadata.is_file() {
            return Err(damaged(path, "is not a file".to_owned(), ADVICE));
        }
        if metadata.len() == expected {
            return Ok(());
        }
        let guess = if metadata.len() < expected { "it was cut off" } else { "it is another file" };
        let (found, right) = (grouped(metadata.len()), grouped(expected));
        Err(damaged(path, format!("has {found} bytes, but that of {NAME} has {right}: {guess}"), ADVICE))
    }

    fn check_archive(&self, path: &Path) -> Result<(), Error> {
        self.check_size(path, self.archive.size)?;
        let found = fetch::sha256(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        if found == self.archive.sha256 {
            return Ok(());
        }
        let reason = format!("its SHA-256 is {found}, but that of {NAME} is {}", self.archive.sha256);
        Err(damaged(path, reason, ADVICE))
    }

    fn read(&self, place: &Place) -> Result<Dataset, Error> {
        let parts = match place {
            Place::Archive(path) => {
                self.check_archive(path)?;
                let file = File::open(path).map_err(|source| Error::Read { path: path.clone(), source })?;
                self.read_archive(io::BufReader::new(file)).map_err(|reason| damaged(path, reason, ADVICE))?
            }
            Place::Files(paths) => {
                paths.iter().map(|path| self.read_file(path)).collect::<Result<Vec<_>, _>>()?
            }
        };
        let mut parts = parts.into_iter();
        let mut train = Part::default();
        for part in parts.by_ref().take(FILES.len() - 1) {
            train.pixels.extend(part.pixels);
            train.labels.extend(part.labels);
        }
        let test = parts.next().unwrap_or_default();
        for (part, kind) in [(&train, "training"), (&test, "test")] {
            check_classes(&part.labels, kind).map_err(|reason| damaged(&place.paths()[0], reason, ADVICE))?;
        }
        let split = |part: Part| Split::new(Pixels::Bytes(part.pixels), Some(part.labels), 3 * PLANE);
        let names = CLASS_NAMES.map(String::from).to_vec();
        Ok(Dataset::new(NAME, (SIDE, SIDE, 3), split(train), split(test), names))
    }

    /// The six files of an archive, in the order of [`FILES`], wherever they stand in it.
    fn read_archive(&self, compressed: impl Read) -> Result<Vec<Part>, String> {
        let explain = |error: io::Error| format!("the archive is damaged ({error})");
        let mut archive = tar::Archive::new(GzDecoder::new(compressed).take(LARGEST));
        let mut parts: [Option<Part>; FILES.len()] = Default::default();
        for entry in archive.entries().map_err(explain)? {
            let mut entry = entry.map_err(explain)?;
            let path = entry.path().map_err(explain)?.into_owned();
            let name = path.file_name().unwrap_or_default();
            let Some(index) = FILES.iter().position(|file| name == *file) else {
                continue;
            };
            if !entry.header().entry_type().is_file() {
                return Err(format!("{} in the archive is not a file", FILES[index]));
            }
            let mut bytes = Vec::new();
            entry
                .by_ref()
                .take((self.records * RECORD + 1) as u64)
                .read_to_end(&mut bytes)
                .map_err(explain)?;
            let part =
                self.decode(&bytes).map_err(|reason| format!("{} in the archive {reason}", FILES[index]))?;
            if parts[index].replace(part).is_some() {
                return Err(format!("{} is in the archive twice", FILES[index]));
            }
        }
        let named = FILES.into_iter().zip(parts);
        named.map(|(name, part)| part.ok_or_else(|| format!("the archive has no {name}"))).collect()
    }

    fn read_file(&self, path: &Path) -> Result<Part, Error> {
        let failed = |source| Error::Read { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        let most = (self.records * RECORD + 1) as u64;
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(failed)?;
        self.decode(&bytes).map_err(|reason| damaged(path, reason, ADVICE))
    }

    /// The images of a file's content: from three planes of colour to colours side by side.
    fn decode(&self, bytes: &[u8]) -> Result<Part, String> {
        let expected = self.records * RECORD;
        if bytes.len() != expected {
            let found = if bytes.len() < expected { "only " } else { "more than " };
            let count = bytes.len().min(expected);
            let (count, right) = (grouped(count as u64), grouped(expected as u64));
            return Err(format!("holds {found}{count} of {right} bytes"));
        }
        let mut part = Part { pixels: vec![0; self.records * 3 * PLANE], labels: Vec::new() };
        let images = part.pixels.chunks_exact_mut(3 * PLANE);
        for (index, (record, image)) in bytes.chunks_exact(RECORD).zip(images).enumerate() {
            let (label, planes) = (record[0], &record[1..]);
            if usize::from(label) >= CLASS_NAMES.len() {
                return Err(format!("label {index} is {label}, but there are only 10 classes"));
            }
            part.labels.push(label);
            for (at, pixel) in image.chunks_exact_mut(3).enumerate() {
                pixel.copy_from_slice(&[planes[at], planes[PLANE + at], planes[2 * PLANE + at]]);
            }
        }
        Ok(part)
    }
}

/// No hash of the unpacked files was published, but what tells them from other files of their size.
fn check_classes(labels: &[u8], kind: &str) -> Result<(), String> {
    let each = labels.len() / CLASS_NAMES.len();
    for (class, name) in (0_u8..).zip(CLASS_NAMES) {
        let count = labels.iter().filter(|label| **label == class).count();
        if count != each {
            return Err(format!(
                "this is not {NAME}: {count} of the {kind} images are of the class {name}, not {each}"
            ));
        }
    }
    Ok(())
}

impl Published for Cifar10 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "60,000 colour 32×32 photographs in ten classes (Krizhevsky 2009)"
    }

    fn download_size(&self) -> u64 {
        self.archive.size
    }

    fn whereabouts(&'static self, folders: &Folders) -> Result<Option<Located>, Error> {
        let place = self.locate(folders)?;
        Ok(place.map(|place| {
            let folder = place.paths()[0].parent().unwrap_or(Path::new("")).to_owned();
            Located { folder, bytes: size(place.paths()) }
        }))
    }

    fn load(
        &'static self,
        folders: &Folders,
        policy: &Policy,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Dataset, Error> {
        let place = match self.locate(folders)? {
            Some(place) => place,
            None => Place::Archive(self.fetch(&folders.cache, policy, progress)?.join(self.archive.name)),
        };
        self.read(&place)
    }

    fn fetch(
        &'static self,
        cache: &Path,
        policy: &Policy,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<PathBuf, Error> {
        let mirrors: Vec<String> = self.mirrors.iter().map(|&mirror| mirror.to_owned()).collect();
        let folder = cache.join(NAME);
        fetch::download(&self.archive, &mirrors, &folder, policy, progress)?;
        Ok(folder)
    }

    fn verify(&'static self, folders: &Folders) -> Result<Vec<Check>, Error> {
        let check = |path: &PathBuf, result| Check { path: path.clone(), result };
        Ok(match self.locate(folders)? {
            None => Vec::new(),
            Some(Place::Archive(path)) => vec![check(&path, self.check_archive(&path))],
            Some(Place::Files(paths)) => {
                paths.iter().map(|path| check(path, self.read_file(path).map(drop))).collect()
            }
        })
    }
}

#[cfg(test)]
mod tests;
