//! Gradients of weights by Strassen's algorithm: seven products of halves in place of eight.
//!
//! At one frequency the gradient is `C = Aᴴ·B` with images as inner dimension. A's channels, B's channels and the images are halved each, and
//! Winograd's form of the algorithm (7 products, 15 sums; Knuth, The Art of Computer Programming 2, 4.6.4, answer 36) is applied once:
//!
//! ```text
//! S₁ = A₂₁ + A₂₂   T₁ = B₁₂ − B₁₁   P₁ = A₁₁B₁₁   P₅ = S₁T₁   C₁₁ = P₁ + P₂
//! S₂ = S₁ − A₁₁    T₂ = B₂₂ − T₁    P₂ = A₁₂B₂₁   P₆ = S₂T₂   C₁₂ = P₁ + P₆ + P₅ + P₃
//! S₃ = A₁₁ − A₂₁   T₃ = B₂₂ − B₁₂   P₃ = S₄B₂₂    P₇ = S₃T₃   C₂₁ = P₁ + P₆ + P₇ − P₄
//! S₄ = A₁₂ − S₂    T₄ = T₂ − B₂₁    P₄ = A₂₂T₄                C₂₂ = P₁ + P₆ + P₇ + P₅
//! ```
//!
//! with Aᴴ's rows (channels) and columns (images) as indices. Errors stay small beside the largest gradients (a bound of norms), not beside each
//! one: a gradient that is tiny beside the others has the others' rounding errors.

use pulp::{Simd, WithSimd};

use super::layout::{Layout, PANEL};
use super::product::{ROWS, Tile, load, store, wide};
use crate::parallel::{Shared, dispatch, with_scratch};

/// Floats of a complex row of a panel.
const ROW: usize = 2 * PANEL;
/// Floats of one product of two panels.
const SQUARE: usize = PANEL * ROW;
/// Fewer images in a half than this, and the sums cost more than the product that they spare.
const FEWEST: usize = 64;

/// One complex frequency's gradient of weights, or a part of it.
#[derive(Clone, Copy)]
pub(super) struct Gradient<'a> {
    pub(super) a: &'a [f32],
    pub(super) a_layout: Layout,
    pub(super) b: &'a [f32],
    pub(super) b_layout: Layout,
    pub(super) c: Shared<'a>,
    pub(super) c_layout: Layout,
    pub(super) frequency: usize,
    /// Which of [`parts`] it is, and of how many: all of them, or one.
    pub(super) part: (usize, usize),
}

/// Whether the sizes can be halved, in whole panels, and are large enough.
pub(super) fn suits(a: &Layout, b: &Layout) -> bool {
    let halves = |channels: usize| channels.is_multiple_of(2 * PANEL);
    halves(a.channels) && halves(b.channels) && a.rows.is_multiple_of(2) && a.rows / 2 >= FEWEST
}

/// How many parts a frequency can be cut into for many threads. Each makes some of the sums again; the gradient's bytes are the same.
pub(super) fn parts(a: &Layout, b: &Layout) -> usize {
    pairs(a).max(pairs(b))
}

/// A panel of the one half and a panel of the other.
fn pairs(layout: &Layout) -> usize {
    layout.channels / PANEL / 2
}

impl Gradient<'_> {
    /// Computes it: overwrites this part of C.
    ///
    /// # Safety
    /// No other task reads or writes this part of C meanwhile.
    pub(super) unsafe fn write(&self) {
        assert!(suits(&self.a_layout, &self.b_layout) && self.a_layout.rows == self.b_layout.rows);
        let channels = (self.a_layout.channels, self.b_layout.channels);
        assert_eq!((self.c_layout.rows, self.c_layout.channels), channels);
        assert!(self.a_layout.frequency(self.frequency).1 && self.frequency < self.a_layout.frequencies());
        assert!(self.a.len() >= self.a_layout.length() && self.b.len() >= self.b_layout.length());
        self.c.pointer(0, self.c_layout.length());
        let half = self.a_layout.rows / 2 * ROW;
        let kept = pairs(&self.a_layout).min(pairs(&self.b_layout));
        with_scratch((1 + kept) * 4 * half + 7 * SQUARE, |scratch| dispatch(Task { of: self, scratch }));
    }
}

/// A frequency of one operand.
#[derive(Clone, Copy)]
struct Operand<'a> {
    first: *const f32,
    layout: &'a Layout,
}

