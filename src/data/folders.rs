//! Where data sets are looked for.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Error;

/// The folders that are searched, in order, and the cache that downloads go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// Each is searched for `<folder>/<data set>/<file>` and `<folder>/<file>`.
    pub searched: Vec<PathBuf>,
    /// Searched last, for `<cache>/<data set>/<file>`, and the only folder that is written to.
    pub cache: PathBuf,
}

impl Folders {
    /// The folder of `--data-dir`, that of the environment's `ATELIER_DATA_DIR`, `data` in the working directory, and the
    /// user's cache folder.
    ///
    /// # Errors
    ///
    /// [`Error::NoFolder`] if one that was named is not there.
    pub fn from_environment(data_dir: Option<&Path>) -> Result<Self, Error> {
        Self::new(data_dir, |name| std::env::var_os(name))
    }

    /// The same with the environment as an argument; empty variables count as unset.
    ///
    /// # Errors
    ///
    /// [`Error::NoFolder`] if a folder that was named is not there.
    pub fn new(
        data_dir: Option<&Path>,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Error> {
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        let named = [
            (data_dir.map(Path::to_owned), "--data-dir"),
            (variable("ATELIER_DATA_DIR").map(PathBuf::from), "ATELIER_DATA_DIR"),
        ];
        let mut searched = Vec::new();
        for (folder, origin) in named {
            match folder {
                None => {}
                Some(path) if path.is_dir() => searched.push(path),
                Some(path) => return Err(Error::NoFolder { path, origin }),
            }
        }
        searched.push(PathBuf::from("data"));
        Ok(Self { searched, cache: cache(variable) })
    }

    /// The searched folders in words, for messages.
    pub fn describe(&self) -> String {
        let all = self.searched.iter().chain([&self.cache]);
        all.map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
    }
}

/// `atelier` in the folder that the platform sets aside for caches: XDG base directories on Unix, `Library/Caches` on
/// macOS, `%LOCALAPPDATA%` on Windows. Without a home folder, `data` in the working directory.
fn cache(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    // The XDG specification says that a relative path is to be ignored.
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = |below: &str| absolute("HOME").map(|home| home.join(below));
    let caches = if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        absolute("XDG_CACHE_HOME").or_else(|| home("Library/Caches"))
    } else {
        absolute("XDG_CACHE_HOME").or_else(|| home(".cache"))
    };
    caches.map_or_else(|| PathBuf::from("data"), |folder| folder.join("atelier"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(*value))
    }

    #[test]
    fn folders_come_in_the_documented_order() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let pairs = [("ATELIER_DATA_DIR", second.path().to_str().unwrap()), ("HOME", "/home/x")];
        let folders = Folders::new(Some(first.path()), environment(&pairs)).unwrap();
        let expected = [first.path(), second.path(), Path::new("data")];
        assert_eq!(folders.searched, expected);
    }

    #[test]
    fn a_named_folder_must_exist() {
        let error = Folders::new(Some(Path::new("/nowhere/at/all")), |_| None).unwrap_err();
        assert_eq!(error.to_string(), "/nowhere/at/all (from --data-dir) is not a folder");
        let pairs = [("ATELIER_DATA_DIR", "/nowhere")];
        let error = Folders::new(None, environment(&pairs)).unwrap_err();
        assert!(error.to_string().contains("ATELIER_DATA_DIR"));
    }

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn the_cache_follows_the_platform() {
        let cache = |pairs: &[(&str, &str)]| Folders::new(None, environment(pairs)).unwrap().cache;
        assert_eq!(cache(&[("HOME", "/home/x")]), Path::new("/home/x/.cache/atelier"));
        assert_eq!(cache(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")]), Path::new("/c/atelier"));
        assert_eq!(cache(&[("HOME", "/h"), ("XDG_CACHE_HOME", "c")]), Path::new("/h/.cache/atelier"));
        assert_eq!(cache(&[]), Path::new("data"));
    }
}
