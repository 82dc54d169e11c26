//! Data sets that come as published files, which are searched for, and downloaded where they are nowhere.

use std::path::{Path, PathBuf};

use super::cifar::CIFAR_10;
use super::fetch::{Policy, Progress};
use super::named::{FASHION_MNIST, MNIST, Named};
use super::{Dataset, Error, Folders};

/// A published data set.
pub trait Published: Sync {
    /// The word by which experiment files call it.
    fn name(&self) -> &'static str;

    /// What it is, in a line.
    fn description(&self) -> &'static str;

    /// The bytes that are downloaded where it is nowhere.
    fn download_size(&self) -> u64;

    /// Where its files are, their sizes checked; `None` if they are nowhere.
    ///
    /// # Errors
    ///
    /// [`Error::Incomplete`] for a folder outside the cache with only some of the files, [`Error::Damaged`] for a file
    /// whose size is wrong: neither is passed over in silence.
    fn whereabouts(&'static self, folders: &Folders) -> Result<Option<Located>, Error>;

    /// Finds the files, downloading them if they are nowhere, and loads them.
    ///
    /// # Errors
    ///
    /// What is wrong with the files, or with the download.
    fn load(
        &'static self,
        folders: &Folders,
        policy: &Policy,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Dataset, Error>;

    /// Downloads what is missing into `<cache>/<name>/`, which it gives.
    ///
    /// # Errors
    ///
    /// [`Error::Download`], [`Error::Write`], [`Error::Busy`], or [`Error::Damaged`] for a file that is there but is not
    /// the published one (it is not replaced).
    fn fetch(
        &'static self,
        cache: &Path,
        policy: &Policy,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<PathBuf, Error>;

    /// Compares the files, where they are found, with what was published; nothing if they are nowhere.
    ///
    /// # Errors
    ///
    /// What [`Published::whereabouts`] says.
    fn verify(&'static self, folders: &Folders) -> Result<Vec<Check>, Error>;
}

/// Where a data set's files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Their folder.
    pub folder: PathBuf,
    /// Their size together.
    pub bytes: u64,
}

/// What [`Published::verify`] says about one file.
#[derive(Debug)]
pub struct Check {
    /// The file.
    pub path: PathBuf,
    /// `Ok` if it is the published one.
    pub result: Result<(), Error>,
}

/// All of them.
pub static ALL: [&dyn Published; 3] = [&FASHION_MNIST, &MNIST, &CIFAR_10];

/// The data set with this name, for a command that does `verb` with it.
///
/// # Errors
///
/// [`Error::Unknown`], which lists the names that would have been right.
pub fn expect(name: &str, verb: &'static str) -> Result<&'static dyn Published, Error> {
    ALL.into_iter().find(|known| known.name() == name).ok_or_else(|| {
        let [first @ .., last] = ALL.map(Published::name);
        Error::Unknown { name: name.to_owned(), verb, known: format!("{} and {last}", first.join(", ")) }
    })
}

/// The size of these files together.
pub(super) fn size<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> u64 {
    paths.into_iter().map(|path| std::fs::metadata(path).map_or(0, |metadata| metadata.len())).sum()
}

impl Published for Named {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        self.description
    }

    fn download_size(&self) -> u64 {
        self.files.iter().map(|file| file.compressed.size).sum()
    }

    fn whereabouts(&'static self, folders: &Folders) -> Result<Option<Located>, Error> {
        let found = self.locate(folders)?;
        Ok(found.map(|found| Located { bytes: size(&found.paths), folder: found.folder }))
    }

    fn load(
        &'static self,
        folders: &Folders,
        policy: &Policy,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Dataset, Error> {
        Named::load(self, folders, policy, progress)
    }

    fn fetch(
        &'static self,
        cache: &Path,
        policy: &Policy,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<PathBuf, Error> {
        Ok(Named::fetch(self, cache, None, policy, progress)?.folder)
    }

    fn verify(&'static self, folders: &Folders) -> Result<Vec<Check>, Error> {
        Named::verify(self, folders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_are_told_with_the_known_ones() {
        assert_eq!(expect("mnist", "fetch").ok().map(Published::name), Some("mnist"));
        let message = expect("minst", "fetch").err().map(|error| error.to_string()).unwrap_or_default();
        let expected =
            "there is no data set `minst` to fetch; those with files are fashion-mnist, mnist and cifar-10";
        assert_eq!(message, expected);
    }
}
