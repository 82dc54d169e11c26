use super::*;

fn example() -> Checkpoint {
    let tensor = |shape: &[usize], first: f32| Tensor {
        shape: shape.to_vec(),
        data: (0..shape.iter().product::<usize>()).map(|index| first + index as f32).collect(),
    };
    Checkpoint {
        tensors: BTreeMap::from([
            ("generator.0.weight".to_string(), tensor(&[2, 3], 0.1)),
            ("generator.0.bias".to_string(), tensor(&[3], -1e-40)),
            ("adam.step".to_string(), tensor(&[], 7.0)),
            ("Empty".to_string(), tensor(&[0, 5], 0.0)),
        ]),
        metadata: BTreeMap::from([
            (CONFIGURATION_HASH.to_string(), "3f2a91c4".to_string()),
            ("step".to_string(), u64::MAX.to_string()),
            ("quoted \"name\"\n".to_string(), "ä\u{0}".to_string()),
        ]),
    }
}

fn path() -> &'static Path {
    Path::new("checkpoints/latest.safetensors")
}

/// A file with this header and these data, with the right lengths but no more care.
fn raw(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

fn message_of(bytes: &[u8]) -> String {
    Checkpoint::from_bytes(path(), bytes).expect_err("these bytes are wrong").to_string()
}

#[test]
fn comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latest.safetensors");
    let mut written = example();
    let special = [f32::NAN, f32::NEG_INFINITY, -0.0, f32::MIN_POSITIVE];
    written.tensors.get_mut("generator.0.weight").unwrap().data[..4].copy_from_slice(&special);
    written.write(&path).unwrap();
    let read = Checkpoint::read(&path).unwrap();
    let bits = |checkpoint: &Checkpoint| -> Vec<Vec<u32>> {
        let tensors = checkpoint.tensors.values();
        tensors.map(|tensor| tensor.data.iter().map(|number| number.to_bits()).collect()).collect()
    };
    assert_eq!(bits(&read), bits(&written));
    assert_eq!(read.metadata, written.metadata);
    assert_eq!(read.to_bytes(), written.to_bytes());
}

#[test]
fn an_empty_checkpoint_comes_back() {
    let bytes = Checkpoint::default().to_bytes();
    assert_eq!(Checkpoint::from_bytes(path(), &bytes).unwrap(), Checkpoint::default());
}

#[test]
fn equal_checkpoints_are_equal_bytes_sorted_by_name() {
    let bytes = example().to_bytes();
    for _ in 0..20 {
        assert_eq!(example().to_bytes(), bytes);
    }
    let header_length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    assert_eq!(header_length % 8, 0);
    let header = std::str::from_utf8(&bytes[8..8 + header_length]).unwrap();
    let places: Vec<_> = ["configuration_hash", "crc32", "quoted", "Empty", "adam", "0.bias", "0.weight"]
        .iter()
        .map(|name| header.find(name).unwrap())
        .collect();
    // The data lie in that order, too: the checksum would not match otherwise, nor would the library read the file.
    assert!(places.is_sorted(), "{header}");
}

#[test]
fn other_readers_of_safetensors_read_it() {
    let bytes = example().to_bytes();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let weight = file.tensor("generator.0.weight").unwrap();
    assert_eq!(weight.shape(), [2, 3]);
    assert_eq!(weight.data()[..4], 0.1_f32.to_le_bytes());
}

#[test]
fn every_file_that_was_cut_is_refused() {
    let bytes = example().to_bytes();
    for length in 0..bytes.len() {
        let message = message_of(&bytes[..length]);
        assert!(
            message.starts_with("checkpoints/latest.safetensors: it") && message.contains("cut off"),
            "{message}"
        );
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let bytes = example().to_bytes();
    let header_length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 0x04;
        // A changed blank after the header may still be JSON's white space; everything else must be an error.
        let is_padding = place < 8 + header_length && bytes[place] == b' ';
        match Checkpoint::from_bytes(path(), &changed) {
            Err(error) => assert!(error.to_string().starts_with("checkpoints/latest.safetensors: ")),
            Ok(read) => assert!(is_padding && read == example(), "byte {place}"),
        }
    }
}

