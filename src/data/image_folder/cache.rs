//! Decoded images in the cache.
//!
//! A file is [`MAGIC`], the SHA-256 of the pixels, and the pixels. Its name is the key: the SHA-256 of the shape and of every image's path and
//! content, so that a file never has to be told that it is old. One that is damaged is written anew.

use std::fs::{self, File as Disk};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::Entry;
use crate::data::Error;

/// The version of the rules by which images become pixels, too.
pub(super) const MAGIC: &[u8; 16] = b"atelier images 1";

/// A place in the cache.
pub(super) struct File {
    path: PathBuf,
}

impl File {
    /// The place of these images at this shape.
    pub(super) fn new(cache: &Path, shape: (usize, usize, usize), entries: &[Entry]) -> Result<Self, Error> {
        let contents: Result<Vec<[u8; 32]>, Error> =
            entries.par_iter().map(|entry| Ok(Sha256::digest(super::read(&entry.path)?).into())).collect();
        let mut key = Sha256::new();
        key.update(MAGIC);
        for size in [shape.0, shape.1, shape.2] {
            key.update((size as u64).to_le_bytes());
        }
        for (entry, content) in entries.iter().zip(contents?) {
            key.update(entry.order);
            key.update(content);
        }
        let name = format!("{:x}.pixels", key.finalize());
        Ok(Self { path: cache.join("image-folder").join(name) })
    }

    /// The `count` bytes of pixels, if they are there and whole.
    pub(super) fn read(&self, count: u64) -> Option<Vec<u8>> {
        let mut file = Disk::open(&self.path).ok()?;
        let (mut magic, mut hash) = ([0; MAGIC.len()], [0; 32]);
        file.read_exact(&mut magic).and_then(|()| file.read_exact(&mut hash)).ok()?;
        let mut pixels = Vec::new();
        file.take(count + 1).read_to_end(&mut pixels).ok()?;
        let is_whole = magic == *MAGIC && pixels.len() as u64 == count && Sha256::digest(&pixels)[..] == hash;
        is_whole.then_some(pixels)
    }

    /// Puts the pixels there, in one step.
    pub(super) fn write(&self, pixels: &[u8]) -> Result<(), Error> {
        let failed = |source| Error::Write { path: self.path.clone(), source };
        let folder = self.path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder).map_err(failed)?;
        // Two processes write the same bytes; each to a file of its own until it is whole.
        let part = self.path.with_extension(format!("part-{}", std::process::id()));
        let write = || -> io::Result<()> {
            let mut file = Disk::create(&part)?;
            file.write_all(MAGIC)?;
            file.write_all(&Sha256::digest(pixels))?;
            file.write_all(pixels)?;
            file.sync_all()?;
            fs::rename(&part, &self.path)
        };
        write().map_err(|source| {
            let _ = fs::remove_file(&part);
            failed(source)
        })
    }
}
