//! Names beside points, so that none covers a point or another name.

use crate::figures::fonts;

/// Names longer than this, in units of the figure, are shortened.
const MOST_WIDTH: f32 = 220.0;

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

    /// With its sides moved inwards.
    fn smaller(&self, by: f64) -> Self {
        Self { left: self.left + by, top: self.top + by, right: self.right - by, bottom: self.bottom - by }
    }

    fn lies_in(&self, other: &Self) -> bool {
        self.left >= other.left
            && self.right <= other.right
            && self.top >= other.top
            && self.bottom <= other.bottom
    }

    /// Whether a line passes through (Liang and Barsky 1984: the part of it between each pair of sides).
    fn is_crossed(&self, (from, to): Line) -> bool {
        let (mut start, mut end) = (0.0_f64, 1.0_f64);
        for (low, high, from, to) in
            [(self.left, self.right, from.0, to.0), (self.top, self.bottom, from.1, to.1)]
        {
            let step = to - from;
            if step == 0.0 {
                if from < low || from > high {
                    return false;
                }
                continue;
            }
            let (a, b) = ((low - from) / step, (high - from) / step);
            start = start.max(a.min(b));
            end = end.min(a.max(b));
        }
        start <= end
    }
}

/// From one place to another.
type Line = ((f64, f64), (f64, f64));

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    pub(super) text: String,
    pub(super) bounds: Rectangle,
    /// A line to the point, where the name is not next to it.
    pub(super) leader: Option<Line>,
}

/// Directions in which a name is tried, best first: right, left, above, below, the corners, and what is between.
const DIRECTIONS: [(f64, f64); 24] = [
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.0, -1.0),
    (0.0, 1.0),
    (0.7, -0.7),
    (0.7, 0.7),
    (-0.7, -0.7),
    (-0.7, 0.7),
    (0.4, 0.9),
    (-0.4, 0.9),
    (0.4, -0.9),
    (-0.4, -0.9),
    (0.9, 0.4),
    (-0.9, 0.4),
    (0.9, -0.4),
    (-0.9, -0.4),
    (0.2, 0.98),
    (-0.2, 0.98),
    (0.2, -0.98),
    (-0.2, -0.98),
    (0.98, 0.2),
    (-0.98, 0.2),
    (0.98, -0.2),
    (-0.98, -0.2),
];

/// Distances from the point to the name.
const DISTANCES: [f64; 14] =
    [11.0, 17.0, 26.0, 36.0, 48.0, 62.0, 78.0, 96.0, 116.0, 140.0, 170.0, 205.0, 250.0, 300.0];

/// From this distance on there is a line between the two.
const FAR: f64 = 20.0;

/// Orders in which the names are placed, of which the best is taken: the first ones take the room of others.
const ORDERS: usize = 150;

/// What a name that finds no place counts as, among distances.
const LOST: f64 = 2000.0;

/// What names must leave free.
#[derive(Clone, Debug, Default)]
pub(super) struct Obstacles {
    /// Points: neither names nor their lines go there.
    pub(super) points: Vec<Rectangle>,
    /// Lines: no names go there.
    pub(super) lines: Vec<Rectangle>,
}

/// A place for each name, of letters of `size`, within `bounds`; `None` where there is none that is free. Neither do they meet each other.
pub(super) fn place(
    points: &[((f64, f64), &str)],
    obstacles: &Obstacles,
    bounds: Rectangle,
    size: f64,
) -> Vec<Option<Label>> {
    let texts: Vec<(String, (f64, f64))> = points
        .iter()
        .map(|(_, name)| {
            let text = fonts::fitted(name, size as f32, MOST_WIDTH);
            // SVG viewers have wider fonts than ours.
            let width = 1.06 * f64::from(fonts::width(&text, size as f32));
            (text, (width, 1.1 * size))
        })
        .collect();
    let places: Vec<(f64, f64)> = points.iter().map(|(place, _)| *place).collect();
    let mut order: Vec<usize> = (0..points.len()).collect();
    // Those with most neighbours first, while there is a choice.
    let near = |(x, y): (f64, f64)| {
        places.iter().filter(|other| (other.0 - x).abs() < 120.0 && (other.1 - y).abs() < 60.0).count()
    };
    order.sort_by_key(|index| std::cmp::Reverse(near(places[*index])));
    let mut best: Option<(f64, Vec<Option<Label>>)> = None;
    // A generator of Lehmer's, with the numbers of Park and Miller 1988: the same picture on every machine.
    let mut state = 1_u64;
    for _ in 0..ORDERS {
        let (cost, labels) = in_order(&order, &places, &texts, obstacles, bounds);
        let is_lost: Vec<bool> = labels.iter().map(Option::is_none).collect();
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, labels));
        }
        // Every name beside its point: no other order is worth looking for.
        if cost < FAR * places.len() as f64 {
            break;
        }
        // Two others change places, and those that have found none are the first to choose.
        if !order.is_empty() {
            let mut random = || {
                state = state * 48_271 % 2_147_483_647;
                (state % order.len() as u64) as usize
            };
            let (a, b) = (random(), random());
            order.swap(a, b);
        }
        order.sort_by_key(|index| !is_lost[*index]);
    }
    best.map(|(_, labels)| labels).unwrap_or_default()
}

/// The sum of the distances, and the labels, where each takes the nearest place that those before it have left.
fn in_order(
    order: &[usize],
    places: &[(f64, f64)],
    texts: &[(String, (f64, f64))],
    obstacles: &Obstacles,
    bounds: Rectangle,
) -> (f64, Vec<Option<Label>>) {
    let mut placed: Vec<Option<Label>> = vec![None; places.len()];
    let mut cost = 0.0;
    for &index in order {
        let (point, (text, extent)) = (places[index], &texts[index]);
        let own = Rectangle::around(point, point, 0.5);
        let is_free = |label: &Label| {
            let others = || placed.iter().flatten();
            let blocks = |leader: Line| {
                let near = |point: &&Rectangle| !point.meets(&own);
                obstacles.points.iter().filter(near).any(|point| point.smaller(2.0).is_crossed(leader))
                    || others().any(|other| {
                        other.bounds.is_crossed(leader)
                            || other.leader.is_some_and(|other| cross(other, leader))
                    })
            };
            label.bounds.lies_in(&bounds)
                && !obstacles
                    .points
                    .iter()
                    .chain(&obstacles.lines)
                    .any(|obstacle| obstacle.meets(&label.bounds))
                && !others().any(|other| {
                    other.bounds.meets(&label.bounds)
                        || other.leader.is_some_and(|leader| label.bounds.is_crossed(leader))
                })
                && !label.leader.is_some_and(blocks)
        };
        let found = DISTANCES
            .iter()
            .flat_map(|distance| DIRECTIONS.iter().map(move |direction| (*distance, *direction)))
            .map(|(distance, direction)| (distance, candidate(point, text, *extent, distance, direction)))
            .find(|(_, label)| is_free(label));
        match found {
            Some((distance, label)) => {
                cost += distance;
                placed[index] = Some(label);
            }
            None => cost += LOST,
        }
    }
    (cost, placed)
}

/// Whether two lines meet between their ends.
fn cross(a: Line, b: Line) -> bool {
    // On which side of a line a point lies.
    let side = |(from, to): Line, point: (f64, f64)| {
        (to.0 - from.0) * (point.1 - from.1) - (to.1 - from.1) * (point.0 - from.0)
    };
    side(a, b.0) * side(a, b.1) < 0.0 && side(b, a.0) * side(b, a.1) < 0.0
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