#[test]
fn damaged_files_are_refused_with_a_reason() {
    let tensor = |dtype: &str, shape: &str, offsets: &str| {
        format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
    };
    let huge_length = |length: u64| [&length.to_le_bytes()[..], b"{}      "].concat();
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", vec![], "it has only 0 bytes: it was cut off"),
        ("seven bytes", vec![0; 7], "it has only 7 bytes"),
        ("zeros", vec![0; 64], "not what safetensors prescribes"),
        ("header of 2^64 - 1 bytes", huge_length(u64::MAX), "claims to be 18446744073709551615 bytes"),
        ("header of 2^63 bytes", huge_length(1 << 63), "claims to be"),
        ("header of 90 MB", huge_length(90_000_000), "claims to be 90000000 bytes long, and at most 4194304"),
        ("header beyond the end", huge_length(9), "it ends within its header of 9 bytes, after 8"),
        ("a PNG", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "claims to be"),
        (
            "not UTF-8",
            raw("{}", b"").into_iter().map(|b| if b == b'{' { 0xff } else { b }).collect(),
            "not UTF-8",
        ),
        ("not JSON", raw("{\"w\":", b""), "not what safetensors prescribes"),
        ("deep JSON", raw(&"[".repeat(100_000), b""), "not what safetensors prescribes"),
        ("a list", raw("[]", b""), "not what safetensors prescribes"),
        ("unknown type", raw(&tensor("F33", "[1]", "[0,4]"), &[0; 4]), "not what safetensors prescribes"),
        (
            "wrong type",
            raw(&tensor("F64", "[1]", "[0,8]"), &[0; 8]),
            "tensor `w` has numbers of type F64 in place of F32",
        ),
        (
            "half precision",
            raw(&tensor("F16", "[2]", "[0,4]"), &[0; 4]),
            "tensor `w` has numbers of type F16",
        ),
        ("negative length", raw(&tensor("F32", "[-1]", "[0,4]"), &[0; 4]), "not what safetensors prescribes"),
        (
            "more than memory",
            raw(&tensor("F32", "[4294967296,4294967296,4]", "[0,4]"), &[0; 4]),
            "larger than any memory",
        ),
        (
            "2^62 numbers in 4 bytes",
            raw(&tensor("F32", "[4611686018427387904]", "[0,4]"), &[0; 4]),
            "larger than any memory",
        ),
        (
            "10^12 numbers in 4 bytes",
            raw(&tensor("F32", "[1000000000000]", "[0,4]"), &[0; 4]),
            "do not agree",
        ),
        ("offsets beyond the end", raw(&tensor("F32", "[2]", "[0,8]"), &[0; 4]), "it was cut off"),
        ("offsets backwards", raw(&tensor("F32", "[1]", "[4,0]"), &[0; 4]), "tensor `w` does not begin"),
        (
            "a gap before the tensor",
            raw(&tensor("F32", "[1]", "[4,8]"), &[0; 8]),
            "tensor `w` does not begin",
        ),
        ("bytes after the data", raw(&tensor("F32", "[1]", "[0,4]"), &[0; 5]), "something was added"),
        (
            "a name that a terminal would obey",
            raw(&tensor("F64", "[1]", "[0,8]").replace('w', "\\u001b[31m"), &[0; 8]),
            "tensor `\\u{1b}[31m`",
        ),
        ("no checksum", raw(&tensor("F32", "[1]", "[0,4]"), &[0; 4]), "it has no checksum"),
        (
            "metadata that is no text",
            raw(r#"{"__metadata__":{"step":1}}"#, b""),
            "not what safetensors prescribes",
        ),
        (
            "wrong checksum",
            raw(r#"{"__metadata__":{"crc32":"00000001"}}"#, b""),
            "does not match its checksum",
        ),
    ];
    for (what, bytes, reason) in table {
        let message = message_of(&bytes);
        assert!(message.starts_with("checkpoints/latest.safetensors: "), "{what}: {message}");
        assert!(message.contains(reason), "{what}: {message}");
        assert!(message.contains("train again"), "{what} gives no advice: {message}");
        assert!(message.len() < 500 && !message.contains('\u{1b}'), "{what}: {message}");
    }
}

#[test]
fn a_foreign_checkpoint_is_refused() {
    let checkpoint = example();
    let hash = |hash| checkpoint.check_configuration(path(), hash);
    assert!(hash("3f2a91c4").is_ok());
    let message = hash("ffffffff").unwrap_err().to_string();
    assert!(message.contains("another configuration (hash 3f2a91c4, not ffffffff)"), "{message}");
    let mut nameless = example();
    nameless.metadata.clear();
    let message = nameless.check_configuration(path(), "3f2a91c4").unwrap_err().to_string();
    assert!(message.contains("`configuration_hash` is missing"), "{message}");
}

#[test]
fn missing_unknown_and_mis_shaped_tensors_are_named() {
    let right: [(&str, &[usize]); 4] =
        [("generator.0.weight", &[2, 3]), ("generator.0.bias", &[3]), ("adam.step", &[]), ("Empty", &[0, 5])];
    let checkpoint = example();
    checkpoint.check_tensors(path(), right).unwrap();
    let message = |expected: &[(&'static str, &'static [usize])]| {
        let error = checkpoint.check_tensors(path(), expected.iter().copied()).unwrap_err();
        error.to_string()
    };
    let mut transposed = right;
    transposed[0].1 = &[3, 2];
    let shape = message(&transposed);
    assert!(shape.contains("tensor `generator.0.weight` has the shape [2, 3] in place of [3, 2]"), "{shape}");
    assert!(message(&right[1..]).contains("tensor `generator.0.weight` is unknown"));
    let more = [&right[..], &[("generator.1.weight", &[1])]].concat();
    assert!(message(&more).contains("tensor `generator.1.weight` is missing"));
}

#[test]
fn tensors_and_numbers_are_taken_out_with_checks() {
    let mut checkpoint = example();
    assert_eq!(checkpoint.number(path(), "step").unwrap(), u64::MAX);
    assert!(
        checkpoint.number(path(), CONFIGURATION_HASH).unwrap_err().to_string().contains("no whole number")
    );
    assert!(checkpoint.number(path(), "epoch").unwrap_err().to_string().contains("`epoch` is missing"));
    assert_eq!(checkpoint.take(path(), "adam.step", &[]).unwrap(), [7.0]);
    let twice = checkpoint.take(path(), "adam.step", &[]).unwrap_err().to_string();
    assert!(twice.contains("tensor `adam.step` is missing"));
    assert!(checkpoint.take(path(), "generator.0.bias", &[1, 3]).is_err());
}

#[test]
fn a_file_longer_than_any_checkpoint_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latest.safetensors");
    // Takes no room on the disk: the file is one hole.
    let file = std::fs::File::create(&path).unwrap();
    if file.set_len(MAXIMUM_BYTES + 1).is_ok() {
        let message = Checkpoint::read(&path).unwrap_err().to_string();
        assert!(message.contains("are not read"), "{message}");
    }
    assert!(matches!(Checkpoint::read(folder.path()), Err(Error::Damaged { .. })));
    assert!(matches!(Checkpoint::read(&folder.path().join("no")), Err(Error::Read { .. })));
}
