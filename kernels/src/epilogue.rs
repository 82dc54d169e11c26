//! What follows a layer element by element, in one pass in place: a bias, LeakyReLU and dropout.
//!
//! `y = dropout(leaky_relu(x + bias))`, each of the three optional, with the roundings of the separate kernels ([`add_bias`],
//! [`leaky_relu`], [`dropout`]): the values are the same. Only the signs of zeros differ, because with dropout they carry the mask to
//! the backward pass: a dropped element is −0, a kept one whose pre-activation `x + bias` is zero is +0. So the backward pass needs y
//! alone, neither x nor the mask's hash again.
//!
//! A kept element looks dropped where `slope · x · scale` of a negative pre-activation underflows to −0: where this product is below
//! 10⁻⁴⁵, or the slope zero. Its gradient is zero then instead of `slope · scale · dy`, which for a slope of zero is the same.
//!
//! [`add_bias`]: crate::bias::add_bias
//! [`leaky_relu`]: crate::activation::leaky_relu
//! [`dropout`]: crate::dropout::dropout

use rayon::prelude::*;

use crate::dropout::{Mask, scale_and_threshold};
use crate::elementwise::update;
use crate::parallel::{CHUNK, vectorized};

/// What follows a layer and its bias, element by element.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Epilogue {
    /// LeakyReLU's slope, from 0 to 1; ReLU's is 0, but `0 · −∞` is not a number here.
    pub slope: Option<f32>,
    /// Dropout after it.
    pub dropout: Option<Dropout>,
}

/// Dropout with inverted scaling, with the mask of [`dropout`](crate::dropout::dropout).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The part that is dropped: at least 0 and below 1.
    pub rate: f32,
    /// The same key gives the same mask.
    pub key: u64,
    /// The number of the first element among those that share the mask, whole rows: 0, or what other parts of them have.
    pub first: usize,
}

impl Epilogue {
    /// Whether it changes nothing, forward (but for the bias) and backward.
    pub fn is_identity(&self) -> bool {
        self.slope.is_none_or(|slope| slope == 1.0) && self.drops().is_none()
    }

    /// `y[r, c] = dropout(leaky_relu(y[r, c] + bias[c]))`, in place: (rows, channels), (channels,).
    pub fn apply(&self, bias: Option<&[f32]>, channels: usize, y: &mut [f32]) {
        assert!(
            channels > 0 && y.len().is_multiple_of(channels),
            "{} elements in {channels} channels",
            y.len()
        );
        if bias.is_none() && self.is_identity() {
            return;
        }
        y.par_chunks_mut(CHUNK)
            .enumerate()
            .for_each(|(chunk, y)| self.apply_part(bias, channels, chunk * CHUNK, y));
    }

    /// [`apply`](Self::apply) for a part of a matrix, on this thread: the elements from number `first` on, which need not start a row.
    pub fn apply_part(&self, bias: Option<&[f32]>, channels: usize, first: usize, y: &mut [f32]) {
        let slope = self.checked_slope();
        match self.drops() {
            None => add_bias_and(
                bias,
                channels,
                first,
                y,
                #[inline(always)]
                move |_, x| leaky(x, slope),
            ),
            Some(Dropout { rate, key, first: before }) => {
                let (first, part) = (before + first, first);
                // The upper half of the index is one number for all that follows, which leaves 32 bits of it to the vectors.
                let within = (1 << 32) - (first & 0xffff_ffff);
                if within < y.len() {
                    let (head, tail) = y.split_at_mut(within);
                    self.apply_part(bias, channels, part, head);
                    return self.apply_part(bias, channels, part + within, tail);
                }
                let (scale, threshold) = scale_and_threshold(rate);
                let words = Mask::new(key).of_upper_half(first);
                add_bias_and(
                    bias,
                    channels,
                    first,
                    y,
                    #[inline(always)]
                    move |index, x| {
                        // Adding +0 makes +0 of −0, which stands for a dropped element.
                        let kept = leaky(x + 0.0, slope) * scale;
                        if words.word(index) < threshold { -0.0 } else { kept }
                    },
                );
            }
        }
    }

    /// The gradient with respect to x + bias in place of `dy`, from the forward result: (elements,), (elements,).
    pub fn backward(&self, y: &[f32], dy: &mut [f32]) {
        assert_eq!(y.len(), dy.len(), "elements of the result and of its gradient");
        let slope = self.checked_slope();
        match self.drops() {
            None if self.is_identity() => {}
            None => update(
                [dy],
                y,
                #[inline(always)]
                move |[dy], y| [if y > 0.0 { dy } else { slope * dy }],
            ),
            Some(Dropout { rate, .. }) => {
                let (scale, _) = scale_and_threshold(rate);
                update(
                    [dy],
                    y,
                    #[inline(always)]
                    move |[dy], y| {
                        let kept = dy * scale;
                        let of_x = if y > 0.0 { kept } else { slope * kept };
                        [if y.to_bits() == (-0.0f32).to_bits() { 0.0 } else { of_x }]
                    },
                );
            }
        }
    }

    /// One where there is no LeakyReLU, which changes no bit.
    fn checked_slope(&self) -> f32 {
        let slope = self.slope.unwrap_or(1.0);
        assert!((0.0..=1.0).contains(&slope), "LeakyReLU's slope is from 0 to 1, not {slope}");
        slope
    }

    /// The dropout, where it drops anything.
    fn drops(&self) -> Option<Dropout> {
        self.dropout.filter(|dropout| dropout.rate != 0.0)
    }
}

