//! How images, weights and their spectra lie in memory.

use crate::conv::Conv;

/// Channels that are transformed together: one vector where vectors are longest.
pub(super) const BLOCK: usize = 16;
/// Channels that lie together in a spectrum: what a product's register tile covers where vectors are longest.
pub(super) const PANEL: usize = 2 * BLOCK;
/// Images of one task: few, so that their spectra on both sides stay in the second-level cache.
pub(super) const TILE: usize = 4;
/// The most lags on one side of zero.
pub(super) const MOST_LAG: usize = 2;
/// The most lags on one axis.
const MOST_LAGS: usize = 2 * MOST_LAG + 1;

/// Images read as a coarse grid of many channels: with stride s, the s × s pixels below one output pixel are its phases.
///
/// Phase (φ, ψ) of grid position (R, C) is pixel (s·R + φ, s·C + ψ). Only addresses are computed, nothing is moved. Each phase's channels
/// are filled up with zeros to whole blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    pub(super) stride: usize,
}

/// One block of channels of one phase.
#[derive(Clone, Copy)]
pub(super) struct Block {
    /// Which phase, row-major.
    pub(super) phase: usize,
    /// The first channel.
    pub(super) channel: usize,
    /// How many there are; the rest of the block is zero.
    pub(super) count: usize,
    /// Where the grid's first position is in an image.
    pub(super) offset: usize,
    /// Grid rows and columns that lie within the image.
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Block {
    /// The grid's positions that lie within the image.
    pub(super) fn positions(&self) -> impl Iterator<Item = (usize, usize)> {
        let columns = self.columns;
        (0..self.rows).flat_map(move |r| (0..columns).map(move |c| (r, c)))
    }
}

impl Grid {
    fn blocks_of_phase(&self) -> usize {
        self.channels.div_ceil(BLOCK)
    }

    pub(super) fn phases(&self) -> usize {
        self.stride * self.stride
    }

    pub(super) fn blocks(&self) -> usize {
        self.phases() * self.blocks_of_phase()
    }

    pub(super) fn block(&self, index: usize) -> Block {
        let (phase, part) = (index / self.blocks_of_phase(), index % self.blocks_of_phase());
        let (row, column) = (phase / self.stride, phase % self.stride);
        let channel = part * BLOCK;
        Block {
            phase,
            channel,
            count: BLOCK.min(self.channels - channel),
            offset: (row * self.width + column) * self.channels + channel,
            rows: self.height.saturating_sub(row).div_ceil(self.stride),
            columns: self.width.saturating_sub(column).div_ceil(self.stride),
        }
    }

    /// Elements from one grid row to the next.
    pub(super) fn row_step(&self) -> usize {
        self.stride * self.width * self.channels
    }

    /// Elements from one grid column to the next.
    pub(super) fn column_step(&self) -> usize {
        self.stride * self.channels
    }

    pub(super) fn image(&self) -> usize {
        self.height * self.width * self.channels
    }
}

/// A spectrum in memory: for each frequency the panels of channels, in each panel the rows (images, or a weight's inputs), in each row
/// [`PANEL`] real and, where the frequency has them, as many imaginary parts. Real frequencies come first.
///
/// So everything that a product reads is contiguous: as left operand, row by row or channel by channel, and as right operand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) rows: usize,
    /// Channels, whole blocks.
    pub(super) channels: usize,
    real: usize,
    complex: usize,
}

/// Floats between frequencies beyond their numbers, so that one element's frequencies do not all compete for one cache set.
const GAP: usize = 16;

impl Layout {
    pub(super) fn new(points: usize, rows: usize, blocks: usize) -> Self {
        let (real, complex) = frequencies(points);
        Self { rows, channels: blocks * BLOCK, real, complex }
    }

    fn panels(&self) -> usize {
        self.channels.div_ceil(PANEL)
    }

