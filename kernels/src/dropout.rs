//! Dropout with inverted scaling (Srivastava et al. 2014): the mask is a function of a key and the element's index, never stored.
//!
//! The random word of an element is a counter-based hash: two rounds of the 32-bit mixer `lowbias32` (Wellons 2018, "Prospecting for hash
//! functions") over the index, keyed before each round with one half of the key, which is itself first mixed by SplitMix64's finaliser so
//! that neighbouring keys have nothing in common. The tests look at its uniformity, at neighbouring elements, at neighbouring keys and at
//! single bits of the index: nothing over 3.3 standard deviations in some 700 counts. It is no cryptographic generator. For one key the
//! words of 2³² indices are a permutation, so a word does not come twice: of no consequence to a mask. An element is dropped if its word is
//! below `rate · 2³²`, so rates are exact to 2⁻³².

use crate::elementwise::{map, map_in_place};

/// `y[i] = 0` with probability `rate` (0 ≤ rate < 1), else `x[i] / (1 − rate)`; the same `key` gives the same mask.
pub fn dropout(x: &[f32], rate: f32, key: u64, y: &mut [f32]) {
    map(x, y, operation(rate, key));
}

/// The gradient of the input in place of that of the result: [`dropout`]'s mask and scale, with the same `rate` and `key`.
pub fn dropout_backward(dy: &mut [f32], rate: f32, key: u64) {
    map_in_place(dy, operation(rate, key));
}

#[inline(always)]
fn operation(rate: f32, key: u64) -> impl Fn(usize, f32) -> f32 + Copy + Sync + Send {
    let (scale, threshold) = scale_and_threshold(rate);
    let mask = Mask::new(key);
    #[inline(always)]
    move |index, x| if mask.word(index) < threshold { 0.0 } else { x * scale }
}

/// What a kept element is multiplied with, and the least word of [`Mask`] that keeps.
pub(crate) fn scale_and_threshold(rate: f32) -> (f32, u32) {
    assert!((0.0..1.0).contains(&rate), "a dropout rate is at least 0 and below 1, not {rate}");
    (1.0 / (1.0 - rate), (f64::from(rate) * 4_294_967_296.0).round() as u32)
}

/// The random words of one key.
#[derive(Clone, Copy)]
pub(crate) struct Mask {
    first: u32,
    second: u32,
}

impl Mask {
    pub(crate) fn new(key: u64) -> Self {
        // SplitMix64 (Steele, Lea and Flood 2014).
        let mut z = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        Self { first: z as u32, second: (z >> 32) as u32 }
    }

    #[inline(always)]
    fn word(self, index: usize) -> u32 {
        self.of_upper_half(index).word(index as u32)
    }

    /// The words of all indices with the upper half of `index`.
    #[inline(always)]
    pub(crate) fn of_upper_half(self, index: usize) -> Words {
        // The upper half enters with the second key, times an odd number.
        let upper = ((index as u64 >> 32) as u32).wrapping_mul(0x9e37_79b9);
        Words { first: self.first, second: self.second ^ upper }
    }
}

/// The random words of one key and of 2³² indices, which differ in their lower half.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    first: u32,
    second: u32,
}

impl Words {
    #[inline(always)]
    pub(crate) fn word(self, lower_half: u32) -> u32 {
        mix(mix(lower_half ^ self.first).wrapping_add(self.second))
    }
}

/// `lowbias32`.
#[inline(always)]
fn mix(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}
