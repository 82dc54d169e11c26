//! Names beside points, so that none covers a point or another name.

use crate::figures::fonts;

/// Names longer than this, in units of the figure, are shortened.
const MOST_WIDTH: f32 = 260.0;

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rectangle {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Rectangle {
    /// Around two points, `reach` beyond them.
    pub(super) fn around(a: (f64, f64), b: (f64, f64), reach: f64) -> Self {
        Self {
            left: a.0.min(b.0) - reach,
            top: a.1.min(b.1) - reach,
            right: a.0.max(b.0) + reach,
            bottom: a.1.max(b.1) + reach,
        }
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn lies_in(&self, other: &Self) -> bool {
        self.left >= other.left
            && self.right <= other.right
            && self.top >= other.top
            && self.bottom <= other.bottom
    }

    /// Whether a line from one point to another passes through.
    fn is_crossed(&self, (from, to): ((f64, f64), (f64, f64))) -> bool {
        const PIECES: u32 = 64;
        (0..=PIECES).any(|piece| {
            let share = f64::from(piece) / f64::from(PIECES);
            let (x, y) = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
        })
    }
}

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    pub(super) text: String,
    pub(super) bounds: Rectangle,
    /// A line to the point, where the name is not next to it.
    pub(super) leader: Option<((f64, f64), (f64, f64))>,
}

/// Directions in which a name is tried, best first: right, left, above, below, and the corners.
const DIRECTIONS: [(f64, f64); 8] =
    [(1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (0.7, -0.7), (0.7, 0.7), (-0.7, -0.7), (-0.7, 0.7)];

/// Distances from the point to the name.
const DISTANCES: [f64; 9] = [11.0, 17.0, 26.0, 38.0, 52.0, 70.0, 92.0, 120.0, 160.0];

/// From this distance on there is a line between the two.
const FAR: f64 = 20.0;

/// A place for each name, of letters of `size`, within `bounds`; `None` where there is none that is free. Neither names nor their lines meet
/// `obstacles`, which hold the points, or each other.
pub(super) fn place(
    points: &[((f64, f64), &str)],
    mut obstacles: Vec<Rectangle>,
    bounds: Rectangle,
    size: f64,
) -> Vec<Option<Label>> {
    let mut leaders: Vec<((f64, f64), (f64, f64))> = Vec::new();
    let mut placed = vec![None; points.len()];
    // Those with most neighbours first, while there is a choice.
    let near = |(x, y): (f64, f64)| {
        points.iter().filter(|(other, _)| (other.0 - x).abs() < 120.0 && (other.1 - y).abs() < 60.0).count()
    };
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(near(points[*index].0)));
    for index in order {
        let (point, name) = points[index];
        let text = fonts::fitted(name, size as f32, MOST_WIDTH);
        // SVG viewers have wider fonts than ours.
        let extent = (1.06 * f64::from(fonts::width(&text, size as f32)), 1.1 * size);
        let is_free = |label: &Label| {
            label.bounds.lies_in(&bounds)
                && !obstacles.iter().any(|obstacle| obstacle.meets(&label.bounds))
                && !leaders.iter().any(|leader| label.bounds.is_crossed(*leader))
                && label.leader.is_none_or(|leader| {
                    let own = |obstacle: &&Rectangle| !obstacle.meets(&Rectangle::around(point, point, 0.5));
                    !obstacles.iter().filter(own).any(|obstacle| obstacle.is_crossed(leader))
                })
        };
        let found = DISTANCES
            .iter()
            .flat_map(|distance| DIRECTIONS.iter().map(move |direction| (*distance, *direction)))
            .map(|(distance, direction)| candidate(point, &text, extent, distance, direction))
            .find(is_free);
        if let Some(label) = found {
            obstacles.push(label.bounds);
            leaders.extend(label.leader);
            placed[index] = Some(label);
        }
    }
    placed
}

fn candidate(
    point: (f64, f64),
    text: &str,
    (width, height): (f64, f64),
    distance: f64,
    (dx, dy): (f64, f64),
) -> Label {
    // Where the name's box begins: at its side, its middle or its corner towards the point.
    let anchor = (point.0 + distance * dx, point.1 + distance * dy);
    let start = |at: f64, direction: f64, length: f64| match direction {
        direction if direction > 0.0 => at,
        direction if direction < 0.0 => at - length,
        _ => at - 0.5 * length,
    };
    let (left, top) = (start(anchor.0, dx, width), start(anchor.1, dy, height));
    let bounds = Rectangle { left, top, right: left + width, bottom: top + height };
    let leader = (distance >= FAR).then(|| {
        let away = 8.0;
        ((point.0 + away * dx, point.1 + away * dy), (anchor.0 - 2.0 * dx, anchor.1 - 2.0 * dy))
    });
    Label { text: text.to_owned(), bounds, leader }
}