impl<'a> Operand<'a> {
    fn new(values: &[f32], layout: &'a Layout, frequency: usize) -> Self {
        Self { first: values.as_ptr().wrapping_add(layout.frequency(frequency).0), layout }
    }

    /// The frequency after this one, if it exists: to be asked for only.
    fn following(self) -> Self {
        Self { first: self.first.wrapping_add(self.layout.step(true)), ..self }
    }

    /// A pair's four panels: of the first half of the channels that with the first half of the images, then that with the second; of the
    /// second half of the channels likewise. Of A these are A₁₁, A₁₂, A₂₁, A₂₂; of B they are B₁₁, B₂₁, B₁₂, B₂₂.
    fn quarters(self, pair: usize) -> [*const f32; 4] {
        let half = self.layout.rows / 2 * ROW;
        let panel = |index: usize| self.first.wrapping_add(index * self.layout.panel_step(true));
        let [one, other] = [panel(pair), panel(pair + pairs(self.layout))];
        [one, one.wrapping_add(half), other, other.wrapping_add(half)]
    }

    /// A pair's S₁ to S₄ or, of the right operand, T₁ to T₄.
    ///
    /// # Safety
    /// The operand has this pair, and there is place at `to` for four halves of a panel.
    #[inline(always)]
    unsafe fn sums<S: Simd, const LEFT: bool>(self, simd: S, pair: usize, to: *mut f32) {
        let half = self.layout.rows / 2 * ROW;
        let [q1, q2, q3, q4] = self.quarters(pair);
        for i in (0..half).step_by(S::F32_LANES) {
            // SAFETY: the caller's promise.
            unsafe {
                let (q1, q2) = (load::<S>(q1.wrapping_add(i)), load::<S>(q2.wrapping_add(i)));
                let (q3, q4) = (load::<S>(q3.wrapping_add(i)), load::<S>(q4.wrapping_add(i)));
                let (one, two, three, four);
                if LEFT {
                    one = simd.add_f32s(q3, q4);
                    two = simd.sub_f32s(one, q1);
                    three = simd.sub_f32s(q1, q3);
                } else {
                    one = simd.sub_f32s(q3, q1);
                    two = simd.sub_f32s(q4, one);
                    three = simd.sub_f32s(q4, q3);
                }
                four = if LEFT { simd.sub_f32s(q2, two) } else { simd.sub_f32s(two, q2) };
                let to = to.wrapping_add(i);
                store::<S>(to, one);
                store::<S>(to.wrapping_add(half), two);
                store::<S>(to.wrapping_add(2 * half), three);
                store::<S>(to.wrapping_add(3 * half), four);
            }
        }
    }
}

struct Task<'a> {
    of: &'a Gradient<'a>,
    scratch: &'a mut [f32],
}

