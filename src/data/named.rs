//! Fashion-MNIST and MNIST: where their files are, what they must be, and how they are loaded.

use std::path::{Path, PathBuf};

use super::fetch::{self, Policy, Progress, RemoteFile};
use super::folders::Folders;
use super::idx::{self, grouped};
use super::published::Check;
use super::silhouettes;
use super::{Dataset, Error, Pixels, Split};

/// A published data set of four IDX files.
#[derive(Debug)]
pub struct Named {
    /// The word by which experiment files call it.
    pub name: &'static str,
    /// What it is, in a line.
    pub description: &'static str,
    /// The address under which the files lie, in order of preference.
    pub mirrors: &'static [&'static str],
    /// Training images, training labels, test images, test labels.
    pub files: [KnownFile; 4],
    /// The names of the ten classes.
    pub class_names: [&'static str; 10],
    /// [`Dataset::sha256`] of the whole.
    pub content: &'static str,
}

/// One published file.
#[derive(Debug)]
pub struct KnownFile {
    /// Name, size and hash as published, compressed with gzip.
    pub compressed: RemoteFile<'static>,
    /// Name, size and hash of the decompressed file.
    pub plain: RemoteFile<'static>,
}

const fn file(
    compressed: &'static str,
    plain: &'static str,
    sizes: (u64, u64),
    hashes: (&'static str, &'static str),
) -> KnownFile {
    KnownFile {
        compressed: RemoteFile { name: compressed, size: sizes.0, sha256: hashes.0 },
        plain: RemoteFile { name: plain, size: sizes.1, sha256: hashes.1 },
    }
}

/// The images and labels of one split: their sizes and hashes, compressed and plain.
const fn files(
    train_sizes: (u64, u64),
    test_sizes: (u64, u64),
    hashes: [(&'static str, &'static str); 4],
) -> [KnownFile; 4] {
    let images = 784 * 10_000 + 16;
    let [a, b, c, d] = hashes;
    [
        file("train-images-idx3-ubyte.gz", "train-images-idx3-ubyte", (train_sizes.0, 784 * 60_000 + 16), a),
        file("train-labels-idx1-ubyte.gz", "train-labels-idx1-ubyte", (train_sizes.1, 60_008), b),
        file("t10k-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte", (test_sizes.0, images), c),
        file("t10k-labels-idx1-ubyte.gz", "t10k-labels-idx1-ubyte", (test_sizes.1, 10_008), d),
    ]
}