    /// From one panel of a real or complex frequency to the next.
    pub(super) fn panel_step(&self, complex: bool) -> usize {
        // An odd number of tiles, so that one tile's panels and frequencies spread over all sets of the second-level cache: with a power of
        // two they would share a few, and be gone before they are read.
        let tiles = self.rows.div_ceil(TILE);
        let rows = if tiles > 1 { (tiles | 1) * TILE } else { self.rows };
        rows * self.row_step(complex)
    }

    pub(super) fn row_step(&self, complex: bool) -> usize {
        if complex { 2 * PANEL } else { PANEL }
    }

    /// From one real or complex frequency to the next.
    pub(super) fn step(&self, complex: bool) -> usize {
        self.panels() * self.panel_step(complex) + GAP
    }

    /// Where the first real or complex frequency starts.
    pub(super) fn start(&self, complex: bool) -> usize {
        if complex { self.real * self.step(false) } else { 0 }
    }

    /// Where frequency `index`, counted through, starts, and whether it is complex.
    pub(super) fn frequency(&self, index: usize) -> (usize, bool) {
        let complex = index >= self.real;
        let within = if complex { index - self.real } else { index };
        (self.start(complex) + within * self.step(complex), complex)
    }

    pub(super) fn frequencies(&self) -> usize {
        self.real + self.complex
    }

    /// Where a row's block of channels is within a real or complex frequency.
    pub(super) fn place(&self, row: usize, block: usize, complex: bool) -> usize {
        let channel = block * BLOCK;
        channel / PANEL * self.panel_step(complex) + row * self.row_step(complex) + channel % PANEL
    }

    pub(super) fn length(&self) -> usize {
        self.start(true) + self.complex * self.step(true)
    }
}

/// How many frequencies of a real transform of `points` × `points` are real, and how many are complex and no other's conjugate.
fn frequencies(points: usize) -> (usize, usize) {
    let real = if points.is_multiple_of(2) { 4 } else { 1 };
    (real, (points * points - real) / 2)
}

/// Which tap of the kernel a lag is, for each phase of the input.
///
/// With `y[r] = Σ x[s·r + i − p] w[i]` and the input position s·R + φ, the lag is ℓ = R − r and the tap i = s·ℓ + φ + p. On the other
/// axis it is the same.
#[derive(Clone, Debug)]
pub(super) struct Taps {
    /// Tap by row or column phase and lag + [`MOST_LAG`]; none where the lag is none of the kernel's.
    rows: Vec<[Option<usize>; MOST_LAGS]>,
    columns: Vec<[Option<usize>; MOST_LAGS]>,
    stride: usize,
    kernel: usize,
}

impl Taps {
    /// The taps of a convolution, and its largest lag; none if a lag is over [`MOST_LAG`].
    pub(super) fn new(conv: &Conv) -> Option<(Self, usize)> {
        let mut largest = 0;
        let mut axis = |padding: usize| {
            let mut phases = vec![[None; MOST_LAGS]; conv.stride];
            for tap in 0..conv.kernel {
                let position = tap as isize - padding as isize;
                let stride = conv.stride as isize;
                let (phase, lag) = (position.rem_euclid(stride), position.div_euclid(stride));
                largest = largest.max(lag.unsigned_abs());
                let place = usize::try_from(lag + MOST_LAG as isize).ok()?;
                *phases[phase as usize].get_mut(place)? = Some(tap);
            }
            Some(phases)
        };
        let (rows, columns) = (axis(conv.pad_top())?, axis(conv.pad_left())?);
        Some((Self { rows, columns, stride: conv.stride, kernel: conv.kernel }, largest))
    }

    /// The tap, row-major, of a phase at a lag of rows and of columns.
    pub(super) fn at(&self, phase: usize, row: isize, column: isize) -> Option<usize> {
        let place = |lag: isize| usize::try_from(lag + MOST_LAG as isize).ok();
        let row = *self.rows[phase / self.stride].get(place(row)?)?;
        let column = *self.columns[phase % self.stride].get(place(column)?)?;
        Some(row? * self.kernel + column?)
    }
}
