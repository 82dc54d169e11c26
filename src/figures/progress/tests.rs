use super::*;
use crate::figures::encode;

/// A picture with pixels that depend on `seed`.
fn picture(seed: usize, width: usize, height: usize, channels: usize) -> Picture {
    let pixels: Vec<u8> =
        (0..width * height * channels).map(|index| ((index * 31 + seed * 17) % 256) as u8).collect();
    let color = if channels == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb };
    Picture {
        file: format!("epoch_{seed:04}.png"),
        label: format!("epoch {seed}"),
        png: encode::png(width, height, color, &pixels),
    }
}

/// A frame's delay and RGB pixels.
type DecodedFrame = (u16, Vec<u8>);

/// Size, and of each frame its delay and RGB pixels.
fn decode_gif(bytes: &[u8]) -> ((usize, usize), Vec<DecodedFrame>) {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(bytes).unwrap();
    let size = (usize::from(decoder.width()), usize::from(decoder.height()));
    let mut frames = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        let rgb = frame.buffer.chunks_exact(4).flat_map(|pixel| pixel[..3].to_vec()).collect();
        frames.push((frame.delay, rgb));
    }
    (size, frames)
}

#[test]
fn grey_frames_are_exact_and_in_order() {
    let pictures: Vec<_> = (0..5).map(|seed| picture(seed, 100, 40, 1)).collect();
    let bytes = render(&pictures).unwrap();
    let (size, frames) = decode_gif(&bytes);
    assert_eq!(size, (100, 40 + STRIP));
    assert_eq!(frames.len(), 5);
    for (seed, (delay, pixels)) in frames.iter().enumerate() {
        for (index, pixel) in pixels.chunks_exact(3).take(4000).enumerate() {
            assert_eq!(pixel, [((index * 31 + seed * 17) % 256) as u8; 3]);
        }
        // The strip is white with a dark label, which differs from frame to frame.
        let strip = &pixels[12_000..];
        assert!(strip.iter().any(|byte| *byte < 60) && strip[..3] == [255; 3]);
        assert_eq!(*delay, if seed == 4 { LAST_DELAY } else { SHORT_DELAY });
    }
    assert_ne!(frames[0].1[12_000..], frames[1].1[12_000..]);
    assert_eq!(bytes, render(&pictures).unwrap());
}

#[test]
fn colour_frames_are_near() {
    let pictures: Vec<_> = (0..2).map(|seed| picture(seed, 60, 60, 3)).collect();
    let bytes = render(&pictures).unwrap();
    let (_, frames) = decode_gif(&bytes);
    let errors = frames[1].1[..60 * 60 * 3]
        .iter()
        .enumerate()
        .map(|(index, byte)| (f64::from(*byte) - ((index * 31 + 17) % 256) as f64).abs());
    assert!(errors.sum::<f64>() / 10_800.0 < 8.0);
    assert_eq!(bytes, render(&pictures).unwrap());
}

#[test]
fn long_runs_are_thinned_evenly_with_both_ends() {
    assert_eq!(evenly(0), [0_usize; 0]);
    assert_eq!(evenly(1), [0]);
    assert_eq!(evenly(120), (0..120).collect::<Vec<_>>());
    let chosen = evenly(1000);
    assert_eq!((chosen.len(), chosen[0], chosen[119]), (120, 0, 999));
    assert!(chosen.windows(2).all(|pair| (8..=9).contains(&(pair[1] - pair[0]))));
    let pictures: Vec<_> = (0..200).map(|seed| picture(seed, 20, 8, 1)).collect();
    assert_eq!(decode_gif(&render(&pictures).unwrap()).1.len(), MOST_FRAMES);
}

#[test]
fn large_pictures_are_averaged() {
    let pixels: Vec<u8> = (0..1500 * 10).map(|index| if index % 3 == 0 { 30 } else { 60 }).collect();
    let large = Image { width: 1500, height: 10, channels: 1, pixels };
    let small = reduced(large, MOST_SIDE);
    assert_eq!((small.width, small.height), (500, 3));
    assert!(small.pixels.iter().all(|byte| *byte == 50));
    let narrow = reduced(Image { width: 1500, height: 2, channels: 1, pixels: vec![7; 3000] }, MOST_SIDE);
    assert_eq!((narrow.width, narrow.height, narrow.pixels[0]), (500, 1, 7));
}

#[test]
fn a_folder_is_read_in_the_order_of_numbers() {
    let folder = tempfile::tempdir().unwrap();
    assert!(from_folder(folder.path()).unwrap().is_none());
    for epoch in [10_000, 2, 30] {
        let picture = picture(epoch, 90, 10, 1);
        fs::write(folder.path().join(format!("epoch_{epoch:04}.png")), &picture.png).unwrap();
    }
    for other in [
        "epoch_.png",
        "epoch_x1.png",
        "epoch_0001.gif",
        ".epoch_0002.png.tmp-1-0",
        "epoch_99999999999999999999999.png",
    ] {
        fs::write(folder.path().join(other), b"not a picture").unwrap();
    }
    fs::create_dir(folder.path().join("epoch_0005.png")).unwrap();
    let expected: Vec<_> = [2, 30, 10_000].iter().map(|epoch| picture(*epoch, 90, 10, 1)).collect();
    assert_eq!(from_folder(folder.path()).unwrap().unwrap(), render(&expected).unwrap());
    assert!(from_folder(&folder.path().join("no")).is_err());
}

#[test]
fn damaged_pictures_are_named() {
    let good = picture(1, 30, 30, 1);
    let huge = {
        // A header that announces 100,000 × 100,000 pixels, with a right checksum.
        let mut bytes = good.png.clone();
        bytes[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
        let checksum = crc32fast::hash(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
        bytes
    };
    let table = [
        (vec![], "`epoch_0002.png`: "),
        (b"GIF89a".to_vec(), "`epoch_0002.png`: "),
        (good.png[..good.png.len() / 2].to_vec(), "`epoch_0002.png`: "),
        (huge, "not read"),
        (picture(2, 31, 30, 1).png, "not of the size"),
        (picture(2, 30, 30, 3).png, "not of the size"),
        (encode::png(30, 30, png::ColorType::Rgba, &[0; 3600]), "not 8-bit grey or RGB"),
    ];
    for (png, reason) in table {
        let bad = Picture { file: "epoch_0002.png".to_string(), label: "epoch 2".to_string(), png };
        let message = render(&[good.clone(), bad]).unwrap_err().to_string();
        assert!(message.contains("epoch_0002.png") && message.contains(reason), "{message}");
    }
}
