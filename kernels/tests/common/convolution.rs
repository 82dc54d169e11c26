//! Convolutions by plain loops in f64.

use super::wide;
use atelier_kernels::conv::Conv;

/// Calls `tap(x index, w index, y index)` for every product of a convolution, from the definition.
pub(crate) fn for_each_tap(conv: &Conv, mut tap: impl FnMut(usize, usize, usize)) {
    let pad = |size: usize| {
        let outputs = size.div_ceil(conv.stride) as isize;
        let total = ((outputs - 1) * conv.stride as isize + conv.kernel as isize - size as isize).max(0);
        total / 2
    };
    let (top, left) = (pad(conv.height), pad(conv.width));
    let (rows, columns) = (conv.height.div_ceil(conv.stride), conv.width.div_ceil(conv.stride));
    for b in 0..conv.batch {
        for r in 0..rows {
            for c in 0..columns {
                for i in 0..conv.kernel {
                    for j in 0..conv.kernel {
                        let x_row = (r * conv.stride + i) as isize - top;
                        let x_column = (c * conv.stride + j) as isize - left;
                        let inside = (0..conv.height as isize).contains(&x_row)
                            && (0..conv.width as isize).contains(&x_column);
                        if !inside {
                            continue;
                        }
                        let x_pixel = (b * conv.height + x_row as usize) * conv.width + x_column as usize;
                        let y_pixel = (b * rows + r) * columns + c;
                        for k in 0..conv.in_channels {
                            for o in 0..conv.out_channels {
                                let w =
                                    ((i * conv.kernel + j) * conv.in_channels + k) * conv.out_channels + o;
                                tap(x_pixel * conv.in_channels + k, w, y_pixel * conv.out_channels + o);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What the three passes give, in f64.
pub(crate) struct Gradients {
    pub(crate) y: Vec<f64>,
    pub(crate) dx: Vec<f64>,
    /// Added to what was there before.
    pub(crate) dw: Vec<f64>,
}

impl Gradients {
    pub(crate) fn of(conv: &Conv, x: &[f32], w: &[f32], dy: &[f32], before: &[f32]) -> Self {
        let (x, w, dy) = (wide(x), wide(w), wide(dy));
        let (mut y, mut dx, mut dw) = (vec![0.0; dy.len()], vec![0.0; x.len()], wide(before));
        for_each_tap(conv, |ix, iw, iy| {
            y[iy] += x[ix] * w[iw];
            dx[ix] += dy[iy] * w[iw];
            dw[iw] += x[ix] * dy[iy];
        });
        Self { y, dx, dw }
    }
}