impl WithSimd for Task<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { of, scratch } = self;
        let (a, b) =
            (Operand::new(of.a, &of.a_layout, of.frequency), Operand::new(of.b, &of.b_layout, of.frequency));
        let half = of.a_layout.rows / 2 * ROW;
        // The sums of the smaller operand are all kept, those of the larger one made pair by pair.
        let a_is_larger = pairs(a.layout) > pairs(b.layout);
        let (larger, smaller) = if a_is_larger { (a, b) } else { (b, a) };
        let (most, fewest) = (pairs(larger.layout), pairs(smaller.layout));
        let (made, rest) = scratch.split_at_mut(4 * half);
        let (kept, products) = rest.split_at_mut(4 * half * fewest);
        let (made, kept, products) = (made.as_mut_ptr(), kept.as_mut_ptr(), products.as_mut_ptr());
        for pair in 0..fewest {
            let to = kept.wrapping_add(4 * half * pair);
            // SAFETY: `kept` has place for so many.
            unsafe {
                match a_is_larger {
                    true => smaller.sums::<S, false>(simd, pair, to),
                    false => smaller.sums::<S, true>(simd, pair, to),
                }
            }
        }
        for outer in most * of.part.0 / of.part.1..most * (of.part.0 + 1) / of.part.1 {
            // SAFETY: `made` has place for one pair's.
            unsafe {
                match a_is_larger {
                    true => larger.sums::<S, true>(simd, outer, made),
                    false => larger.sums::<S, false>(simd, outer, made),
                }
            }
            let last = outer + 1 == most;
            let next_larger = if last { larger.following().quarters(0) } else { larger.quarters(outer + 1) };
            for inner in 0..fewest {
                let kept = kept.wrapping_add(4 * half * inner);
                let (a_pair, b_pair, s, t) =
                    if a_is_larger { (outer, inner, made, kept) } else { (inner, outer, kept, made) };
                let [a11, a12, _, a22] = a.quarters(a_pair);
                let [b11, b21, _, b22] = b.quarters(b_pair);
                let [s1, s2, s3, s4] = std::array::from_fn(|n| s.wrapping_add(n * half).cast_const());
                let [t1, t2, t3, t4] = std::array::from_fn(|n| t.wrapping_add(n * half).cast_const());
                let operands = [(a11, b11), (a12, b21), (s4, b22), (a22, t4), (s1, t1), (s2, t2), (s3, t3)];
                let next_smaller = smaller.following().quarters(inner);
                for (n, (a, b)) in operands.into_iter().enumerate() {
                    // A product's tiles ask for the next product's operands; then for what is read next for the first time: the next pair of the
                    // larger operand, and in the end all of the smaller one's next frequency.
                    let ahead = |tile: usize| match (tile, operands.get(n + 1)) {
                        (0, Some(next)) => next.0,
                        (1, Some(next)) => next.1,
                        (2..6, _) if n == 5 && inner + 1 == fewest => next_larger[tile - 2],
                        (2..6, _) if n == 4 && last => next_smaller[tile - 2],
                        _ => std::ptr::null(),
                    };
                    let to = products.wrapping_add(n * SQUARE);
                    // SAFETY: the operands are halves of a panel, and there is place for seven products.
                    unsafe { square::<S>(simd, a, b, to, half / ROW, ahead) };
                }
                let c_panel = of.c_layout.panel_step(true);
                let c = of.c.pointer(of.c_layout.frequency(of.frequency).0, 0);
                let c = c.wrapping_add(a_pair * SQUARE);
                let [c11, c12] =
                    [b_pair, b_pair + pairs(b.layout)].map(|panel| c.wrapping_add(panel * c_panel));
                let [c21, c22] = [c11, c12].map(|c| c.wrapping_add(pairs(a.layout) * SQUARE));
                for i in (0..SQUARE).step_by(S::F32_LANES) {
                    // SAFETY: within the seven products and within C's panels, which belong to this task.
                    unsafe {
                        let product = |n: usize| load::<S>(products.wrapping_add((n - 1) * SQUARE + i));
                        let (p1, p5) = (product(1), product(5));
                        let u2 = simd.add_f32s(p1, product(6));
                        let u3 = simd.add_f32s(u2, product(7));
                        store::<S>(c11.wrapping_add(i), simd.add_f32s(p1, product(2)));
                        store::<S>(c12.wrapping_add(i), simd.add_f32s(simd.add_f32s(u2, p5), product(3)));
                        store::<S>(c21.wrapping_add(i), simd.sub_f32s(u3, product(4)));
                        store::<S>(c22.wrapping_add(i), simd.add_f32s(u3, p5));
                    }
                }
            }
        }
    }
}

/// The product of two panels, PANEL × PANEL numbers; `ahead` says what each of its tiles asks for meanwhile.
///
/// # Safety
/// `a` and `b` have `inner` rows of a panel, and `to` has place for the product.
#[inline(always)]
unsafe fn square<S: Simd>(
    simd: S,
    a: *const f32,
    b: *const f32,
    to: *mut f32,
    inner: usize,
    ahead: impl Fn(usize) -> *const f32,
) {
    let wide = wide::<S>(PANEL);
    let step = if wide { 2 * S::F32_LANES } else { S::F32_LANES };
    for column in (0..PANEL).step_by(step) {
        for (n, row) in (0..PANEL).step_by(ROWS).enumerate() {
            let tile = Tile {
                next: None,
                ahead: if column == 0 { ahead(n) } else { std::ptr::null() },
                a: a.wrapping_add(row),
                b: b.wrapping_add(column),
                c: to.wrapping_add(row * ROW + column),
                inner,
                a_run: 0,
            };
            // SAFETY: the caller's promise.
            unsafe {
                if wide {
                    tile.compute::<S, ROWS, 2, false, true>(simd);
                } else {
                    tile.compute::<S, ROWS, 1, false, true>(simd);
                }
            }
        }
    }
}