/// `matrix[b, f] *= factors[b]`, in place: (batch, features), (batch,).
pub fn scale_rows(factors: &[f32], matrix: &mut [f32]) {
    if matrix.is_empty() {
        return;
    }
    assert!(
        matrix.len().is_multiple_of(factors.len()),
        "{} elements in {} rows",
        matrix.len(),
        factors.len()
    );
    let features = matrix.len() / factors.len();
    matrix.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, part)| {
        vectorized(
            #[inline(always)]
            || {
                let (first, mut done) = (chunk * CHUNK, 0);
                while done < part.len() {
                    let (row, column) = ((first + done) / features, (first + done) % features);
                    let count = (features - column).min(part.len() - done);
                    let factor = factors[row];
                    part[done..done + count].iter_mut().for_each(|x| *x *= factor);
                    done += count;
                }
            },
        );
    });
}

#[inline(always)]
fn leaky(x: f32, slope: f32) -> f32 {
    if x > 0.0 { x } else { slope * x }
}

/// Room for a bias repeated: rows of few channels are taken several at once, so that the vectors are full.
const REPEATED: usize = 512;

/// `y[i] = operation(i, y[i] + bias[i % channels])`, where `i` counts from `first` and its lower 32 bits are given to the operation;
/// without a bias nothing is added.
#[inline(always)]
fn add_bias_and(
    bias: Option<&[f32]>,
    channels: usize,
    first: usize,
    y: &mut [f32],
    operation: impl Fn(u32, f32) -> f32 + Copy,
) {
    let Some(bias) = bias else {
        vectorized(
            #[inline(always)]
            || change_row(y, first as u32, operation),
        );
        return;
    };
    assert_eq!(bias.len(), channels, "channels of the bias");
    let mut room = [0.0; REPEATED];
    let repeated = if channels <= REPEATED / 2 && y.len() >= REPEATED {
        let repeated = &mut room[..REPEATED / channels * channels];
        repeated.chunks_exact_mut(channels).for_each(|copy| copy.copy_from_slice(bias));
        &*repeated
    } else {
        bias
    };
    vectorized(
        #[inline(always)]
        || {
            let (mut done, mut column) = (0, first % channels);
            while done < y.len() {
                let bias = &repeated[column..];
                let count = bias.len().min(y.len() - done);
                let first = (first + done) as u32;
                change_row_with_bias(&mut y[done..done + count], &bias[..count], first, operation);
                done += count;
                column = 0;
            }
        },
    );
}

#[inline(always)]
fn change_row(y: &mut [f32], first: u32, operation: impl Fn(u32, f32) -> f32 + Copy) {
    // A copy of its own: see the module `elementwise`.
    let operation = { operation };
    for (i, y) in y.iter_mut().enumerate() {
        *y = operation(first.wrapping_add(i as u32), *y);
    }
}

#[inline(always)]
fn change_row_with_bias(y: &mut [f32], bias: &[f32], first: u32, operation: impl Fn(u32, f32) -> f32 + Copy) {
    let operation = { operation };
    for (i, (y, &bias)) in y.iter_mut().zip(bias).enumerate() {
        *y = operation(first.wrapping_add(i as u32), *y + bias);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(length: usize) -> Vec<f32> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1664525).wrapping_add(1013904223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..length).map(|_| next()).collect()
    }

    fn bits(x: &[f32]) -> Vec<u32> {
        x.iter().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn parts_are_those_of_the_whole() {
        for (rows, channels) in [(700, 1), (300, 3), (77, 16), (40, 33), (5, 700)] {
            let bias = random(channels);
            for dropout in [None, Some(Dropout { rate: 0.3, key: 5, first: 0 })] {
                let epilogue = Epilogue { slope: Some(0.3), dropout };
                let x = random(rows * channels);
                let mut whole = x.clone();
                epilogue.apply(Some(&bias), channels, &mut whole);
                // Parts that start and end within a row, too.
                for size in [channels, 3 * channels, 5, 64, 1000] {
                    let mut parts = x.clone();
                    for (part, y) in parts.chunks_mut(size).enumerate() {
                        epilogue.apply_part(Some(&bias), channels, part * size, y);
                    }
                    assert_eq!(bits(&whole), bits(&parts), "{rows} × {channels} in parts of {size}");
                }
            }
        }
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn the_mask_goes_on_after_four_billion_elements() {
        let (rate, key) = (0.5, 5);
        let epilogue = Epilogue { slope: None, dropout: Some(Dropout { rate, key, first: 0 }) };
        let (scale, threshold) = scale_and_threshold(rate);
        let first = 3 * (1 << 32) - 1000;
        for bias in [None, Some(&[0.5f32; 8][..])] {
            let mut y = vec![1.0; 2000];
            epilogue.apply_part(bias, 8, first, &mut y);
            for (i, y) in y.iter().enumerate() {
                let index = first + i;
                let kept = Mask::new(key).of_upper_half(index).word(index as u32) >= threshold;
                let value = 1.0 + bias.map_or(0.0, |bias| bias[0]);
                assert_eq!(*y, if kept { value * scale } else { 0.0 }, "element {index}");
            }
            // As it would not if the upper half of the index were left out.
            let mut low = vec![1.0; 1000];
            epilogue.apply_part(bias, 8, 0, &mut low);
            assert_ne!(low, y[1000..]);
        }
    }
}
