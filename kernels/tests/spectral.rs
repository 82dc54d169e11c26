//! Convolutions by their frequencies against plain loops in f64, with every kind of vectors that this machine has.

mod common;

use atelier_kernels::conv::Conv;
use atelier_kernels::spectral::Spectral;
use common::convolution::Gradients;
use common::{assert_close, assert_same_for_any_threads, random};
use std::sync::Mutex;

/// What `finish` was given in one pass: the first index and length of each part.
type Parts = Vec<(usize, usize)>;

/// The numbers of the three passes, and how the first two were finished.
fn passes(conv: &Conv, before: &[f32]) -> ([Vec<f32>; 3], [Parts; 2]) {
    let plan = Spectral::new(conv).unwrap_or_else(|| panic!("no plan for {conv:?}"));
    let (x, w, dy) =
        (random(conv.input_len(), 1), random(conv.weight_len(), 2), random(conv.output_len(), 3));
    let (mut y, mut dx, mut dw) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()], before.to_vec());
    let parts = [(); 2].map(|()| Mutex::new(Vec::new()));
    let note = |which: usize| {
        let parts = &parts[which];
        move |first: usize, part: &mut [f32]| parts.lock().unwrap().push((first, part.len()))
    };
    let of_x = plan.forward(&x, &w, &mut y, &note(0));
    let of_dy = plan.data_gradient(&dy, &w, &mut dx, &note(1));
    plan.weight_gradient(&of_x, &of_dy, &mut dw);
    // The frequencies that passes give are those that one can ask for.
    let mut again = before.to_vec();
    plan.weight_gradient(&plan.input_spectrum(&x), &plan.output_spectrum(&dy), &mut again);
    assert!(again == dw, "{conv:?}: other frequencies");
    ([y, dx, dw], parts.map(|parts| parts.into_inner().unwrap()))
}

fn check(conv: Conv) {
    let before = random(conv.weight_len(), 4);
    let ([y, dx, dw], parts) = passes(&conv, &before);
    let expected = Gradients::of(
        &conv,
        &random(conv.input_len(), 1),
        &random(conv.weight_len(), 2),
        &random(conv.output_len(), 3),
        &before,
    );
    let what = |pass: &str| format!("{pass} of {conv:?}, {}", atelier_kernels::instructions());
    assert_close(&y, &expected.y, 1e-6, &what("forward"));
    assert_close(&dx, &expected.dx, 1e-6, &what("data gradient"));
    assert_close(&dw, &expected.dw, 1e-6, &what("weight gradient"));
    // Every number of the target is finished once, in whole images.
    for (mut parts, target) in parts.into_iter().zip([&y, &dx]) {
        parts.sort_unstable();
        let image = target.len() / conv.batch;
        let mut next = 0;
        for (first, length) in parts {
            assert_eq!((first, length % image), (next, 0), "{conv:?}");
            next += length;
        }
        assert_eq!(next, target.len(), "{conv:?}");
    }
}

fn conv(batch: usize, size: (usize, usize), channels: (usize, usize), kernel: usize, stride: usize) -> Conv {
    let ((height, width), (in_channels, out_channels)) = (size, channels);
    Conv { batch, height, width, in_channels, out_channels, kernel, stride }
}

/// Without vectors there are no plans.
fn plans_exist() -> bool {
    atelier_kernels::instructions() != "scalar"
}

#[test]
fn agrees_with_plain_loops_over_all_grids_kernels_and_strides() {
    if !plans_exist() {
        return;
    }
    let (mut planned, mut refused) = (0, 0);
    for kernel in 1..=7 {
        for stride in [1, 2, 3] {
            for (n, size) in [(1, 1), (2, 3), (4, 4), (5, 5), (7, 7), (8, 8), (7, 4), (3, 8), (6, 8)]
                .into_iter()
                .enumerate()
            {
                let coarse = stride.min(2);
                let sizes =
                    [(size.0 * coarse, size.1 * coarse), (size.0 * coarse - coarse / 2, size.1 * coarse)];
                let channels = [(16, 32), (3, 5), (17, 16), (40, 33)][(n + kernel) % 4];
                for size in sizes {
                    let conv = conv([1, 3, 9][(n + kernel) % 3], size, channels, kernel, stride);
                    if Spectral::new(&conv).is_some() {
                        check(conv);
                        planned += 1;
                    } else {
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(planned > 150 && refused > 0, "{planned} shapes planned, {refused} refused");
}

/// The shapes of the shipped experiments whose convolutions go this way, at small batches.
#[test]
fn agrees_with_plain_loops_on_the_layers_of_the_experiments() {
    if !plans_exist() {
        return;
    }
    for width in [16, 32, 64] {
        check(conv(10, (7, 7), (4 * width, 2 * width), 5, 1));
        check(conv(10, (14, 14), (width, 2 * width), 5, 2));
    }
    check(conv(70, (7, 7), (64, 32), 5, 1));
}

/// Enough images and channels for the gradient of the weights to be taken by halves, with an even and an odd number of panels in a half.
#[test]
fn agrees_with_plain_loops_where_products_are_halved() {
    if !plans_exist() {
        return;
    }
    for sizes in [
        conv(128, (7, 7), (64, 64), 5, 1),
        conv(130, (4, 4), (128, 192), 3, 1),
        conv(160, (8, 8), (48, 64), 5, 2),
    ] {
        check(sizes);
    }
}

#[test]
fn the_shapes_of_the_reference_are_planned_and_images_are_not() {
    for (planned, sizes) in [
        (true, conv(256, (7, 7), (256, 128), 5, 1)),
        (true, conv(256, (14, 14), (64, 128), 5, 2)),
        (false, conv(256, (28, 28), (1, 64), 5, 2)),
        (false, conv(256, (28, 28), (64, 1), 5, 2)),
        (false, conv(256, (7, 7), (2, 4), 5, 1)),
    ] {
        assert_eq!(Spectral::where_it_pays(&sizes).is_some(), planned && plans_exist(), "{sizes:?}");
    }
}

#[test]
fn what_has_no_transform_has_no_plan() {
    for sizes in [
        conv(1, (9, 9), (16, 16), 3, 1),
        conv(1, (18, 16), (16, 16), 3, 2),
        conv(1, (8, 8), (16, 16), 3, 3),
        conv(1, (7, 7), (16, 16), 7, 1),
        conv(1, (7, 7), (16, 16), 6, 1),
    ] {
        assert!(Spectral::new(&sizes).is_none(), "{sizes:?}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    if !plans_exist() {
        return;
    }
    for sizes in [
        conv(61, (7, 7), (33, 40), 5, 1),
        conv(61, (14, 14), (20, 48), 5, 2),
        conv(130, (4, 4), (128, 192), 3, 1),
    ] {
        let before = random(sizes.weight_len(), 4);
        assert_same_for_any_threads(&format!("{sizes:?}"), || passes(&sizes, &before).0.concat());
    }
}

#[test]
fn other_vectors_agree_too() {
    common::test_again_with_other_vectors();
}
