//! The grid that curves and points are drawn in.

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::DrawingArea;
use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::DrawingBackend;

use super::axis::Axis;
use super::pen::{UNIT, line, style};
use super::{Error, Result, palette};

/// A drawn grid, which knows where values lie.
pub(super) type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<Axis, Axis>>;

/// Room for the labels, at the left and below.
const LABELS: (i32, i32) = (40, 26);

/// Where a grid is, and how its axes are labelled.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    /// Left and right ends.
    pub(super) sides: (i32, i32),
    /// Upper and lower ends.
    pub(super) heights: (i32, i32),
    /// Size of the labels' letters.
    pub(super) letters: i32,
    /// Whether the horizontal axis is labelled: of panels above each other, the lowest is enough.
    pub(super) is_labelled_below: bool,
}

impl Grid {
    /// Draws grid, axes and labels.
    pub(super) fn draw<'a, DB: DrawingBackend>(
        self,
        root: &DrawingArea<DB, Shift>,
        horizontal: &Axis,
        vertical: &Axis,
    ) -> Result<Chart<'a, DB>> {
        let ((left, right), (top, bottom)) = (self.sides, self.heights);
        let corner = ((left - LABELS.0) * UNIT, top * UNIT);
        let size = ((right - left + LABELS.0) * UNIT, (bottom - top + LABELS.1) * UNIT);
        let area = root.clone().shrink(corner, (size.0 as u32, size.1 as u32));
        let mut chart: Chart<'_, DB> = ChartBuilder::on(&area)
            .x_label_area_size(LABELS.1 * UNIT)
            .y_label_area_size(LABELS.0 * UNIT)
            .build_cartesian_2d(horizontal.clone(), vertical.clone())
            .map_err(Error::drawing)?;
        chart
            .configure_mesh()
            .bold_line_style(line(palette::GRID, 1.0))
            .max_light_lines(0)
            .axis_style(line(palette::AXIS, 1.0))
            .label_style(style(self.letters, palette::FAINT_INK, HPos::Center, VPos::Center))
            .x_label_formatter(&|value| {
                if self.is_labelled_below { horizontal.label(*value) } else { String::new() }
            })
            .set_all_tick_mark_size(4 * UNIT)
            .draw()
            .map_err(Error::drawing)?;
        Ok(chart)
    }
}
