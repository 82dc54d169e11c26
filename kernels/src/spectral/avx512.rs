//! The inner loop of complex products for AVX-512, in assembly, as the compiler does not find it.
//!
//! Of 32 registers 24 hold sums, 6 hold B's (b′, b″ − b′ and b″ + b′, two vectors each), and 2 are left for a row of A. The compiler needs one more, and keeps
//! a sum in memory. Besides, it computes a′ + a″ as one number and spreads it afterwards: by a shuffle, on a unit that could multiply meanwhile. This loop
//! multiplies in every cycle: 117.7 of 117.7 GFLOP/s on a Zen 4 core, from the second-level cache too, where the compiler's reaches 110.

use std::arch::asm;
use std::arch::x86_64::{__m512, _mm512_add_ps, _mm512_setzero_ps, _mm512_storeu_ps, _mm512_sub_ps};

use super::layout::PANEL;
use super::product::Tile;

/// Rows of the register tile; it has two vectors of columns, a panel.
pub(super) const ROWS: usize = 4;

/// Bytes from real to imaginary parts, and from one row of a panel to the next.
const PARTS: usize = PANEL * size_of::<f32>();
const PANEL_ROW: usize = 2 * PARTS;

/// Row `$row` of A, counted from 0, times B's six vectors: added to the registers of its sums, those of k₂, k₃ and k₁.
#[rustfmt::skip]
macro_rules! row {
    ($combine:literal, $row:literal, $k2:literal, $k2_next:literal, $k3:literal, $k3_next:literal, $k1:literal, $k1_next:literal) => {
        concat!(
            "vbroadcastss zmm30, dword ptr [{a} + ", $row, " * {row}]\n",
            "vfmadd231ps zmm", $k2, ", zmm30, zmm26\n",
            "vfmadd231ps zmm", $k2_next, ", zmm30, zmm27\n",
            "vbroadcastss zmm31, dword ptr [{a} + ", $row, " * {row} + {parts}]\n",
            "vfmadd231ps zmm", $k3, ", zmm31, zmm28\n",
            "vfmadd231ps zmm", $k3_next, ", zmm31, zmm29\n",
            $combine, " zmm30, zmm30, zmm31\n",
            "vfmadd231ps zmm", $k1, ", zmm30, zmm24\n",
            "vfmadd231ps zmm", $k1_next, ", zmm30, zmm25",
        )
    };
}

/// `$count` steps of the inner dimension. `$combine` makes a′ + a″ or a′ − a″ of a row, rows are `$row` bytes apart, and steps `$step`.
macro_rules! steps {
    ($combine:literal, $row:expr, $step:expr, $sums:ident, $count:expr, $a:expr, $b:ident, $ahead:ident) => {
        asm!(
            "2:",
            "test {ahead}, {ahead}",
            "jz 3f",
            "prefetcht1 byte ptr [{ahead}]",
            "prefetcht1 byte ptr [{ahead} + {parts} / 2]",
            "prefetcht1 byte ptr [{ahead} + {parts}]",
            "prefetcht1 byte ptr [{ahead} + 3 * {parts} / 2]",
            "add {ahead}, {panel_row}",
            "3:",
            "vmovups zmm24, zmmword ptr [{b}]",
            "vmovups zmm25, zmmword ptr [{b} + {parts} / 2]",
            "vmovups zmm28, zmmword ptr [{b} + {parts}]",
            "vmovups zmm29, zmmword ptr [{b} + 3 * {parts} / 2]",
            "vsubps zmm26, zmm28, zmm24",
            "vaddps zmm28, zmm28, zmm24",
            "vsubps zmm27, zmm29, zmm25",
            "vaddps zmm29, zmm29, zmm25",
            row!($combine, 0, 0, 1, 2, 3, 4, 5),
            row!($combine, 1, 6, 7, 8, 9, 10, 11),
            row!($combine, 2, 12, 13, 14, 15, 16, 17),
            row!($combine, 3, 18, 19, 20, 21, 22, 23),
            "add {a}, {step}",
            "add {b}, {panel_row}",
            "dec {count}",
            "jnz 2b",
            a = inout(reg) $a => _,
            b = inout(reg) $b,
            ahead = inout(reg) $ahead,
            count = inout(reg) $count => _,
            row = const $row,
            step = const $step,
            parts = const PARTS,
            panel_row = const PANEL_ROW,
            inout("zmm0") $sums[0], inout("zmm1") $sums[1], inout("zmm2") $sums[2],
            inout("zmm3") $sums[3], inout("zmm4") $sums[4], inout("zmm5") $sums[5],
            inout("zmm6") $sums[6], inout("zmm7") $sums[7], inout("zmm8") $sums[8],
            inout("zmm9") $sums[9], inout("zmm10") $sums[10], inout("zmm11") $sums[11],
            inout("zmm12") $sums[12], inout("zmm13") $sums[13], inout("zmm14") $sums[14],
            inout("zmm15") $sums[15], inout("zmm16") $sums[16], inout("zmm17") $sums[17],
            inout("zmm18") $sums[18], inout("zmm19") $sums[19], inout("zmm20") $sums[20],
            inout("zmm21") $sums[21], inout("zmm22") $sums[22], inout("zmm23") $sums[23],
            out("zmm24") _, out("zmm25") _, out("zmm26") _, out("zmm27") _,
            out("zmm28") _, out("zmm29") _, out("zmm30") _, out("zmm31") _,
            options(nostack, readonly),
        )
    };
}

/// A tile of [`ROWS`] rows and a whole panel of columns; see [`super::product`].
///
/// # Safety
/// All elements that the tile reaches are in bounds, and C's belong to this task.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn complex<const BY_ROWS: bool>(tile: Tile<'_>) {
    const NUMBER: usize = size_of::<f32>();
    let mut sums = [_mm512_setzero_ps(); 6 * ROWS];
    let (mut b, mut ahead) = (tile.b, tile.ahead);
    let (mut done, mut a) = (0, tile.a);
    while done < tile.inner {
        let count = if BY_ROWS { PANEL.min(tile.inner - done) } else { tile.inner };
        if let Some(next) = &tile.next {
            next.ask(done / PANEL, a);
        }
        // SAFETY: the caller's promise; the loop reads `count` > 0 steps. What it asks for ahead of time may be anywhere.
        unsafe {
            if BY_ROWS {
                steps!("vaddps", PANEL_ROW, NUMBER, sums, count, a, b, ahead);
            } else {
                steps!("vsubps", NUMBER, PANEL_ROW, sums, count, a, b, ahead);
            }
        }
        done += count;
        a = a.wrapping_add(tile.a_run);
    }
    for (row, sums) in sums.chunks_exact(6).enumerate() {
        for vector in 0..2 {
            let [k2, k3, k1]: [__m512; 3] = std::array::from_fn(|i| sums[2 * i + vector]);
            let real = if BY_ROWS { _mm512_sub_ps(k1, k3) } else { _mm512_add_ps(k1, k3) };
            let c = tile.c.wrapping_add(row * 2 * PANEL + vector * PANEL / 2);
            // SAFETY: the caller's promise.
            unsafe {
                _mm512_storeu_ps(c, real);
                _mm512_storeu_ps(c.wrapping_add(PANEL), _mm512_add_ps(k1, k2));
            }
        }
    }
}
