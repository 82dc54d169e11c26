//! The data sets that experiment files can name, and where each one is.

use std::path::PathBuf;

use super::published::{ALL, Located, Published};
use super::{Error, Folders};

/// Where a data set is.
#[derive(Debug)]
pub enum Whereabouts {
    /// The program draws it.
    Drawn,
    /// The user's own files, named by the experiment.
    Given,
    /// Its files are in this folder.
    Here(PathBuf),
    /// Its files are nowhere yet.
    NotHere,
    /// Files are there, but something is wrong with them.
    Faulty(Error),
}

/// One line of `atelier data list`.
#[derive(Debug)]
pub struct Entry {
    /// The word by which experiment files call it.
    pub name: &'static str,
    /// What it is, in a line.
    pub description: &'static str,
    /// Where it is.
    pub whereabouts: Whereabouts,
    /// The size of its files in bytes: on the disk if they are there, else to be downloaded.
    pub bytes: Option<u64>,
}

/// The data sets without published files: name, description, and whether the program draws them.
const OTHERS: [(&str, &str, bool); 6] = [
    ("silhouettes", "grey 28×28 drawings of clothes in ten classes, as many as wanted", true),
    ("slanted-faces", "2×2 pictures whose diagonal is bright", true),
    ("gaussian-ring", "points around eight centres on a circle", true),
    ("gaussian-grid", "points around 25 centres on a square grid", true),
    ("idx", "your own images in the IDX format (`images`, `labels` in [dataset])", false),
    ("image-folder", "your own PNG and JPEG files (`path`, `size` in [dataset])", false),
];

/// All data sets.
pub fn list(folders: &Folders) -> Vec<Entry> {
    let others = OTHERS.map(|(name, description, drawn)| Entry {
        name,
        description,
        whereabouts: if drawn { Whereabouts::Drawn } else { Whereabouts::Given },
        bytes: None,
    });
    ALL.into_iter().map(|known| published(known, folders)).chain(others).collect()
}

fn published(known: &'static dyn Published, folders: &Folders) -> Entry {
    let (whereabouts, bytes) = match known.whereabouts(folders) {
        Ok(None) => (Whereabouts::NotHere, known.download_size()),
        Err(error) => (Whereabouts::Faulty(error), known.download_size()),
        Ok(Some(Located { folder, bytes })) => (Whereabouts::Here(folder), bytes),
    };
    Entry { name: known.name(), description: known.description(), whereabouts, bytes: Some(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_files_the_published_ones_are_not_here() {
        let empty = tempfile::tempdir().unwrap();
        let folders = Folders { searched: vec![empty.path().to_owned()], cache: empty.path().join("c") };
        let entries = list(&folders);
        let names: Vec<_> = entries.iter().map(|entry| entry.name).collect();
        assert_eq!(names[..4], ["fashion-mnist", "mnist", "cifar-10", "silhouettes"]);
        assert!(matches!(entries[0].whereabouts, Whereabouts::NotHere));
        assert_eq!(entries[0].bytes, Some(26_421_880 + 29_515 + 4_422_102 + 5_148));
        assert!(matches!(entries[3].whereabouts, Whereabouts::Drawn));
    }
}
