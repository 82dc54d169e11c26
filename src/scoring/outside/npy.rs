//! NumPy's `.npy` (documentation of `numpy.lib.format`, versions 1.0 to 3.0): a magic word, a header, which is a Python dictionary of three known keys, and
//! the numbers. The crates for it bring a parser of Python literals with a parser generator and assembly; three keys need neither.

/// An array of any number of axes.
#[derive(Debug, PartialEq)]
pub(super) struct Array {
    /// Lengths of the axes.
    pub(super) shape: Vec<usize>,
    /// In row-major order, as many as the product of `shape`.
    pub(super) numbers: Numbers,
}

/// The numbers that images are made of.
#[derive(Debug, PartialEq)]
pub(super) enum Numbers {
    Bytes(Vec<u8>),
    /// f64 is rounded to f32.
    Floats(Vec<f32>),
}

/// The array in a file's content.
pub(super) fn parse(bytes: &[u8]) -> Result<Array, String> {
    let (header, data) = split(bytes).ok_or("is no .npy array: its header is missing or cut off")?;
    let header = Header::parse(header)
        .ok_or_else(|| format!("has a header that cannot be understood: {}", header.trim()))?;
    if header.is_fortran && header.shape.len() > 1 {
        return Err("is stored column by column (Fortran order): save numpy.ascontiguousarray(…)".into());
    }
    let count = header.shape.iter().try_fold(1usize, |all, &axis| all.checked_mul(axis));
    let size = match header.dtype {
        "|u1" | "<u1" | "u1" | ">u1" => 1,
        "<f4" | ">f4" => 4,
        "<f8" | ">f8" => 8,
        other => {
            return Err(format!(
                "holds numbers of the type {other:?}, but images are uint8, float32 or float64"
            ));
        }
    };
    if count.and_then(|count| count.checked_mul(size)) != Some(data.len()) {
        return Err(format!(
            "has {} bytes of data, which is not what its shape {:?} says",
            data.len(),
            header.shape
        ));
    }
    let numbers = match header.dtype {
        "<f4" => Numbers::Floats(data.as_chunks().0.iter().map(|&four| f32::from_le_bytes(four)).collect()),
        ">f4" => Numbers::Floats(data.as_chunks().0.iter().map(|&four| f32::from_be_bytes(four)).collect()),
        "<f8" => Numbers::Floats(
            data.as_chunks().0.iter().map(|&eight| f64::from_le_bytes(eight) as f32).collect(),
        ),
        ">f8" => Numbers::Floats(
            data.as_chunks().0.iter().map(|&eight| f64::from_be_bytes(eight) as f32).collect(),
        ),
        _ => Numbers::Bytes(data.to_vec()),
    };
    Ok(Array { shape: header.shape, numbers })
}

/// Header and data.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (&[major, _minor], rest) = rest.split_first_chunk()?;
    let (length, rest) = match major {
        1 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk()?;
            (u32::from_le_bytes(*length) as usize, rest)
        }
        _ => return None,
    };
    let (header, data) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?, data))
}

struct Header<'a> {
    dtype: &'a str,
    is_fortran: bool,
    shape: Vec<usize>,
}

impl<'a> Header<'a> {
    /// `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, in any order of the keys.
    fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
        let (mut dtype, mut is_fortran, mut shape) = (None, None, None);
        while !rest.is_empty() {
            let (key, value) = rest.strip_prefix('\'')?.split_once("':")?;
            let value = value.trim_start();
            let after = match key {
                "descr" => {
                    let (found, after) = value.strip_prefix('\'')?.split_once('\'')?;
                    dtype = Some(found);
                    after
                }
                "fortran_order" => {
                    let is_true = value.starts_with("True");
                    is_fortran = Some(is_true);
                    value.strip_prefix(if is_true { "True" } else { "False" })?
                }
                "shape" => {
                    let (found, after) = value.strip_prefix('(')?.split_once(')')?;
                    let axes = found.split(',').map(str::trim).filter(|axis| !axis.is_empty());
                    shape = Some(axes.map(|axis| axis.parse().ok()).collect::<Option<_>>()?);
                    after
                }
                _ => return None,
            };
            rest = after.trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        Some(Self { dtype: dtype?, is_fortran: is_fortran?, shape: shape? })
    }
}