/// Zalando's Fashion-MNIST (Xiao, Rasul and Vollgraf 2017; MIT licence).
pub static FASHION_MNIST: Named = Named {
    name: "fashion-mnist",
    description: "70,000 grey 28×28 photographs of clothes in ten classes (Zalando, MIT licence)",
    mirrors: &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
    files: files(
        (26_421_880, 29_515),
        (4_422_102, 5_148),
        [
            (
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            ),
            (
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            (
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            ),
            (
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        ],
    ),
    class_names: silhouettes::CLASS_NAMES,
    content: "ae8741d094f60d5e40edcb0953630fac524619c6ba0a25808c32935a9c6e688a",
};

/// MNIST (LeCun, Cortes and Burges; CC BY-SA 3.0).
pub static MNIST: Named = Named {
    name: "mnist",
    description: "70,000 grey 28×28 scans of handwritten digits (LeCun, Cortes and Burges, CC BY-SA 3.0)",
    mirrors: &[
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ],
    files: files(
        (9_912_422, 28_881),
        (1_648_877, 4_542),
        [
            (
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            (
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            (
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            (
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ],
    ),
    class_names: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    content: "c6587afe8835974fdc974eccc6b9329c3168e78a389a72ad44d9b3d7c081c686",
};

/// The data sets of IDX files.
static ALL: [&Named; 2] = [&FASHION_MNIST, &MNIST];

/// The files of a data set, all in one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The folder.
    pub folder: PathBuf,
    /// The paths in the order of [`Named::files`], compressed or plain.
    pub paths: [PathBuf; 4],
}

impl Named {
    /// The first folder that holds the files, their sizes checked; `None` if no folder does.
    ///
    /// # Errors
    ///
    /// [`Error::Incomplete`] for a folder outside the cache with only some of the files, [`Error::Damaged`] for a file
    /// whose size is wrong: neither is passed over in silence.
    pub fn locate(&'static self, folders: &Folders) -> Result<Option<Found>, Error> {
        for folder in &folders.searched {
            for folder in [folder.join(self.name), folder.clone()] {
                if let Some(found) = self.look_into(&folder, false)? {
                    return Ok(Some(found));
                }
            }
        }
        self.look_into(&folders.cache.join(self.name), true)
    }

    fn look_into(&'static self, folder: &Path, is_cache: bool) -> Result<Option<Found>, Error> {
        let present = self.files.each_ref().map(|file| {
            let candidates = [&file.compressed, &file.plain].map(|kind| (folder.join(kind.name), kind));
            candidates.into_iter().find(|(path, _)| path.exists())
        });
        let missing: Vec<_> = self
            .files
            .iter()
            .zip(&present)
            .filter(|(_, found)| found.is_none())
            .map(|(file, _)| file.compressed.name)
            .collect();
        if missing.len() == 4 || self.belongs_to_another(&present) {
            return Ok(None);
        }
        if !missing.is_empty() {
            // An interrupted download leaves some files in the cache: it simply goes on.
            let (folder, missing) = (folder.to_owned(), missing.join(", "));
            return if is_cache {
                Ok(None)
            } else {
                Err(Error::Incomplete { dataset: self.name, folder, missing })
            };
        }
        for (path, kind) in present.iter().flatten() {
            self.check_size(path, kind)?;
        }
        let paths = present.map(|found| found.map(|(path, _)| path).unwrap_or_default());
        Ok(Some(Found { folder: folder.to_owned(), paths }))
    }

    /// Fashion-MNIST took over MNIST's file names, so files right in a data folder may be the other data set's.
    fn belongs_to_another(&self, present: &[Option<(PathBuf, &RemoteFile)>; 4]) -> bool {
        let others = || ALL.into_iter().filter(|other| other.name != self.name);
        let size_of = |path: &Path| std::fs::metadata(path).map(|metadata| metadata.len()).ok();
        others().any(|other| {
            let mut files =
                present.iter().zip(&other.files).filter_map(|(found, file)| Some((found.as_ref()?, file)));
            files.all(|((path, kind), file)| {
                kind.name == file.compressed.name && size_of(path) == Some(file.compressed.size)
            })
        })
    }

    fn check_size(&self, path: &Path, expected: &RemoteFile) -> Result<(), Error> {
        let failed = |source| Error::Read { path: path.to_owned(), source };
        let size = std::fs::metadata(path).map_err(failed)?.len();
        if size == expected.size {
            return Ok(());
        }
        let guess = if size < expected.size { "it was cut off" } else { "it is another file" };
        let (size, right) = (grouped(size), grouped(expected.size));
        let reason = format!("has {size} bytes, but that of {} has {right}: {guess}", self.name);
        Err(idx::damaged(path, reason, &self.advice()))
    }

    fn advice(&self) -> String {
        format!("delete it and run `atelier data fetch {}`", self.name)
    }

    /// Finds the files, downloading them if they are nowhere, and loads them.
    ///
    /// # Errors
    ///
    /// Whatever [`Named::locate`], [`Named::fetch`] and the IDX reader say.
    pub fn load(
        &'static self,
        folders: &Folders,
        policy: &Policy,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Dataset, Error> {
        let found = match self.locate(folders)? {
            Some(found) => found,
            None => self.fetch(&folders.cache, None, policy, progress)?,
        };
        self.read(&found)
    }

    /// Loads the files that [`Named::locate`] or [`Named::fetch`] found.
    ///
    /// # Errors
    ///
    /// [`Error::Read`], or [`Error::Damaged`] if the content is not the published one to the last bit.
    pub fn read(&'static self, found: &Found) -> Result<Dataset, Error> {
        let advice = self.advice();
        let split = |images: &Path, labels: &Path| {
            let images = idx::images(images, &advice)?;
            let labels = idx::labels(labels, images.count, Some(self.class_names.len()), &advice)?;
            let (height, width, channels) = images.shape;
            let features = height * width * channels;
            Ok((images.shape, Split::new(Pixels::Bytes(images.pixels), Some(labels), features)))
        };
        let [train_images, train_labels, test_images, test_labels] = &found.paths;
        let (train, test) =
            rayon::join(|| split(train_images, train_labels), || split(test_images, test_labels));
        let ((shape, train), (test_shape, test)) = (train?, test?);
        let other = |path: &Path| idx::damaged(path, format!("this is not {}", self.name), &advice);
        if test_shape != shape {
            return Err(other(test_images));
        }
        let names = self.class_names.map(String::from).to_vec();
        let dataset = Dataset::new(self.name, shape, train, test, names);
        if dataset.sha256 == self.content {
            return Ok(dataset);
        }
        // Say which file it is: the hash of the whole cannot.
        let checks = self.check_files(found);
        let first = checks.into_iter().find_map(|check| check.result.err());
        Err(first.unwrap_or_else(|| other(&found.folder)))
    }

    /// Downloads what is missing into `<cache>/<name>/`, from `mirrors` if given, else from the official ones.
    ///
    /// # Errors
    ///
    /// [`Error::Download`], [`Error::Write`], [`Error::Busy`], or [`Error::Damaged`] for a file that is there but is not
    /// the published one (it is not replaced).
    pub fn fetch(
        &'static self,
        cache: &Path,
        mirrors: Option<&[String]>,
        policy: &Policy,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Found, Error> {
        let folder = cache.join(self.name);
        let official: Vec<String> = self.mirrors.iter().map(|&mirror| mirror.to_owned()).collect();
        let mirrors = mirrors.unwrap_or(&official);
        let mut paths: [PathBuf; 4] = Default::default();
        for (file, path) in self.files.iter().zip(&mut paths) {
            let plain = folder.join(file.plain.name);
            *path = if plain.exists() {
                self.check(&plain, &file.plain)?;
                plain
            } else {
                fetch::download(&file.compressed, mirrors, &folder, policy, progress)?
            };
        }
        Ok(Found { folder, paths })
    }

    /// Compares the files, where they are found, with the published hashes; nothing if they are nowhere.
    ///
    /// # Errors
    ///
    /// What [`Named::locate`] says.
    pub fn verify(&'static self, folders: &Folders) -> Result<Vec<Check>, Error> {
        Ok(self.locate(folders)?.map_or_else(Vec::new, |found| self.check_files(&found)))
    }

    fn check_files(&self, found: &Found) -> Vec<Check> {
        let pairs = found.paths.iter().zip(&self.files);
        let check = |(path, file): (&PathBuf, &KnownFile)| {
            let compressed = path.extension().is_some_and(|extension| extension == "gz");
            let expected = if compressed { &file.compressed } else { &file.plain };
            Check { path: path.clone(), result: self.check(path, expected) }
        };
        pairs.map(check).collect()
    }

    fn check(&self, path: &Path, expected: &RemoteFile) -> Result<(), Error> {
        self.check_size(path, expected)?;
        let found = fetch::sha256(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        if found == expected.sha256 {
            return Ok(());
        }
        let reason = format!("its SHA-256 is {found}, but that of {} is {}", self.name, expected.sha256);
        Err(idx::damaged(path, reason, &self.advice()))
    }
}

#[cfg(test)]
mod tests;
