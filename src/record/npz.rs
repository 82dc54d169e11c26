//! Arrays of numbers in NumPy's `.npz`: a ZIP archive, not compressed, of one `.npy` for each array.
//!
//! The format is described in NumPy's documentation of `numpy.lib.format` (version 1.0). The archive holds no time, so
//! equal arrays give equal bytes.

use std::io::{self, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The header of a `.npy` and its data begin at multiples of so many bytes.
const ALIGNMENT: usize = 64;

/// An archive that is being written, array by array.
pub struct Npz<W: Write + Seek>(ZipWriter<W>);

impl<W: Write + Seek> Npz<W> {
    /// An archive without arrays, written to `output`.
    pub fn new(output: W) -> Self {
        Self(ZipWriter::new(output))
    }

    /// Adds the array `name` of little-endian `f32` of this shape (row-major), in the pieces that `pieces` gives one after
    /// the other: an array need not fit into memory.
    ///
    /// # Errors
    /// If `output` cannot be written to.
    ///
    /// # Panics
    /// If the pieces are not as many numbers together as the shape says.
    pub fn array(
        &mut self,
        name: &str,
        shape: &[usize],
        pieces: impl Iterator<Item = Vec<f32>>,
    ) -> io::Result<()> {
        let header = header(shape);
        let count: usize = shape.iter().product();
        let bytes = header.len() as u64 + 4 * count as u64;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .large_file(bytes >= u64::from(u32::MAX));
        self.0.start_file(format!("{name}.npy"), options)?;
        self.0.write_all(&header)?;
        let mut written = 0;
        for piece in pieces {
            let bytes: Vec<u8> = piece.iter().flat_map(|number| number.to_le_bytes()).collect();
            self.0.write_all(&bytes)?;
            written += piece.len();
        }
        assert_eq!(written, count, "the array {name} of shape {shape:?}");
        Ok(())
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// If `output` cannot be written to.
    pub fn finish(self) -> io::Result<()> {
        self.0.finish()?;
        Ok(())
    }
}

/// What stands before the numbers of a `.npy`: type, order and shape as a Python dictionary, filled up with spaces.
fn header(shape: &[usize]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let mut dictionary =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", sizes.trim_end());
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    // The length, two bytes, and the line break count as well.
    let length = (header.len() + 2 + dictionary.len() + 1).next_multiple_of(ALIGNMENT);
    let padded = length - header.len() - 2;
    dictionary += &" ".repeat(padded - 1 - dictionary.len());
    dictionary.push('\n');
    header.extend((padded as u16).to_le_bytes());
    header.extend(dictionary.bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read};

    fn archive() -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut npz = Npz::new(&mut bytes);
        npz.array("samples", &[3, 1, 1, 2], [vec![0.0, 1.0], vec![-1.5, 2.0, 3.0, f32::MIN]].into_iter())
            .expect("memory");
        npz.array("latents", &[3], [vec![1.0, 2.0, 3.0]].into_iter()).expect("memory");
        npz.finish().expect("memory");
        bytes.into_inner()
    }

    /// The header and the numbers of an array, read by the rules of the format.
    fn read(archive: &[u8], name: &str) -> (String, Vec<f32>) {
        let mut archive = zip::ZipArchive::new(Cursor::new(archive)).expect("an archive");
        let mut npy = Vec::new();
        archive.by_name(name).expect("the array").read_to_end(&mut npy).expect("memory");
        assert_eq!(npy[..8], *b"\x93NUMPY\x01\x00");
        let start = 10 + usize::from(u16::from_le_bytes([npy[8], npy[9]]));
        assert_eq!(start % ALIGNMENT, 0);
        let header = String::from_utf8(npy[10..start].to_vec()).expect("ASCII");
        assert!(header.ends_with('\n'));
        let numbers = npy[start..].as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        (header.trim_end().to_owned(), numbers)
    }

    #[test]
    fn arrays_come_back() {
        let (header, numbers) = read(&archive(), "samples.npy");
        assert_eq!(header, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1, 1, 2,), }");
        assert_eq!(numbers, [0.0, 1.0, -1.5, 2.0, 3.0, f32::MIN]);
        let (header, numbers) = read(&archive(), "latents.npy");
        assert_eq!(header, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }");
        assert_eq!(numbers, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn the_same_arrays_give_the_same_bytes() {
        assert_eq!(archive(), archive());
        // The clock is nowhere in it: every entry says 1980-01-01, the first day that ZIP knows.
        let bytes = archive();
        let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).expect("an archive");
        for index in 0..archive.len() {
            let entry = archive.by_index(index).expect("an entry");
            assert_eq!(entry.last_modified(), Some(DateTime::default()));
            assert_eq!(entry.compression(), CompressionMethod::Stored);
        }
    }
}
