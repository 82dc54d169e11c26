//! Dropout with inverted scaling (Srivastava et al. 2014): the mask is a function of a key and the element's index, never stored.
//!
//! The random word of an element is a counter-based hash: two rounds of the 32-bit mixer `lowbias32` (Wellons 2018, "Prospecting for hash
//! functions") over the index, keyed before each round with one half of the key, which is itself first mixed by SplitMix64's finaliser so
//! that neighbouring keys have nothing in common. The tests look at its uniformity, at neighbouring elements, at neighbouring keys and at
//! single bits of the index: nothing over 3.3 standard deviations in some 700 counts. It is no cryptographic generator. For one key the
//! words of 2³² indices are a permutation, so a word does not come twice: of no consequence to a mask. An element is dropped if its word is
//! below `rate · 2³²`, so rates are exact to 2⁻³².

use crate::elementwise::map;

/// `y[i] = 0` with probability `rate` (0 ≤ rate < 1), else `x[i] / (1 − rate)`; the same `key` gives the same mask.
pub fn dropout(x: &[f32], rate: f32, key: u64, y: &mut [f32]) {
    assert!((0.0..1.0).contains(&rate), "a dropout rate is at least 0 and below 1, not {rate}");
    let scale = 1.0 / (1.0 - rate);
    let threshold = (f64::from(rate) * 4_294_967_296.0).round() as u32;
    let mask = Mask::new(key);
    map(
        x,
        y,
        #[inline(always)]
        move |index, x| if mask.word(index) < threshold { 0.0 } else { x * scale },
    );
}

/// The gradient of the input: [`dropout`]'s mask and scale, with the same `rate` and `key`, on the gradient. Overwrites `dx`.
pub fn dropout_backward(dy: &[f32], rate: f32, key: u64, dx: &mut [f32]) {
    dropout(dy, rate, key, dx);
}

/// The random words of one key.
#[derive(Clone, Copy)]
struct Mask {
    first: u32,
    second: u32,
}

impl Mask {
    fn new(key: u64) -> Self {
        // SplitMix64 (Steele, Lea and Flood 2014).
        let mut z = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        Self { first: z as u32, second: (z >> 32) as u32 }
    }

    #[inline(always)]
    fn word(self, index: usize) -> u32 {
        let word = mix((index as u32) ^ self.first);
        // The index's upper half enters with the second key, times an odd number.
        let upper = ((index as u64 >> 32) as u32).wrapping_mul(0x9e37_79b9);
        mix(word.wrapping_add(self.second ^ upper))
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
